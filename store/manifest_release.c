#include "store/mdb.h"

enum status manifest_add_release(struct manifest *m, const struct manifest_release *rel, int64_t *number, struct buf *err) {
    static const char sql[] =
        "INSERT INTO releases (dataset, version, date_day, documents, words, text_bytes, bytes, manifest_sha256, settings, run) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (dataset, version) DO NOTHING RETURNING release";
    int64_t dataset = 0, settings = MANIFEST_NONE;
    enum status got = mdb_writing(m, err);
    if (got == ST_OK) got = mdb_term(m, TERM_DATASET, rel->dataset, &dataset, err);
    if (got == ST_OK) got = mdb_settings(m, rel->settings_hash, slice_str(""), &settings, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, dataset);
    mdb_bind_text(st, 2, rel->version);
    sqlite3_bind_int64(st, 3, rel->date_day);
    sqlite3_bind_int64(st, 4, rel->documents);
    sqlite3_bind_int64(st, 5, rel->words);
    sqlite3_bind_int64(st, 6, rel->text_bytes);
    sqlite3_bind_int64(st, 7, rel->bytes);
    mdb_bind_text(st, 8, rel->manifest_sha256);
    mdb_bind_opt(st, 9, settings);
    mdb_bind_opt(st, 10, rel->run);
    got = mdb_row(m, st, err);
    if (got == ST_OK) *number = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_SKIP, "%.*s %.*s is published already", SLICE_ARG(rel->dataset), SLICE_ARG(rel->version))
                          : got;
}

enum status manifest_each_release(struct manifest *m, const char *dataset, manifest_release_fn fn, void *ctx, struct buf *err) {
    static const char sql[] =
        "SELECT r.release, t.text, r.version, r.date_day, r.documents, r.words, r.text_bytes, r.bytes, r.manifest_sha256, "
        "coalesce(g.hash, ''), r.run FROM releases r JOIN terms t ON t.term = r.dataset LEFT JOIN settings g USING (settings) "
        "WHERE ?1 IS NULL OR t.text = ?1 ORDER BY r.release";
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err), answer = ST_OK;
    if (got == ST_OK && dataset) mdb_bind_text(st, 1, slice_str(dataset));
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_release rel = {.number = sqlite3_column_int64(st, 0),
                                       .dataset = mdb_text(st, 1),
                                       .version = mdb_text(st, 2),
                                       .date_day = sqlite3_column_int64(st, 3),
                                       .documents = sqlite3_column_int64(st, 4),
                                       .words = sqlite3_column_int64(st, 5),
                                       .text_bytes = sqlite3_column_int64(st, 6),
                                       .bytes = sqlite3_column_int64(st, 7),
                                       .manifest_sha256 = mdb_text(st, 8),
                                       .settings_hash = mdb_text(st, 9),
                                       .run = mdb_int_or_none(st, 10)};
        answer = fn(ctx, &rel);
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_add_shard(struct manifest *m, int64_t release, const struct manifest_shard *s, struct buf *err) {
    static const char sql[] = "INSERT INTO shards VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    enum status got = mdb_writing(m, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, release);
    sqlite3_bind_int64(st, 2, s->number);
    mdb_bind_text(st, 3, s->name);
    mdb_bind_text(st, 4, s->sha256);
    sqlite3_bind_int64(st, 5, s->bytes);
    sqlite3_bind_int64(st, 6, s->text_bytes);
    sqlite3_bind_int64(st, 7, s->documents);
    sqlite3_bind_int64(st, 8, s->words);
    return mdb_done(m, st, err);
}

enum status manifest_each_shard(struct manifest *m, int64_t release, manifest_shard_fn fn, void *ctx, struct buf *err) {
    static const char sql[] =
        "SELECT number, name, sha256, bytes, text_bytes, documents, words FROM shards WHERE release = ?1 ORDER BY number";
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err), answer = ST_OK;
    if (got == ST_OK) sqlite3_bind_int64(st, 1, release);
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_shard s = {.number = sqlite3_column_int64(st, 0),
                                   .name = mdb_text(st, 1),
                                   .sha256 = mdb_text(st, 2),
                                   .bytes = sqlite3_column_int64(st, 3),
                                   .text_bytes = sqlite3_column_int64(st, 4),
                                   .documents = sqlite3_column_int64(st, 5),
                                   .words = sqlite3_column_int64(st, 6)};
        answer = fn(ctx, &s);
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_each_placed(struct manifest *m, enum status (*fn)(void *ctx, int64_t doc), void *ctx, struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, "SELECT doc FROM placements", &st, err), answer = ST_OK;
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) answer = fn(ctx, sqlite3_column_int64(st, 0));
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_place(struct manifest *m, const char *dataset, int64_t doc, int64_t shard, struct buf *err) {
    static const char sql[] = "INSERT INTO placements VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    int64_t term = 0;
    enum status got = mdb_writing(m, err);
    if (got == ST_OK) got = mdb_term(m, TERM_DATASET, slice_str(dataset), &term, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, term);
    sqlite3_bind_int64(st, 2, doc);
    sqlite3_bind_int64(st, 3, shard);
    return mdb_done(m, st, err);
}
