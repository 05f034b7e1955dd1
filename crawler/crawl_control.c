#include "crawler/crawl_internal.h"

#include "base/hash.h"
#include "base/limits.h"
#include "crawler/decode.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

static const char *const paths[] = {[HOSTS_ROBOTS] = "/robots.txt", [HOSTS_TDMREP] = "/.well-known/tdmrep.json"};

/* ---- life ---- */

void crawl_control_rights_free(struct crawl_rights *r) {
    if (!r || __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    robots_free(r->robots);
    rights_host_free(r->host);
    rights_tdmrep_free(r->tdmrep);
    free(r);
}

struct crawl_rights *crawl_control_rights_share(struct crawl_rights *r) {
    if (r) __atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

void crawl_control_origin_free(struct crawl_origin *o) {
    crawl_control_rights_free(o->rights);
    hosts_file_free(&o->files[0]);
    hosts_file_free(&o->files[1]);
    free(o->name);
    free(o);
}

struct crawl_control *crawl_control_new(struct crawl_origin *o, enum hosts_file_kind kind, struct slice url,
                                        const struct crawl_control *from) {
    struct crawl_control *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->origin = o;
    k->kind = kind;
    if (from) {
        k->hops = from->hops + 1;
        memcpy(k->been, from->been, sizeof k->been);
    }
    k->url = url.len ? strndup(url.ptr, url.len) : NULL;
    if (!url.len && asprintf(&k->url, "%s%s", o->name, paths[kind]) < 0) k->url = NULL;
    if (!k->url) {
        free(k);
        return NULL;
    }
    k->been[k->hops] = hash64(slice_str(k->url));
    return k;
}

void crawl_control_free(struct crawl_control *k) {
    if (k) free(k->url);
    free(k);
}

struct crawl_origin *crawl_control_origin(struct crawl *c, struct crawl_slot *s, struct slice origin, struct buf *err) {
    (void)c;
    for (struct crawl_origin *o = s->origins; o; o = o->next)
        if (slice_eq_str(origin, o->name)) return o;
    struct crawl_origin *o = calloc(1, sizeof *o);
    if (o) o->name = strndup(origin.ptr, origin.len);
    if (!o || !o->name) {
        free(o);
        fail(err, ST_FATAL, "out of memory");
        return NULL;
    }
    o->slot = s;
    o->next = s->origins;
    s->origins = o;
    return o;
}

/* ---- what the files say ---- */

static bool settled(const struct hosts_file *f) { return f->state == HOSTS_FILE_FOUND || f->state == HOSTS_FILE_ABSENT; }

/* RFC 9309 2.3.1.4: after a reasonably long time out of reach a robots.txt may be taken as absent; it is still asked for. */
static bool given_up(const struct crawl *c, const struct hosts_file *f) {
    int64_t days = c->opt->robots_unreachable_days;
    return days > 0 && f->state == HOSTS_FILE_UNREACHABLE && c->now_ms - f->since_ms >= days * DAY_MS;
}

static bool fresh(const struct crawl *c, const struct hosts_file *f) {
    return ((settled(f) && f->fetched_ms >= c->fresh_since_ms) || given_up(c, f)) && f->next_ms > c->now_ms;
}

static enum status add_sitemaps(struct crawl *c, struct crawl_origin *o, struct buf *err) {
    size_t n;
    const struct slice *list = robots_sitemaps(o->rights->robots, &n);
    struct slice own = url_domain(slice_str(o->slot->name));
    char *base = NULL; /* an address of its own is asked for (sitemaps.org), a path is common */
    if (n && asprintf(&base, "%s/", o->name) < 0) return fail(err, ST_FATAL, "out of memory");
    enum status r = ST_OK;
    for (size_t i = 0; i < n && r == ST_OK; i++) {
        struct url_parts p;
        size_t source;
        bool made, added;
        buf_clear(&c->scratch);
        if (url_canonical(list[i], slice_str(base), c->opt->urls, &c->scratch, NULL) != ST_OK) continue;
        struct frontier_url u = {.url = buf_view(&c->scratch), .kind = FRONTIER_SITEMAP, .cross = o->slot->host};
        if (!url_split(u.url, &p)) continue;
        if (!slice_eq(url_domain(p.host), own) && scope_find(c->scope, u.url, &source) == REASON_SCOPE) continue;
        u.source = c->sources[o->source].number;
        r = frontier_host(c->frontier, p.host, &u.host, &made, err);
        if (r == ST_OK) r = frontier_add(c->frontier, &u, REASON_NONE, slice_of("", 0), &added, err);
        if (r == ST_OK && added) {
            c->stats.queued++;
            r = crawl_slots_wake(c, u.host, p.host, err);
        }
    }
    free(base);
    o->sitemaps_known = r == ST_OK;
    return r;
}

/* Of the origins of one host (http, https) the more patient one paces it. */
static int64_t longest_delay(const struct crawl_slot *s) {
    int64_t longest = -1;
    for (const struct crawl_origin *o = s->origins; o; o = o->next) {
        int64_t ms = o->rights && o->rights->robots ? robots_delay_ms(o->rights->robots) : -1;
        if (ms > longest) longest = ms;
    }
    return longest;
}

static enum status read_rights(struct crawl *c, struct crawl_origin *o, struct buf *err) {
    const struct robots_options typos = {c->opt->tolerate_robots_typos};
    struct hosts_file robots = {0}, tdmrep = {0};
    struct slice name = slice_str(o->name), product = slice_str(c->product);
    struct crawl_rights *r = calloc(1, sizeof *r);
    if (!r) return fail(err, ST_FATAL, "out of memory");
    r->refs = 1;
    enum status st = hosts_file_get(c->hosts, name, HOSTS_ROBOTS, &robots, err);
    if (st == ST_OK) st = hosts_file_get(c->hosts, name, HOSTS_TDMREP, &tdmrep, err);
    if (st == ST_OK && robots.state == HOSTS_FILE_FOUND) {
        st = robots_parse(buf_view(&robots.body), product, &typos, &r->robots, err);
        if (st == ST_OK) st = rights_host_parse(buf_view(&robots.body), product, c->opt->rights, &r->host, err);
        memcpy(r->robots_digest, robots.digest, sizeof r->robots_digest);
    }
    if (st == ST_OK && tdmrep.state == HOSTS_FILE_FOUND) {
        st = rights_tdmrep_parse(buf_view(&tdmrep.body), &r->tdmrep, err);
        memcpy(r->tdmrep_digest, tdmrep.digest, sizeof r->tdmrep_digest);
    }
    r->with_tdmrep = settled(&tdmrep);
    hosts_file_free(&robots);
    hosts_file_free(&tdmrep);
    crawl_control_rights_free(o->rights);
    o->rights = NULL;
    if (st != ST_OK ||
        !(settled(&robots) || given_up(c, &robots))) { /* another campaign has just failed to read it: unknown, not absent */
        o->files[HOSTS_ROBOTS].next_ms = 0;
        crawl_control_rights_free(r);
        return st;
    }
    o->rights = r;
    struct crawl_slot *s = o->slot;
    s->rules.crawl_delay_ms = longest_delay(s);
    int64_t due = s->read_ms + s->rules.crawl_delay_ms; /* the request that brought a Crawl-delay counts */
    if (s->read_ms && due > s->clock.due_ms) s->clock.due_ms = due;
    return r->robots && !o->sitemaps_known ? add_sitemaps(c, o, err) : ST_OK;
}

/* Read the state of a file again when it is not good any more: another campaign may have asked meanwhile. */
static enum status refresh(struct crawl *c, struct crawl_origin *o, enum hosts_file_kind kind, struct buf *err) {
    if (o->loaded && fresh(c, &o->files[kind])) return ST_OK;
    int64_t was = o->files[kind].fetched_ms;
    enum status r = hosts_file_get(c->hosts, slice_str(o->name), kind, &o->files[kind], err);
    hosts_file_free(&o->files[kind]);
    if (o->rights && o->files[kind].fetched_ms != was) { /* it has: what was read of the old one holds no more */
        crawl_control_rights_free(o->rights);
        o->rights = NULL;
        o->sitemaps_known = false;
    }
    return r;
}

/* A file that is not there, not good any more, or cannot be read: what to do about it.  True: it is good. */
static bool usable(const struct crawl *c, const struct crawl_origin *o, enum hosts_file_kind kind, struct crawl_gate *gate) {
    const struct hosts_file *f = &o->files[kind];
    if (fresh(c, f)) return true;
    gate->file = kind;
    gate->is = o->pending ? CRAWL_GATE_PENDING : CRAWL_GATE_ASK;
    if (!o->pending && f->state == HOSTS_FILE_UNREACHABLE && f->next_ms > c->now_ms) {
        gate->is = CRAWL_GATE_WAIT;
        gate->due_ms = f->next_ms;
    }
    return false;
}

static void closed(struct crawl_gate *gate, enum reason reason, struct slice detail) {
    gate->is = CRAWL_GATE_CLOSED;
    gate->reason = reason;
    gate->detail = detail;
}

/* The host's own signals against this target.  True: nothing closes it. */
static bool unreserved(struct crawl *c, const struct crawl_rights *rights, struct slice target, size_t source,
                       struct crawl_gate *gate) {
    struct rights_decision d;
    struct rights_inputs in = {.target = target,
                               .agent = slice_str(c->product),
                               .policy = c->opt->rights,
                               .host = rights->host,
                               .tdmrep = rights->tdmrep,
                               .source_licence = crawl_licence(c->sources[source].src)};
    rights_decide(&in, &d);
    if (d.verdict == RIGHTS_ALLOW) return true;
    buf_clear(&c->scratch);
    bool reserved = false, doubt = false;
    for (unsigned i = 0; i < d.n_signals; i++)
        if (d.signals[i].effect != RIGHTS_NEUTRAL) {
            reserved |= d.signals[i].effect == RIGHTS_RESERVED;
            doubt = true;
            buf_printf(&c->scratch, "%s%s %s: %.*s", c->scratch.len ? "; " : "", d.signals[i].protocol, d.signals[i].value,
                       (int)(d.signals[i].evidence.len < 200 ? d.signals[i].evidence.len : 200), d.signals[i].evidence.ptr);
        }
    if (!doubt && !in.source_licence.len) return true; /* the page itself will say its licence */
    if (!c->scratch.len) buf_str(&c->scratch, d.reason);
    closed(gate, reserved ? REASON_RESERVED : REASON_UNSURE, buf_view(&c->scratch));
    return false;
}

bool crawl_control_says(struct crawl *c, const struct crawl_rights *rights, struct slice target, size_t source,
                        struct crawl_gate *gate) {
    if (rights->robots) {
        struct robots_match m = robots_match(rights->robots, target);
        if (!m.allowed) {
            buf_clear(&c->scratch);
            buf_printf(&c->scratch, "%.*s (robots.txt line %u)", SLICE_ARG(m.rule), m.line);
            closed(gate, REASON_ROBOTS, buf_view(&c->scratch));
            return false;
        }
    }
    return unreserved(c, rights, target, source, gate);
}

enum status crawl_control_gate(struct crawl *c, struct crawl_origin *o, struct slice target, size_t source, struct crawl_gate *gate,
                               struct buf *err) {
    gate->is = CRAWL_GATE_OPEN;
    o->source = source;
    if (o->not_public) {
        closed(gate, REASON_ADDRESS, slice_str(o->slot->ip));
        return ST_OK;
    }
    enum status r = refresh(c, o, HOSTS_ROBOTS, err);
    if (r == ST_OK) r = refresh(c, o, HOSTS_TDMREP, err);
    o->loaded = true;
    if (r != ST_OK || !usable(c, o, HOSTS_ROBOTS, gate)) return r;
    if (!o->rights || (!o->rights->with_tdmrep && fresh(c, &o->files[HOSTS_TDMREP]))) r = read_rights(c, o, err);
    if (r != ST_OK) return r;
    if (!o->rights) {
        gate->is = CRAWL_GATE_WAIT;
        gate->due_ms = c->now_ms + 1000;
        return ST_OK;
    }
    if (crawl_control_says(c, o->rights, target, source, gate)) {
        /* A robots.txt that closes the file itself leaves nothing to ask. */
        bool may_ask = !o->rights->robots || robots_match(o->rights->robots, slice_str(paths[HOSTS_TDMREP])).allowed;
        if (may_ask && !usable(c, o, HOSTS_TDMREP, gate)) return ST_OK;
    }
    return c->frontier ? crawl_recheck_said(c, o, err) : ST_OK;
}

/* ---- the answers ---- */

static enum status ask_again(struct crawl *c, struct crawl_slot *s, struct crawl_control *k, struct buf *err) {
    struct crawl_control **at = &s->controls;
    while (*at) at = &(*at)->next;
    *at = k;
    k->next = NULL;
    return crawl_slots_schedule(c, s, 0, err);
}

/* The floor of a host that is asked for another's file: its own source's where it has one, else that of the source that asks. */
static void pace(const struct crawl *c, struct crawl_slot *s, struct slice url, size_t asks) {
    size_t source = SIZE_MAX;
    if (scope_find(c->scope, url, &source) == REASON_SCOPE || source == SIZE_MAX) source = asks;
    int64_t floor_ms = crawl_delay_ms(c->opt, c->sources[source].src);
    if (!s->busy || floor_ms > s->rules.floor_ms) s->rules.floor_ms = floor_ms;
}

/* The next hop of a redirect, on whatever host; false: it leads nowhere. */
static bool follow(struct crawl *c, struct crawl_job *job, enum status *result, struct buf *err) {
    struct crawl_control *k = job->control;
    struct fetch_answer *a = job->answer;
    struct url_parts p;
    int64_t host;
    bool made;
    struct slice to = http_head_get(buf_view(&a->head), "location");
    if (a->error != FETCH_OK || a->status < 300 || a->status > 399 || !to.len || k->hops >= CRAWL_ROBOTS_HOPS) return false;
    buf_clear(&c->scratch);
    if (url_canonical(to, slice_str(k->url), c->opt->urls, &c->scratch, NULL) != ST_OK || !url_split(buf_view(&c->scratch), &p))
        return false;
    for (unsigned i = 0; i <= k->hops; i++) /* a circle: nobody is asked the same twice */
        if (k->been[i] == hash64(buf_view(&c->scratch))) return false;
    *result = frontier_host(c->frontier, p.host, &host, &made, err);
    if (*result != ST_OK) return true;
    struct crawl_slot *s = crawl_slots_get(c, host, p.host, err);
    if (s) pace(c, s, buf_view(&c->scratch), k->origin->source);
    struct crawl_control *next = s ? crawl_control_new(k->origin, k->kind, buf_view(&c->scratch), k) : NULL;
    *result = next ? ask_again(c, s, next, err) : fail(err, ST_FATAL, "out of memory");
    return true;
}

/* An HTML page in the place of robots.txt, as sites in trouble give it, says nothing of their rules. */
static bool tells(const struct crawl *c, enum hosts_file_kind kind, struct slice body) {
    struct robots *r;
    if (kind != HOSTS_ROBOTS || c->opt->robots_html_is_none || robots_parse(body, slice_str(c->product), NULL, &r, NULL) != ST_OK)
        return true;
    bool readable = robots_readable(r);
    robots_free(r);
    return readable;
}

static void read_file(struct crawl *c, struct crawl_job *job, struct hosts_file *f) {
    struct fetch_answer *a = job->answer;
    int64_t first = c->opt->backoff_ms ? c->opt->backoff_ms : POLITENESS_BACKOFF_FIRST_MS;
    /* endless redirects are how the site is made, not a bad moment of it: not before tomorrow */
    if (a->error == FETCH_OK && a->status >= 300 && a->status < 400) first = POLITENESS_BACKOFF_MAX_MS;
    struct buf plain;
    buf_init(&plain, LIMIT_ROBOTS);
    bool whole = a->error == FETCH_OK || a->error == FETCH_LARGE;
    if (whole && a->status >= 200 && a->status < 300) {
        enum decode_result d = decode_body(buf_view(&a->head), buf_view(&a->body), &plain);
        bool cut = d == DECODE_TOO_LARGE || a->error == FETCH_LARGE;
        if ((d == DECODE_OK || cut) && tells(c, job->control->kind, buf_view(&plain)))
            hosts_file_settle(f, a->status, buf_view(&plain), c->now_ms);
        else
            hosts_file_fail(f, a->status, first, c->now_ms);
    } else if (whole && a->status >= 400 && a->status < 500 && a->status != 429) {
        hosts_file_settle(f, a->status, slice_of("", 0), c->now_ms);
    } else {
        hosts_file_fail(f, a->status, first, c->now_ms);
    }
    buf_free(&plain);
}

/* Out of reach, and asked for by itself: what was taken before stands, and a host with nothing else to do is not waited for. */
static enum status let_be(struct crawl *c, struct crawl_origin *o, struct buf *err) {
    struct crawl_slot *s = o->slot;
    struct frontier_url u;
    int64_t due_ms;
    o->check = false;
    enum status r = frontier_next(c->frontier, s->host, c->now_ms, false, &u, &due_ms, err);
    bool nothing = r == ST_SKIP && due_ms == INT64_MAX && !s->busy && !s->controls;
    for (const struct crawl_origin *each = s->origins; each; each = each->next) nothing = nothing && !each->pending && !each->check;
    if (r != ST_OK && r != ST_SKIP) return r;
    if (!nothing) return crawl_slots_schedule(c, s, 0, err);
    crawl_slots_forget(c, s);
    return ST_OK;
}

enum status crawl_control_answer(struct crawl *c, struct crawl_job *job, struct buf *err) {
    struct crawl_control *k = job->control;
    struct crawl_origin *o = k->origin;
    struct hosts_file *f = &o->files[k->kind];
    enum status r = ST_OK;
    if (job->answer->error == FETCH_STALE || job->answer->error == FETCH_DEFERRED) {
        job->control = NULL;
        return ask_again(c, job->slot, k, err);
    }
    if (job->answer->error == FETCH_ADDRESS && k->hops == 0) {
        o->not_public = true;
        o->pending = false;
        return crawl_slots_schedule(c, o->slot, 0, err);
    }
    if (follow(c, job, &r, err)) return r;
    r = hosts_file_get(c->hosts, slice_str(o->name), k->kind, f, err);
    if (r != ST_OK) return r;
    read_file(c, job, f);
    r = hosts_file_put(c->hosts, slice_str(o->name), k->kind, f, err);
    hosts_file_free(f);
    if (f->state == HOSTS_FILE_UNREACHABLE) {
        enum reason why = job->answer->error == FETCH_OK ? REASON_SERVER : crawl_answer_reason(job->answer->error);
        c->stats.errors[why]++;
        crawl_tell_deferred(c, slice_str(job->url), o->source, why, f->status, f->next_ms);
    }
    if (f->state == HOSTS_FILE_UNREACHABLE)
        log_line(c->opt->log, LOG_WARN, "%s%s cannot be read (status %d%s%s): the host stays closed, next try in %lld s", o->name,
                 paths[k->kind], f->status, job->answer->error == FETCH_OK ? "" : ", ",
                 reason_name(crawl_answer_reason(job->answer->error)), (long long)((f->next_ms - c->now_ms) / 1000));
    crawl_control_rights_free(o->rights);
    o->rights = NULL;
    o->pending = false;
    o->sitemaps_known = false;
    if (r == ST_OK && o->check && f->state == HOSTS_FILE_UNREACHABLE) return let_be(c, o, err);
    return r == ST_OK ? crawl_slots_schedule(c, o->slot, 0, err) : r;
}
