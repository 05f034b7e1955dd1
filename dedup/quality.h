#ifndef VILLERS_DEDUP_QUALITY_H
#define VILLERS_DEDUP_QUALITY_H
/*
 * Is a French text worth keeping?  The heuristics of FineWeb-2 with its French (`fra_Latn`) thresholds: Gopher repetition, Gopher
 * quality and FineWeb quality, in that order, as datatrove's classes of those names compute them, over words as dedup/tokens.h
 * splits them.  Measuring and judging are apart: signals are numbers kept beside the document, the verdict a pure function of
 * signals and settings, so that a threshold changes without touching text.  Lengths are in code points, as Python counts them.
 */
#include "base/json.h"

#define QUALITY_TOP_NGRAMS 3 /* of 2 to 4 words */
#define QUALITY_DUP_NGRAMS 6 /* of 5 to 10 words */

/* Every field is a number; a ratio whose denominator is 0 is 0. */
struct quality_signals {
    double chars;              /* code points of the text */
    double words;              /* tokens, punctuation included */
    double real_words;         /* tokens with a character that is not punctuation */
    double dup_para_frac;      /* paragraphs (blank-line separated) that repeat an earlier one, over paragraphs */
    double dup_para_char_frac; /* their characters over the text's */
    double dup_line_frac;      /* the same by lines */
    double dup_line_char_frac;
    double top_ngram[QUALITY_TOP_NGRAMS]; /* characters of the commonest 2-, 3-, 4-gram over the text's */
    double dup_ngram[QUALITY_DUP_NGRAMS]; /* characters in repeated 5- to 10-grams over the text's */
    double avg_word_length;               /* code points a real word */
    double hash_ratio;                    /* '#' over words */
    double ellipsis_ratio;                /* "..." and U+2026 over words */
    double bullet_lines;                  /* lines that begin with a bullet or a hyphen, over lines */
    double ellipsis_lines;                /* lines that end with an ellipsis, over lines */
    double alpha_words;                   /* words that hold a letter, over words */
    double stop_words;                    /* distinct French stop words found */
    double line_punct;                    /* lines that end in terminal punctuation, over lines that are not blank */
    double short_lines;                   /* lines of at most 30 characters, over the same */
    double char_dup;                      /* characters in repeated lines over the text's without newlines */
    double new_line_ratio;                /* newlines over words */
    /* Beyond FineWeb-2; recorded, judged only when a setting asks. */
    double upper_frac;        /* capitals over letters */
    double digit_frac;        /* digits over characters that are not space */
    double curly_braces;      /* '{' in the text (C4) */
    double lorem_ipsum;       /* "lorem ipsum" in the text (C4) */
    double javascript_lines;  /* lines that name javascript (C4) */
    double policy_lines;      /* lines about cookies, privacy or terms of use (C4, in French and English) */
    double sentences;         /* terminal marks that end a word */
    double mojibake;          /* UTF-8 read as windows-1252, sequences a word */
    double replacement_chars; /* U+FFFD a word */
};

/* Thresholds; 0 turns one off, as in datatrove (short_lines: 1 never fires). */
struct quality_settings {
    double dup_para_frac, dup_para_char_frac, dup_line_frac, dup_line_char_frac;
    double top_ngram[QUALITY_TOP_NGRAMS];
    double dup_ngram[QUALITY_DUP_NGRAMS];
    double min_words, max_words;
    double min_avg_word_length, max_avg_word_length;
    double max_symbol_ratio, max_bullet_lines, max_ellipsis_lines, min_alpha_words, min_stop_words;
    double min_line_punct, max_short_lines, max_char_dup, max_new_line_ratio;
};

struct quality; /* scratch, one a worker */
struct quality *quality_new(void);
void quality_free(struct quality *q);
/**
 * quality_measure(q, text, out):
 * Any bytes; bad UTF-8 counts as U+FFFD.  RETRY without memory (${out} zeroed), SKIP when the text is over LIMIT_TEXT.
 * O(len) time and memory.
 */
enum status quality_measure(struct quality *q, struct slice text, struct quality_signals *out) MUST_CHECK;
/** quality_defaults(s): FineWeb-2's values for fra_Latn. */
void quality_defaults(struct quality_settings *s);
/**
 * quality_verdict(signals, settings):
 * "" keeps the document, else the first reason against it under the name datatrove gives it ("gopher_short_doc",
 * "dup_line_frac", "line_punct_ratio" …); static.  Pure.
 */
const char *quality_verdict(const struct quality_signals *signals, const struct quality_settings *settings);
/**
 * quality_score(signals):
 * One figure, 0 to 1, to rank and select by: the room that the nearest of FineWeb-2's French limits leaves (quality_defaults(), whatever the
 * settings, so that figures of two hubs compare), as a part of that limit.  0: a limit is reached or passed; 1: no repetition, every line
 * punctuated, no list.  The limits that count are those on repeated lines and n-grams, unpunctuated and short lines, bullets, ellipses,
 * hashes and line breaks; the others (letters, stop words, lengths of words) only take part when they are passed, for running prose sits
 * near them by nature; the document's length takes no part.  So quality_score() >= x is FineWeb-2's filter with those limits drawn in by x.
 */
double quality_score(const struct quality_signals *signals);
/** quality_set(s, name, value): set a threshold by its name ("max_char_dup", "top_ngram_2"); false for an unknown name. */
bool quality_set(struct quality_settings *s, struct slice name, double value);
/** quality_set_text(s, text): the same from "NAME=VALUE"; false when that is not what ${text} is. */
bool quality_set_text(struct quality_settings *s, struct slice text);
/** quality_settings_json(j, s): all thresholds as one object, by the names that quality_set() takes. */
void quality_settings_json(struct json_out *j, const struct quality_settings *s);
/** quality_json(j, signals): all signals as one object, always the same keys in the same order. */
void quality_json(struct json_out *j, const struct quality_signals *signals);
/** quality_read(v, out): the reverse, from a value quality_json() wrote; false when a signal is missing. */
bool quality_read(struct json_value v, struct quality_signals *out);

#endif
