/* villers langid: which language each text is in, and how much of it is French. */
#include "cli/engine.h"
#include "dedup/langid.h"
#include <stdlib.h>

struct langid_options {
    struct engine_options in;
    bool with_text;
};

static const struct option options[] = {
    ENGINE_OPTIONS(struct langid_options, in),
    {"with-text", 0, OPTION_FLAG, offsetof(struct langid_options, with_text), NULL,
     "keep the text of JSON lines, as their other members are"},
    {0},
};

/* What the answer says itself; "text" comes last, for it may be kept. */
static const char *const own[] = {"language", "language_script", "language_score", "french_share", "languages", "text"};
enum { N_OWN = sizeof own / sizeof *own - 1 };

struct worker {
    struct langid *langid;
    bool with_text;
};

static void *worker_new(void *ctx) {
    const struct langid_options *o = ctx;
    struct worker *w = malloc(sizeof *w);
    if (!w) return NULL;
    *w = (struct worker){langid_new(), o->with_text};
    if (w->langid) return w;
    free(w);
    return NULL;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    if (w) langid_free(w->langid);
    free(w);
}

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    (void)err;
    struct worker *w = worker;
    struct langid_hints hints = {.declared_language = rec->declared_language};
    struct langid_result res;
    struct json_out j;
    langid_detect(w->langid, rec->text, &hints, &res);
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
    engine_close(&j, rec, own, w->with_text ? N_OWN : N_OWN + 1);
    return ST_OK;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    (void)cli;
    struct langid_options *o = opts;
    struct engine e = {
        .worker_new = worker_new,
        .worker_free = worker_free,
        .answer = answer,
        .ctx = o,
    };
    int code = engine_choose(&e, &o->in, operands, n);
    return code ? code : engine_run(&e);
}

const struct command cmd_langid = {
    .name = "langid",
    .group = "engine",
    .summary = "the language of each text, and its share of French",
    .usage = "[--lines|--jsonl|--warc] [--files-from LIST] [FILE…]",
    .examples =
        "villers langid page.txt\nvillers langid --lines < phrases.txt\nvillers langid docs.jsonl.zst\nvillers extract crawl.warc.gz | villers langid --jsonl --with-text",
    .options = options,
    .options_size = sizeof(struct langid_options),
    .max_operands = -1,
    .run = run,
};
