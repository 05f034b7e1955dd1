#ifndef VILLERS_DEDUP_TOKENS_CHARS_H
#define VILLERS_DEDUP_TOKENS_CHARS_H
/* Classes of code points as spaCy's patterns and datatrove's sets of punctuation have them, and the short words of the patterns. */
#include "base/slice.h"

enum char_class {
    CHAR_SPACE = 1,
    CHAR_ALPHA = 2,  /* a letter to spaCy, which leaves out the ordinals and the micro sign */
    CHAR_LETTER = 4, /* a letter to Python's isalpha() */
    CHAR_LOWER = 8,
    CHAR_UPPER = 16,
    CHAR_DIGIT = 32,
    CHAR_AFFIX = 64, /* punctuation and quotes, taken off at either end */
    CHAR_QUOTE = 128,
    CHAR_PREFIX = 256, /* taken off at the beginning only */
    CHAR_ICON = 512,   /* category So */
    CHAR_CURRENCY = 1024,
    CHAR_HYPHEN = 2048,
    CHAR_APOSTROPHE = 4096,
    CHAR_MARK = 8192, /* in datatrove's PUNCTUATION_SET */
    CHAR_SUPERSCRIPT = 16384
};

/** tokens_chars_class(cp): all that apply. */
unsigned tokens_chars_class(uint32_t cp);
/** tokens_chars_terminal(cp): ends a sentence in some script (datatrove's TERMINAL_PUNCTUATION). */
bool tokens_chars_terminal(uint32_t cp);
/** tokens_chars_unit, tokens_chars_pronoun: ${word} is a unit of measure; a pronoun that follows a verb and its hyphen. */
bool tokens_chars_unit(struct slice word);
bool tokens_chars_pronoun(struct slice word);
/** tokens_chars_address(word): a web address, with or without its scheme, or the address of a mailbox.  O(len). */
bool tokens_chars_address(struct slice word);

#endif
