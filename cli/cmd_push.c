#include "base/json.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/hub.h"
#include "crawler/fetch_put.h"
#include "store/release.h"
#include <stddef.h>
#include <stdlib.h>

#define DEFAULT_JOBS 4

struct push_args {
    const char *endpoint, *region;
    int64_t jobs, part_size;
};

static void show_progress(void *ctx, uint64_t done, uint64_t total) { progress_update(ctx, done, total, "bytes", ""); }

/* "s3://bucket/a/b" into the bucket and "a/b/". */
static bool parse_target(const char *text, struct buf *bucket, struct buf *prefix) {
    struct slice rest = slice_str(text), name;
    if (!slice_starts(rest, slice_str("s3://"))) return false;
    rest = slice_sub(rest, 5, rest.len);
    if (!slice_cut(&rest, '/', &name) || name.len < 3) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.ptr[i]) && !memchr("-._", name.ptr[i], 3)) return false;
    buf_slice(bucket, name);
    while (rest.ptr && rest.len && rest.ptr[rest.len - 1] == '/') rest.len--;
    if (rest.ptr && rest.len) {
        buf_slice(prefix, rest);
        buf_char(prefix, '/');
    }
    return true;
}

static void print(struct cli *cli, const char *target, const struct push_report *r, struct buf *out) {
    if (!cli->json) {
        buf_printf(out, "%s: %llu files; %llu sent (%llu bytes), %llu were there\n", target, (unsigned long long)r->files,
                   (unsigned long long)r->sent_files, (unsigned long long)r->sent_bytes,
                   (unsigned long long)(r->files - r->sent_files));
        return;
    }
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "to", slice_str(target));
    json_kv_int(&j, "files", (int64_t)r->files);
    json_kv_int(&j, "bytes", (int64_t)r->bytes);
    json_kv_int(&j, "sent_files", (int64_t)r->sent_files);
    json_kv_int(&j, "sent_bytes", (int64_t)r->sent_bytes);
    json_kv_int(&j, "kept_parts", (int64_t)r->kept_parts);
    json_object_end(&j);
    buf_char(out, '\n');
}

static const char *env_or(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && value[0] ? value : otherwise;
}

static int push(struct cli *cli, const struct hub *h, const struct push_args *args, char **operands, const char *name,
                const char *version) {
    struct buf err = {.max = LIMIT_ERR}, out = {0}, bucket = {.max = 256}, prefix = {.max = 1024}, endpoint = {.max = 4096};
    struct buf releases = {.max = LIMIT_URL_INPUT};
    struct fetch_put *f = NULL;
    struct push_report report = {0};
    struct progress progress;
    const char *region = args->region ? args->region : env_or("AWS_REGION", "us-east-1");
    int code = EXIT_DONE;
    if (!parse_target(operands[1], &bucket, &prefix))
        code = cli_error(EXIT_USAGE, "push: '%s' is not s3://BUCKET[/PREFIX]", operands[1]);
    if (args->endpoint)
        buf_str(&endpoint, args->endpoint);
    else
        buf_printf(&endpoint, "https://s3.%s.amazonaws.com", region);
    while (endpoint.len && endpoint.data[endpoint.len - 1] == '/') buf_truncate(&endpoint, endpoint.len - 1);
    struct fetch_put_options put = {.endpoint = buf_cstr(&endpoint),
                                    .region = region,
                                    .bucket = buf_cstr(&bucket),
                                    .access_key = env_or("AWS_ACCESS_KEY_ID", ""),
                                    .secret_key = env_or("AWS_SECRET_ACCESS_KEY", ""),
                                    .workers = args->jobs ? (unsigned)args->jobs : DEFAULT_JOBS,
                                    .stop = cli_interrupted};
    enum status st = code ? ST_OK : fetch_put_new(&put, &f, &err);
    if (!code && st == ST_OK) {
        struct push_store store = fetch_put_store(f);
        struct push_options opt = {.releases = hub_path(h, &releases, "releases"),
                                   .name = name,
                                   .version = version,
                                   .part_bytes = args->part_size,
                                   .prefix = buf_cstr(&prefix),
                                   .store = &store,
                                   .progress = show_progress,
                                   .progress_ctx = &progress};
        progress_begin(&progress, "push", cli->quiet);
        st = push_release(&opt, &report, &err);
        progress_end(&progress);
    }
    if (st != ST_OK)
        code = cli_error(st == ST_RETRY ? EXIT_TRY_AGAIN : st == ST_SKIP ? EXIT_DATA : EXIT_IO, "push: %s", buf_cstr(&err));
    else if (!code) {
        print(cli, operands[1], &report, &out);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    fetch_put_free(f);
    buf_free(&err);
    buf_free(&out);
    buf_free(&bucket);
    buf_free(&prefix);
    buf_free(&endpoint);
    buf_free(&releases);
    return code;
}

static int run_push(struct cli *cli, void *options, char **operands, int n) {
    const struct push_args *args = options;
    const char *at = strrchr(operands[0], '@');
    char name[128] = "";
    struct hub h;
    (void)n;
    if (args->jobs < 0 || args->jobs > 64) return cli_error(EXIT_USAGE, "push: --jobs is from 1 to 64");
    if (args->part_size < 0) return cli_error(EXIT_USAGE, "push: --part-size is a number of bytes");
    if (!at || !release_name_ok(slice_of(operands[0], (size_t)(at - operands[0]))) || !at[1] || strchr(at, '/'))
        return cli_error(EXIT_USAGE, "push: which version? NAME@VERSION");
    memcpy(name, operands[0], (size_t)(at - operands[0]));
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    code = push(cli, &h, args, operands, name, at + 1);
    hub_close(&h);
    return code;
}

static const struct option push_options[] = {
    {"endpoint", 0, OPTION_STRING, offsetof(struct push_args, endpoint), "URL",
     "of the store (default: that of AWS in the region)"},
    {"region", 0, OPTION_STRING, offsetof(struct push_args, region), "NAME",
     "region to sign for (default: AWS_REGION, or us-east-1)"},
    {"jobs", 'j', OPTION_INT, offsetof(struct push_args, jobs), "N", "files sent at once (default 4)"},
    {"part-size", 0, OPTION_INT, offsetof(struct push_args, part_size), "BYTES",
     "a larger file goes in parts of so many bytes (default 67108864; S3 takes no less than 5242880)"},
    {0},
};

const struct command cmd_push = {
    .name = "push",
    .group = "release",
    .summary = "a version to S3-compatible storage: signed by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, checked, resumed",
    .usage = "NAME@VERSION s3://BUCKET[/PREFIX]",
    .examples = "villers push demo@1.0.0 s3://corpus/hub --endpoint https://s3.fr-par.scw.cloud --region fr-par\n",
    .options = push_options,
    .options_size = sizeof(struct push_args),
    .min_operands = 2,
    .max_operands = 2,
    .run = run_push,
};
