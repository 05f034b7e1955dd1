/*
 * Title, author, site and language of a page: <meta> by rank, then JSON-LD, then the page's own marks.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/extract_cues.h"
#include "crawler/page_facts.h"

/* Names of <meta>, lower case, best first within a field. */
static const struct {
    struct slice name;
    uint8_t field;
} meta_names[] = {
    {SLICE_LIT("og:title"), META_TITLE},
    {SLICE_LIT("citation_title"), META_TITLE},
    {SLICE_LIT("dc.title"), META_TITLE},
    {SLICE_LIT("dcterms.title"), META_TITLE},
    {SLICE_LIT("twitter:title"), META_TITLE},
    {SLICE_LIT("parsely-title"), META_TITLE},
    {SLICE_LIT("sailthru.title"), META_TITLE},
    {SLICE_LIT("title"), META_TITLE},
    {SLICE_LIT("author"), META_AUTHOR},
    {SLICE_LIT("citation_author"), META_AUTHOR},
    {SLICE_LIT("dc.creator"), META_AUTHOR},
    {SLICE_LIT("dcterms.creator"), META_AUTHOR},
    {SLICE_LIT("article:author"), META_AUTHOR},
    {SLICE_LIT("og:article:author"), META_AUTHOR},
    {SLICE_LIT("parsely-author"), META_AUTHOR},
    {SLICE_LIT("sailthru.author"), META_AUTHOR},
    {SLICE_LIT("byl"), META_AUTHOR},
    {SLICE_LIT("article:author_name"), META_AUTHOR},
    {SLICE_LIT("cxenseparse:author"), META_AUTHOR},
    {SLICE_LIT("rbauthors"), META_AUTHOR},
    {SLICE_LIT("og:site_name"), META_SITE},
    {SLICE_LIT("application-name"), META_SITE},
    {SLICE_LIT("dc.publisher"), META_SITE},
    {SLICE_LIT("dcterms.publisher"), META_SITE},
    {SLICE_LIT("citation_journal_title"), META_SITE},
    {SLICE_LIT("publisher"), META_SITE},
    {SLICE_LIT("apple-mobile-web-app-title"), META_SITE},
    {SLICE_LIT("article:published_time"), META_PUBLISHED},
    {SLICE_LIT("og:article:published_time"), META_PUBLISHED},
    {SLICE_LIT("og:published_time"), META_PUBLISHED},
    {SLICE_LIT("datepublished"), META_PUBLISHED},
    {SLICE_LIT("date.published"), META_PUBLISHED},
    {SLICE_LIT("date_published"), META_PUBLISHED},
    {SLICE_LIT("dcterms.issued"), META_PUBLISHED},
    {SLICE_LIT("dc.date.issued"), META_PUBLISHED},
    {SLICE_LIT("dc.date.created"), META_PUBLISHED},
    {SLICE_LIT("dcterms.created"), META_PUBLISHED},
    {SLICE_LIT("dcterms.date"), META_PUBLISHED},
    {SLICE_LIT("dc.date"), META_PUBLISHED},
    {SLICE_LIT("citation_publication_date"), META_PUBLISHED},
    {SLICE_LIT("citation_online_date"), META_PUBLISHED},
    {SLICE_LIT("citation_date"), META_PUBLISHED},
    {SLICE_LIT("rnews:datepublished"), META_PUBLISHED},
    {SLICE_LIT("cxenseparse:recs:publishtime"), META_PUBLISHED},
    {SLICE_LIT("cxenseparse:publishtime"), META_PUBLISHED},
    {SLICE_LIT("article.published"), META_PUBLISHED},
    {SLICE_LIT("article_date_original"), META_PUBLISHED},
    {SLICE_LIT("article.created"), META_PUBLISHED},
    {SLICE_LIT("originalpublicationdate"), META_PUBLISHED},
    {SLICE_LIT("sailthru.date"), META_PUBLISHED},
    {SLICE_LIT("parsely-pub-date"), META_PUBLISHED},
    {SLICE_LIT("pubdate"), META_PUBLISHED},
    {SLICE_LIT("pub_date"), META_PUBLISHED},
    {SLICE_LIT("publishdate"), META_PUBLISHED},
    {SLICE_LIT("publish-date"), META_PUBLISHED},
    {SLICE_LIT("publish_date"), META_PUBLISHED},
    {SLICE_LIT("publish_time"), META_PUBLISHED},
    {SLICE_LIT("publication_date"), META_PUBLISHED},
    {SLICE_LIT("published"), META_PUBLISHED},
    {SLICE_LIT("published-date"), META_PUBLISHED},
    {SLICE_LIT("published_date"), META_PUBLISHED},
    {SLICE_LIT("published_time"), META_PUBLISHED},
    {SLICE_LIT("bt:pubdate"), META_PUBLISHED},
    {SLICE_LIT("displaydate"), META_PUBLISHED},
    {SLICE_LIT("datecreated"), META_PUBLISHED},
    {SLICE_LIT("date_created"), META_PUBLISHED},
    {SLICE_LIT("creation_date"), META_PUBLISHED},
    {SLICE_LIT("date"), META_PUBLISHED},
    {SLICE_LIT("timestamp"), META_PUBLISHED},
    {SLICE_LIT("article:modified_time"), META_MODIFIED},
    {SLICE_LIT("og:updated_time"), META_MODIFIED},
    {SLICE_LIT("og:article:modified_time"), META_MODIFIED},
    {SLICE_LIT("datemodified"), META_MODIFIED},
    {SLICE_LIT("dcterms.modified"), META_MODIFIED},
    {SLICE_LIT("dc.date.modified"), META_MODIFIED},
    {SLICE_LIT("last-modified"), META_MODIFIED},
    {SLICE_LIT("lastmod"), META_MODIFIED},
    {SLICE_LIT("revised"), META_MODIFIED},
    {SLICE_LIT("content-language"), META_LANGUAGE},
    {SLICE_LIT("dc.language"), META_LANGUAGE},
    {SLICE_LIT("dcterms.language"), META_LANGUAGE},
    {SLICE_LIT("language"), META_LANGUAGE},
    {SLICE_LIT("og:url"), META_ADDRESS},
    {SLICE_LIT("og:image"), META_IMAGE},
    {SLICE_LIT("twitter:image"), META_IMAGE},
    {SLICE_LIT("og:type"), META_TYPE},
    {SLICE_LIT("generator"), META_GENERATOR},
    {SLICE_LIT("citation_doi"), META_CITATION},
    {SLICE_LIT("citation_issn"), META_CITATION},
    {SLICE_LIT("citation_volume"), META_CITATION},
    {SLICE_LIT("citation_conference_title"), META_CITATION},
    {SLICE_LIT("citation_dissertation_institution"), META_CITATION},
};
#define META_NAMES (sizeof meta_names / sizeof *meta_names)

