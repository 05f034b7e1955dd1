#include "cli/crawl_watch.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/crawl_report.h"
#include "dedup/langid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STATUS_MS 1000
#define PAUSE_MS 500
#define CONFIG_MS 5000
#define RATE_MS 10000

/* ---- counts ---- */

static void add(struct crawl_stats *sum, const struct crawl_stats *a, const struct crawl_stats *b) {
    *sum = *b;
    sum->started_ms = a->started_ms ? a->started_ms : b->started_ms;
    const struct {
        int64_t *to;
        int64_t from;
    } counts[] = {{&sum->requests, a->requests},     {&sum->pages, a->pages},
                  {&sum->bytes, a->bytes},           {&sum->documents, a->documents},
                  {&sum->text_bytes, a->text_bytes}, {&sum->french_bytes, a->french_bytes},
                  {&sum->unchanged, a->unchanged},   {&sum->not_modified, a->not_modified},
                  {&sum->withdrawn, a->withdrawn},   {&sum->retries, a->retries}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) *counts[i].to += counts[i].from;
    for (unsigned i = 0; i < REASON_N; i++) {
        sum->by_reason[i] += a->by_reason[i];
        sum->errors[i] += a->errors[i];
    }
}

static void note_rate(struct crawl_watch *w) {
    unsigned last = w->n_rates ? (w->n_rates - 1) % CRAWL_WATCH_RATES : 0;
    if (w->n_rates && w->now.now_ms - w->rates[last].at_ms < RATE_MS / (CRAWL_WATCH_RATES / 2)) return;
    unsigned at = w->n_rates++ % CRAWL_WATCH_RATES;
    w->rates[at].at_ms = w->now.now_ms;
    w->rates[at].pages = w->now.pages;
}

double crawl_watch_rate(const struct crawl_watch *w) {
    int64_t at = w->now.started_ms, pages = 0;
    unsigned n = w->n_rates < CRAWL_WATCH_RATES ? w->n_rates : CRAWL_WATCH_RATES;
    for (unsigned i = 0; i < n; i++) { /* the newest that is old enough, else the run's beginning */
        const unsigned k = (w->n_rates - 1 - i) % CRAWL_WATCH_RATES;
        if (w->now.now_ms - w->rates[k].at_ms < RATE_MS) continue;
        at = w->rates[k].at_ms;
        pages = w->rates[k].pages;
        break;
    }
    return w->now.now_ms > at ? (double)(w->now.pages - pages) * 1000 / (double)(w->now.now_ms - at) : 0;
}

static double french(const struct crawl_stats *s) { return s->text_bytes ? (double)s->french_bytes / (double)s->text_bytes : 0; }

static const char *state(const struct crawl_watch *w) {
    if (w->draining) return "draining";
    if (w->now.paused) return "paused";
    return w->now.closed_hours ? "out-of-hours" : "running";
}

/* ---- the live line ---- */

static void errors(const struct crawl_stats *s, struct buf *line) {
    unsigned shown = 0;
    int64_t rest = 0;
    for (unsigned i = 0; i < REASON_N; i++) {
        if (!s->errors[i]) continue;
        if (shown < 3)
            buf_printf(line, "%s%s %lld", shown++ ? ", " : " · errors: ", reason_name((enum reason)i), (long long)s->errors[i]);
        else
            rest += s->errors[i];
    }
    if (rest) buf_printf(line, ", others %lld", (long long)rest);
}

static void draw(struct crawl_watch *w) {
    const struct crawl_stats *s = &w->now;
    struct buf line = {.max = 512};
    buf_printf(&line, "%lld pages, %.1f/s, ", (long long)s->pages, crawl_watch_rate(w));
    crawl_report_bytes(&line, s->bytes);
    buf_printf(&line, " · %lld queued, %u hosts", (long long)s->queued, s->hosts);
    if (s->hosts_waiting) buf_printf(&line, " (%u resting)", s->hosts_waiting);
    if (s->unchanged) buf_printf(&line, " · %lld unchanged", (long long)s->unchanged);
    if (s->text_bytes) buf_printf(&line, " · French %.1f %%", 100 * french(s));
    errors(s, &line);
    if (strcmp(state(w), "running") != 0)
        buf_printf(&line, " · %s", state(w));
    else if (s->wait_ms > 2000)
        buf_printf(&line, " · all wait, %lld s", (long long)(s->wait_ms / 1000));
    progress_text(&w->line, buf_cstr(&line));
    buf_free(&line);
}

