/* villers crawl: run a campaign, or go on where it stopped. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/crawl_plan.h"
#include "cli/crawl_preview.h"
#include "cli/crawl_report.h"
#include "cli/crawl_status.h"
#include "cli/crawl_watch.h"
#include "cli/gather_sources.h"
#include "crawler/politeness.h"

#include <stdlib.h>
#include <time.h>

struct crawl_command {
    struct option_list connect_to;
    const char *log;
    bool allow_private, dry_run, recrawl, status;
    int64_t delay_ms, max_pages, max_wait, backoff, timeout, metrics;
};

#define OPT(name) offsetof(struct crawl_command, name)
static const struct option options[] = {
    {"connect-to", 0, OPTION_LIST, OPT(connect_to), "HOST:PORT:ADDR:PORT",
     "connect there instead (as curl's; HOST, PORT may be empty)"},
    {"allow-private", 0, OPTION_FLAG, OPT(allow_private), NULL, "connect to addresses outside the public Internet too"},
    {"delay-ms", 0, OPTION_INT, OPT(delay_ms), "MS",
     "floor between two requests to a host, for this run; under 1000 only with --allow-private"},
    {"max-pages", 0, OPTION_INT, OPT(max_pages), "N", "stop after N pages"},
    {"max-wait", 0, OPTION_INT, OPT(max_wait), "S", "longest rest of a host that this run waits for (default 600)"},
    {"backoff", 0, OPTION_INT, OPT(backoff), "S", "first rest after a failure without Retry-After (default 60)"},
    {"timeout", 0, OPTION_INT, OPT(timeout), "S",
     "seconds of silence or trickle that end a request (default 30); in silence, the server has 30 more to let go of it"},
    {"recrawl", 0, OPTION_FLAG, OPT(recrawl), NULL, "look now at all that was fetched before, whatever is due"},
    {"status", 0, OPTION_FLAG, OPT(status), NULL, "say what the campaign does at this moment; crawl nothing"},
    {"log", 0, OPTION_STRING, OPT(log), "FILE", "append each decision to FILE, a JSON object a line; SIGHUP opens it anew"},
    {"metrics", 0, OPTION_INT, OPT(metrics), "PORT", "figures for Prometheus at http://127.0.0.1:PORT/metrics"},
    {"dry-run", 'n', OPTION_FLAG, OPT(dry_run), NULL, "say what would be fetched, refused, waited for, and why; send nothing"},
    {0},
};

/* ---- the report ---- */

static const char *const outcomes[] = {
    [CRAWL_DONE] = "done", [CRAWL_LIMIT] = "limit", [CRAWL_STOPPED] = "stopped", [CRAWL_WAITING] = "waiting"};

static const char *next_try(const struct crawl_stats *s, char when[ISO8601_LEN]) {
    clock_iso8601(s->now_ms + s->wait_ms, when);
    return when;
}

