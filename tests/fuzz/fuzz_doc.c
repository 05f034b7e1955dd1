/*
 * Any bytes as lines of documents.  One that is read can be written in every form, and what was written is read back the same.
 */
#include "store/doc.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct json_parser *p, const struct doc *doc, enum doc_form form) {
    struct buf once = {0}, twice = {0};
    struct doc back;
    doc_write(&once, doc, form);
    if (!buf_ok(&once)) abort();
    if (doc_read(p, buf_view(&once), &back, NULL) != ST_OK) abort();
    doc_write(&twice, &back, form);
    if (!slice_eq(buf_view(&once), buf_view(&twice))) abort();
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = slice_of((const char *)data, size), line;
    struct json_parser *p = json_parser_new(1 << 20), *q = json_parser_new(1 << 24);
    struct doc doc;
    if (!p || !q) abort();
    while (slice_cut(&rest, '\n', &line))
        if (doc_read(p, line, &doc, NULL) == ST_OK)
            for (int form = DOC_RAW; form <= DOC_RELEASE; form++) round_trip(q, &doc, (enum doc_form)form);
    json_parser_free(p);
    json_parser_free(q);
    return 0;
}