/* ---- for other terminals, and for Prometheus ---- */

static void write_status(struct crawl_watch *w, const char *word) {
    struct buf text = {.max = MIB}, path = {.max = 8192};
    struct json_out j;
    char began[ISO8601_LEN], now[ISO8601_LEN];
    const struct crawl_stats *s = &w->now;
    clock_iso8601(w->began_ms, began);
    clock_iso8601(clock_wall_ms(), now);
    json_out_init(&j, &text);
    json_object(&j);
    json_kv_str(&j, "campaign", slice_str(w->name));
    json_kv_str(&j, "state", slice_str(word));
    json_kv_int(&j, "pid", getpid());
    json_kv_str(&j, "began", slice_str(began));
    json_kv_str(&j, "at", slice_str(now));
    json_kv_int(&j, "at_ms", clock_wall_ms());
    json_kv_float(&j, "pages_per_second", crawl_watch_rate(w), 2);
    json_kv_int(&j, "queued", s->queued);
    json_kv_int(&j, "hosts", s->hosts);
    json_kv_int(&j, "hosts_resting", s->hosts_waiting);
    json_kv_int(&j, "open", s->open);
    crawl_stats_json(s, &j);
    json_object_end(&j);
    buf_char(&text, '\n');
    buf_printf(&path, "%s/frontier/%s.status", w->hub, w->name);
    /* a view of the run, not a part of it: better none than an old one */
    if (!buf_ok(&text) || file_write(buf_cstr(&path), buf_view(&text), NULL) != ST_OK) unlink(buf_cstr(&path));
    buf_free(&text);
    buf_free(&path);
}

static void metric(struct buf *out, const struct crawl_watch *w, const char *name, const char *type, const char *help, double v) {
    buf_printf(out, "# HELP villers_crawl_%s %s\n# TYPE villers_crawl_%s %s\nvillers_crawl_%s{campaign=\"%s\"} %.15g\n", name, help,
               name, type, name, w->name, v);
}

static void by_reason(struct buf *out, const struct crawl_watch *w, const char *name, const char *help,
                      const int64_t by[REASON_N]) {
    buf_printf(out, "# HELP villers_crawl_%s %s\n# TYPE villers_crawl_%s counter\n", name, help, name);
    for (unsigned i = 1; i < REASON_N; i++)
        if (by[i])
            buf_printf(out, "villers_crawl_%s{campaign=\"%s\",reason=\"%s\"} %lld\n", name, w->name, reason_name((enum reason)i),
                       (long long)by[i]);
}

static void set_metrics(struct crawl_watch *w) {
    const struct crawl_stats *s = &w->now;
    struct buf out = {.max = MIB};
    metric(&out, w, "requests_total", "counter", "Requests sent, robots.txt and sitemaps included.", (double)s->requests);
    metric(&out, w, "pages_total", "counter", "Answers 200 and 304 to page requests.", (double)s->pages);
    metric(&out, w, "documents_total", "counter", "Pages that became documents.", (double)s->documents);
    metric(&out, w, "received_bytes_total", "counter", "Bytes received, headers included.", (double)s->bytes);
    metric(&out, w, "text_bytes_total", "counter", "Bytes of text of the documents.", (double)s->text_bytes);
    metric(&out, w, "french_bytes_total", "counter", "Bytes of that text that are French.", (double)s->french_bytes);
    metric(&out, w, "unchanged_total", "counter", "URLs looked at again and found as they were.", (double)s->unchanged);
    metric(&out, w, "withdrawn_total", "counter", "Documents whose page is gone or closed now.", (double)s->withdrawn);
    metric(&out, w, "retries_total", "counter", "Failures that will be tried again.", (double)s->retries);
    by_reason(&out, w, "urls_settled_total", "URLs settled, by reason.", s->by_reason);
    by_reason(&out, w, "errors_total", "Failures by kind, those that will be tried again too.", s->errors);
    metric(&out, w, "queued_urls", "gauge", "URLs that still wait.", (double)s->queued);
    metric(&out, w, "hosts", "gauge", "Hosts with something to do.", s->hosts);
    metric(&out, w, "hosts_resting", "gauge", "Of these, resting after a failure.", s->hosts_waiting);
    metric(&out, w, "open_requests", "gauge", "Requests open now.", s->open);
    metric(&out, w, "paused", "gauge", "1 while the campaign is paused or out of its hours.", s->paused || s->closed_hours);
    metric(&out, w, "start_time_seconds", "gauge", "When the run began, seconds since 1970.", (double)w->began_ms / 1000);
    serve_metrics_set(w->metrics, buf_view(&out));
    buf_free(&out);
}

