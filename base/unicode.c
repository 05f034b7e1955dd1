/* The one file that knows utf8proc. */
#include "base/utf8.h"
#include <stdlib.h>
#include <utf8proc.h>

static utf8proc_category_t category(uint32_t cp) { return utf8proc_category((utf8proc_int32_t)cp); }

/*
 * Text below U+0300 is NFC as it stands (UAX #15, NFC_Quick_Check=Yes throughout), and so are the punctuation and letters that
 * French uses above it; only when something else appears is utf8proc asked.
 */
static bool surely_nfc(struct slice s) {
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x80)
            i++;
        else if (c < 0xCC)
            i += 2;
        else if (c == 0xE2 && i + 2 < s.len && (unsigned char)s.ptr[i + 1] == 0x80) {
            /* U+2000 and U+2001 have canonical decompositions; the rest of U+2000–203F has none. */
            if ((unsigned char)s.ptr[i + 2] < 0x82) return false;
            i += 3;
        } else
            return false;
    }
    return true;
}

/* Nothing at or after ${cp} changes what stands before it: a starter that composes with nothing to its left.  Those that do compose are
   marks, or vowels and finals of Hangul. */
static bool parts_text(uint32_t cp) {
    if (cp < 0x300) return true;
    utf8proc_category_t c = category(cp);
    bool mark = c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
    return !mark && !(cp >= 0x1160 && cp <= 0x11FF) && !(cp >= 0xD7B0 && cp <= 0xD7FF);
}

/*
 * Where the piece at ${at} ends.  utf8proc sorts a run of marks in quadratic time, so that a run is cut past NFC_MARKS of them (UAX #15,
 * clause 13, finds no use for more than 30).
 */
static size_t nfc_piece(struct slice s, size_t at) {
    enum { NFC_PIECE = 4096, NFC_MARKS = 256 };
    unsigned run = 0;
    for (size_t begin = at, next; at < s.len; at = next) {
        next = at;
        run = parts_text(utf8_decode(s, &next)) ? 0 : run + 1;
        if (run > NFC_MARKS || (run == 0 && at - begin >= NFC_PIECE)) break;
    }
    return at;
}

static bool nfc_append(struct buf *out, struct slice s) {
    utf8proc_uint8_t *made = NULL;
    if (surely_nfc(s)) {
        buf_slice(out, s);
        return buf_ok(out);
    }
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)s.ptr, (utf8proc_ssize_t)s.len, &made, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (n < 0) return false;
    buf_append(out, made, (size_t)n);
    free(made);
    return buf_ok(out);
}

enum status unicode_nfc(struct buf *out, struct slice s) {
    if (surely_nfc(s)) {
        buf_slice(out, s);
        return buf_ok(out) ? ST_OK : ST_SKIP;
    }
    for (size_t at = 0, end; at < s.len; at = end) {
        end = nfc_piece(s, at);
        if (!nfc_append(out, slice_sub(s, at, end))) return ST_SKIP;
    }
    return ST_OK;
}

bool unicode_is_letter(uint32_t cp) {
    if (cp < 0x80) return ascii_is_alpha((char)cp);
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool unicode_is_number(uint32_t cp) {
    if (cp < 0x80) return ascii_is_digit((char)cp);
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

bool unicode_is_decimal(uint32_t cp) { return cp < 0x80 ? ascii_is_digit((char)cp) : category(cp) == UTF8PROC_CATEGORY_ND; }

bool unicode_is_mark(uint32_t cp) { return cp >= 0x300 && category(cp) == UTF8PROC_CATEGORY_MN; }

bool unicode_is_punct(uint32_t cp) {
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_SO;
}

bool unicode_is_space(uint32_t cp) {
    if (cp < 0x80) return ascii_is_space((char)cp) || (cp >= 0x1C && cp <= 0x1F);
    if (cp == 0x85) return true;
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_ZS && c <= UTF8PROC_CATEGORY_ZP;
}

bool unicode_is_icon(uint32_t cp) { return cp >= 0x80 && category(cp) == UTF8PROC_CATEGORY_SO; }

bool unicode_is_upper(uint32_t cp) {
    if (cp < 0x80) return cp >= 'A' && cp <= 'Z';
    return category(cp) == UTF8PROC_CATEGORY_LU;
}

uint32_t unicode_lower(uint32_t cp) {
    if (cp < 0x80) return (uint32_t)(unsigned char)ascii_lower((char)cp);
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
}

unsigned unicode_decompose(uint32_t cp, uint32_t out[4]) {
    if (cp < 0xC0) {
        out[0] = cp;
        return 1;
    }
    utf8proc_int32_t made[4];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, made, 4, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);
    if (n < 1 || n > 4) {
        out[0] = cp;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++) out[i] = (uint32_t)made[i];
    return (unsigned)n;
}

void unicode_fold(struct buf *out, struct slice s) {
    uint32_t parts[4];
    for (size_t at = 0; at < s.len;) {
        uint32_t cp = utf8_decode(s, &at);
        unsigned n = unicode_decompose(unicode_lower(cp), parts);
        for (unsigned i = 0; i < n; i++)
            if (!unicode_is_mark(parts[i])) utf8_encode(out, parts[i]);
    }
}
