/* The first pass of `villers dedup`: lines are read in order on one thread, parsed and signed on all. */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/dedup_job.h"
#include "cli/dedup_rank.h"
#include "store/jsonl.h"
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_LINES = 256, BATCH_BYTES = 1024 * 1024 };

struct line { /* of a batch */
    size_t start, len;
    uint64_t number; /* in its file, for messages */
    size_t id_start, id_len;
    unsigned char rank[DEDUP_RANK_MAX];
    size_t rank_len;
    bool bad;
    struct signature sig;
};
struct batch {
    struct buf bytes, ids, trouble;
    const char *path;
    struct dedup_lines *held;
    enum status st;
    size_t n;
    struct line lines[BATCH_LINES];
};
struct worker {
    struct signer *signer;
    struct json_parser *parser;
};
struct reading {
    struct dedup_job *job;
    int next_path;
    const char *path;
    struct dedup_lines *lines; /* of that path */
    struct jsonl_reader *reader;
    uint64_t bytes_before, bytes_total; /* of the files read, of all */
    uint64_t read;                      /* lines, of all files */
    uint64_t added;                     /* handed to the deduplicator, bad ones counted */
    struct worker *workers;
    struct batch *spare;
    enum status st;
    struct buf *err;
};

static void batch_free(struct batch *b) {
    if (!b) return;
    buf_free(&b->bytes);
    buf_free(&b->ids);
    buf_free(&b->trouble);
    free(b);
}

static struct batch *batch_new(struct reading *r) {
    struct batch *b = r->spare;
    r->spare = NULL;
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b) return NULL;
        buf_init(&b->bytes, LIMIT_LINE + BATCH_BYTES + BATCH_LINES);
        buf_init(&b->ids, BATCH_LINES * DEDUP_NAME_MAX);
        buf_init(&b->trouble, BATCH_LINES * LIMIT_ERR);
    }
    buf_clear(&b->bytes);
    buf_clear(&b->ids);
    buf_clear(&b->trouble);
    b->n = 0;
    b->st = ST_OK;
    b->path = r->path;
    b->held = r->lines;
    return b;
}

/* An entry for the next line; an over-long one has no bytes and is bad. */
static void batch_add(struct batch *b, struct slice text, uint64_t number, bool bad) {
    struct line *l = &b->lines[b->n++];
    l->start = b->bytes.len;
    l->len = text.len;
    l->number = number;
    l->bad = bad;
    buf_slice(&b->bytes, text);
    buf_char(&b->bytes, '\n');
}

static bool open_next(struct reading *r) {
    struct dedup_job *job = r->job;
    if (r->next_path == job->n_paths) return false;
    job->first[r->next_path] = r->read;
    r->path = job->paths[r->next_path];
    r->st = dedup_lines_new(r->path, &job->budget, &job->lines[r->next_path], r->err);
    if (r->st != ST_OK) return false;
    r->lines = job->lines[r->next_path++];
    r->st = jsonl_open(r->path, &r->reader, r->err);
    return r->st == ST_OK;
}

static enum status fill(struct reading *r, struct batch *b) {
    struct slice line;
    while (b->n < BATCH_LINES && b->bytes.len < BATCH_BYTES) {
        enum status st = jsonl_next(r->reader, &line, r->err);
        if (st == ST_RETRY) {
            r->bytes_before += jsonl_bytes_read(r->reader);
            jsonl_free(r->reader);
            r->reader = NULL;
            return ST_OK;
        }
        if (st == ST_FATAL) return st;
        if (st == ST_SKIP) {
            buf_printf(&b->trouble, "villers: %s\n", buf_cstr(r->err));
            line = slice_of("", 0);
        }
        batch_add(b, line, jsonl_line_number(r->reader), st == ST_SKIP);
        r->read++;
    }
    return buf_ok(&b->bytes) ? ST_OK : fail(r->err, ST_FATAL, "out of memory for a batch of lines");
}

static void *next_batch(void *ctx) {
    struct reading *r = ctx;
    while (r->st == ST_OK && !cli_interrupted()) {
        if (!r->reader && !open_next(r)) return NULL;
        struct batch *b = batch_new(r);
        if (!b) r->st = fail(r->err, ST_FATAL, "out of memory");
        if (!b) return NULL;
        r->st = fill(r, b);
        if (r->st == ST_OK && b->n) return b;
        batch_free(b);
    }
    return NULL;
}

static enum status sign_line(const struct dedup_job *job, struct worker *w, struct batch *b, struct line *l, struct buf *err) {
    struct json_value root, id;
    struct slice name = {"", 0}, text;
    char number[512];
    int64_t value;
    enum status st = json_parse(w->parser, slice_of(b->bytes.data + l->start, l->len), &root, err);
    if (st != ST_OK) return st;
    if (!json_get(root, job->text_key, &id) || !json_as_string(id, &text))
        return fail(err, ST_SKIP, "no string \"%s\" in the object", job->text_key);
    if (!json_get(root, job->id_key, &id) || (json_as_string(id, &name) && name.len == 0)) {
        name = slice_of(number, (size_t)snprintf(number, sizeof number, "%.400s:%llu", b->path, (unsigned long long)l->number));
    } else if (!json_as_string(id, &name)) {
        if (!json_as_int(id, &value)) return fail(err, ST_SKIP, "\"%s\" is neither a string nor a whole number", job->id_key);
        name = slice_of(number, (size_t)snprintf(number, sizeof number, "%lld", (long long)value));
    }
    if (name.len > DEDUP_NAME_MAX) return fail(err, ST_SKIP, "\"%s\" is over %d bytes", job->id_key, DEDUP_NAME_MAX);
    l->id_start = b->ids.len;
    l->id_len = name.len;
    buf_slice(&b->ids, name);
    l->rank_len = dedup_rank_make(job->order, root, text, name, l->rank);
    return signer_sign(w->signer, text, &l->sig, err);
}

