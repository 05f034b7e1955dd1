#include "dedup/quality.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "dedup/quality_lines.h"
#include "dedup/quality_ngrams.h"
#include <stdlib.h>

struct quality {
    struct tokenizer *tokenizer;
    struct ngrams *ngrams;
    struct counter lines;
    struct buf text; /* repaired, or in lower case */
};

/* What the words of one text add up to. */
struct tally {
    struct ngrams *ngrams;
    bool failed;
    uint32_t stop_words; /* bit i: the i-th was seen */
    double words, real, real_chars, alpha, letters, capitals, digits, chars, sentences;
};

struct quality *quality_new(void) {
    struct quality *q = calloc(1, sizeof *q);
    if (!q) return NULL;
    q->tokenizer = tokenizer_new();
    q->ngrams = ngrams_new();
    buf_init(&q->text, 3 * LIMIT_TEXT + KIB);
    if (q->tokenizer && q->ngrams) return q;
    quality_free(q);
    return NULL;
}

void quality_free(struct quality *q) {
    if (!q) return;
    tokenizer_free(q->tokenizer);
    ngrams_free(q->ngrams);
    counter_free(&q->lines);
    buf_free(&q->text);
    free(q);
}

/* FineWeb-2's for fra_Latn, none longer than four bytes. */
static const char stop_words[][5] = {"de", "la", "le", "et", "\xC3\xA0", "en",  "l'",   "du",  "les",
                                     "d'", "un", "il", "au", "une",      "par", "dans", "est", "des"};
#define N_STOP_WORDS (sizeof stop_words / sizeof *stop_words)

static void stop_word(struct slice word, uint32_t *seen) {
    char folded[5] = {0};
    uint32_t key, each;
    size_t n = 0;
    if (word.len < 2 || word.len > 4) return;
    for (size_t i = 0; i < word.len; i++) {
        if (i + 3 <= word.len && memcmp(word.ptr + i, "\xE2\x80\x99", 3) == 0) {
            folded[n++] = '\'';
            i += 2;
        } else {
            folded[n++] = ascii_lower(word.ptr[i]);
        }
    }
    if (n == 2 && folded[0] == '\xC3' && folded[1] == '\x80') folded[1] = '\xA0'; /* À */
    memcpy(&key, folded, sizeof key);
    for (size_t i = 0; i < N_STOP_WORDS; i++) {
        memcpy(&each, stop_words[i], sizeof each);
        if (key == each) *seen |= 1u << i;
    }
}

static bool ends_sentence(const struct token *t) {
    char c = t->text.ptr[0];
    return t->marks == t->chars && (c == '.' || c == '!' || c == '?' || slice_starts(t->text, slice_str("\xE2\x80\xA6")));
}

static void take(void *ctx, const struct token *t) {
    struct tally *y = ctx;
    y->words++;
    if (t->marks < t->chars) {
        y->real++;
        y->real_chars += t->chars;
    }
    y->alpha += t->letters > 0;
    y->letters += t->letters;
    y->capitals += t->capitals;
    y->digits += t->digits;
    y->chars += t->chars;
    y->sentences += ends_sentence(t);
    stop_word(t->text, &y->stop_words);
    if (!ngrams_add(y->ngrams, t)) y->failed = true;
}

static double over(double part, double whole) { return whole > 0 ? part / whole : 0; }

static bool repetition(struct ngrams *g, struct quality_signals *out) {
    double chars;
    for (unsigned i = 0; i < QUALITY_TOP_NGRAMS; i++) {
        if (!ngrams_top(g, i + 2, &chars)) return false;
        out->top_ngram[i] = over(chars, out->chars);
    }
    for (unsigned i = 0; i < QUALITY_DUP_NGRAMS; i++) {
        if (!ngrams_repeated(g, i + 5, &chars)) return false;
        out->dup_ngram[i] = over(chars, out->chars);
    }
    return true;
}

/* How often ${needle} stands in ${text}, as str.count(): none overlaps another. */
static double count(struct slice text, const char *needle) {
    struct slice n = slice_str(needle);
    double found = 0;
    for (size_t at; (at = slice_find(text, n)) != SIZE_MAX; found++) text = slice_sub(text, at + n.len, text.len);
    return found;
}

