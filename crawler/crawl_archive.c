/*
 * The pair of growing segments, warc/BASE.warc.zst (or .gz) and raw/BASE.jsonl.zst, and their way into the manifest.
 *
 * A pair's row is committed to the frontier before its files are made; its lengths are committed with the URLs they hold.  Sealed
 * means: files renamed, then one transaction of the manifest, then the row dropped.  Whatever step a crash falls on,
 * crawl_archive_recover() does the rest.
 *
 * A power cut: the frontier's log is forced to disk only when it is folded into the database, which the engine does itself, every SYNC_MS
 * or SYNC_BYTES and right after the segments were forced.  So what the disk's frontier knows, the disk's segments hold.
 */
#include "crawler/crawl_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"

#include <stdio.h>

#define WARC_BYTES GIB
#define RAW_BYTES (256 * MIB)
#define SYNC_MS 2000
#define SYNC_BYTES (16 * MIB)

struct paths {
    struct buf warc, raw, warc_name, raw_name;
};

static void paths_of(const struct crawl *c, struct slice base, bool gzip, struct paths *p) {
    *p = (struct paths){0};
    buf_printf(&p->warc_name, "%.*s.warc.%s", SLICE_ARG(base), gzip ? "gz" : "zst");
    buf_printf(&p->raw_name, "%.*s.jsonl.zst", SLICE_ARG(base));
    buf_printf(&p->warc, "%s/warc/%s", c->opt->hub, buf_cstr(&p->warc_name));
    buf_printf(&p->raw, "%s/raw/%s", c->opt->hub, buf_cstr(&p->raw_name));
}

static void paths_free(struct paths *p) {
    buf_free(&p->warc);
    buf_free(&p->raw);
    buf_free(&p->warc_name);
    buf_free(&p->raw_name);
}

/* ---- into the manifest ---- */

struct entering {
    struct crawl *c;
    int64_t warc, raw;
    struct buf *err;
};

static enum status enter_capture(void *ctx, const struct frontier_capture *f) {
    struct entering *e = ctx;
    bool doc = f->raw_offset >= 0;
    struct manifest_capture m = {.doc_id = doc ? f->doc_id : slice_of("", 0),
                                 .url = f->url,
                                 .fetched_url = f->fetched_url,
                                 .source = f->source,
                                 .campaign = slice_str(e->c->opt->campaign->name),
                                 .license = f->license,
                                 .status = f->status,
                                 .captured_ms = f->captured_ms,
                                 .bytes = f->bytes,
                                 .digest = f->digest,
                                 .warc = f->warc_offset >= 0 ? e->warc : MANIFEST_NONE,
                                 .warc_offset = f->warc_offset,
                                 .raw = doc ? e->raw : MANIFEST_NONE,
                                 .raw_offset = doc ? f->raw_offset : MANIFEST_NONE,
                                 .refusal = f->refusal,
                                 .evidence = f->evidence};
    enum status r = manifest_add_capture(e->c->manifest, &m, e->err);
    if (r == ST_OK && !doc && f->doc_id.len) {
        const struct manifest_withdrawal w = {f->doc_id, f->fetched_url, f->refusal, f->captured_ms};
        r = manifest_withdraw(e->c->manifest, &w, NULL, e->err);
    }
    if (r == ST_SKIP) log_line(e->c->opt->log, LOG_WARN, "%s", buf_cstr(e->err));
    return r == ST_SKIP ? ST_OK : r;
}

static enum status enter_file(struct crawl *c, const struct frontier_segment *row, enum segment_kind kind, struct slice name,
                              uint64_t bytes, uint64_t records, int64_t *number, bool *known, struct buf *err) {
    *number = MANIFEST_NONE;
    *known = true;
    if (records == 0) return ST_OK;
    struct manifest_segment s = {.kind = kind,
                                 .name = name,
                                 .bytes = bytes,
                                 .records = records,
                                 .sealed_ms = clock_wall_ms(),
                                 .settings_hash = slice_str(c->opt->settings_hash),
                                 .run = row->run,
                                 .derived_from = MANIFEST_NONE};
    return manifest_add_segment(c->manifest, &s, number, known, err);
}

