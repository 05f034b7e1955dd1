#include "cli/engine.h"

/*
 * The top-level members of a JSON object that a parser has found good: names and values as they stand, so that numbers keep their
 * digits.
 */
struct members {
    struct slice rest;
};

static void skip_space(struct slice *s) {
    while (s->len && (s->ptr[0] == ' ' || s->ptr[0] == '\t' || s->ptr[0] == '\n' || s->ptr[0] == '\r'))
        *s = slice_sub(*s, 1, s->len);
}

/* How long the string at the beginning of ${s} is, quotes included. */
static size_t string_len(struct slice s) {
    for (size_t at = 1; at < s.len;) {
        const char *quote = memchr(s.ptr + at, '"', s.len - at);
        if (!quote) break;
        size_t backslashes = 0;
        while (quote[-1 - (ptrdiff_t)backslashes] == '\\') backslashes++; /* ends at the opening quote at the latest */
        at = (size_t)(quote - s.ptr) + 1;
        if (backslashes % 2 == 0) return at;
    }
    return s.len;
}

static size_t value_len(struct slice s) {
    size_t i = 0, depth = 0;
    while (i < s.len) {
        char c = s.ptr[i];
        if (c == '"') {
            i += string_len(slice_sub(s, i, s.len));
            continue;
        }
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']' || c == ',') && depth == 0) break;
        if (c == '}' || c == ']') depth--;
        i++;
    }
    return i < s.len ? i : s.len;
}

/* ${name} without its quotes. */
static bool next_member(struct members *m, struct slice *name, struct slice *value) {
    struct slice *s = &m->rest;
    skip_space(s);
    if (s->len && (s->ptr[0] == '{' || s->ptr[0] == ',')) *s = slice_sub(*s, 1, s->len);
    skip_space(s);
    if (!s->len || s->ptr[0] != '"') return false;
    size_t n = string_len(*s);
    *name = n >= 2 ? slice_sub(*s, 1, n - 1) : slice_of("", 0);
    *s = slice_sub(*s, n, s->len);
    skip_space(s);
    *s = slice_sub(*s, 1, s->len); /* the colon */
    skip_space(s);
    n = value_len(*s);
    *value = slice_trim(slice_sub(*s, 0, n));
    *s = slice_sub(*s, n, s->len);
    return true;
}

static bool one_of(struct slice name, const char *const *own, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (slice_eq_str(name, own[i])) return true;
    return false;
}

void engine_open(struct json_out *j, const struct engine_record *rec) {
    struct members m = {rec->object};
    struct slice name, value;
    json_object(j);
    if (rec->numbered) {
        json_kv_int(j, "line", rec->number);
        return;
    }
    while (next_member(&m, &name, &value))
        if (slice_eq_str(name, "id")) { /* a number stays one */
            json_key(j, "id");
            json_raw(j, value);
            return;
        }
    json_kv_str(j, "id", rec->id);
}

void engine_close(struct json_out *j, const struct engine_record *rec, const char *const *own, size_t n) {
    struct members m = {rec->object};
    struct slice name, value;
    while (next_member(&m, &name, &value)) {
        if (slice_eq_str(name, "id") || one_of(name, own, n)) continue;
        buf_str(j->b, ",\""); /* the id stands before */
        buf_slice(j->b, name);
        buf_str(j->b, "\":");
        buf_slice(j->b, value);
    }
    json_object_end(j);
    buf_char(j->b, '\n');
}
