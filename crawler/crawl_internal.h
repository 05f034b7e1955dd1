#ifndef VILLERS_CRAWLER_CRAWL_INTERNAL_H
#define VILLERS_CRAWLER_CRAWL_INTERNAL_H
/*
 * The engine's parts, shared by crawl*.c alone.
 *
 *   crawl.c          set-up, the loop, the end
 *   crawl_slots.c    hosts with something to do: two heaps, waiting by time and ready by turn
 *   crawl_dispatch.c what a host asks next: robots.txt, tdmrep.json, a URL; refusals before fetching
 *   crawl_control.c  robots.txt and tdmrep.json: asking, redirects, states
 *   crawl_answer.c   what the network brought: clocks, retries, jobs for the workers
 *   crawl_work.c     the workers
 *   crawl_page.c     a page: decode, read, rights, document (runs in a worker)
 *   crawl_links.c    what a page leads to (runs in a worker)
 *   crawl_result.c   what the workers found: into the segments and the frontier
 *   crawl_revisit.c  a URL that was fetched before: validators, what changed, when to look again, what is withdrawn
 *   crawl_recheck.c  documents whose robots.txt or reservations close them later
 *   crawl_tell.c     decisions to the hook that logs them
 *   crawl_archive.c  the pair of growing segments, sealing, the manifest
 */
#include "base/map64.h"
#include "crawler/crawl.h"
#include "crawler/fetch_multi.h"
#include "crawler/frontier.h"
#include "crawler/hosts.h"
#include "crawler/novelty.h"
#include "crawler/page.h"
#include "crawler/robots.h"
#include "crawler/scope.h"
#include "store/doc.h"
#include "store/manifest.h"
#include "store/segment.h"
#include "store/warc.h"

#include <pthread.h>

#define CRAWL_MAX_TRIES 8 /* a minute, doubling: two hours */
#define CRAWL_MAX_HOPS 10
#define CRAWL_ROBOTS_HOPS 10 /* RFC 9309 2.3.1.2 asks for at least five */
#define CRAWL_DRAIN_MS 10000
#define CRAWL_JOBS_PER_WORKER 64
#define CRAWL_JOBS_BYTES (256 * MIB) /* bodies that wait for a worker */
#define CRAWL_PACK_LEVEL 1           /* of zstd: two thirds of level 3's time for 2 % more bytes */
#define CRAWL_ERROR_BODY (64 * KIB)  /* of an answer that is no page */

/* What an origin says of rights, read once, shared with the workers' jobs; immutable. */
struct crawl_rights {
    int refs;                     /* atomic */
    bool with_tdmrep;             /* tdmrep.json was known when this was read */
    struct robots *robots;        /* NULL: there is none (4xx) */
    struct rights_host *host;     /* NULL: likewise */
    struct rights_tdmrep *tdmrep; /* NULL: none */
    char robots_digest[65], tdmrep_digest[65];
};

struct crawl_slot;

struct crawl_origin {
    struct crawl_origin *next;
    struct crawl_slot *slot;
    char *name;                  /* scheme://host[:port] */
    struct hosts_file files[2];  /* by enum hosts_file_kind; FOUND bodies are dropped once read into rights */
    bool loaded, pending;        /* pending: a control request for it is under way */
    bool not_public;             /* its address is none of the public Internet's */
    bool sitemaps_known;         /* its robots.txt's sitemaps are in the frontier */
    size_t source;               /* index: of the URL that asked last */
    struct crawl_rights *rights; /* what its files say; NULL: to be read (again) */
    bool check;                  /* its files are to be looked at, whatever else there is to do */
    bool judged;                 /* in this run: what they said, and how long it is good, is noted */
    uint64_t said;
    int64_t said_due_ms;
};