static size_t rank_of(struct slice name) {
    if (!name.len || name.len > 40) return META_NAMES;
    char first = ascii_lower(name.ptr[0]);
    for (size_t i = 0; i < META_NAMES; i++)
        if (meta_names[i].name.ptr[0] == first && slice_eq_nocase(name, meta_names[i].name)) return i;
    return META_NAMES;
}

static bool fits_field(uint8_t field, struct slice value) {
    if (!value.len || value.len > LIMIT_META_VALUE) return false;
    bool address = slice_starts_nocase(value, slice_str("http")) || slice_starts(value, slice_str("//"));
    if (field == META_AUTHOR) return !address && slice_find_char(value, '@') == SIZE_MAX && value.len < 300;
    if (field == META_SITE) return !address && !slice_starts(value, slice_str("@"));
    return true;
}

static void read_metas(struct page_job *j, struct page_facts *f) {
    static const enum page_attr_name keys[] = {ATTR_PROPERTY, ATTR_NAME, ATTR_ITEMPROP, ATTR_HTTP_EQUIV};
    size_t best[META_FIELDS];
    for (size_t i = 0; i < META_FIELDS; i++) best[i] = META_NAMES;
    const struct page_tree *t = j->tree;
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (t->nodes[i].tag != TAG_meta) continue;
        struct slice value = slice_trim(page_attr(t, i, ATTR_CONTENT));
        if (!value.ptr) continue;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            size_t rank = rank_of(slice_trim(page_attr(t, i, keys[k])));
            if (rank == META_NAMES) continue;
            uint8_t field = meta_names[rank].field;
            if (!fits_field(field, value)) continue;
            if (field == META_AUTHOR && rank == best[field] && f->meta[field].len < 300 &&
                slice_find(f->meta[field], value) == SIZE_MAX) {
                buf_clear(&j->scratch); /* citation_author and its like come once a person */
                buf_printf(&j->scratch, "%.*s; %.*s", SLICE_ARG(f->meta[field]), SLICE_ARG(value));
                f->meta[field] = page_keep(j, buf_view(&j->scratch));
            } else if (rank < best[field]) {
                best[field] = rank;
                f->meta[field] = value;
            }
        }
    }
}

