#include "cli/gather_sources.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/crawl_report.h"
#include "cli/ingest_paths.h"
#include "crawler/gather.h"
#include <stdio.h>

bool gather_is(const struct source *s) {
    const char *why;
    struct source as_crawl = *s;
    as_crawl.access = ACCESS_CRAWL; /* the same demands on its licence */
    return (s->access == ACCESS_DUMP || s->access == ACCESS_OAI) && s->seeds.n > 0 && crawl_taken(&as_crawl, &why);
}

struct watch {
    struct progress line;
};

static bool stop(void *ctx) {
    (void)ctx;
    return cli_interrupted();
}

static void show(void *ctx, const char *name, uint64_t bytes, int64_t total) {
    struct watch *w = ctx;
    progress_update(&w->line, bytes / 1000000, total > 0 ? (uint64_t)total / 1000000 : 0, "MB", name);
}

static void tell(const struct cli *cli, const struct source *s, const struct gather_report *r) {
    struct buf b = {.max = 4096};
    buf_printf(&b, "source %s: %llu requests, %llu files fetched (%llu resumed), %llu unchanged, %llu refused, ", s->id,
               (unsigned long long)r->requested, (unsigned long long)r->fetched, (unsigned long long)r->resumed,
               (unsigned long long)r->unchanged, (unsigned long long)r->refused);
    crawl_report_bytes(&b, (int64_t)r->bytes);
    if (r->waiting) buf_str(&b, "; something could not be had now");
    if (!cli->quiet) fprintf(stderr, "villers: %s\n", buf_cstr(&b));
    buf_free(&b);
}

static int one(struct cli *cli, struct hub *h, const struct crawl_options *o, const struct source *s) {
    struct watch w;
    struct gather_report r;
    struct buf err = {.max = LIMIT_ERR}, folder = {.max = 8192};
    bool newer = false;
    struct gather_options g = {.polite = {.hub = o->hub,
                                          .source = s,
                                          .agent = o->product,
                                          .contact = o->campaign->contact,
                                          .connect_to = o->connect_to,
                                          .n_connect_to = o->n_connect_to,
                                          .allow_private = o->allow_private,
                                          .delay_ms = o->delay_ms > 0                       ? o->delay_ms
                                                      : o->campaign->delay_ms > s->delay_ms ? o->campaign->delay_ms
                                                                                            : 0,
                                          .backoff_ms = o->backoff_ms,
                                          .max_wait_ms = o->max_wait_ms,
                                          .stall_ms = o->stall_ms,
                                          .stop = stop,
                                          .ctx = &w},
                               .log = &cli->log,
                               .progress = show};
    progress_begin(&w.line, s->id, cli->quiet);
    enum status st = gather_run(&g, &r, &newer, &err);
    progress_end(&w.line);
    int code = EXIT_DONE;
    if (newer)
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    else if (st != ST_OK)
        code = cli_fail(st, &err);
    else {
        tell(cli, s, &r);
        const char *paths[] = {gather_folder(o->hub, s, &folder)};
        bool any = r.fetched + r.unchanged > 0, whole = s->snapshot && !r.waiting && !r.refused;
        if (any)
            code = ingest_paths(cli, h, s, paths, 1, &(const struct ingest_paths_options){.date_ms = INT64_MIN, .whole = whole});
        if (code == EXIT_DONE && r.waiting)
            code = cli_error(EXIT_TRY_AGAIN, "source %s: not all could be fetched; run the same command later", s->id);
        if (code == EXIT_DONE && r.refused && !any)
            code = cli_error(EXIT_UNAVAILABLE, "source %s: nothing may be fetched, told above", s->id);
    }
    buf_free(&err);
    buf_free(&folder);
    return code;
}

int gather_sources(struct cli *cli, struct hub *h, const struct crawl_options *o) {
    int code = EXIT_DONE;
    for (size_t i = 0; i < o->n_sources && !cli_interrupted(); i++) {
        if (!gather_is(o->sources[i])) continue;
        int c = one(cli, h, o, o->sources[i]);
        if (code == EXIT_DONE) code = c;
    }
    return code;
}