static void sign_batch(void *ctx, void *item, unsigned worker) {
    struct reading *r = ctx;
    struct batch *b = item;
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    for (size_t i = 0; i < b->n; i++) {
        struct line *l = &b->lines[i];
        if (l->bad) continue;
        enum status st = sign_line(r->job, &r->workers[worker], b, l, &err);
        l->bad = st != ST_OK;
        if (st == ST_SKIP)
            buf_printf(&b->trouble, "villers: %s:%llu: %s\n", b->path, (unsigned long long)l->number, buf_cstr(&err));
        else if (st != ST_OK)
            b->st = st;
    }
    buf_free(&err);
}

static enum status add_batch(struct reading *r, const struct batch *b) {
    struct dedup_job *job = r->job;
    enum status st = b->st == ST_OK ? ST_OK : fail(r->err, b->st, "out of memory");
    for (size_t i = 0; st == ST_OK && i < b->n; i++, r->added++) {
        const struct line *l = &b->lines[i];
        job->bad += l->bad;
        if (l->bad && !bits_put(&job->wrong, r->added)) st = fail(r->err, ST_FATAL, "out of memory");
        if (st != ST_OK) break;
        struct slice id = l->bad ? slice_of("", 0) : slice_of(b->ids.data + l->id_start, l->id_len);
        st = dedup_names_add(job->names, id, r->err);
        if (st == ST_OK && !l->bad)
            st = dedup_add(job->dedup, r->added, slice_of((const char *)l->rank, l->rank_len), &l->sig, r->err);
    }
    return st;
}

/* By bytes of the input as stored, whose total is known; reading runs a few batches ahead of what is done. */
static void tell_progress(struct reading *r) {
    char extra[64];
    uint64_t done = r->bytes_before + (r->reader ? jsonl_bytes_read(r->reader) : 0);
    snprintf(extra, sizeof extra, "%llu documents", (unsigned long long)r->added);
    progress_update(&r->job->progress, done / MIB, r->bytes_total / MIB, "MiB", extra);
}

static enum status take_batch(void *ctx, void *item, bool drop) {
    struct reading *r = ctx;
    struct batch *b = item;
    enum status st = drop ? ST_OK : add_batch(r, b);
    if (!drop && st == ST_OK) st = dedup_lines_hold(b->held, &b->bytes, r->err);
    if (b->trouble.len) fputs(buf_cstr(&b->trouble), stderr);
    tell_progress(r);
    if (r->spare)
        batch_free(b);
    else
        r->spare = b;
    return st;
}

static bool make_workers(struct reading *r, unsigned n) {
    r->workers = calloc(n, sizeof *r->workers);
    for (unsigned i = 0; r->workers && i < n; i++) {
        r->workers[i].signer = signer_new(&r->job->engine.signature);
        r->workers[i].parser = json_parser_new(LIMIT_LINE);
        if (!r->workers[i].signer || !r->workers[i].parser) return false;
    }
    return r->workers;
}

static void free_workers(struct reading *r, unsigned n) {
    for (unsigned i = 0; r->workers && i < n; i++) {
        signer_free(r->workers[i].signer);
        json_parser_free(r->workers[i].parser);
    }
    free(r->workers);
}

enum status dedup_job_read(struct dedup_job *job, struct buf *err) {
    static const struct parallel_ops ops = {next_batch, sign_batch, take_batch};
    unsigned threads = job->threads ? job->threads : parallel_cores();
    struct reading r = {.job = job, .err = err};
    for (int i = 0; i < job->n_paths; i++) {
        int64_t size = file_size(job->paths[i]);
        r.bytes_total += size > 0 ? (uint64_t)size : 0;
    }
    job->first = calloc((size_t)job->n_paths + 1, sizeof *job->first);
    job->lines = calloc((size_t)job->n_paths + 1, sizeof *job->lines);
    job->budget = (struct dedup_lines_budget){job->engine.memory_bytes / 8, job->engine.work_dir};
    enum status st = job->first && job->lines && make_workers(&r, threads) ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) st = dedup_names_new(job->engine.memory_bytes / 16, job->engine.work_dir, &job->names, err);
    if (st == ST_OK) st = dedup_new(&job->engine, &job->dedup, err);
    if (st == ST_OK) st = parallel_run(&ops, &r, threads, 0);
    if (st == ST_OK) st = r.st;
    if (st == ST_OK && cli_interrupted()) st = fail(err, ST_RETRY, "interrupted; nothing was written");
    if (job->first) job->first[job->n_paths] = r.read;
    jsonl_free(r.reader);
    batch_free(r.spare);
    free_workers(&r, threads);
    return st;
}