/* The text under ${node}, kept, without entities that were escaped twice. */
static struct slice text_of(struct page_job *j, size_t node, size_t max) {
    buf_clear(&j->scratch);
    page_inner_text(j->tree, node, &j->scratch, max);
    return page_keep(j, buf_view(&j->scratch));
}

static struct slice tidy_text(struct page_job *j, struct slice s) {
    struct buf b, c;
    buf_init(&b, LIMIT_META_VALUE * 4);
    buf_init(&c, LIMIT_META_VALUE * 4);
    page_decode_entities(&b, s);
    page_append_collapsed(&c, buf_view(&b));
    buf_clear(&b);
    struct slice kept = slice_of("", 0);
    if (unicode_nfc(&b, buf_view(&c)) == ST_OK && buf_ok(&b)) kept = page_keep(j, buf_view(&b));
    buf_free(&b);
    buf_free(&c);
    return kept;
}

/* The separators that part a title from its site's name, blanks included; at ${i} gives its length, else 0. */
static size_t separator_at(struct slice s, size_t i) {
    static const char *const marks[] = {" | ",  " - ",  " – ", " — ", " • ", " · ", " » ", " « ",
                                        " :: ", " // ", " ⋅ ", " / ", " ◦ ", " ● ", " ▷ ", "| "};
    if (s.ptr[i] != ' ' && s.ptr[i] != '|') return 0;
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (slice_starts(slice_sub(s, i, s.len), slice_str(marks[k]))) return strlen(marks[k]);
    return 0;
}

/* Letters and digits of ${s}, lower case of ASCII, at most ${n}: what two names are compared by. */
static size_t squeeze(struct slice s, char *out, size_t n) {
    size_t k = 0;
    for (size_t i = 0; i < s.len && k < n; i++)
        if (ascii_is_alnum(s.ptr[i]) || (unsigned char)s.ptr[i] >= 0x80) out[k++] = ascii_lower(s.ptr[i]);
    return k;
}

static bool names_match(struct slice piece, struct slice name) {
    char a[128], b[128];
    size_t n = squeeze(piece, a, sizeof a), m = squeeze(name, b, sizeof b);
    if (n < 2 || m < 2) return false;
    struct slice x = slice_of(a, n), y = slice_of(b, m);
    return slice_eq(x, y) || (m > 3 && slice_find(x, y) != SIZE_MAX && n < m * 3) || (n > 3 && slice_find(y, x) != SIZE_MAX);
}

static struct slice host_name(const struct page_job *j) {
    struct url_parts p;
    struct slice url = j->page->canonical.len ? j->page->canonical : j->opt->url.len ? j->opt->url : j->address;
    if (!url.len || !url_split(url, &p)) return slice_of("", 0);
    return slice_starts(p.host, slice_str("www.")) ? slice_sub(p.host, 4, p.host.len) : p.host;
}

/* "exemple" of www.exemple.fr: what a site is called when nothing says it better. */
static struct slice read_label(const struct page_job *j) {
    struct slice host = url_domain(host_name(j));
    size_t dot = slice_find_char(host, '.');
    return dot == SIZE_MAX ? host : slice_sub(host, 0, dot);
}

