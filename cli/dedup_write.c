/* Verdicts and the second pass of `villers dedup`. */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/dedup_job.h"
#include "store/jsonl.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Is the older document that ${v} is a duplicate of the same one, by its id?  Then it stays, in its new state. */
static enum status is_itself(struct dedup_job *job, const struct dedup_verdict *v, bool *itself) {
    char mine[DEDUP_NAME_MAX], old[DEDUP_NAME_MAX];
    struct slice a = {"", 0}, b = {"", 0};
    *itself = false;
    if (v->kept < DEDUP_OLD) return ST_OK;
    enum status st = dedup_names_get(job->names, v->doc, mine, &a, NULL);
    if (st == ST_OK) st = dedup_old_name(job->dedup, v->kept, old, &b, NULL);
    *itself = st == ST_OK && slice_eq(a, b);
    if (!*itself) return st;
    if (job->n_replaced == job->replaced_room) {
        size_t room = job->replaced_room ? 2 * job->replaced_room : 64;
        struct hash128 *p = realloc(job->replaced, room * sizeof *p);
        if (!p) return ST_FATAL;
        job->replaced = p;
        job->replaced_room = room;
    }
    job->replaced[job->n_replaced++] = hash128(a);
    return ST_OK;
}

static enum status take_verdict(void *ctx, const struct dedup_verdict *v) {
    struct dedup_job *job = ctx;
    bool itself;
    if (v->cluster_size == 1) return ST_OK;
    enum status st = is_itself(job, v, &itself);
    if (st != ST_OK) return st;
    if (job->n_clustered == job->clustered_room) {
        size_t room = job->clustered_room ? 2 * job->clustered_room : 1024;
        struct dedup_verdict *p = realloc(job->clustered, room * sizeof *p);
        if (!p) return ST_FATAL;
        job->clustered = p;
        job->clustered_room = room;
    }
    struct dedup_verdict *mine = &job->clustered[job->n_clustered++];
    *mine = *v;
    if (itself) mine->kept = v->doc;
    if (mine->kept != v->doc) dedup_job_drop(job, v->doc);
    return ST_OK;
}

enum status dedup_job_decide(struct dedup_job *job, struct buf *err) { return dedup_run(job->dedup, take_verdict, job, err); }

struct writing {
    struct dedup_job *job;
    pthread_mutex_t lock; /* of err */
    struct buf *err;
};

/* The first clustered verdict from ${line} on. */
static size_t first_clustered(const struct dedup_job *job, uint64_t line) {
    size_t low = 0, high = job->n_clustered;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (job->clustered[mid].doc < line)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static enum status put_line(const struct dedup_job *job, struct slice s, const struct dedup_verdict *v, struct buf *line,
                            struct shard_writer *out, struct buf *err) {
    enum status st = ST_OK;
    buf_clear(line);
    if (job->annotate || job->rehydrate)
        st = dedup_job_annotate(job, s, v, line, err);
    else
        buf_slice(line, s);
    buf_char(line, '\n');
    if (st == ST_OK && !buf_ok(line)) st = fail(err, ST_FATAL, "out of memory");
    return st == ST_OK ? shard_append(out, buf_view(line), s.len, 0, err) : st;
}

/* The lines of one file that are kept.  A line that was bad the first time has no name. */
static enum status copy_lines(const struct dedup_job *job, size_t file, struct jsonl_reader *in, struct shard_writer *out,
                              struct buf *err) {
    struct buf line;
    struct slice s, name;
    char scratch[DEDUP_NAME_MAX];
    enum status st = ST_OK;
    size_t next = first_clustered(job, job->first[file]);
    buf_init(&line, LIMIT_LINE + 4 * DEDUP_NAME_MAX);
    for (uint64_t i = job->first[file]; st == ST_OK && i < job->first[file + 1]; i++) {
        struct dedup_verdict v = {i, i, 1, 1};
        if (next < job->n_clustered && job->clustered[next].doc == i) v = job->clustered[next++];
        st = jsonl_next(in, &s, err);
        if (st == ST_RETRY) st = fail(err, ST_FATAL, "%s changed while it was read", job->paths[file]);
        if (st == ST_FATAL) break;
        bool bad = st == ST_SKIP;
        st = dedup_names_get(job->names, i, scratch, &name, err);
        if (st != ST_OK || bad || name.len == 0 || (dedup_job_dropped(job, i) && !job->annotate)) continue;
        st = put_line(job, s, &v, &line, out, err);
    }
    buf_free(&line);
    return st;
}

static enum status rename_kept(const struct dedup_job *job, size_t file, const char *made, struct buf *err) {
    struct buf from, to;
    char name[64];
    buf_init(&from, 0);
    buf_init(&to, 0);
    snprintf(name, sizeof name, "kept-%05zu.jsonl.zst", file);
    path_join(&from, job->out, made);
    path_join(&to, job->out, name);
    enum status st = rename(buf_cstr(&from), buf_cstr(&to)) == 0 ? ST_OK : fail_errno(err, "cannot rename", buf_cstr(&from));
    buf_free(&from);
    buf_free(&to);
    return st;
}

static enum status write_file(const struct dedup_job *job, size_t file, struct buf *err) {
    struct jsonl_reader *in = NULL;
    struct shard_writer *out = NULL;
    struct shard_info info;
    enum status st = jsonl_open(job->paths[file], &in, err);
    if (st == ST_OK) st = shard_create(job->out, "part", (unsigned)file, job->level, &out, err);
    if (st == ST_OK) st = copy_lines(job, file, in, out, err);
    if (st == ST_OK)
        st = shard_finish(out, &info, err);
    else if (out)
        shard_abort(out);
    if (st == ST_OK) st = rename_kept(job, file, info.name, err);
    jsonl_free(in);
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
    for (size_t i = 0; st == ST_OK && i < job->n_clustered; i++) {
        const struct dedup_verdict *v = &job->clustered[i];
        if (v->kept != v->doc) st = duplicate_line(job, v, &out, err);
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
        bool ours = (slice_starts(name, slice_str("kept-")) && slice_ends(name, slice_str(".jsonl.zst"))) ||
                    slice_eq_str(name, "duplicates.jsonl");
        path_join(&path, job->out, names[i]);
        if (ours && unlink(buf_cstr(&path)) != 0) st = fail_errno(err, "cannot remove", buf_cstr(&path));
    }
    buf_free(&path);
    dir_list_free(names, n);
    return st;
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
    return !dedup_job_dropped(job, line);
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
    free(job->first);
    free(job->dropped);
    free(job->clustered);
    free(job->replaced);
    index_free(job->index);
}
