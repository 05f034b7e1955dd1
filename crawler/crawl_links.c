/* What a page leads to: its links, those of its header, its feeds. */
#include "crawler/crawl_internal.h"
#include "crawler/http_link.h"
#include "crawler/page_read.h"

#include <stdlib.h>

#define HEADER_LINKS 64 /* looked at of one answer */

void crawl_links_add(const struct crawl *c, struct crawl_job *job, struct slice url, enum frontier_kind kind, int64_t depth,
                     int64_t hops) {
    struct crawl_link link = {
        .at = job->strings.len, .len = url.len, .source = SIZE_MAX, .kind = kind, .depth = depth, .hops = hops};
    if (job->n_links == job->cap_links) {
        size_t cap = job->cap_links ? job->cap_links * 2 : 64;
        struct crawl_link *more = realloc(job->links, cap * sizeof *more);
        if (!more) {
            job->failure = ST_FATAL;
            return;
        }
        job->links = more;
        job->cap_links = cap;
    }
    buf_slice(&job->strings, url);
    link.refusal = scope_find(c->scope, url, &link.source);
    if (kind == FRONTIER_SITEMAP && (link.refusal == REASON_SCOPE || link.refusal == REASON_EXCLUDED)) {
        link.refusal = REASON_NONE;
        link.source = job->source;
    }
    int64_t max = link.source != SIZE_MAX ? c->taken[link.source]->max_depth : 0;
    if (link.refusal == REASON_NONE && max > 0 && depth > max) link.refusal = REASON_DEPTH;
    job->links[job->n_links++] = link;
}

/*
 * How far from a seed a link leads.  From the second step on, pages of one template are one step: the hundredth page of a numbered list is no
 * deeper than the second.  What is endless there says nothing new for long, and starves (novelty.h).
 */
static void add_page(const struct crawl *c, struct crawl_job *job, struct slice url) {
    struct url_parts p;
    bool same = job->depth >= 2 && url_split(url, &p) && novelty_keys(p.host, p.target).template == job->template;
    crawl_links_add(c, job, url, FRONTIER_PAGE, same ? job->depth : job->depth + 1, 0);
}

/* A feed counts where a source begins: every page of a blog has one of its own comments, with nothing new in it. */
static void add_feed(const struct crawl *c, struct crawl_job *job, struct slice url) {
    size_t source;
    if (job->depth == 0 && scope_find(c->scope, url, &source) == REASON_NONE) crawl_links_add(c, job, url, FRONTIER_SITEMAP, 0, 0);
}

/* X-Robots-Tag: nofollow, for all or for us by name. */
static bool header_nofollow(const struct crawl *c, struct slice head) {
    struct slice name, value;
    while (http_head_next(&head, &name, &value)) {
        if (!slice_eq_nocase(name, slice_str("x-robots-tag"))) continue;
        size_t colon = slice_find_char(value, ':');
        struct slice agent = colon == SIZE_MAX ? slice_of("", 0) : slice_trim(slice_sub(value, 0, colon));
        bool directive = slice_find_char(agent, ',') != SIZE_MAX || slice_find_char(agent, ' ') != SIZE_MAX ||
                         slice_eq_nocase(agent, slice_str("unavailable_after")) || slice_starts_nocase(agent, slice_str("max-"));
        if (agent.len && !directive && !slice_eq_nocase(agent, slice_str(c->product))) continue;
        if (page_has_token(value, "nofollow") || page_has_token(value, "none")) return true;
    }
    return false;
}

static void header_link(const struct crawl *c, struct crawl_job *job, const struct http_link *link, struct page *page, bool follow,
                        struct crawl_page_tools *t) {
    bool canonical = page_has_token(link->rel, "canonical"), alternate = page_has_token(link->rel, "alternate");
    bool next = page_has_token(link->rel, "next") || page_has_token(link->rel, "prev");
    struct buf *to = canonical && !page->canonical.len ? &t->canonical : &t->link;
    buf_clear(to);
    if (link->anchored || url_canonical(link->target, slice_str(job->url), c->opt->urls, to, NULL) != ST_OK) return;
    if (to == &t->canonical) page->canonical = buf_view(to); /* RFC 6596: the header's counts as the element's */
    if (!follow || page_has_token(link->rel, "nofollow")) return;
    if (alternate && http_link_is_feed(link->type))
        add_feed(c, job, buf_view(to));
    else if (next || (alternate && link->hreflang.len))
        add_page(c, job, buf_view(to));
}

void crawl_links_of(const struct crawl *c, struct crawl_job *job, struct page *page, struct crawl_page_tools *t) {
    struct slice rest = buf_view(&job->answer->head), name, value;
    struct http_link link;
    struct url_parts p;
    bool follow = !header_nofollow(c, rest);
    unsigned n = 0;
    if (url_split(slice_str(job->url), &p)) job->template = novelty_keys(p.host, p.target).template;
    while (http_head_next(&rest, &name, &value))
        while (slice_eq_nocase(name, slice_str("link")) && n++ < HEADER_LINKS && http_link_next(&value, &link))
            header_link(c, job, &link, page, follow && !page->robots.nofollow, t);
    if (page->canonical.len) crawl_links_add(c, job, page->canonical, FRONTIER_PAGE, job->depth, 0);
    if (page->refresh.len) crawl_links_add(c, job, page->refresh, FRONTIER_PAGE, job->depth + 1, 0);
    for (size_t i = 0; follow && i < page->n_links; i++) {
        const struct page_link *l = &page->links[i];
        if (l->nofollow) continue;
        if (l->feed)
            add_feed(c, job, l->url);
        else
            add_page(c, job, l->url);
    }
}
