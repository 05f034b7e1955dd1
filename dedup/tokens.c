#include "dedup/tokens.h"
#include "base/utf8.h"
#include "dedup/tokens_chars.h"
#include "dedup/tokens_words.h"
#include <stdlib.h>

#define TABLE 0x3000 /* code points whose class is kept */

struct tokenizer {
    uint16_t table[TABLE];
    /* The piece at hand, one entry a code point; ${at} has the byte offset of each and of the end. */
    uint32_t cp[TOKEN_MAX_CHARS];
    uint16_t cls[TOKEN_MAX_CHARS];
    uint32_t at[TOKEN_MAX_CHARS + 1];
    unsigned n;
    unsigned suffixes[TOKEN_MAX_CHARS]; /* their lengths, the last of the piece first */
    unsigned n_suffixes;
    const char *piece;
    void (*sink)(void *ctx, const struct token *token);
    void *ctx;
};

struct tokenizer *tokenizer_new(void) {
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    for (uint32_t cp = 0; cp < TABLE; cp++) t->table[cp] = (uint16_t)tokens_chars_class(cp);
    return t;
}

void tokenizer_free(struct tokenizer *t) { free(t); }

static unsigned class_of(const struct tokenizer *t, uint32_t cp) { return cp < TABLE ? t->table[cp] : tokens_chars_class(cp); }

static void emit(const struct tokenizer *t, unsigned from, unsigned to) {
    if (from >= to) return;
    struct token token = {.text = slice_of(t->piece + t->at[from], t->at[to] - t->at[from]), .chars = to - from};
    for (unsigned i = from; i < to; i++) {
        token.marks += (t->cls[i] & CHAR_MARK) != 0;
        token.letters += (t->cls[i] & CHAR_LETTER) != 0;
        token.capitals += (t->cls[i] & CHAR_UPPER) != 0;
        token.digits += (t->cls[i] & CHAR_DIGIT) != 0;
    }
    t->sink(t->ctx, &token);
}

static bool has(const struct tokenizer *t, unsigned i, unsigned to, unsigned classes) { return i < to && (t->cls[i] & classes); }

/* Of [from, to): how many code points the prefix has. */
static unsigned prefix(const struct tokenizer *t, unsigned from, unsigned to) {
    uint32_t c = t->cp[from];
    if (c == '+') return from + 1 < to && t->cp[from + 1] >= '0' && t->cp[from + 1] <= '9' ? 0 : 1;
    if (t->cls[from] & (CHAR_PREFIX | CHAR_AFFIX | CHAR_ICON | CHAR_CURRENCY)) return 1;
    if (c == '.') {
        unsigned i = from;
        while (i < to && t->cp[i] == '.') i++;
        return i - from >= 2 ? i - from : 0;
    }
    if (from + 1 >= to) return 0;
    if ((c == 'C' || c == 'A') && t->cp[from + 1] == '$') return 2;
    if (c == 'U' && t->cp[from + 1] == 'S' && from + 2 < to && t->cp[from + 2] == '$') return 3;
    bool elided = c == 'd' || c == 'l' || c == 'n' || c == 'D' || c == 'L' || c == 'N';
    return elided && (t->cls[from + 1] & CHAR_APOSTROPHE) && has(t, from + 2, to, CHAR_ALPHA) ? 2 : 0;
}

/* A unit of measure or a currency right after a figure; the longest counts. */
static unsigned unit_suffix(const struct tokenizer *t, unsigned from, unsigned to) {
    for (unsigned i = to >= from + 5 ? to - 4 : from + 1; i < to; i++) {
        if (!(t->cls[i - 1] & CHAR_DIGIT)) continue;
        struct slice tail = slice_of(t->piece + t->at[i], t->at[to] - t->at[i]);
        if (tokens_chars_unit(tail) || (i + 1 == to && (t->cls[i] & CHAR_CURRENCY))) return to - i;
    }
    return 0;
}

