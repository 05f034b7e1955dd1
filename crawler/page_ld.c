/*
 * JSON-LD scripts, as they are found: in arrays and @graph, with control characters, comment marks and stray semicolons.
 */
#include "crawler/page_ld.h"
#include "base/json.h"
#include "base/limits.h"

#define PENDING 64 /* statements waiting to be looked at; more are dropped */

enum kind { KIND_NONE, KIND_WORK, KIND_PAGE, KIND_ARTICLE };

/* The name of a schema.org type written as an address or alone. */
static struct slice name_of_type(struct slice type) {
    if (!slice_starts(type, slice_str("http"))) return type;
    for (size_t i = type.len; i-- > 0;)
        if (type.ptr[i] == '/' || type.ptr[i] == '#') return slice_sub(type, i + 1, type.len);
    return type;
}

static enum kind kind_of_type(struct slice type) {
    static const char *const pages[] = {"WebPage", "CreativeWork", "ItemPage", "AboutPage",
                                        "FAQPage", "QAPage",       "Dataset",  "ProfilePage"};
    /* Of these the licence alone is read. */
    static const char *const works[] = {"WebSite",
                                        "LearningResource",
                                        "Course",
                                        "Thesis",
                                        "DigitalDocument",
                                        "HowTo",
                                        "Chapter",
                                        "PublicationIssue",
                                        "PublicationVolume",
                                        "Collection",
                                        "Guide",
                                        "Periodical",
                                        "Manuscript",
                                        "CollectionPage",
                                        "TextDigitalDocument"};
    type = name_of_type(type);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (slice_eq_str(type, pages[i])) return KIND_PAGE;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (slice_eq_str(type, works[i])) return KIND_WORK;
    bool article = slice_ends(type, slice_str("Article")) || slice_ends(type, slice_str("Posting")) ||
                   slice_eq_str(type, "Report") || slice_eq_str(type, "Recipe") || slice_eq_str(type, "Book") ||
                   slice_eq_str(type, "Review") || slice_eq_str(type, "Legislation");
    return article ? KIND_ARTICLE : KIND_NONE;
}

static enum kind kind_of(struct json_value v) {
    struct json_value type, one;
    if (!json_get(v, "@type", &type)) return KIND_NONE;
    struct slice s;
    if (json_as_string(type, &s)) return kind_of_type(s);
    enum kind best = KIND_NONE;
    struct json_iter it = json_walk(type);
    while (json_typeof(type) == JSON_ARRAY && json_next(&it, NULL, &one))
        if (json_as_string(one, &s) && kind_of_type(s) > best) best = kind_of_type(s);
    return best;
}

/* The name of a person or body given as a string or an object; "" for anything else. */
static struct slice name_of(struct json_value v) {
    struct slice s;
    if (json_as_string(v, &s)) return s;
    struct json_value name, first;
    if (json_typeof(v) != JSON_OBJECT || !json_get(v, "name", &name)) return slice_of("", 0);
    if (json_as_string(name, &s)) return s;
    struct json_iter it = json_walk(name);
    if (json_typeof(name) == JSON_ARRAY && json_next(&it, NULL, &first) && json_as_string(first, &s)) return s;
    return slice_of("", 0);
}

static bool is_address(struct slice s) {
    return slice_starts_nocase(s, slice_str("http")) || slice_starts(s, slice_str("@")) || slice_starts(s, slice_str("#"));
}

static void append_name(struct buf *out, struct slice name) {
    name = slice_trim(name);
    if (!name.len || name.len > 200 || is_address(name) || out->len > 1000) return;
    if (out->len && slice_find(buf_view(out), name) != SIZE_MAX) return;
    if (out->len) buf_str(out, "; ");
    page_decode_entities(out, name);
}

static struct slice read_names(struct page_job *j, struct json_value v) {
    buf_clear(&j->scratch);
    if (json_typeof(v) == JSON_ARRAY) {
        struct json_iter it = json_walk(v);
        struct json_value one;
        while (json_next(&it, NULL, &one)) append_name(&j->scratch, name_of(one));
    } else {
        append_name(&j->scratch, name_of(v));
    }
    return page_keep(j, buf_view(&j->scratch));
}

static void keep_string(struct page_job *j, struct json_value v, const char *key, struct slice *out, bool replace) {
    struct slice s = json_get_string(v, key);
    if (!s.len || s.len > LIMIT_META_VALUE || (out->len && !replace)) return;
    buf_clear(&j->scratch);
    page_decode_entities(&j->scratch, s);
    *out = page_keep(j, buf_view(&j->scratch));
}

static void keep_licence(struct page_job *j, struct json_value v, struct page_ld *ld) {
    struct slice s = slice_of("", 0);
    if (json_typeof(v) == JSON_ARRAY) {
        struct json_iter it = json_walk(v);
        struct json_value one;
        for (unsigned n = 0; n < PAGE_LD_LICENCES && json_next(&it, NULL, &one); n++)
            if (json_typeof(one) != JSON_ARRAY) keep_licence(j, one, ld);
        return;
    }
    if (!json_as_string(v, &s)) {
        static const char *const keys[] = {"@id", "url", "name"};
        for (size_t i = 0; i < 3 && !s.len; i++) s = json_get_string(v, keys[i]);
    }
    if (s.len && s.len <= LIMIT_META_VALUE && ld->n_licences < PAGE_LD_LICENCES) ld->licences[ld->n_licences++] = page_keep(j, s);
}

