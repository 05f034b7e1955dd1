#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/remote.h"
#include "store/pull.h"
#include "store/semver.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_JOBS 4
#define FAILURES_TOLD 20
#define RATE_MS 500

struct pull_args {
    const char *key, *shards;
    int64_t jobs, timeout_s;
    bool list, all;
    struct option_list connect_to, source, license;
};

struct shown {
    struct progress line;
    int64_t at_ms; /* of the last measure of the rate */
    uint64_t at_bytes;
    double rate; /* bytes a second, smoothed: what was there before is found at once and must not count for long */
};

static void show_progress(void *ctx, uint64_t done, uint64_t total) {
    struct shown *s = ctx;
    char text[160], left[64] = "";
    int64_t now = clock_mono_ms(), since = now - s->at_ms;
    if (since >= RATE_MS) {
        double rate = done > s->at_bytes ? (double)(done - s->at_bytes) * 1000 / (double)since : 0;
        s->rate = s->rate > 0 ? (2 * s->rate + rate) / 3 : rate;
        s->at_ms = now;
        s->at_bytes = done;
    }
    if (total > done && s->rate > 0) {
        double seconds = (double)(total - done) / s->rate;
        long long whole = seconds < 359999 ? (long long)seconds : 359999;
        snprintf(left, sizeof left, ", %lld:%02lld:%02lld left", whole / 3600, whole / 60 % 60, whole % 60);
    }
    if (total < done) total = done;
    snprintf(text, sizeof text, "%.1f of %.1f MB (%.0f %%), %.1f MB/s%s", (double)done / 1e6, (double)total / 1e6,
             total ? 100.0 * (double)done / (double)total : 0, s->rate / 1e6, left);
    progress_text(&s->line, text);
}

/* "URL@VERSION": the version is what follows the last '@' when that reads as one ('@' may stand in a URL).  Owned copy of the rest. */
static char *split_version(const char *source, const char **version) {
    const char *at = strrchr(source, '@');
    struct semver parsed;
    *version = NULL;
    if (at && at != source && semver_parse(slice_str(at + 1), &parsed)) {
        *version = at + 1;
        return strndup(source, (size_t)(at - source));
    }
    return strdup(source);
}

static void print_list(struct buf *out, const struct pull_report *r) {
    for (size_t i = 0; i < r->n_items; i++) {
        if (!r->items[i].wanted) continue;
        if (r->items[i].bytes >= 0)
            buf_printf(out, "%s %12lld %s\n", r->items[i].sha256, (long long)r->items[i].bytes, r->items[i].path);
        else
            buf_printf(out, "%s %12s %s\n", r->items[i].sha256, "-", r->items[i].path);
    }
    buf_printf(out, "%s %s: %llu documents, %llu words, %llu bytes of shards\n", r->name, r->version,
               (unsigned long long)r->documents, (unsigned long long)r->words, (unsigned long long)r->bytes);
}

