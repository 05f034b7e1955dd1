#include "cli/crawl_preview.h"

#include "base/clock.h"
#include "base/limits.h"
#include "cli/crawl_report.h"
#include "cli/gather_sources.h"
#include "crawler/crawl_dry.h"

#define SHOWN 5 /* URLs of a kind without --verbose */

struct preview {
    const struct cli *cli;
    struct buf *out;
    int64_t n[CRAWL_DRY_N], by_reason[REASON_N], again;
};

static const char *const words[] = {
    [CRAWL_DRY_FETCH] = "fetch", [CRAWL_DRY_REFUSE] = "refuse", [CRAWL_DRY_ASK] = "ask robots.txt", [CRAWL_DRY_WAIT] = "wait"};

static enum status as_json(struct preview *v, const struct crawl_dry *d) {
    static const char *const names[] = {
        [CRAWL_DRY_FETCH] = "fetch", [CRAWL_DRY_REFUSE] = "refuse", [CRAWL_DRY_ASK] = "ask", [CRAWL_DRY_WAIT] = "wait"};
    struct json_out j;
    char when[ISO8601_LEN];
    json_out_init(&j, v->out);
    json_object(&j);
    json_kv_str(&j, "would", slice_str(names[d->what]));
    json_kv_str(&j, "url", d->url);
    json_kv_str(&j, "source", d->source);
    json_kv_bool(&j, "again", d->again);
    json_kv_str(&j, "reason", slice_str(reason_name(d->reason)));
    json_kv_str(&j, "evidence", d->evidence);
    if (d->due_ms) clock_iso8601(d->due_ms, when);
    json_kv_str(&j, "until", slice_str(d->due_ms ? when : ""));
    json_object_end(&j);
    buf_char(v->out, '\n');
    return v->out->len < MIB || cli_out(v->out) ? ST_OK : ST_RETRY;
}

static enum status on_url(void *ctx, const struct crawl_dry *d) {
    struct preview *v = ctx;
    char when[ISO8601_LEN];
    bool show = v->cli->verbose || (d->what == CRAWL_DRY_REFUSE ? v->by_reason[d->reason] : v->n[d->what]) < SHOWN;
    v->n[d->what]++;
    v->again += d->again && d->what == CRAWL_DRY_FETCH;
    if (d->what == CRAWL_DRY_REFUSE) v->by_reason[d->reason]++;
    if (v->cli->json) return as_json(v, d);
    if (!show) return ST_OK;
    buf_printf(v->out, "  %-14s %.*s", words[d->what], SLICE_ARG(d->url));
    if (d->what == CRAWL_DRY_REFUSE) buf_printf(v->out, "  %s", reason_name(d->reason));
    if (d->evidence.len) buf_printf(v->out, ": %.*s", SLICE_ARG(d->evidence));
    if (d->what == CRAWL_DRY_WAIT) {
        clock_iso8601(d->due_ms, when);
        buf_printf(v->out, "  until %s", when);
    }
    buf_str(v->out, d->again ? "  (again)\n" : "\n");
    return v->out->len < MIB || cli_out(v->out) ? ST_OK : ST_RETRY;
}

static void sources(const struct crawl_plan *p, const struct crawl_options *o, struct buf *out) {
    buf_printf(out, "Campaign %s, agent %s/%s (+%s); nothing is sent\n", p->campaign.name, o->product, VILLERS_VERSION,
               p->campaign.contact);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct source *s = p->sources[i];
        const char *why;
        if (gather_is(s)) {
            buf_printf(out, "source %s: %s, fetched whole and ingested\n", s->id, s->license);
            continue;
        }
        if (!crawl_taken(s, &why)) {
            buf_printf(out, "source %s: not taken, %s\n", s->id, why);
            continue;
        }
        buf_printf(out, "source %s: %s, at least %lld ms between requests, depth %lld", s->id, s->license,
                   (long long)crawl_delay_ms(o, s), (long long)s->max_depth);
        if (s->max_pages) buf_printf(out, ", %lld pages", (long long)s->max_pages);
        if (s->recrawl_max_ms)
            buf_printf(out, ", looked at again every %s to %s", *s->recrawl_min ? s->recrawl_min : "1d",
                       *s->recrawl_max ? s->recrawl_max : "90d");
        buf_char(out, '\n');
    }
}

static void totals(const struct preview *v, struct buf *out) {
    int64_t shown = 0, all = 0;
    for (int i = 0; i < CRAWL_DRY_N; i++) {
        all += v->n[i];
        shown += i == CRAWL_DRY_REFUSE ? 0 : v->n[i] < SHOWN ? v->n[i] : SHOWN;
    }
    for (unsigned i = 0; i < REASON_N; i++) shown += v->by_reason[i] < SHOWN ? v->by_reason[i] : SHOWN;
    if (!v->cli->verbose && shown < all) buf_printf(out, "  … and %lld more (--verbose lists all)\n", (long long)(all - shown));
    buf_str(out, "It would fetch ");
    crawl_report_count(out, v->n[CRAWL_DRY_FETCH], 0);
    buf_str(out, v->again == v->n[CRAWL_DRY_FETCH] && v->again ? ", all fetched before" : "");
    buf_str(out, ", refuse ");
    crawl_report_count(out, v->n[CRAWL_DRY_REFUSE], 0);
    buf_str(out, ", wait for ");
    crawl_report_count(out, v->n[CRAWL_DRY_WAIT], 0);
    buf_str(out, ", and decide on ");
    crawl_report_count(out, v->n[CRAWL_DRY_ASK], 0);
    buf_str(out, " once their robots.txt is read; what these pages link to is not known yet\n");
}

int crawl_preview_print(const struct cli *cli, const struct crawl_plan *p, const struct crawl_options *o) {
    struct buf out = {0}, err = {.max = LIMIT_ERR};
    struct preview v = {.cli = cli, .out = &out};
    bool newer = false;
    int code = EXIT_DONE;
    if (!cli->json) sources(p, o, &out);
    enum status st = crawl_dry_run(o, clock_wall_ms(), on_url, &v, &newer, &err);
    if (st != ST_OK) {
        code = newer ? cli_error(EXIT_CONFIG, "%s", buf_cstr(&err)) : err.len ? cli_fail(st, &err) : EXIT_IO;
    } else {
        if (!cli->json) totals(&v, &out);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    buf_free(&out);
    buf_free(&err);
    return code;
}
