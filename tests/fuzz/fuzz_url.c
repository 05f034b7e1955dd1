/*
 * Two lines: a base and an address.  What comes out is canonical: it splits or has user information, and its own canonical form
 * is itself.
 */
#include "base/limits.h"
#include "crawler/url.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = slice_of((const char *)data, size), base_text = {"", 0}, text;
    struct buf base = {0}, out = {0}, again = {0}, err = {0};
    if (memchr(data, '\n', size)) slice_cut(&rest, '\n', &base_text);
    text = rest;
    if (url_canonical(base_text, slice_of("", 0), NULL, &base, &err) != ST_OK) buf_clear(&base);
    if (url_canonical(text, buf_view(&base), NULL, &out, &err) == ST_OK) {
        struct url_parts parts;
        if (url_canonical(buf_view(&out), slice_of("", 0), NULL, &again, &err) != ST_OK) abort();
        if (!slice_eq(buf_view(&out), buf_view(&again)) || out.len > LIMIT_URL) abort();
        bool split = url_split(buf_view(&out), &parts);
        if (!split && slice_find_char(buf_view(&out), '@') == SIZE_MAX) abort();
        if (split) url_domain(parts.host);
    }
    buf_free(&base);
    buf_free(&out);
    buf_free(&again);
    buf_free(&err);
    return 0;
}
