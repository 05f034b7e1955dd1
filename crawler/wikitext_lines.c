#include "base/utf8.h"
#include "crawler/wikitext_parts.h"

/* ---- tables ---- */

static void end_row(struct buf *out) {
    if (out->len && out->data[out->len - 1] != '\n') buf_char(out, '\n');
}

/* A cell may begin with attributes, parted from its text by one '|'. */
static void cell(struct slice s, struct buf *out) {
    size_t bar = slice_find_char(s, '|');
    if (bar != SIZE_MAX && slice_find_char(slice_sub(s, 0, bar), '=') != SIZE_MAX) s = slice_sub(s, bar + 1, s.len);
    s = slice_trim(s);
    if (!s.len) return;
    if (out->len && out->data[out->len - 1] != '\n') buf_str(out, " | ");
    buf_slice(out, s);
}

/* "a || b !! c" */
static void cells(struct slice s, bool header, struct buf *out) {
    size_t from = 0;
    for (size_t i = 0; i + 1 < s.len; i++) {
        bool sep = (s.ptr[i] == '|' && s.ptr[i + 1] == '|') || (header && s.ptr[i] == '!' && s.ptr[i + 1] == '!');
        if (!sep) continue;
        cell(slice_sub(s, from, i), out);
        from = i + 2;
        i++;
    }
    cell(slice_sub(s, from, s.len), out);
}

void wikitext_table(struct slice table, struct buf *out) {
    struct slice rest = table, line;
    bool first = true;
    while (slice_cut(&rest, '\n', &line)) {
        line = slice_trim(line);
        char c = line.len ? line.ptr[0] : 0;
        if (first) {
            first = false; /* the table's own attributes */
        } else if (c == '|' && line.len > 1 && (line.ptr[1] == '-' || line.ptr[1] == '+')) {
            end_row(out);
            if (line.ptr[1] == '+') cell(slice_sub(line, 2, line.len), out);
            if (line.ptr[1] == '+') end_row(out);
        } else if (c == '|' || c == '!') {
            cells(slice_sub(line, 1, line.len), c == '!', out);
        } else if (line.len) {
            /* a cell goes on: lists and paragraphs inside it */
            if (out->len && out->data[out->len - 1] != '\n') buf_char(out, ' ');
            while (line.len && strchr("*#:;", line.ptr[0])) line = slice_sub(line, 1, line.len);
            buf_slice(out, slice_trim(line));
        }
    }
    end_row(out);
}

/* ---- inside a line ---- */

static const struct {
    const char *name;
    uint32_t code;
} entities[] = {{"nbsp", 0xa0},    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},      {"quot", '"'},      {"thinsp", 0x2009},
                {"ndash", 0x2013}, {"mdash", 0x2014}, {"laquo", 0xab},   {"raquo", 0xbb},  {"hellip", 0x2026}, {"times", 0xd7},
                {"minus", 0x2212}, {"deg", 0xb0},     {"euro", 0x20ac},  {"eacute", 0xe9}, {"egrave", 0xe8},   {"agrave", 0xe0},
                {"oelig", 0x153},  {"rsquo", 0x2019}, {"lsquo", 0x2018}, {"emsp", 0x2003}, {"ensp", 0x2002},   {"apos", '\''},
                {"sup2", 0xb2},    {"sup3", 0xb3},    {"middot", 0xb7},  {"bull", 0x2022}, {"prime", 0x2032},  {"alpha", 0x3b1},
                {"beta", 0x3b2},   {"gamma", 0x3b3},  {"pi", 0x3c0}};

/* A character reference at ${s}: its length, or 0. */
static size_t reference(struct slice s, struct buf *out) {
    size_t end = 1;
    uint32_t code = 0;
    while (end < s.len && end < 12 && (ascii_is_alnum(s.ptr[end]) || s.ptr[end] == '#')) end++;
    if (end >= s.len || s.ptr[end] != ';' || end < 2) return 0;
    struct slice name = slice_sub(s, 1, end);
    if (name.ptr[0] == '#') {
        bool hex = name.len > 1 && (name.ptr[1] == 'x' || name.ptr[1] == 'X');
        for (size_t i = hex ? 2 : 1; i < name.len; i++) {
            char c = ascii_lower(name.ptr[i]);
            uint32_t d = ascii_is_digit(c) ? (uint32_t)(c - '0') : hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) : 99;
            if (d == 99) return 0;
            code = code * (hex ? 16 : 10) + d;
            if (code > 0x10ffff) return 0;
        }
    } else {
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (slice_eq_str(name, entities[i].name)) code = entities[i].code;
    }
    if (code < 0x20) return 0;
    utf8_encode(out, code);
    return end + 1;
}

