#include "store/checksums.h"
#include "base/limits.h"
#include <stdlib.h>

static bool hex_ok(struct slice s) {
    if (s.len != 64) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]) && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f')) return false;
    return true;
}

bool checksums_path_ok(struct slice path) {
    if (path.len == 0 || path.len > LIMIT_RELEASE_PATH) return false;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7f || path.ptr[i] == '\\') return false;
    struct slice rest = path, part;
    while (slice_cut(&rest, '/', &part))
        if (part.len == 0 || slice_eq_str(part, ".") || slice_eq_str(part, "..")) return false;
    return true;
}

static bool room(struct checksums *c) {
    if (c->n < c->cap) return true;
    size_t cap = c->cap ? 2 * c->cap : 64;
    struct checksum *items = realloc(c->items, cap * sizeof *items);
    if (!items) return false;
    c->items = items;
    c->cap = cap;
    return true;
}

enum status checksums_add(struct checksums *c, struct slice path, struct slice sha256, struct buf *err) {
    if (!checksums_path_ok(path)) return fail(err, ST_SKIP, "not a plain relative path: '%.*s'", SLICE_ARG(path));
    if (!hex_ok(sha256)) return fail(err, ST_SKIP, "not a SHA-256 in hex: '%.*s'", SLICE_ARG(sha256));
    if (c->n >= LIMIT_RELEASE_FILES) return fail(err, ST_FATAL, "more than %zu files in one release", LIMIT_RELEASE_FILES);
    char *copy = strndup(path.ptr, path.len);
    if (!copy || !room(c)) {
        free(copy);
        return fail(err, ST_FATAL, "out of memory");
    }
    struct checksum *item = &c->items[c->n++];
    item->path = copy;
    memcpy(item->sha256, sha256.ptr, 64);
    item->sha256[64] = '\0';
    return ST_OK;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct checksum *)a)->path, ((const struct checksum *)b)->path);
}

void checksums_sort(struct checksums *c) {
    if (c->n) qsort(c->items, c->n, sizeof *c->items, by_path);
}

const struct checksum *checksums_find(const struct checksums *c, struct slice path) {
    size_t lo = 0, hi = c->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = slice_cmp(slice_str(c->items[mid].path), path);
        if (order == 0) return &c->items[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

void checksums_write(struct buf *out, const struct checksums *c) {
    for (size_t i = 0; i < c->n; i++) buf_printf(out, "%s  %s\n", c->items[i].sha256, c->items[i].path);
}

static enum status parse_line(struct checksums *c, struct slice line, struct buf *err) {
    bool marked = line.len > 66 && line.ptr[64] == ' ' && (line.ptr[65] == ' ' || line.ptr[65] == '*');
    if (!marked) return fail(err, ST_SKIP, "not 'SHA-256  path'");
    return checksums_add(c, slice_sub(line, 66, line.len), slice_sub(line, 0, 64), err);
}

enum status checksums_parse(struct slice text, struct checksums *c, struct buf *err) {
    struct slice rest = text, line;
    size_t number = 0;
    struct buf why = {.max = LIMIT_ERR};
    enum status st = ST_OK;
    while (st == ST_OK && slice_cut(&rest, '\n', &line)) {
        number++;
        if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
        if (line.len == 0) continue;
        st = parse_line(c, line, &why);
        if (st != ST_OK) st = fail(err, st, CHECKSUMS_FILE ":%zu: %s", number, buf_cstr(&why));
    }
    buf_free(&why);
    if (st != ST_OK) return st;
    if (c->n == 0) return fail(err, ST_SKIP, CHECKSUMS_FILE " names no file");
    checksums_sort(c);
    for (size_t i = 1; i < c->n; i++)
        if (!strcmp(c->items[i - 1].path, c->items[i].path))
            return fail(err, ST_SKIP, CHECKSUMS_FILE " names '%s' twice", c->items[i].path);
    return ST_OK;
}

void checksums_free(struct checksums *c) {
    for (size_t i = 0; i < c->n; i++) free(c->items[i].path);
    free(c->items);
    *c = (struct checksums){0};
}