static enum status enter(struct crawl *c, const struct frontier_segment *row, const struct paths *p, struct buf *err) {
    struct entering e = {c, MANIFEST_NONE, MANIFEST_NONE, err};
    bool warc_known, raw_known;
    enum status r = manifest_begin(c->manifest, err);
    if (r == ST_OK)
        r = enter_file(c, row, SEGMENT_WARC, buf_view(&p->warc_name), row->warc_end, row->warc_records, &e.warc, &warc_known, err);
    if (r == ST_OK)
        r = enter_file(c, row, SEGMENT_RAW, buf_view(&p->raw_name), row->raw_end, row->raw_records, &e.raw, &raw_known, err);
    if (r == ST_OK && !warc_known) r = frontier_each_capture(c->frontier, row->number, enter_capture, &e, err);
    if (r == ST_OK) return manifest_commit(c->manifest, err);
    manifest_rollback(c->manifest);
    return r;
}

/* Both files are sealed: the manifest, then the frontier forgets the pair. */
static enum status settle(struct crawl *c, const struct frontier_segment *row, const struct paths *p, struct buf *err) {
    enum status r = enter(c, row, p, err);
    if (r == ST_OK) r = frontier_begin(c->frontier, err);
    if (r != ST_OK) return r;
    r = frontier_segment_drop(c->frontier, row->number, err);
    if (r == ST_OK) return frontier_commit(c->frontier, err);
    frontier_rollback(c->frontier);
    return r;
}

/* Seal a file of the pair at its committed length.  SKIP: it does not hold that. */
static enum status recover_file(const char *path, uint64_t committed, struct buf *err) {
    enum status r = segment_recover(path, committed, err);
    if (r == ST_OK && committed && file_size(path) < (int64_t)committed)
        r = fail(err, ST_SKIP, "%s does not hold the %llu bytes that were committed", path, (unsigned long long)committed);
    return r;
}

/* The pages that a lost file held are fetched again, which loses less than a campaign that never goes on. */
static enum status fetch_again(struct crawl *c, int64_t number, struct buf *err) {
    int64_t urls = 0;
    log_line(c->opt->log, LOG_WARN, "%s", buf_cstr(err));
    enum status r = frontier_begin(c->frontier, err);
    if (r != ST_OK) return r;
    r = frontier_segment_lost(c->frontier, number, &urls, err);
    if (r == ST_OK) r = frontier_commit(c->frontier, err);
    if (r == ST_OK)
        log_line(c->opt->log, LOG_WARN, "its %lld pages are fetched again", (long long)urls);
    else
        frontier_rollback(c->frontier);
    return r;
}

enum status crawl_archive_recover(struct crawl *c, struct buf *err) {
    for (;;) {
        struct frontier_segment row;
        struct paths p;
        enum status r = frontier_segment_first(c->frontier, &row, err);
        if (r != ST_OK) return r == ST_SKIP ? ST_OK : r;
        paths_of(c, row.base, row.gzip, &p);
        r = recover_file(buf_cstr(&p.warc), row.warc_end, err);
        if (r == ST_OK) r = recover_file(buf_cstr(&p.raw), row.raw_end, err);
        if (r == ST_OK)
            r = settle(c, &row, &p, err);
        else if (r == ST_SKIP)
            r = fetch_again(c, row.number, err);
        paths_free(&p);
        if (r != ST_OK) return r;
    }
}

/* ---- growing ---- */

/* CAMPAIGN-20240701123456-1: no file of that name was ever made, even when a frontier was thrown away. */
static void name_pair(struct crawl *c, struct buf *base) {
    struct paths p;
    char when[ISO8601_LEN];
    bool taken = true;
    clock_iso8601(clock_wall_ms(), when);
    for (unsigned i = 1; taken; i++) {
        buf_clear(base);
        buf_printf(base, "%s-", c->opt->campaign->name);
        for (const char *d = when; *d; d++)
            if (ascii_is_digit(*d)) buf_char(base, *d);
        buf_printf(base, "-%u", i);
        paths_of(c, buf_view(base), c->opt->campaign->warc_gzip, &p);
        buf_str(&p.warc, ".open");
        taken = file_exists(buf_cstr(&p.warc));
        buf_truncate(&p.warc, p.warc.len - 5);
        taken = taken || file_exists(buf_cstr(&p.warc)) || file_exists(buf_cstr(&p.raw));
        paths_free(&p);
    }
}