/* ---- the log of decisions ---- */

static void open_log(struct crawl_watch *w) {
    if (w->log) fclose(w->log);
    w->log = fopen(w->log_path, "ae");
    if (!w->log && !w->log_broken) cli_error(EXIT_CANNOT_CREATE, "%s: %s: decisions are not logged", w->log_path, strerror(errno));
    w->log_broken = !w->log;
}

static void decided(void *ctx, const struct crawl_decision *d) {
    struct crawl_watch *w = ctx;
    struct json_out j;
    char when[ISO8601_LEN];
    if (!w->log) return;
    buf_clear(&w->log_line);
    json_out_init(&j, &w->log_line);
    json_object(&j);
    clock_iso8601(d->at_ms, when);
    json_kv_str(&j, "at", slice_str(when));
    json_kv_str(&j, "decision", slice_str(d->what));
    json_kv_str(&j, "url", d->url);
    json_kv_str(&j, "reason", slice_str(reason_name(d->reason)));
    json_kv_str(&j, "source", d->source);
    json_kv_int(&j, "status", d->status);
    json_kv_int(&j, "bytes", d->bytes);
    if (d->evidence.len) json_kv_str(&j, "evidence", slice_sub(d->evidence, 0, 1000));
    if (d->document.len) json_kv_str(&j, "document", d->document);
    if (d->unchanged) json_kv_bool(&j, "unchanged", true);
    if (d->due_ms) {
        clock_iso8601(d->due_ms, when);
        json_kv_str(&j, "until", slice_str(when));
    }
    json_object_end(&j);
    buf_char(&w->log_line, '\n');
    if (buf_ok(&w->log_line) && fwrite(buf_cstr(&w->log_line), 1, w->log_line.len, w->log) == w->log_line.len) return;
    if (!w->log_broken) cli_error(EXIT_IO, "%s: %s: decisions may be missing from it", w->log_path, strerror(errno));
    w->log_broken = true;
}

/* ---- hooks ---- */

static double french_share(void *ctx, unsigned worker, struct slice text) {
    struct crawl_watch *w = ctx;
    struct langid_result res;
    langid_detect(w->langid[worker], text, NULL, &res);
    return res.french_share;
}

static uint64_t stamp(const char *path, uint64_t h) {
    struct stat st;
    if (stat(path, &st) != 0) return h;
    const int64_t facts[] = {st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_size, (int64_t)st.st_ino};
    return hash64_seed(slice_of((const char *)facts, sizeof facts), hash64_seed(slice_str(path), h));
}

/* The campaign's file and all sources, by time, size and place on disk. */
static uint64_t config_signature(const struct crawl_watch *w) {
    struct buf path = {.max = 8192}, dir = {.max = 8192};
    char **names;
    size_t n;
    uint64_t h = 1;
    buf_printf(&path, "%s/campaigns/%s.yaml", w->hub, w->name);
    h = stamp(buf_cstr(&path), h);
    path_join(&dir, w->hub, "sources");
    if (dir_list(buf_cstr(&dir), ".yaml", &names, &n, NULL) == ST_OK) {
        for (size_t i = 0; i < n; i++) {
            path_join(&path, buf_cstr(&dir), names[i]);
            h = stamp(buf_cstr(&path), h);
        }
        dir_list_free(names, n);
    }
    buf_free(&path);
    buf_free(&dir);
    return h;
}

/* Every five seconds, or at SIGHUP: files that changed and can be used end this run for another one with them. */
static void look_at_config(struct crawl_watch *w, int64_t now_ms, bool asked) {
    if (w->reload || !w->config_good || (!asked && now_ms - w->config_ms < CONFIG_MS)) return;
    w->config_ms = now_ms;
    uint64_t h = config_signature(w);
    if (h == w->config) return;
    w->config = h;
    w->reload = w->config_good(w->config_ctx);
    if (!w->reload) cli_error(EXIT_CONFIG, "the campaign goes on with the sources and settings it began with");
}

