#include "store/warc.h"

/* A line with its end, off the front of *${rest}; a line that goes on (RFC 2616 folding) takes its continuations with it. */
static bool next_line(struct slice *rest, struct slice *line) {
    if (rest->len == 0) return false;
    size_t end = 0;
    do {
        size_t nl = slice_find_char(slice_sub(*rest, end, rest->len), '\n');
        end = nl == SIZE_MAX ? rest->len : end + nl + 1;
    } while (end < rest->len && (rest->ptr[end] == ' ' || rest->ptr[end] == '\t'));
    *line = slice_sub(*rest, 0, end);
    *rest = slice_sub(*rest, end, rest->len);
    return true;
}

bool warc_field(struct slice headers, const char *name, struct slice *value) {
    struct slice line, want = slice_str(name);
    while (next_line(&headers, &line)) {
        size_t colon = slice_find_char(line, ':');
        if (colon == SIZE_MAX || !slice_eq_nocase(slice_trim(slice_sub(line, 0, colon)), want)) continue;
        *value = slice_trim(slice_sub(line, colon + 1, line.len));
        return true;
    }
    return false;
}

/* The length of a head that ends with an empty line, or SIZE_MAX. */
static size_t head_length(struct slice s) {
    for (size_t at = 0; at < s.len;) {
        size_t nl = slice_find_char(slice_sub(s, at, s.len), '\n');
        if (nl == SIZE_MAX) return SIZE_MAX;
        if (nl == 0 || (nl == 1 && s.ptr[at] == '\r')) return at + nl + 1;
        at += nl + 1;
    }
    return SIZE_MAX;
}

bool warc_http_split(struct slice block, struct warc_http *http) {
    static const struct slice response = SLICE_LIT("HTTP/");
    *http = (struct warc_http){0};
    size_t nl = slice_find_char(block, '\n');
    struct slice start = slice_sub(block, 0, nl);
    size_t end = head_length(block);
    http->head = slice_sub(block, 0, end);
    http->body = slice_sub(block, end, block.len);
    if (slice_starts_nocase(start, response)) {
        uint64_t status = 0;
        size_t space = slice_find_char(start, ' ');
        struct slice code = slice_trim(slice_sub(start, space, start.len));
        if (!slice_parse_u64(slice_sub(code, 0, 3), &status) || status < 100) return false;
        http->status = (int)status;
        return true;
    }
    return slice_find_nocase(start, slice_str(" HTTP/")) != SIZE_MAX;
}
