#include "crawler/ingest.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "crawler/crawl.h"
#include "crawler/ingest_folder.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_input.h"
#include "crawler/ingest_split.h"
#include "crawler/ingest_work.h"
#include "crawler/licence.h"
#include "store/unpack.h"
#include "store/warc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORKERS_MAX = 8, BATCH_BYTES = 256 * 1024, CHECKPOINT_MS = 1000, HASH_BLOCK = 1 << 20 };

/* One file, archive or folder to bring in. */
struct source_file {
    char *path;
    int64_t date_ms; /* in its name */
};

struct ingestion {
    const struct ingest_options *opt;
    struct ingest_store *store;
    struct ingest_report *report;
    struct ingest_worker *workers[WORKERS_MAX];
    unsigned n_workers;
    struct source_file *files;
    size_t n_files, cap_files;
    struct ingest_batch *idle;
    struct buf *err;
    int64_t newest_ms, last_checkpoint_ms;

    /* the file at hand */
    const char *path;
    struct ingest_facts facts;
    struct ingest_state_file row;
    int64_t size;
    struct ingest_input *input;
    struct warc_reader *warc;
    struct ingest_splitter split;
    const struct ingest_format *member_format;
    struct buf member;
    int64_t member_date, newest_member; /* as the archive has them */
    bool in_member, ended, known_any;   /* known_any: some unit had a format */
    uint64_t units, skip;               /* read in all; done by an earlier run */
    uint64_t bytes;
    size_t flight; /* bytes of units not yet written */
    enum ingest_outcome outcome;
    char why[256];
    const char *format_name;
};

/* ---- what there is to read ---- */

static enum status add_file(void *ctx, const char *path) {
    struct ingestion *g = ctx;
    if (g->n_files == g->cap_files) {
        size_t cap = g->cap_files ? 2 * g->cap_files : 64;
        struct source_file *more = realloc(g->files, cap * sizeof *more);
        if (!more) return fail(g->err, ST_RETRY, "out of memory");
        g->files = more;
        g->cap_files = cap;
    }
    struct source_file *f = &g->files[g->n_files];
    *f = (struct source_file){strdup(path), ingest_date_in_name(ingest_path_base(slice_str(path)))};
    if (!f->path) return fail(g->err, ST_RETRY, "out of memory");
    g->n_files++;
    return ST_OK;
}

static int by_date(const void *a, const void *b) {
    const struct source_file *x = a, *y = b;
    if (x->date_ms != y->date_ms) return x->date_ms < y->date_ms ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Increments come after what they add to: when every file tells its date, that is the order; folders' loose files come last. */
static enum status list_files(struct ingestion *g) {
    bool dated = true;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < g->opt->n_paths; i++) {
        const char *path = g->opt->paths[i];
        bool folder = ingest_folder_is(path);
        if (access(path, R_OK) != 0) return fail(g->err, ST_SKIP, "%s: %s", path, strerror(errno));
        if (folder) st = ingest_folder_each_apart(path, add_file, g, g->err);
        if (st == ST_OK) st = add_file(g, path);
        if (st == ST_OK && folder) g->files[g->n_files - 1].date_ms = INT64_MAX;
    }
    for (size_t i = 0; i < g->n_files; i++) dated = dated && g->files[i].date_ms != INGEST_NO_DATE;
    if (dated && st == ST_OK) qsort(g->files, g->n_files, sizeof *g->files, by_date);
    return st;
}

/* ---- opening a file ---- */

static bool stopped(const struct ingestion *g) { return g->opt->stop && g->opt->stop(g->opt->ctx); }

