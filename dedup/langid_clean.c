#include "dedup/langid_clean.h"
#include "base/utf8.h"

/* Bytes 0x80 to 0x9F of windows-1252; 0 where it has none. */
static const uint16_t cp1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* The byte that windows-1252 (or Latin-1) shows as ${cp}; -1 when there is none. */
static int byte_of(uint32_t cp) {
    if (cp < 0x100) return (int)cp;
    for (int i = 0; i < 32; i++)
        if (cp1252[i] == cp) return 0x80 + i;
    return -1;
}

/* ${lead} (an "Ã" and the like, just before *${at}) may begin UTF-8 that was read as windows-1252: the character meant, or 0. */
static uint32_t twice_encoded(struct slice s, uint32_t lead, size_t *at) {
    unsigned more = lead == 0xE2 ? 2 : 1;
    uint32_t cp = more == 2 ? lead & 0x0F : lead & 0x1F;
    size_t end = *at;
    for (unsigned i = 0; i < more; i++) {
        if (end >= s.len) return 0;
        int byte = byte_of(utf8_decode(s, &end));
        if (byte < 0x80 || byte > 0xBF) return 0;
        cp = cp << 6 | (uint32_t)(byte & 0x3F);
    }
    bool plausible = more == 2 ? cp >= 0x2010 && cp <= 0x20AC : cp >= 0xA0 && cp <= 0x17F;
    if (!plausible) return 0;
    *at = end;
    return cp;
}

static bool noncharacter(uint32_t cp) { return cp == 0xFFFD || (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF); }

static uint32_t settle(struct slice s, uint32_t cp, size_t *at) {
    if (cp >= 0x80 && cp < 0xA0) cp = cp1252[cp - 0x80] ? cp1252[cp - 0x80] : ' ';
    if (cp == 0xC2 || cp == 0xC3 || cp == 0xC5 || cp == 0xE2) {
        uint32_t meant = twice_encoded(s, cp, at);
        if (meant) cp = meant;
    }
    if (cp == 0x17F) return 's';
    if (noncharacter(cp) || cp == 0x00AD || cp == 0x200B || cp == 0xFEFF) return 0x00AD;
    return cp;
}

static void append(struct buf *out, uint32_t cp) {
    static const char *const ligatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
    if (cp >= 0xFB00 && cp <= 0xFB06)
        buf_str(out, ligatures[cp - 0xFB00]);
    else if (cp != 0x00AD) /* a soft hyphen and its like stand inside words */
        utf8_encode(out, cp);
}

/* From a byte that is not plain ASCII; returns where plain ASCII goes on. */
static size_t clean_rest(struct buf *out, struct slice s, size_t at) {
    while (at < s.len && (unsigned char)s.ptr[at] >= 0x80) {
        uint32_t cp = utf8_decode(s, &at);
        append(out, cp == 0xFFFD ? ' ' : settle(s, cp, &at));
    }
    return at;
}

static bool plain(char c) {
    unsigned char u = (unsigned char)c;
    return (u >= ' ' && u < 0x7F) || u == '\n' || u == '\t';
}

static void clean_bytes(struct buf *out, struct slice s) {
    for (size_t at = 0; at < s.len;) {
        size_t end = at;
        while (end < s.len && plain(s.ptr[end])) end++;
        buf_append(out, s.ptr + at, end - at);
        if (end < s.len && (unsigned char)s.ptr[end] < 0x80) {
            buf_char(out, ' ');
            end++;
        }
        at = clean_rest(out, s, end);
    }
}

/* U+0300 to U+036F in UTF-8 begin with 0xCC or 0xCD. */
static bool has_combining(struct slice s) { return memchr(s.ptr, 0xCC, s.len) != NULL || memchr(s.ptr, 0xCD, s.len) != NULL; }

void langid_clean(struct buf *out, struct slice text) {
    struct buf composed;
    buf_init(&composed, text.len * 3 + 16);
    if (text.len > 0 && has_combining(text) && utf8_valid(text) && unicode_nfc(&composed, text) == ST_OK)
        clean_bytes(out, buf_view(&composed));
    else
        clean_bytes(out, text);
    buf_free(&composed);
}
