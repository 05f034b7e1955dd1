/*
 * libxml2's SAX events into a struct page_tree.  The only file that knows libxml2's HTML parser.
 */
#include "crawler/page_tree.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/page_strip.h"
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <stdlib.h>

/* Effort, in microseconds measured on real pages: the parser itself, and a node of ours with all that is later asked of it. */
#define BYTES_A_UNIT 32
#define EVENTS_A_UNIT 4
/* An end tag without a start makes libxml2 search its whole stack of open elements. */
#define STACK_A_UNIT 200

struct names {
    const char *name;
    uint8_t id;
};

static const struct names tag_names[] = {
#define X(name) {#name, TAG_##name},
    PAGE_TAGS(X)
#undef X
};
static const struct names attr_names[] = {
#define X(id, name) {name, ATTR_##id},
    PAGE_ATTRS(X)
#undef X
};

/* libxml2 interns names, so that a pointer stands for one: a small cache of what each means here. */
#define CACHE_SLOTS 256
struct name_cache {
    const void *name[CACHE_SLOTS];
    int16_t id[CACHE_SLOTS];
};

struct builder {
    struct page_tree *t;
    htmlParserCtxtPtr ctxt;
    uint32_t open[LIMIT_PAGE_DEPTH]; /* nodes not yet ended */
    size_t depth;                    /* of them */
    size_t over;                     /* elements open beyond the depth cap */
    uint64_t work, max_work;
    uint64_t events;
    const struct page_stripped *page;
    size_t carried; /* what of it is still to come: each is used once, so that all together are no longer than the page */
    struct name_cache tags, attrs;
};

