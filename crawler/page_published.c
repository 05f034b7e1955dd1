/*
 * When a page was published: the first trustworthy place that names a day.
 */
#include "crawler/page_date.h"
#include "crawler/page_facts.h"

static void set_date(struct page_job *j, struct page_day d) {
    buf_clear(&j->scratch);
    buf_printf(&j->scratch, "%04d-%02d-%02d", d.y, d.m, d.d);
    j->page->date = page_keep(j, buf_view(&j->scratch));
}

static bool take(struct page_job *j, struct slice s, bool month_first) {
    struct page_day d;
    if (!s.len || page_date_find(s, month_first, 0, &d) == SIZE_MAX) return false;
    set_date(j, d);
    return true;
}

/* 01/02/2024 is January where the page says it is American. */
static bool is_month_first(const struct page_job *j) {
    return slice_eq_nocase(slice_sub(j->page->declared_language, 0, 5), slice_str("en-us"));
}

static bool has_any(struct slice list, const char *const *words) {
    for (; *words; words++)
        if (slice_find_nocase(list, slice_str(*words)) != SIZE_MAX) return true;
    return false;
}

enum mark { MARK_NONE, MARK_MODIFIED, MARK_DATE, MARK_PUBLISHED };

/* What an element's names say of a date in it. */
static enum mark mark_of(const struct page_tree *t, size_t i) {
    static const char *const published[] = {"datepublished", "publi",    "posted",    "pubdate",     "dateline",
                                            "entry-date",    "created",  "post-date", "post_date",   "article-date",
                                            "article_date",  "parution", "postdate",  "articledate", NULL};
    static const char *const modified[] = {"modif", "update", "maj", NULL};
    static const char *const date[] = {"date", "time",      "byline", "datum",  "fecha", "meta",
                                       "info", "signature", "kicker", "author", NULL};
    struct slice names[] = {page_attr(t, i, ATTR_ITEMPROP), page_attr(t, i, ATTR_CLASS), page_attr(t, i, ATTR_ID),
                            page_attr(t, i, ATTR_PROPERTY)};
    enum mark best = MARK_NONE;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        if (!names[k].len) continue;
        if (has_any(names[k], modified)) return MARK_MODIFIED;
        enum mark m = has_any(names[k], published) ? MARK_PUBLISHED : has_any(names[k], date) ? MARK_DATE : MARK_NONE;
        if (m > best) best = m;
    }
    if (t->nodes[i].tag == TAG_time && best == MARK_NONE) best = MARK_DATE;
    if (t->nodes[i].tag == TAG_time && page_attr(t, i, ATTR_PUBDATE).ptr) best = MARK_PUBLISHED;
    return best;
}

/* The first heading that says the page's title, or SIZE_MAX. */
static size_t find_title(struct page_job *j) {
    const struct page_tree *t = j->tree;
    struct slice title = j->page->title;
    unsigned tries = 0;
    if (title.len < 8) return SIZE_MAX;
    for (size_t i = 1; i < t->n_nodes && tries < 60; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag != TAG_h1 && tag != TAG_h2 && tag != TAG_h3) continue;
        tries++;
        buf_clear(&j->scratch);
        page_inner_text(t, i, &j->scratch, 500);
        if (slice_eq(buf_view(&j->scratch), title)) return i;
    }
    return SIZE_MAX;
}

static bool is_aside(const struct page_tree *t, size_t i, size_t title) {
    static const char *const names[] = {"comment", "related", "sidebar", "widget", "footer", "recent",
                                        "popular", "teaser",  "nav",     "latest", "more-",  NULL};
    /* the foot of a post tells of the post */
    static const char *const own[] = {"post-footer", "postfooter", "entry-footer", "article-footer", "article__footer", NULL};
    bool foot = false;
    for (size_t k = i; k; k = t->nodes[k].parent) {
        uint8_t tag = t->nodes[k].tag;
        if (tag == TAG_article && foot) return false;
        bool most = (t->nodes[k].end - k) * 2 > t->n_nodes; /* what holds most of the page is no part beside it */
        /* nor is what holds its heading: a blog's "widget" with the post in it */
        bool titled = title != SIZE_MAX && k <= title && title < t->nodes[k].end;
        if (tag == TAG_body || tag == TAG_html || most || titled) return foot;
        if (tag == TAG_nav || tag == TAG_aside) return true;
        struct slice class = page_attr(t, k, ATTR_CLASS);
        if (tag == TAG_footer)
            foot = true;
        else if (!has_any(class, own) && (has_any(class, names) || has_any(page_attr(t, k, ATTR_ID), names)))
            return true;
    }
    return foot;
}

