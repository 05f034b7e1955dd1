#include "crawler/crawl_internal.h"

#include "base/limits.h"

#include <stdlib.h>

enum reason crawl_answer_reason(enum fetch_error e) {
    switch (e) {
    case FETCH_OK: return REASON_NONE;
    case FETCH_CUT: return REASON_TYPE;
    case FETCH_LARGE: return REASON_LARGE;
    case FETCH_HEADERS: return REASON_HEADERS;
    case FETCH_ADDRESS: return REASON_ADDRESS;
    case FETCH_DEFERRED: return REASON_NONE;
    case FETCH_DNS: return REASON_DNS;
    case FETCH_CONNECT: return REASON_CONNECT;
    case FETCH_TLS: return REASON_TLS;
    case FETCH_TIMEOUT: return REASON_TIMEOUT;
    case FETCH_STALE:
    case FETCH_RESET:
    case FETCH_PARTIAL: return REASON_RESET;
    case FETCH_PROTOCOL: return REASON_PROTOCOL;
    }
    return REASON_PROTOCOL;
}

/* The host itself is unwell, rather than this one answer odd. */
static bool host_failure(const struct fetch_answer *a) {
    switch (a->error) {
    case FETCH_DNS:
    case FETCH_CONNECT:
    case FETCH_TLS:
    case FETCH_TIMEOUT:
    case FETCH_RESET: return true;
    default: return a->status == 429 || a->status >= 500;
    }
}

static bool unreached(enum fetch_error e) { return e == FETCH_DNS || e == FETCH_CONNECT || e == FETCH_TLS || e == FETCH_ADDRESS; }

/* Clocks first: what the host asked for is committed with this turn. */
static enum status settle_clock(struct crawl *c, struct crawl_slot *s, const struct fetch_answer *a, struct buf *err) {
    struct slice head = buf_view(&a->head), after = http_head_get(head, "retry-after");
    bool never_sent = a->error == FETCH_DEFERRED;
    struct politeness_answer p = {.sent_ms = a->sent_ms,
                                  .now_ms = a->end_ms,
                                  /* of one that was cut, the server learns when it next writes: from its end */
                                  .first_ms = a->error == FETCH_OK ? a->first_ms : a->end_ms,
                                  .latency_us = a->latency_us,
                                  .retry_after_ms =
                                      after.len ? politeness_retry_after(after, http_head_get(head, "date"), a->end_ms) : -1,
                                  .ok = a->error == FETCH_OK && (a->status == 200 || a->status == 304),
                                  .failure = host_failure(a)};
    int64_t read_ms = politeness_read_ms(&p);
    if (!never_sent) s->read_ms = read_ms;
    if (!never_sent) politeness_end(&s->clock, &s->rules, &p, crawl_dice(c));
    s->unreached = unreached(a->error) && !s->answered;
    if (a->status) s->answered = true;
    if (a->ip[0] && !never_sent) memcpy(s->ip, a->ip, sizeof s->ip);
    enum status r = crawl_dispatch_hosts_begin(c, err);
    if (r == ST_OK && s->ip[0] && !never_sent && !c->opt->n_connect_to)
        r = hosts_address_claim(c->hosts, s->ip, read_ms + s->rules.floor_ms, err);
    return r == ST_OK ? hosts_release(c->hosts, slice_str(s->name), &s->clock, err) : r;
}

static enum status again(struct crawl *c, struct crawl_job *job, enum reason reason, int64_t tries, int64_t due_ms,
                         struct buf *err) {
    c->stats.retries++;
    c->stats.errors[reason]++;
    crawl_tell_deferred(c, slice_str(job->url), job->source, reason, job->answer->status, due_ms);
    return frontier_retry(c->frontier, job->key, due_ms, reason, tries, err);
}

