/* A text: spans are sorted, disjoint and inside it, and the output is the text with each of them replaced. */
#include "dedup/redact.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice text = slice_of((const char *)data, size);
    struct redactor *r = redact_new();
    struct redact_result res;
    struct buf out = {0};
    if (!r || redact_text(r, text, &out, &res) != ST_OK) abort();
    size_t at = 0, made = 0;
    for (size_t i = 0; i < res.n_masked; i++) {
        const struct redact_span *m = &res.masked[i];
        if (m->start < at || m->end <= m->start || m->end > size || m->kind >= REDACT_SIREN) abort();
        if (!slice_eq(slice_sub(text, at, m->start), slice_sub(buf_view(&out), made, made + m->start - at))) abort();
        made += m->start - at + strlen(redact_placeholder(m->kind));
        at = m->end;
    }
    if (made + size - at != out.len) abort();
    at = 0;
    for (size_t i = 0; i < res.n_flagged; i++) {
        const struct redact_span *m = &res.flagged[i];
        if (m->start < at || m->end <= m->start || m->end > size || m->kind < REDACT_SIREN) abort();
        at = m->end;
    }
    buf_free(&out);
    redact_free(r);
    return 0;
}
