/*
 * A URL that was fetched before.
 *
 * It is asked for with If-None-Match and If-Modified-Since (RFC 9110 13.1) unless what judged it is another: the source's licence, the
 * code.  Then a 304 would leave a document that nobody judged.  What comes back is compared by its payload, and by the document it gives: a
 * page whose clock ticks is another payload and the same document, which is no change.  How often a page is looked at follows Nutch's
 * adaptive schedule: the interval shrinks by a fifth when it changed and grows by two fifths when not, within the source's bounds, and
 * begins at their geometric mean.
 *
 *   same document                        nothing new: no raw record, no capture; a WARC revisit when the payload is the same
 *   another document                     a capture: the document waits for its verdict, and is as it was until then
 *   404, 410, 451, moved for good, closed or reserved now, no text any more
 *                                        the document is withdrawn with that reason
 *   5xx, 401, 403, no answer, moved for a while
 *                                        it stands, and is looked at again when the interval is over
 */
#include "crawler/crawl_internal.h"

#include "base/clock.h"
#include "base/hash.h"

#include <math.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
#define LOOK_AGAIN_MS 60000

uint64_t crawl_revisit_basis(const struct crawl *c, const struct source *src) {
    struct slice parts[] = {slice_str(src->license), slice_str(c->product), slice_str(VILLERS_VERSION)};
    uint64_t h = 0;
    for (int i = 0; i < 3; i++) h = hash64_seed(parts[i], h);
    return h;
}

/* ---- when ---- */

static void schedule(const struct source *s, const struct frontier_visit *was, bool changed, int64_t now_ms,
                     struct frontier_visit *v) {
    v->every_ms = v->next_ms = 0;
    if (s->recrawl_max_ms <= 0) return;
    int64_t every = was ? was->every_ms : 0;
    if (every <= 0)
        every = (int64_t)sqrt((double)s->recrawl_min_ms * (double)s->recrawl_max_ms);
    else
        every = changed ? every / 10 * 8 : every / 10 * 14;
    if (every < s->recrawl_min_ms) every = s->recrawl_min_ms;
    if (every > s->recrawl_max_ms) every = s->recrawl_max_ms;
    v->every_ms = every;
    v->next_ms = now_ms + every;
}

static bool any_schedule(const struct crawl *c) {
    for (size_t i = 0; i < c->n_sources; i++)
        if (c->sources[i].src->recrawl_max_ms > 0) return true;
    return false;
}

enum status crawl_revisit_begin(struct crawl *c, struct buf *err) {
    int64_t n = 0;
    enum status r = ST_OK;
    c->looked_due_ms = c->now_ms;
    if (c->opt->recrawl) {
        c->fresh_since_ms = c->now_ms;
        r = frontier_visit_all(c->frontier, &n, err);
    } else if (any_schedule(c)) {
        r = frontier_visit_due(c->frontier, c->now_ms, &n, err);
    }
    if (n) log_line(c->opt->log, LOG_INFO, "%lld URLs are looked at again", (long long)n);
    return r == ST_OK ? crawl_recheck_due(c, err) : r;
}

static enum status wake(void *ctx, int64_t host, struct slice name) { return crawl_slots_wake(ctx, host, name, NULL); }

enum status crawl_revisit_tick(struct crawl *c, struct buf *err) {
    int64_t n = 0;
    if (c->now_ms - c->looked_due_ms < LOOK_AGAIN_MS) return ST_OK;
    c->looked_due_ms = c->now_ms;
    enum status r = crawl_recheck_due(c, err);
    if (r == ST_OK && any_schedule(c)) r = frontier_visit_due(c->frontier, c->now_ms, &n, err);
    c->stats.queued += n;
    return r == ST_OK && n ? frontier_each_host(c->frontier, wake, c, err) : r;
}

