#include "crawler/wikitext_parts.h"

/* Elements whose content is no text of the page: references and what extensions draw. */
static const char *const dropped[] = {"ref",          "references",   "math",
                                      "chem",         "ce",           "gallery",
                                      "timeline",     "score",        "hiero",
                                      "imagemap",     "graph",        "mapframe",
                                      "maplink",      "inputbox",     "syntaxhighlight",
                                      "source",       "categorytree", "templatestyles",
                                      "templatedata", "noinclude",    "dynamicpagelist",
                                      "section",      "pages",        "indicator"};
enum { DROPPED = sizeof dropped / sizeof *dropped };

/* The name of the element that opens at ${s} ("<name"), or "". */
static struct slice name_at(struct slice s) {
    size_t n = 1;
    while (n < s.len && n < 20 && ascii_is_alpha(s.ptr[n])) n++;
    return slice_sub(s, 1, n);
}

static bool closes(struct slice s, struct slice name) {
    return s.len > name.len + 2 && s.ptr[1] == '/' && slice_eq_nocase(slice_sub(s, 2, 2 + name.len), name) &&
           !ascii_is_alpha(s.ptr[2 + name.len]);
}

/* Where the element that opens at ${at} is closed: past its end tag.  *${none} remembers, for its name, that none comes any more. */
static size_t end_of(struct slice in, size_t at, struct slice name, size_t *body, size_t *body_end, bool *none) {
    size_t gt = slice_find_char(slice_sub(in, at, in.len), '>');
    if (gt == SIZE_MAX) return SIZE_MAX;
    size_t i = at + gt + 1;
    *body = *body_end = i;
    if (in.ptr[i - 2] == '/') return i;
    if (*none) return SIZE_MAX;
    for (const char *p; i < in.len && (p = memchr(in.ptr + i, '<', in.len - i)); i++) {
        i = (size_t)(p - in.ptr);
        if (!closes(slice_sub(in, i, in.len), name)) continue;
        size_t end = slice_find_char(slice_sub(in, i, in.len), '>');
        if (end == SIZE_MAX) break;
        *body_end = i;
        return i + end + 1;
    }
    *none = true;
    return SIZE_MAX;
}

/* Markup that is to be read as it stands. */
static void literal(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len; i++)
        if (strchr("[]{}|'=*#:;<>!-_", s.ptr[i]))
            buf_printf(out, "&#%d;", s.ptr[i]);
        else
            buf_char(out, s.ptr[i]);
}

static size_t element(struct slice in, size_t at, bool none[DROPPED + 2], struct buf *out) {
    struct slice name = name_at(slice_sub(in, at, in.len));
    size_t body, body_end, end;
    for (int i = 0; i < DROPPED; i++)
        if (slice_eq_nocase(name, slice_str(dropped[i]))) {
            end = end_of(in, at, name, &body, &body_end, &none[i]);
            return end == SIZE_MAX ? 0 : end;
        }
    bool nowiki = slice_eq_nocase(name, slice_str("nowiki"));
    if (!nowiki && !slice_eq_nocase(name, slice_str("pre"))) return 0;
    end = end_of(in, at, name, &body, &body_end, &none[DROPPED + nowiki]);
    if (end == SIZE_MAX) return 0;
    literal(slice_sub(in, body, body_end), out);
    return end;
}

void wikitext_strip(struct slice in, struct buf *out) {
    bool none[DROPPED + 2] = {false}, no_comment_end = false;
    size_t i = 0;
    while (i < in.len) {
        const char *p = memchr(in.ptr + i, '<', in.len - i);
        size_t at = p ? (size_t)(p - in.ptr) : in.len, end = 0;
        buf_append(out, in.ptr + i, at - i);
        if (!p) return;
        i = at;
        if (slice_starts(slice_sub(in, at, in.len), slice_str("<!--"))) {
            size_t close = no_comment_end ? SIZE_MAX : slice_find(slice_sub(in, at, in.len), slice_str("-->"));
            no_comment_end = close == SIZE_MAX;
            end = no_comment_end ? in.len : at + close + 3; /* as MediaWiki: an open comment hides the rest */
        } else {
            end = element(in, at, none, out);
        }
        if (end)
            i = end;
        else
            buf_char(out, in.ptr[i++]);
    }
}
