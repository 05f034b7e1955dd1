#include "crawler/charset_parts.h"

struct scan {
    struct slice s;
    size_t at;
};

static bool is_gap(char c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; }

static bool more(const struct scan *sc) { return sc->at < sc->s.len; }

static char peek(const struct scan *sc) { return sc->s.ptr[sc->at]; }

static bool starts(const struct scan *sc, const char *prefix) {
    return slice_starts_nocase(slice_sub(sc->s, sc->at, sc->s.len), slice_str(prefix));
}

/* Move to the byte behind the next ${stop}, or to the end. */
static void skip_past(struct scan *sc, const char *stop) {
    struct slice rest = slice_sub(sc->s, sc->at, sc->s.len);
    size_t found = slice_find(rest, slice_str(stop));
    sc->at = found == SIZE_MAX ? sc->s.len : sc->at + found + strlen(stop);
}

static void quoted_value(struct scan *sc, struct slice *value) {
    char quote = peek(sc);
    size_t from = ++sc->at;
    while (more(sc) && peek(sc) != quote) sc->at++;
    *value = slice_sub(sc->s, from, sc->at);
    if (more(sc)) sc->at++;
}

/* WHATWG "get an attribute".  False at the tag's '>' or the end. */
static bool attribute(struct scan *sc, struct slice *name, struct slice *value) {
    while (more(sc) && (is_gap(peek(sc)) || peek(sc) == '/')) sc->at++;
    if (!more(sc) || peek(sc) == '>') return false;
    size_t from = sc->at;
    while (more(sc) && !is_gap(peek(sc)) && !strchr("/>", peek(sc)) && (peek(sc) != '=' || sc->at == from)) sc->at++;
    *name = slice_sub(sc->s, from, sc->at);
    *value = slice_of("", 0);
    while (more(sc) && is_gap(peek(sc))) sc->at++;
    if (!more(sc) || peek(sc) != '=') return true;
    sc->at++;
    while (more(sc) && is_gap(peek(sc))) sc->at++;
    if (!more(sc) || peek(sc) == '>') return true;
    if (peek(sc) == '"' || peek(sc) == '\'') {
        quoted_value(sc, value);
        return true;
    }
    from = sc->at;
    while (more(sc) && !is_gap(peek(sc)) && peek(sc) != '>') sc->at++;
    *value = slice_sub(sc->s, from, sc->at);
    return true;
}

/* WHATWG "extracting a character encoding from a meta element": what follows "charset=" in a content attribute. */
static struct slice charset_in_content(struct slice content) {
    for (;;) {
        size_t found = slice_find_nocase(content, slice_str("charset"));
        if (found == SIZE_MAX) return slice_of("", 0);
        content = slice_sub(content, found + 7, content.len);
        size_t i = 0;
        while (i < content.len && is_gap(content.ptr[i])) i++;
        if (i == content.len || content.ptr[i] != '=') continue;
        i++;
        while (i < content.len && is_gap(content.ptr[i])) i++;
        if (i < content.len && (content.ptr[i] == '"' || content.ptr[i] == '\'')) {
            struct slice rest = slice_sub(content, i + 1, content.len);
            size_t end = slice_find_char(rest, content.ptr[i]);
            return end == SIZE_MAX ? slice_of("", 0) : slice_sub(rest, 0, end);
        }
        size_t from = i;
        while (i < content.len && !is_gap(content.ptr[i]) && content.ptr[i] != ';') i++;
        return slice_sub(content, from, i);
    }
}

/* A <meta …> from behind its name: its encoding, or none. */
static charset_id meta(struct scan *sc) {
    struct slice name, value, label = {0};
    bool pragma = false, from_content = false;
    while (attribute(sc, &name, &value)) {
        if (slice_eq_nocase(name, slice_str("http-equiv"))) pragma |= slice_eq_nocase(value, slice_str("content-type"));
        if (slice_eq_nocase(name, slice_str("charset"))) {
            label = value;
            from_content = false;
        }
        if (slice_eq_nocase(name, slice_str("content")) && label.len == 0) {
            label = charset_in_content(value);
            from_content = true;
        }
    }
    if (label.len == 0 || (from_content && !pragma)) return CHARSET_NONE;
    charset_id id = charset_find(label);
    if (charset_is(id, "utf-16le") || charset_is(id, "utf-16be")) return charset_find(slice_str("utf-8"));
    if (slice_eq_nocase(slice_trim(label), slice_str("x-user-defined"))) return charset_find(slice_str("windows-1252"));
    return id;
}

/* <?xml … encoding="…"?> */
static charset_id xml_declaration(struct slice s) {
    struct slice head = slice_sub(s, 0, slice_find_char(s, '>'));
    size_t found = slice_find(head, slice_str("encoding"));
    if (!slice_starts(s, slice_str("<?xml")) || found == SIZE_MAX || head.len > 512) return CHARSET_NONE;
    struct slice rest = slice_sub(head, found + 8, head.len);
    size_t open = 0;
    while (open < rest.len && rest.ptr[open] != '"' && rest.ptr[open] != '\'') open++;
    if (open == rest.len) return CHARSET_NONE;
    struct slice label = slice_sub(rest, open + 1, rest.len);
    return charset_find(slice_sub(label, 0, slice_find_char(label, rest.ptr[open])));
}

static bool tag_ahead(const struct scan *sc, const char *name) {
    size_t end = sc->at + strlen(name);
    return starts(sc, name) && end < sc->s.len && (is_gap(sc->s.ptr[end]) || sc->s.ptr[end] == '/');
}

charset_id charset_prescan(struct slice html) {
    struct scan sc = {html, 0};
    struct slice name, value;
    charset_id id = xml_declaration(html);
    while (id == CHARSET_NONE && more(&sc)) {
        const char *next = memchr(sc.s.ptr + sc.at, '<', sc.s.len - sc.at);
        if (!next) break;
        sc.at = (size_t)(next - sc.s.ptr);
        if (starts(&sc, "<!--")) {
            sc.at += 2; /* "<!-->" is a whole comment */
            skip_past(&sc, "-->");
        } else if (tag_ahead(&sc, "<meta")) {
            sc.at += 5;
            id = meta(&sc);
        } else if (starts(&sc, "<!") || starts(&sc, "<?")) {
            skip_past(&sc, ">");
        } else {
            sc.at++;
            if (more(&sc) && peek(&sc) == '/') sc.at++;
            if (!more(&sc) || !ascii_is_alpha(peek(&sc))) continue;
            while (more(&sc) && !is_gap(peek(&sc)) && peek(&sc) != '>') sc.at++;
            while (attribute(&sc, &name, &value)) {}
        }
    }
    return id;
}
