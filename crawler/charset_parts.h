#ifndef VILLERS_CRAWLER_CHARSET_PARTS_H
#define VILLERS_CRAWLER_CHARSET_PARTS_H
/*
 * The steps of charset.c: labels, the page's own declaration, detection, decoding.  An encoding is a number here; 0 is none.
 * charset_detect.c is the one file that knows uchardet, charset_decode.c the one that knows iconv.
 */
#include "base/buf.h"

typedef unsigned charset_id;
enum { CHARSET_NONE = 0 };

/** charset_find(label): the encoding of a WHATWG label ("latin1", " UTF8 "), trimmed and without regard to case. */
charset_id charset_find(struct slice label);
/** charset_name(id): its WHATWG name in lower case; static. */
const char *charset_name(charset_id id);
/** charset_iconv(id): glibc's name for the same or the nearest superset; static. */
const char *charset_iconv(charset_id id);
bool charset_is(charset_id id, const char *name);
/** charset_is_single(id): one byte is one character. */
bool charset_is_single(charset_id id);

/** charset_from_type(content_type): the charset parameter of a Content-Type value (RFC 9110 8.3.1). */
charset_id charset_from_type(struct slice content_type);
/** charset_prescan(html): WHATWG HTML 13.2.3.2, "prescan a byte stream", over all of ${html}; XML declarations too.  O(length). */
charset_id charset_prescan(struct slice html);

#define CHARSET_ENOUGH ((size_t)4) /* sequences: no text in another encoding has so many by chance */
/* What the bytes look like as UTF-8. */
struct charset_utf8 {
    size_t good; /* multi-byte sequences that are whole; when none is bad, counting ends with CHARSET_ENOUGH */
    size_t bad;  /* maximal subparts that are none */
};
struct charset_utf8 charset_utf8_scan(struct slice s);
/**
 * charset_mostly_utf8(u): UTF-8 with some damage rather than another encoding: three sequences in four are whole, which text in
 * another encoding never comes near.
 */
static inline bool charset_mostly_utf8(struct charset_utf8 u) { return u.good > 0 && u.bad * 3 <= u.good; }

/** charset_detect(s, u): the likeliest encoding of bytes that declare none, never CHARSET_NONE.  ${u} is their scan.  O(length). */
charset_id charset_detect(struct slice s, struct charset_utf8 u);

/**
 * charset_decode(id, s, out, replaced):
 * Append ${s} as valid UTF-8; what cannot be read becomes U+FFFD and is counted in *${replaced}.  Errors stick in ${out}.
 */
void charset_decode(charset_id id, struct slice s, struct buf *out, size_t *replaced);
/** charset_windows_1252(byte): its code point; U+FFFD for the five bytes that have none. */
uint32_t charset_windows_1252(unsigned char byte);

#endif
