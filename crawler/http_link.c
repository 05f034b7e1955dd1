#include "crawler/http_link.h"

/* Up to the next ${end} outside quotes and, with ${angles}, outside <…>; *${rest} is what follows, NULL after the last. */
static struct slice cut(struct slice *rest, char end, bool angles) {
    bool quoted = false, target = false;
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->ptr[i];
        if (c == '\\' && quoted) i++;
        if (c == '"' && !target) quoted = !quoted;
        if (c == '<' && angles && !quoted) target = true;
        if (c == '>' && !quoted) target = false;
        if (c != end || quoted || target) continue;
        struct slice piece = slice_sub(*rest, 0, i);
        *rest = slice_sub(*rest, i + 1, rest->len);
        return piece;
    }
    struct slice piece = *rest;
    *rest = slice_of(NULL, 0);
    return piece;
}

static void parameter(struct slice part, struct http_link *link) {
    size_t eq = slice_find_char(part, '=');
    if (eq == SIZE_MAX) return;
    struct slice name = slice_trim(slice_sub(part, 0, eq)), value = slice_trim(slice_sub(part, eq + 1, part.len));
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') value = slice_sub(value, 1, value.len - 1);
    if (slice_eq_nocase(name, slice_str("rel")) && !link->rel.len) link->rel = value;
    if (slice_eq_nocase(name, slice_str("type")) && !link->type.len) link->type = value;
    if (slice_eq_nocase(name, slice_str("hreflang")) && !link->hreflang.len) link->hreflang = value;
    if (slice_eq_nocase(name, slice_str("anchor"))) link->anchored = value.len > 0;
}

bool http_link_next(struct slice *value, struct http_link *link) {
    while (value->ptr) {
        struct slice whole = slice_trim(cut(value, ',', true));
        size_t end = slice_find_char(whole, '>');
        if (!whole.len || whole.ptr[0] != '<' || end == SIZE_MAX) continue;
        struct slice none = slice_of("", 0), rest = slice_sub(whole, end + 1, whole.len);
        *link = (struct http_link){whole, slice_trim(slice_sub(whole, 1, end)), none, none, none, false};
        while (rest.ptr) parameter(cut(&rest, ';', false), link);
        return true;
    }
    return false;
}

bool http_link_is_feed(struct slice type) {
    type = slice_trim(slice_sub(type, 0, slice_find_char(type, ';')));
    return slice_eq_nocase(type, slice_str("application/rss+xml")) || slice_eq_nocase(type, slice_str("application/atom+xml"));
}