/* A request for robots.txt or tdmrep.json of an origin, perhaps on another host after redirects. */
struct crawl_control {
    struct crawl_control *next;
    struct crawl_origin *origin;
    enum hosts_file_kind kind;
    unsigned hops;
    uint64_t been[CRAWL_ROBOTS_HOPS + 1]; /* hashes of the addresses that led here, its own last */
    char *url;
};

enum crawl_heap { CRAWL_NOWHERE, CRAWL_HEAP_WAITING, CRAWL_HEAP_READY };

struct crawl_slot {
    int64_t host; /* frontier's number */
    char *name;
    struct politeness_clock clock;
    int64_t read_ms;               /* when it had read its last request, for certain; 0: none in this run */
    struct politeness_rules rules; /* of its last request */
    int64_t due_ms;                /* when it is to be looked at */
    int64_t turn;                  /* order among the ready */
    enum crawl_heap where;
    size_t at;                /* place in that heap */
    bool busy;                /* a request is open */
    bool answered, unreached; /* in this run: some status came; the last try got no connection */
    char ip[64];              /* it was last connected to, or "" */
    double french;            /* mean share of its documents */
    int64_t documents;
    bool keen;                      /* counted in n_keen: has something to do soon, and French enough or not known yet */
    int64_t held_ms;                /* it yields its turn until then, as long as others are keen */
    struct crawl_control *controls; /* to send, in order */
    struct crawl_origin *origins;
};

/* One request open; also carries a page through the workers. */
struct crawl_job {
    struct crawl_job *next;
    struct crawl_slot *slot;       /* while the request is open */
    struct crawl_control *control; /* NULL: a URL of the frontier */
    int64_t host;
    char *url; /* owned */
    int64_t key, depth, hops, tries;
    enum frontier_kind kind;
    size_t source;               /* index */
    int64_t cross;               /* sitemaps: number of the host whose robots.txt named it */
    struct crawl_rights *rights; /* counted */
    struct fetch_answer *answer;
    struct crawl_before *before; /* what the last fetch left; NULL: the first */
    bool asked_if;               /* validators are sent */
    bool archive_only;           /* robots.txt, tdmrep.json, failures: nothing to read */
    const char *label;           /* archive_only: the capture's refusal */

    /* what the worker found */
    enum reason reason;
    struct buf detail;
    char info_id[WARC_ID_LEN]; /* the warcinfo record that describes its records */
    struct buf warc;           /* packed records, one after the other */
    size_t warc_ends[3];
    unsigned warc_n;
    struct buf strings; /* what doc and links point into */
    struct doc doc;
    bool has_doc;
    unsigned char sha[32];        /* of the body */
    bool same_payload, unchanged; /* the body as it was; what it gives as it was */
    uint64_t text;                /* hash of the document it gives */
    char licence[LICENCE_MAX];    /* that holds for the page */
    struct crawl_link *links;
    size_t n_links, cap_links;
    double french_share; /* below 0: not measured */
    bool has_print;
    uint64_t print, template; /* of its text, of its address; see novelty.h */
    enum status failure;      /* not OK: a resource failed; the run must end */
};

struct crawl_link {
    size_t at, len; /* in strings */
    size_t source;  /* index; SIZE_MAX: none */
    enum reason refusal;
    bool foreign;        /* from a sitemap of another origin */
    int64_t modified_ms; /* as a sitemap says; 0 */
    enum frontier_kind kind;
    int64_t depth, hops;
};

struct crawl_source {
    const struct source *src;
    int64_t number;       /* frontier's */
    int64_t pages, bytes; /* taken so far, all runs */
    int64_t open;         /* page requests under way */
    uint64_t basis;       /* of frontier_visit */
};

struct crawl_queue {
    struct crawl_job *first, **last;
};

struct crawl_archive {
    struct segment *warc, *raw;
    struct frontier_segment row; /* row.base points to base */
    struct buf base;
    char info_id[WARC_ID_LEN]; /* of the WARC's warcinfo record */
    uint64_t synced;           /* bytes of both that outlive the machine */
    bool open, dirty;
    bool noted; /* it has captures that nothing was fetched for */
};