static bool stop(void *ctx) {
    struct crawl_watch *w = ctx;
    bool hangup = cli_hangup();
    if (hangup && w->log_path) open_log(w);
    look_at_config(w, clock_wall_ms(), hangup);
    w->draining = cli_interrupted() || w->left;
    return w->draining || w->reload;
}

static bool pause_asked(void *ctx) {
    struct crawl_watch *w = ctx;
    int64_t now = clock_wall_ms();
    if (now - w->paused_ms < PAUSE_MS) return w->paused;
    struct buf path = {.max = 8192};
    buf_printf(&path, "%s/frontier/%s.pause", w->hub, w->name);
    w->paused_ms = now;
    w->paused = file_exists(buf_cstr(&path));
    buf_free(&path);
    return w->paused;
}

static void show(void *ctx, const struct crawl_stats *s) {
    struct crawl_watch *w = ctx;
    add(&w->now, &w->before, s);
    note_rate(w);
    draw(w);
    int64_t now = clock_wall_ms();
    if (now - w->status_ms < STATUS_MS) return;
    w->status_ms = now;
    /* the terminal it was started from has gone: nobody is there to see it go on */
    w->left = w->left || (w->line.tty && isatty(STDERR_FILENO) != 1);
    if (w->log) fflush(w->log);
    write_status(w, state(w));
    if (w->metrics) set_metrics(w);
}

static int64_t local_ms(void *ctx, int64_t wall_ms) {
    struct tm local;
    time_t t = (time_t)(wall_ms / 1000);
    (void)ctx;
    return localtime_r(&t, &local) ? wall_ms + (int64_t)local.tm_gmtoff * 1000 : wall_ms;
}

struct crawl_hooks crawl_watch_hooks(struct crawl_watch *w, bool zoned) {
    struct crawl_hooks h = {.ctx = w, .french_share = french_share, .progress = show, .stop = stop, .pause = pause_asked};
    if (w->log_path) h.decided = decided;
    if (zoned) h.local_ms = local_ms;
    return h;
}

void crawl_watch_last(struct crawl_watch *w, const struct crawl_stats *s) { add(&w->now, &w->before, s); }

void crawl_watch_again(struct crawl_watch *w) {
    w->before = w->now;
    w->reload = false;
}

/* ---- life ---- */

int crawl_watch_begin(struct crawl_watch *w, const struct cli *cli, const struct crawl_watch_options *opt) {
    *w = (struct crawl_watch){.cli = cli, .hub = opt->hub, .name = opt->campaign, .n = parallel_cores(), .log_path = opt->log_path};
    struct buf err = {.max = LIMIT_ERR};
    int code = 0;
    w->began_ms = w->config_ms = clock_wall_ms();
    w->config = config_signature(w);
    buf_init(&w->log_line, 64 * KIB);
    w->langid = calloc(w->n, sizeof *w->langid);
    for (unsigned i = 0; code == 0 && i < w->n; i++)
        if (!w->langid || !(w->langid[i] = langid_new())) code = cli_error(EXIT_IO, "out of memory");
    if (code == 0 && w->log_path) {
        open_log(w);
        if (!w->log) code = EXIT_CANNOT_CREATE;
    }
    if (code == 0 && opt->metrics_port > 0 && serve_metrics_start((unsigned)opt->metrics_port, &w->metrics, &err) != ST_OK)
        code = cli_error(EXIT_UNAVAILABLE, "--metrics: %s", buf_cstr(&err));
    if (code == 0) {
        cli_catch_hangup();
        progress_begin(&w->line, "crawl", cli->quiet);
    }
    buf_free(&err);
    return code;
}

void crawl_watch_end(struct crawl_watch *w) {
    progress_end(&w->line);
    if (w->status_ms) write_status(w, "ended");
    serve_metrics_stop(w->metrics);
    if (w->log) fclose(w->log);
    buf_free(&w->log_line);
    for (unsigned i = 0; w->langid && i < w->n; i++) langid_free(w->langid[i]);
    free(w->langid);
}
