/* villers redact: each text with its personal data replaced by placeholders, and where they were. */
#include "base/limits.h"
#include "cli/engine.h"
#include "dedup/redact.h"
#include <stdlib.h>

struct redact_options {
    bool lines, jsonl, firms;
};

static const struct option options[] = {
    {"lines", 0, OPTION_FLAG, offsetof(struct redact_options, lines), NULL, "each line of the input is a text"},
    {"jsonl", 0, OPTION_FLAG, offsetof(struct redact_options, jsonl), NULL, "each line is a JSON object with id and text"},
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
    buf_init(&w->text, 2 * LIMIT_TEXT);
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

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    struct worker *w = worker;
    struct redact_result found;
    struct json_out j;
    buf_clear(&w->text);
    if (redact_text(w->redactor, rec->text, &w->text, &found) != ST_OK) return fail(err, ST_SKIP, "the text is too large");
    json_out_init(&j, out);
    engine_open(&j, rec);
    json_kv_str(&j, "text", buf_view(&w->text));
    write_spans(&j, "spans", found.masked, found.n_masked);
    if (w->firms) write_spans(&j, "firms", found.flagged, found.n_flagged);
    json_object_end(&j);
    buf_char(out, '\n');
    return ST_OK;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    (void)cli;
    struct redact_options *o = opts;
    if (o->lines && o->jsonl) return cli_error(EXIT_USAGE, "--lines and --jsonl exclude each other");
    struct engine e = {
        .form = o->jsonl   ? ENGINE_JSONL
                : o->lines ? ENGINE_LINES
                           : ENGINE_FILES,
        .paths = operands,
        .n_paths = n,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .answer = answer,
        .ctx = o,
    };
    return engine_run(&e);
}

const struct command cmd_redact = {
    .name = "redact",
    .group = "engine",
    .summary = "each text with its personal data replaced by [EMAIL], [PHONE], [NIR], [IBAN], [CARD], [IP]",
    .usage = "[--lines|--jsonl] [--firms] [FILE…]",
    .examples = "villers redact page.txt\nvillers redact --lines < phrases.txt\nzstdcat docs.jsonl.zst | villers redact --jsonl",
    .options = options,
    .options_size = sizeof(struct redact_options),
    .max_operands = -1,
    .run = run,
};