/* The date that an element carries in an attribute or as a short text. */
static bool date_in(struct page_job *j, size_t i, bool month_first, struct page_day *d) {
    static const enum page_attr_name attrs[] = {ATTR_DATETIME, ATTR_CONTENT, ATTR_TITLE};
    const struct page_tree *t = j->tree;
    for (size_t k = 0; k < sizeof attrs / sizeof *attrs; k++) {
        struct slice s = page_attr(t, i, attrs[k]);
        if (s.len && s.len < 200 && page_date_find(s, month_first, 0, d) != SIZE_MAX) return true;
    }
    buf_clear(&j->scratch);
    page_inner_text(t, i, &j->scratch, 300);
    return j->scratch.len < 250 && page_date_find(buf_view(&j->scratch), month_first, 0, d) != SIZE_MAX;
}

struct found {
    struct page_day day[MARK_PUBLISHED + 1];
    bool has[MARK_PUBLISHED + 1];
};

static void read_marks(struct page_job *j, bool month_first, bool aside, struct found *f) {
    const struct page_tree *t = j->tree;
    unsigned tries = 0;
    size_t title = find_title(j);
    for (size_t i = 1; i < t->n_nodes && tries < 200 && !f->has[MARK_PUBLISHED]; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_TEXT || tag == TAG_meta || tag == TAG_link || tag == TAG_script || tag == TAG_style) continue;
        if (!page_may_date(j, i)) continue;
        enum mark m = mark_of(t, i);
        if (m == MARK_NONE || f->has[m]) continue;
        tries++;
        if (is_aside(t, i, title) != aside) continue;
        f->has[m] = date_in(j, i, month_first, &f->day[m]);
    }
}

static bool skips(const struct page_tree *t, size_t i) {
    switch (t->nodes[i].tag) {
    case TAG_script:
    case TAG_style:
    case TAG_noscript:
    case TAG_nav:
    case TAG_aside:
    case TAG_footer:
    case TAG_a:
    case TAG_option: return true;
    default: return false;
    }
}

#define SHORT_TEXT 80 /* bytes of a line that says little more than a date */

static bool read_range(struct page_job *j, bool month_first, size_t from, size_t to, size_t max) {
    const struct page_tree *t = j->tree;
    for (size_t i = from; i < to; i++) {
        if (skips(t, i))
            i = t->nodes[i].end - 1;
        else if (t->nodes[i].tag == TAG_TEXT && t->nodes[i].len <= max && take(j, page_node_text(t, i), month_first))
            return true;
    }
    return false;
}

/* The first date in a short line from the page's heading on, or before it; failing that, in any text.  Not in links: they speak of other pages. */
static bool read_text(struct page_job *j, bool month_first) {
    size_t n = j->tree->n_nodes, h1 = page_first(j->tree, 0, n, TAG_h1);
    if (h1 == SIZE_MAX) h1 = 0;
    return read_range(j, month_first, h1, n, SHORT_TEXT) || read_range(j, month_first, 0, h1, SHORT_TEXT) ||
           read_range(j, month_first, h1, n, SIZE_MAX);
}

/* The letters that such words begin with: a walk over all texts asks this first. */
static bool may_announce(char c) {
    static const uint32_t initials =
        1u << ('p' - 'a') | 1u << ('m' - 'a') | 1u << ('d' - 'a') | 1u << ('v' - 'a') | 1u << ('e' - 'a') | 1u << ('g' - 'a');
    return ascii_is_alpha(c) && initials >> (ascii_lower(c) - 'a') & 1;
}

/* What announces a day of publication in a line that is not empty; none of "mis à jour le". */
static size_t announces(struct slice s) {
    static const struct slice words[] = {
        SLICE_LIT("publié le"),      SLICE_LIT("publiée le"),      SLICE_LIT("publié :"),         SLICE_LIT("publication :"),
        SLICE_LIT("publication le"), SLICE_LIT("mis en ligne le"), SLICE_LIT("mise en ligne le"), SLICE_LIT("mise en ligne :"),
        SLICE_LIT("paru le"),        SLICE_LIT("parue le"),        SLICE_LIT("posté le"),         SLICE_LIT("date de publication"),
        SLICE_LIT("published"),      SLICE_LIT("posted"),          SLICE_LIT("publication date"), SLICE_LIT("veröffentlicht"),
        SLICE_LIT("erschienen"),     SLICE_LIT("publicado"),       SLICE_LIT("pubblicato"),       SLICE_LIT("gepubliceerd"),
    };
    char first = ascii_lower(s.ptr[0]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].ptr[0] == first && slice_starts_nocase(s, words[i])) return words[i].len;
    return 0;
}

#define SAID_TEXT 200 /* bytes of a line that may announce a day */
#define SAID_NEAR 40  /* and of what may stand between */

