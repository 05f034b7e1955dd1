#include "crawler/ingest_store.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crawler/ingest_format.h"
#include "store/segment.h"

#include <stdio.h>
#include <stdlib.h>

#define RAW_BYTES (256 * MIB)
#define WRITE_BYTES (256 * KIB)
#define CAMPAIGN "ingest"
/* The reason of tombstones that upstream asked for: lifted when upstream brings the document back. */
#define UPSTREAM_DELETED "upstream-deleted"

struct ingest_store {
    const struct ingest_options *opt;
    struct ingest_state *state;
    struct segment *raw; /* NULL: none is open */
    struct buf gathered; /* packed records that stand behind what the file holds: written together */
    struct ingest_state_segment seg;
    int64_t run, pass;
    bool in_transaction, waiting; /* waiting: something is pending */
};

/* ---- into the manifest ---- */

struct entering {
    struct ingest_store *s;
    int64_t raw;
    struct buf *err;
};

static enum status note_reason(void *ctx, const struct manifest_removal *r) {
    bool *ours = ctx;
    *ours = r->scope == REMOVAL_ID && slice_eq_str(r->reason, UPSTREAM_DELETED);
    return ST_OK;
}

/* Whether a removal covers the document: *${ours} when upstream asked for it, *${other} when somebody else did. */
static enum status removed(struct manifest *m, struct slice id, struct slice url, struct slice source, bool *ours, bool *other,
                           struct buf *err) {
    int64_t number = MANIFEST_NONE;
    *ours = *other = false;
    enum status st = manifest_forgotten(m, id, url, source, &number, err);
    if (st != ST_OK || number == MANIFEST_NONE) return st;
    st = manifest_find_removal(m, number, note_reason, ours, err);
    *other = !*ours;
    return st;
}

static enum status enter_deletion(struct entering *e, const struct ingest_state_pending *p) {
    int64_t marked = 0;
    struct manifest_removal r = {.scope = REMOVAL_ID,
                                 .value = p->doc_id,
                                 .reason = slice_str(UPSTREAM_DELETED),
                                 .asked_ms = p->captured_ms,
                                 .lifted_ms = MANIFEST_NONE};
    return manifest_forget(e->s->opt->manifest, &r, &marked, e->err);
}

static enum status enter_capture(struct entering *e, const struct ingest_state_pending *p) {
    struct manifest *m = e->s->opt->manifest;
    struct slice source = slice_str(e->s->opt->source->id), none = slice_of("", 0);
    bool taken = p->raw_offset >= 0, ours = false, other = false;
    struct manifest_capture c = {.doc_id = taken ? p->doc_id : none,
                                 .url = p->url,
                                 .fetched_url = none,
                                 .source = source,
                                 .campaign = slice_str(CAMPAIGN),
                                 .license = p->license,
                                 .captured_ms = p->captured_ms,
                                 .bytes = p->bytes,
                                 .digest = p->digest,
                                 .warc = MANIFEST_NONE,
                                 .warc_offset = MANIFEST_NONE,
                                 .raw = taken ? e->raw : MANIFEST_NONE,
                                 .raw_offset = taken ? p->raw_offset : MANIFEST_NONE,
                                 .refusal = p->refusal,
                                 .evidence = p->evidence};
    enum status st = taken ? removed(m, p->doc_id, p->url, source, &ours, &other, e->err) : ST_OK;
    int64_t freed;
    if (st == ST_OK && ours) st = manifest_lift(m, REMOVAL_ID, p->doc_id, p->captured_ms, &freed, e->err);
    if (st == ST_OK) st = manifest_add_capture(m, &c, e->err);
    if (st == ST_SKIP) log_line(e->s->opt->log, LOG_WARN, "%s", buf_cstr(e->err));
    return st == ST_SKIP ? ST_OK : st;
}

static enum status enter_pending(void *ctx, const struct ingest_state_pending *p) {
    return p->deletion ? enter_deletion(ctx, p) : enter_capture(ctx, p);
}

