/*
 * Which blocks of a page are its main text.
 */
#include "crawler/extract.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/extract_model.h"
#include <stdlib.h>

/* A block's own score counts for so much, the mean of those that look like it on the page for the rest. */
#define OWN_WEIGHT 0.75f
#define THRESHOLD 0.48f

struct extractor {
    struct blocks blocks;
    struct extract_cues *cues;
    struct features features;
    float *scores;
    size_t cap;
};

struct extractor *extractor_new(void) {
    struct extractor *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    blocks_init(&x->blocks);
    x->cues = extract_cues_new();
    features_init(&x->features, x->cues);
    if (x->cues) return x;
    extractor_free(x);
    return NULL;
}

void extractor_free(struct extractor *x) {
    if (!x) return;
    blocks_free(&x->blocks);
    features_free(&x->features);
    extract_cues_free(x->cues);
    free(x->scores);
    free(x);
}

const struct extract_cues *extractor_cues(const struct extractor *x) { return x->cues; }

static bool make_room(struct extractor *x) {
    if (x->blocks.n <= x->cap) return true;
    float *p = realloc(x->scores, x->blocks.n * sizeof *p);
    if (!p) return false;
    x->scores = p;
    x->cap = x->blocks.n;
    return true;
}

/* Repeated structure: what a template prints many times is all text or none of it. */
static void share_scores(struct extractor *x) {
    const struct features *f = &x->features;
    for (size_t g = 0; g < f->n_groups; g++) f->groups[g].weight = f->groups[g].score = 0;
    for (size_t i = 0; i < x->blocks.n; i++) {
        struct block_group *g = &f->groups[f->group_of[i]];
        float w = x->blocks.items[i].len < 200 ? (float)x->blocks.items[i].len : 200.0f;
        g->weight += w;
        g->score += w * x->scores[i];
    }
    for (size_t i = 0; i < x->blocks.n; i++) {
        const struct block_group *g = &f->groups[f->group_of[i]];
        x->scores[i] = OWN_WEIGHT * x->scores[i] + (1 - OWN_WEIGHT) * g->score / g->weight;
    }
}

/* NFC costs; most text is in it already: nothing below U+0300 composes. */
static bool needs_nfc(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0xCC) return true;
    return false;
}

static void append_line(struct buf *out, struct slice line) {
    size_t start = out->len;
    if (start) buf_char(out, '\n');
    if (!needs_nfc(line))
        buf_slice(out, line);
    else if (unicode_nfc(out, line) != ST_OK)
        buf_truncate(out, start);
}

bool extract_text(struct extractor *x, const struct page_tree *t, struct slice title, struct buf *out) {
    if (!blocks_build(&x->blocks, t) || !make_room(x) || !features_read(&x->features, t, &x->blocks, title)) return false;
    for (size_t i = 0; i < x->blocks.n; i++) x->scores[i] = extract_model_score(features_row(&x->features, i));
    share_scores(x);
    for (size_t i = 0; i < x->blocks.n; i++)
        if (x->scores[i] > THRESHOLD) append_line(out, block_text(&x->blocks, i));
    return buf_ok(out);
}