static enum status digest_file(struct ingestion *g, char out[65]) {
    struct sha256 h;
    unsigned char sum[SHA256_BYTES];
    enum status st = ST_OK;
    int fd = open(g->path, O_RDONLY | O_CLOEXEC);
    char *block = malloc(HASH_BLOCK);
    if (fd < 0) st = fail(g->err, ST_SKIP, "%s: %s", g->path, strerror(errno));
    if (!block) st = fail(g->err, ST_RETRY, "out of memory");
    sha256_init(&h);
    while (st == ST_OK) {
        ssize_t n = read(fd, block, HASH_BLOCK);
        if (n == 0) break;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) st = fail(g->err, ST_FATAL, "%s: %s", g->path, strerror(errno));
        if (n > 0) sha256_update(&h, block, (size_t)n);
        if (stopped(g)) st = fail(g->err, ST_RETRY, "stopped");
    }
    if (st == ST_OK) {
        sha256_final(&h, sum);
        hash_hex(sum, SHA256_BYTES, out);
    }
    free(block);
    if (fd >= 0) close(fd);
    return st;
}

/* Who the file is: by its bytes; of a folder, by its path. */
static enum status identify(struct ingestion *g, const struct source_file *f) {
    struct ingest_state *s = ingest_store_state(g->store);
    struct stat info;
    char *real = realpath(f->path, NULL);
    g->path = f->path;
    if (!real || stat(real, &info) != 0) {
        free(real);
        return fail(g->err, ST_SKIP, "%s: %s", f->path, strerror(errno));
    }
    int64_t mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    g->size = S_ISREG(info.st_mode) ? (int64_t)info.st_size : 0;
    struct slice base = ingest_path_base(slice_str(f->path));
    g->facts = (struct ingest_facts){.name = base.ptr,
                                     .date_ms = g->opt->date_ms != INGEST_NO_DATE ? g->opt->date_ms
                                                : f->date_ms == INT64_MAX         ? INGEST_NO_DATE
                                                                                  : f->date_ms,
                                     .modified_ms = (int64_t)info.st_mtim.tv_sec * 1000};
    enum status st = ST_OK;
    if (S_ISREG(info.st_mode)) {
        st = ingest_state_digest(s, real, g->size, mtime_ns, g->facts.digest, g->err);
        if (st == ST_SKIP) st = digest_file(g, g->facts.digest);
    }
    g->row = (struct ingest_state_file){.number = 0};
    memcpy(g->row.digest, g->facts.digest, sizeof g->row.digest);
    if (st == ST_OK) st = ingest_state_file(s, real, g->size, mtime_ns, &g->row, g->err);
    g->facts.number = g->row.number;
    free(real);
    return st;
}

/* A WARC has its own reader, which finds the next record behind damage. */
static bool is_warc(const struct ingestion *g, const char *wanted) {
    struct unpack *u = NULL;
    struct buf head = {.max = KIB};
    if (*wanted) return strcmp(wanted, "warc") == 0;
    if (ingest_folder_is(g->path)) return false;
    enum status st = unpack_open(g->path, &u, NULL);
    while (st == ST_OK && head.len < 8) st = unpack_read(u, &head, 8 - head.len, NULL);
    unpack_free(u);
    bool warc = ingest_warc.sniff(buf_view(&head), slice_str(g->path));
    buf_free(&head);
    return warc;
}

static enum status open_file(struct ingestion *g) {
    if (is_warc(g, g->opt->source->format ? g->opt->source->format : "")) return warc_reader_open(g->path, &g->warc, g->err);
    return ingest_input_open(g->path, &g->input, g->err);
}

static void close_file(struct ingestion *g) {
    ingest_input_free(g->input);
    warc_reader_free(g->warc);
    g->input = NULL;
    g->warc = NULL;
}

/* ---- units ---- */