static enum status enter_file(struct ingest_store *s, const char *name, int64_t *number, bool *known, struct buf *err) {
    *number = MANIFEST_NONE;
    *known = false;
    if (s->seg.records == 0) return ST_OK;
    struct manifest_segment m = {.kind = SEGMENT_RAW,
                                 .name = slice_str(name),
                                 .bytes = s->seg.end,
                                 .records = s->seg.records,
                                 .sealed_ms = clock_wall_ms(),
                                 .run = s->seg.run,
                                 .derived_from = MANIFEST_NONE};
    return manifest_add_segment(s->opt->manifest, &m, number, known, err);
}

/* The file is sealed (or there was nothing to write): the manifest, then the state forgets. */
static enum status settle(struct ingest_store *s, struct buf *err) {
    struct entering e = {s, MANIFEST_NONE, err};
    char name[160];
    bool known = false;
    snprintf(name, sizeof name, "%s.jsonl.zst", s->seg.base);
    enum status st = manifest_begin(s->opt->manifest, err);
    if (st != ST_OK) return st;
    st = enter_file(s, name, &e.raw, &known, err);
    if (st == ST_OK && !known) st = ingest_state_each_pending(s->state, enter_pending, &e, err);
    if (st != ST_OK) {
        manifest_rollback(s->opt->manifest);
        return st;
    }
    st = manifest_commit(s->opt->manifest, err);
    if (st == ST_OK) st = ingest_state_begin(s->state, err);
    if (st != ST_OK) return st;
    st = ingest_state_segment_drop(s->state, err);
    if (st == ST_OK) st = ingest_state_commit(s->state, err);
    s->seg = (struct ingest_state_segment){.run = s->run};
    s->waiting = false;
    return st;
}

/* ---- the file ---- */

static void path_of(const struct ingest_store *s, struct buf *path) {
    buf_clear(path);
    buf_printf(path, "%s/raw/%s.jsonl.zst", s->opt->hub, s->seg.base);
}

/* SOURCE-20240701123456-1: no file of that name was ever made. */
static void name_segment(struct ingest_store *s, struct buf *path) {
    char when[ISO8601_LEN], digits[ISO8601_LEN];
    size_t n = 0;
    bool taken = true;
    clock_iso8601(clock_wall_ms(), when);
    for (const char *d = when; *d; d++)
        if (ascii_is_digit(*d)) digits[n++] = *d;
    digits[n] = '\0';
    for (unsigned i = 1; taken; i++) {
        snprintf(s->seg.base, sizeof s->seg.base, "%s-%s-%u", s->opt->source->id, digits, i);
        path_of(s, path);
        taken = file_exists(buf_cstr(path));
        buf_str(path, ".open");
        taken = taken || file_exists(buf_cstr(path));
    }
    path_of(s, path);
}

static enum status begin(struct ingest_store *s, struct buf *err) {
    if (s->in_transaction) return ST_OK;
    enum status st = ingest_state_begin(s->state, err);
    s->in_transaction = st == ST_OK;
    return st;
}

/* Where the next record will stand. */
static uint64_t raw_length(const struct ingest_store *s) { return segment_length(s->raw) + s->gathered.len; }

static enum status write_gathered(struct ingest_store *s, struct buf *err) {
    uint64_t end;
    if (!s->gathered.len) return ST_OK;
    enum status st = segment_append_packed(s->raw, buf_view(&s->gathered), &end, err);
    buf_clear(&s->gathered);
    return st;
}

static enum status commit(struct ingest_store *s, struct buf *err) {
    if (!s->in_transaction) return ST_OK;
    s->in_transaction = false;
    if (s->raw) {
        enum status st = write_gathered(s, err);
        s->seg.end = segment_length(s->raw);
        if (st == ST_OK) st = ingest_state_segment_put(s->state, &s->seg, err);
        if (st != ST_OK) return st;
    }
    return ingest_state_commit(s->state, err);
}

