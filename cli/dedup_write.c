/* Verdicts and the second pass of `villers dedup`. */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/dedup_job.h"
#include "store/zst_file.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LARGE_FILE (128 * MIB) /* of lines */
#define TOGETHER (512 * KIB)   /* bytes handed on at once */

/* Is the older document that ${v} is a duplicate of the same one, by its id?  Then it stays, in its new state. */
static enum status is_itself(struct dedup_job *job, const struct dedup_verdict *v, bool *itself, struct buf *err) {
    char mine[DEDUP_NAME_MAX], old[DEDUP_NAME_MAX];
    struct slice a = {"", 0}, b = {"", 0};
    *itself = false;
    if (v->kept < DEDUP_OLD) return ST_OK;
    enum status st = dedup_names_get(job->names, v->doc, mine, &a, err);
    if (st == ST_OK) st = dedup_old_name(job->dedup, v->kept, old, &b, err);
    *itself = st == ST_OK && slice_eq(a, b);
    if (!*itself) return st;
    if (job->n_replaced == job->replaced_room) {
        size_t room = job->replaced_room ? 2 * job->replaced_room : 64;
        struct hash128 *p = realloc(job->replaced, room * sizeof *p);
        if (!p) return fail(err, ST_FATAL, "out of memory");
        job->replaced = p;
        job->replaced_room = room;
    }
    job->replaced[job->n_replaced++] = hash128(a);
    return ST_OK;
}

struct deciding {
    struct dedup_job *job;
    struct buf *err;
};