/* Go to the next member.  One that may not be read is a unit by itself: u->refused is then set. */
static enum status next_member(struct ingestion *g, struct ingest_unit *u) {
    struct ingest_member m;
    struct slice head;
    const char *wanted = g->opt->source->format ? g->opt->source->format : "";
    enum status st = ingest_input_next(g->input, &m, g->err);
    if (st != ST_OK) return st;
    buf_clear(&g->member);
    buf_slice(&g->member, m.path);
    g->member_date = m.date_ms;
    if (m.date_ms > g->newest_member) g->newest_member = m.date_ms;
    if (m.refused) {
        u->refused = m.locked ? INGEST_LOCKED : INGEST_UNSAFE;
        snprintf(u->why, sizeof u->why, "%s", m.refused);
        return ST_OK;
    }
    st = ingest_input_peek(g->input, &head, g->err);
    if (st == ST_SKIP) head = slice_of("", 0); /* told when it is read */
    if (st == ST_FATAL || st == ST_RETRY) return ST_FATAL;
    g->member_format = ingest_format_of(head, m.path.len ? m.path : slice_str(g->path), wanted);
    /* WARCs are read as files of their own */
    if (g->member_format && g->member_format->split == INGEST_WARC) g->member_format = NULL;
    ingest_split_begin(&g->split, g->member_format ? g->member_format->split : INGEST_WHOLE);
    g->in_member = true;
    return ST_OK;
}

static enum status next_from_input(struct ingestion *g, struct ingest_unit *u) {
    for (;;) {
        if (!g->in_member) {
            enum status st = next_member(g, u);
            if (st != ST_OK) return st;
        }
        if (g->in_member) {
            enum status st = ingest_split_next(&g->split, g->input, u, g->err);
            g->in_member = st != ST_RETRY;
            if (st == ST_RETRY) continue;
            if (st != ST_OK) return st;
            u->format = g->member_format;
        }
        buf_slice(&u->member, buf_view(&g->member));
        u->date_ms = g->member_date;
        return ST_OK;
    }
}

static enum status next_from_warc(struct ingestion *g, struct ingest_unit *u) {
    struct warc_record rec;
    enum status st = warc_reader_next(g->warc, &rec, g->err);
    if (st == ST_RETRY || st == ST_FATAL) return st;
    u->format = &ingest_warc;
    if (st == ST_SKIP) {
        u->refused = INGEST_DAMAGED;
        snprintf(u->why, sizeof u->why, "%.150s", buf_cstr(g->err));
        return ST_OK;
    }
    u->offset = rec.offset;
    u->date_ms = ingest_date_parse(rec.date);
    if (rec.length > LIMIT_INGEST_UNIT) {
        u->refused = INGEST_LARGE;
        return ST_OK;
    }
    buf_slice(&u->head, rec.headers);
    buf_slice(&u->bytes, rec.block);
    return buf_ok(&u->bytes) && buf_ok(&u->head) ? ST_OK : fail(g->err, ST_FATAL, "out of memory");
}

static void unit_reset(struct ingest_unit *u) {
    struct buf bytes = u->bytes, member = u->member, head = u->head;
    *u = (struct ingest_unit){.bytes = bytes, .member = member, .head = head, .date_ms = INGEST_NO_DATE};
    u->bytes.max = LIMIT_INGEST_UNIT + MIB;
    buf_clear(&u->bytes);
    buf_clear(&u->member);
    buf_clear(&u->head);
}

/* The rest of a damaged file is left, and told. */
static void broken(struct ingestion *g) {
    g->outcome = INGEST_BROKEN;
    snprintf(g->why, sizeof g->why, "%.250s", buf_cstr(g->err));
    g->report->counts[g->input && ingest_input_bomb(g->input) ? INGEST_BOMB : INGEST_DAMAGED]++;
    g->ended = true;
}

static struct ingest_batch *batch_get(struct ingestion *g) {
    struct ingest_batch *b = g->idle;
    if (b)
        g->idle = b->next;
    else
        b = calloc(1, sizeof *b);
    if (b) ingest_batch_clear(b);
    return b;
}

static void tell(struct ingestion *g) {
    if (!g->opt->progress) return;
    struct ingest_progress p = {.path = g->path,
                                .units = g->units,
                                .done_bytes = g->warc ? warc_bytes_read(g->warc) : ingest_input_at(g->input),
                                .total_bytes = (uint64_t)g->size,
                                .report = g->report};
    g->opt->progress(g->opt->ctx, &p);
}

