#include "cli/refine.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
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
    struct buf line, packed, signature;
    struct judged judged;
    int64_t raw_offset, offset;
    enum status st;
};

/* One raw segment being refined. */
struct job {
    struct hub *h;
    struct judge **judges;           /* one a worker */
    struct segment_packer **packers; /* the same */
    struct jsonl_reader *in;
    struct atomic_file out;
    struct signatures_writer *signatures;
    struct buf *err;
    struct progress *progress;
    struct refine_counts *counts;
    struct item *verdicts; /* judged items, their buffers freed */
    size_t n, cap;
    uint64_t length; /* of refined/NAME so far */
    int64_t run;     /* that this is part of */
    enum status st;
};

static void item_free(struct item *it) {
    if (!it) return;
    buf_free(&it->line);
    buf_free(&it->packed);
    buf_free(&it->signature);
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
    buf_init(&it->signature, MIB);
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
    struct buf refined = {.max = LIMIT_LINE};
    it->st = judge_line(j->judges[worker], buf_view(&it->line), &refined, &it->signature, &it->judged, NULL);
    if (it->st == ST_OK) it->st = segment_packer_pack(j->packers[worker], buf_view(&refined), &it->packed, NULL);
    buf_free(&refined);
    buf_free(&it->line);
}

static bool grow(struct job *j) {
    if (j->n < j->cap) return true;
    size_t cap = j->cap ? j->cap * 2 : 1024;
    struct item *more = realloc(j->verdicts, cap * sizeof *more);
    if (!more) return false;
    j->verdicts = more;
    j->cap = cap;
    return true;
}

