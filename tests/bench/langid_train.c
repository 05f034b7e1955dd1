/*
 * Learns the weights of dedup/langid_weights.c: logistic regression by AdaGrad over the features of dedup/langid_grams.c, on snippets
 * of 1 to 24 words, some without accents, drawn from one file a language.
 *
 *     langid_train OUT.c STEPS fra.txt WEIGHT cat.txt WEIGHT …      (a text a line; the first file is the French)
 *
 * tests/bench/langid_corpus.py makes the files.  The draw is seeded: the same files give the same table.
 */
#include "base/utf8.h"
#include "dedup/langid_grams.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LANGS = 128, MAX_WORDS = 24, MAX_FEATURES = MAX_WORDS * LANGID_WORD_GRAMS };

struct texts {
    char *bytes;
    size_t len, *line;
    size_t lines;
    double weight;
};

static float weights[LANGID_GRAMS], squares[LANGID_GRAMS], bias, bias_square;
static uint64_t state = 88172645463325252ull;

static uint64_t draw(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}
static double uniform(void) { return (double)(draw() >> 11) / 9007199254740992.0; }

static bool load(const char *path, struct texts *t) {
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    fseek(f, 0, SEEK_END);
    t->len = (size_t)ftell(f);
    rewind(f);
    t->bytes = malloc(t->len + 1);
    t->line = malloc((t->len + 1) * sizeof *t->line);
    if (!t->bytes || !t->line || fread(t->bytes, 1, t->len, f) != t->len) return false;
    fclose(f);
    for (size_t i = 0; i < t->len; i++)
        if (i == 0 || t->bytes[i - 1] == '\n') t->line[t->lines++] = i;
    t->line[t->lines] = t->len;
    return t->lines > 0;
}

/* A run of words from a line, folded now and then to letters without marks. */
static unsigned snippet(const struct texts *t, uint16_t *features, bool held_out, unsigned words) {
    size_t i;
    do i = draw() % t->lines;
    while (t->lines > 1000 && (i % 20 == 0) != held_out);
    struct slice line = slice_of(t->bytes + t->line[i], t->line[i + 1] - t->line[i]);
    struct buf folded = {0};
    if (uniform() < 0.25) {
        unicode_fold(&folded, line);
        line = buf_view(&folded);
    }
    struct langid_word w;
    unsigned total = 0, n = 0, in_line = 0;
    for (size_t at = 0; langid_word_next(line, &at, &w, NULL, NULL);) in_line++;
    unsigned skip = in_line > words ? (unsigned)(draw() % (in_line - words + 1)) : 0;
    for (size_t at = 0; words > 0;) {
        if (!langid_word_next(line, &at, &w, features + n, &total)) break;
        if (skip > 0) {
            skip--;
            continue;
        }
        n += total;
        words--;
    }
    buf_free(&folded);
    return n;
}

static double logit(const uint16_t *f, unsigned n) {
    double sum = bias;
    for (unsigned i = 0; i < n; i++) sum += weights[f[i]];
    return sum;
}

static void learn(const uint16_t *f, unsigned n, double target, double rate) {
    double p = 1 / (1 + exp(-logit(f, n))), g = p - target;
    bias_square += (float)(g * g);
    bias -= (float)(rate * g / sqrt(1e-6 + bias_square));
    for (unsigned i = 0; i < n; i++) {
        float *w = &weights[f[i]], *q = &squares[f[i]];
        double gi = g + 2e-7 * *w;
        *q += (float)(gi * gi);
        *w -= (float)(rate * gi / sqrt(1e-6 + *q));
    }
}

static const struct texts *pick(const struct texts *t, unsigned n, double sum) {
    double x = uniform() * sum;
    for (unsigned i = 1; i + 1 < n; i++) {
        x -= t[i].weight;
        if (x < 0) return &t[i];
    }
    return &t[n - 1];
}

static void check(struct texts *t, unsigned n, char **names) {
    static uint16_t f[MAX_FEATURES];
    const unsigned lengths[] = {2, 5, 12};
    for (unsigned k = 0; k < 3; k++) {
        printf("%2u words:", lengths[k]);
        for (unsigned i = 0; i < n; i++) {
            unsigned french = 0;
            for (unsigned j = 0; j < 2000; j++) french += logit(f, snippet(&t[i], f, true, lengths[k])) > 0;
            printf(" %.3s %.3f", names[i], french / 2000.0);
        }
        printf("\n");
    }
}

static const char head[] =
    "/*\n"
    " * Made by tests/bench/langid_train.c from these texts (tests/bench/langid_corpus.py takes them from Debian 12's packages):\n"
    " *   stardict-xmlittre: Littré's dictionary of French, 1863-1877; the text is in the public domain\n"
    " *   libreoffice-help-*, libreoffice-l10n-* of 50 languages: MPL-2.0\n"
    " *   hunspell-es, hunspell-ro: words, MPL-1.1; wamerican: words, SCOWL's permissive licence\n"
    " *   dict-devil, dict-jargon: English, public domain\n"
    " *   tests/bench/langid_texts: written for this program (Apache-2.0), with lines of public-domain classics\n"
    " * No text or word of them stands here: only how much a hashed group of letters speaks for French against all others together.\n"
    " */\n";

static void write_table(const char *path, double scale) {
    FILE *out = fopen(path, "w");
    if (!out) exit(1);
    fputs(head, out);
    fprintf(out, "/* One unit is 1/%g of log-odds. */\n", scale);
    fprintf(out, "#include \"dedup/langid_weights.h\"\n\nconst float langid_weight_scale = %gf, langid_weight_bias = %.4ff;\n",
            1 / scale, (double)bias);
    fprintf(out, "/* clang-format off */\nconst signed char langid_weights[LANGID_GRAMS] = {\n");
    for (unsigned i = 0; i < LANGID_GRAMS; i++) {
        double v = round(weights[i] * scale);
        fprintf(out, "%d,%s", (int)(v > 127 ? 127 : v < -127 ? -127 : v), i % 128 == 127 ? "\n" : "");
    }
    fprintf(out, "};\n/* clang-format on */\n");
    fclose(out);
}

int main(int argc, char **argv) {
    static struct texts t[MAX_LANGS];
    static uint16_t f[MAX_FEATURES];
    static char *names[MAX_LANGS];
    unsigned n = 0;
    double sum = 0;
    for (int i = 3; i + 1 < argc && n < MAX_LANGS; i += 2, n++) {
        names[n] = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
        t[n].weight = atof(argv[i + 1]);
        if (!load(argv[i], &t[n])) return fprintf(stderr, "cannot read %s\n", argv[i]), 1;
        if (n > 0) sum += t[n].weight;
    }
    if (n < 2) return fprintf(stderr, "usage: langid_train OUT.c STEPS fra.txt WEIGHT OTHER.txt WEIGHT …\n"), 64;
    long steps = atol(argv[2]);
    for (long s = 0; s < steps; s++) {
        bool french = uniform() < t[0].weight;
        unsigned words = 1 + (unsigned)(pow(uniform(), 2) * (MAX_WORDS - 1));
        unsigned k = snippet(french ? &t[0] : pick(t, n, sum), f, false, words);
        if (k) learn(f, k, french, 0.05);
    }
    check(t, n, names);
    write_table(argv[1], 40);
    return 0;
}
