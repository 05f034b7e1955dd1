#include "store/release_diff.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "store/doc.h"
#include "store/jsonl.h"
#include <stdio.h>
#include <stdlib.h>

struct entry {
    struct hash128 id;
    uint64_t line;
};
struct ids {
    struct entry *items;
    size_t n, cap;
};

static bool parse_id(struct slice s, struct hash128 *id) {
    uint64_t half[2] = {0, 0};
    if (s.len != DOC_ID_LEN - 1) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = c >= 'a' && c <= 'f';
        if (!letter && !ascii_is_digit(c)) return false;
        half[i / 16] = half[i / 16] << 4 | (uint64_t)(letter ? c - 'a' + 10 : c - '0');
    }
    *id = (struct hash128){.hi = half[0], .lo = half[1]};
    return true;
}

static int by_id(const void *a, const void *b) {
    const struct hash128 *x = &((const struct entry *)a)->id, *y = &((const struct entry *)b)->id;
    if (x->hi != y->hi) return x->hi < y->hi ? -1 : 1;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

static bool put(struct ids *l, struct hash128 id, uint64_t line) {
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 4096;
        struct entry *grown = realloc(l->items, cap * sizeof *grown);
        if (!grown) return false;
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->n++] = (struct entry){id, line};
    return true;
}

static enum status load_lines(struct jsonl_reader *r, const char *path, struct ids *out, struct buf *err) {
    struct json_parser *p = json_parser_new(LIMIT_LINE);
    struct json_value root;
    struct slice line;
    struct hash128 id = {0, 0};
    enum status st = p ? ST_OK : fail(err, ST_FATAL, "out of memory");
    while (st == ST_OK && (st = jsonl_next(r, &line, err)) == ST_OK) {
        st = json_parse(p, line, &root, err);
        if (st == ST_OK && !parse_id(json_get_string(root, "id"), &id))
            st = fail(err, ST_FATAL, "%s:%llu: no document id", path, (unsigned long long)jsonl_line_number(r));
        if (st == ST_OK && !put(out, id, hash64(line))) st = fail(err, ST_FATAL, "out of memory");
    }
    json_parser_free(p);
    if (st == ST_RETRY) st = ST_OK; /* the end */
    if (st == ST_OK && out->n) qsort(out->items, out->n, sizeof *out->items, by_id);
    return st == ST_SKIP ? ST_FATAL : st;
}

static enum status load_shard(const char *dir, const struct release_shard *s, struct ids *out, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    struct jsonl_reader *r = NULL;
    out->n = 0;
    if (!s) return ST_OK;
    buf_printf(&path, "%s/" RELEASE_DATA_DIR "/%s", dir, s->name);
    enum status st = jsonl_open(buf_cstr(&path), &r, err);
    if (st == ST_OK) st = load_lines(r, buf_cstr(&path), out, err);
    jsonl_free(r);
    buf_free(&path);
    return st;
}

static enum status tell(release_change_fn fn, void *ctx, enum release_change change, struct hash128 id) {
    char hex[33];
    snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)id.hi, (unsigned long long)id.lo);
    return fn(ctx, change, hex);
}

static enum status compare(const struct ids *a, const struct ids *b, release_change_fn fn, void *ctx) {
    size_t i = 0, j = 0;
    enum status st = ST_OK;
    while (st == ST_OK && (i < a->n || j < b->n)) {
        int order = i == a->n ? 1 : j == b->n ? -1 : by_id(&a->items[i], &b->items[j]);
        if (order < 0)
            st = tell(fn, ctx, RELEASE_REMOVED, a->items[i++].id);
        else if (order > 0)
            st = tell(fn, ctx, RELEASE_ADDED, b->items[j++].id);
        else {
            if (a->items[i].line != b->items[j].line) st = tell(fn, ctx, RELEASE_CHANGED, a->items[i].id);
            i++, j++;
        }
    }
    return st;
}

enum status release_diff(const char *old_dir, const struct release_manifest *old_m, const char *new_dir,
                         const struct release_manifest *new_m, release_change_fn fn, void *ctx, struct buf *err) {
    struct ids a = {0}, b = {0};
    size_t i = 0, j = 0;
    enum status st = ST_OK;
    while (st == ST_OK && (i < old_m->n_shards || j < new_m->n_shards)) {
        const struct release_shard *x = i < old_m->n_shards ? &old_m->shards[i] : NULL;
        const struct release_shard *y = j < new_m->n_shards ? &new_m->shards[j] : NULL;
        if (x && y && x->number < y->number)
            y = NULL;
        else if (x && y && y->number < x->number)
            x = NULL;
        i += x != NULL;
        j += y != NULL;
        if (x && y && !strcmp(x->sha256, y->sha256)) continue;
        st = load_shard(old_dir, x, &a, err);
        if (st == ST_OK) st = load_shard(new_dir, y, &b, err);
        if (st == ST_OK) st = compare(&a, &b, fn, ctx);
    }
    free(a.items);
    free(b.items);
    return st;
}

enum status release_diff_load(const char *dir, struct release_manifest *m, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    path_join(&path, dir, RELEASE_MANIFEST_FILE);
    enum status st = file_read(buf_cstr(&path), LIMIT_RELEASE_META, &text, err);
    if (st == ST_OK) st = release_manifest_read(buf_view(&text), m, err);
    buf_free(&path);
    buf_free(&text);
    return st;
}
