#include "base/json.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "store/gc.h"
#include <stddef.h>

struct gc_args {
    bool yes;
    int64_t keep_versions;
};

static const struct {
    const char *name, *what;
} reasons[] = {[GC_STAGING] = {"staging", "left by a publish that was killed"},
               [GC_UNKNOWN_SEGMENT] = {"unknown-segment", "not in the manifest"},
               [GC_UNLISTED] = {"unlisted", "its version does not list it"},
               [GC_REMOVED_TEXT] = {"removed-text", "may hold a document removed since"},
               [GC_OLD_VERSION] = {"old-version", "of a version older than those to keep"}};

static void print_json(struct buf *out, const struct gc_plan *plan, bool removed) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_bool(&j, "removed", removed);
    json_kv_int(&j, "bytes", (int64_t)plan->bytes);
    json_kv_int(&j, "waiting", (int64_t)plan->waiting);
    json_key(&j, "items");
    json_array(&j);
    for (size_t i = 0; i < plan->n; i++) {
        json_object(&j);
        json_kv_str(&j, "path", slice_str(plan->items[i].path));
        json_kv_str(&j, "reason", slice_str(reasons[plan->items[i].reason].name));
        json_kv_int(&j, "bytes", (int64_t)plan->items[i].bytes);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void print_text(struct buf *out, const struct gc_plan *plan, bool removed) {
    for (size_t i = 0; i < plan->n; i++)
        buf_printf(out, "%14llu  %s  (%s)\n", (unsigned long long)plan->items[i].bytes, plan->items[i].path,
                   reasons[plan->items[i].reason].what);
    buf_printf(out, "%s %zu file%s, %llu bytes\n", removed ? "removed" : "can go:", plan->n, plan->n == 1 ? "" : "s",
               (unsigned long long)plan->bytes);
    if (plan->waiting)
        buf_printf(out, "%llu removed document%s still in the newest version: publish the next one, then gc again\n",
                   (unsigned long long)plan->waiting, plan->waiting == 1 ? " is" : "s are");
    if (!removed && plan->n) buf_str(out, "nothing was changed; villers gc --yes removes them\n");
}

static int run_gc(struct cli *cli, void *options, char **operands, int n) {
    static const enum manifest_mode mode = MANIFEST_READ;
    const struct gc_args *args = options;
    struct hub h;
    (void)operands, (void)n;
    if (args->keep_versions < 0) return cli_error(EXIT_USAGE, "gc: --keep-versions takes a number");
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    struct buf err = {.max = LIMIT_ERR}, out = {0};
    struct gc_plan plan = {0};
    struct gc_options opt = {.hub = h.dir, .manifest = h.manifest, .keep_versions = args->keep_versions};
    code = hub_lock(cli, &h);
    enum status st = code ? ST_OK : gc_find(&opt, &plan, &err);
    if (!code && st == ST_OK && args->yes) st = gc_remove(&opt, &plan, &err);
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else if (!code) {
        if (cli->json)
            print_json(&out, &plan, args->yes);
        else
            print_text(&out, &plan, args->yes);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    gc_plan_free(&plan);
    buf_free(&err);
    buf_free(&out);
    hub_close(&h);
    return code;
}

static const struct option gc_options[] = {
    {"yes", 'y', OPTION_FLAG, offsetof(struct gc_args, yes), NULL, "remove; without it only what would go is told"},
    {"keep-versions", 0, OPTION_INT, offsetof(struct gc_args, keep_versions), "N",
     "of each dataset keep the data of the N newest versions (default: of all); older ones keep their manifests"},
    {0},
};

const struct command cmd_gc = {
    .name = "gc",
    .group = "release",
    .summary = "what no version needs, or no version may hold any more: leftovers, shards of older versions with removed documents",
    .usage = "",
    .examples = "villers gc\nvillers gc --yes --keep-versions 3\n",
    .options = gc_options,
    .options_size = sizeof(struct gc_args),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_gc,
};