/* Without the site's name at either end. */
static struct slice strip_site(const struct page_job *j, struct slice title, struct slice site) {
    struct slice label = j->label;
    for (int round = 0; round < 3; round++) {
        size_t first = SIZE_MAX, last = SIZE_MAX, last_len = 0, first_len = 0;
        for (size_t i = 0; i < title.len; i++) {
            size_t n = separator_at(title, i);
            if (!n) continue;
            if (first == SIZE_MAX) {
                first = i;
                first_len = n;
            }
            last = i;
            last_len = n;
            i += n - 1;
        }
        if (last == SIZE_MAX) break;
        struct slice tail = slice_sub(title, last + last_len, title.len), head = slice_sub(title, 0, first);
        if (names_match(tail, site) || names_match(tail, label)) {
            title = slice_trim(slice_sub(title, 0, last));
        } else if (names_match(head, site) || names_match(head, label)) {
            title = slice_trim(slice_sub(title, first + first_len, title.len));
        } else {
            break;
        }
    }
    return title;
}

/* A heading that is one link to the site's home is its logo. */
static bool leads_home(const struct page_job *j, size_t heading) {
    const struct page_tree *t = j->tree;
    size_t a = page_first(t, heading + 1, t->nodes[heading].end, TAG_a);
    size_t up = t->nodes[heading].parent;
    if (a == SIZE_MAX && t->nodes[up].tag == TAG_a) a = up;
    if (a == SIZE_MAX) return false;
    struct slice href = slice_trim(page_attr(t, a, ATTR_HREF));
    size_t scheme = slice_find(slice_sub(href, 0, 8), slice_str("//"));
    if (scheme != SIZE_MAX) {
        href = slice_sub(href, scheme + 2, href.len);
        size_t path = slice_find_char(href, '/');
        href = path == SIZE_MAX ? slice_of("/", 1) : slice_sub(href, path, href.len);
    }
    return slice_eq_str(href, "/") || slice_eq_str(href, ".") || slice_eq_str(href, "./") || slice_eq_str(href, "/fr/") ||
           slice_starts_nocase(href, slice_str("/index.")) || slice_starts_nocase(href, slice_str("index."));
}

struct headings {
    struct slice held; /* an <h1> that the <title> holds, else the longest other heading that it holds */
    struct slice main; /* the only <h1> of the page's article or main part */
    struct slice only; /* the only <h1> */
};

static bool in_main(const struct page_tree *t, size_t i) {
    for (; i; i = t->nodes[i].parent)
        if (t->nodes[i].tag == TAG_article || t->nodes[i].tag == TAG_main) return true;
    return false;
}

/* "A title | The site", of which ${s} is the last part, and not the first. */
static bool is_tail(const struct page_job *j, struct slice title, struct slice s, struct slice site) {
    if (title.len < s.len + 6 || !slice_eq_nocase(slice_sub(title, title.len - s.len, title.len), s)) return false;
    for (size_t i = 0; i + s.len < title.len; i++) {
        if (!separator_at(title, i)) continue;
        struct slice head = slice_sub(title, 0, i);
        return !names_match(head, site) && !names_match(head, j->label);
    }
    return false;
}

static struct headings find_headings(struct page_job *j, struct slice title, struct slice site) {
    const struct page_tree *t = j->tree;
    struct slice none = slice_of("", 0), longest = none;
    struct headings h = {none, none, none};
    unsigned tries = 0, n = 0, n_main = 0;
    for (size_t i = 0; i < t->n_nodes && tries < 60; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag != TAG_h1 && tag != TAG_h2 && tag != TAG_h3) continue;
        tries++;
        struct slice s = text_of(j, i, 500);
        if (s.len < 3 || names_match(s, site) || names_match(s, j->label) || leads_home(j, i)) continue;
        if (tag == TAG_h1 && !in_main(t, i) && is_tail(j, title, s, site)) continue;
        bool held = s.len >= 8 && slice_find_nocase(title, s) != SIZE_MAX;
        if (held && tag == TAG_h1 && !h.held.len) h.held = s;
        if (held && s.len >= 16 && s.len > longest.len) longest = s;
        if (tag != TAG_h1) continue;
        h.only = n++ ? none : s;
        if (in_main(t, i) && s.len >= 10) h.main = n_main++ ? none : s;
    }
    if (!h.held.len) h.held = longest;
    return h;
}

