#ifndef VILLERS_CRAWLER_PAGE_TREE_H
#define VILLERS_CRAWLER_PAGE_TREE_H
/*
 * A page as a compact tree: nodes in document order in one array, text and attribute values in two buffers.  Built from
 * libxml2's SAX events, which run 2.5 times as fast as its DOM.  A node's subtree is the run of nodes [i, nodes[i].end), so that
 * every walk is a loop and no depth can exhaust the stack.  Private to crawler/page*.c and crawler/extract*.c.
 */
#include "base/buf.h"

/* The elements that anything here asks about; every other one is TAG_OTHER.  The order is of no meaning. */
/* clang-format off */
#define PAGE_TAGS(X)                                                                                                               \
    X(a)                                                                                                                           \
    X(abbr)                                                                                                                        \
    X(address)                                                                                                                     \
    X(area)                                                                                                                        \
    X(article)                                                                                                                     \
    X(aside)                                                                                                                       \
    X(audio)                                                                                                                       \
    X(b)                                                                                                                           \
    X(base)                                                                                                                        \
    X(blockquote) X(body) X(br) X(button) X(canvas) X(caption) X(center) X(cite) X(code) X(col) X(dd) X(del) X(details) X(dialog)  \
        X(div) X(dl) X(dt) X(em) X(embed) X(fieldset) X(figcaption) X(figure) X(font) X(footer) X(form) X(frame) X(frameset) X(h1) \
            X(h2) X(h3) X(h4) X(h5) X(h6) X(head) X(header) X(hgroup) X(hr) X(html) X(i) X(iframe) X(img) X(input) X(ins) X(label) \
                X(legend) X(li) X(link) X(main) X(map) X(math) X(menu) X(meta) X(nav) X(noscript) X(object) X(ol) X(option) X(p)   \
                    X(picture) X(pre) X(q) X(s) X(samp) X(script) X(section) X(select) X(small) X(source) X(span) X(strike)        \
                        X(strong) X(style) X(sub) X(summary) X(sup) X(svg) X(table) X(tbody) X(td) X(template) X(textarea)         \
                            X(tfoot) X(th) X(thead) X(time) X(title) X(tr) X(tt) X(u) X(ul) X(video) X(wbr)
/* clang-format on */

enum page_tag {
    TAG_TEXT,  /* a run of characters */
    TAG_OTHER, /* an element of no other name here */
#define X(name) TAG_##name,
    PAGE_TAGS(X)
#undef X
        TAG_COUNT
};

/* The attributes that are kept. */
/* clang-format off */
#define PAGE_ATTRS(X)                                                                                                              \
    X(ABOUT, "about")                                                                                                              \
    X(ARIA_HIDDEN, "aria-hidden")                                                                                                  \
    X(CLASS, "class")                                                                                                              \
    X(CONTENT, "content")                                                                                                          \
    X(DATETIME, "datetime")                                                                                                        \
    X(HIDDEN, "hidden")                                                                                                            \
    X(HREF, "href")                                                                                                                \
    X(HREFLANG, "hreflang")                                                                                                        \
    X(HTTP_EQUIV, "http-equiv") X(ID, "id") X(ITEMPROP, "itemprop") X(ITEMTYPE, "itemtype") X(LANG, "lang") X(NAME, "name")        \
        X(PROPERTY, "property") X(PUBDATE, "pubdate") X(REL, "rel") X(ROLE, "role") X(STYLE, "style") X(TITLE, "title")            \
            X(TYPE, "type") X(XML_LANG, "xml:lang")
/* clang-format on */

enum page_attr_name {
#define X(id, name) ATTR_##id,
    PAGE_ATTRS(X)
#undef X
        ATTR_COUNT
};

struct page_node {
    uint32_t end;    /* index just past the last node of this subtree */
    uint32_t parent; /* index; the root's is itself */
    uint32_t at;     /* text: offset into text; element: index of its first attribute */
    uint32_t len;    /* text: bytes; element: how many attributes */
    uint16_t depth;  /* the root's is 0 */
    uint8_t tag;     /* enum page_tag */
};

struct page_attribute {
    uint32_t at, len; /* into values */
    uint8_t name;     /* enum page_attr_name */
};

struct page_tree {
    struct page_node *nodes; /* owned; node 0 is a TAG_OTHER that holds everything */
    size_t n_nodes, cap_nodes;
    struct page_attribute *attrs; /* owned */
    size_t n_attrs, cap_attrs;
    struct buf text;   /* all characters, scripts and styles included */
    struct buf values; /* attribute values */
    bool cut;          /* a budget ran out: the tree holds the page's beginning only */
};

void page_tree_init(struct page_tree *t);
void page_tree_free(struct page_tree *t);

struct page_stripped;
/**
 * page_tree_build(t, page, work, err):
 * Replace ${t} by the tree of ${page} (see page_strip.h), which it copies.  ${work} bounds the effort, in units of about a
 * microsecond on the machine of 2024; it is counted from the events themselves and not read off a clock, so that the same bytes give the same tree
 * everywhere.  Past it, past LIMIT_PAGE_NODES or without memory for more, the tree ends there and `cut` is set.  Elements deeper
 * than LIMIT_PAGE_DEPTH are left out and their text is their ancestor's.  FATAL without memory.  O(length).
 */
enum status page_tree_build(struct page_tree *t, const struct page_stripped *page, uint64_t work, struct buf *err) MUST_CHECK;

/** page_attr(t, node, name): the value as written, borrowed from ${t}; ptr NULL when ${node} has no such attribute. */
struct slice page_attr(const struct page_tree *t, size_t node, enum page_attr_name name);
/** page_node_text(t, node): the characters of a TAG_TEXT node, borrowed. */
static inline struct slice page_node_text(const struct page_tree *t, size_t node) {
    return slice_of(buf_cstr(&t->text) + t->nodes[node].at, t->nodes[node].len);
}
/** page_attr_find(name): which of the attributes that are kept has this name (ASCII case folded), or ATTR_COUNT.  O(1). */
enum page_attr_name page_attr_find(struct slice name);
/** page_first(t, from, to, tag): the first node of that tag with an index in [from, to), or SIZE_MAX. */
size_t page_first(const struct page_tree *t, size_t from, size_t to, enum page_tag tag);
/** page_inner_text(t, node, out, max): append the text under ${node}, scripts and styles left out, white space collapsed and trimmed, at most about ${max} bytes. */
void page_inner_text(const struct page_tree *t, size_t node, struct buf *out, size_t max);
/** page_append_collapsed(out, s): append ${s} with each run of HTML white space as one blank; none at ${out}'s start or after another blank. */
void page_append_collapsed(struct buf *out, struct slice s);
/** page_decode_entities(out, s): append ${s} with HTML character references replaced, for text that was escaped once too often. */
void page_decode_entities(struct buf *out, struct slice s);

#endif
