#include "cli/refine.h"
#include <stddef.h>

struct refine_options {
    int64_t threads;
    bool rejudge, full;
};

static const struct option options[] = {
    {"threads", 'j', OPTION_INT, offsetof(struct refine_options, threads), "N", "worker threads (default: all cores)"},
    {"rejudge", 0, OPTION_FLAG, offsetof(struct refine_options, rejudge), NULL,
     "new thresholds over what was measured: no text is read, nothing new is refined"},
    {"full", 0, OPTION_FLAG, offsetof(struct refine_options, full), NULL,
     "decide duplicates among all documents from nothing, and make the index of them again"},
    {0},
};

static enum status print_reason(void *ctx, const struct manifest_tally *t) {
    struct buf *out = ctx;
    buf_printf(out, "  %-24.*s %10lld documents %12lld words\n", SLICE_ARG(t->key[0]), (long long)t->documents,
               (long long)t->words);
    return ST_OK;
}

static enum status print_reason_json(void *ctx, const struct manifest_tally *t) {
    struct json_out *j = ctx;
    json_key_slice(j, t->key[0]);
    json_int(j, t->documents);
    return ST_OK;
}

static enum status report(const struct cli *cli, struct hub *h, const struct refine_counts *c, struct buf *out, struct buf *err) {
    static const enum manifest_dimension by_outcome = MANIFEST_OUTCOME;
    if (!cli->json) {
        buf_printf(out, "refined %llu segments, %llu documents (%llu unreadable); candidates %llu, kept %llu, duplicates %llu\n",
                   (unsigned long long)c->segments, (unsigned long long)c->documents, (unsigned long long)c->bad,
                   (unsigned long long)c->candidates, (unsigned long long)c->kept, (unsigned long long)c->duplicates);
        if (c->judged_again)
            buf_printf(out, "judged %llu documents again from their signals: %llu verdicts changed\n",
                       (unsigned long long)c->judged_again, (unsigned long long)c->changed);
        if (c->stale)
            buf_printf(out, "%llu segments are new, or their texts were made under other settings: run villers refine\n",
                       (unsigned long long)c->stale);
        if (!c->decided_all)
            buf_printf(out, "duplicates: %llu documents decided anew, where something changed\n", (unsigned long long)c->looked_at);
        buf_str(out, "all documents of the hub, by outcome:\n");
        return manifest_each_tally(h->manifest, &by_outcome, 1, print_reason, out, err);
    }
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_int(&j, "segments", (int64_t)c->segments);
    json_kv_int(&j, "documents", (int64_t)c->documents);
    json_kv_int(&j, "unreadable", (int64_t)c->bad);
    json_kv_int(&j, "judged_again", (int64_t)c->judged_again);
    json_kv_int(&j, "changed", (int64_t)c->changed);
    json_kv_int(&j, "stale_segments", (int64_t)c->stale);
    json_kv_int(&j, "candidates", (int64_t)c->candidates);
    json_kv_int(&j, "kept", (int64_t)c->kept);
    json_kv_int(&j, "duplicates", (int64_t)c->duplicates);
    json_kv_int(&j, "decided_anew", (int64_t)(c->decided_all ? c->candidates : c->looked_at));
    json_key(&j, "outcomes");
    json_object(&j);
    enum status st = manifest_each_tally(h->manifest, &by_outcome, 1, print_reason_json, &j, err);
    json_object_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
    return st;
}

static int run_refine(struct cli *cli, void *opt, char **operands, int n) {
    static const enum manifest_mode mode = MANIFEST_WRITE;
    const struct refine_options *o = opt;
    (void)operands;
    (void)n;
    if (o->threads < 0 || o->threads > 1024) return cli_error(EXIT_USAGE, "refine: --threads takes 1 to 1024");
    struct hub h;
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    if ((code = hub_lock(cli, &h))) {
        hub_close(&h);
        return code;
    }
    struct buf err = {.max = 4096}, out = {0};
    struct refine_counts counts = {0};
    struct refine_settings settings = {0};
    struct progress progress;
    progress_begin(&progress, "refine", cli->quiet);
    enum status st = refine_settings_init(&settings, &h, &err);
    if (st == ST_OK)
        st = o->rejudge ? refine_rejudge(&h, &settings, &counts, &err)
                        : refine_segments(&h, &settings, (unsigned)o->threads, &progress, &counts, &err);
    if (st == ST_OK) {
        progress_text(&progress, "duplicates");
        st = refine_duplicates(&h, (unsigned)o->threads, o->full, &counts, &err);
    }
    progress_end(&progress);
    if (st == ST_OK) st = report(cli, &h, &counts, &out, &err);
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else if (!cli_out(&out))
        code = EXIT_IO;
    refine_settings_free(&settings);
    buf_free(&out);
    buf_free(&err);
    hub_close(&h);
    return code;
}

const struct command cmd_refine = {
    .name = "refine",
    .group = "hub",
    .summary = "raw documents to verdicts: language, quality, personal data, duplicates",
    .usage = "[--rejudge] [--full]",
    .examples = "villers refine\nvillers refine --rejudge\nvillers refine --full\nvillers refine --hub ./hub --json\n",
    .options = options,
    .options_size = sizeof(struct refine_options),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_refine,
};