/* Does the title's text hold ${s}, but for what strip_site() would take? */
static bool agrees(struct slice title, struct slice s) { return s.len >= 8 && slice_find_nocase(title, s) != SIZE_MAX; }

/* "A title | A site": what stands behind a bar is the site's, when it is the shorter part. */
static struct slice strip_bar(struct slice title) {
    static const char *const bars[] = {" | ", " │ ", " · ", " « ", " » "};
    size_t last = SIZE_MAX, len = 0;
    for (size_t i = 0; i < title.len; i++)
        for (size_t k = 0; k < sizeof bars / sizeof *bars; k++)
            if (slice_starts(slice_sub(title, i, title.len), slice_str(bars[k]))) {
                last = i;
                len = strlen(bars[k]);
            }
    if (last == SIZE_MAX || last < title.len - last - len) return title;
    return slice_trim(slice_sub(title, 0, last));
}

static void read_title(struct page_job *j, struct page_facts *f) {
    const struct page_tree *t = j->tree;
    size_t node = page_first(t, 0, t->n_nodes, TAG_title);
    struct slice html = node == SIZE_MAX ? slice_of("", 0) : tidy_text(j, text_of(j, node, LIMIT_META_VALUE));
    struct slice site = f->meta[META_SITE].len ? f->meta[META_SITE] : f->ld.publisher;
    struct slice og = strip_site(j, tidy_text(j, f->meta[META_TITLE]), site);
    struct headings h = find_headings(j, html.len ? html : og, site);
    struct slice ld = tidy_text(j, f->ld.headline);
    struct slice bare = strip_site(j, html, site);
    bool site_only = names_match(bare, site) || names_match(bare, j->label);
    f->html_title = html;
    if (h.held.len && (agrees(html, h.held) || agrees(og, h.held)))
        j->page->title = h.held;
    else if (h.main.len)
        j->page->title = h.main;
    else if (ld.len)
        j->page->title = ld;
    else if (og.len)
        j->page->title = strip_bar(og);
    else
        j->page->title = bare.len && !(h.only.len && site_only) ? strip_bar(bare) : h.only;
    j->page->title = tidy_text(j, j->page->title);
}

/* "Par ", "By " and the like are not part of a name. */
static struct slice strip_by(struct slice s) {
    static const char *const words[] = {"publié par ",
                                        "posted by ",
                                        "written by ",
                                        "veröffentlicht von ",
                                        "écrit par ",
                                        "rédigé par ",
                                        "geschrieben von ",
                                        "par ",
                                        "by ",
                                        "by: ",
                                        "von ",
                                        "di ",
                                        "por ",
                                        "auteur :",
                                        "autor:",
                                        "author:"};
    s = slice_trim(s);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_starts_nocase(s, slice_str(words[i]))) return slice_trim(slice_sub(s, strlen(words[i]), s.len));
    return s;
}

static bool looks_like_names(struct slice s) {
    if (s.len < 3 || s.len > 120) return false;
    unsigned words = 1, digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        words += s.ptr[i] == ' ';
        digits += ascii_is_digit(s.ptr[i]);
    }
    return words <= 12 && digits == 0 && slice_find(s, slice_str("://")) == SIZE_MAX;
}

bool page_may_date(const struct page_job *j, size_t node) {
    static const uint32_t names = 1u << ATTR_CLASS | 1u << ATTR_ID | 1u << ATTR_ITEMPROP | 1u << ATTR_PROPERTY | 1u << ATTR_REL;
    const struct page_tree *t = j->tree;
    const struct page_node *n = &t->nodes[node];
    if (n->tag == TAG_time) return true;
    uint32_t cues = 0;
    for (size_t i = n->at; i < n->at + n->len; i++)
        if (names >> t->attrs[i].name & 1)
            cues |= extract_cues_of(j->cues, slice_of(buf_cstr(&t->values) + t->attrs[i].at, t->attrs[i].len));
    return cues & (CUE_BIT(META) | CUE_BIT(AUTHOR) | CUE_BIT(NOTE));
}

