/* villers campaigns: how far each campaign is, and what became of its URLs. */
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/crawl_report.h"
#include "cli/crawl_status.h"

#include <unistd.h>

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

/* What a campaign does now: its process's word, or why there is none. */
static const char *state_of(const struct hub *h, struct slice name, bool begun, const struct crawl_report *r) {
    struct buf copy = {.max = 256};
    buf_slice(&copy, name);
    const char *word = crawl_status_word(h, buf_cstr(&copy));
    bool paused = crawl_status_paused(h, buf_cstr(&copy));
    buf_free(&copy);
    if (*word && strcmp(word, "killed") != 0) return word;
    if (paused) return "paused";
    if (!begun) return "not begun";
    if (*word) return word;
    return r->queued + r->waiting + r->in_flight ? "unfinished" : "done";
}

static void json_line(struct buf *out, struct slice name, bool begun, const char *state, const struct crawl_report *r) {
    struct json_out j;
    struct crawl_report_progress p;
    crawl_report_progress(r, &p);
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "campaign", name);
    json_kv_bool(&j, "begun", begun);
    json_kv_str(&j, "state", slice_str(state));
    json_kv_float(&j, "done", begun ? p.done : 0, 4);
    json_kv_float(&j, "french_share", p.french > 0 ? p.french : 0, 4);
    crawl_report_json(r, &j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void line(struct buf *out, struct slice name, bool begun, const char *state, const struct crawl_report *r) {
    struct buf bytes = {.max = 64};
    struct crawl_report_progress p;
    char next[ISO8601_LEN] = "-";
    buf_printf(out, "%-20.*s %-12s", SLICE_ARG(name), state);
    if (begun) {
        crawl_report_progress(r, &p);
        crawl_report_bytes(&bytes, r->all_bytes);
        if (r->scheduled) clock_iso8601(r->next_ms, next);
        buf_printf(out, " %3.0f %%", p.left && p.done > 0.99 ? 99 : 100 * p.done);
        crawl_report_count(out, r->urls[REASON_DOCUMENT], 12);
        buf_printf(out, " %10s", buf_cstr(&bytes));
        if (p.french >= 0)
            buf_printf(out, " %6.1f %%", 100 * p.french);
        else
            buf_printf(out, " %8s", "-");
        crawl_report_count(out, p.refused, 11);
        crawl_report_count(out, p.failed, 9);
        crawl_report_count(out, p.left, 11);
        buf_printf(out, "  %s", next);
    }
    buf_char(out, '\n');
    buf_free(&bytes);
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
        buf_printf(out, "Campaign %.*s: %s\n", SLICE_ARG(name), state_of(h, name, begun, &r));
        crawl_report_text(&r, out);
    } else if (json) {
        json_line(out, name, begun, state_of(h, name, begun, &r), &r);
    } else {
        line(out, name, begun, state_of(h, name, begun, &r), &r);
    }
    crawl_report_free(&r);
    buf_free(&err);
    return code;
}

static int list(const struct hub *h, const struct names *all, bool json, struct buf *out) {
    int code = EXIT_DONE;
    if (!json)
        buf_printf(out, "%-20s %-12s %5s %11s %10s %8s %10s %8s %10s  %s\n", "CAMPAIGN", "STATE", "DONE", "DOCUMENTS", "BYTES",
                   "FRENCH", "REFUSED", "FAILED", "LEFT", "NEXT DUE");
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

/* The file that a running crawl looks for twice a second, and one that is to begin, before it does. */
static int set_paused(const struct hub *h, const char *name, bool paused, struct buf *out) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    int code = EXIT_DONE;
    const char *state = crawl_status_word(h, name);
    bool running = *state && strcmp(state, "killed") != 0, was = crawl_status_paused(h, name);
    const char *file = hub_path(h, &path, "frontier/%s.pause", name);
    enum status st = ST_OK;
    if (paused && !was) {
        struct buf dir = {.max = 8192};
        st = dir_make(hub_path(h, &dir, "frontier"), &err);
        if (st == ST_OK) st = file_write(file, slice_str("villers campaigns resume removes this file\n"), &err);
        buf_free(&dir);
    } else if (!paused && was && unlink(file) != 0) {
        st = fail_errno(&err, "remove", file);
    }
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else if (paused)
        buf_printf(out,
                   running ? "campaign %s is paused: what is in flight is finished and saved, nothing more is sent\n"
                           : "campaign %s is paused: it will not run until villers campaigns resume\n",
                   name);
    else if (running)
        buf_printf(out, "campaign %s goes on\n", name);
    else
        buf_printf(out,
                   was ? "campaign %s may run again: villers crawl %s\n" : "campaign %s was not paused; villers crawl %s runs it\n",
                   name, name);
    buf_free(&path);
    buf_free(&err);
    return code;
}

enum action { LIST, SHOW, PAUSE, RESUME, N_ACTIONS };
static const char *const actions[] = {"list", "show", "pause", "resume"};

static int with_hub(const struct cli *cli, const struct hub *h, const char *name, int act, struct buf *out) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    struct names all = {0};
    int code = EXIT_DONE;
    enum status st = dir_list(hub_path(h, &path, "campaigns"), ".yaml", &all.files, &all.n_files, &err);
    if (st == ST_OK) st = dir_list(hub_path(h, &path, "frontier"), suffix, &all.frontiers, &all.n_frontiers, &err);
    struct slice wanted = slice_str(name);
    bool begun = name && !slice_eq_str(wanted, "hosts") && has_frontier(&all, wanted);
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else if (name && !begun && !has_file(&all, wanted) && !slice_eq_str(wanted, "all"))
        code = cli_error(EXIT_NO_INPUT, "no campaign \"%s\" (villers campaigns list shows them)", name);
    else if (act == PAUSE || act == RESUME)
        code = set_paused(h, name, act == PAUSE, out);
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
    int act = LIST;
    while (n > 0 && act < N_ACTIONS && strcmp(operands[0], actions[act]) != 0) act++;
    if (act == N_ACTIONS) return cli_error(EXIT_USAGE, "campaigns: \"%s\" is not list, show, pause or resume", operands[0]);
    if (n != (act == LIST ? n > 0 : 2))
        return cli_error(EXIT_USAGE, "campaigns: show, pause and resume take the name of one campaign, list takes none");
    struct hub h;
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    struct buf out = {0};
    code = with_hub(cli, &h, act == LIST ? NULL : operands[1], act, &out);
    if (code == EXIT_DONE && !cli_out(&out)) code = EXIT_IO;
    buf_free(&out);
    hub_close(&h);
    return code;
}

const struct command cmd_campaigns = {
    .name = "campaigns",
    .group = "hub",
    .summary = "progress, pages, bytes, French share, refusals by reason, what is left",
    .usage = "[list | show NAME | pause NAME | resume NAME]",
    .examples = "villers campaigns\nvillers campaigns show mairies --json\nvillers campaigns pause mairies\n",
    .max_operands = 2,
    .run = run_campaigns,
};