/* The row before the file, so that a crash leaves no file that nobody knows. */
static enum status open_segment(struct ingest_store *s, struct buf *err) {
    struct buf path = {.max = 8192};
    uint64_t seen = s->seg.records;
    if (s->raw) return ST_OK;
    s->seg = (struct ingest_state_segment){.run = s->run, .records = seen};
    name_segment(s, &path);
    enum status st = ingest_state_segment_put(s->state, &s->seg, err);
    if (st == ST_OK) {
        s->in_transaction = false;
        st = ingest_state_commit(s->state, err);
    }
    if (st == ST_OK) st = segment_create(buf_cstr(&path), SEGMENT_ZSTD, 0, &s->raw, err);
    if (st == ST_OK) st = begin(s, err);
    buf_free(&path);
    return st;
}

/* Nothing could be written: no file is left. */
static enum status drop_empty(struct ingest_store *s, struct segment *raw, struct buf *err) {
    struct buf path = {.max = 8192};
    path_of(s, &path);
    segment_close(raw);
    enum status st = segment_recover(buf_cstr(&path), 0, err);
    buf_free(&path);
    return st;
}

static enum status seal(struct ingest_store *s, struct buf *err) {
    enum status st = commit(s, err);
    if (st == ST_OK && s->raw) {
        struct segment *raw = s->raw;
        s->raw = NULL;
        st = s->seg.records ? segment_seal(raw, err) : drop_empty(s, raw, err);
    }
    if (st == ST_OK && (s->seg.base[0] || s->waiting)) st = settle(s, err);
    return st;
}

/* ---- life ---- */

static enum status recover(struct ingest_store *s, struct buf *err) {
    struct buf path = {.max = 8192};
    enum status st = ingest_state_segment(s->state, &s->seg, err);
    if (st == ST_OK) {
        path_of(s, &path);
        st = segment_recover(buf_cstr(&path), s->seg.end, err);
        if (st == ST_OK && s->seg.end && file_size(buf_cstr(&path)) < (int64_t)s->seg.end)
            st = fail(err, ST_SKIP, "%s does not hold what was committed", buf_cstr(&path));
        if (st == ST_SKIP) {
            log_line(s->opt->log, LOG_WARN, "%s: its files are read again", buf_cstr(err));
            st = ingest_state_begin(s->state, err);
            if (st == ST_OK) st = ingest_state_segment_lost(s->state, err);
            if (st == ST_OK) st = ingest_state_commit(s->state, err);
        } else if (st == ST_OK) {
            st = settle(s, err);
        }
    } else if (st == ST_SKIP) {
        st = settle(s, err); /* deletions alone may wait */
    }
    s->seg = (struct ingest_state_segment){.run = s->run};
    buf_free(&path);
    return st;
}

enum status ingest_store_open(const struct ingest_options *opt, struct ingest_store **out, bool *newer, struct buf *err) {
    struct ingest_store *s = calloc(1, sizeof *s);
    struct manifest_run run = {.stage = "ingest", .subject = opt->source->id, .code = VILLERS_VERSION, .began_ms = clock_wall_ms()};
    if (!s) return fail(err, ST_RETRY, "out of memory");
    s->opt = opt;
    buf_init(&s->gathered, WRITE_BYTES + LIMIT_LINE);
    enum status st = ingest_state_open(opt->hub, opt->source->id, &s->state, newer, err);
    if (st == ST_OK) st = recover(s, err);
    if (st == ST_OK) st = manifest_run_begin(opt->manifest, &run, &s->run, err);
    s->pass = s->seg.run = s->run;
    if (st == ST_OK)
        *out = s;
    else
        ingest_store_free(s);
    return st;
}

void ingest_store_free(struct ingest_store *s) {
    if (!s) return;
    if (s->raw) segment_close(s->raw);
    buf_free(&s->gathered);
    ingest_state_free(s->state);
    free(s);
}

struct ingest_state *ingest_store_state(struct ingest_store *s) {
    return s->state;
}

/* ---- one item ---- */

/* A refusal is kept with its evidence where somebody may ask for it; what was never a document is only counted. */
static bool is_recorded(enum ingest_reason r) {
    return r == INGEST_LICENCE || r == INGEST_CONFLICT || r == INGEST_UNLICENSED || r == INGEST_RESERVED || r == INGEST_NOINDEX ||
           r == INGEST_UNSURE || r == INGEST_EMPTY || r == INGEST_SCAN;
}