enum status crawl_revisit_modified(struct crawl *c, size_t source, int64_t key, int64_t modified_ms, bool *queued,
                                   struct buf *err) {
    const struct source *s = c->sources[source].src;
    *queued = false;
    if (s->recrawl_max_ms <= 0 || !frontier_visits(c->frontier)) return ST_OK;
    return frontier_visit_modified(c->frontier, key, modified_ms, c->now_ms - s->recrawl_min_ms, queued, err);
}

/* Two digits at ${at}, or -1. */
static int two(struct slice s, size_t at) {
    if (at + 2 > s.len || !ascii_is_digit(s.ptr[at]) || !ascii_is_digit(s.ptr[at + 1])) return -1;
    return (s.ptr[at] - '0') * 10 + s.ptr[at + 1] - '0';
}

/* "Thh:mm[:ss[.f]]" and a zone, from ${at} on; the day's end when there is none of it. */
static int64_t time_of_day(struct slice s, size_t at) {
    if (at >= s.len || s.ptr[at] != 'T') return DAY_MS - 1;
    int h = two(s, at + 1), mi = two(s, at + 4);
    if (h < 0 || mi < 0) return DAY_MS - 1;
    size_t zone = at + 6;
    int64_t ms = ((int64_t)h * 60 + mi) * 60000 + 59999;
    if (zone < s.len && s.ptr[zone] == ':') {
        int sec = two(s, zone + 1);
        ms += sec >= 0 ? sec * 1000 - 59000 : 0;
        zone += 3;
    }
    while (zone < s.len && (s.ptr[zone] == '.' || ascii_is_digit(s.ptr[zone]))) zone++;
    if (zone + 3 <= s.len && (s.ptr[zone] == '+' || s.ptr[zone] == '-')) {
        int zh = two(s, zone + 1), zm = zone + 6 <= s.len ? two(s, zone + 4) : 0;
        int64_t off = ((int64_t)(zh > 0 ? zh : 0) * 60 + (zm > 0 ? zm : 0)) * 60000;
        ms += s.ptr[zone] == '+' ? -off : off;
    }
    return ms;
}

int64_t crawl_revisit_date(struct slice s) {
    s = slice_trim(s);
    int hi = two(s, 0), lo = two(s, 2), m = 12, d = 31;
    if (hi < 0 || lo < 0) return 0;
    int y = hi * 100 + lo;
    bool month = s.len >= 7 && s.ptr[4] == '-', day = month && s.len >= 10 && s.ptr[7] == '-';
    if (month) m = two(s, 5);
    if (day) d = two(s, 8);
    if (m < 1 || m > 12) return 0;
    while (!day && d > 28 && !clock_civil_valid(y, m, d)) d--;
    if (!clock_civil_valid(y, m, d)) return 0;
    return clock_from_civil(y, m, d, 0, 0, 0) + (day ? time_of_day(s, 10) : DAY_MS - 1);
}

/* ---- what is asked ---- */

/* A header value that came from the network goes back to it: no byte in it may end the line. */
static bool sendable(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f) return false;
    return s.len > 0;
}

static struct crawl_before *copy(const struct frontier_visit *v) {
    struct crawl_before *b = calloc(1, sizeof *b + v->doc_id.len + v->etag.len + v->modified.len + 3);
    if (!b) return NULL;
    b->v = *v;
    char *at = b->text;
    struct slice *all[] = {&b->v.doc_id, &b->v.etag, &b->v.modified};
    for (int i = 0; i < 3; i++) {
        memcpy(at, all[i]->ptr, all[i]->len);
        all[i]->ptr = at;
        at += all[i]->len + 1;
    }
    if (sendable(b->v.etag)) b->etag = b->v.etag.ptr;
    if (sendable(b->v.modified) && politeness_http_date(b->v.modified) >= 0) b->modified = b->v.modified.ptr;
    return b;
}