static enum status write_item(struct job *j, struct item *it) {
    if (!grow(j)) return fail(j->err, ST_RETRY, "out of memory");
    enum status st = atomic_write(&j->out, buf_view(&it->packed), j->err);
    if (st == ST_OK) st = signatures_write(j->signatures, j->length, buf_view(&it->signature), j->err);
    if (st != ST_OK) return st;
    it->offset = (int64_t)j->length;
    j->length += it->packed.len;
    j->verdicts[j->n++] = (struct item){.judged = it->judged, .raw_offset = it->raw_offset, .offset = it->offset};
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

/* The rows of a refined segment and its signatures: all of it or nothing. */
static enum status record(struct job *j, const struct manifest_segment *raw, struct slice settings, const char *signatures_name) {
    struct manifest *m = j->h->manifest;
    int64_t now = clock_wall_ms();
    struct manifest_segment refined = {.kind = SEGMENT_REFINED,
                                       .name = raw->name,
                                       .bytes = j->length,
                                       .records = j->n,
                                       .sealed_ms = now,
                                       .settings_hash = settings,
                                       .run = j->run,
                                       .derived_from = raw->number};
    struct manifest_segment sigs = refined;
    sigs.kind = SEGMENT_SIGNATURE;
    sigs.name = slice_str(signatures_name);
    bool known;
    int64_t number, ignored;
    enum status st = manifest_begin(m, j->err);
    if (st == ST_OK) st = manifest_add_segment(m, &refined, &number, &known, j->err);
    if (st == ST_OK) st = manifest_add_segment(m, &sigs, &ignored, &known, j->err);
    for (size_t i = 0; st == ST_OK && i < j->n; i++) {
        const struct judged *d = &j->verdicts[i].judged;
        struct manifest_verdict v = {.id = slice_str(d->id),
                                     .raw = raw->number,
                                     .raw_offset = j->verdicts[i].raw_offset,
                                     .segment = number,
                                     .offset = j->verdicts[i].offset,
                                     .license = slice_str(d->license),
                                     .language = slice_str(d->language),
                                     .date = slice_str(d->date),
                                     .language_score = d->language_score,
                                     .french_share = d->french_share,
                                     .bytes = d->bytes,
                                     .words = d->words,
                                     .reason = slice_str(d->reason)};
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

static enum status refine_one(struct job *j, const struct manifest_segment *raw, struct slice settings, unsigned threads) {
    static const struct parallel_ops ops = {next_line, judge_item, take_item};
    struct buf path = {.max = 8192}, name = {.max = 1024};
    struct signature_options options = judge_signature_options(j->h->settings);
    j->n = 0;
    j->length = 0;
    j->st = ST_OK;
    j->out = (struct atomic_file){.fd = -1};
    buf_printf(&name, "%.*s.sig", SLICE_ARG(raw->name));
    enum status st = jsonl_open(hub_path(j->h, &path, "raw/%.*s", SLICE_ARG(raw->name)), &j->in, j->err);
    if (st == ST_OK) st = atomic_open(&j->out, hub_path(j->h, &path, "refined/%.*s", SLICE_ARG(raw->name)), j->err);
    if (st == ST_OK) st = signatures_create(hub_path(j->h, &path, "index/%s", buf_cstr(&name)), &options, &j->signatures, j->err);
    if (st == ST_OK) st = parallel_run(&ops, j, threads, 0);
    if (st == ST_OK) st = j->st;
    if (st == ST_OK) {
        st = signatures_finish(j->signatures, j->err);
        j->signatures = NULL;
    }
    if (st == ST_OK) st = atomic_commit_as(&j->out, NULL, j->err);
    if (st == ST_OK) st = record(j, raw, settings, buf_cstr(&name));
    atomic_abort(&j->out);
    signatures_abort(j->signatures);
    jsonl_free(j->in);
    j->signatures = NULL;
    j->in = NULL;
    buf_free(&name);
    buf_free(&path);
    return st;
}

struct walk {
    struct job job;
    struct slice settings;
    unsigned threads;
};

static enum status on_stale(void *ctx, const struct manifest_segment *seg) {
    struct walk *w = ctx;
    enum status st = refine_one(&w->job, seg, w->settings, w->threads);
    if (st == ST_OK) w->job.counts->segments++;
    return st;
}

static enum status walk_stale(struct hub *h, struct walk *w, struct slice text, struct buf *err) {
    struct manifest_run run = {.stage = "refine",
                               .subject = "",
                               .code = VILLERS_VERSION,
                               .settings_hash = w->settings.ptr,
                               .settings_text = text,
                               .began_ms = clock_wall_ms()};
    int64_t number = MANIFEST_NONE;
    enum status st = manifest_run_begin(h->manifest, &run, &number, err);
    w->job.run = number;
    if (st == ST_OK) st = manifest_each_stale(h->manifest, SEGMENT_RAW, SEGMENT_REFINED, w->settings, on_stale, w, err);
    if (st != ST_OK) return st;
    struct buf outcome = {.max = 1024};
    buf_printf(&outcome, "{\"segments\":%llu,\"documents\":%llu}", (unsigned long long)w->job.counts->segments,
               (unsigned long long)w->job.counts->documents);
    st = manifest_run_end(h->manifest, number, clock_wall_ms(), buf_view(&outcome), err);
    buf_free(&outcome);
    return st;
}

enum status refine_segments(struct hub *h, unsigned threads, struct progress *progress, struct refine_counts *counts,
                            struct buf *err) {
    struct buf text = {.max = MIB}, path = {.max = 8192};
    char hash[33];
    if (threads == 0) threads = parallel_cores();
    struct walk w = {.job = {.h = h, .err = err, .progress = progress, .counts = counts}, .threads = threads};
    dir_sweep_tmp(hub_path(h, &path, "refined"));
    dir_sweep_tmp(hub_path(h, &path, "index"));
    judge_settings(h->settings, &text);
    hash128_hex(hash128(buf_view(&text)), hash);
    w.settings = slice_str(hash);
    w.job.judges = calloc(threads, sizeof *w.job.judges);
    w.job.packers = calloc(threads, sizeof *w.job.packers);
    enum status st = w.job.judges && w.job.packers ? ST_OK : ST_RETRY;
    for (unsigned i = 0; st == ST_OK && i < threads; i++) {
        w.job.judges[i] = judge_new(h->settings);
        w.job.packers[i] = segment_packer_new(SEGMENT_ZSTD, REFINED_LEVEL);
        if (!w.job.judges[i] || !w.job.packers[i]) st = ST_RETRY;
    }
    if (st == ST_OK)
        st = walk_stale(h, &w, buf_view(&text), err);
    else
        fail(err, st, "out of memory");
    for (unsigned i = 0; w.job.judges && i < threads; i++) judge_free(w.job.judges[i]);
    for (unsigned i = 0; w.job.packers && i < threads; i++) segment_packer_free(w.job.packers[i]);
    free(w.job.judges);
    free(w.job.packers);
    free(w.job.verdicts);
    buf_free(&path);
    buf_free(&text);
    return st;
}