static void keep_types(struct page_job *j, struct json_value v, struct page_ld *ld) {
    struct json_value type, one;
    struct slice s;
    if (!json_get(v, "@type", &type)) return;
    bool list = json_typeof(type) == JSON_ARRAY;
    struct json_iter it = json_walk(type);
    for (bool more = !list || json_next(&it, NULL, &one); more; more = list && json_next(&it, NULL, &one))
        if (json_as_string(list ? one : type, &s) && page_type_counts(name_of_type(s)) && ld->n_types < PAGE_LD_TYPES)
            ld->types[ld->n_types++] = page_keep(j, name_of_type(s));
}

static void read_statement(struct page_job *j, struct json_value v, struct page_ld *ld) {
    enum kind kind = kind_of(v);
    struct json_value m;
    keep_types(j, v, ld);
    if (kind == KIND_NONE) return;
    bool first = kind == KIND_ARTICLE && !ld->article;
    if (first) ld->article = true;
    if (slice_ends(json_get_string(v, "@type"), slice_str("DiscussionForumPosting"))) ld->forum = true;
    if (json_get(v, "license", &m)) keep_licence(j, m, ld);
    if (kind == KIND_WORK) return;
    keep_string(j, v, "datePublished", &ld->published, first);
    if (!ld->published.len) keep_string(j, v, "dateCreated", &ld->published, false);
    keep_string(j, v, "dateModified", &ld->modified, first);
    keep_string(j, v, "inLanguage", &ld->language, false);
    if (json_get(v, "publisher", &m) && !ld->publisher.len) ld->publisher = read_names(j, m);
    if (kind != KIND_ARTICLE) return;
    keep_string(j, v, "headline", &ld->headline, first);
    if (!ld->headline.len) keep_string(j, v, "name", &ld->headline, false);
    if (json_get(v, "author", &m) && (first || !ld->author.len)) ld->author = read_names(j, m);
    if (!ld->author.len && json_get(v, "creator", &m)) ld->author = read_names(j, m);
}

/* Statements in document order: those of @graph and of mainEntity after the one that holds them. */
static void read_document(struct page_job *j, struct json_value root, struct page_ld *ld) {
    struct json_value pending[PENDING];
    size_t n = 0, at = 0;
    pending[n++] = root;
    for (; at < n; at++) {
        struct json_value v = pending[at], m;
        if (json_typeof(v) == JSON_ARRAY) {
            struct json_iter it = json_walk(v);
            while (n < PENDING && json_next(&it, NULL, &m)) pending[n++] = m;
            continue;
        }
        if (json_typeof(v) != JSON_OBJECT) continue;
        read_statement(j, v, ld);
        static const char *const inside[] = {"@graph", "mainEntity", "mainEntityOfPage"};
        for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
            if (n < PENDING && json_get(v, inside[i], &m)) pending[n++] = m;
    }
}

/* From the first bracket to the last, control characters blanked; the marks of a CDATA section go. */
static void tidy(struct slice script, struct buf *out) {
    size_t open = slice_find(script, slice_str("<![CDATA[")), close = slice_find(script, slice_str("]]>"));
    if (open != SIZE_MAX && close != SIZE_MAX && open < slice_find_char(script, '{') && open < close)
        script = slice_sub(script, open + 9, close);
    size_t from = 0, to = script.len;
    while (from < to && script.ptr[from] != '{' && script.ptr[from] != '[') from++;
    while (to > from && script.ptr[to - 1] != '}' && script.ptr[to - 1] != ']') to--;
    buf_append(out, script.ptr + from, to - from);
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7F) out->data[i] = ' ';
}

static void read_script(struct page_job *j, size_t script, struct page_ld *ld) {
    const struct page_tree *t = j->tree;
    struct buf text;
    buf_init(&text, LIMIT_JSONLD);
    for (size_t i = script + 1; i < t->nodes[script].end; i++)
        if (t->nodes[i].tag == TAG_TEXT) buf_slice(&text, page_node_text(t, i));
    struct buf clean;
    buf_init(&clean, LIMIT_JSONLD);
    if (buf_ok(&text)) tidy(buf_view(&text), &clean);
    struct json_value root;
    if (clean.len && buf_ok(&clean) && json_parse(j->json, buf_view(&clean), &root, NULL) == ST_OK) read_document(j, root, ld);
    buf_free(&text);
    buf_free(&clean);
}

void page_ld_read(struct page_job *j, struct page_ld *ld) {
    struct slice none = slice_of("", 0);
    *ld = (struct page_ld){
        .headline = none, .author = none, .published = none, .modified = none, .publisher = none, .language = none};
    const struct page_tree *t = j->tree;
    unsigned n = 0;
    for (size_t i = 0; i < t->n_nodes && n < 32; i++) {
        if (t->nodes[i].tag != TAG_script) continue;
        struct slice type = slice_trim(page_attr(t, i, ATTR_TYPE));
        if (!slice_starts_nocase(type, slice_str("application/ld+json"))) continue;
        read_script(j, i, ld);
        n++;
    }
}