enum status crawl_revisit_load(struct crawl *c, struct crawl_job *job, struct buf *err) {
    struct frontier_visit v;
    if (!frontier_visits(c->frontier)) return ST_OK;
    enum status r = frontier_visit_get(c->frontier, job->key, &v, err);
    if (r != ST_OK) return r == ST_SKIP ? ST_OK : r;
    job->before = copy(&v);
    if (!job->before) return fail(err, ST_FATAL, "out of memory");
    bool whole = v.reason == REASON_DOCUMENT || v.reason == REASON_SITEMAP || v.reason == REASON_EMPTY;
    job->asked_if = whole && v.basis == c->sources[job->source].basis && (job->before->etag || job->before->modified);
    return ST_OK;
}

/* ---- what came ---- */

/* All that a release shows of a document, and nothing of when it was fetched or of which robots.txt held. */
static uint64_t document_hash(const struct doc *d) {
    const struct slice parts[] = {d->id,     d->url,     d->text, d->title,       d->author,           d->site,
                                  d->source, d->license, d->date, d->fetched_url, d->declared_language};
    uint64_t h = 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) h = hash64_seed(parts[i], h);
    return h;
}

void crawl_revisit_compare(struct crawl_job *job) {
    const struct crawl_before *b = job->before;
    const struct fetch_answer *a = job->answer;
    if (job->has_doc) job->text = document_hash(&job->doc);
    if (!b || job->unchanged) return;
    job->same_payload = a->error == FETCH_OK && a->status == 200 && b->v.has_digest && memcmp(job->sha, b->v.digest, 32) == 0;
    job->unchanged =
        job->reason == b->v.reason && (!job->has_doc || (job->text == b->v.text && slice_eq(job->doc.id, b->v.doc_id)));
    if (job->unchanged) job->has_doc = false;
}

bool crawl_revisit_record(const struct crawl_job *job, struct warc_revisit *out, struct buf *digest) {
    bool not_modified = job->asked_if && job->answer->status == 304;
    if (!job->before || (!not_modified && !job->same_payload)) return false;
    if (job->before->v.has_digest) {
        buf_str(digest, "sha256:");
        hash_base32(digest, job->before->v.digest, sizeof job->before->v.digest);
    }
    *out = (struct warc_revisit){not_modified, slice_str(job->url), job->before->v.fetched_ms, buf_view(digest)};
    return true;
}

/* What the URL gave before stands: nothing was learnt of the page itself. */
static bool stands(const struct crawl_job *job) {
    int status = job->answer->status;
    if (job->has_doc) return false;
    if (job->reason == REASON_STATUS) return status != 451;
    if (job->reason == REASON_REDIRECT) return status != 301 && status != 308;
    return reason_kind(job->reason) == REASON_KIND_FAILED || job->reason == REASON_REDIRECT_LIMIT || job->reason == REASON_ADDRESS;
}

struct slice crawl_revisit_withdraws(const struct crawl_job *job) {
    const struct crawl_before *b = job->before;
    bool no = !b || !b->v.doc_id.len || job->archive_only || job->unchanged || stands(job) ||
              (job->has_doc && slice_eq(job->doc.id, b->v.doc_id));
    return no ? slice_of("", 0) : b->v.doc_id;
}

static enum status keep(struct crawl *c, const struct crawl_job *job, const struct frontier_end *end, struct buf *err) {
    struct frontier_visit v = job->before->v;
    struct slice head = buf_view(&job->answer->head), etag = http_head_get(head, "etag"),
                 modified = http_head_get(head, "last-modified");
    const struct source *src = c->sources[job->source].src;
    bool answered = job->unchanged && (end->status == 200 || end->status == 304);
    if (job->unchanged)
        schedule(src, &job->before->v, false, end->now_ms, &v);
    else if (src->recrawl_max_ms > 0)
        v.next_ms = end->now_ms + v.every_ms;
    if (job->unchanged && end->status == 200) v.basis = c->sources[job->source].basis; /* judged anew, and as before */
    if (answered && etag.len) v.etag = etag;
    if (answered && modified.len) v.modified = modified;
    return frontier_visit_keep(c->frontier, job->key, end->status, end->now_ms, &v, err);
}

