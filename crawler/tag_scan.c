#include "crawler/tag_scan.h"

static bool more(const struct tag_scan *t) { return t->at < t->s.len; }

static char peek(const struct tag_scan *t) { return t->s.ptr[t->at]; }

static struct slice rest_of(const struct tag_scan *t) { return slice_sub(t->s, t->at, t->s.len); }

/* Move to the byte behind the next ${stop}, or to the end. */
static void skip_past(struct tag_scan *t, const char *stop) {
    size_t found = slice_find(rest_of(t), slice_str(stop));
    t->at = found == SIZE_MAX ? t->s.len : t->at + found + strlen(stop);
}

static void skip_spaces(struct tag_scan *t) {
    while (more(t) && tag_scan_space(peek(t))) t->at++;
}

bool tag_scan_attribute(struct tag_scan *t, struct slice *name, struct slice *value) {
    while (more(t) && (tag_scan_space(peek(t)) || peek(t) == '/')) t->at++;
    if (!more(t)) return false;
    if (peek(t) == '>') {
        t->at++;
        return false;
    }
    size_t from = t->at;
    while (more(t) && !tag_scan_space(peek(t)) && peek(t) != '/' && peek(t) != '>' && (peek(t) != '=' || t->at == from)) t->at++;
    *name = slice_sub(t->s, from, t->at);
    *value = slice_of("", 0);
    skip_spaces(t);
    if (!more(t) || peek(t) != '=') return true;
    t->at++;
    skip_spaces(t);
    if (!more(t) || peek(t) == '>') return true;
    char quote = peek(t);
    bool quoted = quote == '"' || quote == '\'';
    if (quoted) t->at++;
    from = t->at;
    if (quoted) {
        const char *end = memchr(t->s.ptr + t->at, quote, t->s.len - t->at);
        t->at = end ? (size_t)(end - t->s.ptr) : t->s.len;
    }
    while (!quoted && more(t) && !tag_scan_space(peek(t)) && peek(t) != '>') t->at++;
    *value = slice_sub(t->s, from, t->at);
    if (quoted && more(t)) t->at++;
    return true;
}

/* The elements whose content is text, or inert. */
static bool is_opaque(struct slice name) {
    static const char *const names[] = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "template"};
    if (name.len < 3 || !memchr("stxin", ascii_lower(name.ptr[0]), 5)) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (slice_eq_nocase(name, slice_str(names[i]))) return true;
    }
    return false;
}

/* From inside or behind an opaque start tag to its end tag. */
static void skip_content(struct tag_scan *t, struct slice element) {
    while (more(t)) {
        skip_past(t, "</");
        struct slice after = slice_sub(rest_of(t), element.len, SIZE_MAX);
        if (!slice_starts_nocase(rest_of(t), element)) continue;
        if (after.len == 0 || tag_scan_space(after.ptr[0]) || after.ptr[0] == '>' || after.ptr[0] == '/') return;
    }
}

bool tag_scan_next(struct tag_scan *t) {
    if (t->name.len && is_opaque(t->name)) skip_content(t, t->name);
    t->name.len = 0;
    while (more(t)) {
        const char *lt = memchr(t->s.ptr + t->at, '<', t->s.len - t->at);
        if (!lt) break;
        t->begin = (size_t)(lt - t->s.ptr);
        t->at = t->begin + 1;
        if (slice_starts(rest_of(t), slice_str("!--"))) {
            t->at += 1; /* "<!-->" is a whole comment */
            skip_past(t, "-->");
        } else if (more(t) && (peek(t) == '!' || peek(t) == '?' || peek(t) == '/')) {
            skip_past(t, ">");
        } else if (more(t) && ascii_is_alpha(peek(t))) {
            size_t from = t->at;
            while (more(t) && !tag_scan_space(peek(t)) && peek(t) != '>' && peek(t) != '/') t->at++;
            t->name = slice_sub(t->s, from, t->at);
            return true;
        }
    }
    t->at = t->s.len;
    return false;
}
