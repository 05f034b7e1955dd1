/*
 * ASCII goes 16 bytes at a time; digits and what lies past ASCII stop the vector loop and are looked up one by one in a table
 * over the Basic Multilingual Plane, whose entries are computed when first met.
 *
 * An entry: low byte = length + 1 (0: not computed; LONG: does not fit, computed each time), with DIGIT set for Nd; the bytes
 * above it are the normalised UTF-8.
 */
#include "dedup/normalise.h"
#include "base/utf8.h"
#include <stdlib.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define PLANE 0x10000u
#define LONG 0x7Fu
#define DIGIT 0x80u
#define FOLD_MAX 16 /* 4 code points of at most 4 bytes */

struct normaliser {
    bool keep_figures;
    uint64_t *table; /* PLANE entries */
};

struct normaliser *normaliser_new(bool keep_figures) {
    struct normaliser *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->keep_figures = keep_figures;
    n->table = calloc(PLANE, sizeof *n->table);
    if (!n->table) {
        free(n);
        return NULL;
    }
    return n;
}

void normaliser_free(struct normaliser *n) {
    if (!n) return;
    free(n->table);
    free(n);
}

/* The longest growth: a Hangul syllable, 3 bytes, becomes three jamo of 3. */
size_t normalise_room(size_t len) { return 3 * len + FOLD_MAX + NORMALISE_SLACK; }

static size_t put_utf8(char *out, uint32_t cp) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    size_t n = cp < 0x10000 ? 3 : 4;
    out[0] = (char)(n == 3 ? 0xE0 | cp >> 12 : 0xF0 | cp >> 18);
    if (n == 4) out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[n - 2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[n - 1] = (char)(0x80 | (cp & 0x3F));
    return n;
}

/* One code point by the definition; returns the length, and whether it is a decimal digit. */
static size_t fold(uint32_t cp, char out[FOLD_MAX], bool *digit) {
    uint32_t parts[4];
    size_t len = 0;
    unsigned k = unicode_decompose(unicode_lower(cp), parts);
    *digit = false;
    for (unsigned i = 0; i < k; i++) {
        if (unicode_is_mark(parts[i])) continue;
        if (unicode_is_decimal(parts[i])) *digit = true;
        bool keep = unicode_is_letter(parts[i]) || unicode_is_number(parts[i]);
        len += put_utf8(out + len, keep ? parts[i] : ' ');
    }
    return len;
}

static uint64_t entry_make(uint32_t cp) {
    char bytes[FOLD_MAX];
    bool digit;
    size_t len = fold(cp, bytes, &digit);
    uint64_t e = len > 7 ? LONG : len + 1;
    for (size_t i = 0; i < len && len <= 7; i++) e |= (uint64_t)(unsigned char)bytes[i] << (8 + 8 * i);
    return digit ? e | DIGIT : e;
}

/* A run of digits is one '0', and nothing else gives a '0'; so the byte before says whether a run is open. */
static char *put_digit(char *out, const char *begin) {
    if (out > begin && out[-1] == '0') return out;
    *out = '0';
    return out + 1;
}

static char *put_slow(const struct normaliser *n, uint32_t cp, char *out, const char *begin) {
    char bytes[FOLD_MAX];
    bool digit;
    size_t len = fold(cp, bytes, &digit);
    if (digit && !n->keep_figures) return put_digit(out, begin);
    memcpy(out, bytes, len);
    return out + len;
}

/* The code point at ${p}, past ASCII; two and three bytes, which is nearly all of a text, without a call. */
static inline uint32_t take(const unsigned char *p, size_t left, size_t *used) {
    if (p[0] >= 0xC2 && p[0] < 0xE0 && left > 1 && (p[1] & 0xC0) == 0x80) {
        *used = 2;
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    }
    if (p[0] > 0xE0 && p[0] < 0xED && left > 2 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *used = 3;
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    }
    *used = 0;
    return utf8_decode(slice_of((const char *)p, left), used);
}

static inline char *put_wide(struct normaliser *n, uint32_t cp, char *out, const char *begin) {
    if (cp >= PLANE) return put_slow(n, cp, out, begin);
    uint64_t e = n->table[cp];
    if (!e) e = n->table[cp] = entry_make(cp);
    if ((e & DIGIT) && !n->keep_figures) return put_digit(out, begin);
    unsigned code = (unsigned)(e & 0x7F);
    if (code == LONG) return put_slow(n, cp, out, begin);
    uint64_t bytes = e >> 8;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    memcpy(out, &bytes, sizeof bytes);
    return out + code - 1;
}

static inline char put_ascii(unsigned char c) {
    unsigned char l = c | 0x20;
    return l >= 'a' && l <= 'z' ? (char)l : ' ';
}

#if defined(__SSE2__)
/* 16 bytes to ${out}: letters lower, the rest spaces; bit i of the answer is set when byte i is for the slow lane. */
static inline unsigned block(const unsigned char *p, char *out, __m128i digit_lanes) {
    __m128i x = _mm_loadu_si128((const __m128i *)p);
    __m128i low = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i off = _mm_sub_epi8(low, _mm_set1_epi8('a'));
    __m128i letter = _mm_cmpeq_epi8(_mm_min_epu8(off, _mm_set1_epi8(25)), off);
    __m128i dig = _mm_sub_epi8(x, _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(dig, _mm_set1_epi8(9)), dig);
    __m128i kept = _mm_or_si128(_mm_and_si128(letter, low), _mm_andnot_si128(letter, _mm_set1_epi8(' ')));
    kept = _mm_or_si128(_mm_andnot_si128(digit, kept), _mm_and_si128(digit, x));
    _mm_storeu_si128((__m128i *)out, kept);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(x, _mm_and_si128(digit, digit_lanes)));
}
#endif

size_t normalise_run(struct normaliser *n, struct slice text, char *out) {
    const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
    char *begin = out;
#if defined(__SSE2__)
    __m128i digit_lanes = _mm_set1_epi8(n->keep_figures ? 0 : -1);
#endif
    while (p < end) {
#if defined(__SSE2__)
        if (end - p >= 16) {
            unsigned slow = block(p, out, digit_lanes);
            size_t plain = slow ? (size_t)__builtin_ctz(slow) : 16;
            p += plain;
            out += plain;
            if (!slow) continue;
        }
#endif
        unsigned char c = *p;
        if (c >= 0x80) {
            size_t used;
            uint32_t cp = take(p, (size_t)(end - p), &used);
            p += used;
            out = put_wide(n, cp, out, begin);
        } else {
            p++;
            if (c < '0' || c > '9')
                *out++ = put_ascii(c);
            else if (n->keep_figures)
                *out++ = (char)c;
            else
                out = put_digit(out, begin);
        }
    }
    memset(out, ' ', NORMALISE_SLACK);
    return (size_t)(out - begin);
}