static enum status put(struct crawl *c, const struct crawl_job *job, const struct frontier_end *end, struct buf *err) {
    const struct crawl_source *s = &c->sources[job->source];
    struct slice head = buf_view(&job->answer->head);
    bool whole = end->reason == REASON_DOCUMENT || end->reason == REASON_SITEMAP || end->reason == REASON_EMPTY;
    struct frontier_visit v = {.reason = end->reason, .fetched_ms = job->answer->sent_ms, .basis = s->basis, .text = job->text};
    schedule(s->src, job->before ? &job->before->v : NULL, !job->unchanged, end->now_ms, &v);
    if (!job->before && !v.next_ms && end->reason != REASON_DOCUMENT && end->reason != REASON_SITEMAP) return ST_OK;
    if (whole) {
        v.has_digest = true;
        memcpy(v.digest, job->sha, sizeof v.digest);
        v.etag = http_head_get(head, "etag");
        v.modified = http_head_get(head, "last-modified");
    }
    /* the worker has found it the same: the record that is kept is another, the document is not */
    v.doc_id = job->has_doc ? job->doc.id : job->unchanged ? job->before->v.doc_id : slice_of("", 0);
    return frontier_visit_put(c->frontier, job->key, &v, err);
}

enum status crawl_revisit_finish(struct crawl *c, const struct crawl_job *job, const struct frontier_end *end, struct buf *err) {
    bool before = job->before != NULL, other_body = !job->same_payload && job->answer->status == 200;
    c->stats.unchanged += job->unchanged;
    c->stats.not_modified += job->asked_if && job->answer->status == 304;
    c->stats.withdrawn += crawl_revisit_withdraws(job).len > 0;
    if (before && (job->unchanged ? !other_body : stands(job))) return keep(c, job, end, err);
    enum status r = frontier_finish(c->frontier, job->key, end, err);
    return r == ST_OK ? put(c, job, end, err) : r;
}

/* ---- refused before it was fetched ---- */

static bool closes(enum reason r) {
    return r == REASON_ROBOTS || r == REASON_RESERVED || r == REASON_UNSURE || r == REASON_UNLICENSED || r == REASON_LICENCE ||
           r == REASON_CONFLICT;
}

static enum status note_closed(struct crawl *c, const struct frontier_url *u, size_t source, struct slice doc_id,
                               enum reason reason, struct slice detail, struct buf *err) {
    struct slice none = slice_of("", 0);
    const struct frontier_capture f = {.doc_id = doc_id,
                                       .url = u->url,
                                       .fetched_url = u->url,
                                       .source = slice_str(c->sources[source].src->id),
                                       .license = none,
                                       .digest = none,
                                       .refusal = slice_str(reason_name(reason)),
                                       .evidence = detail,
                                       .captured_ms = c->now_ms,
                                       .warc_offset = -1,
                                       .raw_offset = -1};
    c->stats.withdrawn++;
    return crawl_archive_note(c, &f, err);
}

enum status crawl_revisit_refuse(struct crawl *c, const struct frontier_url *u, size_t source, enum reason reason,
                                 struct slice detail, struct buf *err) {
    struct frontier_visit was, v = {.reason = reason, .fetched_ms = c->now_ms};
    if (source == SIZE_MAX) return ST_OK;
    const struct source *src = c->sources[source].src;
    if (!frontier_visits(c->frontier) && src->recrawl_max_ms <= 0) return ST_OK;
    enum status r = frontier_visit_get(c->frontier, u->key, &was, err);
    if (r != ST_OK && r != ST_SKIP) return r;
    bool known = r == ST_OK;
    if (closes(reason)) schedule(src, known ? &was : NULL, !known || was.reason != reason, c->now_ms, &v);
    if (!known && !v.next_ms) return ST_OK;
    r = known && was.doc_id.len && closes(reason) ? note_closed(c, u, source, was.doc_id, reason, detail, err) : ST_OK;
    if (!closes(reason)) v.doc_id = was.doc_id; /* asked out by a person, or out of the source's bounds: told elsewhere */
    return r == ST_OK ? frontier_visit_put(c->frontier, u->key, &v, err) : r;
}