static enum status write_info(struct crawl *c, struct crawl_archive *a, struct slice name, struct buf *err) {
    struct buf record = {0}, fields = {0};
    warc_new_id(a->info_id);
    buf_printf(&fields,
               "software: Villers/%s\r\nformat: WARC File Format 1.1\r\nconformsTo: "
               "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
               "robots: RFC 9309, failing closed\r\nisPartOf: %s\r\noperator: %s\r\ndescription: %s\r\n",
               VILLERS_VERSION, c->opt->campaign->name, c->opt->campaign->contact,
               c->opt->campaign->purpose ? c->opt->campaign->purpose : "");
    char file[256];
    snprintf(file, sizeof file, "%.*s", SLICE_ARG(slice_sub(name, 0, 255)));
    warc_format_info(&record, a->info_id, file, clock_wall_ms(), buf_view(&fields));
    enum status r = segment_append(a->warc, buf_view(&record), &a->row.warc_end, err);
    a->row.warc_records = 1;
    buf_free(&record);
    buf_free(&fields);
    return r;
}

enum status crawl_archive_ready(struct crawl *c, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    struct paths p;
    if (a->open) return ST_OK;
    bool gzip = c->opt->campaign->warc_gzip;
    name_pair(c, &a->base);
    a->row = (struct frontier_segment){.base = buf_view(&a->base), .gzip = gzip, .run = c->run};
    enum status r = frontier_begin(c->frontier, err);
    if (r == ST_OK) r = frontier_segment_begin(c->frontier, &a->row, err);
    if (r == ST_OK)
        r = frontier_commit(c->frontier, err);
    else
        frontier_rollback(c->frontier);
    if (r != ST_OK) return r;
    paths_of(c, buf_view(&a->base), gzip, &p);
    r = segment_create(buf_cstr(&p.warc), gzip ? SEGMENT_GZIP : SEGMENT_ZSTD, gzip ? 0 : CRAWL_PACK_LEVEL, &a->warc, err);
    if (r == ST_OK) r = segment_create(buf_cstr(&p.raw), SEGMENT_ZSTD, CRAWL_PACK_LEVEL, &a->raw, err);
    if (r == ST_OK) r = write_info(c, a, buf_view(&p.warc_name), err);
    paths_free(&p);
    a->open = r == ST_OK;
    a->noted = false;
    a->synced = 0;
    return r;
}

static enum status append_document(struct crawl *c, struct crawl_job *job, int64_t warc_offset, int64_t *offset, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    struct buf line, name;
    *offset = -1;
    if (!job->has_doc) return ST_OK;
    buf_init(&line, LIMIT_LINE);
    buf_init(&name, LIMIT_ERR);
    buf_printf(&name, "%s.warc.%s", buf_cstr(&a->base), a->row.gzip ? "gz" : "zst");
    job->doc.warc = buf_view(&name);
    job->doc.warc_offset = warc_offset;
    doc_write(&line, &job->doc, DOC_RAW);
    *offset = (int64_t)a->row.raw_end;
    enum status r =
        buf_ok(&line) ? segment_append(a->raw, buf_view(&line), &a->row.raw_end, err) : fail(err, ST_FATAL, "out of memory");
    if (r == ST_OK) a->row.raw_records++;
    buf_free(&line);
    buf_free(&name);
    return r;
}

enum status crawl_archive_note(struct crawl *c, const struct frontier_capture *f, struct buf *err) {
    c->archive.noted = c->archive.dirty = true;
    return frontier_capture_add(c->frontier, c->archive.row.number, f, err);
}

/* The page names another address as its own: the document under the old one goes. */
static enum status note_moved(struct crawl *c, const struct frontier_capture *now, struct slice doc_id, struct buf *err) {
    struct frontier_capture f = *now;
    f.doc_id = doc_id;
    f.url = now->fetched_url;
    f.refusal = slice_str(reason_name(REASON_MOVED));
    f.evidence = now->url;
    f.raw_offset = -1;
    return frontier_capture_add(c->frontier, c->archive.row.number, &f, err);
}

