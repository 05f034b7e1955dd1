#include "crawler/crawl_dry.h"

#include "crawler/crawl_internal.h"

#include <stdlib.h>

/* The engine's own gate is asked, with a host made up for the question; nothing of it reaches a database. */
struct dry {
    struct crawl c;
    struct crawl_slot slot;
    int64_t now_ms;
    crawl_dry_fn fn;
    void *ctx;
    struct buf *err;
};

static void forget_host(struct dry *d) {
    while (d->slot.origins) {
        struct crawl_origin *next = d->slot.origins->next;
        crawl_control_origin_free(d->slot.origins);
        d->slot.origins = next;
    }
    free(d->slot.name);
    d->slot = (struct crawl_slot){0};
}

static bool meet_host(struct dry *d, struct slice name) {
    if (d->slot.name && slice_eq_str(name, d->slot.name)) return true;
    forget_host(d);
    d->slot.name = strndup(name.ptr, name.len);
    return d->slot.name != NULL;
}

/* robots.txt and the reservations of the host, as far as they are known. */
static enum status ask_gate(struct dry *d, const struct url_parts *p, size_t source, struct crawl_dry *out) {
    struct crawl_gate gate;
    if (!meet_host(d, p->host)) return fail(d->err, ST_FATAL, "out of memory");
    struct crawl_origin *o = crawl_control_origin(&d->c, &d->slot, p->origin, d->err);
    if (!o) return ST_FATAL;
    o->sitemaps_known = true; /* what they list is not asked here */
    enum status r = d->c.hosts ? crawl_control_gate(&d->c, o, p->target, source, &gate, d->err) : ST_OK;
    if (r != ST_OK || !d->c.hosts) {
        out->what = CRAWL_DRY_ASK;
        return r;
    }
    switch (gate.is) {
    case CRAWL_GATE_OPEN: out->what = CRAWL_DRY_FETCH; break;
    case CRAWL_GATE_CLOSED:
        out->what = CRAWL_DRY_REFUSE;
        out->reason = gate.reason;
        out->evidence = gate.detail;
        break;
    case CRAWL_GATE_WAIT:
        out->what = CRAWL_DRY_WAIT;
        out->due_ms = gate.due_ms;
        break;
    case CRAWL_GATE_ASK:
    case CRAWL_GATE_PENDING: out->what = CRAWL_DRY_ASK; break;
    }
    return ST_OK;
}

static enum status tell(struct dry *d, struct slice url, bool sitemap, int64_t due_ms, bool again) {
    struct crawl_dry out = {.url = url, .due_ms = due_ms, .again = again};
    struct url_parts p;
    size_t source = SIZE_MAX;
    enum reason refusal = url_split(url, &p) ? scope_find(d->c.scope, url, &source) : REASON_SCOPE;
    if (sitemap && source == SIZE_MAX) source = 0;
    if (source < d->c.n_sources) out.source = slice_str(d->c.sources[source].src->id);
    enum status r = ST_OK;
    if (refusal != REASON_NONE && !sitemap) {
        out.what = CRAWL_DRY_REFUSE;
        out.reason = refusal;
    } else if (due_ms > d->now_ms) {
        out.what = CRAWL_DRY_WAIT;
    } else {
        r = ask_gate(d, &p, source, &out);
    }
    return r == ST_OK ? d->fn(d->ctx, &out) : r;
}

static enum status on_left(void *ctx, const struct frontier_left *left) {
    return tell(ctx, left->url, left->kind == FRONTIER_SITEMAP, left->due_ms, left->again);
}

static enum status known(void *ctx, const struct frontier_row *row) {
    (void)ctx, (void)row;
    return ST_OK;
}

static enum status seeds(struct dry *d, struct frontier *f) {
    struct buf url = {0};
    enum status r = ST_OK;
    for (size_t i = 0; r == ST_OK && i < d->c.n_sources; i++)
        for (unsigned k = 0; r == ST_OK && k < d->c.sources[i].src->seeds.n; k++) {
            buf_clear(&url);
            r = url_canonical(slice_str(d->c.sources[i].src->seeds.items[k]), slice_of("", 0), d->c.opt->urls, &url, d->err);
            if (r != ST_OK) break;
            enum status there = f ? frontier_find(f, buf_view(&url), known, NULL, NULL) : ST_SKIP;
            if (there == ST_SKIP)
                r = tell(d, buf_view(&url), false, 0, false);
            else
                r = there;
        }
    buf_free(&url);
    return r;
}

static enum status take_sources(struct dry *d) {
    struct crawl *c = &d->c;
    c->sources = calloc(c->opt->n_sources + 1, sizeof *c->sources);
    c->taken = calloc(c->opt->n_sources + 1, sizeof *c->taken);
    if (!c->sources || !c->taken) return fail(d->err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < c->opt->n_sources; i++) {
        const char *why;
        if (!crawl_taken(c->opt->sources[i], &why)) continue;
        c->taken[c->n_sources] = c->opt->sources[i];
        c->sources[c->n_sources++].src = c->opt->sources[i];
    }
    return c->n_sources ? scope_new(c->taken, c->n_sources, &c->scope, d->err) : ST_OK;
}

static enum status walk(struct dry *d, bool *newer) {
    struct frontier *f = NULL;
    struct buf path = {0};
    buf_printf(&path, "%s/frontier/hosts.sqlite", d->c.opt->hub);
    enum status r = hosts_open_read(buf_cstr(&path), &d->c.hosts, newer, d->err);
    if (r == ST_SKIP) r = ST_OK; /* no campaign has run yet */
    buf_clear(&path);
    buf_printf(&path, "%s/frontier/%s.sqlite", d->c.opt->hub, d->c.opt->campaign->name);
    if (r == ST_OK) r = frontier_open_read(buf_cstr(&path), &f, newer, d->err);
    if (r == ST_SKIP) r = ST_OK;
    if (r == ST_OK) r = seeds(d, f);
    if (r == ST_OK && f) r = frontier_each_left(f, d->c.opt->recrawl, d->now_ms, on_left, d, d->err);
    frontier_free(f);
    buf_free(&path);
    return r;
}

enum status crawl_dry_run(const struct crawl_options *opt, int64_t now_ms, crawl_dry_fn fn, void *ctx, bool *newer,
                          struct buf *err) {
    struct dry d = {.now_ms = now_ms, .fn = fn, .ctx = ctx, .err = err};
    d.c.opt = opt;
    d.c.product = opt->product ? opt->product : "villers";
    d.c.now_ms = now_ms;
    enum status r = take_sources(&d);
    if (r == ST_OK && d.c.n_sources) r = walk(&d, newer);
    forget_host(&d);
    hosts_free(d.c.hosts);
    scope_free(d.c.scope);
    buf_free(&d.c.scratch);
    free(d.c.sources);
    free(d.c.taken);
    return r;
}
