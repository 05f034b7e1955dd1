#include "crawler/polite.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crawler/crawl.h"
#include "crawler/hosts.h"
#include "crawler/politeness.h"
#include "crawler/robots.h"
#include "crawler/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TRIES = 6, HOPS = 5, MAX_WAIT_MS = 600000, NAP_MS = 50 };

/* Tokens and dates in an address are what it asks for: nothing is taken off. */
static const char *const no_parameters[] = {""};
static const struct url_options as_is = {.strip = no_parameters, .n_strip = 0};

struct polite {
    const struct polite_options *opt;
    struct hosts *hosts;
    struct fetch_file *fetch;
    char agent[512];
    uint64_t dice;
};

static enum status open_hosts(struct polite *p, bool *newer, struct buf *err) {
    struct buf path = {.max = 8192}, name = {.max = 256};
    buf_printf(&path, "%s/frontier/hosts.sqlite", p->opt->hub);
    buf_printf(&name, "dump:%s", p->opt->source->id);
    enum status st = hosts_open(buf_cstr(&path), buf_cstr(&name), clock_wall_ms(), &p->hosts, newer, err);
    buf_free(&path);
    buf_free(&name);
    return st;
}

enum status polite_open(const struct polite_options *opt, struct polite **out, bool *newer, struct buf *err) {
    struct polite *p = calloc(1, sizeof *p);
    if (!p) return fail(err, ST_RETRY, "out of memory");
    p->opt = opt;
    p->dice = hash64(slice_str(opt->source->id)) ^ (uint64_t)clock_mono_ms();
    snprintf(p->agent, sizeof p->agent, "%s/%s (+%s)", opt->agent, VILLERS_VERSION, opt->contact);
    struct fetch_file_options f = {.user_agent = p->agent,
                                   .connect_to = opt->connect_to,
                                   .n_connect_to = opt->n_connect_to,
                                   .allow_private = opt->allow_private,
                                   .stall_ms = opt->stall_ms,
                                   .stop = opt->stop,
                                   .ctx = opt->ctx};
    enum status st = fetch_file_new(&f, &p->fetch, err);
    if (st == ST_OK) st = open_hosts(p, newer, err);
    if (st == ST_OK)
        *out = p;
    else
        polite_free(p);
    return st;
}

void polite_free(struct polite *p) {
    if (!p) return;
    hosts_free(p->hosts);
    fetch_file_free(p->fetch);
    free(p);
}

/* ---- the host's clock ---- */

static bool stopped(const struct polite *p) { return p->opt->stop && p->opt->stop(p->opt->ctx); }

static bool sleep_until(const struct polite *p, int64_t due_ms) {
    for (int64_t left; (left = due_ms - clock_wall_ms()) > 0;) {
        if (stopped(p)) return false;
        if (left > NAP_MS) left = NAP_MS;
        struct timespec nap = {0, (long)left * 1000000};
        nanosleep(&nap, NULL);
    }
    return !stopped(p);
}

struct turn {
    struct slice host;
    struct politeness_clock clock;
    struct politeness_rules rules;
};

/* Wait for the host, then claim it: in a committed transaction, before the request leaves. */
static enum status claim(struct polite *p, struct turn *t, struct buf *err) {
    int64_t longest = p->opt->max_wait_ms ? p->opt->max_wait_ms : MAX_WAIT_MS;
    for (;;) {
        enum status st = hosts_begin(p->hosts, err);
        int64_t now = clock_wall_ms();
        if (st == ST_OK) st = hosts_clock(p->hosts, t->host, now, &t->clock, err);
        if (st == ST_OK && t->clock.due_ms <= now) {
            politeness_start(&t->clock, &t->rules, now, p->dice++);
            st = hosts_claim(p->hosts, t->host, &t->clock, t->clock.due_ms - now, now, err);
            return st == ST_OK ? hosts_commit(p->hosts, err) : st;
        }
        hosts_rollback(p->hosts);
        if (st != ST_OK) return st;
        if (t->clock.due_ms - now > longest)
            return fail(err, ST_RETRY, "%.*s rests for another %lld s", SLICE_ARG(t->host),
                        (long long)((t->clock.due_ms - now) / 1000));
        if (!sleep_until(p, t->clock.due_ms)) return fail(err, ST_RETRY, "stopped");
    }
}

