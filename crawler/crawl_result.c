/* What the workers found: into the segments and the frontier, within the turn's transaction. */
#include "crawler/crawl_internal.h"

#include <stdlib.h>

#define RESULTS_AT_ONCE 256

/* A list of another host's pages counts only when that host's robots.txt named it (sitemaps.org, cross-submission). */
static bool submitted(const struct crawl_job *job, const struct crawl_link *link, int64_t host) {
    return job->kind != FRONTIER_SITEMAP || !link->foreign || host == job->cross || host == job->host;
}

static enum status add_link(struct crawl *c, struct crawl_job *job, const struct crawl_link *link, struct buf *err) {
    struct url_parts p;
    bool made, added;
    struct slice url = slice_sub(buf_view(&job->strings), link->at, link->at + link->len);
    struct frontier_url u = {.url = url, .kind = link->kind, .depth = link->depth, .hops = link->hops, .via = job->key};
    enum reason refusal = link->refusal;
    enum status r = ST_OK;
    if (!url_split(url, &p)) return ST_OK;
    if (refusal == REASON_NONE) r = frontier_host(c->frontier, p.host, &u.host, &made, err);
    if (r != ST_OK || (refusal == REASON_NONE && !submitted(job, link, u.host))) return r;
    if (link->source != SIZE_MAX) u.source = c->sources[link->source].number;
    if (link->kind == FRONTIER_SITEMAP) u.cross = job->cross;
    r = frontier_add(c->frontier, &u, refusal, slice_of("", 0), &added, err);
    if (r == ST_OK && refusal != REASON_NONE && !u.known) crawl_tell_refused(c, &u, link->source, refusal, slice_of("", 0));
    if (r == ST_OK && !added && link->modified_ms && link->source != SIZE_MAX)
        r = crawl_revisit_modified(c, link->source, u.key, link->modified_ms, &added, err);
    if (r != ST_OK || !added) return r;
    c->stats.queued++;
    return crawl_slots_wake(c, u.host, p.host, err);
}

/* How French a host is decides its turn when many are due. */
static enum status learn(struct crawl *c, const struct crawl_job *job, struct buf *err) {
    uint64_t found;
    int64_t n;
    double share;
    if (job->french_share < 0) return ST_OK;
    struct crawl_slot *s = map64_get(&c->slots, (uint64_t)job->host, &found) ? (struct crawl_slot *)(uintptr_t)found : NULL;
    enum status r = ST_OK;
    if (s)
        n = s->documents, share = s->french;
    else
        r = frontier_french_get(c->frontier, job->host, &n, &share, err);
    if (r != ST_OK) return r;
    n++;
    share += (job->french_share - share) / (double)(n < 50 ? n : 50);
    if (s) s->documents = n, s->french = share;
    return frontier_french_put(c->frontier, job->host, n, share, err);
}

/* What its path template and its host have brought, see novelty.h. */
static void learn_novelty(struct crawl *c, const struct crawl_job *job) {
    struct url_parts p;
    if (!job->has_print || job->before || job->kind != FRONTIER_PAGE || !url_split(slice_str(job->url), &p)) return;
    struct novelty_keys keys = novelty_keys(p.host, p.target);
    novelty_learn(c->novelty, &keys, job->print);
}

static void count(struct crawl *c, const struct crawl_job *job) {
    c->stats.by_reason[job->reason]++;
    c->stats.queued--;
    if (!job->has_doc) return;
    c->stats.documents++;
    c->stats.text_bytes += (int64_t)job->doc.text.len;
    if (job->french_share >= 0) c->stats.french_bytes += (int64_t)(job->french_share * (double)job->doc.text.len);
}

/* A body that cannot be decoded was perhaps damaged on its way. */
static bool damaged(const struct crawl_job *job) { return job->reason == REASON_ENCODING && job->tries + 1 < CRAWL_MAX_TRIES; }

static enum status settle(struct crawl *c, struct crawl_job *job, struct buf *err) {
    if (damaged(job)) {
        int64_t first = c->opt->backoff_ms ? c->opt->backoff_ms : POLITENESS_BACKOFF_FIRST_MS;
        struct url_parts p;
        c->stats.retries++;
        c->stats.errors[job->reason]++;
        crawl_tell_deferred(c, slice_str(job->url), job->source, job->reason, job->answer->status,
                            c->now_ms + (first << job->tries));
        enum status again =
            frontier_retry(c->frontier, job->key, c->now_ms + (first << job->tries), job->reason, job->tries + 1, err);
        if (again != ST_OK || !url_split(slice_str(job->url), &p)) return again;
        return crawl_slots_wake(c, job->host, p.host, err);
    }
    struct frontier_end end = {.reason = job->reason,
                               .detail = buf_view(&job->detail),
                               .status = job->answer->status,
                               .now_ms = job->answer->sent_ms,
                               .bytes = (int64_t)job->answer->body.len,
                               .french_share = job->french_share};
    crawl_tell_job(c, job, job->reason, end.detail);
    enum status r = crawl_revisit_finish(c, job, &end, err);
    for (size_t i = 0; r == ST_OK && i < job->n_links; i++) r = add_link(c, job, &job->links[i], err);
    count(c, job);
    learn_novelty(c, job);
    return r == ST_OK ? learn(c, job, err) : r;
}

enum status crawl_result_all(struct crawl *c, struct buf *err) {
    for (int i = 0; i < RESULTS_AT_ONCE; i++) {
        struct crawl_job *job = crawl_work_take(c);
        if (!job) return ST_OK;
        enum status r = job->failure == ST_OK ? ST_OK : fail(err, ST_FATAL, "out of memory while reading %s", job->url);
        if (r == ST_OK) r = crawl_archive_append(c, job, err);
        if (r == ST_OK && !job->archive_only) r = settle(c, job, err);
        crawl_work_job_free(job);
        if (r != ST_OK) return r;
    }
    return ST_OK;
}