/* A failure of this URL: later, or given up.  True when it is settled here and the answer only wants archiving. */
static bool failed(struct crawl *c, struct crawl_job *job, enum status *r, struct buf *err) {
    const struct fetch_answer *a = job->answer;
    struct crawl_slot *s = job->slot;
    enum reason reason =
        a->error == FETCH_OK && (a->status == 429 || a->status >= 500) ? REASON_SERVER : crawl_answer_reason(a->error);
    bool lost = a->error != FETCH_OK && a->error != FETCH_CUT;
    bool for_good = a->error == FETCH_LARGE || a->error == FETCH_HEADERS || a->error == FETCH_ADDRESS;
    if (!lost && reason != REASON_SERVER) return false;
    if (!for_good) {
        int64_t first = c->opt->backoff_ms ? c->opt->backoff_ms : POLITENESS_BACKOFF_FIRST_MS;
        int64_t due = a->end_ms + (first << (job->tries < 10 ? job->tries : 10));
        bool asked = http_head_get(buf_view(&a->head), "retry-after").len > 0;
        if (host_failure(a)) due = asked || s->clock.due_ms > due ? s->clock.due_ms : due;
        /* a host that gives no connection says nothing of this URL */
        int64_t tries = unreached(a->error) ? job->tries : job->tries + 1;
        if (tries < CRAWL_MAX_TRIES) {
            *r = again(c, job, reason, tries, due, err);
            return true;
        }
    }
    struct frontier_end end = {.reason = reason,
                               .detail = slice_str(a->detail),
                               .status = a->status,
                               .now_ms = a->end_ms,
                               .bytes = (int64_t)a->body.len,
                               .french_share = -1};
    c->stats.by_reason[reason]++;
    c->stats.queued--;
    job->reason = reason;
    c->stats.errors[reason]++;
    crawl_tell_job(c, job, reason, slice_str(a->detail));
    *r = crawl_revisit_finish(c, job, &end, err);
    return true;
}

static bool whole_head(const struct fetch_answer *a) {
    struct slice head = buf_view(&a->head);
    return a->status > 0 && (slice_ends(head, slice_str("\r\n\r\n")) || slice_ends(head, slice_str("\n\n")));
}

static void end_page(struct crawl *c, struct crawl_job *job) {
    if (job->control || job->kind != FRONTIER_PAGE) return;
    struct crawl_source *src = &c->sources[job->source];
    const struct fetch_answer *a = job->answer;
    src->open--;
    c->open_pages--;
    if ((a->status == 200 || a->status == 304) && (a->error == FETCH_OK || a->error == FETCH_CUT)) {
        src->pages++;
        c->stats.pages++;
    }
    src->bytes += (int64_t)a->body.len;
}

static const char *const labels[] = {[HOSTS_ROBOTS] = "robots.txt", [HOSTS_TDMREP] = "tdmrep.json"};

static enum status take(struct crawl *c, struct crawl_job *job, struct buf *err) {
    struct fetch_answer *a = job->answer;
    struct crawl_slot *s = job->slot;
    s->busy = false;
    c->stats.bytes += (int64_t)(a->head.len + a->body.len);
    end_page(c, job);
    enum status r = settle_clock(c, s, a, err);
    if (r == ST_OK) r = crawl_slots_schedule(c, s, 0, err);
    bool unsent = a->error == FETCH_DEFERRED || (a->error == FETCH_STALE && job->tries == 0);
    if (r == ST_OK && job->control) {
        job->label = labels[job->control->kind];
        job->archive_only = true;
        r = crawl_control_answer(c, job, err);
    } else if (r == ST_OK && unsent) {
        r = frontier_requeue(c->frontier, job->key, err);
    } else if (r == ST_OK && failed(c, job, &r, err)) {
        job->label = reason_name(a->error == FETCH_OK ? REASON_SERVER : crawl_answer_reason(a->error));
        job->archive_only = true;
    }
    job->slot = NULL;
    if (r != ST_OK || unsent || !whole_head(a)) {
        crawl_work_job_free(job);
        return r;
    }
    crawl_work_give(c, job);
    return ST_OK;
}

enum status crawl_answer_all(struct crawl *c, struct buf *err) {
    struct fetch_answer *a;
    while ((a = fetch_multi_next(c->net))) {
        struct crawl_job *job = a->tag;
        job->answer = a;
        if (a->status) c->last_answer_ms = c->now_ms;
        enum status r = take(c, job, err);
        if (r != ST_OK) return r;
    }
    return ST_OK;
}
