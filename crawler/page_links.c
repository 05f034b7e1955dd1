/*
 * What a page says to a crawler: its base, links, canonical address, refresh and robots.
 */
#include "base/hash.h"
#include "base/limits.h"
#include "base/map64.h"
#include "crawler/http_link.h"
#include "crawler/page_read.h"

static bool is_separator(char c) { return ascii_is_space(c) || c == ',' || c == ';'; }

bool page_has_token(struct slice list, const char *token) {
    struct slice want = slice_str(token);
    for (size_t i = 0; i < list.len;) {
        while (i < list.len && is_separator(list.ptr[i])) i++;
        size_t from = i;
        while (i < list.len && !is_separator(list.ptr[i])) i++;
        if (slice_eq_nocase(slice_sub(list, from, i), want)) return true;
    }
    return false;
}

struct slice page_keep(struct page_job *j, struct slice s) {
    s = slice_trim(s);
    return s.len ? arena_dup(j->arena, s) : slice_of("", 0);
}

struct slice page_resolve(struct page_job *j, struct slice href) {
    href = slice_trim(href);
    if (!href.ptr || href.len > LIMIT_URL_INPUT) return slice_of("", 0);
    buf_clear(&j->scratch);
    if (url_canonical(href, j->base, j->opt->urls, &j->scratch, NULL) != ST_OK || !buf_ok(&j->scratch)) return slice_of("", 0);
    return page_keep(j, buf_view(&j->scratch));
}

/* WHATWG HTML 4.2.3: the first <base> with an href. */
static void read_base(struct page_job *j) {
    j->base = j->opt->url;
    const struct page_tree *t = j->tree;
    for (size_t i = page_first(t, 0, t->n_nodes, TAG_base); i != SIZE_MAX; i = page_first(t, i + 1, t->n_nodes, TAG_base)) {
        struct slice href = page_attr(t, i, ATTR_HREF);
        if (!href.ptr) continue;
        struct slice base = page_resolve(j, href);
        if (base.len) j->base = base;
        return;
    }
}

static void read_robots(struct page_job *j, struct slice name, struct slice content) {
    bool ours = slice_eq_nocase(name, slice_str("robots")) || (j->opt->agent.len && slice_eq_nocase(name, j->opt->agent));
    if (!ours) return;
    struct page_robots *r = &j->page->robots;
    bool none = page_has_token(content, "none");
    if (none || page_has_token(content, "noindex")) r->noindex = true;
    if (none || page_has_token(content, "nofollow")) r->nofollow = true;
    if (page_has_token(content, "noai") || page_has_token(content, "noml")) r->noai = true;
}

/* WHATWG HTML 4.2.5.3, "shared declarative refresh steps": seconds, then "url=" (or not), then an address, perhaps quoted. */
static void read_refresh(struct page_job *j, struct slice content) {
    if (j->page->refresh.len) return;
    size_t i = 0;
    while (i < content.len && (ascii_is_space(content.ptr[i]) || ascii_is_digit(content.ptr[i]) || content.ptr[i] == '.')) i++;
    if (i == content.len || (content.ptr[i] != ';' && content.ptr[i] != ',' && i == 0)) return;
    while (i < content.len && is_separator(content.ptr[i])) i++;
    struct slice rest = slice_trim(slice_sub(content, i, content.len));
    if (slice_starts_nocase(rest, slice_str("url"))) {
        struct slice after = slice_trim(slice_sub(rest, 3, rest.len));
        if (after.len && after.ptr[0] == '=') rest = slice_trim(slice_sub(after, 1, after.len));
    }
    if (rest.len && (rest.ptr[0] == '"' || rest.ptr[0] == '\'')) {
        char quote = rest.ptr[0];
        rest = slice_sub(rest, 1, rest.len);
        size_t end = slice_find_char(rest, quote);
        if (end != SIZE_MAX) rest = slice_sub(rest, 0, end);
    }
    if (rest.len) j->page->refresh = page_resolve(j, rest);
}