struct crawl {
    const struct crawl_options *opt;
    const struct crawl_hooks *hooks;
    const char *product;
    int64_t now_ms;
    uint64_t dice;
    struct scope *scope;
    struct frontier *frontier;
    struct hosts *hosts;
    struct manifest *manifest;
    struct fetch_multi *net;
    struct novelty *novelty;
    int64_t run;
    struct crawl_source *sources;
    size_t n_sources;
    const struct source **taken; /* n_sources of them */

    struct map64 slots; /* host number → slot */
    struct crawl_slot **waiting, **ready;
    size_t n_waiting, n_ready, cap_waiting, cap_ready;
    unsigned n_slots, n_keen;

    struct map64 source_at;     /* frontier's number → index */
    int64_t open_pages;         /* page requests under way */
    struct crawl_queue to_send; /* chosen this turn; sent after the commit */
    unsigned n_to_send;
    struct crawl_archive archive;
    struct crawl_sweep *sweeps; /* of crawl_recheck.c */
    size_t n_sweeps;
    int64_t sweep_at;       /* key that the pass has come to */
    int64_t fresh_since_ms; /* robots.txt and tdmrep.json read before are asked for again */
    int64_t looked_due_ms;  /* when it was last seen what is due again */
    struct crawl_stats stats;
    int64_t pages_at_start, bytes_at_start;
    int64_t last_answer_ms, last_sync_ms;
    bool stopping, hosts_open; /* hosts_open: a transaction of hosts.sqlite is under way */
    struct buf scratch;

    /* workers */
    pthread_mutex_t lock;
    pthread_cond_t work_ready;
    struct crawl_queue todo, done;
    size_t n_jobs, bytes_jobs; /* handed over and not yet taken back; the loop's own */
    bool quit;
    unsigned n_begun; /* workers that have taken their number */
    pthread_t *threads;
    unsigned n_threads;
};

/* crawl_slots.c */
struct crawl_slot *crawl_slots_get(struct crawl *c, int64_t host, struct slice name, struct buf *err);
/** Put ${s} where its due time and turn say, unless it is busy. */
enum status crawl_slots_schedule(struct crawl *c, struct crawl_slot *s, int64_t due_ms, struct buf *err) MUST_CHECK;
/** Wake the slot of a host that got something new to do; made when there is none. */
enum status crawl_slots_wake(struct crawl *c, int64_t host, struct slice name, struct buf *err) MUST_CHECK;
/** The next slot whose time has come, taken out of the heaps, or NULL. */
struct crawl_slot *crawl_slots_pop(struct crawl *c);
int64_t crawl_slots_next_due(const struct crawl *c);            /* INT64_MAX: none */
void crawl_slots_forget(struct crawl *c, struct crawl_slot *s); /* nothing to do: freed */
void crawl_slots_free(struct crawl *c);

/* crawl_dispatch.c */
enum status crawl_dispatch(struct crawl *c, struct buf *err) MUST_CHECK; /* fills to_send */
/** One more request may be open: not stopping, and neither connections, the workers nor the budget are at their end. */
bool crawl_dispatch_room(const struct crawl *c);
enum status crawl_dispatch_send(struct crawl *c, struct buf *err) MUST_CHECK; /* after the commit */
enum status crawl_dispatch_hosts_begin(struct crawl *c, struct buf *err) MUST_CHECK;
bool crawl_dispatch_may_connect(void *ctx, void *tag, const char *ip);

