/*
 * New thresholds over stored signals: a segment's verdicts are given again in one transaction, from index/NAME.signals alone.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "cli/refine.h"
#include "cli/signals.h"
#include "dedup/host_blocks.h"

enum status refine_settings_init(struct refine_settings *s, struct hub *h, struct buf *err) {
    *s = (struct refine_settings){.making_text = {.max = 16 * MIB}, .judging_text = {.max = 16 * MIB}};
    s->policies = policies_new(h->settings, &h->catalogue);
    enum status st = s->policies ? ST_OK : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK) st = refine_recurring(h, s->policies, &s->recurring, err);
    if (st == ST_OK) {
        policies_set_recurring(s->policies, s->recurring);
        policies_making(s->policies, &s->making_text);
        policies_judging(s->policies, &s->judging_text);
        hash128_hex(hash128(buf_view(&s->making_text)), s->making);
        hash128_hex(hash128(buf_view(&s->judging_text)), s->judging);
        if (!buf_ok(&s->making_text) || !buf_ok(&s->judging_text)) st = fail(err, ST_FATAL, "the settings are too large");
    }
    return st;
}

void refine_settings_free(struct refine_settings *s) {
    policies_free(s->policies);
    host_blocks_free(s->recurring);
    buf_free(&s->making_text);
    buf_free(&s->judging_text);
}

enum status refine_run_begin(struct hub *h, const struct refine_settings *s, int64_t *run, struct buf *err) {
    struct manifest_run row = {.stage = "refine",
                               .subject = "",
                               .code = VILLERS_VERSION,
                               .settings_hash = s->judging,
                               .settings_text = buf_view(&s->judging_text),
                               .began_ms = clock_wall_ms()};
    *run = MANIFEST_NONE;
    enum status st = manifest_keep_settings(h->manifest, slice_str(s->making), buf_view(&s->making_text), err);
    return st == ST_OK ? manifest_run_begin(h->manifest, &row, run, err) : st;
}

enum status refine_run_end(struct hub *h, int64_t run, const struct refine_counts *c, struct buf *err) {
    struct buf outcome = {.max = 1024};
    struct json_out j;
    json_out_init(&j, &outcome);
    json_object(&j);
    json_kv_int(&j, "segments", (int64_t)c->segments);
    json_kv_int(&j, "documents", (int64_t)c->documents);
    json_kv_int(&j, "judged_again", (int64_t)c->judged_again);
    json_kv_int(&j, "changed", (int64_t)c->changed);
    json_object_end(&j);
    enum status st = manifest_run_end(h->manifest, run, clock_wall_ms(), buf_view(&outcome), err);
    buf_free(&outcome);
    return st;
}

enum status refine_record_signals(struct hub *h, const struct manifest_segment *raw, const struct refine_settings *settings,
                                  int64_t run, uint64_t records, struct buf *err) {
    struct buf name = {.max = 1024}, path = {.max = 8192};
    bool known;
    int64_t ignored;
    buf_printf(&name, "%.*s.signals", SLICE_ARG(raw->name));
    int64_t bytes = file_size(hub_path(h, &path, "index/%s", buf_cstr(&name)));
    struct manifest_segment seg = {.kind = SEGMENT_SIGNALS,
                                   .name = buf_view(&name),
                                   .bytes = bytes > 0 ? (uint64_t)bytes : 0,
                                   .records = records,
                                   .sealed_ms = clock_wall_ms(),
                                   .settings_hash = slice_str(settings->judging),
                                   .run = run,
                                   .derived_from = raw->number};
    enum status st = manifest_add_segment(h->manifest, &seg, &ignored, &known, err);
    buf_free(&name);
    buf_free(&path);
    return st;
}

/* Give each document of the open file its verdict; *${n} counts them. */
static enum status judge_all(struct hub *h, struct signals_reader *r, int64_t segment, const struct policies *policies,
                             struct refine_counts *c, uint64_t *n, struct buf *err) {
    struct signals_record rec;
    char reason[VERDICT_LEN];
    enum status st;
    for (*n = 0; (st = signals_next(r, &rec, err)) == ST_OK; ++*n) {
        bool changed = false;
        const struct policy *policy = policies_of(policies, rec.source);
        verdict_of(&rec.facts, policy, reason);
        struct manifest_verdict v = {.id = slice_str(rec.id),
                                     .segment = segment,
                                     .offset = (int64_t)rec.offset,
                                     .reason = slice_str(reason),
                                     .type = slice_str(verdict_type(&rec.facts, policy)),
                                     .quality = quality_score(&rec.facts.quality)};
        st = manifest_judge_again(h->manifest, &v, &changed, err);
        c->changed += changed;
        if (st != ST_OK && st != ST_SKIP) return st; /* SKIP: a record that no capture names */
    }
    return st == ST_RETRY ? ST_OK : st;
}

enum status refine_judge_again(struct hub *h, const struct manifest_segment *raw, const struct refine_settings *settings,
                               int64_t run, struct refine_counts *c, struct buf *err) {
    struct buf path = {.max = 8192};
    struct signals_reader *r = NULL;
    int64_t segment;
    uint64_t n = 0, before = c->changed;
    enum status st = manifest_find_segment(h->manifest, SEGMENT_REFINED, raw->name, &segment, err);
    if (st == ST_OK) st = signals_open(hub_path(h, &path, "index/%.*s.signals", SLICE_ARG(raw->name)), &r, err);
    buf_free(&path);
    if (st != ST_OK) return st;
    st = manifest_begin(h->manifest, err);
    if (st == ST_OK) st = judge_all(h, r, segment, settings->policies, c, &n, err);
    if (st == ST_OK) st = refine_record_signals(h, raw, settings, run, n, err);
    if (st == ST_OK && c->changed != before) st = manifest_stamp(h->manifest, REFINE_CLUSTERS, slice_str(REFINE_STALE), err);
    if (st == ST_OK)
        st = manifest_commit(h->manifest, err);
    else
        manifest_rollback(h->manifest);
    c->judged_again += st == ST_OK ? n : 0;
    signals_free(r);
    return st;
}

struct walk {
    struct hub *h;
    const struct refine_settings *settings;
    struct refine_counts *counts;
    struct buf *err;
    int64_t run;
};

static enum status on_segment(void *ctx, const struct manifest_segment *raw) {
    struct walk *w = ctx;
    if (cli_interrupted()) return fail(w->err, ST_RETRY, "interrupted; run the same command again to go on");
    enum status st = refine_judge_again(w->h, raw, w->settings, w->run, w->counts, w->err);
    if (st != ST_SKIP) return st;
    w->counts->unread++;
    return ST_OK;
}

static enum status count_stale(void *ctx, const struct manifest_segment *raw) {
    struct refine_counts *c = ctx;
    (void)raw;
    c->stale++;
    return ST_OK;
}

enum status refine_rejudge(struct hub *h, const struct refine_settings *settings, struct refine_counts *counts, struct buf *err) {
    struct walk w = {h, settings, counts, err, MANIFEST_NONE};
    enum status st = refine_run_begin(h, settings, &w.run, err);
    if (st == ST_OK)
        st = manifest_each_stale(h->manifest, SEGMENT_RAW, SEGMENT_SIGNALS, slice_str(settings->judging), on_segment, &w, err);
    if (st == ST_OK) st = refine_each_stale(h, settings, count_stale, counts, err);
    return st == ST_OK ? refine_run_end(h, w.run, counts, err) : st;
}