static bool is_comment(const struct page_tree *t, size_t i) {
    static const char *const names[] = {"comment", "related", "sidebar", "widget", "footer",
                                        "recent",  "popular", "teaser",  "reply"};
    for (; i && (t->nodes[i].end - i) * 2 <= t->n_nodes; i = t->nodes[i].parent)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (slice_find_nocase(page_attr(t, i, ATTR_CLASS), slice_str(names[k])) != SIZE_MAX ||
                slice_find_nocase(page_attr(t, i, ATTR_ID), slice_str(names[k])) != SIZE_MAX)
                return t->nodes[i].tag != TAG_body;
    return false;
}

/* rel=author, itemprop=author, or a class that says byline: the first short one outside comments and teasers. */
static struct slice find_byline(struct page_job *j) {
    const struct page_tree *t = j->tree;
    static const char *const classes[] = {"author", "byline", "auteur", "autor", "signature"};
    unsigned tries = 0;
    for (size_t i = 1; i < t->n_nodes && tries < 60; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_TEXT || tag == TAG_meta || tag == TAG_link || !t->nodes[i].len || !page_may_date(j, i)) continue;
        bool marked =
            page_has_token(page_attr(t, i, ATTR_REL), "author") || page_has_token(page_attr(t, i, ATTR_ITEMPROP), "author");
        struct slice c = page_attr(t, i, ATTR_CLASS);
        for (size_t k = 0; c.len && !marked && k < sizeof classes / sizeof *classes; k++)
            marked = slice_find_nocase(c, slice_str(classes[k])) != SIZE_MAX;
        if (!marked) continue;
        tries++;
        if (is_comment(t, i)) continue;
        struct slice s = strip_by(text_of(j, i, 300));
        if (looks_like_names(s)) return s;
    }
    return slice_of("", 0);
}

static void read_author(struct page_job *j, struct page_facts *f) {
    struct slice site = f->meta[META_SITE].len ? f->meta[META_SITE] : f->ld.publisher;
    struct slice stated[] = {f->ld.author, f->meta[META_AUTHOR]};
    struct slice s = slice_of("", 0), fallback = slice_of("", 0);
    for (size_t i = 0; i < 2 && !s.len; i++) {
        if (!stated[i].len) continue;
        bool is_site = names_match(stated[i], site) || names_match(stated[i], j->label);
        if (!is_site) s = stated[i];
        if (is_site && !fallback.len) fallback = stated[i];
    }
    if (!s.len) s = find_byline(j);
    if (!s.len) s = fallback;
    j->page->author = tidy_text(j, strip_by(s));
}

static void read_site(struct page_job *j, struct page_facts *f) {
    struct slice s = f->meta[META_SITE];
    if (!s.len) s = f->ld.publisher;
    if (!s.len) s = host_name(j);
    j->page->site = tidy_text(j, s);
}

static void read_language(struct page_job *j, struct page_facts *f) {
    const struct page_tree *t = j->tree;
    size_t i = page_first(t, 0, t->n_nodes, TAG_html);
    struct slice lang = i == SIZE_MAX ? slice_of(NULL, 0) : page_attr(t, i, ATTR_LANG);
    if (!lang.len && i != SIZE_MAX) lang = page_attr(t, i, ATTR_XML_LANG);
    if (!lang.len) lang = f->meta[META_LANGUAGE];
    if (!lang.len) lang = f->ld.language;
    if (lang.len < 64) j->page->declared_language = page_keep(j, lang);
}

void page_read_metadata(struct page_job *j, struct page_facts *f) {
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < META_FIELDS; i++) f->meta[i] = slice_of("", 0);
    read_metas(j, f);
    j->address = f->meta[META_ADDRESS];
    j->label = read_label(j);
    page_ld_read(j, &f->ld);
    read_title(j, f);
    read_author(j, f);
    read_site(j, f);
    read_language(j, f);
    page_read_date(j, f);
    page_read_type(j, f);
}
