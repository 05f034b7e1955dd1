#include "base/utf8.h"
#include "crawler/charset_parts.h"
#include <errno.h>
#include <iconv.h>

/* Bytes 0x80 to 0x9f of windows-1252; 0 where it has nothing. */
static const uint16_t c1_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

uint32_t charset_windows_1252(unsigned char byte) {
    if (byte < 0x80 || byte >= 0xa0) return byte;
    return c1_1252[byte - 0x80] ? c1_1252[byte - 0x80] : 0xfffd;
}

static void put(struct buf *out, uint32_t cp, size_t *replaced) {
    *replaced += cp == 0xfffd;
    utf8_encode(out, cp);
}

static void decode_1252(struct slice s, struct buf *out, size_t *replaced) {
    for (size_t i = 0; i < s.len && buf_ok(out);) {
        size_t from = i;
        while (i < s.len && (unsigned char)s.ptr[i] < 0x80) i++;
        buf_append(out, s.ptr + from, i - from);
        if (i < s.len) put(out, charset_windows_1252((unsigned char)s.ptr[i++]), replaced);
    }
}

/*
 * A byte that is no UTF-8 in a page that otherwise is: pasted from a windows-1252 source when it would be a letter of French
 * there beside a letter, or a quotation mark or dash.  First bytes of UTF-8 pairs (Â, Ã) and triples (â) are rather half a character.
 */
static uint32_t stray_byte(struct slice s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    bool letter = (at > 0 && ascii_is_alpha(s.ptr[at - 1])) || (at + 1 < s.len && ascii_is_alpha(s.ptr[at + 1]));
    if (c < 0xa0) return strchr("\x85\x91\x92\x93\x94\x96\x97\x9c\x8c\x80", (char)c) ? charset_windows_1252(c) : 0xfffd;
    if (letter && strchr("\xe0\xe7\xe8\xe9\xea\xeb\xee\xef\xf4\xf9\xfb\xc9\xc0\xc7\xc8\xca", (char)c)) return c;
    return strchr("\xab\xbb\xb0\xa0", (char)c) ? c : 0xfffd;
}

/* The length of a maximal subpart may take in bytes that follow; only lone ones are read as windows-1252. */
static void decode_utf8(struct slice s, struct buf *out, size_t *replaced) {
    if (utf8_valid(s)) {
        buf_slice(out, s);
        return;
    }
    for (size_t at = 0; at < s.len && buf_ok(out);) {
        size_t good = utf8_valid_prefix(slice_sub(s, at, s.len));
        buf_append(out, s.ptr + at, good);
        at += good;
        if (at == s.len) break;
        size_t from = at;
        utf8_decode(s, &at);
        put(out, at - from == 1 ? stray_byte(s, from) : 0xfffd, replaced);
    }
}

static void decode_iconv(charset_id id, struct slice s, struct buf *out, size_t *replaced) {
    iconv_t cd = iconv_open("UTF-8", charset_iconv(id));
    if (cd == (iconv_t)-1) {
        decode_1252(s, out, replaced);
        return;
    }
    char *in = (char *)(uintptr_t)s.ptr;
    size_t left = s.len;
    while (left > 0) {
        if (!buf_reserve(out, 4096)) break;
        char *to = out->data + out->len;
        size_t room = 4096;
        size_t rc = iconv(cd, &in, &left, &to, &room);
        out->len = (size_t)(to - out->data);
        out->data[out->len] = 0;
        if (rc != (size_t)-1 || errno == E2BIG) continue;
        put(out, 0xfffd, replaced);
        size_t skip = charset_is(id, "utf-16le") || charset_is(id, "utf-16be") ? 2 : 1;
        if (errno == EINVAL || left <= skip) break;
        in += skip;
        left -= skip;
    }
    iconv_close(cd);
}

/* C1 controls that came out of another encoding's gaps are windows-1252 written through it; HTML readers show them so. */
static void mend_c1(struct buf *out, size_t from) {
    struct slice s = slice_sub(buf_view(out), from, out->len);
    bool any = false;
    for (const char *p = s.ptr, *end = s.ptr + s.len; !any && p < end && (p = memchr(p, '\xc2', (size_t)(end - p))) != NULL; p++)
        any = p + 1 < end && (unsigned char)p[1] < 0xa0;
    if (!any) return;
    struct buf mended;
    buf_init(&mended, out->max);
    for (size_t i = 0; i < s.len;) {
        if (s.ptr[i] == '\xc2' && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0) {
            uint32_t cp = charset_windows_1252((unsigned char)s.ptr[i + 1]);
            if (cp != 0xfffd) utf8_encode(&mended, cp);
            i += 2;
        } else {
            buf_char(&mended, s.ptr[i++]);
        }
    }
    buf_truncate(out, from);
    buf_slice(out, buf_view(&mended));
    if (!buf_ok(&mended)) out->failed = true;
    buf_free(&mended);
}

void charset_decode(charset_id id, struct slice s, struct buf *out, size_t *replaced) {
    size_t from = out->len;
    if (charset_is(id, "utf-8")) {
        decode_utf8(s, out, replaced);
    } else if (charset_is(id, "windows-1252")) {
        decode_1252(s, out, replaced);
        return;
    } else {
        decode_iconv(id, s, out, replaced);
    }
    mend_c1(out, from);
}