static enum status release(struct polite *p, struct turn *t, const struct fetch_file_answer *a, bool whole, struct buf *err) {
    bool failure = !whole || a->status == 429 || a->status >= 500;
    struct politeness_answer end = {.sent_ms = a->sent_ms,
                                    .now_ms = a->end_ms,
                                    .latency_us = a->latency_us,
                                    .retry_after_ms =
                                        politeness_retry_after(slice_str(a->retry_after), slice_str(a->date), a->end_ms),
                                    .ok = whole && (a->status == 200 || a->status == 206 || a->status == 304),
                                    .failure = failure};
    politeness_end(&t->clock, &t->rules, &end, p->dice++);
    enum status st = hosts_begin(p->hosts, err);
    if (st == ST_OK) st = hosts_release(p->hosts, t->host, &t->clock, err);
    if (st == ST_OK) return hosts_commit(p->hosts, err);
    hosts_rollback(p->hosts);
    return st;
}

/* One request when its host's turn has come. */
static enum status request(struct polite *p, const struct url_parts *u, int64_t crawl_delay_ms,
                           const struct fetch_file_request *req, struct fetch_file_answer *ans,
                           enum status (*sink)(void *ctx, struct slice bytes), void *ctx, struct buf *err) {
    struct turn t = {.host = u->host,
                     .rules = {.floor_ms = p->opt->delay_ms > 0 ? p->opt->delay_ms : p->opt->source->delay_ms,
                               .crawl_delay_ms = crawl_delay_ms,
                               .backoff_first_ms = p->opt->backoff_ms}};
    struct buf why = {.max = LIMIT_ERR};
    enum status st = claim(p, &t, err);
    if (st != ST_OK) return st;
    enum status got = fetch_file_get(p->fetch, req, ans, sink, ctx, err);
    st = release(p, &t, ans, got == ST_OK, &why);
    if (st != ST_OK && got == ST_OK) got = fail(err, st, "%s", buf_cstr(&why));
    buf_free(&why);
    return got;
}

/* ---- robots.txt and tdmrep.json ---- */

static const char *const paths[] = {[HOSTS_ROBOTS] = "/robots.txt", [HOSTS_TDMREP] = "/.well-known/tdmrep.json"};

static enum status into_body(void *ctx, struct slice bytes) {
    struct buf *b = ctx;
    size_t room = b->max > b->len ? b->max - b->len : 0;
    buf_slice(b, slice_sub(bytes, 0, room));
    return ST_OK;
}

static enum status save_file(struct polite *p, struct slice origin, enum hosts_file_kind kind, const struct hosts_file *f,
                             struct buf *err) {
    enum status st = hosts_begin(p->hosts, err);
    if (st == ST_OK) st = hosts_file_put(p->hosts, origin, kind, f, err);
    if (st == ST_OK) return hosts_commit(p->hosts, err);
    hosts_rollback(p->hosts);
    return st;
}

