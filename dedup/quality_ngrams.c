#include "dedup/quality_ngrams.h"
#include "base/limits.h"
#include "dedup/quality_counter.h"
#include <stdlib.h>

#define BASE 0x9E3779B97F4A7C15u    /* odd: the golden ratio */
#define INVERSE 0xF1DE83E19937733Du /* BASE * INVERSE = 1 (mod 2^64) */

struct word {
    uint64_t bytes, words; /* the running sums before this word */
    uint64_t unbytes;      /* BASE^-(bytes before), INVERSE^(words before) below */
    uint64_t unwords;
    uint32_t chars; /* code points before */
};
struct ngrams {
    struct word *words; /* n + 1 in use */
    size_t n, cap;
    uint64_t power; /* BASE^(bytes so far) */
    uint64_t word_power;
    struct counter counter;
};

struct ngrams *ngrams_new(void) {
    struct ngrams *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    g->cap = 4096;
    g->words = malloc(g->cap * sizeof *g->words);
    if (!g->words) {
        free(g);
        return NULL;
    }
    ngrams_clear(g);
    return g;
}

void ngrams_free(struct ngrams *g) {
    if (!g) return;
    free(g->words);
    counter_free(&g->counter);
    free(g);
}

void ngrams_clear(struct ngrams *g) {
    g->n = 0;
    g->power = g->word_power = 1;
    g->words[0] = (struct word){.unbytes = 1, .unwords = 1};
}

/* The finaliser of MurmurHash3: every bit of the result depends on every bit of ${x}. */
static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDu;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53u;
    return x ^ x >> 33;
}

bool ngrams_add(struct ngrams *g, const struct token *word) {
    if (g->n >= LIMIT_QUALITY_WORDS) return true;
    if (g->n + 1 >= g->cap) {
        struct word *grown = realloc(g->words, g->cap * 2 * sizeof *grown);
        if (!grown) return false;
        g->words = grown;
        g->cap *= 2;
    }
    const struct word *before = &g->words[g->n];
    struct word after = *before;
    for (size_t i = 0; i < word->text.len; i++) {
        after.bytes += ((uint64_t)(unsigned char)word->text.ptr[i] + 1) * g->power;
        g->power *= BASE;
        after.unbytes *= INVERSE;
    }
    after.words += mix((after.bytes - before->bytes) * before->unbytes) * g->word_power;
    g->word_power *= BASE;
    after.unwords *= INVERSE;
    after.chars += word->chars;
    g->words[++g->n] = after;
    return true;
}

bool ngrams_top(struct ngrams *g, unsigned n, double *chars) {
    *chars = 0;
    if (g->n < n) return true;
    if (!counter_start(&g->counter, g->n)) return false;
    /* The first to reach the highest count need not be the first met: count all, then walk again. */
    uint32_t most = 0;
    for (size_t i = 0; i + n <= g->n; i++) {
        const struct word *a = &g->words[i], *b = &g->words[i + n];
        uint32_t count = counter_add(&g->counter, mix((b->words - a->words) * a->unwords));
        if (count > most) most = count;
    }
    for (size_t i = 0; i + n <= g->n; i++) {
        const struct word *a = &g->words[i], *b = &g->words[i + n];
        if (most > 1 && counter_get(&g->counter, mix((b->words - a->words) * a->unwords)) < most) continue;
        *chars = (double)(b->chars - a->chars + n - 1) * most;
        break;
    }
    return true;
}

bool ngrams_repeated(struct ngrams *g, unsigned n, double *chars) {
    *chars = 0;
    if (g->n < n) return true;
    if (!counter_start(&g->counter, g->n)) return false;
    for (size_t i = 0; i + n <= g->n;) {
        const struct word *a = &g->words[i], *b = &g->words[i + n];
        if (counter_add(&g->counter, mix((b->bytes - a->bytes) * a->unbytes)) > 1) {
            *chars += (double)(b->chars - a->chars);
            i += n;
        } else {
            i++;
        }
    }
    return true;
}