static enum status pend(struct ingest_store *s, int64_t file, const struct ingest_result *r, int64_t captured_ms, int64_t offset,
                        struct buf *err) {
    bool deletion = r->kind == INGEST_ITEM_DELETION, taken = offset >= 0;
    struct slice none = slice_of("", 0);
    struct ingest_state_pending p = {.deletion = deletion,
                                     .file = file,
                                     .doc_id = slice_str(r->id),
                                     .url = r->url.len ? r->url : r->upstream,
                                     .upstream = r->upstream,
                                     .license = taken ? r->license : none,
                                     .refusal = taken || deletion ? none : slice_str(ingest_reason_name(r->reason)),
                                     .evidence = taken ? none : r->why,
                                     .digest = r->digest,
                                     .captured_ms = captured_ms,
                                     .bytes = r->bytes,
                                     .raw_offset = offset};
    s->waiting = true;
    return ingest_state_pend(s->state, &p, err);
}

static enum status put(struct ingest_store *s, const struct ingest_result *r, int64_t seen_ms, enum ingest_doc_state state,
                       struct buf *err) {
    struct ingest_state_doc d = {
        .content = r->content, .upstream = r->upstream_hash, .seen_ms = seen_ms, .pass = s->pass, .state = state};
    memcpy(d.id, r->id, sizeof d.id);
    return ingest_state_doc_put(s->state, &d, err);
}

static enum status write(struct ingest_store *s, int64_t file, const struct ingest_result *r, int64_t captured_ms,
                         struct buf *err) {
    enum status st = open_segment(s, err);
    if (st != ST_OK) return st;
    int64_t offset = (int64_t)raw_length(s);
    buf_slice(&s->gathered, r->packed);
    if (!buf_ok(&s->gathered)) return fail(err, ST_RETRY, "out of memory");
    if (s->gathered.len >= WRITE_BYTES && (st = write_gathered(s, err)) != ST_OK) return st;
    s->seg.records++;
    st = pend(s, file, r, captured_ms, offset, err);
    return st == ST_OK ? put(s, r, captured_ms, INGEST_DOC_HERE, err) : st;
}

static enum status add_document(struct ingest_store *s, int64_t file, const struct ingest_result *r, enum ingest_reason *counted,
                                struct buf *err) {
    struct ingest_state_doc old;
    bool ours, other;
    enum status st = removed(s->opt->manifest, slice_str(r->id), r->url, slice_str(s->opt->source->id), &ours, &other, err);
    if (st != ST_OK) return st;
    if (other) {
        *counted = INGEST_FORGOTTEN;
        return ST_OK;
    }
    st = ingest_state_doc(s->state, r->id, &old, err);
    *counted = st == ST_SKIP ? INGEST_NEW : INGEST_CHANGED;
    if (st == ST_SKIP) return write(s, file, r, r->date_ms, err);
    if (st != ST_OK) return st;
    if (!r->weak && r->date_ms < old.seen_ms && old.content != r->content) {
        *counted = INGEST_OLDER;
        return ST_OK;
    }
    if (old.state == INGEST_DOC_HERE && old.content == r->content) {
        *counted = INGEST_UNCHANGED;
        if (old.pass == s->pass && old.seen_ms >= r->date_ms) return ST_OK;
        return put(s, r, r->date_ms > old.seen_ms ? r->date_ms : old.seen_ms, INGEST_DOC_HERE, err);
    }
    /* of two versions of one day the later in the file is the newer */
    return write(s, file, r, r->date_ms > old.seen_ms ? r->date_ms : old.seen_ms + 1, err);
}

static enum status add_refusal(struct ingest_store *s, int64_t file, const struct ingest_result *r, struct buf *err) {
    struct ingest_state_doc old;
    if (!is_recorded(r->reason) || !r->id[0]) return ST_OK;
    enum status st = ingest_state_doc(s->state, r->id, &old, err);
    if (st == ST_OK) return ST_OK; /* told once; and a document that is here stays */
    if (st != ST_SKIP) return st;
    st = pend(s, file, r, r->date_ms, -1, err);
    return st == ST_OK ? put(s, r, r->date_ms, INGEST_DOC_REFUSED, err) : st;
}

