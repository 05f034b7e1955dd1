/*
 * A Content-Usage value, as a header and as a line of robots.txt: both read it alike.
 */
#include "crawler/rights.h"
#include "crawler/rights_parts.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice value = slice_of((const char *)data, size);
    enum rights_say say = rights_usage(value);
    rights_content_signal(value);
    struct rights_header headers[] = {
        {slice_str("Content-Usage"), value}, {slice_str("X-Robots-Tag"), value}, {slice_str("Link"), value}};
    struct rights_inputs in = {
        .target = slice_str("/"), .headers = headers, .n_headers = 3, .source_licence = slice_str("CC0-1.0")};
    struct rights_decision d;
    rights_decide(&in, &d);
    if (say == RIGHTS_SAY_NO && d.verdict != RIGHTS_DENY) abort();
    struct buf robots = {0};
    struct rights_host *host = NULL;
    buf_str(&robots, "User-agent: *\nContent-Usage: ");
    buf_slice(&robots, value);
    if (rights_host_parse(buf_view(&robots), slice_str("villers"), NULL, &host, NULL) != ST_OK) abort();
    in.host = host;
    rights_decide(&in, &d);
    rights_host_free(host);
    buf_free(&robots);
    return 0;
}
