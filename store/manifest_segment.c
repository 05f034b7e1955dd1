#include "store/mdb.h"
#include <stdlib.h>

enum status manifest_find_segment(struct manifest *m, enum segment_kind kind, struct slice name, int64_t *number, struct buf *err) {
    static const char sql[] = "SELECT segment FROM segments WHERE kind = ?1 AND name = ?2";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)kind);
    mdb_bind_text(st, 2, name);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *number = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_SKIP, "no segment %.*s", SLICE_ARG(name)) : got;
}

static enum status write_segment(struct manifest *m, const struct manifest_segment *seg, int64_t *number, struct buf *err) {
    static const char sql[] =
        "INSERT INTO segments (kind, name, bytes, records, sealed_ms, settings, run, derived_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT (kind, name) DO UPDATE SET bytes = excluded.bytes, records = excluded.records, sealed_ms = excluded.sealed_ms, "
        "settings = excluded.settings, run = excluded.run, derived_from = excluded.derived_from RETURNING segment";
    int64_t settings = MANIFEST_NONE;
    enum status got = mdb_settings(m, seg->settings_hash, slice_str(""), &settings, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)seg->kind);
    mdb_bind_text(st, 2, seg->name);
    sqlite3_bind_int64(st, 3, (int64_t)seg->bytes);
    sqlite3_bind_int64(st, 4, (int64_t)seg->records);
    sqlite3_bind_int64(st, 5, seg->sealed_ms);
    mdb_bind_opt(st, 6, settings);
    mdb_bind_opt(st, 7, seg->run);
    mdb_bind_opt(st, 8, seg->derived_from);
    got = mdb_row(m, st, err);
    if (got == ST_OK) *number = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_FATAL, "%s: a segment was not kept", m->path) : got;
}

enum status manifest_add_segment(struct manifest *m, const struct manifest_segment *seg, int64_t *number, bool *known,
                                 struct buf *err) {
    enum status st = mdb_writing(m, err);
    if (st != ST_OK) return st;
    st = manifest_find_segment(m, seg->kind, seg->name, number, NULL);
    if (st != ST_OK && st != ST_SKIP) return manifest_find_segment(m, seg->kind, seg->name, number, err);
    bool found = st == ST_OK;
    if (known) *known = found;
    if (found && (seg->kind == SEGMENT_WARC || seg->kind == SEGMENT_RAW)) return ST_OK;
    return write_segment(m, seg, number, err);
}

/* A walk's row: the columns of `columns`, in that order. */
#define SEGMENT_COLUMNS                                                                                                               \
    "SELECT s.segment, s.kind, s.name, s.bytes, s.records, s.sealed_ms, coalesce(g.hash, ''), s.run, s.derived_from FROM segments s " \
    "LEFT JOIN settings g USING (settings) "

struct list {
    struct manifest_segment *items;
    size_t n, cap;
    struct buf texts; /* names and hashes, one after the other */
};

static bool keep(struct list *l, sqlite3_stmt *st) {
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct manifest_segment *items = realloc(l->items, cap * sizeof *items);
        if (!items) return false;
        l->items = items;
        l->cap = cap;
    }
    struct slice name = mdb_text(st, 2);
    buf_slice(&l->texts, name);
    struct slice hash = mdb_text(st, 6);
    buf_slice(&l->texts, hash);
    l->items[l->n++] = (struct manifest_segment){.number = sqlite3_column_int64(st, 0),
                                                 .kind = (enum segment_kind)sqlite3_column_int(st, 1),
                                                 .name = {NULL, name.len},
                                                 .bytes = (uint64_t)sqlite3_column_int64(st, 3),
                                                 .records = (uint64_t)sqlite3_column_int64(st, 4),
                                                 .sealed_ms = sqlite3_column_int64(st, 5),
                                                 .settings_hash = {NULL, hash.len},
                                                 .run = mdb_int_or_none(st, 7),
                                                 .derived_from = mdb_int_or_none(st, 8)};
    return buf_ok(&l->texts);
}

/* Segments are few (one a GiB): read them whole, so that the callback is free to write. */
static enum status walk(struct manifest *m, sqlite3_stmt *st, manifest_segment_fn fn, void *ctx, struct buf *err) {
    struct list l = {.texts = {.max = 1 << 28}};
    enum status got;
    while ((got = mdb_row(m, st, err)) == ST_OK)
        if (!keep(&l, st)) {
            got = fail(err, ST_FATAL, "no memory for the list of segments");
            break;
        }
    sqlite3_finalize(st);
    if (got == ST_SKIP) got = ST_OK;
    const char *at = buf_cstr(&l.texts);
    for (size_t i = 0; got == ST_OK && i < l.n; i++) {
        l.items[i].name.ptr = at;
        at += l.items[i].name.len;
        l.items[i].settings_hash.ptr = at;
        at += l.items[i].settings_hash.len;
        got = fn(ctx, &l.items[i]);
    }
    free(l.items);
    buf_free(&l.texts);
    return got;
}

enum status manifest_each_segment(struct manifest *m, enum segment_kind kind, manifest_segment_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, SEGMENT_COLUMNS "WHERE s.kind = ?1 ORDER BY s.name", &st, err);
    if (got != ST_OK) return got;
    sqlite3_bind_int(st, 1, (int)kind);
    return walk(m, st, fn, ctx, err);
}

enum status manifest_each_stale(struct manifest *m, enum segment_kind kind, enum segment_kind derived_kind,
                                struct slice settings_hash, manifest_segment_fn fn, void *ctx, struct buf *err) {
    static const char sql[] =
        SEGMENT_COLUMNS "WHERE s.kind = ?1 AND NOT EXISTS (SELECT 1 FROM segments d JOIN settings h ON h.settings = d.settings "
                        "WHERE d.derived_from = s.segment AND d.kind = ?2 AND h.hash = ?3) ORDER BY s.name";
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err);
    if (got != ST_OK) return got;
    sqlite3_bind_int(st, 1, (int)kind);
    sqlite3_bind_int(st, 2, (int)derived_kind);
    mdb_bind_text(st, 3, settings_hash);
    return walk(m, st, fn, ctx, err);
}
