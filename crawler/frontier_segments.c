/* The segments of a frontier and the captures that wait for them. */
#include "crawler/frontier_internal.h"

enum status frontier_segment_begin(struct frontier *f, struct frontier_segment *s, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_SEGMENT_NEW];
    db_bind_slice(st, 1, s->base);
    sqlite3_bind_int(st, 2, s->gzip);
    sqlite3_bind_int64(st, 3, s->run);
    enum status r = db_run(&f->db, st, err);
    s->number = sqlite3_last_insert_rowid(f->db.h);
    return r;
}

enum status frontier_segment_grow(struct frontier *f, const struct frontier_segment *s, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_SEGMENT_GROW];
    sqlite3_bind_int64(st, 1, s->number);
    sqlite3_bind_int64(st, 2, (int64_t)s->warc_end);
    sqlite3_bind_int64(st, 3, (int64_t)s->raw_end);
    sqlite3_bind_int64(st, 4, (int64_t)s->warc_records);
    sqlite3_bind_int64(st, 5, (int64_t)s->raw_records);
    return db_run(&f->db, st, err);
}

enum status frontier_segment_drop(struct frontier *f, int64_t number, struct buf *err) {
    sqlite3_bind_int64(f->st[FRONTIER_CAPTURE_DROP], 1, number);
    enum status r = db_run(&f->db, f->st[FRONTIER_CAPTURE_DROP], err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(f->st[FRONTIER_SEGMENT_DROP], 1, number);
    return db_run(&f->db, f->st[FRONTIER_SEGMENT_DROP], err);
}

enum status frontier_segment_lost(struct frontier *f, int64_t number, int64_t *urls, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = frontier_visit_lost(f, number, err);
    if (r != ST_OK) return r;
    r = db_prepare(&f->db,
                   "UPDATE url SET state=0, tries=0, reason=?2, detail=NULL WHERE state=2 AND url IN"
                   " (SELECT fetched_url FROM capture WHERE segment=?1)",
                   &st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(st, 1, number);
    sqlite3_bind_int64(st, 2, f->reason[REASON_NONE]);
    r = db_run(&f->db, st, err);
    *urls = sqlite3_changes64(f->db.h);
    sqlite3_finalize(st);
    return r == ST_OK ? frontier_segment_drop(f, number, err) : r;
}

enum status frontier_segment_first(struct frontier *f, struct frontier_segment *s, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_SEGMENT_FIRST];
    bool row;
    enum status r = db_step(&f->db, st, &row, err);
    if (r != ST_OK || !row) return r != ST_OK ? r : ST_SKIP;
    buf_clear(&f->url);
    buf_slice(&f->url, db_slice(st, 1));
    *s = (struct frontier_segment){sqlite3_column_int64(st, 0),           buf_view(&f->url),
                                   sqlite3_column_int(st, 2) != 0,        sqlite3_column_int64(st, 3),
                                   (uint64_t)sqlite3_column_int64(st, 4), (uint64_t)sqlite3_column_int64(st, 5),
                                   (uint64_t)sqlite3_column_int64(st, 6), (uint64_t)sqlite3_column_int64(st, 7)};
    sqlite3_reset(st);
    return buf_ok(&f->url) ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

enum status frontier_capture_add(struct frontier *f, int64_t segment, const struct frontier_capture *c, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_CAPTURE_PUT];
    const struct slice text[] = {c->doc_id, c->url, c->fetched_url, c->source, c->license, c->digest, c->refusal, c->evidence};
    sqlite3_bind_int64(st, 1, segment);
    for (int i = 0; i < 8; i++) db_bind_slice(st, i + 2, slice_sub(text[i], 0, i == 7 ? FRONTIER_DETAIL_MAX : text[i].len));
    sqlite3_bind_int(st, 10, c->status);
    sqlite3_bind_int64(st, 11, c->captured_ms);
    sqlite3_bind_int64(st, 12, c->bytes);
    sqlite3_bind_int64(st, 13, c->warc_offset);
    sqlite3_bind_int64(st, 14, c->raw_offset);
    return db_run(&f->db, st, err);
}

enum status frontier_each_capture(struct frontier *f, int64_t segment, frontier_capture_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_CAPTURE_EACH];
    sqlite3_bind_int64(st, 1, segment);
    for (bool row = true; row;) {
        enum status r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) return r;
        struct frontier_capture c = {db_slice(st, 1),
                                     db_slice(st, 2),
                                     db_slice(st, 3),
                                     db_slice(st, 4),
                                     db_slice(st, 5),
                                     db_slice(st, 6),
                                     db_slice(st, 7),
                                     db_slice(st, 8),
                                     sqlite3_column_int(st, 9),
                                     sqlite3_column_int64(st, 10),
                                     sqlite3_column_int64(st, 11),
                                     sqlite3_column_int64(st, 12),
                                     sqlite3_column_int64(st, 13)};
        r = fn(ctx, &c);
        if (r != ST_OK) {
            sqlite3_reset(st);
            return r;
        }
    }
    return ST_OK;
}