static void print_json(struct buf *out, const struct pull_report *r, const char *dest, bool complete, bool list) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_bool(&j, "complete", complete);
    json_kv_str(&j, "name", slice_str(r->name ? r->name : ""));
    json_kv_str(&j, "version", slice_str(r->version ? r->version : ""));
    json_kv_str(&j, "from", slice_str(r->base ? r->base : ""));
    json_kv_str(&j, "to", slice_str(dest ? dest : ""));
    json_kv_int(&j, "documents", (int64_t)r->documents);
    json_kv_int(&j, "words", (int64_t)r->words);
    json_kv_int(&j, "bytes", (int64_t)r->bytes);
    json_kv_int(&j, "files", (int64_t)r->n_items);
    json_kv_int(&j, "fetched_files", (int64_t)r->fetched_files);
    json_kv_int(&j, "rebuilt_files", (int64_t)r->rebuilt_files);
    json_kv_int(&j, "fetched_bytes", (int64_t)r->fetched_bytes);
    json_kv_int(&j, "kept_files", (int64_t)r->kept_files);
    json_kv_int(&j, "removed_files", (int64_t)r->removed_files);
    json_kv_bool(&j, "signed", r->is_signed);
    json_kv_str(&j, "key", slice_str(r->key_id));
    json_key(&j, list ? "items" : "failures");
    json_array(&j);
    for (size_t i = 0; i < r->n_items; i++) {
        const struct pull_item *it = &r->items[i];
        if ((!list && !it->failure) || !it->wanted) continue;
        json_object(&j);
        json_kv_str(&j, "path", slice_str(it->path));
        json_kv_str(&j, "sha256", slice_str(it->sha256));
        json_kv_int(&j, "bytes", it->bytes);
        if (it->failure) json_kv_str(&j, "failure", slice_str(it->failure));
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void print_text(struct buf *out, const struct pull_report *r, const char *dest) {
    buf_printf(out,
               "%s: %s %s, %llu documents; %llu files fetched (%llu bytes), %llu made from deltas, %llu were here, %llu removed",
               dest, r->name, r->version, (unsigned long long)r->documents, (unsigned long long)r->fetched_files,
               (unsigned long long)r->fetched_bytes, (unsigned long long)r->rebuilt_files, (unsigned long long)r->kept_files,
               (unsigned long long)r->removed_files);
    if (r->left_out) buf_printf(out, "; %llu shards not selected", (unsigned long long)r->left_out);
    if (r->is_signed) buf_printf(out, "; signed by %s", r->key_id);
    buf_char(out, '\n');
}

static int exit_of(enum status st, const struct pull_report *r) {
    if (st == ST_OK) return EXIT_DONE;
    if (cli_interrupted()) return EXIT_TRY_AGAIN;
    if (st == ST_SKIP) return r->name ? EXIT_DATA : EXIT_NO_INPUT;
    if (st == ST_RETRY) return r->name && !r->n_failures ? EXIT_TRY_AGAIN : EXIT_UNAVAILABLE;
    return EXIT_CANNOT_CREATE;
}

/* What did not come, and what to do about it. */
static void print_failures(int code, enum status st, const struct pull_report *r, const struct buf *err) {
    size_t told = 0;
    for (size_t i = 0; i < r->n_items && told < FAILURES_TOLD; i++)
        if (r->items[i].failure && ++told) cli_error(code, "pull: %s: %s", r->items[i].path, r->items[i].failure);
    if (r->n_failures > told) cli_error(code, "pull: and %zu more files (--json names them all)", r->n_failures - told);
    cli_error(code, "pull: %s", buf_cstr(err));
    if (r->n_failures && st == ST_SKIP)
        cli_error(code,
                  "pull: the server does not have the files that SHA256SUMS promises: tell its keeper. What came is kept, and "
                  "the same command brings the rest once it is mended");
    else if (r->n_failures)
        cli_error(code, "pull: what came is kept: the same command goes on from there");
}

static int finish(struct cli *cli, const struct pull_args *args, const char *dest, enum status st, const struct pull_report *r,
                  const struct buf *err) {
    struct buf out = {0};
    int code = exit_of(st, r);
    if (st != ST_OK) print_failures(code, st, r, err);
    if (cli->json)
        print_json(&out, r, dest, st == ST_OK, args->list);
    else if (st == ST_OK && args->list)
        print_list(&out, r);
    else if (st == ST_OK && !cli->quiet)
        print_text(&out, r, dest);
    if (out.len && !cli_out(&out)) code = EXIT_IO;
    buf_free(&out);
    return code;
}

static int run_pull(struct cli *cli, void *options, char **operands, int n) {
    const struct pull_args *args = options;
    struct buf err = {.max = LIMIT_ERR};
    struct remote remote = {0};
    struct sign_public key;
    struct pull_report report = {0};
    struct shown shown = {0};
    const char *version = NULL, *dest = n > 1 ? operands[1] : NULL;
    if (!args->list && !dest) return cli_error(EXIT_USAGE, "pull: where to? pull URL[@VERSION] DEST (or --list)");
    if (args->jobs < 0 || args->jobs > 256 || args->timeout_s < 0) return cli_error(EXIT_USAGE, "pull: --jobs is from 1 to 256");
    unsigned jobs = args->jobs ? (unsigned)args->jobs : DEFAULT_JOBS;
    char *source = split_version(operands[0], &version);
    enum status st = source ? ST_OK : fail(&err, ST_FATAL, "out of memory");
    if (st == ST_OK && args->key) st = remote_key(args->key, &key, &err);
    if (st == ST_OK) st = remote_open(source, jobs, args->timeout_s, &args->connect_to, &remote, &err);
    int code = st == ST_OK ? EXIT_DONE : cli_fail(st, &err);
    if (st == ST_OK) {
        progress_begin(&shown.line, "pull", cli->quiet);
        shown.at_ms = clock_mono_ms();
        struct pull_options opt = {.source = source,
                                   .version = version,
                                   .dest = args->list ? NULL : dest,
                                   .transport = &remote.transport,
                                   .key = args->key ? &key : NULL,
                                   .selection = {.sources = {args->source.items, args->source.n},
                                                 .licenses = {args->license.items, args->license.n},
                                                 .shards = args->shards},
                                   .everything = args->all,
                                   .workers = jobs,
                                   .progress = show_progress,
                                   .progress_ctx = &shown};
        st = args->list ? pull_list(&opt, &report, &err) : pull_release(&opt, &report, &err);
        progress_end(&shown.line);
        code = finish(cli, args, dest, st, &report, &err);
    }
    pull_report_free(&report);
    remote_close(&remote);
    free(source);
    buf_free(&err);
    return code;
}

static const struct option pull_options[] = {
    {"source", 0, OPTION_LIST, offsetof(struct pull_args, source), "ID",
     "only shards that hold documents of this source; repeatable, and remembered in DEST"},
    {"license", 0, OPTION_LIST, offsetof(struct pull_args, license), "SPDX",
     "only shards that hold documents under this licence; repeatable, and remembered"},
    {"shards", 0, OPTION_STRING, offsetof(struct pull_args, shards), "LIST", "only these shards, by number: 0,3-5; remembered"},
    {"all", 0, OPTION_FLAG, offsetof(struct pull_args, all), NULL, "every shard, whatever was selected before"},
    {"list", 'l', OPTION_FLAG, offsetof(struct pull_args, list), NULL, "say what the version holds, fetch nothing"},
    {"key", 'k', OPTION_STRING, offsetof(struct pull_args, key), "KEY",
     "minisign public key that must have signed: its file, or the key itself"},
    {"jobs", 'j', OPTION_INT, offsetof(struct pull_args, jobs), "N",
     "connections at once, for several files or ranges of a large one (default 4)"},
    {"timeout", 0, OPTION_INT, offsetof(struct pull_args, timeout_s), "S",
     "longest silence of the server, in seconds (default 30)"},
    {"connect-to", 0, OPTION_LIST, offsetof(struct pull_args, connect_to), "H:P:A:P",
     "connect to another address, as curl's; repeatable"},
    {0},
};

const struct command cmd_pull = {
    .name = "pull",
    .group = "release",
    .summary = "download a version, or update a folder to it; resumes, verifies while downloading",
    .usage = "URL[@VERSION] DEST",
    .examples = "villers pull https://example.org/demo ./demo\nvillers pull https://example.org/demo@1.0.0 ./demo-1\n"
                "villers pull --list https://example.org/demo\nvillers pull --license CC-BY-4.0 https://example.org/demo ./demo\n",
    .options = pull_options,
    .options_size = sizeof(struct pull_args),
    .min_operands = 1,
    .max_operands = 2,
    .run = run_pull,
};
