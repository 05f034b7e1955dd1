/* Text repair on any bytes, with and without OCR: bounded, counted, settled after a few rounds; and the hint of variety. */
#include "base/utf8.h"
#include "dedup/doctype.h"
#include "dedup/repair.h"
#include "dedup/variety.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool nothing(const struct repair_counts *c) {
    return !c->mojibake && !c->controls && !c->composed && !c->hyphens && !c->long_s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct repairer *r = repair_new();
    struct variety v;
    struct buf held = {0};
    if (!r || size < 1) {
        repair_free(r);
        return 0;
    }
    bool ocr = data[0] & 1;
    buf_append(&held, data + 1, size - 1);
    for (int round = 0;; round++) {
        struct repair_counts c;
        struct slice out;
        struct buf next = {0};
        if (repair_text(r, buf_view(&held), ocr, &out, &c) != ST_OK) abort();
        if (nothing(&c) != (out.ptr == buf_view(&held).ptr)) abort(); /* untouched: the same bytes; touched: counted */
        if (round > 0 && !utf8_valid(out)) abort();
        if (out.len > 3 * size + 8) abort();
        if (nothing(&c)) break;
        if (round > 64 + (int)size) abort(); /* each round takes a layer off */
        buf_slice(&next, out);
        buf_free(&held);
        held = next;
    }
    variety_of(buf_view(&held), buf_view(&held), buf_view(&held), &v);
    struct doctype_facts facts = {buf_view(&held), buf_view(&held), buf_view(&held)};
    struct doctype type;
    doctype_of(&facts, &type);
    if (type.type >= DOC_TYPES || (*type.by == '\0') != (type.type == DOC_TYPE_OTHER)) abort();
    buf_free(&held);
    repair_free(r);
    return 0;
}
