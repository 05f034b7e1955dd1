/* Thresholds and the verdict; and the signals as JSON. */
#include "dedup/quality.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

void quality_defaults(struct quality_settings *s) {
    *s = (struct quality_settings){
        .dup_line_frac = 0.264,
        .top_ngram = {0.161, 0.149, 0.134},
        .dup_ngram = {0.15, 0.141, 0.131, 0.121, 0.111, 0.1},
        .min_words = 50,
        .max_words = 100000,
        .min_avg_word_length = 2,
        .max_avg_word_length = 11,
        .max_symbol_ratio = 0.1,
        .max_bullet_lines = 0.9,
        .max_ellipsis_lines = 0.3,
        .min_alpha_words = 0.812,
        .min_stop_words = 2,
        .min_line_punct = 0.1,
        .max_short_lines = 1,
        .max_char_dup = 0.1,
        .max_new_line_ratio = 0.185,
    };
}

static bool above(double value, double limit) { return limit > 0 && value > limit; }
static bool below(double value, double limit) { return limit > 0 && value < limit; }

/* datatrove's GopherRepetitionFilter. */
static const char *repetition(const struct quality_signals *g, const struct quality_settings *s) {
    static const char *const top[] = {"top_2_gram", "top_3_gram", "top_4_gram"};
    static const char *const dup[] = {"duplicated_5_n_grams", "duplicated_6_n_grams", "duplicated_7_n_grams",
                                      "duplicated_8_n_grams", "duplicated_9_n_grams", "duplicated_10_n_grams"};
    if (g->chars < 1) return "empty";
    if (above(g->dup_para_frac, s->dup_para_frac)) return "dup_para_frac";
    if (above(g->dup_para_char_frac, s->dup_para_char_frac)) return "dup_para_char_frac";
    if (above(g->dup_line_frac, s->dup_line_frac)) return "dup_line_frac";
    if (above(g->dup_line_char_frac, s->dup_line_char_frac)) return "dup_line_char_frac";
    for (unsigned i = 0; i < QUALITY_TOP_NGRAMS; i++)
        if (above(g->top_ngram[i], s->top_ngram[i])) return top[i];
    for (unsigned i = 0; i < QUALITY_DUP_NGRAMS; i++)
        if (above(g->dup_ngram[i], s->dup_ngram[i])) return dup[i];
    return "";
}

/* datatrove's GopherQualityFilter. */
static const char *gopher(const struct quality_signals *g, const struct quality_settings *s) {
    if (below(g->real_words, s->min_words)) return "gopher_short_doc";
    if (above(g->real_words, s->max_words)) return "gopher_long_doc";
    if (below(g->avg_word_length, s->min_avg_word_length)) return "gopher_below_avg_threshold";
    if (above(g->avg_word_length, s->max_avg_word_length)) return "gopher_above_avg_threshold";
    if (above(g->hash_ratio, s->max_symbol_ratio)) return "gopher_too_many_hashes";
    if (above(g->ellipsis_ratio, s->max_symbol_ratio)) return "gopher_too_many_ellipsis";
    if (above(g->bullet_lines, s->max_bullet_lines)) return "gopher_too_many_bullets";
    if (above(g->ellipsis_lines, s->max_ellipsis_lines)) return "gopher_too_many_end_ellipsis";
    if (below(g->alpha_words, s->min_alpha_words)) return "gopher_below_alpha_threshold";
    return below(g->stop_words, s->min_stop_words) ? "gopher_enough_stop_words" : "";
}

/* datatrove's FineWebQualityFilter. */
static const char *fineweb(const struct quality_signals *g, const struct quality_settings *s) {
    if (below(g->line_punct, s->min_line_punct)) return "line_punct_ratio";
    if (above(g->short_lines, s->max_short_lines)) return "short_line_ratio";
    if (above(g->char_dup, s->max_char_dup)) return "char_dup_ratio";
    return above(g->new_line_ratio, s->max_new_line_ratio) ? "list_ratio" : "";
}

const char *quality_verdict(const struct quality_signals *signals, const struct quality_settings *settings) {
    const char *why = repetition(signals, settings);
    if (!*why) why = gopher(signals, settings);
    return *why ? why : fineweb(signals, settings);
}

