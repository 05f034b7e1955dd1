/* A text: every signal is a number, no ratio is out of bounds, and what is stored reads back. */
#include "base/limits.h"
#include "dedup/quality.h"
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* Kept from text to text, as a worker keeps them. */
    static struct quality *q;
    static struct json_parser *p;
    if (!q) q = quality_new();
    if (!p) p = json_parser_new(MIB);
    struct quality_signals s, again;
    struct quality_settings set;
    struct buf b = {0};
    struct json_out j;
    struct json_value v;
    if (!q || !p || quality_measure(q, slice_of((const char *)data, size), &s) != ST_OK) abort();
    const double *x = (const double *)&s;
    for (size_t i = 0; i < sizeof s / sizeof *x; i++)
        if (!isfinite(x[i]) || x[i] < 0) abort();
    if (s.real_words > s.words || s.chars > (double)size || s.alpha_words > 1 || s.dup_line_frac >= 1 || s.char_dup > 1) abort();
    for (size_t i = 0; i < QUALITY_DUP_NGRAMS; i++)
        if (s.dup_ngram[i] > 1) abort();
    quality_defaults(&set);
    quality_verdict(&s, &set);
    json_out_init(&j, &b);
    quality_json(&j, &s);
    if (json_parse(p, buf_view(&b), &v, NULL) != ST_OK || !quality_read(v, &again)) abort();
    buf_free(&b);
    return 0;
}
