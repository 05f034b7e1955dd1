#include "crawler/charset_parts.h"
#include "crawler/tag_scan.h"

/* WHATWG "extracting a character encoding from a meta element": what follows "charset=" in a content attribute. */
static struct slice charset_in_content(struct slice content) {
    for (;;) {
        size_t found = slice_find_nocase(content, slice_str("charset"));
        if (found == SIZE_MAX) return slice_of("", 0);
        content = slice_sub(content, found + 7, content.len);
        size_t i = 0;
        while (i < content.len && tag_scan_space(content.ptr[i])) i++;
        if (i == content.len || content.ptr[i] != '=') continue;
        i++;
        while (i < content.len && tag_scan_space(content.ptr[i])) i++;
        if (i < content.len && (content.ptr[i] == '"' || content.ptr[i] == '\'')) {
            struct slice rest = slice_sub(content, i + 1, content.len);
            size_t end = slice_find_char(rest, content.ptr[i]);
            return end == SIZE_MAX ? slice_of("", 0) : slice_sub(rest, 0, end);
        }
        size_t from = i;
        while (i < content.len && !tag_scan_space(content.ptr[i]) && content.ptr[i] != ';') i++;
        return slice_sub(content, from, i);
    }
}

/* A <meta …> from behind its name: its encoding, or none. */
static charset_id meta(struct tag_scan *t) {
    struct slice name, value, label = {0};
    bool pragma = false, from_content = false;
    while (tag_scan_attribute(t, &name, &value)) {
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

/*
 * The standard's prescan also looks into scripts and styles; a declaration there is none to a parser, and pages that print one
 * are commoner than pages that mean it.
 */
charset_id charset_prescan(struct slice html) {
    struct tag_scan t = {.s = html};
    struct slice name, value;
    charset_id id = xml_declaration(html);
    while (id == CHARSET_NONE && tag_scan_next(&t)) {
        if (slice_eq_nocase(t.name, slice_str("meta"))) {
            id = meta(&t);
        } else {
            while (tag_scan_attribute(&t, &name, &value)) {}
        }
    }
    return id;
}
