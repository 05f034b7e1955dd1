#include "cli/survivor.h"
#include "crawler/licence.h"
#include <stdio.h>

enum word { PUBLISHED, LICENSE, OFFICIAL, LENGTH, DATE, WORDS };
static const char *const words[WORDS] = {"published", "license", "official", "length", "date"};

static enum word word_of(const char *text) {
    for (int w = 0; w < WORDS; w++)
        if (strcmp(text, words[w]) == 0) return (enum word)w;
    return WORDS;
}

bool survivor_order_valid(const struct string_list *order) {
    bool met[WORDS] = {false};
    for (unsigned i = 0; i < order->n; i++) {
        enum word w = word_of(order->items[i]);
        if (w == WORDS || met[w]) return false;
        met[w] = true;
    }
    return true;
}

static void put_be(struct buf *out, uint64_t v) {
    for (int shift = 56; shift >= 0; shift -= 8) buf_char(out, (char)(v >> shift));
}

static void put_licence(struct buf *out, struct slice license) {
    char spdx[64];
    snprintf(spdx, sizeof spdx, "%.*s", SLICE_ARG(license));
    enum licence_terms terms = licence_terms_of(spdx);
    buf_char(out, (char)(terms == LICENCE_UNKNOWN ? LICENCE_RESTRICTED + 1 : (int)terms));
}

/* An unknown date comes last. */
static void put_date(struct buf *out, int64_t day) {
    put_be(out, day == MANIFEST_NONE ? UINT64_MAX : (uint64_t)(day + ((int64_t)1 << 40)));
}

void survivor_rank(const struct string_list *order, const struct manifest_candidate *d, const struct source *source, bool published,
                   struct buf *out) {
    unsigned n = order->n ? order->n : WORDS;
    buf_clear(out);
    for (unsigned i = 0; i < n; i++) {
        switch (order->n ? word_of(order->items[i]) : (enum word)i) {
        case PUBLISHED: buf_char(out, published ? 0 : 1); break;
        case LICENSE: put_licence(out, d->license); break;
        case OFFICIAL: buf_char(out, source && source->official ? 0 : 1); break;
        case LENGTH: put_be(out, UINT64_MAX - (uint64_t)d->bytes); break;
        case DATE: put_date(out, d->date_day); break;
        default: break;
        }
    }
    buf_str(out, d->id);
}
