#include "dedup/langid_vote.h"
#include "dedup/langid_weights.h"
#include <assert.h>
#include <stdlib.h>

/* A word's hash to a bit for French and one for each neighbour; open addressing, twice as many slots as words. */
enum { SLOTS = 4096, FRENCH_BIT = WORDS_NEAR_MAX };

struct voter {
    uint32_t hash[SLOTS];
    uint32_t bits[SLOTS]; /* 0: empty */
};

static size_t slot_of(const struct voter *v, uint32_t hash) {
    size_t at = hash % SLOTS;
    while (v->bits[at] && v->hash[at] != hash) at = (at + 1) % SLOTS;
    return at;
}

static void add_words(struct voter *v, const char *words, unsigned bit) {
    struct slice text = slice_str(words);
    struct langid_word word;
    for (size_t at = 0; langid_word_next(text, &at, &word, NULL, NULL);) {
        size_t slot = slot_of(v, word.hash);
        v->hash[slot] = word.hash;
        v->bits[slot] |= 1u << bit;
    }
}

struct voter *voter_new(void) {
    struct voter *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    assert(words_near_n <= WORDS_NEAR_MAX);
    add_words(v, words_french, FRENCH_BIT);
    for (size_t i = 0; i < words_near_n; i++) add_words(v, words_near[i].words, (unsigned)i);
    return v;
}

void voter_free(struct voter *v) { free(v); }

static void count_bits(uint32_t bits, struct vote *out) {
    if (bits >> FRENCH_BIT & 1) out->french++;
    for (size_t i = 0; i < words_near_n; i++) out->near[i] += bits >> i & 1;
}

void voter_count(const struct voter *v, struct slice text, struct vote *out) {
    struct langid_word word;
    uint16_t features[LANGID_WORD_GRAMS];
    unsigned n = 0;
    for (size_t at = 0; langid_word_next(text, &at, &word, features, &n);) {
        out->letters += word.letters;
        out->bytes += word.end - word.start;
        if (!word.latin) {
            out->foreign++;
            continue;
        }
        int sum = 0;
        for (unsigned i = 0; i < n; i++) sum += langid_weights[features[i]];
        out->logit += sum * (double)langid_weight_scale;
        out->words++;
        out->capitals += word.capital;
        uint32_t bits = v->bits[slot_of(v, word.hash)];
        if (bits) count_bits(bits, out);
    }
}

double voter_logit(const struct vote *vote) { return vote->logit + (double)langid_weight_bias; }

size_t voter_near(const struct vote *vote, unsigned *n) {
    size_t best = 0;
    for (size_t i = 1; i < words_near_n; i++)
        if (vote->near[i] > vote->near[best]) best = i;
    *n = vote->near[best];
    return best;
}