/* Ask for it, redirects followed on any host; ${f} says then what holds.  tdmrep.json is asked for only when robots.txt lets us. */
static enum status ask_file(struct polite *p, const struct url_parts *u, enum hosts_file_kind kind, struct hosts_file *f,
                            struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT}, body = {.max = LIMIT_ROBOTS}, next = {.max = LIMIT_URL_INPUT};
    struct fetch_file_answer ans = {.status = 0};
    enum status st = ST_OK;
    struct url_parts at;
    buf_printf(&url, "%.*s%s", SLICE_ARG(u->origin), paths[kind]);
    for (int hop = 0; hop <= HOPS && st == ST_OK; hop++) {
        buf_clear(&body);
        if (!url_split(buf_view(&url), &at)) st = ST_SKIP;
        struct fetch_file_request req = {.url = buf_cstr(&url)};
        if (st == ST_OK) st = request(p, &at, -1, &req, &ans, into_body, &body, err);
        if (st != ST_OK || !ans.location[0] || ans.status < 300 || ans.status >= 400) break;
        buf_clear(&next);
        if (url_canonical(slice_str(ans.location), slice_of("", 0), &as_is, &next, err) != ST_OK || hop == HOPS) st = ST_SKIP;
        buf_clear(&url);
        buf_slice(&url, buf_view(&next));
    }
    int64_t now = clock_wall_ms(), first = p->opt->backoff_ms ? p->opt->backoff_ms : POLITENESS_BACKOFF_FIRST_MS;
    bool answered = st == ST_OK && ans.status;
    if (answered && ans.status >= 200 && ans.status < 300)
        hosts_file_settle(f, ans.status, buf_view(&body), now);
    else if (answered && ans.status >= 400 && ans.status < 500 && ans.status != 429)
        hosts_file_settle(f, ans.status, slice_of("", 0), now);
    else
        hosts_file_fail(f, ans.status, first, now);
    bool over = st == ST_FATAL || stopped(p);
    st = over ? (st == ST_OK ? ST_RETRY : st) : save_file(p, u->origin, kind, f, err);
    buf_free(&url);
    buf_free(&body);
    buf_free(&next);
    return st;
}

static enum status have_file(struct polite *p, const struct url_parts *u, enum hosts_file_kind kind, struct hosts_file *f,
                             struct buf *err) {
    enum status st = hosts_file_get(p->hosts, u->origin, kind, f, err);
    if (st != ST_OK) return st;
    if (f->state == HOSTS_FILE_NEVER || f->next_ms <= clock_wall_ms()) st = ask_file(p, u, kind, f, err);
    if (st != ST_OK) return st;
    if (f->state == HOSTS_FILE_FOUND || f->state == HOSTS_FILE_ABSENT) return ST_OK;
    return fail(err, ST_RETRY, "%.*s%s cannot be had (HTTP %d): the host is closed until it can", SLICE_ARG(u->origin), paths[kind],
                f->status);
}

static bool reserved(const struct rights_decision *d, struct buf *err) {
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect == RIGHTS_RESERVED) {
            fail(err, ST_SKIP, "rights are reserved: %s %s: %.*s", d->signals[i].protocol, d->signals[i].value,
                 SLICE_ARG(slice_sub(d->signals[i].evidence, 0, 200)));
            return true;
        }
    return false;
}

/* May ${u} be fetched?  *${delay_ms} is its Crawl-delay. */
static enum status permitted(struct polite *p, const struct url_parts *u, int64_t *delay_ms, struct buf *err) {
    struct hosts_file robots = {.state = HOSTS_FILE_NEVER}, tdmrep = {.state = HOSTS_FILE_NEVER};
    struct robots *r = NULL;
    struct rights_host *host = NULL;
    struct rights_tdmrep *tdm = NULL;
    struct rights_decision d;
    const struct rights_policy policy = {.ignore_ai_agents = true}; /* as for a crawl: the source has an express licence */
    struct slice product = slice_str(p->opt->agent);
    *delay_ms = -1;
    enum status st = have_file(p, u, HOSTS_ROBOTS, &robots, err);
    if (st == ST_OK) st = robots_parse(buf_view(&robots.body), product, NULL, &r, err);
    if (st == ST_OK) {
        struct robots_match m = robots_match(r, u->target);
        *delay_ms = robots_delay_ms(r);
        if (!m.allowed)
            st = fail(err, ST_SKIP, "%.*s/robots.txt closes %.*s: line %u, %.*s", SLICE_ARG(u->origin), SLICE_ARG(u->target),
                      m.line, SLICE_ARG(m.rule));
    }
    if (st == ST_OK) st = rights_host_parse(buf_view(&robots.body), product, &policy, &host, err);
    if (st == ST_OK) st = have_file(p, u, HOSTS_TDMREP, &tdmrep, err);
    if (st == ST_OK && tdmrep.state == HOSTS_FILE_FOUND) st = rights_tdmrep_parse(buf_view(&tdmrep.body), &tdm, err);
    if (st == ST_OK) {
        bool per_page = strcmp(p->opt->source->license, CRAWL_LICENCE_PER_PAGE) == 0;
        struct rights_inputs in = {.target = u->target,
                                   .agent = product,
                                   .policy = &policy,
                                   .host = host,
                                   .tdmrep = tdm,
                                   .source_licence = slice_str(per_page ? "" : p->opt->source->license)};
        rights_decide(&in, &d);
        if (reserved(&d, err)) st = ST_SKIP;
    }
    robots_free(r);
    rights_host_free(host);
    rights_tdmrep_free(tdm);
    hosts_file_free(&robots);
    hosts_file_free(&tdmrep);
    return st;
}