static void report_json(const struct crawl_plan *p, const struct crawl_report *r, const struct crawl_stats *s,
                        enum crawl_outcome outcome, struct buf *out) {
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

static void report_text(const struct crawl_plan *p, const struct crawl_report *r, const struct crawl_stats *s,
                        enum crawl_outcome outcome, struct buf *out) {
    double seconds = (double)(s->now_ms - s->started_ms) / 1000;
    buf_printf(out, "Campaign %s: %lld requests, %lld pages, %lld documents, ", p->campaign.name, (long long)s->requests,
               (long long)s->pages, (long long)s->documents);
    crawl_report_bytes(out, s->bytes);
    buf_printf(out, " in %.1f s", seconds);
    if (s->text_bytes)
        buf_printf(out, "; French about %.0f %% of their text", 100.0 * (double)s->french_bytes / (double)s->text_bytes);
    buf_str(out, outcome == CRAWL_LIMIT ? "; a limit was reached\n" : "\n");
    if (s->unchanged || s->withdrawn)
        buf_printf(out, "Looked at again: %lld unchanged (%lld answers 304), %lld documents withdrawn\n", (long long)s->unchanged,
                   (long long)s->not_modified, (long long)s->withdrawn);
    buf_str(out, "The whole campaign so far\n");
    crawl_report_text(r, out);
}

static int report(const struct crawl_plan *p, const struct cli *cli, const struct crawl_stats *s, enum crawl_outcome outcome) {
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
            report_text(p, &r, s, outcome, &out);
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

/* ---- running ---- */

/* What crawl_run() takes; it borrows from the plan and the command line. */
struct order {
    struct rights_policy policy;
    struct url_options urls;
    struct crawl_options o;
};

static void order_from(struct order *r, const struct crawl_plan *p, const struct crawl_command *cmd, const struct cli *cli) {
    const struct settings *set = p->hub.settings;
    /* Every source here has an express licence, read by a person: crawlers barred by name, a mere hint, weigh against it only
       when the operator lists them. */
    r->policy = (struct rights_policy){.ai_agents = (const char *const *)set->ai_agents.items,
                                       .n_ai_agents = set->ai_agents.n,
                                       .ignore_ai_agents = set->ai_agents.n == 0};
    r->urls = (struct url_options){(const char *const *)set->strip_params.items, set->strip_params.n};
    r->o = (struct crawl_options){.hub = p->hub.dir,
                                  .campaign = &p->campaign,
                                  .sources = p->sources,
                                  .n_sources = p->n_sources,
                                  .product = set->agent,
                                  .rights = &r->policy,
                                  .urls = set->strip_params.n ? &r->urls : NULL,
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
}

/* A changed configuration is loaded once to see that it can be; the run that uses it loads it again. */
struct trial {
    const struct cli *cli;
    const char *name;
};

static bool config_good(void *ctx) {
    const struct trial *t = ctx;
    struct crawl_plan p;
    if (crawl_plan_open(&p, t->cli, t->name) != 0) return false;
    crawl_plan_close(&p);
    return true;
}

/* The hours of a campaign with a time zone are told on its clock. */
static bool set_zone(const struct crawl_plan *p) {
    if (!p->campaign.time_zone || !*p->campaign.time_zone) return false;
    setenv("TZ", p->campaign.time_zone, 1);
    tzset();
    return true;
}

/* One crawl_run() after another, for as long as only the configuration ends them. */
static int run_plan(struct crawl_plan *p, struct cli *cli, const struct crawl_command *cmd, const char *name) {
    struct crawl_stats stats;
    enum crawl_outcome outcome = CRAWL_DONE;
    struct crawl_watch w;
    struct order order;
    struct trial trial = {cli, name};
    struct buf err = {.max = LIMIT_ERR};
    bool newer = false;
    const struct crawl_watch_options watch = {cli->hub, name ? name : "all", cmd->log, cmd->metrics};
    int code = crawl_watch_begin(&w, cli, &watch);
    w.config_good = config_good;
    w.config_ctx = &trial;
    order_from(&order, p, cmd, cli);
    for (bool again = code == 0; again;) {
        struct crawl_hooks hooks = crawl_watch_hooks(&w, set_zone(p));
        enum status st = crawl_run(&order.o, &hooks, &stats, &outcome, &newer, &err);
        crawl_watch_last(&w, &stats);
        again = st == ST_OK && w.reload && outcome == CRAWL_STOPPED && !cli_interrupted();
        if (st != ST_OK) code = newer ? cli_error(EXIT_CONFIG, "%s", buf_cstr(&err)) : cli_fail(st, &err);
        if (!again) break;
        crawl_watch_again(&w);
        log_line(&cli->log, LOG_WARN, "the sources or the campaign changed: going on with them as they are now");
        crawl_plan_close(p);
        code = crawl_plan_open(p, cli, name);
        if (code) break;
        order_from(&order, p, cmd, cli);
        order.o.recrawl = false; /* what was to be looked at again is queued */
        order.o.spent_ms = w.now.now_ms - w.now.started_ms;
        if (cmd->max_pages > 0) order.o.max_pages = cmd->max_pages > w.now.pages ? cmd->max_pages - w.now.pages : 1;
    }
    stats = w.now;
    crawl_watch_end(&w);
    if (code == 0) code = report(p, cli, &stats, outcome);
    buf_free(&err);
    return code;
}

static int status_of(const struct cli *cli, const char *name) {
    struct hub h;
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    code = crawl_status_print(cli, &h, name);
    hub_close(&h);
    return code;
}

/* Pages, then dumps and OAI-PMH servers: a crawl of pages holds the manifest while it runs. */
static int run_both(struct crawl_plan *p, struct cli *cli, const struct crawl_command *cmd, const char *name) {
    const enum manifest_mode mode = MANIFEST_WRITE;
    bool pages = false, dumps = false;
    const char *why;
    for (size_t i = 0; i < p->n_sources; i++) {
        pages = pages || crawl_taken(p->sources[i], &why);
        dumps = dumps || gather_is(p->sources[i]);
    }
    int code = pages ? run_plan(p, cli, cmd, name) : EXIT_DONE;
    if (!dumps || cli_interrupted() || (code != EXIT_DONE && code != EXIT_TRY_AGAIN)) return code;
    struct order order; /* of the plan as it now is: a run may have read it anew */
    struct hub h;
    int opened = hub_open(cli, &mode, &h);
    if (opened) return opened;
    order_from(&order, p, cmd, cli);
    int gathered = gather_sources(cli, &h, &order.o);
    hub_close(&h);
    return code == EXIT_DONE ? gathered : code;
}

static int run_crawl(struct cli *cli, void *opts, char **operands, int n) {
    const struct crawl_command *cmd = opts;
    struct crawl_plan p;
    const char *name = n ? operands[0] : NULL;
    if (cmd->metrics < 0 || cmd->metrics > 65535) return cli_error(EXIT_USAGE, "crawl: --metrics takes a port, 1 to 65535");
    if (cmd->delay_ms < 0 || (cmd->delay_ms > 0 && cmd->delay_ms < POLITENESS_FLOOR_MS && !cmd->allow_private))
        return cli_error(EXIT_USAGE, "crawl: --delay-ms takes %d or more; less is for servers of one's own, with --allow-private",
                         POLITENESS_FLOOR_MS);
    if (cmd->status) return status_of(cli, name ? name : "all");
    int code = crawl_plan_open(&p, cli, name);
    if (code) return code;
    struct order order;
    order_from(&order, &p, cmd, cli);
    if (cmd->dry_run)
        code = crawl_preview_print(cli, &p, &order.o);
    else if (crawl_status_paused(&p.hub, p.campaign.name))
        code = cli_error(EXIT_TRY_AGAIN, "campaign %s is paused; villers campaigns resume %s lets it go on", p.campaign.name,
                         p.campaign.name);
    else
        code = run_both(&p, cli, cmd, name);
    crawl_plan_close(&p);
    return code;
}

const struct command cmd_crawl = {
    .name = "crawl",
    .group = "hub",
    .summary = "run a campaign, or go on where it stopped; without a name, all sources",
    .usage = "[CAMPAIGN]",
    .examples =
        "villers crawl\nvillers crawl mairies --max-pages 1000\nvillers crawl mairies --dry-run\nvillers crawl mairies --status\n"
        "villers crawl mairies --recrawl --log decisions.jsonl --metrics 9464\n",
    .options = options,
    .options_size = sizeof(struct crawl_command),
    .max_operands = 1,
    .run = run_crawl,
};
