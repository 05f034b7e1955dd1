/* Signals and verdicts as datatrove's classes give them. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dedup/quality.h"
#include <math.h>

#define SHORT                                                                                                                        \
    "Le soleil se couche sur la plaine, et les derniers oiseaux regagnent la forêt. Au village, une femme ferme ses volets tandis " \
    "que des enfants rentrent en courant par le chemin du moulin."
#define PROSE                                                                                                                        \
    SHORT " Il fait encore chaud dans les maisons de pierre, mais un vent léger descend déjà de la montagne et annonce la nuit. " \
          "Personne n'entend plus le bruit de l'eau sous le vieux pont."

struct value {
    const char *text;
    size_t offset;
    double value;
};
#define SIGNAL(name) offsetof(struct quality_signals, name)
static const struct value values[] = {
    {"", SIGNAL(chars), 0},
    {"été", SIGNAL(chars), 3},
    {"un\xFF", SIGNAL(chars), 3},
    {"L'été, oui !", SIGNAL(words), 5},
    {"L'été, oui !", SIGNAL(real_words), 3},
    {"L’été et l'hiver", SIGNAL(stop_words), 2},
    {"À LA", SIGNAL(stop_words), 2},
    {"a\n\nb\n\na", SIGNAL(dup_para_frac), 1.0 / 3},
    {"ab\ncd\nab\nab", SIGNAL(dup_line_frac), 0.5},
    {"ab\ncd\nab\nab", SIGNAL(dup_line_char_frac), 4.0 / 11},
    {"ab\ncd\nab\nab", SIGNAL(char_dup), 0.5},
    {"\nab\n", SIGNAL(dup_line_frac), 1.0 / 3},
    {"a b a b", SIGNAL(top_ngram), 6.0 / 7},
    {"a b c d e a b c d e", SIGNAL(dup_ngram), 5.0 / 19},
    {"un deux", SIGNAL(avg_word_length), 3},
    {"# a # b", SIGNAL(hash_ratio), 0.5},
    {"a... b…", SIGNAL(ellipsis_ratio), 0.5},
    {"- a\n  • b\nc", SIGNAL(bullet_lines), 2.0 / 3},
    {"a…\nb... \nc", SIGNAL(ellipsis_lines), 2.0 / 3},
    {"a\u2028- b", SIGNAL(bullet_lines), 0.5},
    {"un 2 3 ,", SIGNAL(alpha_words), 0.25},
    {"Oui.\nnon\n\n \nSi ?", SIGNAL(line_punct), 2.0 / 3},
    {"Oui.\n\nUne ligne qui passe de loin trente caractères", SIGNAL(short_lines), 0.5},
    {"a\nb\nc d", SIGNAL(new_line_ratio), 0.5},
    {"AbC d", SIGNAL(upper_frac), 0.5},
    {"a1 b2", SIGNAL(digit_frac), 0.5},
    {"{ Lorem Ipsum", SIGNAL(curly_braces), 1},
    {"{ Lorem Ipsum", SIGNAL(lorem_ipsum), 1},
    {"Activez JavaScript\nici\nNous utilisation des cookies, use cookies", SIGNAL(javascript_lines), 1},
    {"Ce site : utilisation des cookies, use cookies", SIGNAL(policy_lines), 1},
    {"Oui. Non ! Si…", SIGNAL(sentences), 3},
    {"dÃ©jÃ\u00A0 lâ€™eau ici", SIGNAL(mojibake), 3.0 / 7},
    {"a \uFFFD b \uFFFD", SIGNAL(replacement_chars), 0.5},
};

static void test_signals(void **state) {
    (void)state;
    struct quality *q = quality_new();
    struct quality_signals s;
    for (size_t i = 0; i < ROWS(values); i++) {
        double got;
        assert_int_equal(quality_measure(q, slice_str(values[i].text), &s), ST_OK);
        memcpy(&got, (char *)&s + values[i].offset, sizeof got);
        ROW_CHECK(i, fabs(got - values[i].value) < 1e-12, "%f, not %f", got, values[i].value);
    }
    quality_free(q);
}

static void test_verdicts(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {PROSE, ""},
        {"", "empty"},
        {SHORT, "gopher_short_doc"},
        {PROSE "\n" PROSE, "dup_line_frac"},
        {PROSE " " PROSE, "duplicated_5_n_grams"},
        {"oui non oui non oui non", "top_2_gram"},
    };
    struct quality *q = quality_new();
    struct quality_settings set;
    struct quality_signals s;
    quality_defaults(&set);
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(quality_measure(q, slice_str(rows[i].text), &s), ST_OK);
        const char *why = quality_verdict(&s, &set);
        ROW_CHECK(i, strcmp(why, rows[i].reason) == 0, "%s", why);
    }
    quality_free(q);
}

/* Each threshold, by its name, decides on its own signal: at the limit a text stays, past it it goes. */
static void test_thresholds(void **state) {
    (void)state;
    static const struct {
        const char *setting;
        size_t signal;
        double limit;
        bool least;
        const char *reason;
    } rows[] = {
        {"dup_para_frac", SIGNAL(dup_para_frac), 0.3, false, "dup_para_frac"},
        {"dup_para_char_frac", SIGNAL(dup_para_char_frac), 0.2, false, "dup_para_char_frac"},
        {"dup_line_frac", SIGNAL(dup_line_frac), 0.264, false, "dup_line_frac"},
        {"dup_line_char_frac", SIGNAL(dup_line_char_frac), 0.2, false, "dup_line_char_frac"},
        {"top_ngram_4", SIGNAL(top_ngram) + 2 * sizeof(double), 0.134, false, "top_4_gram"},
        {"dup_ngram_10", SIGNAL(dup_ngram) + 5 * sizeof(double), 0.1, false, "duplicated_10_n_grams"},
        {"min_words", SIGNAL(real_words), 50, true, "gopher_short_doc"},
        {"max_words", SIGNAL(real_words), 60, false, "gopher_long_doc"},
        {"min_avg_word_length", SIGNAL(avg_word_length), 2, true, "gopher_below_avg_threshold"},
        {"max_avg_word_length", SIGNAL(avg_word_length), 11, false, "gopher_above_avg_threshold"},
        {"max_symbol_ratio", SIGNAL(hash_ratio), 0.1, false, "gopher_too_many_hashes"},
        {"max_symbol_ratio", SIGNAL(ellipsis_ratio), 0.1, false, "gopher_too_many_ellipsis"},
        {"max_bullet_lines", SIGNAL(bullet_lines), 0.9, false, "gopher_too_many_bullets"},
        {"max_ellipsis_lines", SIGNAL(ellipsis_lines), 0.3, false, "gopher_too_many_end_ellipsis"},
        {"min_alpha_words", SIGNAL(alpha_words), 0.812, true, "gopher_below_alpha_threshold"},
        {"min_stop_words", SIGNAL(stop_words), 2, true, "gopher_enough_stop_words"},
        {"min_line_punct", SIGNAL(line_punct), 0.1, true, "line_punct_ratio"},
        {"max_short_lines", SIGNAL(short_lines), 0.67, false, "short_line_ratio"},
        {"max_char_dup", SIGNAL(char_dup), 0.1, false, "char_dup_ratio"},
        {"max_new_line_ratio", SIGNAL(new_line_ratio), 0.185, false, "list_ratio"},
    };
    struct quality *q = quality_new();
    struct quality_signals good;
    assert_int_equal(quality_measure(q, slice_str(PROSE), &good), ST_OK);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct quality_settings set = {0};
        struct quality_signals s = good;
        double past = rows[i].limit + (rows[i].least ? -1e-9 : 1e-9);
        assert_true(quality_set(&set, slice_str(rows[i].setting), rows[i].limit));
        memcpy((char *)&s + rows[i].signal, &rows[i].limit, sizeof(double));
        ROW_CHECK(i, *quality_verdict(&s, &set) == '\0', "%s", quality_verdict(&s, &set));
        memcpy((char *)&s + rows[i].signal, &past, sizeof(double));
        ROW_CHECK(i, strcmp(quality_verdict(&s, &set), rows[i].reason) == 0, "%s", quality_verdict(&s, &set));
    }
    struct quality_settings set = {0};
    assert_false(quality_set(&set, slice_str("no_such"), 1));
    quality_free(q);
}

