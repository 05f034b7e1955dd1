/* villers langid: which language each text is in, and how much of it is French. */
#include "cli/engine.h"
#include "dedup/langid.h"

struct langid_options {
    bool lines, jsonl;
};

static const struct option options[] = {
    {"lines", 0, OPTION_FLAG, offsetof(struct langid_options, lines), NULL, "each line of the input is a text"},
    {"jsonl", 0, OPTION_FLAG, offsetof(struct langid_options, jsonl), NULL, "each line is a JSON object with id and text"},
    {0},
};

static void *worker_new(void *ctx) {
    (void)ctx;
    return langid_new();
}

static void worker_free(void *worker) { langid_free(worker); }

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    (void)err;
    struct langid_result res;
    struct json_out j;
    langid_detect(worker, rec->text, NULL, &res);
    json_out_init(&j, out);
    engine_open(&j, rec);
    json_kv_str(&j, "language", slice_str(res.language));
    json_kv_str(&j, "language_script", slice_str(res.script));
    json_kv_float(&j, "language_score", res.score, 4);
    json_kv_float(&j, "french_share", res.french_share, 4);
    json_key(&j, "languages");
    json_array(&j);
    for (unsigned i = 0; i < res.n; i++) {
        json_object(&j);
        json_kv_str(&j, "language", slice_str(res.languages[i].code));
        json_kv_float(&j, "share", res.languages[i].share, 4);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
    return ST_OK;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    (void)cli;
    const struct langid_options *o = opts;
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
    };
    return engine_run(&e);
}

const struct command cmd_langid = {
    .name = "langid",
    .group = "engine",
    .summary = "the language of each text, and its share of French",
    .usage = "[--lines|--jsonl] [FILE…]",
    .examples = "villers langid page.txt\nvillers langid --lines < phrases.txt\nzstdcat docs.jsonl.zst | villers langid --jsonl",
    .options = options,
    .options_size = sizeof(struct langid_options),
    .max_operands = -1,
    .run = run,
};