static void read_metas(struct page_job *j) {
    const struct page_tree *t = j->tree;
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (t->nodes[i].tag != TAG_meta) continue;
        struct slice content = page_attr(t, i, ATTR_CONTENT);
        struct slice name = slice_trim(page_attr(t, i, ATTR_NAME));
        if (!content.ptr) continue;
        if (slice_eq_nocase(slice_trim(page_attr(t, i, ATTR_HTTP_EQUIV)), slice_str("refresh"))) read_refresh(j, content);
        if (name.ptr) read_robots(j, name, content);
    }
}

struct collector {
    struct page_link *links;
    size_t n, room;
    struct map64 seen; /* hash of the URL → its index */
};

static void add_link(struct page_job *j, struct collector *c, struct slice href, struct page_link as) {
    if (c->n >= c->room) return;
    struct slice url = page_resolve(j, href);
    if (!url.len) return;
    uint64_t key = hash64(url), at = 0;
    if (map64_get(&c->seen, key, &at) && slice_eq(c->links[at].url, url)) {
        c->links[at].nofollow &= as.nofollow; /* one free link is enough */
        c->links[at].hreflang |= as.hreflang;
        c->links[at].feed |= as.feed;
        return;
    }
    if (!map64_put(&c->seen, key, c->n)) return;
    as.url = url;
    c->links[c->n++] = as;
}

static bool rel_nofollow(struct slice rel) {
    return page_has_token(rel, "nofollow") || page_has_token(rel, "ugc") || page_has_token(rel, "sponsored");
}

/* A <link>: only those that lead to a page a reader could be sent to. */
static void read_link_element(struct page_job *j, struct collector *c, size_t node) {
    const struct page_tree *t = j->tree;
    struct slice rel = page_attr(t, node, ATTR_REL), href = page_attr(t, node, ATTR_HREF);
    if (!href.ptr || !rel.ptr) return;
    if (page_has_token(rel, "canonical") && !j->page->canonical.len) j->page->canonical = page_resolve(j, href);
    if (!c) return;
    bool hreflang = page_has_token(rel, "alternate") && page_attr(t, node, ATTR_HREFLANG).ptr;
    bool next = page_has_token(rel, "next") || page_has_token(rel, "prev") || page_has_token(rel, "canonical");
    bool feed = page_has_token(rel, "alternate") && http_link_is_feed(page_attr(t, node, ATTR_TYPE));
    struct page_link as = {.nofollow = j->page->robots.nofollow || rel_nofollow(rel), .hreflang = hreflang, .feed = feed};
    if (hreflang || next || feed) add_link(j, c, href, as);
}

/* How many links the page may have, LIMIT_LINKS at most. */
static size_t count_anchors(const struct page_tree *t) {
    size_t n = 0;
    for (size_t i = 0; i < t->n_nodes && n < LIMIT_LINKS; i++) {
        uint8_t tag = t->nodes[i].tag;
        n += tag == TAG_a || tag == TAG_area || tag == TAG_link;
    }
    return n;
}

static void walk_links(struct page_job *j, struct collector *c) {
    const struct page_tree *t = j->tree;
    for (size_t i = 0; i < t->n_nodes; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_link) {
            read_link_element(j, c, i);
        } else if (c && (tag == TAG_a || tag == TAG_area)) {
            struct slice href = page_attr(t, i, ATTR_HREF);
            struct page_link as = {.nofollow = j->page->robots.nofollow || rel_nofollow(page_attr(t, i, ATTR_REL))};
            if (href.ptr) add_link(j, c, href, as);
        }
    }
}

void page_read_links(struct page_job *j) {
    read_base(j);
    read_metas(j);
    struct collector c = {.room = j->opt->want_links ? count_anchors(j->tree) : 0};
    if (c.room) c.links = arena_alloc(j->arena, c.room * sizeof *c.links);
    walk_links(j, c.links ? &c : NULL);
    map64_free(&c.seen);
    j->page->links = c.links;
    j->page->n_links = c.n;
}