/* "-il", "-elle", "-t" … after a letter. */
static unsigned pronoun_suffix(const struct tokenizer *t, unsigned from, unsigned to) {
    for (unsigned i = to >= from + 7 ? to - 5 : from + 1; i + 1 < to; i++) {
        if (!(t->cls[i] & CHAR_HYPHEN) || !(t->cls[i - 1] & CHAR_ALPHA)) continue;
        if (tokens_chars_pronoun(slice_of(t->piece + t->at[i + 1], t->at[to] - t->at[i + 1]))) return to - i;
    }
    return 0;
}

static unsigned point_suffix(const struct tokenizer *t, unsigned from, unsigned to) {
    unsigned i = to;
    while (i > from && t->cp[i - 1] == '.') i--;
    if (to - i >= 2) return to - i;
    if (i == from) return 0;
    unsigned before = t->cls[i - 1];
    if (before & (CHAR_LOWER | CHAR_DIGIT | CHAR_QUOTE)) return 1;
    uint32_t c = t->cp[i - 1];
    if (c == '%' || c == 0xB2 || c == '-' || c == '+' || c == '(' || c == '?' || c == ':' || c == ')') return 1;
    return i >= from + 2 && (before & CHAR_UPPER) && (t->cls[i - 2] & CHAR_UPPER) ? 1 : 0;
}

static unsigned suffix(const struct tokenizer *t, unsigned from, unsigned to) {
    if (from >= to) return 0;
    uint32_t c = t->cp[to - 1];
    unsigned cls = t->cls[to - 1];
    if (c == '.') return point_suffix(t, from, to);
    if (c == 0x2026 && to >= from + 2 && t->cp[to - 2] == 0x2026) return 2;
    if (cls & CHAR_AFFIX) return 1;
    if (to < from + 2) return 0;
    if ((c == '+' || c == '%') && (t->cls[to - 2] & CHAR_DIGIT)) return 1;
    unsigned n = cls & (CHAR_ALPHA | CHAR_CURRENCY | CHAR_SUPERSCRIPT) ? unit_suffix(t, from, to) : 0;
    return n || !(cls & CHAR_ALPHA) ? n : pronoun_suffix(t, from, to);
}

static bool special(const struct tokenizer *t, unsigned from, unsigned to) {
    struct slice raw = slice_of(t->piece + t->at[from], t->at[to] - t->at[from]);
    return raw.len >= 2 && raw.len <= 16 && tokens_words_special(raw);
}

static bool compound(const struct tokenizer *t, unsigned from, unsigned to) {
    if (to - from < 3 || to - from > TOKENS_WHOLE_MAX / 2) return false;
    bool marked = false;
    for (unsigned i = from; i < to; i++) {
        if (t->cls[i] & (CHAR_HYPHEN | CHAR_APOSTROPHE))
            marked = true;
        else if (!(t->cls[i] & CHAR_ALPHA) || t->cp[i] > 0x24F)
            return false;
    }
    if (!marked) return false;
    char folded[TOKENS_WHOLE_MAX];
    size_t n = 0;
    for (unsigned i = from; i < to; i++) {
        uint32_t c = t->cls[i] & CHAR_HYPHEN ? '-' : t->cls[i] & CHAR_APOSTROPHE ? '\'' : unicode_lower(t->cp[i]);
        if (c < 0x80) {
            folded[n++] = (char)c;
        } else {
            folded[n++] = (char)(0xC0 | (c >> 6 & 0x1F));
            folded[n++] = (char)(0x80 | (c & 0x3F));
        }
    }
    return tokens_words_compound(slice_of(folded, n));
}