/* ---- a request ---- */

static bool is_redirect(const struct fetch_file_answer *a) {
    return a->location[0] && (a->status == 301 || a->status == 302 || a->status == 303 || a->status == 307 || a->status == 308);
}

static bool is_failure(const struct fetch_file_answer *a) { return a->status == 429 || a->status >= 500; }

enum status polite_get(struct polite *p, struct fetch_file_request *req, struct fetch_file_answer *ans,
                       enum status (*sink)(void *ctx, struct slice bytes),
                       enum status (*again)(void *ctx, struct fetch_file_request *req), void *ctx, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT}, next = {.max = LIMIT_URL_INPUT};
    unsigned tries = p->opt->tries ? p->opt->tries : TRIES, hops = 0;
    struct url_parts u;
    int64_t delay_ms = -1;
    enum status st = url_canonical(slice_str(req->url), slice_of("", 0), &as_is, &url, err);
    while (st == ST_OK) {
        if (!url_split(buf_view(&url), &u)) st = fail(err, ST_SKIP, "%s: not an address that can be fetched", buf_cstr(&url));
        if (st == ST_OK) st = permitted(p, &u, &delay_ms, err);
        if (st == ST_OK && again) st = again(ctx, req);
        req->url = buf_cstr(&url);
        if (st != ST_OK) break;
        st = request(p, &u, delay_ms, req, ans, sink, ctx, err);
        if (st == ST_OK && is_redirect(ans)) {
            buf_clear(&next);
            st = ++hops > HOPS ? fail(err, ST_SKIP, "%s: too many redirects", req->url)
                               : url_canonical(slice_str(ans->location), slice_of("", 0), &as_is, &next, err);
            buf_clear(&url);
            buf_slice(&url, buf_view(&next));
            continue;
        }
        if (st == ST_OK && !is_failure(ans)) break;
        if (st == ST_OK || (st == ST_RETRY && !stopped(p))) {
            if (st == ST_OK) fail(err, ST_RETRY, "%s: HTTP %d", req->url, ans->status);
            st = --tries ? ST_OK : ST_RETRY;
        }
    }
    buf_free(&url);
    buf_free(&next);
    return st;
}

struct small {
    struct buf *out;
    bool large;
};

static enum status into_small(void *ctx, struct slice bytes) {
    struct small *s = ctx;
    s->large = s->large || s->out->len + bytes.len > s->out->max;
    if (s->large) return ST_SKIP;
    buf_slice(s->out, bytes);
    return ST_OK;
}

static enum status begin_small(void *ctx, struct fetch_file_request *req) {
    (void)req;
    buf_clear(((struct small *)ctx)->out);
    return ST_OK;
}

enum status polite_read(struct polite *p, const char *url, size_t max, struct buf *out, struct fetch_file_answer *ans,
                        struct buf *err) {
    struct small s = {.out = out};
    struct fetch_file_request req = {.url = url};
    out->max = max;
    enum status st = polite_get(p, &req, ans, into_small, begin_small, &s, err);
    if (s.large) return fail(err, ST_SKIP, "%s: larger than %zu bytes", url, max);
    if (st == ST_OK && ans->status != 200) return fail(err, ST_SKIP, "%s: HTTP %d", url, ans->status);
    return st;
}
