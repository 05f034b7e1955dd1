#include "dedup/langid.h"
#include "base/limits.h"
#include "dedup/langid_clean.h"
#include "dedup/langid_codes.h"
#include "dedup/langid_piece.h"
#include <stdlib.h>

/*
 * CLD2's own ground is documents.  A text past LONG_TEXT bytes that it finds all of one language, not French, is that; one past
 * LONG_FRENCH all French is sampled for a neighbour that CLD2 does not know.
 */
enum { LONG_TEXT = 256, LONG_FRENCH = 1024, SAMPLE = 512, MAX_TALLY = 16 };

struct tally {
    char language[4];
    size_t bytes;
    double score; /* sum over the bytes */
};

struct langid {
    struct cld2 *cld2;
    struct voter *voter;
    struct buf clean;
    struct tally tally[MAX_TALLY]; /* [0] is "und" */
    unsigned n_tally;
};

struct langid *langid_new(void) {
    struct langid *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->cld2 = cld2_new();
    l->voter = voter_new();
    buf_init(&l->clean, 3 * LIMIT_TEXT);
    if (l->cld2 && l->voter) return l;
    langid_free(l);
    return NULL;
}

void langid_free(struct langid *l) {
    if (!l) return;
    cld2_free(l->cld2);
    voter_free(l->voter);
    buf_free(&l->clean);
    free(l);
}

static void tally_add(struct langid *l, const struct piece_verdict *v) {
    unsigned i = 0;
    while (i < l->n_tally && strcmp(l->tally[i].language, v->language) != 0) i++;
    if (i == MAX_TALLY) i = 0; /* a document of seventeen languages: the rest is undecided */
    if (i == l->n_tally) {
        l->n_tally++;
        l->tally[i] = (struct tally){.bytes = 0};
        memcpy(l->tally[i].language, v->language, 4);
    }
    l->tally[i].bytes += v->bytes;
    l->tally[i].score += v->score * (double)v->bytes;
}

/* The language of most bytes of [start, end) by the spans; *from moves on to the first span that may matter to what follows. */
static uint16_t span_language(const struct cld2_answer *answer, size_t start, size_t end, size_t *from) {
    uint16_t best = CLD2_UNKNOWN;
    size_t most = 0;
    while (*from < answer->n_spans && answer->spans[*from].offset + answer->spans[*from].bytes <= start) (*from)++;
    for (size_t i = *from; i < answer->n_spans && answer->spans[i].offset < end; i++) {
        size_t a = answer->spans[i].offset, b = a + answer->spans[i].bytes;
        size_t bytes = (b < end ? b : end) - (a > start ? a : start);
        if (bytes > most) {
            most = bytes;
            best = answer->spans[i].lang;
        }
    }
    return best;
}

/* Judge the pieces of [start, end) of the clean text. */
static void judge_range(struct langid *l, const struct cld2_answer *answer, size_t start, size_t end) {
    struct slice text = slice_sub(buf_view(&l->clean), 0, end);
    size_t from = 0;
    for (size_t at = start; at < text.len;) {
        size_t begin = at;
        struct piece_verdict v;
        struct slice piece = piece_next(text, &at);
        uint16_t lang = span_language(answer, begin, at, &from);
        if (lang == CLD2_UNKNOWN) lang = answer->lang[0];
        piece_judge(l->voter, piece, langid_iso(cld2_code(lang)), answer->reliable && lang == answer->lang[0], &v);
        tally_add(l, &v);
    }
}

static int by_bytes(const void *a, const void *b) {
    const struct tally *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return strcmp(x->language, y->language);
}

/* Undecided pieces go with the decided ones when those are half of the text; else the text is undecided. */
static void report(struct langid *l, struct langid_result *res) {
    size_t undecided = l->tally[0].bytes, decided = 0;
    for (unsigned i = 1; i < l->n_tally; i++) decided += l->tally[i].bytes;
    if (decided == 0) return;
    double total = (double)decided + (decided >= undecided ? 0 : (double)undecided);
    qsort(l->tally + 1, l->n_tally - 1, sizeof l->tally[0], by_bytes);
    for (unsigned i = 1; i < l->n_tally; i++) {
        const struct tally *t = &l->tally[i];
        double share = (double)t->bytes / total;
        if (strcmp(t->language, "fra") == 0) res->french_share = share;
        if (res->n == LANGID_MAX_LANGUAGES) continue;
        memcpy(res->languages[res->n].code, t->language, 4);
        res->languages[res->n++].share = share;
    }
    if (decided < undecided) return;
    memcpy(res->language, l->tally[1].language, 4);
    res->score = l->tally[1].score / total;
}

static void judge(struct langid *l, const struct cld2_answer *answer) {
    size_t len = l->clean.len;
    bool one = answer->reliable && answer->lang[0] != CLD2_UNKNOWN && answer->share[0] >= 0.97;
    struct piece_verdict sure = {.score = 0.99, .bytes = len};
    memcpy(sure.language, langid_iso(cld2_code(answer->lang[0])), 4);
    bool french = strcmp(sure.language, "fra") == 0;
    if (one && !french && len > LONG_TEXT) {
        tally_add(l, &sure);
    } else if (one && french && len > LONG_FRENCH) {
        judge_range(l, answer, 0, SAMPLE);
        judge_range(l, answer, len - SAMPLE, len);
    } else {
        judge_range(l, answer, 0, len);
    }
}

/* A BCP 47 tag as CLD2 may be given it: letters, digits and hyphens, else nothing. */
static void plain_tag(struct slice tag, char out[16]) {
    out[0] = 0;
    if (tag.len >= 16) return;
    for (size_t i = 0; i < tag.len; i++)
        if (!ascii_is_alnum(tag.ptr[i]) && tag.ptr[i] != '-') return;
    if (tag.len) memcpy(out, tag.ptr, tag.len);
    out[tag.len] = 0;
}

/* CLD2's word; the declared language, which often lies, is let in only when the text alone leaves CLD2 undecided. */
static enum status ask_cld2(struct langid *l, struct slice clean, const struct langid_hints *hints, struct cld2_answer *answer) {
    char declared[16];
    enum status st = cld2_detect(l->cld2, clean, false, NULL, answer);
    if (st != ST_OK || answer->lang[0] != CLD2_UNKNOWN || !hints) return st;
    plain_tag(hints->declared_language, declared);
    if (!declared[0]) return st;
    return cld2_detect(l->cld2, clean, false, declared, answer);
}

void langid_detect(struct langid *l, struct slice text, const struct langid_hints *hints, struct langid_result *res) {
    struct cld2_answer answer;
    memset(res, 0, sizeof *res);
    memcpy(res->language, "und", 4);
    buf_clear(&l->clean);
    langid_clean(&l->clean, slice_sub(text, 0, LIMIT_TEXT));
    struct slice clean = buf_ok(&l->clean) ? buf_view(&l->clean) : slice_of("", 0);
    const char *script = langid_script(clean);
    l->n_tally = 1;
    l->tally[0] = (struct tally){.language = "und"};
    if (ask_cld2(l, clean, hints, &answer) == ST_OK) {
        judge(l, &answer);
        report(l, res);
    }
    memcpy(res->script, langid_script_of(res->language, script), 5);
}

const char *langid_version(void) { return "cld2-20140204+villers-2"; }
