/*
 * The first line is a target, the rest a robots.txt.  A rule that decides is a line of the file.
 */
#include "crawler/robots.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice body = slice_of((const char *)data, size), target = {"/", 1};
    if (memchr(data, '\n', size)) slice_cut(&body, '\n', &target);
    for (int tolerant = 0; tolerant < 2; tolerant++) {
        struct robots *r = NULL;
        struct robots_options opt = {.tolerate_typos = tolerant};
        if (robots_parse(body, slice_str("villers"), &opt, &r, NULL) != ST_OK) abort();
        struct robots_match m = robots_match(r, target);
        if ((m.line == 0) != (m.rule.len == 0) || (!m.allowed && m.line == 0)) abort();
        size_t n;
        robots_sitemaps(r, &n);
        robots_extras(r, &n);
        if (robots_delay_ms(r) < -1) abort();
        robots_free(r);
    }
    return 0;
}