/* Fill ${b}; units that an earlier run committed are passed over. */
static void fill(struct ingestion *g, struct ingest_batch *b) {
    size_t most = g->opt->checkpoint_each ? 1 : INGEST_BATCH_UNITS;
    while (b->n < most && b->bytes < BATCH_BYTES && !g->ended) {
        struct ingest_unit *u = &b->units[b->n];
        unit_reset(u);
        if (stopped(g)) {
            g->outcome = INGEST_STOPPED;
            g->ended = true;
            return;
        }
        enum status st = g->warc ? next_from_warc(g, u) : next_from_input(g, u);
        if (st == ST_RETRY) g->ended = true;
        if (st == ST_FATAL || st == ST_SKIP) broken(g);
        if (st != ST_OK) return;
        g->units++;
        if (u->format) g->format_name = u->format->name;
        g->known_any = g->known_any || u->format;
        if (g->units <= g->skip) continue;
        b->n++;
        b->bytes += u->bytes.len;
        b->last = g->units;
    }
}

static void *next_batch(void *ctx) {
    struct ingestion *g = ctx;
    if (g->ended) return NULL;
    if (g->flight > LIMIT_INGEST_FLIGHT) return PARALLEL_LATER;
    struct ingest_batch *b = batch_get(g);
    if (!b) return NULL;
    fill(g, b);
    if (b->n == 0) {
        b->next = g->idle;
        g->idle = b;
        return NULL;
    }
    b->facts = &g->facts;
    g->flight += b->bytes;
    return b;
}

static void work_batch(void *ctx, void *item, unsigned worker) { ingest_work(((struct ingestion *)ctx)->workers[worker], item); }

static enum status checkpoint(struct ingestion *g) {
    enum status st = ingest_state_file_put(ingest_store_state(g->store), &g->row, g->err);
    if (st == ST_OK) st = ingest_store_checkpoint(g->store, g->err);
    g->last_checkpoint_ms = clock_mono_ms();
    return st;
}

static enum status write_batch(struct ingestion *g, const struct ingest_batch *b) {
    enum status st = b->failure == ST_OK ? manifest_look(g->opt->manifest, g->err) : fail(g->err, ST_RETRY, "out of memory");
    if (st != ST_OK) return st;
    for (size_t i = 0; st == ST_OK && i < b->n_results; i++) {
        const struct ingest_result *r = &b->results[i];
        enum ingest_reason counted;
        st = ingest_store_add(g->store, g->row.number, r, &counted, g->err);
        if (st != ST_OK) break;
        g->report->counts[counted]++;
        bool written = counted == INGEST_NEW || counted == INGEST_CHANGED;
        g->report->documents += written;
        g->report->text_bytes += written ? r->text_bytes : 0;
    }
    manifest_look_end(g->opt->manifest);
    if (st != ST_OK) return st;
    g->report->units += b->n;
    g->report->bytes += b->bytes;
    g->bytes += b->bytes;
    g->row.units = (int64_t)b->last;
    g->row.done = false;
    if (g->opt->checkpoint_each || clock_mono_ms() - g->last_checkpoint_ms >= CHECKPOINT_MS) st = checkpoint(g);
    tell(g);
    return st;
}

static enum status done_batch(void *ctx, void *item, bool drop) {
    struct ingestion *g = ctx;
    struct ingest_batch *b = item;
    enum status st = drop ? ST_OK : write_batch(g, b);
    g->flight -= b->bytes;
    ingest_batch_clear(b); /* a large unit gives its memory back before the next is read */
    b->next = g->idle;
    g->idle = b;
    return st;
}

/* ---- a file ---- */

