/* villers crawl: run a campaign, or go on where it stopped. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "cli/crawl_report.h"
#include "cli/hub.h"
#include "crawler/crawl.h"
#include "dedup/langid.h"

#include <stdlib.h>

struct crawl_command {
    struct option_list connect_to;
    bool allow_private, dry_run, recrawl;
    int64_t delay_ms, max_pages, max_wait, backoff, timeout;
};

#define OPT(name) offsetof(struct crawl_command, name)
static const struct option options[] = {
    {"connect-to", 0, OPTION_LIST, OPT(connect_to), "HOST:PORT:ADDR:PORT",
     "connect there instead (as curl's; HOST, PORT may be empty)"},
    {"allow-private", 0, OPTION_FLAG, OPT(allow_private), NULL, "connect to addresses outside the public Internet too"},
    {"delay-ms", 0, OPTION_INT, OPT(delay_ms), "MS", "floor between two requests to a host, for this run"},
    {"max-pages", 0, OPTION_INT, OPT(max_pages), "N", "stop after N pages"},
    {"max-wait", 0, OPTION_INT, OPT(max_wait), "S", "longest rest of a host that this run waits for (default 600)"},
    {"backoff", 0, OPTION_INT, OPT(backoff), "S", "first rest after a failure without Retry-After (default 60)"},
    {"timeout", 0, OPTION_INT, OPT(timeout), "S", "seconds without an answer, or with a trickle, that end a request (default 30)"},
    {"recrawl", 0, OPTION_FLAG, OPT(recrawl), NULL, "look now at all that was fetched before, whatever is due"},
    {"dry-run", 'n', OPTION_FLAG, OPT(dry_run), NULL, "say what would be crawled and how; fetch nothing"},
    {0},
};

/* ---- hooks ---- */

struct watch {
    const struct cli *cli;
    struct progress line;
    struct langid **langid; /* one a worker */
    unsigned n;
};

static double french_share(void *ctx, unsigned worker, struct slice text) {
    struct watch *w = ctx;
    struct langid_result res;
    langid_detect(w->langid[worker], text, NULL, &res);
    return res.french_share;
}

static bool stop(void *ctx) {
    (void)ctx;
    return cli_interrupted();
}

static void show(void *ctx, const struct crawl_stats *s) {
    struct watch *w = ctx;
    struct buf line = {.max = 512};
    double seconds = (double)(s->now_ms - s->started_ms) / 1000;
    int64_t failed = 0;
    for (unsigned i = 0; i < REASON_N; i++)
        if (reason_kind((enum reason)i) == REASON_KIND_FAILED) failed += s->by_reason[i];
    buf_printf(&line, "%lld pages, %.0f/s, ", (long long)s->pages, seconds > 0 ? (double)s->pages / seconds : 0);
    crawl_report_bytes(&line, s->bytes);
    buf_printf(&line, ", %lld queued, %u hosts", (long long)s->queued, s->hosts);
    if (s->hosts_waiting) buf_printf(&line, " (%u resting)", s->hosts_waiting);
    if (failed + s->retries) buf_printf(&line, ", %lld failed, %lld retries", (long long)failed, (long long)s->retries);
    if (s->text_bytes) buf_printf(&line, ", French %.1f %%", 100.0 * (double)s->french_bytes / (double)s->text_bytes);
    if (s->wait_ms > 2000) buf_printf(&line, ", waiting %lld s", (long long)(s->wait_ms / 1000));
    progress_text(&w->line, buf_cstr(&line));
    buf_free(&line);
}

static bool watch_init(struct watch *w, const struct cli *cli) {
    *w = (struct watch){.cli = cli, .n = parallel_cores()};
    w->langid = calloc(w->n, sizeof *w->langid);
    for (unsigned i = 0; w->langid && i < w->n; i++)
        if (!(w->langid[i] = langid_new())) return false;
    progress_begin(&w->line, "crawl", cli->quiet);
    return w->langid != NULL;
}

static void watch_end(struct watch *w) {
    progress_end(&w->line);
    for (unsigned i = 0; w->langid && i < w->n; i++) langid_free(w->langid[i]);
    free(w->langid);
}

/* ---- what to crawl ---- */

struct plan {
    struct hub hub;
    struct campaign *file; /* as loaded, or NULL: all sources */
    struct campaign campaign;
    const struct source **sources;
    size_t n_sources;
};

static int plan_all(struct plan *p) {
    p->campaign =
        (struct campaign){.name = (char *)(uintptr_t) "all", .purpose = (char *)(uintptr_t) "every source of the catalogue"};
    for (size_t i = 0; i < p->hub.catalogue.n; i++) p->sources[p->n_sources++] = p->hub.catalogue.items[i];
    return 0;
}

static int plan_campaign(struct plan *p, const char *name) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    int code = 0;
    if (config_campaign(hub_path(&p->hub, &path, "campaigns/%s.yaml", name), &p->file, &err) != ST_OK)
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    for (unsigned i = 0; code == 0 && i < p->file->sources.n; i++) {
        const struct source *s = config_find_source(&p->hub.catalogue, slice_str(p->file->sources.items[i]));
        if (s)
            p->sources[p->n_sources++] = s;
        else
            code = cli_error(EXIT_CONFIG, "%s: no source \"%s\" in the catalogue (villers sources list shows them)",
                             buf_cstr(&path), p->file->sources.items[i]);
    }
    if (code == 0) p->campaign = *p->file;
    buf_free(&path);
    buf_free(&err);
    return code;
}

