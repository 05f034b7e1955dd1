/* The first pass of `villers dedup`: lines are read in order on one thread, parsed and signed on all. */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/dedup_job.h"
#include "cli/dedup_rank.h"
#include "cli/dedup_resume.h"
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
    struct batch *next; /* of those not in use */
    struct buf bytes, ids, trouble;
    const char *path;
    struct dedup_lines *held;
    struct dedup_resume_in *resumed; /* a whole file's lines, signed by an earlier run, in place of any other */
    bool last;                       /* of its file */
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
    struct dedup_resume_in *resumed;    /* of the file just opened */
    struct dedup_resume_out *signed_by; /* of the file whose batches are being taken */
    struct batch *spare;
    enum status st;
    struct buf *err;
};

static void batch_free(struct batch *b) {
    if (!b) return;
    buf_free(&b->bytes);
    buf_free(&b->ids);
    buf_free(&b->trouble);
    dedup_resume_free(b->resumed);
    free(b);
}

static struct batch *batch_new(struct reading *r) {
    struct batch *b = r->spare;
    if (b) {
        r->spare = b->next;
    } else {
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
    b->last = false;
    b->resumed = r->resumed;
    r->resumed = NULL;
    if (b->resumed) r->read += dedup_resume_lines(b->resumed);
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

static struct dedup_resume_key resume_key(const struct dedup_job *job, const char *path) {
    return (struct dedup_resume_key){.dir = job->out,
                                     .path = path,
                                     .id_key = job->id_key,
                                     .text_key = job->text_key,
                                     .order = job->order,
                                     .signature_version = signature_version(&job->engine.signature)};
}

static bool open_next(struct reading *r) {
    struct dedup_job *job = r->job;
    if (r->next_path == job->n_paths) return false;
    job->first[r->next_path] = r->read;
    r->path = job->paths[r->next_path];
    r->st = dedup_lines_new(r->path, &job->budget, &job->lines[r->next_path], r->err);
    if (r->st != ST_OK) return false;
    r->lines = job->lines[r->next_path++];
    struct dedup_resume_key key = resume_key(job, r->path);
    r->resumed = job->resume ? dedup_resume_open(&key) : NULL;
    if (r->resumed) {
        int64_t size = file_size(r->path);
        r->bytes_before += size > 0 ? (uint64_t)size : 0;
        dedup_lines_let_go(r->lines);
        return true;
    }
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
            b->last = true;
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
        if (b->resumed) return b;
        r->st = fill(r, b);
        if (r->st == ST_OK && (b->n || b->last)) return b;
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

static enum status add_line(struct reading *r, const struct dedup_line *l) {
    struct dedup_job *job = r->job;
    job->bad += !l->good;
    if (!l->good && !bits_put(&job->wrong, r->added)) return fail(r->err, ST_FATAL, "out of memory");
    enum status st = dedup_names_add(job->names, l->good ? l->id : slice_of("", 0), r->err);
    if (st == ST_OK && l->good) st = dedup_add(job->dedup, r->added, l->rank, l->signature, r->err);
    if (st == ST_OK && r->signed_by) st = dedup_resume_put(r->signed_by, l, r->err);
    r->added++;
    return st;
}

static enum status add_resumed(struct reading *r, const struct batch *b) {
    struct signature *sig = malloc(sizeof *sig);
    struct dedup_line line = {0};
    enum status st = sig ? ST_OK : fail(r->err, ST_FATAL, "out of memory");
    while (st == ST_OK && (st = dedup_resume_next(b->resumed, &line, sig, r->err)) == ST_OK) st = add_line(r, &line);
    free(sig);
    return st == ST_RETRY ? ST_OK : st;
}

static enum status add_batch(struct reading *r, const struct batch *b) {
    struct dedup_job *job = r->job;
    enum status st = b->st == ST_OK ? ST_OK : fail(r->err, b->st, "out of memory");
    struct dedup_resume_key key = resume_key(job, b->path);
    if (b->resumed) return add_resumed(r, b);
    if (st == ST_OK && job->resume && !r->signed_by) st = dedup_resume_create(&key, &r->signed_by, r->err);
    for (size_t i = 0; st == ST_OK && i < b->n; i++) {
        const struct line *l = &b->lines[i];
        struct dedup_line line = {!l->bad, slice_of(b->ids.data + l->id_start, l->id_len),
                                  slice_of((const char *)l->rank, l->rank_len), &l->sig};
        if (l->bad) line.id = line.rank = slice_of("", 0);
        st = add_line(r, &line);
    }
    if (st == ST_OK && b->last && r->signed_by) {
        st = dedup_resume_finish(r->signed_by, r->err);
        r->signed_by = NULL;
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
    if (b->resumed) {
        dedup_resume_free(b->resumed);
        b->resumed = NULL;
    } else if (!drop && st == ST_OK)
        st = dedup_lines_hold(b->held, buf_view(&b->bytes), r->err);
    if (b->trouble.len) fputs(buf_cstr(&b->trouble), stderr);
    tell_progress(r);
    if (b->bytes.cap > 2 * BATCH_BYTES) buf_free(&b->bytes); /* there was a huge line */
    b->next = r->spare;
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
    if (st == ST_OK && cli_interrupted()) st = dedup_job_interrupted(job, err);
    if (job->first) job->first[job->n_paths] = r.read;
    jsonl_free(r.reader);
    dedup_resume_free(r.resumed);
    dedup_resume_abort(r.signed_by);
    while (r.spare) {
        struct batch *next = r.spare->next;
        batch_free(r.spare);
        r.spare = next;
    }
    free_workers(&r, threads);
    return st;
}
