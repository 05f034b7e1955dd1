#include "base/limits.h"
#include "crawler/wikitext_parts.h"

#include <stdlib.h>

enum {
    MARKS_MAX = 1 << 20,
    PARTS_MAX = 32,
    OUTSIDE_MAX = 4096 /* bytes of an external link: one that is not closed is not looked for to the end */
};

struct wikitext *wikitext_new(void) {
    struct wikitext *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    buf_init(&w->stripped, 6 * WIKITEXT_MAX);
    buf_init(&w->inner, 6 * WIKITEXT_MAX);
    buf_init(&w->row, 6 * WIKITEXT_MAX);
    return w;
}

void wikitext_free(struct wikitext *w) {
    if (!w) return;
    buf_free(&w->stripped);
    buf_free(&w->inner);
    buf_free(&w->row);
    free(w->marks);
    free(w);
}

/* ---- which brackets belong together ---- */

static bool add_mark(struct wikitext *w, size_t at, enum wikitext_kind kind) {
    if (w->n_marks == w->cap_marks) {
        size_t cap = w->cap_marks ? 2 * w->cap_marks : 1024;
        struct wikitext_mark *more = cap > MARKS_MAX ? NULL : realloc(w->marks, cap * sizeof *more);
        if (!more) return false;
        w->marks = more;
        w->cap_marks = cap;
    }
    w->marks[w->n_marks++] = (struct wikitext_mark){at, 0, kind};
    return true;
}

/* Close the innermost open mark of ${kind}; what was opened inside it and not closed stays open for ever: it is no bracket. */
static bool close_mark(struct wikitext *w, size_t *stack, size_t *depth, enum wikitext_kind kind, size_t end) {
    for (size_t d = *depth; d > 0 && *depth - d < 8; d--) {
        struct wikitext_mark *m = &w->marks[stack[d - 1]];
        if (m->kind != kind) continue;
        m->end = end;
        *depth = d - 1;
        return true;
    }
    return false;
}

static bool starts(struct slice s, size_t i, const char *mark) {
    size_t n = strlen(mark);
    return i + n <= s.len && memcmp(s.ptr + i, mark, n) == 0;
}

static bool at_line_start(struct slice s, size_t i) {
    while (i > 0 && (s.ptr[i - 1] == ' ' || s.ptr[i - 1] == ':' || s.ptr[i - 1] == '*')) i--;
    return i == 0 || s.ptr[i - 1] == '\n';
}

/* The brackets at ${i}: how many bytes they take, 0 for none. */
static size_t bracket(struct wikitext *w, size_t i, size_t *stack, size_t *depth, bool *ok) {
    struct slice s = w->src;
    enum wikitext_kind kind = WIKITEXT_LINK;
    size_t n = 2;
    if (starts(s, i, "{{{") && !starts(s, i, "{{{{")) {
        kind = WIKITEXT_PARAMETER;
        n = 3;
    } else if (starts(s, i, "{{")) {
        kind = WIKITEXT_TEMPLATE;
    } else if (starts(s, i, "{|") && at_line_start(s, i)) {
        kind = WIKITEXT_TABLE;
    } else if (!starts(s, i, "[[")) {
        if (starts(s, i, "}}}") && close_mark(w, stack, depth, WIKITEXT_PARAMETER, i + 3)) return 3;
        if (starts(s, i, "}}") && close_mark(w, stack, depth, WIKITEXT_TEMPLATE, i + 2)) return 2;
        if (starts(s, i, "|}") && !starts(s, i, "|}}") && at_line_start(s, i) && close_mark(w, stack, depth, WIKITEXT_TABLE, i + 2))
            return 2;
        if (starts(s, i, "]]") && close_mark(w, stack, depth, WIKITEXT_LINK, i + 2)) return 2;
        return 0;
    }
    if (*depth == LIMIT_INGEST_DEPTH) return n;
    *ok = add_mark(w, i, kind);
    if (*ok) stack[(*depth)++] = w->n_marks - 1;
    return n;
}

bool wikitext_marks(struct wikitext *w) {
    size_t stack[LIMIT_INGEST_DEPTH], depth = 0, kept = 0;
    bool ok = true;
    w->n_marks = 0;
    for (size_t i = 0; ok && i < w->src.len;) {
        char c = w->src.ptr[i];
        size_t n = c == '{' || c == '}' || c == '[' || c == ']' || c == '|' ? bracket(w, i, stack, &depth, &ok) : 0;
        i += n ? n : 1;
    }
    for (size_t i = 0; i < w->n_marks; i++)
        if (w->marks[i].end) w->marks[kept++] = w->marks[i];
    w->n_marks = kept;
    return ok;
}