static enum status delete_doc(struct ingest_store *s, int64_t file, struct ingest_state_doc *d, int64_t date_ms, struct buf *err) {
    struct ingest_result r = {.kind = INGEST_ITEM_DELETION, .content = d->content, .upstream_hash = d->upstream};
    memcpy(r.id, d->id, sizeof r.id);
    enum status st = pend(s, file, &r, date_ms, -1, err);
    return st == ST_OK ? put(s, &r, date_ms, INGEST_DOC_DELETED, err) : st;
}

/* A deletion names a path or an id: "a/b/ID.xml" is also "b/ID" and "ID". */
static enum status find_deleted(struct ingest_store *s, const struct ingest_result *r, struct ingest_state_doc *d,
                                struct buf *err) {
    struct slice name = r->upstream, stem = ingest_path_stem(name);
    if (r->id[0]) return ingest_state_doc(s->state, r->id, d, err);
    enum status st = ingest_state_upstream(s->state, hash64(name), d, err);
    if (st != ST_SKIP) return st;
    /* `stem` is the end of `name` less its extension: grow it to the left, folder by folder */
    for (int i = 0; i < 3 && st == ST_SKIP; i++) {
        st = ingest_state_upstream(s->state, hash64(stem), d, err);
        if (stem.ptr == name.ptr) break;
        const char *p = stem.ptr - 1, *end = stem.ptr + stem.len;
        while (p > name.ptr && p[-1] != '/') p--;
        stem = slice_of(p, (size_t)(end - p));
    }
    return st;
}

static enum status add_deletion(struct ingest_store *s, int64_t file, const struct ingest_result *r, enum ingest_reason *counted,
                                struct buf *err) {
    struct ingest_state_doc d;
    enum status st = find_deleted(s, r, &d, err);
    *counted = INGEST_UNKNOWN;
    if (st == ST_SKIP || (st == ST_OK && d.state != INGEST_DOC_HERE)) return ST_OK;
    if (st != ST_OK) return st;
    *counted = !r->weak && r->date_ms < d.seen_ms ? INGEST_OLDER : INGEST_DELETED;
    return *counted == INGEST_DELETED ? delete_doc(s, file, &d, r->date_ms > d.seen_ms ? r->date_ms : d.seen_ms, err) : ST_OK;
}

enum status ingest_store_add(struct ingest_store *s, int64_t file, const struct ingest_result *r, enum ingest_reason *counted,
                             struct buf *err) {
    enum status st = begin(s, err);
    if (st != ST_OK) return st;
    *counted = r->reason;
    if (r->kind == INGEST_ITEM_DOCUMENT) return add_document(s, file, r, counted, err);
    if (r->kind == INGEST_ITEM_DELETION) return add_deletion(s, file, r, counted, err);
    return add_refusal(s, file, r, err);
}

/* ---- ends ---- */

enum status ingest_store_checkpoint(struct ingest_store *s, struct buf *err) {
    uint64_t full = s->opt->raw_bytes ? s->opt->raw_bytes : RAW_BYTES;
    if (s->raw && raw_length(s) >= full) return seal(s, err);
    return commit(s, err);
}

enum status ingest_store_drop_unseen(struct ingest_store *s, int64_t date_ms, uint64_t *deleted, struct buf *err) {
    struct ingest_state_doc d = {.id = ""};
    enum status st = begin(s, err);
    while (st == ST_OK && (st = ingest_state_unseen(s->state, s->pass, &d, err)) == ST_OK) {
        st = delete_doc(s, 0, &d, date_ms > d.seen_ms ? date_ms : d.seen_ms, err);
        if (st == ST_OK) ++*deleted;
    }
    return st == ST_SKIP ? ST_OK : st;
}

enum status ingest_store_end(struct ingest_store *s, struct slice outcome, struct buf *err) {
    enum status st = seal(s, err);
    return st == ST_OK ? manifest_run_end(s->opt->manifest, s->run, clock_wall_ms(), outcome, err) : st;
}
