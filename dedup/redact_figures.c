/* Groups of figures and what stands around them. */
#include "base/utf8.h"
#include "dedup/redact_parts.h"

/* The length of the space at ${at}: ASCII, U+00A0, U+2002 to U+200A, U+202F; 0 for none. */
static size_t space(struct slice s, size_t at) {
    if (at >= s.len) return 0;
    if (s.ptr[at] == ' ' || s.ptr[at] == '\t') return 1;
    if (at + 2 <= s.len && memcmp(s.ptr + at, "\xC2\xA0", 2) == 0) return 2;
    if (at + 3 > s.len || memcmp(s.ptr + at, "\xE2\x80", 2) != 0) return 0;
    unsigned char c = (unsigned char)s.ptr[at + 2];
    return (c >= 0x82 && c <= 0x8A) || c == 0xAF ? 3 : 0;
}

static size_t spaces(struct slice s, size_t at, unsigned most) {
    size_t n = 0;
    for (size_t w; most-- && (w = space(s, at + n)) != 0;) n += w;
    return n;
}

static enum separator mark(struct slice s, size_t at, size_t *bytes) {
    *bytes = 1;
    if (at >= s.len) return SEP_NONE;
    switch (s.ptr[at]) {
    case '.': return SEP_DOT;
    case '-':
    case '_': return SEP_DASH;
    case '/': return SEP_SLASH;
    case ')': return SEP_PAREN;
    default: break;
    }
    *bytes = 2;
    if (at + 2 <= s.len && memcmp(s.ptr + at, "\xC2\xB7", 2) == 0) return SEP_DOT;
    *bytes = 3;
    if (at + 3 > s.len || memcmp(s.ptr + at, "\xE2\x80", 2) != 0) return SEP_NONE;
    unsigned char c = (unsigned char)s.ptr[at + 2];
    if (c >= 0x90 && c <= 0x93) return SEP_DASH;
    return c == 0xA2 ? SEP_DOT : SEP_NONE;
}

enum separator redact_separator(struct slice text, size_t at, size_t *bytes) {
    size_t before = spaces(text, at, 2), width;
    enum separator sep = mark(text, at + before, &width);
    *bytes = before;
    if (sep == SEP_NONE) return before ? SEP_SPACE : SEP_NONE;
    *bytes = before + width;
    *bytes += spaces(text, at + *bytes, 1);
    return sep;
}

/* "(0)" with the spaces around it: the trunk prefix of a number written for callers at home and abroad. */
static size_t trunk_zero(struct slice s, size_t at) {
    size_t n = spaces(s, at, 1);
    if (at + n + 3 > s.len || memcmp(s.ptr + at + n, "(0)", 3) != 0) return 0;
    n += 3;
    size_t width;
    enum separator sep = redact_separator(s, at + n, &width);
    return sep == SEP_NONE ? n : n + width;
}

static bool digit_at(struct slice s, size_t at) { return at < s.len && ascii_is_digit(s.ptr[at]); }

void redact_figures(struct slice text, size_t at, struct figures *f) {
    memset(f, 0, sizeof *f);
    enum separator sep = SEP_NONE;
    while (f->groups < FIGURES_GROUPS && digit_at(text, at)) {
        unsigned begin = f->n;
        while (digit_at(text, at) && f->n < FIGURES_MAX) f->digit[f->n++] = text.ptr[at++];
        f->size[f->groups] = f->n - begin;
        f->sep[f->groups] = sep;
        f->end[f->groups++] = at;
        if (f->n == FIGURES_MAX) return;
        size_t width = trunk_zero(text, at);
        if (width) {
            f->zero = true;
            sep = SEP_PAREN;
        } else {
            sep = redact_separator(text, at, &width);
            if (sep == SEP_NONE) return;
            size_t zero = sep == SEP_SPACE ? 0 : trunk_zero(text, at + width);
            if (zero) f->zero = true;
            if (zero) sep = SEP_PAREN;
            width += zero;
        }
        at += width;
    }
}

unsigned redact_groups(const struct figures *f, unsigned from, unsigned digits) {
    unsigned n = 0;
    for (unsigned i = from; i < f->groups; i++) {
        n += f->size[i];
        if (n == digits) return i + 1 - from;
        if (n > digits) break;
    }
    return 0;
}

bool redact_shape(const struct figures *f, unsigned from, unsigned n, const char *shape) {
    if (strlen(shape) != n || from + n > f->groups) return false;
    for (unsigned i = 0; i < n; i++)
        if (f->size[from + i] != (unsigned)(shape[i] - '0')) return false;
    return true;
}

bool redact_one_separator(const struct figures *f, unsigned from, unsigned n) {
    for (unsigned i = from + 2; i < from + n; i++)
        if (f->sep[i] != f->sep[from + 1]) return false;
    return true;
}

bool redact_ends(struct slice text, size_t end) {
    if (end >= text.len) return true;
    char c = text.ptr[end];
    if (ascii_is_alnum(c) || c == '_' || c == '@') return false;
    if ((c == '.' || c == ',') && digit_at(text, end + 1)) return false;
    if ((unsigned char)c < 0x80) return true;
    return !unicode_is_letter(utf8_decode(text, &end));
}

static bool begins_with_any(struct slice s, const char *const *words) {
    for (; *words; words++)
        if (ascii_lower(s.ptr[0]) == ascii_lower(**words) && slice_starts_nocase(s, slice_str(*words))) return true;
    return false;
}

/* Every word begins with a letter or a sign past ASCII, so that in rows of figures hardly a place is looked at. */
bool redact_context(struct slice text, size_t at, const char *const *words) {
    struct slice before = slice_sub(text, at > 40 ? at - 40 : 0, at);
    const char *line = memrchr(before.ptr, '\n', before.len);
    if (line) before = slice_sub(before, (size_t)(line - before.ptr) + 1, before.len);
    for (size_t i = 0; i < before.len; i++) {
        char c = before.ptr[i], last = i ? before.ptr[i - 1] : ' ';
        if (!ascii_is_alpha(c) && (unsigned char)c < 0x80) continue;
        if (ascii_is_alpha(last) || (unsigned char)last >= 0xC0) continue;
        if (begins_with_any(slice_sub(before, i, before.len), words)) return true;
    }
    return false;
}

bool redact_luhn(const char *digits, unsigned n) {
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned d = (unsigned)(digits[n - 1 - i] - '0');
        if (i & 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return n > 0 && sum % 10 == 0;
}
