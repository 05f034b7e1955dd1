#include "dedup/quality_lines.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "dedup/tokens_chars.h"

#define SHORT_LINE 30 /* code points; FineWeb's short_line_length */

struct repeats {
    size_t n, again, chars; /* pieces, those seen before, their code points */
};

size_t quality_chars(struct slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static double over(double part, double whole) { return whole > 0 ? part / whole : 0; }

/* The code point that ends ${s}, and where it begins. */
static uint32_t last_char(struct slice s, size_t *begin) {
    size_t at = s.len - 1;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xC0) == 0x80) at--;
    *begin = at;
    return utf8_decode(s, &at);
}

/* Python's str.strip(), either half of it. */
static struct slice strip_left(struct slice s) {
    for (size_t at = 0; s.len; at = 0) {
        if (!unicode_is_space(utf8_decode(s, &at))) break;
        s = slice_sub(s, at, s.len);
    }
    return s;
}

static struct slice strip_right(struct slice s) {
    size_t begin;
    while (s.len && unicode_is_space(last_char(s, &begin))) s.len = begin;
    return s;
}

static void piece(struct counter *seen, struct slice s, struct repeats *r) {
    r->n++;
    if (counter_add(seen, hash64(s)) == 1) return;
    r->again++;
    r->chars += quality_chars(s);
}

/* The pieces between runs of at least ${run} newlines, the first and the last though they be empty. */
static void repeats(struct slice text, size_t run, struct counter *seen, struct repeats *r) {
    size_t begin = 0;
    *r = (struct repeats){0};
    for (size_t i = 0; i < text.len;) {
        const char *nl = memchr(text.ptr + i, '\n', text.len - i);
        if (!nl) break;
        size_t at = (size_t)(nl - text.ptr), end = at;
        while (end < text.len && text.ptr[end] == '\n') end++;
        if (end - at >= run) {
            piece(seen, slice_sub(text, begin, at), r);
            begin = end;
        }
        i = end;
    }
    piece(seen, slice_sub(text, begin, text.len), r);
}

/* How many bytes the line break at ${i} has, as str.splitlines() sees it; 0 for none. */
static size_t line_break(struct slice s, size_t i) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c == '\r') return i + 1 < s.len && s.ptr[i + 1] == '\n' ? 2 : 1;
    if ((c >= '\n' && c <= '\f') || (c >= 0x1C && c <= 0x1E)) return 1;
    if (c == 0xC2) return i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0x85 ? 2 : 0;
    if (c != 0xE2 || i + 2 >= s.len || (unsigned char)s.ptr[i + 1] != 0x80) return 0;
    unsigned char d = (unsigned char)s.ptr[i + 2];
    return d == 0xA8 || d == 0xA9 ? 3 : 0;
}

struct marks {
    size_t lines, bullets, ellipses;
};

static void mark_line(struct slice line, struct marks *m) {
    m->lines++;
    struct slice left = strip_left(line), right = strip_right(line);
    if (slice_starts(left, slice_str("\xE2\x80\xA2")) || slice_starts(left, slice_str("-"))) m->bullets++;
    if (slice_ends(right, slice_str("...")) || slice_ends(right, slice_str("\xE2\x80\xA6"))) m->ellipses++;
}

static void gopher_lines(struct slice text, struct quality_signals *out) {
    struct marks m = {0};
    size_t begin = 0;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t n = (c >= '\n' && c <= 0x1E) || c >= 0xC2 ? line_break(text, i) : 0;
        if (n == 0) {
            i++;
            continue;
        }
        mark_line(slice_sub(text, begin, i), &m);
        begin = i += n;
    }
    if (begin < text.len) mark_line(slice_sub(text, begin, text.len), &m);
    out->bullet_lines = over((double)m.bullets, (double)m.lines);
    out->ellipsis_lines = over((double)m.ellipses, (double)m.lines);
}

static void fineweb_lines(struct slice text, size_t newlines, struct counter *seen, struct quality_signals *out) {
    struct repeats r = {0};
    struct slice rest = text, line;
    size_t ended = 0, small = 0, begin;
    while (slice_cut(&rest, '\n', &line)) {
        if (strip_left(line).len == 0) continue;
        piece(seen, line, &r);
        ended += tokens_chars_terminal(last_char(line, &begin));
        small += line.len <= SHORT_LINE || quality_chars(slice_sub(line, 0, 4 * SHORT_LINE + 4)) <= SHORT_LINE;
    }
    out->line_punct = over((double)ended, (double)r.n);
    out->short_lines = over((double)small, (double)r.n);
    out->char_dup = over((double)r.chars, out->chars - (double)newlines);
}

bool quality_lines(struct slice text, struct counter *seen, struct quality_signals *out) {
    struct repeats r;
    size_t newlines = 0;
    for (size_t i = 0; i < text.len; i++) newlines += text.ptr[i] == '\n';
    if (!counter_start(seen, newlines + 1)) return false;
    repeats(strip_left(strip_right(text)), 2, seen, &r);
    out->dup_para_frac = over((double)r.again, (double)r.n);
    out->dup_para_char_frac = over((double)r.chars, out->chars);
    if (!counter_start(seen, newlines + 1)) return false;
    repeats(text, 1, seen, &r);
    out->dup_line_frac = over((double)r.again, (double)r.n);
    out->dup_line_char_frac = over((double)r.chars, out->chars);
    if (!counter_start(seen, newlines + 1)) return false;
    fineweb_lines(text, newlines, seen, out);
    gopher_lines(text, out);
    out->new_line_ratio = (double)newlines; /* over words, which the caller knows */
    return true;
}
