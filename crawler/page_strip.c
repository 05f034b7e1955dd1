/*
 * A tokenizer that knows just enough: where tags, quoted values, comments and raw text end (WHATWG HTML 13.2.5).
 */
#include "crawler/page_strip.h"
#include "crawler/page_tree.h"
#include "crawler/tag_scan.h"

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
    struct slice s;
    size_t kept; /* everything before it is written or dropped */
    struct buf *out;
    bool json; /* the last tag's type was JSON-LD's */
    bool pre;  /* preformatted text has begun somewhere, and may have no end: blanks stay as they are */
};

static void drop(struct strip *p, size_t from, size_t to) {
    buf_append(p->out, p->s.ptr + p->kept, from - p->kept);
    p->kept = to;
}

static bool is_wanted(struct slice name, struct slice value) {
    if (!page_attr_is_kept(name)) return false;
    /* of a style only "display: none" is asked for */
    return name.len != 5 || !slice_eq_nocase(name, slice_str("style")) || slice_find_nocase(value, slice_str("none")) != SIZE_MAX;
}

bool page_value_is_plain(struct slice value) {
    unsigned odd = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        odd |= (unsigned)(c < 0x20) | (unsigned)(c > 0x7E) | (unsigned)(c == '&');
    }
    return !odd;
}

#define REFER_FROM 16 /* bytes of a value; a reference takes about ten */

/* Put a reference in the place of a quoted ${value}, which ends just before ${end}. */
static void refer(struct strip *p, struct slice value, size_t end) {
    size_t at = (size_t)(value.ptr - p->s.ptr);
    char quote = value.len >= REFER_FROM ? value.ptr[-1] : 0;
    if ((quote != '"' && quote != '\'') || p->s.ptr[end - 1] != quote || at + value.len + 1 != end) return;
    if (!page_value_is_plain(value)) return;
    static const char digits[] = "0123456789abcdef";
    char ref[2 + 2 * 16];
    size_t n = sizeof ref;
    for (size_t v = value.len; v; v >>= 4) ref[--n] = digits[v & 15];
    ref[--n] = '.';
    for (size_t v = at; v; v >>= 4) ref[--n] = digits[v & 15];
    drop(p, at, at + value.len);
    buf_char(p->out, PAGE_REFERENCE);
    buf_append(p->out, ref + n, sizeof ref - n);
}

/* Drop the attributes that nothing asks for, and shorten the others; the offset just past the start tag at ${at}, or SIZE_MAX when it never ends. */
static size_t strip_tag(struct strip *p, size_t at) {
    struct slice name, value;
    struct tag_scan t = {.s = p->s, .at = at + 1};
    while (t.at < p->s.len && !tag_scan_space(p->s.ptr[t.at]) && p->s.ptr[t.at] != '>' && p->s.ptr[t.at] != '/') t.at++;
    size_t before = t.at;
    p->json = false;
    for (; tag_scan_attribute(&t, &name, &value); before = t.at) {
        if (t.at == p->s.len) return SIZE_MAX;
        if (name.len == 4 && slice_eq_nocase(name, slice_str("type")))
            p->json = slice_find_nocase(value, slice_str("ld+json")) != SIZE_MAX;
        if (is_wanted(name, value)) {
            refer(p, value, t.at);
            continue;
        }
        size_t end = t.at;
        if (end > before && tag_scan_space(p->s.ptr[end - 1])) end--; /* the blank before the next */
        drop(p, before, end);
    }
    return t.at > before && p->s.ptr[t.at - 1] == '>' ? t.at : SIZE_MAX;
}

/* The blanks at either end of the text between two tags mean what one does, and libxml2 looks at each. */
static void squeeze(struct strip *p, size_t from, size_t to) {
    size_t first = from, last = to;
    while (first < to && ascii_is_space(p->s.ptr[first])) first++;
    if (first > from + 1) drop(p, from + 1, first);
    while (last > first && ascii_is_space(p->s.ptr[last - 1])) last--;
    if (first < to && to > last + 1) drop(p, last + 1, to);
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
    if (!close || end == SIZE_MAX || (close[3] != 'c' && s.ptr[end - 2] == '/')) return end;
    size_t last = find_tag(s, end, close);
    if (last == SIZE_MAX) last = s.len;
    if (!p->json) drop(p, end, last);
    return last;
}

void page_strip(struct slice s, struct buf *out) {
    size_t start = out->len;
    struct strip p = {.s = s, .out = out};
    for (size_t i = 0; i < s.len;) {
        const char *lt = memchr(s.ptr + i, '<', s.len - i);
        if (!lt || lt + 1 >= s.ptr + s.len) break;
        size_t from = i;
        i = (size_t)(lt - s.ptr);
        if (!p.pre) squeeze(&p, from, i);
        if (s.ptr[i + 1] == '!' && slice_starts(slice_sub(s, i, s.len), slice_str("<!--"))) {
            size_t end = comment_end(s, i);
            if (end == SIZE_MAX) end = s.len;
            drop(&p, i, end);
            i = end;
        } else if (ascii_is_alpha(s.ptr[i + 1])) {
            i = strip_element(&p, i);
        } else if (s.ptr[i + 1] == '/') {
            i = after_end_tag(s, i);
        } else {
            i++;
        }
        if (i == SIZE_MAX) break;
    }
    buf_append(out, s.ptr + p.kept, s.len - p.kept);
    for (char *z = out->data ? out->data + start : NULL; z && (z = memchr(z, 0, (size_t)(out->data + out->len - z))) != NULL;)
        *z++ = ' ';
}