/* UTF-8 of a Latin letter or of general punctuation that was read as windows-1252: "Ã©", "â€™". */
static double mojibake(struct slice text) {
    double found = count(text, "\xC3\xA2\xE2\x82\xAC");
    for (size_t at; (at = slice_find(text, slice_str("\xC3\x83"))) != SIZE_MAX;) {
        text = slice_sub(text, at + 2, text.len);
        if (text.len >= 2 && text.ptr[0] == '\xC2' && ((unsigned char)text.ptr[1] & 0xC0) == 0x80) found++;
    }
    return found;
}

static const char *const policy[] = {"terms of use",
                                     "privacy policy",
                                     "cookie policy",
                                     "uses cookies",
                                     "use of cookies",
                                     "use cookies",
                                     "utilise des cookies",
                                     "utilisation de cookies",
                                     "utilisation des cookies",
                                     "accepter les cookies",
                                     "conditions d'utilisation",
                                     "conditions d\xE2\x80\x99utilisation",
                                     "politique de confidentialit\xC3\xA9"};

static double lines_with(struct slice text, const char *const *phrases, size_t n) {
    double lines = 0;
    struct slice line;
    while (slice_cut(&text, '\n', &line))
        for (size_t i = 0; i < n; i++)
            if (slice_find(line, slice_str(phrases[i])) != SIZE_MAX) {
                lines++;
                break;
            }
    return lines;
}

static bool any(struct slice text, const char *const *phrases, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (slice_find(text, slice_str(phrases[i])) != SIZE_MAX) return true;
    return false;
}

/* C4's marks of pages that are not prose, in ${text} already in lower case. */
static void c4(struct slice text, struct quality_signals *out) {
    static const char *const javascript[] = {"javascript"};
    /* Each phrase of ${policy} holds one of these, so that most texts are searched a few times only. */
    static const char *const roots[] = {"cookie", "terms of use", "privacy policy", "conditions d", "de confidentialit"};
    out->lorem_ipsum = count(text, "lorem ipsum");
    if (any(text, javascript, 1)) out->javascript_lines = lines_with(text, javascript, 1);
    if (any(text, roots, sizeof roots / sizeof *roots))
        out->policy_lines = lines_with(text, policy, sizeof policy / sizeof *policy);
}

static bool lower_text(struct buf *b, struct slice text) {
    if (b->len == 0) buf_slice(b, text);
    for (size_t i = 0; i < b->len; i++) b->data[i] = ascii_lower(b->data[i]);
    return buf_ok(b);
}

static void symbols(struct slice text, double words, struct quality_signals *out) {
    out->hash_ratio = over(count(text, "#"), words);
    out->ellipsis_ratio = over(count(text, "...") + count(text, "\xE2\x80\xA6"), words);
    out->curly_braces = count(text, "{");
    out->mojibake = over(mojibake(text), words);
    out->replacement_chars = over(count(text, "\xEF\xBF\xBD"), words);
}

static bool measure(struct quality *q, struct slice text, struct quality_signals *out) {
    struct tally y = {.ngrams = q->ngrams};
    ngrams_clear(q->ngrams);
    tokenizer_run(q->tokenizer, text, take, &y);
    if (y.failed) return false;
    out->chars = (double)quality_chars(text);
    out->words = y.words;
    out->real_words = y.real;
    out->avg_word_length = over(y.real_chars, y.real);
    out->alpha_words = over(y.alpha, y.words);
    out->stop_words = (double)__builtin_popcount(y.stop_words);
    out->upper_frac = over(y.capitals, y.letters);
    out->digit_frac = over(y.digits, y.chars);
    out->sentences = y.sentences;
    if (!quality_lines(text, &q->lines, out)) return false;
    out->new_line_ratio = over(out->new_line_ratio, y.words);
    symbols(text, y.words, out);
    return repetition(q->ngrams, out);
}

enum status quality_measure(struct quality *q, struct slice text, struct quality_signals *out) {
    *out = (struct quality_signals){0};
    if (text.len > LIMIT_TEXT) return ST_SKIP;
    buf_clear(&q->text);
    if (!utf8_valid(text)) {
        utf8_repair(&q->text, text);
        text = buf_view(&q->text);
    }
    bool done = buf_ok(&q->text) && measure(q, text, out) && lower_text(&q->text, text);
    if (done) {
        c4(buf_view(&q->text), out);
        return ST_OK;
    }
    *out = (struct quality_signals){0};
    return ST_RETRY;
}