size_t wikitext_mark_from(const struct wikitext *w, size_t at) {
    size_t low = 0, high = w->n_marks;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (w->marks[mid].at < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t wikitext_split(const struct wikitext *w, size_t from, size_t to, size_t *ends, size_t max) {
    size_t m = wikitext_mark_from(w, from), n = 0;
    for (size_t i = from; i < to && n + 1 < max; i++) {
        while (m < w->n_marks && w->marks[m].at < i) m++;
        if (m < w->n_marks && w->marks[m].at == i && w->marks[m].end <= to) {
            i = w->marks[m].end - 1;
            continue;
        }
        if (w->src.ptr[i] == '|') ends[n++] = i;
    }
    ends[n++] = to;
    return n;
}

/* ---- links ---- */

static bool names(struct slice target, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(list[i]);
        if (target.len > k && slice_eq_nocase(slice_sub(target, 0, k), slice_str(list[i])) &&
            slice_starts(slice_trim(slice_sub(target, k, target.len)), slice_str(":")))
            return true;
    }
    return false;
}

/* "de:…": a language's code, in lower case. */
static bool is_language(struct slice target) {
    size_t n = 0;
    while (n < target.len && ((target.ptr[n] >= 'a' && target.ptr[n] <= 'z') || target.ptr[n] == '-')) n++;
    return n >= 2 && n <= 12 && n < target.len && target.ptr[n] == ':' && (n <= 3 || memchr(target.ptr, '-', n));
}

static void link(struct wikitext *w, const struct wikitext_mark *m, struct buf *out) {
    static const char *const hidden[] = {"fichier",   "file",     "image",     "média",    "media",
                                         "catégorie", "category", "Catégorie", "Category", "Média"};
    size_t ends[PARTS_MAX], from = m->at + 2, to = m->end - 2;
    size_t n = wikitext_split(w, from, to, ends, PARTS_MAX);
    struct slice target = slice_trim(slice_of(w->src.ptr + from, ends[0] - from));
    if (names(target, hidden, sizeof hidden / sizeof *hidden)) return;
    if (n == 1 && is_language(target)) return;
    if (n > 1) {
        wikitext_emit(w, ends[0] + 1, to, out);
        return;
    }
    if (target.len && target.ptr[0] == ':') target = slice_sub(target, 1, target.len);
    wikitext_emit(w, (size_t)(target.ptr - w->src.ptr), (size_t)(target.ptr - w->src.ptr) + target.len, out);
}

/* [https://… words]: the words.  Returns where it ends, or 0 when it is none. */
static size_t outside_link(struct wikitext *w, size_t i, size_t to, struct buf *out) {
    struct slice s = slice_of(w->src.ptr + i + 1, to - i - 1);
    if (!slice_starts(s, slice_str("http://")) && !slice_starts(s, slice_str("https://")) && !slice_starts(s, slice_str("//")) &&
        !slice_starts(s, slice_str("ftp://")) && !slice_starts(s, slice_str("mailto:")))
        return 0;
    size_t end = 0, space = 0;
    while (end < s.len && end < OUTSIDE_MAX && s.ptr[end] != ']' && s.ptr[end] != '\n') {
        if (!space && (s.ptr[end] == ' ' || s.ptr[end] == '\t')) space = end;
        end++;
    }
    if (end == s.len || s.ptr[end] != ']') return 0;
    if (space) wikitext_emit(w, i + 1 + space + 1, i + 1 + end, out);
    return i + 1 + end + 1;
}

/* ---- the walk ---- */

static void table(struct wikitext *w, const struct wikitext_mark *m, struct buf *out) {
    struct buf cells = {.max = 6 * WIKITEXT_MAX};
    wikitext_emit(w, m->at + 2, m->end - 2, &cells);
    if (out->len && out->data[out->len - 1] != '\n') buf_char(out, '\n');
    wikitext_table(buf_view(&cells), out);
    buf_free(&cells);
}

static void mark(struct wikitext *w, const struct wikitext_mark *m, struct buf *out) {
    if (w->depth >= LIMIT_INGEST_DEPTH / 4) return;
    w->depth++;
    switch (m->kind) {
    case WIKITEXT_TEMPLATE: wikitext_template(w, m->at + 2, m->end - 2, out); break;
    case WIKITEXT_PARAMETER: break;
    case WIKITEXT_LINK: link(w, m, out); break;
    case WIKITEXT_TABLE: table(w, m, out); break;
    }
    w->depth--;
}

void wikitext_emit(struct wikitext *w, size_t from, size_t to, struct buf *out) {
    size_t m = wikitext_mark_from(w, from);
    for (size_t i = from; i < to;) {
        while (m < w->n_marks && w->marks[m].at < i) m++;
        size_t next = m < w->n_marks && w->marks[m].at < to ? w->marks[m].at : to;
        if (i == next) {
            if (w->marks[m].end <= to) mark(w, &w->marks[m], out);
            i = w->marks[m].end <= to ? w->marks[m].end : i + 2;
            continue;
        }
        const char *b = memchr(w->src.ptr + i, '[', next - i);
        size_t plain = b ? (size_t)(b - w->src.ptr) : next;
        buf_append(out, w->src.ptr + i, plain - i);
        i = plain;
        if (!b) continue;
        size_t end = outside_link(w, i, to, out);
        if (!end) buf_char(out, '[');
        i = end ? end : i + 1;
    }
}

bool wikitext_is_redirect(struct slice s) {
    s = slice_trim(s);
    return slice_starts_nocase(s, slice_str("#redirect"));
}

bool wikitext_text(struct wikitext *w, struct slice source, struct buf *out) {
    if (source.len > WIKITEXT_MAX) return false;
    buf_clear(&w->stripped);
    buf_clear(&w->inner);
    w->depth = 0;
    wikitext_strip(source, &w->stripped);
    w->src = buf_view(&w->stripped);
    if (!buf_ok(&w->stripped) || !wikitext_marks(w)) return false;
    wikitext_emit(w, 0, w->src.len, &w->inner);
    wikitext_lines(buf_view(&w->inner), out);
    return buf_ok(&w->inner) && buf_ok(out);
}