struct field {
    const char *name;
    size_t offset;
};
#define FIELD(type, name)                                                                                                          \
    { #name, offsetof(struct type, name) }
#define NGRAM(type, field, n, first)                                                                                               \
    { #field "_" #n, offsetof(struct type, field) + sizeof(double) * ((n) - (first)) }
#define NGRAMS(type)                                                                                                               \
    NGRAM(type, top_ngram, 2, 2), NGRAM(type, top_ngram, 3, 2), NGRAM(type, top_ngram, 4, 2), NGRAM(type, dup_ngram, 5, 5),        \
        NGRAM(type, dup_ngram, 6, 5), NGRAM(type, dup_ngram, 7, 5), NGRAM(type, dup_ngram, 8, 5), NGRAM(type, dup_ngram, 9, 5),    \
        NGRAM(type, dup_ngram, 10, 5)
#define SIGNAL(name) FIELD(quality_signals, name)
#define SETTING(name) FIELD(quality_settings, name)

static const struct field signal_fields[] = {SIGNAL(chars),
                                             SIGNAL(words),
                                             SIGNAL(real_words),
                                             SIGNAL(dup_para_frac),
                                             SIGNAL(dup_para_char_frac),
                                             SIGNAL(dup_line_frac),
                                             SIGNAL(dup_line_char_frac),
                                             NGRAMS(quality_signals),
                                             SIGNAL(avg_word_length),
                                             SIGNAL(hash_ratio),
                                             SIGNAL(ellipsis_ratio),
                                             SIGNAL(bullet_lines),
                                             SIGNAL(ellipsis_lines),
                                             SIGNAL(alpha_words),
                                             SIGNAL(stop_words),
                                             SIGNAL(line_punct),
                                             SIGNAL(short_lines),
                                             SIGNAL(char_dup),
                                             SIGNAL(new_line_ratio),
                                             SIGNAL(upper_frac),
                                             SIGNAL(digit_frac),
                                             SIGNAL(curly_braces),
                                             SIGNAL(lorem_ipsum),
                                             SIGNAL(javascript_lines),
                                             SIGNAL(policy_lines),
                                             SIGNAL(sentences),
                                             SIGNAL(mojibake),
                                             SIGNAL(replacement_chars)};
static const struct field setting_fields[] = {
    SETTING(dup_para_frac),       SETTING(dup_para_char_frac), SETTING(dup_line_frac),    SETTING(dup_line_char_frac),
    NGRAMS(quality_settings),     SETTING(min_words),          SETTING(max_words),        SETTING(min_avg_word_length),
    SETTING(max_avg_word_length), SETTING(max_symbol_ratio),   SETTING(max_bullet_lines), SETTING(max_ellipsis_lines),
    SETTING(min_alpha_words),     SETTING(min_stop_words),     SETTING(min_line_punct),   SETTING(max_short_lines),
    SETTING(max_char_dup),        SETTING(max_new_line_ratio)};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static_assert(COUNT(signal_fields) == sizeof(struct quality_signals) / sizeof(double), "every signal has its name");
static_assert(COUNT(setting_fields) == sizeof(struct quality_settings) / sizeof(double), "every threshold has its name");

bool quality_set(struct quality_settings *s, struct slice name, double value) {
    for (size_t i = 0; i < COUNT(setting_fields); i++)
        if (slice_eq_str(name, setting_fields[i].name)) {
            memcpy((char *)s + setting_fields[i].offset, &value, sizeof value);
            return true;
        }
    return false;
}

bool quality_set_text(struct quality_settings *s, struct slice text) {
    char number[32], *end;
    size_t at = slice_find_char(text, '=');
    struct slice value = at == SIZE_MAX ? text : slice_sub(text, at + 1, text.len);
    if (at == SIZE_MAX || value.len == 0 || value.len >= sizeof number || ascii_is_space(value.ptr[0])) return false;
    memcpy(number, value.ptr, value.len);
    number[value.len] = '\0';
    double v = strtod(number, &end);
    return *end == '\0' && v >= 0 && v <= 1e15 && quality_set(s, slice_sub(text, 0, at), v);
}

static void write_field(struct json_out *j, const struct field *f, const void *of, int decimals) {
    double value;
    memcpy(&value, (const char *)of + f->offset, sizeof value);
    if (value == floor(value) && value < 1e15)
        json_kv_int(j, f->name, (int64_t)value);
    else
        json_kv_float(j, f->name, value, decimals);
}

void quality_settings_json(struct json_out *j, const struct quality_settings *s) {
    json_object(j);
    for (size_t i = 0; i < COUNT(setting_fields); i++) write_field(j, &setting_fields[i], s, 9);
    json_object_end(j);
}

/* A count is written whole; a ratio so that a text of a million characters keeps its verdict when it is read back. */
void quality_json(struct json_out *j, const struct quality_signals *signals) {
    json_object(j);
    for (size_t i = 0; i < COUNT(signal_fields); i++) write_field(j, &signal_fields[i], signals, 9);
    json_object_end(j);
}

bool quality_read(struct json_value v, struct quality_signals *out) {
    *out = (struct quality_signals){0};
    for (size_t i = 0; i < COUNT(signal_fields); i++) {
        struct json_value member;
        double value;
        if (!json_get(v, signal_fields[i].name, &member) || !json_as_float(member, &value)) return false;
        memcpy((char *)out + signal_fields[i].offset, &value, sizeof value);
    }
    return true;
}
