#include "crawler/http_head.h"

int http_head_status(struct slice head) {
    size_t space = slice_find_char(head, ' ');
    if (!slice_starts_nocase(head, slice_str("HTTP/")) || space == SIZE_MAX || head.len < space + 4) return 0;
    int status = 0;
    for (size_t i = space + 1; i < space + 4; i++) {
        if (!ascii_is_digit(head.ptr[i])) return 0;
        status = status * 10 + (head.ptr[i] - '0');
    }
    return status;
}

bool http_head_next(struct slice *rest, struct slice *name, struct slice *value) {
    struct slice line;
    while (slice_cut(rest, '\n', &line)) {
        size_t colon = slice_find_char(line, ':');
        if (colon == SIZE_MAX || slice_starts_nocase(line, slice_str("HTTP/"))) continue;
        *name = slice_trim(slice_sub(line, 0, colon));
        *value = slice_trim(slice_sub(line, colon + 1, line.len));
        return true;
    }
    return false;
}

struct slice http_head_get(struct slice head, const char *name) {
    struct slice n, v;
    while (http_head_next(&head, &n, &v))
        if (slice_eq_nocase(n, slice_str(name))) return v;
    return slice_of("", 0);
}

enum http_type http_type_of(struct slice content_type) {
    static const struct {
        const char *name;
        enum http_type type;
    } known[] = {{"text/html", HTTP_TYPE_HTML},          {"application/xhtml+xml", HTTP_TYPE_HTML},
                 {"text/plain", HTTP_TYPE_TEXT},         {"text/xml", HTTP_TYPE_XML},
                 {"application/xml", HTTP_TYPE_XML},     {"application/rss+xml", HTTP_TYPE_XML},
                 {"application/atom+xml", HTTP_TYPE_XML}};
    size_t semicolon = slice_find_char(content_type, ';');
    struct slice type = slice_trim(slice_sub(content_type, 0, semicolon == SIZE_MAX ? content_type.len : semicolon));
    if (type.len == 0) return HTTP_TYPE_HTML;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eq_nocase(type, slice_str(known[i].name))) return known[i].type;
    return HTTP_TYPE_OTHER;
}
