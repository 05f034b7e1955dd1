#ifndef VILLERS_CRAWLER_CRAWL_H
#define VILLERS_CRAWLER_CRAWL_H
/*
 * The crawl engine: one campaign, from its frontier to sealed WARC and raw segments in the manifest.
 *
 * One thread runs the event loop, owns the network and every database; worker threads decode, read and pack pages.  A turn of
 * the loop: take what the workers finished and what the network brought, append to the segments, write the frontier, choose
 * what is due, commit, and only then send.
 */
#include "base/json.h"
#include "base/log.h"
#include "crawler/reason.h"
#include "crawler/rights.h"
#include "crawler/source.h"
#include "crawler/url.h"

struct crawl_stats {
    int64_t started_ms, now_ms;
    int64_t requests;                    /* sent, robots.txt and sitemaps included */
    int64_t pages;                       /* answers 200 and 304 to page requests */
    int64_t bytes;                       /* received, headers included */
    int64_t documents;                   /* pages that became documents */
    int64_t text_bytes, french_bytes;    /* of documents' text; French: as measured by the hook */
    int64_t by_reason[REASON_N];         /* URLs settled in this run */
    int64_t errors[REASON_N];            /* failures by kind, those that will be tried again too */
    int64_t unchanged, not_modified;     /* of what was looked at again: as before; of these, answers 304 */
    int64_t withdrawn;                   /* documents whose page is gone or closed now */
    int64_t retries;                     /* failures that will be tried again */
    int64_t queued;                      /* URLs that still wait, in the queue or for a retry */
    unsigned hosts, hosts_waiting, open; /* active; of these resting after a failure; requests open */
    unsigned hosts_unreached;            /* that never answered in this run */
    int64_t wait_ms;                     /* until the next thing to do, when all wait */
    bool paused, closed_hours;           /* nothing is sent: by hooks->pause(); by the campaign's hours */
};

enum crawl_outcome {
    CRAWL_DONE,    /* nothing left to fetch */
    CRAWL_LIMIT,   /* a limit of the campaign was reached: pages, bytes or seconds */
    CRAWL_STOPPED, /* hooks->stop() said so */
    CRAWL_WAITING  /* what is left rests longer than max_wait_ms: run it again later */
};

/* What became of a URL, as it is decided. */
struct crawl_decision {
    const char *what; /* "fetched", "refused" (by rules, before or after fetching), "failed", "deferred"; static */
    enum reason reason;
    struct slice url, source, evidence; /* evidence: the rule or bytes that decided, or "" */
    struct slice document;              /* its id when it became one, else "" */
    bool unchanged;                     /* looked at again, and as it was */
    int status;                         /* HTTP; 0: nothing was fetched */
    int64_t bytes, at_ms, due_ms;       /* due_ms: when a deferred one is tried again, else 0 */
};

struct crawl_hooks { /* every member may be NULL; ctx is given back */
    void *ctx;
    /** French share of a text, the beginning of a document's, 0 to 1.  Called from the worker threads at once; ${worker} is below opt->workers. */
    double (*french_share)(void *ctx, unsigned worker, struct slice text);
    /** About five times a second, from the loop. */
    void (*progress)(void *ctx, const struct crawl_stats *s);
    /** True: finish what is in flight (ten seconds at most), save, return. */
    bool (*stop)(void *ctx);
    /** True: send nothing for now; what is in flight is finished and saved. */
    bool (*pause)(void *ctx);
    /** Each decision, from the loop, before it is committed.  Borrowed for the call. */
    void (*decided)(void *ctx, const struct crawl_decision *d);
    /** Wall milliseconds on the clock that the campaign's hours are told by; NULL: UTC. */
    int64_t (*local_ms)(void *ctx, int64_t wall_ms);
};

struct crawl_options {
    const char *hub;                     /* folder */
    const struct campaign *campaign;     /* contact required */
    const struct source *const *sources; /* of the campaign, in its order; only ACCESS_CRAWL with a licence are taken */
    size_t n_sources;
    const char *product;                /* robots.txt token; NULL: "villers" */
    const struct rights_policy *rights; /* NULL: defaults */
    const struct url_options *urls;     /* NULL: the built-in parameters are removed */
    const char *const *connect_to;      /* as curl's; while set, the clocks of addresses are off: they all lead to one place */
    size_t n_connect_to;
    bool allow_private;
    bool tolerate_robots_typos;
    bool robots_html_is_none;        /* an HTML page in place of robots.txt: there is none; else the host stays closed */
    int64_t robots_unreachable_days; /* above 0: a robots.txt out of reach for so long counts as absent */
    bool recrawl;                    /* look at all that was fetched again, now */
    int64_t delay_ms;                /* above 0: the floor, instead of the campaign's and sources' */
    int64_t max_pages;               /* above 0: of this run */
    int64_t spent_ms;                /* of max_seconds, by earlier calls for the same run */
    int64_t max_wait_ms;             /* 0: ten minutes */
    int64_t backoff_ms;              /* first rest after a failure; 0: a minute */
    int64_t timeout_ms, stall_ms;    /* of a request; 0: 5 min and 30 s */
    int64_t warc_bytes, raw_bytes;   /* at which segments are sealed; 0: 1 GiB and 256 MiB */
    unsigned workers;                /* 0: one a core */
    const char *settings_hash;       /* hex, or NULL */
    struct slice settings_text;
    const struct log *log; /* may be NULL */
};

/**
 * crawl_run(opt, hooks, stats, outcome, newer, err):
 * Run or resume the campaign until there is nothing to do or to wait for.  RETRY when the disk is full, or another process runs
 * the campaign: all that was committed stays.  FATAL with *${newer} when the hub was made by a newer Villers (exit 78).
 */
enum status crawl_run(const struct crawl_options *opt, const struct crawl_hooks *hooks, struct crawl_stats *stats,
                      enum crawl_outcome *outcome, bool *newer, struct buf *err) MUST_CHECK;

/** crawl_stats_json(s, j): the counts of a run, into the open object of ${j}; what `runs` of the manifest keeps. */
void crawl_stats_json(const struct crawl_stats *s, struct json_out *j);

/*
 * The licence of a source whose pages state each their own: a page without one, or with a closed one, is set aside.
 */
#define CRAWL_LICENCE_PER_PAGE "LicenseRef-per-page"

/** crawl_taken(src, why): whether the engine would take a source at all; else *${why} is a static line. */
bool crawl_taken(const struct source *src, const char **why);
/** crawl_delay_ms(opt, src): the floor that holds for a source under these options. */
int64_t crawl_delay_ms(const struct crawl_options *opt, const struct source *src);

#endif
