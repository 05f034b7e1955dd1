/* villers quality: the signals of each text, and whether FineWeb-2's French filters keep it. */
#include "base/limits.h"
#include "cli/engine.h"
#include "dedup/quality.h"
#include <stdlib.h>

struct quality_options {
    struct engine_options in;
    bool with_text;
    struct option_list set;
};

static const struct option options[] = {
    ENGINE_OPTIONS(struct quality_options, in),
    {"with-text", 0, OPTION_FLAG, offsetof(struct quality_options, with_text), NULL,
     "keep the text of JSON lines, as their other members are"},
    {"set", 0, OPTION_LIST, offsetof(struct quality_options, set), "NAME=VALUE",
     "a threshold in place of FineWeb-2's (max_char_dup=0.2; 0 turns it off)"},
    {0},
};

/* What the answer says itself; "text" comes last, for it may be kept. */
static const char *const own[] = {"keep", "reason", "signals", "measured_bytes", "text"};
enum { N_OWN = sizeof own / sizeof *own - 1 };

struct plan {
    struct quality_settings settings;
    bool with_text;
};

struct worker {
    struct quality *quality;
    const struct quality_settings *settings;
    bool with_text;
};

static void *worker_new(void *ctx) {
    struct worker *w = malloc(sizeof *w);
    if (!w) return NULL;
    const struct plan *plan = ctx;
    *w = (struct worker){.quality = quality_new(), .settings = &plan->settings, .with_text = plan->with_text};
    if (w->quality) return w;
    free(w);
    return NULL;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    if (w) quality_free(w->quality);
    free(w);
}

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    struct worker *w = worker;
    struct quality_signals signals;
    struct json_out j;
    struct slice text = slice_sub(rec->text, 0, LIMIT_TEXT); /* far past what any filter keeps */
    enum status st = quality_measure(w->quality, text, &signals);
    if (st != ST_OK) return fail(err, st, "out of memory");
    const char *reason = quality_verdict(&signals, w->settings);
    json_out_init(&j, out);
    engine_open(&j, rec);
    json_kv_bool(&j, "keep", *reason == '\0');
    json_kv_str(&j, "reason", slice_str(reason));
    json_key(&j, "signals");
    quality_json(&j, &signals);
    if (text.len < rec->text.len) json_kv_int(&j, "measured_bytes", (int64_t)text.len);
    engine_close(&j, rec, own, w->with_text ? N_OWN : N_OWN + 1);
    return ST_OK;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    (void)cli;
    const struct quality_options *o = opts;
    struct plan plan = {.with_text = o->with_text};
    quality_defaults(&plan.settings);
    for (size_t i = 0; i < o->set.n; i++)
        if (!quality_set_text(&plan.settings, slice_str(o->set.items[i])))
            return cli_error(EXIT_USAGE, "--set %s: no such threshold", o->set.items[i]);
    struct engine e = {
        .worker_new = worker_new,
        .worker_free = worker_free,
        .answer = answer,
        .ctx = &plan,
    };
    int code = engine_choose(&e, &o->in, operands, n);
    return code ? code : engine_run(&e);
}

const struct command cmd_quality = {
    .name = "quality",
    .group = "engine",
    .summary = "the quality signals of each text, and the verdict of FineWeb-2's French filters",
    .usage = "[--lines|--jsonl|--warc] [--set NAME=VALUE]… [--files-from LIST] [FILE…]",
    .examples = "villers quality page.txt\n"
                "villers quality docs.jsonl.zst\nvillers extract crawl.warc.gz | villers quality --jsonl --with-text\n"
                "villers quality --jsonl --set min_words=20 --set max_new_line_ratio=0 docs.jsonl.zst",
    .options = options,
    .options_size = sizeof(struct quality_options),
    .max_operands = -1,
    .run = run,
};
