#include "cli/refine.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/judge.h"
#include "cli/signatures.h"
#include "store/jsonl.h"
#include "store/segment.h"
#include <stdlib.h>

#define REFINED_LEVEL 3

/* A document on its way through the workers. */
struct item {
    struct buf line, packed;
    struct judge_answer answer;
    int64_t raw_offset;
    enum status st;
};

/* A document written, until its segment is recorded. */
struct verdict {
    struct judged judged;
    int64_t raw_offset, offset;
};

/* One raw segment being refined. */
struct job {
    struct hub *h;
    struct judge **judges;           /* one a worker */
    struct segment_packer **packers; /* the same */
    struct jsonl_reader *in;
    struct atomic_file out;
    struct signatures_writer *signatures;
    struct signals_writer *signals;
    struct buf *err;
    struct progress *progress;
    struct refine_counts *counts;
    struct verdict *verdicts;
    size_t n, cap;
    uint64_t length; /* of refined/NAME so far */
    int64_t run;     /* that this is part of */
    char making[33]; /* hash of the settings that make these texts */
    enum status st;
};

static void item_free(struct item *it) {
    if (!it) return;
    buf_free(&it->line);
    buf_free(&it->packed);
    buf_free(&it->answer.signature);
    buf_free(&it->answer.refined);
    free(it);
}

static void *next_line(void *ctx) {
    struct job *j = ctx;
    struct slice line;
    if (cli_interrupted()) {
        j->st = fail(j->err, ST_RETRY, "interrupted; run villers refine again to go on");
        return NULL;
    }
    enum status st = jsonl_next(j->in, &line, j->err);
    while (st == ST_SKIP) {
        j->counts->bad++;
        st = jsonl_next(j->in, &line, j->err);
    }
    if (st == ST_RETRY) return NULL;
    struct item *it = st == ST_OK ? calloc(1, sizeof *it) : NULL;
    if (!it) {
        j->st = st == ST_OK ? fail(j->err, ST_RETRY, "out of memory") : st;
        return NULL;
    }
    buf_init(&it->line, LIMIT_LINE);
    buf_init(&it->packed, LIMIT_LINE + LIMIT_LINE / 64); /* what does not compress grows a little */
    buf_init(&it->answer.signature, MIB);
    buf_init(&it->answer.refined, LIMIT_LINE);
    buf_slice(&it->line, line);
    if (!buf_ok(&it->line)) {
        j->st = fail(j->err, ST_RETRY, "out of memory");
        item_free(it);
        return NULL;
    }
    it->raw_offset = (int64_t)jsonl_frame(j->in);
    return it;
}

static void judge_item(void *ctx, void *item, unsigned worker) {
    struct job *j = ctx;
    struct item *it = item;
    it->st = judge_line(j->judges[worker], buf_view(&it->line), &it->answer, NULL);
    if (it->st == ST_OK) it->st = segment_packer_pack(j->packers[worker], buf_view(&it->answer.refined), &it->packed, NULL);
    buf_free(&it->answer.refined);
    buf_free(&it->line);
}

static bool grow(struct job *j) {
    if (j->n < j->cap) return true;
    size_t cap = j->cap ? j->cap * 2 : 1024;
    struct verdict *more = realloc(j->verdicts, cap * sizeof *more);
    if (!more) return false;
    j->verdicts = more;
    j->cap = cap;
    return true;
}

static enum status write_item(struct job *j, struct item *it) {
    if (!grow(j)) return fail(j->err, ST_RETRY, "out of memory");
    enum status st = atomic_write(&j->out, buf_view(&it->packed), j->err);
    if (st == ST_OK) st = signatures_write(j->signatures, j->length, buf_view(&it->answer.signature), j->err);
    it->answer.signals.offset = j->length;
    if (st == ST_OK) st = signals_write(j->signals, &it->answer.signals, j->err);
    if (st != ST_OK) return st;
    j->verdicts[j->n++] = (struct verdict){it->answer.judged, it->raw_offset, (int64_t)j->length};
    j->length += it->packed.len;
    j->counts->documents++;
    progress_update(j->progress, j->counts->documents, 0, "documents", "");
    return ST_OK;
}

