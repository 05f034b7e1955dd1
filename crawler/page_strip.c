/*
 * A tokenizer that knows just enough: where tags, quoted values, comments and raw text end (WHATWG HTML 13.2.5).
 */
#include "crawler/page_strip.h"

/* Offset just past the tag that begins at ${at}, or SIZE_MAX; quotes count after '=' only. */
static size_t tag_end(struct slice s, size_t at) {
    char before = 0;
    for (size_t i = at + 1; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '>') return i + 1;
        if ((c == '"' || c == '\'') && before == '=') {
            const char *close = memchr(s.ptr + i + 1, c, s.len - i - 1);
            if (!close) return SIZE_MAX;
            i = (size_t)(close - s.ptr);
        }
        if (!ascii_is_space(c)) before = c;
    }
    return SIZE_MAX;
}

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

static bool is_json_ld(struct slice tag) { return slice_find_nocase(tag, slice_str("ld+json")) != SIZE_MAX; }

/* The element at ${at} whose content goes: its end tag; NULL for all others. */
static const char *raw_close(struct slice s, size_t at) {
    switch (ascii_lower(s.ptr[at + 1])) {
    case 's':
        if (is_tag(s, at, "<script")) return "</script";
        if (is_tag(s, at, "<style")) return "</style";
        if (is_tag(s, at, "<svg")) return "</svg";
        return NULL;
    default: return NULL;
    }
}

void page_strip(struct slice s, struct buf *out) {
    size_t start = out->len, kept = 0; /* everything before ${kept} is written or dropped */
    for (size_t i = 0; i < s.len;) {
        const char *p = memchr(s.ptr + i, '<', s.len - i);
        if (!p || p + 1 >= s.ptr + s.len) break;
        i = (size_t)(p - s.ptr);
        if (slice_starts(slice_sub(s, i, s.len), slice_str("<!--"))) {
            buf_append(out, s.ptr + kept, i - kept);
            size_t end = comment_end(s, i);
            i = kept = end == SIZE_MAX ? s.len : end;
            continue;
        }
        if (!ascii_is_alpha(s.ptr[i + 1]) && s.ptr[i + 1] != '/') {
            i++;
            continue;
        }
        const char *close = raw_close(s, i);
        size_t end = tag_end(s, i);
        if (end == SIZE_MAX) break;
        if (close && s.ptr[end - 2] != '/' && !is_json_ld(slice_sub(s, i, end))) {
            buf_append(out, s.ptr + kept, end - kept);
            size_t last = find_tag(s, end, close);
            end = kept = last == SIZE_MAX ? s.len : last;
        } else if (close && close[2] == 's' && close[3] == 'c') {
            size_t last = find_tag(s, end, close);
            end = last == SIZE_MAX ? s.len : last;
        }
        i = end;
    }
    buf_append(out, s.ptr + kept, s.len - kept);
    for (char *z = out->data ? out->data + start : NULL; z && (z = memchr(z, 0, (size_t)(out->data + out->len - z))) != NULL;)
        *z++ = ' ';
}
