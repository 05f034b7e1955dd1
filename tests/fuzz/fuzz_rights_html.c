/*
 * A page's reservations and the licences its bytes name.
 */
#include "crawler/rights.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice page = slice_of((const char *)data, size);
    struct rights_html html;
    rights_html_read(page, slice_str("villers"), NULL, &html);
    struct rights_inputs in = {.target = slice_str("/"), .html = &html, .source_licence = slice_str("CC0-1.0")};
    struct rights_decision d;
    rights_decide(&in, &d);
    if (html.tdm == RIGHTS_TDM_RESERVED && d.verdict != RIGHTS_DENY) abort();
    struct buf out = {0};
    struct json_out j;
    json_out_init(&j, &out);
    json_object(&j);
    rights_write(&d, &j);
    json_object_end(&j);
    buf_free(&out);
    char spdx[LICENCE_MAX];
    if (licence_from_text(page, spdx) && licence_terms_of(spdx) == LICENCE_UNKNOWN) abort();
    if (licence_from_url(page, spdx) && licence_terms_of(spdx) == LICENCE_UNKNOWN) abort();
    return 0;
}