/* An element's tag at ${s} ("<b>", "</div >", "<br/>"): its length, or 0. */
static size_t tag(struct slice s, bool *is_break) {
    size_t n = 1;
    if (n < s.len && s.ptr[n] == '/') n++;
    size_t from = n;
    while (n < s.len && ascii_is_alnum(s.ptr[n])) n++;
    if (n == from || n >= s.len || (s.ptr[n] != '>' && s.ptr[n] != '/' && !ascii_is_space(s.ptr[n]))) return 0;
    *is_break = slice_eq_nocase(slice_sub(s, from, n), slice_str("br"));
    for (size_t end = n; end < s.len && end < n + 2000; end++) {
        if (s.ptr[end] == '>') return end + 1;
        if (s.ptr[end] == '<') return 0;
    }
    return 0;
}

/* '' and ''': italic and bold; the fourth of four is an apostrophe. */
static size_t quotes(struct slice s, struct buf *out) {
    size_t n = 0;
    while (n < s.len && s.ptr[n] == '\'') n++;
    size_t kept = n == 1 || n == 4 ? 1 : n > 5 ? n - 5 : 0;
    for (size_t i = 0; i < kept; i++) buf_char(out, '\'');
    return n;
}

/* __NOTOC__ and its like. */
static size_t magic(struct slice s) {
    size_t n = 2;
    if (s.len < 5 || s.ptr[1] != '_') return 0;
    while (n < s.len && n < 40 && (ascii_is_alpha(s.ptr[n]) || (unsigned char)s.ptr[n] >= 0x80)) n++;
    return n > 2 && n + 1 < s.len && s.ptr[n] == '_' && s.ptr[n + 1] == '_' ? n + 2 : 0;
}

static void add_char(struct buf *out, char c) {
    bool space = c == ' ' || c == '\t' || c == '\r';
    char last = out->len ? out->data[out->len - 1] : '\n';
    if (!space)
        buf_char(out, c);
    else if (last != ' ' && last != '\n')
        buf_char(out, ' ');
}

static void inside(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len;) {
        struct slice here = slice_sub(s, i, s.len);
        bool is_break = false;
        size_t n = 0;
        switch (s.ptr[i]) {
        case '\'': n = quotes(here, out); break;
        case '&': n = reference(here, out); break;
        case '_': n = magic(here); break;
        case '<':
            n = tag(here, &is_break);
            if (is_break && n) add_char(out, ' ');
            break;
        default: break;
        }
        if (!n) add_char(out, s.ptr[i]);
        i += n ? n : 1;
    }
}

/* ---- lines ---- */

struct section {
    size_t at; /* in out, of the first heading that no text has followed; SIZE_MAX: none */
    size_t starts[8], n;
    unsigned levels[8];
};

static unsigned heading(struct slice *line) {
    unsigned n = 0, k = 0;
    while (n < line->len && n < 6 && line->ptr[n] == '=') n++;
    while (k < n && k < line->len && line->ptr[line->len - 1 - k] == '=') k++;
    if (!n || k == 0 || line->len < 2 * (size_t)k + 1) return 0;
    n = k < n ? k : n;
    *line = slice_trim(slice_sub(*line, n, line->len - n));
    return n;
}

/* A heading of the same or a higher level: those before it that no text has followed are taken back. */
static void drop_empty(struct section *s, unsigned level, struct buf *out) {
    while (s->n && s->levels[s->n - 1] >= level) buf_truncate(out, s->starts[--s->n]);
}

void wikitext_lines(struct slice in, struct buf *out) {
    struct slice rest = in, line;
    struct section s = {.n = 0};
    size_t first = out->len;
    while (slice_cut(&rest, '\n', &line)) {
        line = slice_trim(line);
        size_t before = out->len;
        unsigned level = line.len && line.ptr[0] == '=' ? heading(&line) : 0;
        if (!level)
            while (line.len && strchr("*#:;", line.ptr[0])) line = slice_trim(slice_sub(line, 1, line.len));
        if (slice_starts(line, slice_str("----"))) continue;
        if (level) drop_empty(&s, level, out);
        before = out->len;
        inside(line, out);
        while (out->len > before && out->data[out->len - 1] == ' ') buf_truncate(out, out->len - 1);
        if (out->len == before) continue;
        buf_char(out, '\n');
        if (level && s.n < 8) {
            s.starts[s.n] = before;
            s.levels[s.n++] = level;
        } else if (!level) {
            s.n = 0;
        }
    }
    drop_empty(&s, 0, out);
    if (out->len > first && out->data[out->len - 1] == '\n') buf_truncate(out, out->len - 1);
}