static enum status note_capture(struct crawl *c, struct crawl_job *job, int64_t warc_offset, int64_t raw_offset, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    const struct doc *d = &job->doc;
    struct slice none = slice_of("", 0), url = slice_str(job->url), goes = crawl_revisit_withdraws(job);
    if (job->unchanged) return ST_OK; /* the capture that stands says it all; the revisit is in the WARC */
    struct frontier_capture f = {
        .doc_id = job->has_doc ? d->id : goes,
        .url = job->has_doc ? d->url : url,
        .fetched_url = url,
        .source = job->label && job->kind == FRONTIER_PAGE && !job->rights ? none : slice_str(c->taken[job->source]->id),
        .license = job->has_doc ? d->license : none,
        .digest = d->digest,
        .refusal = job->has_doc ? none : slice_str(job->label ? job->label : reason_name(job->reason)),
        .evidence = job->has_doc ? none : buf_view(&job->detail),
        .status = job->answer->status,
        .captured_ms = job->answer->sent_ms,
        .bytes = (int64_t)job->answer->body.len,
        .warc_offset = warc_offset,
        .raw_offset = raw_offset};
    enum status r = frontier_capture_add(c->frontier, a->row.number, &f, err);
    return r == ST_OK && job->has_doc && goes.len ? note_moved(c, &f, goes, err) : r;
}

/* The request comes first; a capture is found by its response. */
enum status crawl_archive_append(struct crawl *c, struct crawl_job *job, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    int64_t start = (int64_t)a->row.warc_end, raw;
    int64_t response = job->warc_n > 1 ? start + (int64_t)job->warc_ends[0] : -1;
    enum status r = job->warc_n ? segment_append_packed(a->warc, buf_view(&job->warc), &a->row.warc_end, err) : ST_OK;
    if (r != ST_OK) return r;
    a->row.warc_records += job->warc_n;
    r = append_document(c, job, response, &raw, err);
    if (r == ST_OK) r = note_capture(c, job, response, raw, err);
    a->dirty = true;
    return r;
}

enum status crawl_archive_grow(struct crawl *c, struct buf *err) {
    if (!c->archive.dirty) return ST_OK;
    c->archive.dirty = false;
    return frontier_segment_grow(c->frontier, &c->archive.row, err);
}

bool crawl_archive_sync_due(const struct crawl *c) {
    const struct crawl_archive *a = &c->archive;
    return c->now_ms - c->last_sync_ms >= SYNC_MS || (a->open && a->row.warc_end + a->row.raw_end - a->synced >= SYNC_BYTES);
}

enum status crawl_archive_sync(struct crawl *c, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    uint64_t end = a->row.warc_end + a->row.raw_end;
    c->last_sync_ms = c->now_ms;
    if (!a->open || a->synced == end) return ST_OK;
    enum status r = segment_sync(a->warc, err);
    if (r == ST_OK) r = segment_sync(a->raw, err);
    if (r == ST_OK) a->synced = end;
    return r;
}

bool crawl_archive_full(const struct crawl *c) {
    const struct crawl_archive *a = &c->archive;
    uint64_t warc = c->opt->warc_bytes > 0 ? (uint64_t)c->opt->warc_bytes : WARC_BYTES;
    uint64_t raw = c->opt->raw_bytes > 0 ? (uint64_t)c->opt->raw_bytes : RAW_BYTES;
    return a->open && (a->row.warc_end >= warc || a->row.raw_end >= raw);
}

/* A file without records is dropped; the warcinfo alone is none. */
static enum status end_file(struct segment **s, const char *path, bool empty, struct buf *err) {
    struct segment *it = *s;
    *s = NULL;
    if (!it) return ST_OK;
    if (!empty) return segment_seal(it, err);
    segment_close(it);
    return segment_recover(path, 0, err);
}

enum status crawl_archive_seal(struct crawl *c, struct buf *err) {
    struct crawl_archive *a = &c->archive;
    struct paths p;
    if (!a->open) return ST_OK;
    paths_of(c, buf_view(&a->base), a->row.gzip, &p);
    bool no_warc = a->row.warc_records < 2 && !a->noted, no_raw = a->row.raw_records == 0;
    enum status r = end_file(&a->warc, buf_cstr(&p.warc), no_warc, err);
    if (r == ST_OK) r = end_file(&a->raw, buf_cstr(&p.raw), no_raw, err);
    if (no_warc) a->row.warc_records = a->row.warc_end = 0;
    if (r == ST_OK) r = settle(c, &a->row, &p, err);
    paths_free(&p);
    a->open = false;
    return r;
}

void crawl_archive_close(struct crawl *c) {
    struct crawl_archive *a = &c->archive;
    if (a->warc) segment_close(a->warc);
    if (a->raw) segment_close(a->raw);
    a->warc = a->raw = NULL;
    a->open = false;
    buf_free(&a->base);
}