static void plan_close(struct plan *p) {
    if (p->file) config_campaign_free(p->file);
    free(p->sources);
    hub_close(&p->hub);
}

static int any_taken(const struct plan *p) {
    const char *why = "it names no source";
    for (size_t i = 0; i < p->n_sources; i++)
        if (crawl_taken(p->sources[i], &why)) return 0;
    return cli_error(EXIT_CONFIG, "campaign %s: nothing can be crawled; %s%s: %s", p->campaign.name, p->n_sources ? "source " : "",
                     p->n_sources ? p->sources[p->n_sources - 1]->id : p->campaign.name, why);
}

static int plan_open(struct plan *p, struct cli *cli, const char *name) {
    *p = (struct plan){0};
    int code = hub_open(cli, NULL, &p->hub);
    if (code) return code;
    size_t room = p->hub.catalogue.n + 100001; /* a campaign names at most 100,000 */
    p->sources = calloc(room, sizeof *p->sources);
    if (!p->sources)
        code = cli_error(EXIT_IO, "out of memory");
    else if (p->hub.catalogue.n == 0)
        code = cli_error(EXIT_NO_INPUT, "%s/sources: no source yet (villers sources check says what one needs)", p->hub.dir);
    else
        code = name ? plan_campaign(p, name) : plan_all(p);
    if (code == 0 && (!p->campaign.contact || !*p->campaign.contact)) p->campaign.contact = p->hub.settings->contact;
    if (code == 0 && strcmp(p->hub.settings->warc, "gz") == 0) p->campaign.warc_gzip = true;
    if (code == 0 && (!p->campaign.contact || !*p->campaign.contact))
        code = cli_error(EXIT_CONFIG,
                         "no contact: set \"contact\" in hub.yaml or in the campaign, the address site owners can write to");
    if (code == 0) code = any_taken(p);
    if (code) plan_close(p);
    return code;
}

static int dry_run(const struct plan *p, const struct crawl_options *o) {
    struct buf out = {0};
    buf_printf(&out, "campaign %s, agent %s/%s (+%s)\n", p->campaign.name, o->product, VILLERS_VERSION, p->campaign.contact);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct source *s = p->sources[i];
        const char *why;
        if (!crawl_taken(s, &why)) {
            buf_printf(&out, "source %s: not taken, %s\n", s->id, why);
            continue;
        }
        buf_printf(&out, "source %s: %s, at least %lld ms between requests, depth %lld", s->id, s->license,
                   (long long)crawl_delay_ms(o, s), (long long)s->max_depth);
        if (s->max_pages) buf_printf(&out, ", %lld pages", (long long)s->max_pages);
        buf_char(&out, '\n');
        for (unsigned k = 0; k < s->seeds.n; k++) buf_printf(&out, "  %s\n", s->seeds.items[k]);
    }
    bool ok = cli_out(&out);
    buf_free(&out);
    return ok ? EXIT_DONE : EXIT_IO;
}

/* ---- the report ---- */

static const char *const outcomes[] = {
    [CRAWL_DONE] = "done", [CRAWL_LIMIT] = "limit", [CRAWL_STOPPED] = "stopped", [CRAWL_WAITING] = "waiting"};

static const char *next_try(const struct crawl_stats *s, char when[ISO8601_LEN]) {
    clock_iso8601(s->now_ms + s->wait_ms, when);
    return when;
}

static void report_json(const struct plan *p, const struct crawl_report *r, const struct crawl_stats *s, enum crawl_outcome outcome,
                        struct buf *out) {
    struct json_out j;
    char when[ISO8601_LEN];
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "campaign", slice_str(p->campaign.name));
    json_kv_str(&j, "outcome", slice_str(outcomes[outcome]));
    json_kv_int(&j, "seconds", (s->now_ms - s->started_ms) / 1000);
    json_kv_int(&j, "requests", s->requests);
    json_kv_int(&j, "pages", s->pages);
    json_kv_int(&j, "documents", s->documents);
    json_kv_int(&j, "received_bytes", s->bytes);
    json_kv_int(&j, "retries", s->retries);
    json_kv_str(&j, "next_try", slice_str(outcome == CRAWL_WAITING ? next_try(s, when) : ""));
    json_kv_int(&j, "unchanged", s->unchanged);
    json_kv_int(&j, "not_modified", s->not_modified);
    json_kv_int(&j, "withdrawn", s->withdrawn);
    json_key(&j, "campaign_so_far");
    json_object(&j);
    crawl_report_json(r, &j);
    json_object_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void report_text(const struct plan *p, const struct crawl_report *r, const struct crawl_stats *s, struct buf *out) {
    double seconds = (double)(s->now_ms - s->started_ms) / 1000;
    buf_printf(out, "Campaign %s: %lld requests, %lld pages, %lld documents, ", p->campaign.name, (long long)s->requests,
               (long long)s->pages, (long long)s->documents);
    crawl_report_bytes(out, s->bytes);
    buf_printf(out, " in %.1f s; French %.1f %% of their text.  The whole campaign so far:\n", seconds,
               s->text_bytes ? 100.0 * (double)s->french_bytes / (double)s->text_bytes : 0.0);
    crawl_report_text(r, out);
}

