/*
 * The first line is a Content-Type, the rest a page.  The answer is UTF-8.
 */
#include "base/utf8.h"
#include "crawler/charset.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice body = slice_of((const char *)data, size), type = {"", 0};
    if (memchr(data, '\n', size)) slice_cut(&body, '\n', &type);
    struct buf out = {0};
    struct charset_result res;
    if (charset_to_utf8(body, type, true, &out, &res, NULL) != ST_OK || !utf8_valid(buf_view(&out)) || res.name[0] == 0) abort();
    buf_free(&out);
    return 0;
}
