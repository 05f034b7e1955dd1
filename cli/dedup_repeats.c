/* Repeated lines and paragraphs of the documents that are kept: counted in a pass of their own, cut when lines are written. */
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/dedup_job.h"
#include <pthread.h>
#include <stdlib.h>

struct counting {
    struct dedup_job *job;
    pthread_mutex_t lock; /* of err */
    struct buf *err;
};

static enum status count_line(struct dedup_job *job, struct json_parser *parser, struct repeats_reader *reader, uint64_t number,
                              struct slice line, struct buf *err) {
    struct json_value root, v;
    struct slice text;
    enum status st = json_parse(parser, line, &root, err);
    if (st != ST_OK || !json_get(root, job->text_key, &v) || !json_as_string(v, &text)) return st == ST_SKIP ? ST_FATAL : st;
    return repeats_add(job->repeats, reader, number, json_get_string(root, job->source_key), text, err);
}

static enum status count_file(struct dedup_job *job, size_t file, struct buf *err) {
    struct dedup_lines *in = job->lines[file];
    struct json_parser *parser = json_parser_new(LIMIT_LINE);
    struct repeats_reader *reader = repeats_reader_new();
    struct slice line;
    enum status st = parser && reader ? dedup_lines_begin(in, err) : fail(err, ST_FATAL, "out of memory");
    for (uint64_t i = job->first[file]; st == ST_OK && i < job->first[file + 1]; i++) {
        st = cli_interrupted() ? dedup_job_interrupted(job, err) : dedup_lines_next(in, &line, err);
        if (st == ST_RETRY) st = fail(err, ST_FATAL, "%s changed while it was read", job->paths[file]);
        if (st != ST_OK || bits_has(&job->wrong, i) || bits_has(&job->dropped, i)) continue;
        st = count_line(job, parser, reader, i, line, err);
    }
    dedup_lines_end(in);
    repeats_reader_free(reader);
    json_parser_free(parser);
    return st;
}

static enum status count_task(void *ctx, size_t i, unsigned worker) {
    struct counting *c = ctx;
    struct buf err;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = count_file(c->job, i, &err);
    if (st != ST_OK) {
        pthread_mutex_lock(&c->lock);
        (void)fail(c->err, st, "%s", buf_cstr(&err));
        pthread_mutex_unlock(&c->lock);
    }
    buf_free(&err);
    return st;
}

enum status dedup_job_count_repeats(struct dedup_job *job, struct buf *err) {
    struct repeats_options opt = {.lines = job->cut_lines,
                                  .paragraphs = job->cut_paragraphs,
                                  .memory_bytes = job->engine.memory_bytes / 4,
                                  .work_dir = job->engine.work_dir};
    struct counting c = {.job = job, .err = err};
    if (!opt.lines && !opt.paragraphs) return ST_OK;
    pthread_mutex_init(&c.lock, NULL);
    enum status st = repeats_new(&opt, &job->repeats, err);
    if (st == ST_OK) st = parallel_for((size_t)job->n_paths, job->threads, count_task, &c);
    if (st == ST_OK) st = repeats_decide(job->repeats, job->threads, err);
    pthread_mutex_destroy(&c.lock);
    return st;
}

/* The end of the string whose opening quote is at ${at}: past its closing one. */
static size_t string_end(struct slice s, size_t at) {
    for (at++; at < s.len && s.ptr[at] != '"'; at++) at += s.ptr[at] == '\\';
    return at + 1;
}

/*
 * The raw string value of the first member ${key} of ${line}, which is a JSON object: offsets of its quotes.  False when that member
 * is not spelt out as it stands in ${key}.
 */
static bool find_value(struct slice line, struct slice key, size_t *begin, size_t *end) {
    unsigned depth = 0;
    bool value = false, found = false;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (c == ':' && depth == 1) value = true;
        if (c == ',' && depth == 1) value = found = false;
        if (c != '"') continue;
        size_t stop = string_end(line, i);
        if (stop > line.len) return false;
        if (depth == 1 && value && found) {
            *begin = i;
            *end = stop;
            return true;
        }
        if (depth == 1 && !value) found = slice_eq(slice_sub(line, i + 1, stop - 1), key);
        i = stop - 1;
    }
    return false;
}

enum status dedup_job_cut_repeats(const struct dedup_job *job, struct json_parser *parser, uint64_t number, struct slice line,
                                  struct buf *left, struct buf *out, double *share, struct buf *err) {
    struct json_value root, v;
    struct slice text;
    struct json_out j;
    size_t cut = 0, begin, end;
    enum status st = json_parse(parser, line, &root, err);
    buf_clear(out);
    *share = 0;
    if (st == ST_SKIP || (st == ST_OK && (!json_get(root, job->text_key, &v) || !json_as_string(v, &text))))
        return fail(err, ST_FATAL, "a line changed while it was read");
    if (st == ST_OK) st = repeats_cut(job->repeats, number, text, left, &cut, err);
    if (st != ST_OK || cut == 0) return st;
    if (!find_value(line, slice_str(job->text_key), &begin, &end)) return ST_OK; /* a key with escapes: left as it is */
    *share = (double)cut / (double)text.len;
    buf_slice(out, slice_sub(line, 0, begin));
    json_out_init(&j, out);
    json_string(&j, buf_view(left));
    buf_slice(out, slice_sub(line, end, line.len));
    return buf_ok(out) ? ST_OK : fail(err, ST_FATAL, "out of memory");
}
