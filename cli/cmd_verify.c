#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "cli/remote.h"
#include "store/selection.h"
#include "store/verify.h"
#include <stddef.h>

struct verify_args {
    const char *key;
    int64_t threads, timeout_s;
    struct option_list connect_to;
};

static const char *const signature_names[] = {[VERIFY_UNSIGNED] = "none",
                                              [VERIFY_SIGNED_BY_KEY] = "good",
                                              [VERIFY_SIGNED_BESIDE] = "good-by-key-beside",
                                              [VERIFY_SIGNATURE_BAD] = "bad"};

static void show_progress(void *ctx, uint64_t done, uint64_t total) {
    progress_update(ctx, done, total > done ? total : done, "bytes", "");
}

static void print_json(struct buf *out, const struct verify_report *r, const char *location) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "location", slice_str(location));
    json_kv_bool(&j, "ok", r->n_findings == 0);
    json_kv_str(&j, "name", slice_str(r->name));
    json_kv_str(&j, "version", slice_str(r->version));
    json_kv_int(&j, "files", (int64_t)r->files);
    json_kv_int(&j, "shards", (int64_t)r->shards);
    json_kv_int(&j, "documents", (int64_t)r->documents);
    json_kv_int(&j, "words", (int64_t)r->words);
    json_kv_int(&j, "text_bytes", (int64_t)r->text_bytes);
    json_kv_int(&j, "bytes", (int64_t)r->bytes);
    json_kv_int(&j, "left_out", (int64_t)r->left_out);
    json_kv_str(&j, "signature", slice_str(signature_names[r->signature]));
    json_kv_str(&j, "key", slice_str(r->key_id));
    json_key(&j, "findings");
    json_array(&j);
    for (size_t i = 0; i < r->n_findings; i++) {
        json_object(&j);
        json_kv_str(&j, "file", slice_str(r->findings[i].file));
        json_kv_int(&j, "line", (int64_t)r->findings[i].line);
        json_kv_str(&j, "what", slice_str(r->findings[i].what));
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void print_text(struct buf *out, const struct verify_report *r, const char *location) {
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct verify_finding *f = &r->findings[i];
        buf_str(out, f->file[0] ? f->file : location);
        if (f->line) buf_printf(out, ":%llu", (unsigned long long)f->line);
        buf_printf(out, ": %s\n", f->what);
    }
    if (r->n_findings) {
        buf_printf(out, "%s: DAMAGED, %zu finding%s\n", location, r->n_findings, r->n_findings == 1 ? "" : "s");
        return;
    }
    buf_printf(out, "%s: whole: %s %s, %llu files, %llu shards, %llu documents, %llu words, %llu bytes", location, r->name,
               r->version, (unsigned long long)r->files, (unsigned long long)r->shards, (unsigned long long)r->documents,
               (unsigned long long)r->words, (unsigned long long)r->bytes);
    if (r->left_out) buf_printf(out, "; %llu shards left out, as " SELECTION_FILE " says", (unsigned long long)r->left_out);
    if (r->signature == VERIFY_UNSIGNED) buf_str(out, "; not signed");
    if (r->signature == VERIFY_SIGNED_BY_KEY) buf_printf(out, "; signed by %s", r->key_id);
    if (r->signature == VERIFY_SIGNED_BESIDE)
        buf_printf(out, "; signed by %s, the key beside it (give the one you trust with --key)", r->key_id);
    buf_char(out, '\n');
}

static int report(struct cli *cli, const struct verify_report *r, const char *location) {
    struct buf out = {.max = LIMIT_LINE};
    if (cli->json)
        print_json(&out, r, location);
    else
        print_text(&out, r, location);
    bool written = cli_out(&out);
    buf_free(&out);
    if (!written) return EXIT_IO;
    return r->n_findings ? EXIT_NEGATIVE : EXIT_DONE;
}

static int run_verify(struct cli *cli, void *options, char **operands, int n) {
    struct verify_args *args = options;
    struct buf err = {.max = LIMIT_ERR};
    struct remote remote = {0};
    struct sign_public key;
    struct verify_report found = {0};
    struct progress progress;
    (void)n;
    if (args->threads < 0 || args->threads > 1024 || args->timeout_s < 0)
        return cli_error(EXIT_USAGE, "verify: --threads and --timeout are not negative");
    unsigned threads = args->threads ? (unsigned)args->threads : parallel_cores();
    enum status st = args->key ? remote_key(args->key, &key, &err) : ST_OK;
    if (st == ST_OK) st = remote_open(operands[0], threads, args->timeout_s, &args->connect_to, &remote, &err);
    int code = st == ST_OK ? EXIT_DONE : cli_fail(st, &err);
    if (st == ST_OK) {
        progress_begin(&progress, "verify", cli->quiet);
        struct verify_options opt = {.location = operands[0],
                                     .folder = remote_is_url(operands[0]) || strstr(operands[0], "://") ? NULL : operands[0],
                                     .transport = &remote.transport,
                                     .key = args->key ? &key : NULL,
                                     .threads = threads,
                                     .progress = show_progress,
                                     .progress_ctx = &progress};
        st = verify_release(&opt, &found, &err);
        progress_end(&progress);
        if (cli_interrupted())
            code = cli_error(EXIT_TRY_AGAIN, "verify: interrupted");
        else if (st == ST_OK)
            code = report(cli, &found, operands[0]);
        else
            code = cli_error(st == ST_SKIP ? EXIT_NO_INPUT : st == ST_RETRY ? EXIT_UNAVAILABLE : EXIT_IO, "%s", buf_cstr(&err));
    }
    verify_report_free(&found);
    remote_close(&remote);
    buf_free(&err);
    return code;
}

static const struct option verify_options[] = {
    {"key", 'k', OPTION_STRING, offsetof(struct verify_args, key), "KEY",
     "minisign public key that must have signed: its file, or the key itself"},
    {"threads", 't', OPTION_INT, offsetof(struct verify_args, threads), "N", "files checked at once (default: one a core)"},
    {"timeout", 0, OPTION_INT, offsetof(struct verify_args, timeout_s), "S",
     "longest silence of a server, in seconds (default 30)"},
    {"connect-to", 0, OPTION_LIST, offsetof(struct verify_args, connect_to), "H:P:A:P",
     "connect to another address, as curl's; repeatable"},
    {0},
};

const struct command cmd_verify = {
    .name = "verify",
    .group = "release",
    .summary = "check every byte of a release: checksums, signature, counts, each line",
    .usage = "PATH | URL",
    .examples = "villers verify releases/demo/1.0.0\nvillers verify --key minisign.pub https://example.org/demo/1.0.0\n",
    .options = verify_options,
    .options_size = sizeof(struct verify_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run_verify,
};
