#ifndef VILLERS_CRAWLER_CHARSET_H
#define VILLERS_CRAWLER_CHARSET_H
/*
 * Bytes of a page to UTF-8, WHATWG Encoding Standard labels: byte-order mark, then HTTP's charset, then the page's own
 * meta (first 1,024 bytes, WHATWG "prescan"), then detection.  latin1 and ascii labels mean windows-1252.  A declared
 * UTF-8 that is not UTF-8 is detected anew.  C1 controls that betray windows-1252 are put right.
 */
#include "base/buf.h"

enum charset_origin { CHARSET_BOM, CHARSET_HTTP, CHARSET_META, CHARSET_DETECTED };
struct charset_result {
    char name[32];              /* WHATWG name in lower case: "utf-8", "windows-1252" */
    enum charset_origin origin; /* what decided */
    size_t replaced;            /* byte sequences that became U+FFFD */
};
/**
 * charset_to_utf8(body, content_type, is_html, out, res, err):
 * Append ${body} as valid UTF-8 to ${out}.  ${content_type} is the HTTP header's value or empty.  SKIP when the result would
 * pass ${out}'s cap.  Never fails for bad bytes.  Thread-safe.
 */
enum status charset_to_utf8(struct slice body, struct slice content_type, bool is_html, struct buf *out, struct charset_result *res,
                            struct buf *err) MUST_CHECK;

#endif
