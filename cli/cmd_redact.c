/* villers redact: each text with its personal data replaced by placeholders, and where they were. */
#include "base/limits.h"
#include "cli/engine.h"
#include "dedup/redact.h"
#include <stdlib.h>

struct redact_options {
    struct engine_options in;
    bool firms;
};

static const struct option options[] = {
    ENGINE_OPTIONS(struct redact_options, in),
    {"firms", 0, OPTION_FLAG, offsetof(struct redact_options, firms), NULL, "add \"firms\": SIREN and SIRET found, which stay"},
    {0},
};

struct worker {
    struct redactor *redactor;
    struct buf text;
    bool firms;
};

static void worker_free(void *worker) {
    struct worker *w = worker;
    if (!w) return;
    redact_free(w->redactor);
    buf_free(&w->text);
    free(w);
}

static void *worker_new(void *ctx) {
    const struct redact_options *o = ctx;
    struct worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->redactor = redact_new();
    w->firms = o->firms;
    buf_init(&w->text, 2 * LIMIT_LINE);
    if (w->redactor) return w;
    worker_free(w);
    return NULL;
}

static void write_spans(struct json_out *j, const char *key, const struct redact_span *spans, size_t n) {
    json_key(j, key);
    json_array(j);
    for (size_t i = 0; i < n; i++) {
        json_object(j);
        json_kv_str(j, "kind", slice_str(redact_name(spans[i].kind)));
        json_kv_int(j, "start", (int64_t)spans[i].start);
        json_kv_int(j, "end", (int64_t)spans[i].end);
        json_object_end(j);
    }
    json_array_end(j);
}

static const char *const own[] = {"text", "spans", "firms"};

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    struct worker *w = worker;
    struct redact_result found;
    struct json_out j;
    buf_clear(&w->text);
    if (redact_text(w->redactor, rec->text, &w->text, &found) != ST_OK)
        return fail(err, ST_SKIP, "it holds more than %zu personal data, or needs too much memory", LIMIT_REDACT_SPANS);
    json_out_init(&j, out);
    engine_open(&j, rec);
    json_kv_str(&j, "text", buf_view(&w->text));
    write_spans(&j, "spans", found.masked, found.n_masked);
    if (w->firms) write_spans(&j, "firms", found.flagged, found.n_flagged);
    engine_close(&j, rec, own, sizeof own / sizeof *own);
    return ST_OK;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    (void)cli;
    struct redact_options *o = opts;
    struct engine e = {
        .worker_new = worker_new,
        .worker_free = worker_free,
        .answer = answer,
        .ctx = o,
    };
    int code = engine_choose(&e, &o->in, operands, n);
    return code ? code : engine_run(&e);
}

const struct command cmd_redact = {
    .name = "redact",
    .group = "engine",
    .summary = "each text with its personal data replaced by [EMAIL], [PHONE], [NIR], [IBAN], [CARD], [IP]",
    .usage = "[--lines|--jsonl|--warc] [--firms] [--files-from LIST] [FILE…]",
    .examples =
        "villers redact page.txt\nvillers redact --lines < phrases.txt\nvillers redact docs.jsonl.zst\nvillers extract crawl.warc.gz | villers redact --jsonl",
    .options = options,
    .options_size = sizeof(struct redact_options),
    .max_operands = -1,
    .run = run,
};
