#include "dedup/langid_grams.h"
#include "base/utf8.h"

enum { GRAM_LONGEST = 5 };

static uint32_t mix(uint32_t h, uint32_t letter) {
    h = (h ^ letter) * 0x9E3779B1u;
    return h ^ h >> 15;
}

static uint16_t feature_of(uint32_t h) { return (uint16_t)((h * 0x85EBCA6Bu) >> (32 - LANGID_GRAMS_LOG2)); }

/* One code point at *at; *letter is its lower case, 0 when it is no letter. */
static uint32_t read_letter(struct slice text, size_t *at, uint32_t *letter) {
    unsigned char c = (unsigned char)text.ptr[*at];
    if (c < 0x80) {
        (*at)++;
        *letter = ascii_is_alpha((char)c) ? (uint32_t)(unsigned char)ascii_lower((char)c) : 0;
        return c;
    }
    uint32_t cp = utf8_decode(text, at);
    if (cp >= 0xC0 && cp <= 0xFF)
        *letter = cp == 0xD7 || cp == 0xF7 ? 0 : cp < 0xDF ? cp + 32 : cp;
    else
        *letter = unicode_is_letter(cp) ? unicode_lower(cp) : 0;
    return cp;
}

static bool apostrophe(struct slice text, size_t at) {
    if (at >= text.len) return false;
    if (text.ptr[at] == '\'') return true;
    return at + 2 < text.len && memcmp(text.ptr + at, "\xE2\x80\x99", 3) == 0;
}

static unsigned grams_of(const uint32_t *letters, unsigned n, uint32_t whole, uint16_t *features) {
    unsigned made = 0;
    features[made++] = feature_of(mix(whole, 0x57));
    for (unsigned from = 0; from < n; from++) {
        uint32_t h = 0x811C9DC5u;
        for (unsigned k = 0; k < GRAM_LONGEST && from + k < n; k++) {
            h = mix(h, letters[from + k]);
            if (k > 0 || (from > 0 && from + 1 < n)) features[made++] = feature_of(mix(h, k));
        }
    }
    return made < LANGID_WORD_GRAMS ? made : LANGID_WORD_GRAMS;
}

bool langid_word_next(struct slice text, size_t *at, struct langid_word *word, uint16_t *features, unsigned *n) {
    uint32_t letters[LANGID_WORD_MAX + 2], letter = 0, cp = 0;
    unsigned capitals = 0;
    size_t next = *at;
    while (next < text.len) {
        *at = next;
        cp = read_letter(text, &next, &letter);
        if (letter) break;
    }
    if (!letter) {
        *at = text.len;
        return false;
    }
    *word = (struct langid_word){.start = *at, .latin = true, .capital = cp != letter, .hash = 0x811C9DC5u};
    letters[0] = ' ';
    while (letter) {
        if (word->letters < LANGID_WORD_MAX) letters[1 + word->letters] = letter;
        word->letters++;
        word->hash = mix(word->hash, letter);
        capitals += cp != letter;
        word->latin &= letter < 0x250 || (letter >= 0x1E00 && letter < 0x1F00);
        *at = next;
        letter = 0;
        if (next < text.len) cp = read_letter(text, &next, &letter);
    }
    word->end = *at;
    word->elided = apostrophe(text, *at);
    word->upper = word->letters > 1 && capitals == word->letters;
    word->capital &= capitals == 1;
    unsigned kept = word->letters < LANGID_WORD_MAX ? word->letters : LANGID_WORD_MAX;
    letters[1 + kept] = word->elided ? '\'' : ' ';
    if (features) *n = grams_of(letters, kept + 2, word->hash, features);
    return true;
}
