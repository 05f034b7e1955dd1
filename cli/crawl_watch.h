#ifndef VILLERS_CLI_CRAWL_WATCH_H
#define VILLERS_CLI_CRAWL_WATCH_H
/*
 * What a person sees of a crawl at work, and how they steer it: the live line, frontier/NAME.status for other terminals, the log of
 * decisions, the figures for Prometheus, frontier/NAME.pause, and configuration that changed.
 */
#include "base/progress.h"
#include "cli/hub.h"
#include "cli/serve_metrics.h"
#include "crawler/crawl.h"

#include <stdio.h>

struct langid;

#define CRAWL_WATCH_RATES 64

struct crawl_watch {
    const struct cli *cli;
    const char *hub, *name; /* of the campaign */
    struct progress line;
    struct langid **langid; /* one a worker */
    unsigned n;
    struct crawl_stats before; /* of earlier calls of crawl_run() for this run */
    struct crawl_stats now;    /* the sum, as last seen */
    struct {                   /* pages done at a time: for the speed of the last seconds */
        int64_t at_ms, pages;
    } rates[CRAWL_WATCH_RATES];
    unsigned n_rates;
    const char *log_path; /* of decisions; NULL: none */
    FILE *log;
    struct buf log_line;
    bool log_broken;
    struct serve_metrics *metrics;
    int64_t began_ms, status_ms, paused_ms, config_ms;
    bool paused;
    uint64_t config;     /* signature of the files that say what to crawl */
    bool reload;         /* they changed: the run stops, and begins anew with them */
    bool draining, left; /* left: the terminal it was started from is gone */
    /** Whether the files, as they are now, can be used; NULL: they are not looked at.  Says why not by itself. */
    bool (*config_good)(void *ctx);
    void *config_ctx;
};

struct crawl_watch_options {
    const char *hub, *campaign;
    const char *log_path;
    int64_t metrics_port; /* 0: none */
};
/** crawl_watch_begin(w, cli, opt): 0, or an exit code after a line on stderr; then too crawl_watch_end() frees it. */
int crawl_watch_begin(struct crawl_watch *w, const struct cli *cli, const struct crawl_watch_options *opt) MUST_CHECK;
/** crawl_watch_hooks(w, zoned): for crawl_run(); with ${zoned} the hours are those of the process's time zone. */
struct crawl_hooks crawl_watch_hooks(struct crawl_watch *w, bool zoned);
/** crawl_watch_last(w, s): the counts a crawl_run() ended with. */
void crawl_watch_last(struct crawl_watch *w, const struct crawl_stats *s);
/** crawl_watch_again(w): another crawl_run() follows in this run. */
void crawl_watch_again(struct crawl_watch *w);
void crawl_watch_end(struct crawl_watch *w);
/** crawl_watch_rate(w): pages a second over the last ten seconds. */
double crawl_watch_rate(const struct crawl_watch *w);

#endif