static int report(const struct plan *p, const struct cli *cli, const struct crawl_stats *s, enum crawl_outcome outcome) {
    struct buf out = {0}, path = {.max = 8192}, err = {.max = LIMIT_ERR};
    struct crawl_report r;
    int code = EXIT_DONE;
    char when[ISO8601_LEN];
    if (crawl_report_read(hub_path(&p->hub, &path, "frontier/%s.sqlite", p->campaign.name), &r, NULL, &err) != ST_OK) {
        code = cli_error(EXIT_IO, "%s", buf_cstr(&err));
    } else {
        if (cli->json)
            report_json(p, &r, s, outcome, &out);
        else
            report_text(p, &r, s, &out);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    int64_t left = r.queued + r.waiting + r.in_flight;
    const char *name = p->file ? p->campaign.name : "";
    if (code == EXIT_DONE && outcome == CRAWL_STOPPED)
        code = cli_error(EXIT_TRY_AGAIN, "stopped, all saved; go on with: villers crawl %s", name);
    else if (code == EXIT_DONE && outcome == CRAWL_WAITING)
        code = cli_error(
            EXIT_TRY_AGAIN,
            "%lld URLs are left on %u hosts that rest or cannot be reached; the first may be asked from %s; later: villers crawl %s",
            (long long)left, s->hosts, next_try(s, when), name);
    crawl_report_free(&r);
    buf_free(&out);
    buf_free(&path);
    buf_free(&err);
    return code;
}

static int run_plan(struct plan *p, struct cli *cli, const struct crawl_options *o) {
    struct crawl_stats stats;
    enum crawl_outcome outcome;
    struct watch w;
    struct buf err = {.max = LIMIT_ERR};
    bool newer = false;
    if (!watch_init(&w, cli)) {
        watch_end(&w);
        return cli_error(EXIT_IO, "out of memory");
    }
    struct crawl_hooks hooks = {.ctx = &w, .french_share = french_share, .progress = show, .stop = stop};
    enum status st = crawl_run(o, &hooks, &stats, &outcome, &newer, &err);
    watch_end(&w);
    int code = st == ST_OK ? report(p, cli, &stats, outcome)
               : newer     ? cli_error(EXIT_CONFIG, "%s", buf_cstr(&err))
                           : cli_fail(st, &err);
    buf_free(&err);
    return code;
}

static int run_crawl(struct cli *cli, void *opts, char **operands, int n) {
    const struct crawl_command *cmd = opts;
    struct plan p;
    int code = plan_open(&p, cli, n ? operands[0] : NULL);
    if (code) return code;
    const struct settings *set = p.hub.settings;
    /* Every source here has an express licence, read by a person: crawlers barred by name, a mere hint, weigh against it only
       when the operator lists them. */
    struct rights_policy policy = {.ai_agents = (const char *const *)set->ai_agents.items,
                                   .n_ai_agents = set->ai_agents.n,
                                   .ignore_ai_agents = set->ai_agents.n == 0};
    struct url_options urls = {(const char *const *)set->strip_params.items, set->strip_params.n};
    struct crawl_options o = {.hub = p.hub.dir,
                              .campaign = &p.campaign,
                              .sources = p.sources,
                              .n_sources = p.n_sources,
                              .product = set->agent,
                              .rights = &policy,
                              .urls = set->strip_params.n ? &urls : NULL,
                              .connect_to = cmd->connect_to.items,
                              .n_connect_to = cmd->connect_to.n,
                              .allow_private = cmd->allow_private,
                              .tolerate_robots_typos = set->robots_typos,
                              .robots_html_is_none = set->robots_html_is_none,
                              .robots_unreachable_days = set->robots_unreachable_days,
                              .delay_ms = cmd->delay_ms,
                              .max_pages = cmd->max_pages,
                              .max_wait_ms = cmd->max_wait * 1000,
                              .backoff_ms = cmd->backoff * 1000,
                              .stall_ms = cmd->timeout * 1000,
                              .workers = parallel_cores(),
                              .recrawl = cmd->recrawl,
                              .log = &cli->log};
    code = cmd->dry_run ? dry_run(&p, &o) : run_plan(&p, cli, &o);
    plan_close(&p);
    return code;
}

const struct command cmd_crawl = {
    .name = "crawl",
    .group = "hub",
    .summary = "run a campaign, or go on where it stopped; without a name, all sources",
    .usage = "[CAMPAIGN]",
    .examples = "villers crawl\nvillers crawl mairies --max-pages 1000\nvillers crawl mairies --dry-run\n",
    .options = options,
    .options_size = sizeof(struct crawl_command),
    .max_operands = 1,
    .run = run_crawl,
};
