/* villers campaigns: how far each campaign is, and what became of its URLs. */
#include "base/file.h"
#include "base/limits.h"
#include "cli/crawl_report.h"

static const char suffix[] = ".sqlite";

/* Both lists at once: a campaign has a file, a frontier, or both. */
struct names {
    char **files, **frontiers;
    size_t n_files, n_frontiers;
};

static struct slice stem(const char *name, const char *end) {
    struct slice s = slice_str(name);
    return slice_sub(s, 0, s.len - strlen(end));
}

static bool has_frontier(const struct names *all, struct slice name) {
    for (size_t i = 0; i < all->n_frontiers; i++)
        if (slice_eq(stem(all->frontiers[i], suffix), name)) return true;
    return false;
}

static bool has_file(const struct names *all, struct slice name) {
    for (size_t i = 0; i < all->n_files; i++)
        if (slice_eq(stem(all->files[i], ".yaml"), name)) return true;
    return false;
}

static enum status read_report(const struct hub *h, struct slice name, bool begun, struct crawl_report *r, bool *newer,
                               struct buf *err) {
    struct buf path = {.max = 8192};
    *r = (struct crawl_report){0};
    enum status st = begun ? crawl_report_read(hub_path(h, &path, "frontier/%.*s.sqlite", SLICE_ARG(name)), r, newer, err) : ST_OK;
    buf_free(&path);
    return st;
}

static void line(struct buf *out, struct slice name, bool begun, const struct crawl_report *r, bool json) {
    int64_t left = r->queued + r->waiting + r->in_flight, refused = 0, failed = 0;
    for (unsigned i = 1; i < REASON_N; i++) {
        refused += reason_kind((enum reason)i) == REASON_KIND_REFUSED ? r->urls[i] : 0;
        failed += reason_kind((enum reason)i) == REASON_KIND_FAILED ? r->urls[i] : 0;
    }
    if (json) {
        struct json_out j;
        json_out_init(&j, out);
        json_object(&j);
        json_kv_str(&j, "campaign", name);
        json_kv_bool(&j, "begun", begun);
        crawl_report_json(r, &j);
        json_object_end(&j);
        buf_char(out, '\n');
    } else if (!begun) {
        buf_printf(out, "%-24.*s not begun\n", SLICE_ARG(name));
    } else {
        struct buf bytes = {.max = 64};
        crawl_report_bytes(&bytes, r->all_bytes);
        double french = r->document_bytes ? 100.0 * (double)r->french_bytes / (double)r->document_bytes : 0;
        buf_printf(out, "%-24.*s %10lld %10s %7.1f%% %9lld %8lld %10lld\n", SLICE_ARG(name), (long long)r->urls[REASON_DOCUMENT],
                   buf_cstr(&bytes), french, (long long)refused, (long long)failed, (long long)left);
        buf_free(&bytes);
    }
}

static int one(const struct hub *h, struct slice name, bool begun, bool whole, bool json, struct buf *out) {
    struct buf err = {.max = LIMIT_ERR};
    struct crawl_report r;
    bool newer = false;
    int code = EXIT_DONE;
    enum status st = read_report(h, name, begun, &r, &newer, &err);
    if (st != ST_OK) {
        code = newer ? cli_error(EXIT_CONFIG, "%s", buf_cstr(&err)) : cli_fail(st, &err);
    } else if (whole && !json && begun) {
        buf_printf(out, "Campaign %.*s\n", SLICE_ARG(name));
        crawl_report_text(&r, out);
    } else {
        line(out, name, begun, &r, json);
    }
    crawl_report_free(&r);
    buf_free(&err);
    return code;
}

static int list(const struct hub *h, const struct names *all, bool json, struct buf *out) {
    int code = EXIT_DONE;
    if (!json)
        buf_printf(out, "%-24s %10s %10s %8s %9s %8s %10s\n", "CAMPAIGN", "DOCUMENTS", "BYTES", "FRENCH", "REFUSED", "FAILED",
                   "LEFT");
    for (size_t i = 0; code == EXIT_DONE && i < all->n_files; i++) {
        struct slice name = stem(all->files[i], ".yaml");
        code = one(h, name, has_frontier(all, name), false, json, out);
    }
    for (size_t i = 0; code == EXIT_DONE && i < all->n_frontiers; i++) {
        struct slice name = stem(all->frontiers[i], suffix);
        if (!slice_eq_str(name, "hosts") && !has_file(all, name)) code = one(h, name, true, false, json, out);
    }
    return code;
}

static int with_hub(const struct cli *cli, const struct hub *h, const char *name, struct buf *out) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    struct names all = {0};
    int code = EXIT_DONE;
    enum status st = dir_list(hub_path(h, &path, "campaigns"), ".yaml", &all.files, &all.n_files, &err);
    if (st == ST_OK) st = dir_list(hub_path(h, &path, "frontier"), suffix, &all.frontiers, &all.n_frontiers, &err);
    struct slice wanted = slice_str(name);
    bool begun = name && !slice_eq_str(wanted, "hosts") && has_frontier(&all, wanted);
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else if (name && !begun && !has_file(&all, wanted))
        code = cli_error(EXIT_NO_INPUT, "no campaign \"%s\" (villers campaigns list shows them)", name);
    else
        code = name ? one(h, wanted, begun, true, cli->json, out) : list(h, &all, cli->json, out);
    dir_list_free(all.files, all.n_files);
    dir_list_free(all.frontiers, all.n_frontiers);
    buf_free(&path);
    buf_free(&err);
    return code;
}

static int run_campaigns(struct cli *cli, void *options, char **operands, int n) {
    (void)options;
    bool show = n > 0 && strcmp(operands[0], "show") == 0;
    if (n > 0 && !show && strcmp(operands[0], "list") != 0)
        return cli_error(EXIT_USAGE, "campaigns: \"%s\" is not list or show", operands[0]);
    if (n != (show ? 2 : n > 0)) return cli_error(EXIT_USAGE, "campaigns: show takes the name of one campaign, list takes none");
    struct hub h;
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    struct buf out = {0};
    code = with_hub(cli, &h, show ? operands[1] : NULL, &out);
    if (code == EXIT_DONE && !cli_out(&out)) code = EXIT_IO;
    buf_free(&out);
    hub_close(&h);
    return code;
}

const struct command cmd_campaigns = {
    .name = "campaigns",
    .group = "hub",
    .summary = "progress, pages, bytes, French share, refusals by reason, what is left",
    .usage = "[list | show NAME]",
    .examples = "villers campaigns\nvillers campaigns show mairies --json\n",
    .max_operands = 2,
    .run = run_campaigns,
};
