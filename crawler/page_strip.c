/*
 * A tokenizer that knows just enough: where tags, quoted values, comments and raw text end (WHATWG HTML 13.2.5).
 */
#include "crawler/page_strip.h"
#include "base/chunk.h"
#include "base/limits.h"
#include "crawler/tag_scan.h"
#include <stdlib.h>

/* Is "<name" or "</name" at ${at}, and not the beginning of a longer name? */
static bool is_tag(struct slice s, size_t at, const char *open) {
    size_t n = strlen(open);
    if (!slice_starts_nocase(slice_sub(s, at, s.len), slice_str(open)) || at + n >= s.len) return false;
    char c = s.ptr[at + n];
    return ascii_is_space(c) || c == '>' || c == '/';
}

static size_t find_tag(struct slice s, size_t from, const char *close) {
    for (size_t i = from; i < s.len;) {
        const char *p = memchr(s.ptr + i, '<', s.len - i);
        if (!p) return SIZE_MAX;
        i = (size_t)(p - s.ptr);
        if (i + 1 < s.len && s.ptr[i + 1] == '/' && is_tag(s, i, close)) return i;
        i++;
    }
    return SIZE_MAX;
}

static size_t comment_end(struct slice s, size_t at) {
    size_t i = at + 4;
    if (i < s.len && s.ptr[i] == '>') return i + 1;
    size_t end = slice_find(slice_sub(s, at + 2, s.len), slice_str("-->"));
    return end == SIZE_MAX ? SIZE_MAX : at + 2 + end + 3;
}

/* The element at ${at} whose content goes: its end tag; NULL for all others. */
static const char *raw_close(struct slice s, size_t at) {
    switch (ascii_lower(s.ptr[at + 1])) {
    case 's': break;
    default: return NULL;
    }
    switch (at + 2 < s.len ? ascii_lower(s.ptr[at + 2]) : 0) {
    case 'c': return is_tag(s, at, "<script") ? "</script" : NULL;
    case 't': return is_tag(s, at, "<style") ? "</style" : NULL;
    case 'v': return is_tag(s, at, "<svg") ? "</svg" : NULL;
    default: return NULL;
    }
}

struct strip {
    struct page_stripped *to;
    struct slice s;
    size_t kept;  /* everything before it is written or dropped */
    size_t text;  /* in to->html: where the text under way begins for the parser */
    bool json;    /* the last tag's type was JSON-LD's */
    bool pre;     /* preformatted text has begun somewhere, and may have no end: blanks stay as they are */
    bool literal; /* what is under way is no text, or not surely */
};

static void drop(struct strip *p, size_t from, size_t to) {
    buf_append(&p->to->html, p->s.ptr + p->kept, from - p->kept);
    p->kept = to;
}

/* The parser hands text over in pieces of 1,000 bytes: a reference must not be cut by their edge. */
#define PIECE 500

static void begin_text(struct strip *p, size_t at) {
    p->text = p->to->html.len + (at - p->kept);
    p->literal = false;
}

#define MOST_CARRIED (4 * LIMIT_PAGE_NODES)

/* ${pos}: how far the bytes for the parser have come. */
static bool carry(struct page_stripped *to, size_t pos, size_t at, size_t len, uint8_t name) {
    if (to->n_carried == to->cap_carried) {
        size_t cap = to->cap_carried ? to->cap_carried * 2 : 4096;
        struct page_carried *c = cap <= MOST_CARRIED ? realloc(to->carried, cap * sizeof *c) : NULL;
        if (!c) return false;
        to->carried = c;
        to->cap_carried = cap;
    }
    to->carried[to->n_carried++] = (struct page_carried){(uint32_t)at, (uint32_t)len, (uint32_t)pos, name};
    return true;
}

static void write_hex(struct buf *out, size_t v) {
    char hex[2 * sizeof v];
    size_t n = sizeof hex;
    do hex[--n] = "0123456789abcdef"[v & 15];
    while (v >>= 4);
    buf_append(out, hex + n, sizeof hex - n);
}