/* "Publié le 1er juillet 2024", "Erschienen am <time>…": the day that follows such words, in their line or in the next two texts. */
static bool read_said(struct page_job *j, bool month_first, bool aside) {
    const struct page_tree *t = j->tree;
    size_t title = find_title(j);
    unsigned tries = 0;
    for (size_t i = 1; i < t->n_nodes && tries < 100; i++) {
        if (skips(t, i)) {
            i = t->nodes[i].end - 1;
            continue;
        }
        if (t->nodes[i].tag != TAG_TEXT || t->nodes[i].len > SAID_TEXT) continue;
        struct slice s = page_node_text(t, i);
        for (size_t k = 0, n; k + 6 < s.len; k++) {
            if (!may_announce(s.ptr[k]) || (k && (ascii_is_alpha(s.ptr[k - 1]) || s.ptr[k - 1] < 0))) continue;
            if (!(n = announces(slice_sub(s, k, s.len)))) continue;
            tries++;
            if (!aside && is_aside(t, i, title)) break;
            buf_clear(&j->scratch);
            page_append_collapsed(&j->scratch, slice_sub(s, k + n, s.len));
            for (size_t next = i + 1, texts = 0;
                 next < t->n_nodes && next < i + 2 * SAID_NEAR && texts < 2 && j->scratch.len < SAID_NEAR; next++) {
                if (t->nodes[next].tag != TAG_TEXT) continue;
                page_append_collapsed(&j->scratch, page_node_text(t, next));
                texts += slice_trim(page_node_text(t, next)).len > 0;
            }
            if (take(j, slice_sub(buf_view(&j->scratch), 0, SAID_NEAR), month_first)) return true;
        }
    }
    return false;
}

/* The keys of a state that a script carries for itself, "publishedAt":"2024-07-01T…", the telling ones first. */
#define SCRIPT_KEYS 12
static const struct {
    const char *word;
    size_t pub; /* where "ub" stands in it; SIZE_MAX: the last two have none */
} script_keys[SCRIPT_KEYS] = {{"datePublished", 5}, {"publishedAt", 1},     {"published_at", 1},     {"publishDate", 1},
                              {"publish_date", 1},  {"publicationDate", 1}, {"pubDate", 1},          {"pubdate", 1},
                              {"publishedDate", 1}, {"published_time", 1},  {"createdAt", SIZE_MAX}, {"created_at", SIZE_MAX}};

/* Where each key first stands in the page, in one walk from "b" to "b"; the last two have a walk of their own. */
static void find_keys(struct slice s, size_t first[SCRIPT_KEYS]) {
    for (size_t k = 0; k < SCRIPT_KEYS; k++)
        first[k] = script_keys[k].pub == SIZE_MAX ? slice_find(s, slice_str(script_keys[k].word)) : SIZE_MAX;
    for (size_t i = 1; i < s.len; i++) {
        const char *b = memchr(s.ptr + i, 'b', s.len - i);
        if (!b) return;
        i = (size_t)(b - s.ptr);
        if (b[-1] != 'u') continue;
        for (size_t k = 0; k < SCRIPT_KEYS; k++) {
            size_t pub = script_keys[k].pub;
            if (first[k] == SIZE_MAX && pub < i && slice_starts(slice_sub(s, i - 1 - pub, s.len), slice_str(script_keys[k].word)))
                first[k] = i - 1 - pub;
        }
    }
}

static bool read_scripts(struct page_job *j) {
    size_t first[SCRIPT_KEYS];
    find_keys(j->bytes, first);
    for (size_t k = 0; k < SCRIPT_KEYS; k++) {
        size_t from = first[k] + strlen(script_keys[k].word);
        struct page_day d;
        if (first[k] == SIZE_MAX || page_date_find(slice_sub(j->bytes, from, from + 24), false, 0, &d) == SIZE_MAX) continue;
        set_date(j, d);
        return true;
    }
    return false;
}

static bool read_address(struct page_job *j, const struct page_facts *f) {
    struct slice urls[] = {j->page->canonical, j->opt->url, f->meta[META_ADDRESS]};
    struct page_day day;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        if (!page_date_in_url(urls[i], &day)) continue;
        set_date(j, day);
        return true;
    }
    return false;
}

void page_read_date(struct page_job *j, const struct page_facts *f) {
    bool month_first = is_month_first(j);
    if (read_address(j, f) || take(j, f->meta[META_PUBLISHED], month_first) || take(j, f->ld.published, month_first)) return;
    struct found own = {0}, other = {0};
    struct page_day day;
    read_marks(j, month_first, false, &own);
    if (own.has[MARK_PUBLISHED]) {
        set_date(j, own.day[MARK_PUBLISHED]);
    } else if (read_said(j, month_first, false)) {
        return;
    } else if (own.has[MARK_DATE]) {
        set_date(j, own.day[MARK_DATE]);
    } else if (read_said(j, month_first, true) || take(j, f->meta[META_MODIFIED], month_first) ||
               take(j, f->ld.modified, month_first)) {
        return;
    } else if (own.has[MARK_MODIFIED]) {
        set_date(j, own.day[MARK_MODIFIED]);
    } else if (page_date_in_url(f->meta[META_IMAGE], &day)) {
        set_date(j, day); /* uploads are filed by day, and most pictures are new with their page */
    } else if (!read_text(j, month_first) && !read_scripts(j)) {
        read_marks(j, month_first, true, &other);
        for (int m = MARK_PUBLISHED; m > MARK_NONE && !j->page->date.len; m--)
            if (other.has[m]) set_date(j, other.day[m]);
    }
}
