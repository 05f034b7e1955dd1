/* An answer's header fields as they bear on rights: Content-Usage, TDM, X-Robots-Tag, Link; any bytes lead to a decision with its reasons. */
#include "crawler/http_head.h"
#include "crawler/rights.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rights_header headers[64];
    struct slice rest = slice_of((const char *)data, size);
    struct rights_inputs in = {
        .target = slice_str("/a"), .agent = slice_str("villers"), .headers = headers, .source_licence = slice_str("etalab-2.0")};
    while (in.n_headers < 64 && http_head_next(&rest, &headers[in.n_headers].name, &headers[in.n_headers].value)) in.n_headers++;
    struct rights_decision d;
    rights_decide(&in, &d);
    for (unsigned i = 0; i < d.n_signals; i++)
        if (d.signals[i].effect == RIGHTS_RESERVED && d.verdict == RIGHTS_ALLOW) abort();
    struct buf out = {0};
    struct json_out j;
    json_out_init(&j, &out);
    json_object(&j);
    rights_write(&d, &j);
    json_object_end(&j);
    buf_free(&out);
    return 0;
}