static enum status take_item(void *ctx, void *item, bool drop) {
    struct job *j = ctx;
    struct item *it = item;
    enum status st = ST_OK;
    if (!drop && it->st == ST_OK)
        st = write_item(j, it);
    else if (!drop && it->st == ST_SKIP)
        j->counts->bad++;
    else if (!drop) /* no fault of the record: it must not count as judged */
        st = fail(j->err, it->st, "a document of %s could not be judged: out of memory", j->out.path);
    item_free(it);
    return st;
}

static struct manifest_verdict row_of(const struct verdict *v, int64_t raw, int64_t segment) {
    const struct judged *d = &v->judged;
    return (struct manifest_verdict){.id = slice_str(d->id),
                                     .raw = raw,
                                     .raw_offset = v->raw_offset,
                                     .segment = segment,
                                     .offset = v->offset,
                                     .license = slice_str(d->license),
                                     .language = slice_str(d->language),
                                     .date = slice_str(d->date),
                                     .variety = slice_str(d->variety),
                                     .type = slice_str(d->type),
                                     .quality = d->quality,
                                     .language_score = d->language_score,
                                     .french_share = d->french_share,
                                     .bytes = d->bytes,
                                     .words = d->words,
                                     .reason = slice_str(d->reason)};
}

/* The rows of the files made from ${raw}; *${number} is the refined segment's. */
static enum status record_files(struct job *j, const struct manifest_segment *raw, const struct refine_settings *settings,
                                int64_t *number) {
    struct buf name = {.max = 1024};
    struct manifest_segment seg = {.kind = SEGMENT_REFINED,
                                   .name = raw->name,
                                   .bytes = j->length,
                                   .records = j->n,
                                   .sealed_ms = clock_wall_ms(),
                                   .settings_hash = slice_str(j->making),
                                   .run = j->run,
                                   .derived_from = raw->number};
    bool known;
    int64_t ignored;
    enum status st = manifest_add_segment(j->h->manifest, &seg, number, &known, j->err);
    buf_printf(&name, "%.*s.sig", SLICE_ARG(raw->name));
    seg.kind = SEGMENT_SIGNATURE;
    seg.name = buf_view(&name);
    if (st == ST_OK) st = manifest_add_segment(j->h->manifest, &seg, &ignored, &known, j->err);
    buf_free(&name);
    return st == ST_OK ? refine_record_signals(j->h, raw, settings, j->run, j->n, j->err) : st;
}

/* All of it or nothing. */
static enum status record(struct job *j, const struct manifest_segment *raw, const struct refine_settings *settings) {
    struct manifest *m = j->h->manifest;
    int64_t number = MANIFEST_NONE;
    enum status st = manifest_begin(m, j->err);
    if (st == ST_OK) st = record_files(j, raw, settings, &number);
    for (size_t i = 0; st == ST_OK && i < j->n; i++) {
        struct manifest_verdict v = row_of(&j->verdicts[i], raw->number, number);
        st = manifest_put_verdict(m, &v, NULL, j->err);
        if (st == ST_SKIP) { /* a record that no capture names */
            j->counts->bad++;
            st = ST_OK;
        }
    }
    if (st == ST_OK) st = manifest_stamp(m, REFINE_CLUSTERS, slice_str(REFINE_STALE), j->err);
    if (st == ST_OK) return manifest_commit(m, j->err);
    manifest_rollback(m);
    return st;
}

/* Begin the files of ${raw}. */
static enum status open_files(struct job *j, const struct manifest_segment *raw, struct buf *path) {
    struct signature_options options = judge_signature_options(j->h->settings);
    enum status st = jsonl_open(hub_path(j->h, path, "raw/%.*s", SLICE_ARG(raw->name)), &j->in, j->err);
    if (st == ST_OK) st = atomic_open(&j->out, hub_path(j->h, path, "refined/%.*s", SLICE_ARG(raw->name)), j->err);
    if (st == ST_OK)
        st = signatures_create(hub_path(j->h, path, "index/%.*s.sig", SLICE_ARG(raw->name)), &options, &j->signatures, j->err);
    if (st == ST_OK) st = signals_create(hub_path(j->h, path, "index/%.*s.signals", SLICE_ARG(raw->name)), &j->signals, j->err);
    return st;
}