/* No ${reference} sign, nothing below a blank but line ends and tabs, no DEL, none of U+FFC0 to U+FFFF, of which two are no characters. */
static bool is_plain(struct slice s, char reference) {
    chunk odd = {0};
    for (size_t i = 0; i < s.len; i += CHUNK) {
        chunk c = chunk_at(s, i, ' '), next = chunk_at(s, i + 1 < s.len ? i + 1 : s.len, ' ');
        odd |= ((chunk)(c < ' ') & ~((chunk)(c == '\n') | (chunk)(c == '\t') | (chunk)(c == '\r'))) |
               (chunk)(c == (uint8_t)reference) | (chunk)(c == 0x7F) | ((chunk)(c == 0xEF) & (chunk)(next == 0xBF));
    }
    return !chunk_any(odd);
}

/* What is asked for of the attribute, or ATTR_COUNT. */
static enum page_attr_name wanted(struct slice name, struct slice value) {
    enum page_attr_name id = page_attr_find(name);
    /* of a style only "display: none" is asked for */
    return id == ATTR_STYLE && slice_find_nocase(value, slice_str("none")) == SIZE_MAX ? ATTR_COUNT : id;
}

/* Leave the tag, whose name ends at ${at}, to the parser, without the attributes that nothing asks for. */
static void thin_tag(struct strip *p, size_t at) {
    struct slice name, value;
    struct tag_scan t = {.s = p->s, .at = at};
    for (size_t before = at; tag_scan_attribute(&t, &name, &value); before = t.at) {
        size_t end = t.at;
        if (wanted(name, value) != ATTR_COUNT) continue;
        if (end > before && tag_scan_space(p->s.ptr[end - 1])) end--; /* the blank before the next */
        drop(p, before, end);
        if (!tag_scan_space(p->s.ptr[end]) && p->s.ptr[end] != '>') buf_char(&p->to->html, ' ');
    }
}

/* Of two attributes of one name the first counts. */
static bool is_carried(const struct page_stripped *to, size_t first, enum page_attr_name id) {
    for (size_t i = first; i < to->n_carried; i++)
        if (to->carried[i].name == id) return true;
    return false;
}

/* Carry the attributes of the start tag at ${at} past the parser; the offset just past the tag, or SIZE_MAX when it never ends. */
static size_t strip_tag(struct strip *p, size_t at) {
    struct page_stripped *to = p->to;
    struct slice name, value;
    struct tag_scan t = {.s = p->s, .at = at + 1};
    while (t.at < p->s.len && !tag_scan_space(p->s.ptr[t.at]) && p->s.ptr[t.at] != '>' && p->s.ptr[t.at] != '/') t.at++;
    size_t named = t.at, end = named, first = to->n_carried, pos = to->html.len + (named - p->kept);
    bool plain = true;
    p->json = false;
    for (; tag_scan_attribute(&t, &name, &value); end = t.at) {
        if (t.at == p->s.len) {
            to->n_carried = first;
            return SIZE_MAX;
        }
        enum page_attr_name id = wanted(name, value);
        if (id == ATTR_COUNT) continue;
        if (id == ATTR_TYPE) p->json = slice_find_nocase(value, slice_str("ld+json")) != SIZE_MAX;
        if (plain && to->n_carried == first) plain = carry(to, pos, at + 1, 0, CARRIED_TAG);
        plain = plain && is_plain(value, '&');
        if (plain && !is_carried(to, first, id))
            plain = carry(to, pos, value.len ? (size_t)(value.ptr - p->s.ptr) : 0, value.len, (uint8_t)id);
    }
    if (t.at <= named || p->s.ptr[t.at - 1] != '>') return SIZE_MAX;
    if (!plain) {
        to->n_carried = first;
        thin_tag(p, named);
        return t.at;
    }
    if (to->n_carried > first) to->carried[first].len = (uint32_t)(to->n_carried - first - 1);
    bool closed = t.at - 1 > end && p->s.ptr[t.at - 2] == '/';
    if (t.at - 1 - closed > named) drop(p, named, t.at - 1 - closed);
    return t.at;
}

#define CARRY_FROM 16 /* bytes of a text; a reference takes half of it */

/* Leave a reference in the place of the text [${from}, ${to}) when it is plain. */
static void carry_text(struct strip *p, size_t from, size_t to, char reference) {
    struct buf *html = &p->to->html;
    size_t pos = html->len + (from - p->kept);
    struct slice text = slice_sub(p->s, from, to);
    if (text.len < CARRY_FROM || p->literal || pos - p->text >= PIECE || !is_plain(text, reference)) return;
    if (!carry(p->to, pos, from, text.len, CARRIED_TEXT)) return;
    drop(p, from, to);
    buf_char(html, PAGE_REFERENCE);
    write_hex(html, p->to->n_carried - 1);
    buf_char(html, PAGE_REFERENCE);
}