static enum status take_verdict(void *ctx, const struct dedup_verdict *v) {
    struct dedup_job *job = ((struct deciding *)ctx)->job;
    struct buf *err = ((struct deciding *)ctx)->err;
    bool itself;
    char *at;
    uint64_t ignored;
    enum status st = is_itself(job, v, &itself, err);
    if (st == ST_OK) st = dedup_stream_room(job->clustered, sizeof *v, &at, &ignored, err);
    if (st != ST_OK) return st;
    struct dedup_verdict mine = *v;
    if (itself) mine.kept = v->doc;
    memcpy(at, &mine, sizeof mine);
    job->n_clustered++;
    return mine.kept == v->doc || bits_put(&job->dropped, v->doc) ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

enum status dedup_job_decide(struct dedup_job *job, struct buf *err) {
    enum status st = dedup_stream_new(job->engine.memory_bytes / 32, job->engine.work_dir, &job->clustered, err);
    struct deciding d = {job, err};
    return st == ST_OK ? dedup_run(job->dedup, take_verdict, &d, err) : st;
}

enum status dedup_job_clustered(const struct dedup_job *job, uint64_t i, struct dedup_verdict *v, struct buf *err) {
    const char *at;
    struct dedup_verdict own;
    enum status st = dedup_stream_read(job->clustered, i * sizeof own, sizeof own, &own, &at, err);
    if (st == ST_OK) memcpy(v, at, sizeof *v);
    return st;
}

struct writing {
    struct dedup_job *job;
    pthread_mutex_t lock; /* of err */
    struct buf *err;
};

/* The first clustered verdict from ${line} on. */
static enum status first_clustered(const struct dedup_job *job, uint64_t line, uint64_t *at, struct buf *err) {
    uint64_t low = 0, high = job->n_clustered;
    enum status st = ST_OK;
    while (st == ST_OK && low < high) {
        uint64_t mid = low + (high - low) / 2;
        struct dedup_verdict v;
        st = dedup_job_clustered(job, mid, &v, err);
        if (st == ST_OK && v.doc < line)
            low = mid + 1;
        else
            high = mid;
    }
    *at = low;
    return st;
}

/* Clustered verdicts by line, from a file's first on. */
struct cursor {
    uint64_t at;
    struct dedup_verdict next; /* doc UINT64_MAX: none */
};

static enum status step(const struct dedup_job *job, struct cursor *c, struct buf *err) {
    if (c->at < job->n_clustered) return dedup_job_clustered(job, c->at++, &c->next, err);
    c->next.doc = UINT64_MAX;
    return ST_OK;
}

static enum status verdict_of(const struct dedup_job *job, struct cursor *c, uint64_t line, struct dedup_verdict *v,
                              struct buf *err) {
    *v = (struct dedup_verdict){line, line, 1, 1};
    if (c->next.doc != line) return ST_OK;
    *v = c->next;
    return step(job, c, err);
}

struct copying {
    struct dedup_job *job;
    struct zst_file *out;
    struct json_parser *parser; /* when repeats are cut */
    struct buf lines, left, shorter;
};

static enum status hand_on(struct copying *c, struct buf *err) {
    if (!buf_ok(&c->lines)) return fail(err, ST_FATAL, "out of memory");
    enum status st = zst_file_write(c->out, buf_view(&c->lines), err);
    buf_clear(&c->lines);
    return st;
}

static enum status put_line(struct copying *c, struct slice s, const struct dedup_verdict *v, struct buf *err) {
    struct dedup_job *job = c->job;
    double share = 0;
    enum status st = ST_OK;
    if (job->repeats && v->kept == v->doc) {
        st = dedup_job_cut_repeats(job, c->parser, v->doc, s, &c->left, &c->shorter, &share, err);
        __atomic_fetch_add(&job->cut_of, s.len, __ATOMIC_RELAXED);
        if (c->shorter.len) __atomic_fetch_add(&job->cut_bytes, s.len - c->shorter.len, __ATOMIC_RELAXED);
        if (c->shorter.len) s = buf_view(&c->shorter);
    }
    if (st == ST_OK && (job->annotate || job->rehydrate || job->repeats))
        st = dedup_job_annotate(job, s, v, share, &c->lines, err);
    else
        buf_slice(&c->lines, s);
    buf_char(&c->lines, '\n');
    return st == ST_OK && c->lines.len >= TOGETHER ? hand_on(c, err) : st;
}

static enum status copy_each(struct copying *c, size_t file, struct buf *err) {
    const struct dedup_job *job = c->job;
    struct dedup_lines *in = job->lines[file];
    struct slice s;
    struct cursor at = {0, {0}};
    enum status st = first_clustered(job, job->first[file], &at.at, err);
    if (st == ST_OK) st = step(job, &at, err);
    if (st == ST_OK) st = dedup_lines_begin(in, err);
    for (uint64_t i = job->first[file]; st == ST_OK && i < job->first[file + 1]; i++) {
        struct dedup_verdict v;
        st = cli_interrupted() ? dedup_job_interrupted(job, err) : ST_OK;
        if (st == ST_OK) st = verdict_of(job, &at, i, &v, err);
        if (st == ST_OK) st = dedup_lines_next(in, &s, err);
        if (st == ST_RETRY) st = fail(err, ST_FATAL, "%s changed while it was read", job->paths[file]);
        if (st != ST_OK || bits_has(&job->wrong, i) || (bits_has(&job->dropped, i) && !job->annotate)) continue;
        if (s.len == 0) st = fail(err, ST_FATAL, "%s changed while it was read", job->paths[file]);
        if (st == ST_OK) st = put_line(c, s, &v, err);
    }
    dedup_lines_end(in);
    return st == ST_OK ? hand_on(c, err) : st;
}

/* The lines of one file that are kept. */
static enum status copy_lines(struct dedup_job *job, size_t file, struct zst_file *out, struct buf *err) {
    struct copying c = {.job = job, .out = out};
    buf_init(&c.lines, TOGETHER + LIMIT_LINE + 4 * DEDUP_NAME_MAX);
    buf_init(&c.left, LIMIT_LINE);
    buf_init(&c.shorter, LIMIT_LINE);
    if (job->repeats) c.parser = json_parser_new(LIMIT_LINE);
    enum status st = !job->repeats || c.parser ? copy_each(&c, file, err) : fail(err, ST_FATAL, "out of memory");
    json_parser_free(c.parser);
    buf_free(&c.lines);
    buf_free(&c.left);
    buf_free(&c.shorter);
    return st;
}

/* A large file is compressed by several threads, one of many by its own. */
static enum status write_file(struct dedup_job *job, size_t file, struct buf *err) {
    struct zst_file *out = NULL;
    struct zst_file_options opt = {.level = job->level};
    struct buf path;
    char name[64];
    if (dedup_lines_bytes(job->lines[file]) >= LARGE_FILE) opt.jobs = job->threads ? job->threads : parallel_cores();
    snprintf(name, sizeof name, job->level ? "kept-%05zu.jsonl.zst" : "kept-%05zu.jsonl", file);
    buf_init(&path, 0);
    path_join(&path, job->out, name);
    enum status st = zst_file_create(buf_cstr(&path), &opt, &out, err);
    if (st == ST_OK) st = copy_lines(job, file, out, err);
    if (st == ST_OK)
        st = zst_file_finish(out, err);
    else
        zst_file_abort(out);
    buf_free(&path);
    return st;
}

static enum status write_task(void *ctx, size_t i, unsigned worker) {
    struct writing *w = ctx;
    struct buf err;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = write_file(w->job, i, &err);
    if (st != ST_OK) {
        pthread_mutex_lock(&w->lock);
        (void)fail(w->err, st, "%s", buf_cstr(&err));
        pthread_mutex_unlock(&w->lock);
    }
    buf_free(&err);
    return st;
}

static enum status duplicate_line(const struct dedup_job *job, const struct dedup_verdict *v, struct buf *out, struct buf *err) {
    char scratch[DEDUP_NAME_MAX];
    struct slice name;
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    enum status st = dedup_names_get(job->names, v->doc, scratch, &name, err);
    if (st != ST_OK) return st;
    json_kv_str(&j, "id", name);
    st = dedup_job_name(job, v->kept, scratch, &name, err);
    if (st != ST_OK) return st;
    json_kv_str(&j, "duplicate_of", name);
    json_kv_float(&j, "similarity", v->similarity, 4);
    json_kv_str(&j, "cluster", name);
    json_object_end(&j);
    buf_char(out, '\n');
    return ST_OK;
}

static enum status write_duplicates(const struct dedup_job *job, struct buf *err) {
    struct atomic_file f = {0};
    struct buf path, out;
    buf_init(&path, 0);
    buf_init(&out, 0);
    path_join(&path, job->out, "duplicates.jsonl");
    enum status st = atomic_open(&f, buf_cstr(&path), err);
    for (uint64_t i = 0; st == ST_OK && i < job->n_clustered; i++) {
        struct dedup_verdict v;
        st = dedup_job_clustered(job, i, &v, err);
        if (st == ST_OK && v.kept != v.doc) st = duplicate_line(job, &v, &out, err);
        if (st != ST_OK || (out.len < MIB && i + 1 < job->n_clustered)) continue;
        st = buf_ok(&out) ? atomic_write(&f, buf_view(&out), err) : fail(err, ST_FATAL, "out of memory");
        buf_clear(&out);
    }
    if (st == ST_OK)
        st = atomic_commit_as(&f, NULL, err);
    else
        atomic_abort(&f);
    buf_free(&path);
    buf_free(&out);
    return st;
}

/* What an earlier run left must not be taken for this one's. */
static enum status sweep(const struct dedup_job *job, struct buf *err) {
    char **names;
    size_t n;
    struct buf path;
    enum status st = dir_list(job->out, "", &names, &n, err);
    if (st != ST_OK) return st;
    buf_init(&path, 0);
    dir_sweep_tmp(job->out);
    for (size_t i = 0; i < n; i++) {
        struct slice name = slice_str(names[i]);
        bool ours = (slice_starts(name, slice_str("kept-")) &&
                     (slice_ends(name, slice_str(".jsonl.zst")) || slice_ends(name, slice_str(".jsonl")))) ||
                    slice_eq_str(name, "duplicates.jsonl");
        path_join(&path, job->out, names[i]);
        if (ours && unlink(buf_cstr(&path)) != 0) st = fail_errno(err, "remove", buf_cstr(&path));
    }
    buf_free(&path);
    dir_list_free(names, n);
    return st;
}

enum status dedup_job_interrupted(const struct dedup_job *job, struct buf *err) {
    return fail(err, ST_RETRY, "interrupted; %s",
                job->resume ? "the same command takes up the files that are signed" : "run the same command again");
}

enum status dedup_job_write(struct dedup_job *job, struct buf *err) {
    struct writing w = {.job = job, .err = err};
    enum status st = sweep(job, err);
    pthread_mutex_init(&w.lock, NULL);
    if (st == ST_OK) st = parallel_for((size_t)job->n_paths, job->threads, write_task, &w);
    pthread_mutex_destroy(&w.lock);
    return st == ST_OK ? write_duplicates(job, err) : st;
}

static bool remembered(void *ctx, uint64_t line) {
    const struct dedup_job *job = ctx;
    return !bits_has(&job->dropped, line);
}

static enum status remembered_name(void *ctx, uint64_t line, char scratch[DEDUP_NAME_MAX], struct slice *name, struct buf *err) {
    const struct dedup_job *job = ctx;
    return dedup_names_get(job->names, line, scratch, name, err);
}

enum status dedup_job_remember(struct dedup_job *job, struct buf *err) {
    const struct dedup_memory m = {.keep = remembered, .name = remembered_name, .ctx = job};
    return job->add ? dedup_remember(job->dedup, &m, job->replaced, job->n_replaced, err) : ST_OK;
}

void dedup_job_free(struct dedup_job *job) {
    dedup_free(job->dedup);
    dedup_names_free(job->names);
    for (int i = 0; job->lines && i < job->n_paths; i++) dedup_lines_free(job->lines[i]);
    repeats_free(job->repeats);
    dedup_stream_free(job->clustered);
    free(job->lines);
    free(job->first);
    free(job->wrong.v);
    free(job->dropped.v);
    free(job->replaced);
    index_free(job->index);
}