static void note_end(struct ingestion *g) {
    struct ingest_report *r = g->report;
    if (g->outcome == INGEST_READ && !g->known_any && g->units) g->outcome = INGEST_UNREADABLE;
    r->broken += g->outcome == INGEST_BROKEN;
    r->known += g->outcome == INGEST_KNOWN;
    r->unreadable += g->outcome == INGEST_UNREADABLE;
    r->stopped = r->stopped || g->outcome == INGEST_STOPPED;
    if (!g->facts.digest[0] && !g->units && g->n_files > 1) return; /* a folder that holds nothing beside the files apart */
    r->files++;
    bool whole = g->outcome == INGEST_READ || g->outcome == INGEST_KNOWN;
    int64_t date = g->facts.date_ms != INGEST_NO_DATE   ? g->facts.date_ms
                   : g->newest_member != INGEST_NO_DATE ? g->newest_member
                                                        : g->facts.modified_ms;
    if (whole && date > g->newest_ms) g->newest_ms = date;
    if (!g->opt->file_done) return;
    struct ingest_file_report f = {.path = g->path,
                                   .format = g->format_name ? g->format_name : "",
                                   .digest = g->facts.digest,
                                   .date_ms = date,
                                   .outcome = g->outcome,
                                   .why = g->why,
                                   .units = g->units,
                                   .resumed = g->skip < g->units ? g->skip : g->units,
                                   .bytes = g->bytes};
    g->opt->file_done(g->opt->ctx, &f);
}

static enum status read_file(struct ingestion *g) {
    static const struct parallel_ops ops = {next_batch, work_batch, done_batch};
    g->skip = g->row.done ? 0 : (uint64_t)g->row.units;
    g->last_checkpoint_ms = clock_mono_ms();
    enum status st = open_file(g);
    if (st == ST_FATAL || st == ST_SKIP) {
        broken(g);
        return ST_OK;
    }
    if (st == ST_OK) st = parallel_run(&ops, g, g->n_workers, 2 * (size_t)g->n_workers);
    if (st != ST_OK) return st;
    /* a damaged file is read again from its beginning when it is given again: it may have been mended, and then has another digest */
    g->row.done = g->outcome == INGEST_READ;
    if (g->outcome == INGEST_BROKEN) g->row.units = 0;
    return checkpoint(g);
}

static enum status ingest_file(struct ingestion *g, const struct source_file *f) {
    g->outcome = INGEST_READ;
    g->why[0] = '\0';
    g->in_member = g->ended = g->known_any = false;
    g->units = g->skip = g->bytes = 0;
    g->flight = 0;
    g->newest_member = INGEST_NO_DATE;
    g->format_name = NULL;
    enum status st = identify(g, f);
    if (st != ST_OK) return st;
    bool folder = !g->row.digest[0], whole = g->opt->whole;
    if (g->row.done && !folder && !g->opt->again && !whole)
        g->outcome = INGEST_KNOWN;
    else
        st = read_file(g);
    close_file(g);
    if (st == ST_OK) note_end(g);
    return st;
}

/* ---- the run ---- */

static enum status check_source(const struct source *s, struct buf *err) {
    if (s->access == ACCESS_BLOCKED) return fail(err, ST_SKIP, "source %s is listed as blocked: never taken", s->id);
    if (!s->license || !*s->license) return fail(err, ST_SKIP, "source %s has no licence: not taken", s->id);
    if (!licence_is_open(s->license) && strcmp(s->license, CRAWL_LICENCE_PER_PAGE) != 0)
        return fail(err, ST_SKIP, "source %s: its licence (%s) is not an open one known here", s->id, s->license);
    if (s->format && *s->format && !ingest_format_named(s->format))
        return fail(err, ST_SKIP, "source %s: no format \"%s\" is known", s->id, s->format);
    return ST_OK;
}

static enum status make_workers(struct ingestion *g) {
    unsigned n = g->opt->workers ? g->opt->workers : parallel_cores();
    g->n_workers = n < WORKERS_MAX ? n : WORKERS_MAX;
    for (unsigned i = 0; i < g->n_workers; i++)
        if (!(g->workers[i] = ingest_worker_new(g->opt))) return fail(g->err, ST_RETRY, "out of memory");
    return ST_OK;
}

