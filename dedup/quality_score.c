#include "dedup/quality.h"
#include <math.h>

/* What is left of ${limit} when ${value} of it is taken: 1 for nothing taken, 0 at the limit and beyond. */
static double room(double value, double limit) { return limit > 0 && value > 0 ? fmax(0, 1 - value / limit) : 1; }

double quality_score(const struct quality_signals *g) {
    struct quality_settings s;
    quality_defaults(&s);
    s.min_words = s.max_words = 0; /* a length is reported and selected apart */
    if (*quality_verdict(g, &s)) return 0;
    double least = 1;
    for (unsigned i = 0; i < QUALITY_TOP_NGRAMS; i++) least = fmin(least, room(g->top_ngram[i], s.top_ngram[i]));
    for (unsigned i = 0; i < QUALITY_DUP_NGRAMS; i++) least = fmin(least, room(g->dup_ngram[i], s.dup_ngram[i]));
    least = fmin(least, room(g->dup_line_frac, s.dup_line_frac));
    least = fmin(least, room(g->char_dup, s.max_char_dup));
    least = fmin(least, room(g->bullet_lines, s.max_bullet_lines));
    least = fmin(least, room(g->ellipsis_lines, s.max_ellipsis_lines));
    least = fmin(least, room(g->hash_ratio, s.max_symbol_ratio));
    least = fmin(least, room(g->ellipsis_ratio, s.max_symbol_ratio));
    least = fmin(least, room(1 - g->line_punct, 1 - s.min_line_punct));
    return fmin(least, room(g->new_line_ratio, s.max_new_line_ratio));
}
