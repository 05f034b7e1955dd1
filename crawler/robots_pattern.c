#include "crawler/robots.h"

static int hex_value(char c) {
    if (ascii_is_digit(c)) return c - '0';
    char l = ascii_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool unreserved(char c) { return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

static void escape(char c, struct buf *out) {
    static const char hex[] = "0123456789ABCDEF";
    unsigned char u = (unsigned char)c;
    char triple[3] = {'%', hex[u >> 4], hex[u & 15]};
    buf_append(out, triple, 3);
}

void robots_normalise(struct slice s, bool pattern, struct buf *out) {
    bool query = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool wild = c == '*' || c == '$';
        if (c == '%' && i + 2 < s.len && hex_value(s.ptr[i + 1]) >= 0 && hex_value(s.ptr[i + 2]) >= 0) {
            c = (char)(hex_value(s.ptr[i + 1]) * 16 + hex_value(s.ptr[i + 2]));
            i += 2;
            bool plain = unreserved(c) || (query && c && strchr(":/?@[]", c));
            if (plain) {
                buf_char(out, c);
            } else {
                escape(c, out);
            }
        } else if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f || strchr("\"<>\\^`{|}", c)) {
            escape(c, out);
        } else if (wild && !(pattern && (c == '*' || i + 1 == s.len))) {
            escape(c, out);
        } else {
            query |= c == '?';
            buf_char(out, c);
        }
    }
}

bool robots_pattern_matches(struct slice pattern, struct slice target) {
    bool anchored = pattern.len && pattern.ptr[pattern.len - 1] == '$';
    if (anchored) pattern.len--;
    struct slice rest = pattern, piece;
    size_t star = slice_find_char(rest, '*');
    piece = slice_sub(rest, 0, star);
    if (!slice_starts(target, piece)) return false;
    if (star == SIZE_MAX) return !anchored || target.len == piece.len;
    size_t at = piece.len;
    for (;;) {
        rest = slice_sub(rest, star + 1, rest.len);
        star = slice_find_char(rest, '*');
        piece = slice_sub(rest, 0, star);
        struct slice left = slice_sub(target, at, target.len);
        if (star == SIZE_MAX && anchored) return slice_ends(left, piece);
        size_t found = slice_find(left, piece);
        if (found == SIZE_MAX) return false;
        if (star == SIZE_MAX) return true;
        at += found + piece.len;
    }
}
