#include "base/json.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "store/release_diff.h"
#include <stddef.h>
#include <stdlib.h>

#define OUT_BYTES (64 * KIB) /* of lines told at once */

struct diff_args {
    bool summary;
};

/* The reason code of each removal ever asked for, by number. */
struct removal_code {
    int64_t number;
    char *reason;
};

struct diff_run {
    struct cli *cli;
    struct hub *hub;
    const struct diff_args *args;
    struct buf out, reason, url;
    struct removal_code *removals;
    size_t n_removals, cap_removals;
    uint64_t counts[3];
    bool broken; /* stdout is closed */
    struct buf *err;
};

static const char *const change_names[] = {[RELEASE_ADDED] = "added", [RELEASE_REMOVED] = "removed", [RELEASE_CHANGED] = "changed"};

static enum status keep_removal(void *ctx, const struct manifest_removal *removal) {
    struct diff_run *r = ctx;
    if (r->n_removals == r->cap_removals) {
        size_t cap = r->cap_removals ? 2 * r->cap_removals : 256;
        struct removal_code *grown = realloc(r->removals, cap * sizeof *grown);
        if (!grown) return fail(r->err, ST_FATAL, "out of memory");
        r->removals = grown;
        r->cap_removals = cap;
    }
    r->removals[r->n_removals] = (struct removal_code){removal->number, strndup(removal->reason.ptr, removal->reason.len)};
    return r->removals[r->n_removals++].reason ? ST_OK : fail(r->err, ST_FATAL, "out of memory");
}

static int by_number(const void *a, const void *b) {
    const struct removal_code *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Why a document is out, as the manifest has it now. */
static enum status see_document(void *ctx, const struct manifest_document *d) {
    struct diff_run *r = ctx;
    buf_slice(&r->url, d->url);
    buf_slice(&r->reason, d->reason);
    const struct removal_code key = {.number = d->removal}, *code = NULL;
    if (d->removal != MANIFEST_NONE && r->n_removals) code = bsearch(&key, r->removals, r->n_removals, sizeof key, by_number);
    if (code) buf_printf(&r->reason, ": %s", code->reason);
    if (d->kept) buf_str(&r->reason, "kept now: not chosen, or back since");
    return ST_OK;
}

static enum status see_change(void *ctx, enum release_change change, const char *id) {
    struct diff_run *r = ctx;
    struct json_out j;
    r->counts[change]++;
    if (r->args->summary) return ST_OK;
    buf_clear(&r->url);
    buf_clear(&r->reason);
    enum status st = manifest_find_document(r->hub->manifest, slice_str(id), NULL, see_document, r, r->err);
    if (st == ST_SKIP) st = ST_OK; /* a release made by another hub */
    if (st != ST_OK) return st;
    if (change != RELEASE_REMOVED) buf_clear(&r->reason);
    if (r->cli->json) {
        json_out_init(&j, &r->out);
        json_object(&j);
        json_kv_str(&j, "change", slice_str(change_names[change]));
        json_kv_str(&j, "id", slice_str(id));
        json_kv_str(&j, "url", buf_view(&r->url));
        json_kv_str(&j, "reason", buf_view(&r->reason));
        json_object_end(&j);
        buf_char(&r->out, '\n');
    } else
        buf_printf(&r->out, "%-7s %s %s%s%s\n", change_names[change], id, buf_cstr(&r->url), r->reason.len ? "  " : "",
                   buf_cstr(&r->reason));
    if (r->out.len < OUT_BYTES) return ST_OK;
    r->broken = !cli_out(&r->out);
    return r->broken ? fail(r->err, ST_FATAL, "cannot write to stdout") : ST_OK;
}

static void print_totals(struct diff_run *r) {
    struct json_out j;
    if (!r->cli->json) {
        buf_printf(&r->out, "%llu added, %llu removed, %llu changed\n", (unsigned long long)r->counts[RELEASE_ADDED],
                   (unsigned long long)r->counts[RELEASE_REMOVED], (unsigned long long)r->counts[RELEASE_CHANGED]);
        return;
    }
    json_out_init(&j, &r->out);
    json_object(&j);
    json_kv_int(&j, "added", (int64_t)r->counts[RELEASE_ADDED]);
    json_kv_int(&j, "removed", (int64_t)r->counts[RELEASE_REMOVED]);
    json_kv_int(&j, "changed", (int64_t)r->counts[RELEASE_CHANGED]);
    json_object_end(&j);
    buf_char(&r->out, '\n');
}

/* The folder and manifest of a version; false after a message. */
static bool load(struct diff_run *r, const char *name, const char *version, struct buf *dir, struct release_manifest *m) {
    hub_path(r->hub, dir, "releases/%s/%s", name, version);
    if (release_diff_load(buf_cstr(dir), m, r->err) == ST_OK) return true;
    cli_error(EXIT_NO_INPUT, "diff: no version %s of %s: %s", version, name, buf_cstr(r->err));
    return false;
}

static int diff(struct diff_run *r, char **operands) {
    struct buf old_dir = {.max = LIMIT_URL_INPUT}, new_dir = {.max = LIMIT_URL_INPUT};
    struct release_manifest old_m = {0}, new_m = {0};
    int code = EXIT_NO_INPUT;
    if (load(r, operands[0], operands[1], &old_dir, &old_m) && load(r, operands[0], operands[2], &new_dir, &new_m)) {
        enum status st = release_diff(buf_cstr(&old_dir), &old_m, buf_cstr(&new_dir), &new_m, see_change, r, r->err);
        code = EXIT_DONE;
        if (st != ST_OK)
            code = r->broken ? EXIT_IO : cli_fail(st, r->err);
        else {
            print_totals(r);
            if (r->counts[0] + r->counts[1] + r->counts[2]) code = EXIT_NEGATIVE;
            if (!cli_out(&r->out)) code = EXIT_IO;
        }
    }
    release_manifest_free(&old_m);
    release_manifest_free(&new_m);
    buf_free(&old_dir);
    buf_free(&new_dir);
    return code;
}

static int run_diff(struct cli *cli, void *options, char **operands, int n) {
    const enum manifest_mode mode = MANIFEST_READ;
    struct hub h;
    struct buf err = {.max = LIMIT_ERR};
    struct diff_run r = {.cli = cli, .hub = &h, .args = options, .err = &err};
    (void)n;
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    enum status st = manifest_each_removal(h.manifest, keep_removal, &r, &err);
    if (st == ST_OK && r.n_removals) qsort(r.removals, r.n_removals, sizeof *r.removals, by_number);
    code = st == ST_OK ? diff(&r, operands) : cli_fail(st, &err);
    for (size_t i = 0; i < r.n_removals; i++) free(r.removals[i].reason);
    free(r.removals);
    hub_close(&h);
    buf_free(&r.out);
    buf_free(&r.reason);
    buf_free(&r.url);
    buf_free(&err);
    return code;
}

static const struct option diff_options[] = {
    {"summary", 's', OPTION_FLAG, offsetof(struct diff_args, summary), NULL, "only the totals"},
    {0},
};

const struct command cmd_diff = {
    .name = "diff",
    .group = "release",
    .summary = "what changed between two versions, document by document, with the reason",
    .usage = "NAME V1 V2",
    .examples = "villers diff demo 1.0.0 2.0.0\nvillers diff demo 1.0.0 1.1.0 --summary --json\n",
    .options = diff_options,
    .options_size = sizeof(struct diff_args),
    .min_operands = 3,
    .max_operands = 3,
    .run = run_diff,
};
