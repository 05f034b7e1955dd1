#include "base/utf8.h"

#define REPLACEMENT 0xFFFDu

/*
 * One sequence at s[at]: its length when it is good; else 0 with *bad the length of its maximal subpart (Unicode 15, table 3-7
 * and "U+FFFD substitution of maximal subparts").
 */
static size_t sequence(struct slice s, size_t at, uint32_t *cp, size_t *bad) {
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    size_t left = s.len - at;
    *bad = 1;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    unsigned need, low = 0x80, high = 0xBF;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        need = 1;
    else if ((p[0] & 0xF0) == 0xE0)
        need = 2;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        need = 3;
    else
        return 0;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
    uint32_t v = p[0] & (0x3Fu >> need);
    for (unsigned i = 1; i <= need; i++) {
        if (i >= left || p[i] < low || p[i] > high) {
            *bad = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
        v = v << 6 | (p[i] & 0x3F);
    }
    *cp = v;
    return need + 1;
}

/* How many bytes from ${at} are ASCII, 32 and then eight at a time. */
static size_t ascii_run(struct slice s, size_t at) {
    size_t i = at;
    uint64_t word, four[4];
    for (; i + sizeof four <= s.len; i += sizeof four) {
        memcpy(four, s.ptr + i, sizeof four);
        if ((four[0] | four[1] | four[2] | four[3]) & 0x8080808080808080u) break;
    }
    for (; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.ptr + i, 8);
        if (word & 0x8080808080808080u) break;
    }
    while (i < s.len && (unsigned char)s.ptr[i] < 0x80) i++;
    return i - at;
}

size_t utf8_valid_prefix(struct slice s) {
    size_t at = 0;
    uint32_t cp;
    size_t bad;
    while (at < s.len) {
        at += ascii_run(s, at);
        if (at >= s.len) break;
        size_t n = sequence(s, at, &cp, &bad);
        if (n == 0) return at;
        at += n;
    }
    return at;
}

uint32_t utf8_decode(struct slice s, size_t *at) {
    uint32_t cp;
    size_t bad;
    size_t n = sequence(s, *at, &cp, &bad);
    if (n == 0) {
        *at += bad;
        return REPLACEMENT;
    }
    *at += n;
    return cp;
}

void utf8_encode(struct buf *b, uint32_t cp) {
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) cp = REPLACEMENT;
    char c[4];
    if (cp < 0x80) {
        buf_char(b, (char)cp);
    } else if (cp < 0x800) {
        c[0] = (char)(0xC0 | cp >> 6);
        c[1] = (char)(0x80 | (cp & 0x3F));
        buf_append(b, c, 2);
    } else if (cp < 0x10000) {
        c[0] = (char)(0xE0 | cp >> 12);
        c[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        c[2] = (char)(0x80 | (cp & 0x3F));
        buf_append(b, c, 3);
    } else {
        c[0] = (char)(0xF0 | cp >> 18);
        c[1] = (char)(0x80 | (cp >> 12 & 0x3F));
        c[2] = (char)(0x80 | (cp >> 6 & 0x3F));
        c[3] = (char)(0x80 | (cp & 0x3F));
        buf_append(b, c, 4);
    }
}

size_t utf8_repair(struct buf *out, struct slice s) {
    size_t bad = 0;
    while (s.len) {
        size_t good = utf8_valid_prefix(s);
        buf_append(out, s.ptr, good);
        if (good == s.len) break;
        size_t at = good;
        utf8_decode(s, &at);
        utf8_encode(out, REPLACEMENT);
        bad++;
        s = slice_sub(s, at, s.len);
    }
    return bad;
}
