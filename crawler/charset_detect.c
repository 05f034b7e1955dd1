#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/charset_parts.h"
#include <uchardet.h>

#define DETECT_BYTES (256 * KIB) /* what the detectors see */

/* First bytes of sequences of several, eight at a time, until there are enough. */
static size_t count_firsts(struct slice s) {
    size_t n = 0, i = 0;
    for (uint64_t w; i + 8 <= s.len && n < CHARSET_ENOUGH; i += 8) {
        memcpy(&w, s.ptr + i, 8);
        w = w & w << 1 & 0x8080808080808080u;
        n += (w >> 7) * 0x0101010101010101u >> 56;
    }
    for (; i < s.len && n < CHARSET_ENOUGH; i++) n += (unsigned char)s.ptr[i] >= 0xC0;
    return n;
}

struct charset_utf8 charset_utf8_scan(struct slice s) {
    struct charset_utf8 u = {0, 0};
    if (utf8_valid(s)) {
        u.good = count_firsts(s);
        return u;
    }
    for (size_t at = 0; at < s.len;) {
        if ((unsigned char)s.ptr[at] < 0x80) {
            uint64_t eight;
            at++;
            while (at + 8 <= s.len && (memcpy(&eight, s.ptr + at, 8), !(eight & 0x8080808080808080u))) at += 8;
            continue;
        }
        size_t from = at;
        uint32_t cp = utf8_decode(s, &at);
        bool written = cp == 0xfffd && slice_eq_str(slice_sub(s, from, at), "\xef\xbf\xbd");
        if (cp != 0xfffd || written) {
            u.good++;
        } else {
            u.bad += at < s.len; /* a page cut inside a character is not damaged */
        }
    }
    return u;
}

/* The letters of French (and the ligatures) with diacritics, in the encodings that French pages have been written in. */
static const struct {
    const char *name;
    const char *letters;
} french[] = {
    /* à â ä æ ç è é ê ë î ï ô ö ù û ü ÿ œ and their capitals */
    {"windows-1252",
     "\xe0\xe2\xe4\xe6\xe7\xe8\xe9\xea\xeb\xee\xef\xf4\xf6\xf9\xfb\xfc\xff\x9c\xc0\xc2\xc4\xc6\xc7\xc8\xc9\xca\xcb\xce\xcf"
     "\xd4\xd6\xd9\xdb\xdc\x8c"},
    {"iso-8859-15",
     "\xe0\xe2\xe4\xe6\xe7\xe8\xe9\xea\xeb\xee\xef\xf4\xf6\xf9\xfb\xfc\xff\xbd\xc0\xc2\xc4\xc6\xc7\xc8\xc9\xca\xcb\xce\xcf"
     "\xd4\xd6\xd9\xdb\xdc\xbc"},
    {"macintosh",
     "\x88\x89\x8a\xbe\x8d\x8f\x8e\x90\x91\x94\x95\x99\x9a\x9d\x9e\x9f\xd8\xcf\xcb\xe5\x80\xae\x82\xe9\x83\xe6\xe8\xeb\xec\xef"
     "\x85\xf4\xf3\x86\xce"},
    {"ibm850",
     "\x85\x83\x84\x91\x87\x8a\x82\x88\x89\x8c\x8b\x93\x94\x97\x96\x81\x98\xb7\xb6\x8e\x92\x80\xd4\x90\xd2\xd3\xd7\xd8\xe2\x99\xeb"
     "\xea\x9a"},
};
#define FRENCH (sizeof french / sizeof *french)

/*
 * High bytes that touch a letter of the alphabet: what a French text in encoding k would have there is nearly only its accented
 * letters.  Ties go to the first, the commonest.
 */
static charset_id detect_french(struct slice s) {
    size_t hits[FRENCH] = {0}, total = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x80 || i + 1 >= s.len || !ascii_is_alpha(s.ptr[i + 1])) continue;
        total++;
        for (size_t k = 0; k < FRENCH; k++) hits[k] += strchr(french[k].letters, (char)c) != NULL;
    }
    size_t best = 0;
    for (size_t k = 1; k < FRENCH; k++) best = hits[k] > hits[best] ? k : best;
    if (total == 0 || hits[best] * 10 < total * 9) return CHARSET_NONE;
    return charset_find(slice_str(french[best].name));
}

/*
 * Other languages of Western Europe in windows-1252: letters of 0xc0 to 0xff beside plain ones, seldom two in a row (which sets
 * Cyrillic and Greek apart), and none of those that stand for something else there in the Icelandic, Turkish or Slavic manner.
 */
static bool looks_western(struct slice s) {
    size_t total = 0, hits = 0, pairs = 0;
    for (size_t i = 0; i + 1 < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i], next = (unsigned char)s.ptr[i + 1];
        if (c < 0x80 || (next < 0x80 && !ascii_is_alpha((char)next))) continue;
        total++;
        pairs += next >= 0xc0;
        hits += c == 0xb7 || (c >= 0xc0 && !strchr("\xd0\xd7\xdd\xde\xf0\xf7\xfd\xfe", (char)c));
    }
    return total > 0 && pairs * 5 < total && hits * 20 >= total * 19;
}

/* UTF-16 without a mark: in any European text every other byte is NUL. */
static charset_id detect_utf16(struct slice s) {
    size_t even = 0, odd = 0, n = s.len < 4096 ? s.len : 4096;
    for (size_t i = 0; i < n; i++) {
        if (s.ptr[i] == 0) *(i % 2 ? &odd : &even) += 1;
    }
    if (n < 8 || (even + odd) * 10 < n * 3) return CHARSET_NONE;
    if (odd > even * 8) return charset_find(slice_str("utf-16le"));
    return even > odd * 8 ? charset_find(slice_str("utf-16be")) : CHARSET_NONE;
}

static charset_id detect_any(struct slice s) {
    uchardet_t ud = uchardet_new();
    if (!ud) return CHARSET_NONE;
    charset_id id = CHARSET_NONE;
    if (uchardet_handle_data(ud, s.ptr, s.len) == 0) {
        uchardet_data_end(ud);
        id = charset_find(slice_str(uchardet_get_charset(ud)));
    }
    uchardet_delete(ud);
    return id;
}

charset_id charset_detect(struct slice s, struct charset_utf8 u) {
    charset_id utf8 = charset_find(slice_str("utf-8")), id = detect_utf16(s);
    s = slice_sub(s, 0, DETECT_BYTES);
    if (id) return id;
    if (u.bad == 0 || charset_mostly_utf8(u)) {
        /* ISO-2022-JP is all ASCII to look at. */
        bool escapes =
            u.good == 0 && (slice_find(s, slice_str("\x1b$")) != SIZE_MAX || slice_find(s, slice_str("\x1b(")) != SIZE_MAX);
        id = escapes ? detect_any(s) : CHARSET_NONE;
        return charset_is(id, "iso-2022-jp") ? id : utf8;
    }
    id = detect_french(s);
    if (!id && looks_western(s)) id = charset_find(slice_str("windows-1252"));
    if (!id) id = detect_any(s);
    return id && id != utf8 && !charset_is(id, "utf-16le") && !charset_is(id, "utf-16be") ? id
                                                                                          : charset_find(slice_str("windows-1252"));
}
