#include "base/utf8.h"
#include "dedup/repair_parts.h"

/* WHATWG Encoding, index windows-1252: 0x80 to 0x9F; 0 where it maps to the C1 code itself. */
static const uint16_t cp1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

uint32_t repair_cp1252(unsigned byte) { return byte >= 0x80 && byte < 0xA0 ? cp1252[byte - 0x80] : 0; }

/* The byte that windows-1252 or Latin-1 shows as ${cp}; -1 when there is none. */
static int byte_of(uint32_t cp) {
    if (cp < 0x100) return (int)cp;
    for (int i = 0; i < 32; i++)
        if (cp1252[i] == cp) return 0x80 + i;
    return -1;
}

/* What French texts have beyond ASCII: Latin letters and signs, general punctuation, a few symbols, the byte order mark. */
static bool plausible(uint32_t cp) {
    return (cp >= 0xA0 && cp <= 0x17F) || (cp >= 0x2009 && cp <= 0x2027) || cp == 0x202F || cp == 0x2030 || cp == 0x2032 ||
           cp == 0x2033 || cp == 0x2039 || cp == 0x203A || cp == 0x20AC || cp == 0x2116 || cp == 0x2122 || cp == 0xFEFF ||
           (cp >= 0xFB00 && cp <= 0xFB04) || cp == 0xFFFD;
}

/* Continuation bytes that ${lead} asks for; 0 when nothing we would believe begins so. */
static unsigned more_of(uint32_t lead) {
    if (lead >= 0xC2 && lead <= 0xC5) return 1;
    return lead == 0xE2 || lead == 0xEF ? 2 : 0;
}

/* ${lead} stands before *${at}: the character that was meant, *${at} moved past it; or 0. */
static uint32_t meant(struct slice s, uint32_t lead, size_t *at) {
    unsigned more = more_of(lead);
    uint32_t cp = more == 1 ? lead & 0x1F : lead & 0x0F;
    size_t end = *at;
    if (!more) return 0;
    for (unsigned i = 0; i < more; i++) {
        if (end >= s.len || (unsigned char)s.ptr[end] < 0x80) return 0;
        int byte = byte_of(utf8_decode(s, &end));
        if (byte < 0x80 || byte > 0xBF) return 0;
        cp = cp << 6 | (uint32_t)(byte & 0x3F);
    }
    if (!plausible(cp)) return 0;
    *at = end;
    return cp;
}

/* The next character that may begin a sequence: the UTF-8 of U+00C2 to U+00C5, U+00E2, U+00EF begins with C3. */
static size_t next_lead(struct slice s, size_t at) {
    while (at < s.len) {
        const char *p = memchr(s.ptr + at, 0xC3, s.len - at);
        if (!p) return s.len;
        at = (size_t)(p - s.ptr);
        if (at + 2 < s.len && (unsigned char)s.ptr[at + 2] >= 0x80 && more_of(((unsigned char)s.ptr[at + 1] & 0x3Fu) | 0xC0))
            return at;
        at += 2;
    }
    return s.len;
}

/*
 * Sure: "Ã" and "Å" with what follows, and the three characters of a mark ("â€™").  One "Â»" may end a quotation in capitals, one
 * "Ä“" a German one.
 */
struct evidence {
    uint32_t sure, likely;
};

static struct evidence weigh(struct slice s) {
    struct evidence e = {0, 0};
    for (size_t at = next_lead(s, 0); at < s.len; at = next_lead(s, at)) {
        uint32_t lead = utf8_decode(s, &at), cp = meant(s, lead, &at);
        if (!cp) continue;
        if (lead == 0xC2 || lead == 0xC4)
            e.likely++;
        else
            e.sure++;
    }
    return e;
}

/* "Ã" whose no-break space became a plain one is "à"; "Â" so left is that space. */
static bool half_lost(struct slice s, uint32_t lead, size_t at) {
    return (lead == 0xC3 || lead == 0xC2) && at < s.len && s.ptr[at] == ' ';
}

static size_t next_half(struct slice s, size_t at, bool halves) {
    for (; at < s.len; at++) {
        const char *p = memchr(s.ptr + at, 0xC3, s.len - at);
        if (!p) return s.len;
        at = (size_t)(p - s.ptr);
        if (at + 2 >= s.len) return s.len;
        unsigned char second = (unsigned char)s.ptr[at + 1];
        if (halves && (second == 0x83 || second == 0x82) && s.ptr[at + 2] == ' ') return at;
        if ((unsigned char)s.ptr[at + 2] >= 0x80 && more_of((second & 0x3Fu) | 0xC0)) return at;
    }
    return s.len;
}

uint32_t repair_mojibake(struct buf *out, struct slice s) {
    struct evidence e = weigh(s);
    uint32_t done = 0;
    bool halves = e.sure >= 2;
    if (e.sure == 0 && e.likely < 2) {
        buf_slice(out, s);
        return 0;
    }
    for (size_t at = 0; at < s.len;) {
        size_t next = next_half(s, at, halves);
        buf_slice(out, slice_sub(s, at, next));
        at = next;
        if (at >= s.len) break;
        size_t from = at;
        uint32_t lead = utf8_decode(s, &at), cp = meant(s, lead, &at);
        if (cp) {
            utf8_encode(out, cp);
        } else if (halves && half_lost(s, lead, at)) {
            if (lead == 0xC3) utf8_encode(out, 0xE0);
        } else {
            buf_slice(out, slice_sub(s, from, at));
            continue;
        }
        done++;
    }
    return done;
}