/* crawl_control.c */
struct crawl_gate {
    enum {
        CRAWL_GATE_OPEN,   /* fetch it */
        CRAWL_GATE_CLOSED, /* never: reason and detail say why */
        CRAWL_GATE_ASK,    /* file is to be fetched first */
        CRAWL_GATE_WAIT,   /* not before due_ms */
        CRAWL_GATE_PENDING /* a control request is under way; it will wake the slot */
    } is;
    enum reason reason;
    struct slice detail; /* lives until the next call */
    enum hosts_file_kind file;
    int64_t due_ms;
};
struct crawl_origin *crawl_control_origin(struct crawl *c, struct crawl_slot *s, struct slice origin, struct buf *err);
/** What robots.txt, tdmrep.json and the source's licence say of ${target} at ${o}, before anything of it is fetched. */
enum status crawl_control_gate(struct crawl *c, struct crawl_origin *o, struct slice target, size_t source, struct crawl_gate *gate,
                               struct buf *err) MUST_CHECK;
/** The same of files that are known, about a page of another time: false, with reason and detail in ${gate}, when they close it. */
bool crawl_control_says(struct crawl *c, const struct crawl_rights *rights, struct slice target, size_t source,
                        struct crawl_gate *gate);
/** A request for the file, or, with ${from}, for ${url} where that one was redirected to. */
struct crawl_control *crawl_control_new(struct crawl_origin *o, enum hosts_file_kind kind, struct slice url,
                                        const struct crawl_control *from);
void crawl_control_free(struct crawl_control *k);
enum status crawl_control_answer(struct crawl *c, struct crawl_job *job, struct buf *err) MUST_CHECK;
void crawl_control_rights_free(struct crawl_rights *r);
struct crawl_rights *crawl_control_rights_share(struct crawl_rights *r);
void crawl_control_origin_free(struct crawl_origin *o);

/* crawl_answer.c */
enum status crawl_answer_all(struct crawl *c, struct buf *err) MUST_CHECK;
enum reason crawl_answer_reason(enum fetch_error e);

/* crawl_work.c */
enum status crawl_work_start(struct crawl *c, struct buf *err) MUST_CHECK;
void crawl_work_stop(struct crawl *c);
void crawl_work_give(struct crawl *c, struct crawl_job *job);
struct crawl_job *crawl_work_take(struct crawl *c); /* NULL: none finished */
bool crawl_work_full(const struct crawl *c);
bool crawl_work_done(struct crawl *c); /* something finished waits to be taken */
void crawl_work_job_free(struct crawl_job *job);
void crawl_work_push(struct crawl_queue *q, struct crawl_job *job);
struct crawl_job *crawl_work_pop(struct crawl_queue *q);

/* crawl_page.c: in a worker */
struct crawl_page_tools {
    unsigned number; /* of the worker */
    struct page_reader *reader;
    struct segment_packer *packer;
    struct buf plain, utf8, err;
    struct buf link, canonical; /* addresses of the header */
};
void crawl_page_read(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t);

/* crawl_links.c: in a worker */
void crawl_links_add(const struct crawl *c, struct crawl_job *job, struct slice url, enum frontier_kind kind, int64_t depth,
                     int64_t hops);
/** All that ${page} leads to; its canonical address may come from the header. */
void crawl_links_of(const struct crawl *c, struct crawl_job *job, struct page *page, struct crawl_page_tools *t);

/* crawl_revisit.c */
struct crawl_before {
    struct frontier_visit v;     /* its slices point into text */
    const char *etag, *modified; /* C strings; NULL: none that can be sent */
    char text[];
};
/** Queue what is to be looked at again; in a transaction. */
enum status crawl_revisit_begin(struct crawl *c, struct buf *err) MUST_CHECK;
/** The same once a minute, for what falls due while the campaign runs. */
enum status crawl_revisit_tick(struct crawl *c, struct buf *err) MUST_CHECK;
/** Fill job->before from the frontier, and decide whether the request is conditional. */
enum status crawl_revisit_load(struct crawl *c, struct crawl_job *job, struct buf *err) MUST_CHECK;
/** In a worker: is what ${job} gave what it was?  */
void crawl_revisit_compare(struct crawl_job *job);
/** In a worker: the WARC revisit that ${job} is, or false; ${digest} holds what *${out} points to. */
bool crawl_revisit_record(const struct crawl_job *job, struct warc_revisit *out, struct buf *digest);
/** The id of the document that is to go, now that the URL gave ${job}; or empty. */
struct slice crawl_revisit_withdraws(const struct crawl_job *job);
/** As frontier_finish(), with the visit. */
enum status crawl_revisit_finish(struct crawl *c, const struct crawl_job *job, const struct frontier_end *end,
                                 struct buf *err) MUST_CHECK;
