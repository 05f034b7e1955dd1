/*
 * Which blocks of a page are its main text.
 */
#include "crawler/extract.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/extract_weigh.h"
#include <stdlib.h>

/* A block's own score counts for so much, the mean of those that look like it on the page for the rest. */
#define OWN_WEIGHT 0.75f
#define THRESHOLD 0.5f
#define BRIEF_PAGE 600 /* below which the heading is a good part of what the page says */
#define SHORT_PAGE 250 /* bytes of main text below which a page is short */
#define SHORT_THRESHOLD 0.05f

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

struct extract_cues *extractor_cues(const struct extractor *x) {
    return x->cues;
}

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
        float shared = OWN_WEIGHT * x->scores[i] + (1 - OWN_WEIGHT) * g->score / g->weight;
        const float *r = features_row(f, i);
        /* a link among paragraphs is not lifted by them */
        if (shared < x->scores[i] || (r[F_link_density] < 0.3f && r[F_opening] <= 0)) x->scores[i] = shared;
    }
}

/* Not a part of the site around the text, as far as its place says. */
static bool is_plausible(const float *r) {
    static const enum extract_place places[] = {PLACE_NAV, PLACE_FOOTER, PLACE_ASIDE, PLACE_HEADER, PLACE_FORM, PLACE_HIDDEN};
    static const enum extract_cue cues[] = {CUE_COOKIE, CUE_CONSENT, CUE_NAV,     CUE_FOOTER, CUE_SIDE,  CUE_SIGNUP,
                                            CUE_SHARE,  CUE_RELATED, CUE_COMMENT, CUE_AD,     CUE_HEADER};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (r[F_places + places[i]] > 0) return false;
    for (size_t i = 0; i < sizeof cues / sizeof *cues; i++)
        if (r[F_path_cues + cues[i]] > 0) return false;
    return r[F_link_density] < 0.5f && r[F_opening] <= 0 && r[F_outside_main] <= 0 && r[F_outside_article] <= 0;
}

/* A page of a few words (a form's notice, a short decree) has no paragraphs to be known by: take what stands in the place of a text. */
static void keep_short_page(struct extractor *x) {
    size_t kept = 0;
    for (size_t i = 0; i < x->blocks.n; i++) kept += x->scores[i] > THRESHOLD ? x->blocks.items[i].len : 0;
    if (kept >= BRIEF_PAGE) return;
    for (size_t i = 0; i < x->blocks.n; i++) {
        const float *r = features_row(&x->features, i);
        if (r[F_heading_level] == 1 && r[F_same_title] > 0 && is_plausible(r)) x->scores[i] = 1;
    }
    if (kept >= SHORT_PAGE) return;
    for (size_t i = 0; i < x->blocks.n; i++) {
        const float *r = features_row(&x->features, i);
        bool sentence = r[F_bytes] >= 60 && r[F_punct] >= 1;
        if ((x->scores[i] > SHORT_THRESHOLD || sentence || r[F_heading_level] == 1) && is_plausible(r)) x->scores[i] = 1;
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

bool extract_text(struct extractor *x, const struct page_tree *t, struct slice title, bool forum, struct buf *out) {
    x->features.forum = forum;
    if (!blocks_build(&x->blocks, t) || !make_room(x) || !features_read(&x->features, t, &x->blocks, title)) return false;
    for (size_t i = 0; i < x->blocks.n; i++) x->scores[i] = extract_weigh(features_row(&x->features, i));
    share_scores(x);
    keep_short_page(x);
    for (size_t i = 0; i < x->blocks.n; i++)
        if (x->scores[i] > THRESHOLD && features_row(&x->features, i)[F_path_cues + CUE_COOKIE] <= 0)
            append_line(out, block_text(&x->blocks, i));
    return buf_ok(out);
}