/* Both tables are in alphabetical order. */
static int name_find(const struct names *table, size_t n, const char *name) {
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(table[mid].name, name);
        if (c == 0) return table[mid].id;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

static int name_cached(struct name_cache *c, const struct names *table, size_t n, const xmlChar *name) {
    size_t slot = ((uintptr_t)name >> 2 ^ (uintptr_t)name >> 10) % CACHE_SLOTS;
    if (c->name[slot] != name) {
        c->name[slot] = name;
        c->id[slot] = (int16_t)name_find(table, n, (const char *)name);
    }
    return c->id[slot];
}

static void stop(struct builder *b) {
    b->t->cut = true;
    xmlStopParser(b->ctxt);
}

/* Charge an event; false when the parser was told to stop. */
static bool spend(struct builder *b, uint64_t events) {
    if (b->t->cut) return false;
    b->events += events;
    if (b->work + b->events / EVENTS_A_UNIT <= b->max_work) return true;
    stop(b);
    return false;
}

static bool grow(void **array, size_t *cap, size_t n, size_t item, size_t max) {
    if (n < *cap) return true;
    if (n >= max) return false;
    size_t want = *cap ? *cap * 2 : 1024;
    if (want > max) want = max;
    void *p = realloc(*array, want * item);
    if (!p) return false;
    *array = p;
    *cap = want;
    return true;
}

/* A new node under the innermost open element; NULL past a cap. */
static struct page_node *add_node(struct builder *b, uint8_t tag) {
    struct page_tree *t = b->t;
    void *array = t->nodes;
    bool room = grow(&array, &t->cap_nodes, t->n_nodes, sizeof *t->nodes, LIMIT_PAGE_NODES);
    t->nodes = array;
    if (!room) {
        stop(b);
        return NULL;
    }
    struct page_node *n = &t->nodes[t->n_nodes];
    memset(n, 0, sizeof *n);
    n->tag = tag;
    n->end = (uint32_t)t->n_nodes + 1;
    n->depth = (uint16_t)b->depth;
    n->parent = b->depth ? b->open[b->depth - 1] : 0;
    t->n_nodes++;
    return n;
}

/* A hexadecimal index of ${s} from *${at} on, which moves behind it; SIZE_MAX when there is none. */
static size_t take_index(struct slice s, size_t *at) {
    size_t v = 0, from = *at;
    for (; *at < s.len && *at - from < 8; ++*at) {
        char c = s.ptr[*at];
        if (!ascii_is_digit(c) && (c < 'a' || c > 'f')) break;
        v = v << 4 | (size_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return *at > from ? v : SIZE_MAX;
}

static struct slice carried_bytes(struct builder *b, const struct page_carried *c) {
    b->work += c->len / BYTES_A_UNIT / 2;
    return slice_sub(b->page->whole, c->at, (size_t)c->at + c->len);
}

static void add_attr(struct builder *b, struct page_node *n, uint8_t name, struct slice value) {
    struct page_tree *t = b->t;
    void *array = t->attrs;
    bool room = grow(&array, &t->cap_attrs, t->n_attrs, sizeof *t->attrs, 2 * LIMIT_PAGE_NODES);
    t->attrs = array;
    if (!room) return;
    size_t at = t->values.len;
    buf_slice(&t->values, value);
    if (!buf_ok(&t->values)) return;
    t->attrs[t->n_attrs++] = (struct page_attribute){(uint32_t)at, (uint32_t)(t->values.len - at), name};
    n->len++;
}

/* Is ${c} the tag of the element ${name}, and not another for which libxml2 makes this one up? */
static bool is_tag_of(const struct page_stripped *page, const struct page_carried *c, struct slice name) {
    struct slice tag = slice_sub(page->whole, c->at, page->whole.len);
    if (!slice_starts_nocase(tag, name)) return false;
    char next = name.len < tag.len ? tag.ptr[name.len] : 0;
    return !ascii_is_alnum(next) && next != '-' && next != '_' && next != ':' && next != '.';
}

/* The attributes of the tag that the parser stands at the end of. */
static void add_carried(struct builder *b, struct page_node *n, struct slice name) {
    const struct page_carried *c = b->page->carried;
    long pos = xmlByteConsumed(b->ctxt);
    size_t i = b->carried, end = b->page->n_carried;
    while (i < end && (long)c[i].pos < pos) i++;
    b->carried = i;
    if (i == end || (long)c[i].pos != pos || c[i].name != CARRIED_TAG || !is_tag_of(b->page, &c[i], name)) return;
    end = i + 1 + c[i].len;
    while (++i < end) add_attr(b, n, c[i].name, carried_bytes(b, &c[i]));
    b->carried = end;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar **atts) {
    struct builder *b = ctx;
    if (!spend(b, 1)) return;
    if (b->depth >= LIMIT_PAGE_DEPTH || b->over) {
        b->over++;
        return;
    }
    int tag = name_cached(&b->tags, tag_names, sizeof tag_names / sizeof *tag_names, name);
    struct page_node *n = add_node(b, tag < 0 ? TAG_OTHER : (uint8_t)tag);
    if (!n) return;
    n->at = (uint32_t)b->t->n_attrs;
    b->open[b->depth++] = (uint32_t)(n - b->t->nodes);
    for (; atts && atts[0]; atts += 2) {
        int id = name_cached(&b->attrs, attr_names, sizeof attr_names / sizeof *attr_names, atts[0]);
        if (id >= 0) add_attr(b, n, (uint8_t)id, slice_str((const char *)atts[1]));
    }
    if (!n->len) add_carried(b, n, slice_str((const char *)name));
}

static void on_end(void *ctx, const xmlChar *name) {
    (void)name;
    struct builder *b = ctx;
    if (b->over) {
        b->over--;
    } else if (b->depth > 1) {
        b->t->nodes[b->open[--b->depth]].end = (uint32_t)b->t->n_nodes;
    }
}

static void add_text(struct builder *b, struct slice s) {
    struct page_tree *t = b->t;
    if (!s.len || t->cut) return;
    struct page_node *last = &t->nodes[t->n_nodes - 1];
    /* libxml2 hands long text over in pieces and each entity alone: one node for all of it. */
    bool joins = last->tag == TAG_TEXT && last->parent == b->open[b->depth - 1] && last->at + last->len == t->text.len;
    size_t at = t->text.len;
    buf_slice(&t->text, s);
    if (!buf_ok(&t->text)) {
        stop(b);
        return;
    }
    if (joins) {
        last->len += (uint32_t)s.len;
        return;
    }
    struct page_node *n = add_node(b, TAG_TEXT);
    if (!n) return;
    n->at = (uint32_t)at;
    n->len = (uint32_t)s.len;
}

/* The text that the reference at s[*at] stands for, moving *${at} behind it; ptr NULL when it is none. */
static struct slice take_text(struct builder *b, struct slice s, size_t *at) {
    size_t end = *at + 1, i = take_index(s, &end);
    if (i < b->carried || i >= b->page->n_carried || end >= s.len || s.ptr[end] != PAGE_REFERENCE) return slice_of(NULL, 0);
    const struct page_carried *c = &b->page->carried[i];
    if (c->name != CARRIED_TEXT) return slice_of(NULL, 0);
    b->carried = i + 1;
    *at = end + 1;
    return carried_bytes(b, c);
}

static void on_characters(void *ctx, const xmlChar *ch, int len) {
    struct builder *b = ctx;
    if (len <= 0 || !spend(b, 1)) return;
    struct slice s = slice_of((const char *)ch, (size_t)len);
    size_t done = 0;
    for (size_t i = 0; i < s.len;) {
        const char *mark = memchr(s.ptr + i, PAGE_REFERENCE, s.len - i);
        if (!mark) break;
        size_t from = i = (size_t)(mark - s.ptr);
        struct slice text = take_text(b, s, &i);
        if (!text.ptr) {
            i++;
            continue;
        }
        add_text(b, slice_sub(s, done, from));
        add_text(b, text);
        done = i;
    }
    add_text(b, slice_sub(s, done, s.len));
}

/* Every syntax error comes here: an unmatched end tag costs libxml2 its stack's depth. */
static void on_error(void *ctx, xmlErrorPtr error) {
    (void)error;
    struct builder *b = ctx;
    b->work += (uint64_t)b->ctxt->nameNr / STACK_A_UNIT;
    (void)spend(b, 1);
}

static void close_all(struct builder *b) {
    while (b->depth) b->t->nodes[b->open[--b->depth]].end = (uint32_t)b->t->n_nodes;
}

static void set_handlers(htmlParserCtxtPtr c, struct builder *b) {
    memset(c->sax, 0, sizeof *c->sax);
    c->sax->startElement = on_start;
    c->sax->endElement = on_end;
    c->sax->characters = on_characters;
    c->sax->ignorableWhitespace = on_characters;
    c->sax->cdataBlock = on_characters;
    c->sax->serror = on_error;
    c->sax->initialized = XML_SAX2_MAGIC; /* without it serror is not called */
    c->userData = b;
    htmlCtxtUseOptions(c, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    c->options |= XML_PARSE_HUGE; /* the caps are ours; htmlCtxtUseOptions() drops this bit */
    xmlSwitchEncoding(c, XML_CHAR_ENCODING_UTF8);
}

/* libxml2 makes its tables on first use, and two threads at once would make them twice. */
static void ready_libxml(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
}

void page_tree_init(struct page_tree *t) {
    ready_libxml();
    memset(t, 0, sizeof *t);
    buf_init(&t->text, LIMIT_TEXT);
    buf_init(&t->values, LIMIT_TEXT);
}

void page_tree_free(struct page_tree *t) {
    if (!t) return;
    free(t->nodes);
    free(t->attrs);
    buf_free(&t->text);
    buf_free(&t->values);
    page_tree_init(t);
}

enum status page_tree_build(struct page_tree *t, const struct page_stripped *page, uint64_t work, struct buf *err) {
    struct builder b = {.t = t, .max_work = work, .page = page};
    struct slice utf8 = buf_view(&page->html);
    t->n_nodes = t->n_attrs = 0;
    buf_clear(&t->text);
    buf_clear(&t->values);
    t->cut = false;
    uint64_t max_bytes = work * BYTES_A_UNIT;
    if (utf8.len > max_bytes) {
        utf8.len = (size_t)max_bytes;
        t->cut = true;
    }
    struct page_node *root = add_node(&b, TAG_OTHER);
    if (!root) return fail(err, ST_FATAL, "no memory for the page's tree");
    b.open[b.depth++] = 0;
    if (utf8.len) {
        b.ctxt = htmlCreateMemoryParserCtxt(utf8.ptr, (int)utf8.len);
        if (!b.ctxt) return fail(err, ST_FATAL, "no memory for the HTML parser");
        bool was_cut = t->cut;
        t->cut = false;
        b.work = utf8.len / BYTES_A_UNIT / 2;
        set_handlers(b.ctxt, &b);
        htmlParseDocument(b.ctxt);
        htmlFreeParserCtxt(b.ctxt);
        t->cut |= was_cut;
    }
    close_all(&b);
    return ST_OK;
}

struct slice page_attr(const struct page_tree *t, size_t node, enum page_attr_name name) {
    const struct page_node *n = &t->nodes[node];
    if (n->tag == TAG_TEXT) return slice_of(NULL, 0);
    for (size_t i = n->at; i < n->at + n->len; i++)
        if (t->attrs[i].name == name) return slice_of(buf_cstr(&t->values) + t->attrs[i].at, t->attrs[i].len);
    return slice_of(NULL, 0);
}

enum page_attr_name page_attr_find(struct slice name) {
    static const struct {
        const char *name;
        uint8_t len, id;
    } names[] = {
#define X(id, name) {name, sizeof name - 1, ATTR_##id},
        PAGE_ATTRS(X)
#undef X
    };
    char first = name.len ? ascii_lower(name.ptr[0]) : 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].len == name.len && names[i].name[0] == first && slice_eq_nocase(name, slice_of(names[i].name, name.len)))
            return (enum page_attr_name)names[i].id;
    return ATTR_COUNT;
}

size_t page_first(const struct page_tree *t, size_t from, size_t to, enum page_tag tag) {
    for (size_t i = from; i < to && i < t->n_nodes; i++)
        if (t->nodes[i].tag == tag) return i;
    return SIZE_MAX;
}

void page_append_collapsed(struct buf *out, struct slice s) {
    size_t i = 0;
    while (i < s.len) {
        size_t from = i;
        while (i < s.len && !ascii_is_space(s.ptr[i])) i++;
        if (i > from) buf_append(out, s.ptr + from, i - from);
        if (i == s.len) break;
        while (i < s.len && ascii_is_space(s.ptr[i])) i++;
        if (out->len && out->data[out->len - 1] != ' ') buf_char(out, ' ');
    }
}

static bool is_hidden_text(uint8_t tag) {
    return tag == TAG_script || tag == TAG_style || tag == TAG_template || tag == TAG_noscript;
}

void page_inner_text(const struct page_tree *t, size_t node, struct buf *out, size_t max) {
    size_t start = out->len;
    struct buf part = {0};
    size_t end = t->nodes[node].end;
    for (size_t i = node; i < end && part.len < max;) {
        const struct page_node *n = &t->nodes[i];
        if (i != node && is_hidden_text(n->tag)) {
            i = n->end;
            continue;
        }
        if (n->tag == TAG_TEXT) page_append_collapsed(&part, page_node_text(t, i));
        if (n->tag == TAG_br || n->tag == TAG_p || n->tag == TAG_div || n->tag == TAG_li)
            page_append_collapsed(&part, slice_of(" ", 1));
        i++;
    }
    if (start < out->len + 1) buf_slice(out, slice_trim(buf_view(&part)));
    buf_free(&part);
}

/* The code point of the reference at ${s} (after its '&'), or 0; *${used} is set to its length. */
static uint32_t read_reference(struct slice s, size_t *used) {
    size_t end = slice_find_char(slice_sub(s, 0, 12), ';');
    if (end == SIZE_MAX || end < 2) return 0;
    *used = end + 1;
    if (s.ptr[0] == '#') {
        bool hex = s.ptr[1] == 'x' || s.ptr[1] == 'X';
        uint32_t cp = 0;
        for (size_t i = hex ? 2 : 1; i < end; i++) {
            char c = ascii_lower(s.ptr[i]);
            if (!ascii_is_digit(c) && !(hex && c >= 'a' && c <= 'f')) return 0;
            cp = cp * (hex ? 16 : 10) + (uint32_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
        }
        return cp;
    }
    if (slice_eq_str(slice_sub(s, 0, end), "apos")) return '\'';
    char name[12];
    memcpy(name, s.ptr, end);
    name[end] = 0;
    const htmlEntityDesc *e = htmlEntityLookup((const xmlChar *)name);
    return e ? e->value : 0;
}

void page_decode_entities(struct buf *out, struct slice s) {
    for (size_t i = 0; i < s.len;) {
        size_t used = 0;
        uint32_t cp = s.ptr[i] == '&' ? read_reference(slice_sub(s, i + 1, s.len), &used) : 0;
        if (cp) {
            utf8_encode(out, cp);
            i += used + 1;
        } else {
            buf_char(out, s.ptr[i++]);
        }
    }
}