/* What may belong to a character reference: these are left to the parser, with what follows their sign. */
static bool is_of_reference(char c) {
    return ascii_is_alnum(c) || c == '#' || c == ';' || c == '.' || c == ':' || c == '-' || c == '_';
}

/* The text between two tags.  The blanks at its ends mean what one does, and the parser looks at each. */
static void strip_text(struct strip *p, size_t from, size_t to) {
    struct slice s = p->s;
    size_t first = from, last = to;
    while (first < to && ascii_is_space(s.ptr[first])) first++;
    while (last > first && ascii_is_space(s.ptr[last - 1])) last--;
    if (first > from + 1 && !p->pre) drop(p, from + 1, first);
    for (size_t at = first; at < last;) {
        const char *sign = memchr(s.ptr + at, '&', last - at);
        size_t end = sign ? (size_t)(sign - s.ptr) : last;
        carry_text(p, at, end, '&');
        for (at = end + 1; at < last && is_of_reference(s.ptr[at]);) at++;
    }
    if (first < to && to > last + 1 && !p->pre) drop(p, last + 1, to);
}

static size_t after_end_tag(struct slice s, size_t at) {
    const char *gt = memchr(s.ptr + at, '>', s.len - at);
    return gt ? (size_t)(gt - s.ptr) + 1 : SIZE_MAX;
}

/* The start tag at ${at} and, for an element of raw text, its content; the offset to go on from. */
static size_t strip_element(struct strip *p, size_t at) {
    struct slice s = p->s;
    const char *close = raw_close(s, at);
    if (ascii_lower(s.ptr[at + 1]) == 'p' && is_tag(s, at, "<pre")) p->pre = true;
    size_t end = strip_tag(p, at);
    if (end == SIZE_MAX) {
        drop(p, at, s.len);
        return end;
    }
    if (close && (close[3] == 'c' || s.ptr[end - 2] != '/')) {
        size_t last = find_tag(s, end, close);
        if (last == SIZE_MAX) last = s.len;
        if (p->json) {
            begin_text(p, end);
            carry_text(p, end, last, 0); /* a script's signs refer to nothing */
        } else {
            drop(p, end, last);
        }
        end = last;
    }
    begin_text(p, end);
    return end;
}

/* The markup at ${at}, which begins with '<'; the offset to go on from. */
static size_t strip_markup(struct strip *p, size_t at) {
    struct slice s = p->s;
    char next = s.ptr[at + 1];
    if (ascii_is_alpha(next)) return strip_element(p, at);
    if (next == '/') {
        size_t end = after_end_tag(s, at);
        if (end != SIZE_MAX && at + 2 < s.len && ascii_is_alpha(s.ptr[at + 2]))
            begin_text(p, end);
        else
            p->literal = true;
        return end;
    }
    if (next == '!' && slice_starts(slice_sub(s, at, s.len), slice_str("<!--"))) {
        size_t end = comment_end(s, at);
        if (end == SIZE_MAX) end = s.len;
        drop(p, at, end);
        return end;
    }
    p->literal = true;
    return at + 1;
}

void page_stripped_init(struct page_stripped *s) {
    memset(s, 0, sizeof *s);
    buf_init(&s->html, 3 * LIMIT_BODY_PLAIN);
}

void page_stripped_free(struct page_stripped *s) {
    if (!s) return;
    free(s->carried);
    buf_free(&s->html);
    page_stripped_init(s);
}

void page_strip(struct page_stripped *to, struct slice s) {
    struct strip p = {.s = s, .to = to};
    struct buf *html = &to->html;
    to->whole = s;
    to->n_carried = 0;
    buf_clear(html);
    for (size_t i = 0; i < s.len;) {
        const char *lt = memchr(s.ptr + i, '<', s.len - i);
        if (!lt || lt + 1 >= s.ptr + s.len) break;
        size_t from = i;
        i = (size_t)(lt - s.ptr);
        strip_text(&p, from, i);
        i = strip_markup(&p, i);
        if (i == SIZE_MAX) break;
    }
    buf_append(html, s.ptr + p.kept, s.len - p.kept);
    for (char *z = html->data; z && (z = memchr(z, 0, (size_t)(html->data + html->len - z))) != NULL;) *z++ = ' ';
}