static enum status close_files(struct job *j) {
    enum status st = signatures_finish(j->signatures, j->err);
    j->signatures = NULL;
    if (st != ST_OK) return st;
    st = signals_finish(j->signals, j->err);
    j->signals = NULL;
    return st == ST_OK ? atomic_commit_as(&j->out, NULL, j->err) : st;
}

static enum status refine_one(struct job *j, const struct manifest_segment *raw, const struct refine_settings *settings,
                              unsigned threads) {
    static const struct parallel_ops ops = {next_line, judge_item, take_item};
    struct buf path = {.max = 8192}, making = {.max = settings->making_text.max};
    j->n = 0;
    j->length = 0;
    j->st = ST_OK;
    j->out = (struct atomic_file){.fd = -1};
    enum status st = refine_making_of(j->h, settings, raw, j->making, &making, j->err);
    if (st == ST_OK && settings->recurring)
        st = manifest_keep_settings(j->h->manifest, slice_str(j->making), buf_view(&making), j->err);
    buf_free(&making);
    if (st == ST_OK) st = open_files(j, raw, &path);
    if (st == ST_OK) st = parallel_run(&ops, j, threads, 0);
    if (st == ST_OK) st = j->st;
    if (st == ST_OK) st = close_files(j);
    if (st == ST_OK) st = record(j, raw, settings);
    atomic_abort(&j->out);
    signatures_abort(j->signatures);
    signals_abort(j->signals);
    jsonl_free(j->in);
    j->signatures = NULL;
    j->signals = NULL;
    j->in = NULL;
    buf_free(&path);
    return st;
}

struct walk {
    struct job job;
    const struct refine_settings *settings;
    unsigned threads;
};

static enum status on_stale(void *ctx, const struct manifest_segment *seg) {
    struct walk *w = ctx;
    enum status st = refine_one(&w->job, seg, w->settings, w->threads);
    if (st == ST_OK) w->job.counts->segments++;
    return st;
}

/* A segment whose texts stand and whose verdicts do not; without good signals its texts are read again. */
static enum status on_unjudged(void *ctx, const struct manifest_segment *seg) {
    struct walk *w = ctx;
    enum status st = refine_judge_again(w->job.h, seg, w->settings, w->job.run, w->job.counts, w->job.err);
    return st == ST_SKIP ? on_stale(ctx, seg) : st;
}

static enum status make_workers(struct walk *w) {
    struct job *j = &w->job;
    j->judges = calloc(w->threads, sizeof *j->judges);
    j->packers = calloc(w->threads, sizeof *j->packers);
    bool ok = j->judges && j->packers;
    for (unsigned i = 0; ok && i < w->threads; i++) {
        j->judges[i] = judge_new(j->h->settings, w->settings->policies);
        j->packers[i] = segment_packer_new(SEGMENT_ZSTD, REFINED_LEVEL);
        ok = j->judges[i] && j->packers[i];
    }
    return ok ? ST_OK : fail(j->err, ST_RETRY, "out of memory");
}

static void free_workers(struct walk *w) {
    struct job *j = &w->job;
    for (unsigned i = 0; j->judges && i < w->threads; i++) judge_free(j->judges[i]);
    for (unsigned i = 0; j->packers && i < w->threads; i++) segment_packer_free(j->packers[i]);
    free(j->judges);
    free(j->packers);
    free(j->verdicts);
}

enum status refine_segments(struct hub *h, const struct refine_settings *settings, unsigned threads, struct progress *progress,
                            struct refine_counts *counts, struct buf *err) {
    struct buf path = {.max = 8192};
    struct walk w = {.job = {.h = h, .err = err, .progress = progress, .counts = counts},
                     .settings = settings,
                     .threads = threads ? threads : parallel_cores()};
    dir_sweep_tmp(hub_path(h, &path, "refined"));
    dir_sweep_tmp(hub_path(h, &path, "index"));
    enum status st = make_workers(&w);
    if (st == ST_OK) st = refine_run_begin(h, settings, &w.job.run, err);
    if (st == ST_OK) st = refine_each_stale(h, settings, on_stale, &w, err);
    if (st == ST_OK)
        st = manifest_each_stale(h->manifest, SEGMENT_RAW, SEGMENT_SIGNALS, slice_str(settings->judging), on_unjudged, &w, err);
    if (st == ST_OK) st = refine_run_end(h, w.job.run, counts, err);
    free_workers(&w);
    buf_free(&path);
    return st;
}