static void outcome_json(const struct ingest_report *r, struct buf *out) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_int(&j, "files", (int64_t)r->files);
    json_kv_int(&j, "units", (int64_t)r->units);
    for (unsigned i = 0; i < INGEST_N; i++)
        if (r->counts[i]) json_kv_int(&j, ingest_reason_name((enum ingest_reason)i), (int64_t)r->counts[i]);
    json_object_end(&j);
}

/* "UPSTREAM-DATE INGESTED-ON" for `sources list`. */
static enum status stamp(struct ingestion *g) {
    struct buf key = {.max = 256}, old = {.max = 256}, value = {.max = 256};
    char upstream[11], now[ISO8601_LEN];
    if (g->newest_ms == INGEST_NO_DATE) return ST_OK;
    buf_printf(&key, "ingested:%s", g->opt->source->id);
    clock_day(g->newest_ms, upstream);
    clock_iso8601(clock_wall_ms(), now);
    enum status st = manifest_begin(g->opt->manifest, g->err);
    if (st == ST_OK) {
        st = manifest_read_stamp(g->opt->manifest, buf_cstr(&key), &old, g->err);
        bool newer = st == ST_OK && slice_cmp(slice_sub(buf_view(&old), 0, 10), slice_str(upstream)) > 0;
        buf_printf(&value, "%.10s %s", newer ? buf_cstr(&old) : upstream, now);
        if (st == ST_SKIP) st = ST_OK;
        if (st == ST_OK) st = manifest_stamp(g->opt->manifest, buf_cstr(&key), buf_view(&value), g->err);
        if (st == ST_OK)
            st = manifest_commit(g->opt->manifest, g->err);
        else
            manifest_rollback(g->opt->manifest);
    }
    buf_free(&key);
    buf_free(&old);
    buf_free(&value);
    return st;
}

static enum status finish(struct ingestion *g) {
    struct ingest_report *r = g->report;
    struct buf outcome = {.max = 8192};
    enum status st = ST_OK;
    bool whole = g->opt->whole;
    if (whole && !r->stopped && !r->broken && !r->unreadable && r->units)
        st = ingest_store_drop_unseen(g->store, g->newest_ms, &r->counts[INGEST_DELETED], g->err);
    outcome_json(r, &outcome);
    if (st == ST_OK) st = ingest_store_end(g->store, buf_view(&outcome), g->err);
    if (st == ST_OK) st = stamp(g);
    r->newest_ms = g->newest_ms;
    buf_free(&outcome);
    return st;
}

static void ingestion_free(struct ingestion *g) {
    close_file(g);
    for (unsigned i = 0; i < g->n_workers; i++) ingest_worker_free(g->workers[i]);
    for (size_t i = 0; i < g->n_files; i++) free(g->files[i].path);
    free(g->files);
    while (g->idle) {
        struct ingest_batch *b = g->idle;
        g->idle = b->next;
        ingest_batch_free(b);
    }
    ingest_split_free(&g->split);
    buf_free(&g->member);
    ingest_store_free(g->store);
}

enum status ingest_run(const struct ingest_options *opt, struct ingest_report *report, bool *newer, struct buf *err) {
    struct ingestion *g = calloc(1, sizeof *g);
    *report = (struct ingest_report){.newest_ms = INGEST_NO_DATE};
    if (!g) return fail(err, ST_RETRY, "out of memory");
    *g = (struct ingestion){.opt = opt, .report = report, .err = err, .newest_ms = INGEST_NO_DATE};
    ingest_split_init(&g->split);
    buf_init(&g->member, LIMIT_URL_INPUT);
    enum status st = check_source(opt->source, err);
    if (st == ST_OK) st = list_files(g);
    if (st == ST_OK) st = make_workers(g);
    if (st == ST_OK) st = ingest_store_open(opt, &g->store, newer, err);
    for (size_t i = 0; st == ST_OK && i < g->n_files && !report->stopped; i++) st = ingest_file(g, &g->files[i]);
    if (st == ST_OK) st = finish(g);
    ingestion_free(g);
    free(g);
    return st;
}