/* Where an infix begins at ${i}, its length plus 1; a length of 0 is the cut after an elision.  0: none. */
static unsigned infix(const struct tokenizer *t, unsigned from, unsigned i, unsigned to) {
    uint32_t c = t->cp[i], next = i + 1 < to ? t->cp[i + 1] : 0;
    unsigned before = i > from ? t->cls[i - 1] : 0, after = i + 1 < to ? t->cls[i + 1] : 0;
    if (c == '.') {
        unsigned j = i;
        while (j < to && t->cp[j] == '.') j++;
        if (j - i >= 2) return j - i + 1;
        return (before & (CHAR_LOWER | CHAR_QUOTE)) && (after & (CHAR_UPPER | CHAR_QUOTE)) ? 2 : 0;
    }
    if (c == 0x2026 || (t->cls[i] & CHAR_ICON)) return 2;
    if (i >= from + 2 && (before & CHAR_APOSTROPHE) && (t->cls[i - 2] & CHAR_ALPHA) && (t->cls[i] & CHAR_ALPHA)) return 1;
    if ((c == '+' || c == '-' || c == '*' || c == '^') && (before & CHAR_DIGIT) && ((after & CHAR_DIGIT) || next == '-')) return 2;
    if (c == ',' && (before & after & CHAR_ALPHA)) return 2;
    if ((c == ':' || c == '<' || c == '>' || c == '=' || c == '/') && (before & (CHAR_ALPHA | CHAR_DIGIT)) && (after & CHAR_ALPHA))
        return 2;
    if (!(before & CHAR_ALPHA) || !(c == '-' || c == 0x2013 || c == 0x2014 || c == '~')) return 0;
    unsigned j = i + 1;
    while (j < to && j < i + (c == '-' ? 3 : c == 0x2014 ? 2 : 1) && t->cp[j] == c) j++;
    return has(t, j, to, CHAR_ALPHA) ? j - i + 1 : 0;
}

static void middle(const struct tokenizer *t, unsigned from, unsigned to) {
    unsigned start = from;
    for (unsigned i = from + 1; i < to;) {
        unsigned n = infix(t, from, i, to);
        if (n == 0) {
            i++;
            continue;
        }
        bool number = t->cp[i] == 0xB0 && i == start + 1 && (t->cp[start] == 'n' || t->cp[start] == 'd');
        if (!number) emit(t, start, i);
        emit(t, number ? start : i, i + n - 1); /* "n°" of "n°12" is one */
        start = i + n - 1;
        i = n > 1 ? start : i + 1;
    }
    emit(t, start, to);
}

static void split(struct tokenizer *t) {
    unsigned from = 0, to = t->n;
    t->n_suffixes = 0;
    while (from < to && !special(t, from, to) && !compound(t, from, to)) {
        unsigned pre = prefix(t, from, to);
        if (pre && pre < to - from && special(t, from + pre, to)) {
            emit(t, from, from + pre);
            from += pre;
            break;
        }
        unsigned suf = suffix(t, from + pre, to);
        if (pre + suf == 0) break;
        emit(t, from, from + pre);
        from += pre;
        if (suf) t->suffixes[t->n_suffixes++] = suf;
        to -= suf;
    }
    if (from < to) {
        struct slice raw = slice_of(t->piece + t->at[from], t->at[to] - t->at[from]);
        if (special(t, from, to) || compound(t, from, to) || tokens_chars_address(raw))
            emit(t, from, to);
        else
            middle(t, from, to);
    }
    while (t->n_suffixes) {
        unsigned suf = t->suffixes[--t->n_suffixes];
        emit(t, to, to + suf);
        to += suf;
    }
}

/* Take the piece at ${at}, up to white space; false when it is letters alone, which is a token as it stands. */
static bool take(struct tokenizer *t, struct slice text, size_t *at) {
    bool plain = true;
    size_t begin = *at, i = begin;
    t->piece = text.ptr + begin;
    t->n = 0;
    while (i < text.len && t->n < TOKEN_MAX_CHARS) {
        size_t next = i;
        uint32_t cp = (unsigned char)text.ptr[i] < 0x80 ? (unsigned char)text.ptr[next++] : utf8_decode(text, &next);
        unsigned cls = class_of(t, cp);
        if (cls & CHAR_SPACE) break;
        if (!(cls & CHAR_ALPHA)) plain = false;
        t->cp[t->n] = cp;
        t->cls[t->n] = (uint16_t)cls;
        t->at[t->n++] = (uint32_t)(i - begin);
        i = next;
    }
    t->at[t->n] = (uint32_t)(i - begin);
    *at = i;
    return !plain;
}

void tokenizer_run(struct tokenizer *t, struct slice text, void (*sink)(void *ctx, const struct token *token), void *ctx) {
    t->sink = sink;
    t->ctx = ctx;
    for (size_t at = 0; at < text.len;) {
        bool mixed = take(t, text, &at);
        if (t->n == 0)
            utf8_decode(text, &at);
        else if (mixed)
            split(t);
        else
            emit(t, 0, t->n);
    }
}