/* The room that the nearest limit leaves; 0 from the limit on; the length takes no part. */
static void test_score(void **state) {
    (void)state;
    static const struct {
        size_t signal;
        double value, score;
    } rows[] = {
        {SIGNAL(char_dup), 0.05, 0.5},      {SIGNAL(char_dup), 0.11, 0},    {SIGNAL(new_line_ratio), 0.0925, 0.5},
        {SIGNAL(line_punct), 0.325, 0.25},  {SIGNAL(line_punct), 0.05, 0},  {SIGNAL(bullet_lines), 0.45, 0.5},
        {SIGNAL(alpha_words), 0.8, 0},      {SIGNAL(alpha_words), 0.82, 1}, {SIGNAL(stop_words), 1, 0},
        {SIGNAL(avg_word_length), 11.5, 0}, {SIGNAL(real_words), 3, 1},     {SIGNAL(real_words), 1e6, 1},
        {SIGNAL(dup_para_frac), 0.9, 1}, /* FineWeb-2 sets no limit to it for French */
    };
    const struct quality_signals perfect = {
        .chars = 1000, .words = 200, .real_words = 180, .avg_word_length = 5, .alpha_words = 0.9, .stop_words = 5, .line_punct = 1};
    assert_true(quality_score(&perfect) == 1);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct quality_signals s = perfect;
        memcpy((char *)&s + rows[i].signal, &rows[i].value, sizeof(double));
        ROW_CHECK(i, fabs(quality_score(&s) - rows[i].score) < 1e-9, "%f", quality_score(&s));
    }
}

/* What is stored gives the verdict again; a signal that is missing is told. */
static void test_stored(void **state) {
    (void)state;
    struct quality *q = quality_new();
    struct json_parser *p = json_parser_new(MIB);
    struct quality_signals s, again;
    struct buf b = {0};
    struct json_out j;
    struct json_value v;
    assert_int_equal(quality_measure(q, slice_str(PROSE "\n" PROSE), &s), ST_OK);
    json_out_init(&j, &b);
    quality_json(&j, &s);
    assert_int_equal(json_parse(p, buf_view(&b), &v, NULL), ST_OK);
    assert_true(quality_read(v, &again));
    const double *x = (const double *)&s, *y = (const double *)&again;
    for (size_t i = 0; i < sizeof s / sizeof *x; i++) ROW_CHECK(i, fabs(x[i] - y[i]) < 1e-9, "%f %f", x[i], y[i]);
    assert_int_equal(json_parse(p, slice_str("{\"chars\":1}"), &v, NULL), ST_OK);
    assert_false(quality_read(v, &again));
    buf_free(&b);
    json_parser_free(p);
    quality_free(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signals), cmocka_unit_test(test_verdicts),
                                       cmocka_unit_test(test_thresholds), cmocka_unit_test(test_score),
                                       cmocka_unit_test(test_stored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