/** A URL was refused before it was fetched: what it gave before goes, when the reason is that it is closed now. */
enum status crawl_revisit_refuse(struct crawl *c, const struct frontier_url *u, size_t source, enum reason reason,
                                 struct slice detail, struct buf *err) MUST_CHECK;
/** A sitemap says that a known URL has changed since: *${queued} when it is to be fetched again. */
enum status crawl_revisit_modified(struct crawl *c, size_t source, int64_t key, int64_t modified_ms, bool *queued,
                                   struct buf *err) MUST_CHECK;
/** Milliseconds of a W3C date ("2024", "2024-07", "2024-07-01", "2024-07-01T10:00:00+02:00"), the end of what it names; 0: none. */
int64_t crawl_revisit_date(struct slice s);
uint64_t crawl_revisit_basis(const struct crawl *c, const struct source *src);

/* crawl_recheck.c */
/** The files of ${o} are known: note what they say; where it is not what its documents were held against, begin to hold them against it. */
enum status crawl_recheck_said(struct crawl *c, struct crawl_origin *o, struct buf *err) MUST_CHECK;
/** Some more of that; in a transaction, the archive open. */
enum status crawl_recheck_work(struct crawl *c, struct buf *err) MUST_CHECK;
bool crawl_recheck_busy(const struct crawl *c);
/** Wake the hosts whose files are to be read again, though nothing else of them is due. */
enum status crawl_recheck_due(struct crawl *c, struct buf *err) MUST_CHECK;
void crawl_recheck_free(struct crawl *c);

/* crawl_result.c */
enum status crawl_result_all(struct crawl *c, struct buf *err) MUST_CHECK;

/* crawl_archive.c */
enum status crawl_archive_recover(struct crawl *c, struct buf *err) MUST_CHECK;
/** Note what was not fetched and is to be withdrawn. */
enum status crawl_archive_note(struct crawl *c, const struct frontier_capture *f, struct buf *err) MUST_CHECK;
/** Make sure that a pair is open; outside a transaction. */
enum status crawl_archive_ready(struct crawl *c, struct buf *err) MUST_CHECK;
enum status crawl_archive_append(struct crawl *c, struct crawl_job *job, struct buf *err) MUST_CHECK;
enum status crawl_archive_grow(struct crawl *c, struct buf *err) MUST_CHECK; /* before the commit */
/** Before a commit that is to outlive the machine: what it names must be on the disk first. */
enum status crawl_archive_sync(struct crawl *c, struct buf *err) MUST_CHECK;
bool crawl_archive_sync_due(const struct crawl *c);
bool crawl_archive_full(const struct crawl *c);
/** Seal the pair and enter it in the manifest; outside a transaction. */
enum status crawl_archive_seal(struct crawl *c, struct buf *err) MUST_CHECK;
void crawl_archive_close(struct crawl *c);

/* crawl_tell.c: to hooks->decided() */
void crawl_tell_refused(const struct crawl *c, const struct frontier_url *u, size_t source, enum reason reason,
                        struct slice detail);
void crawl_tell_deferred(const struct crawl *c, struct slice url, size_t source, enum reason reason, int status, int64_t due_ms);
void crawl_tell_job(const struct crawl *c, const struct crawl_job *job, enum reason reason, struct slice detail);

uint64_t crawl_dice(struct crawl *c);
/** The licence a source declares for all its pages; empty when each page states its own. */
struct slice crawl_licence(const struct source *src);

#endif
