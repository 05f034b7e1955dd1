#ifndef VILLERS_CRAWLER_PAGE_H
#define VILLERS_CRAWLER_PAGE_H
/*
 * An HTML page, read once: links for the crawler, signals for the licence and the robots, metadata and main text for the
 * corpus.  page_*.c are the only files that know libxml2's HTML parser.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "crawler/url.h"

struct page_link {
    struct slice url; /* canonical, resolved against <base> */
    bool nofollow;    /* rel=nofollow (or ugc, sponsored), or the page's meta robots says nofollow */
    bool hreflang;    /* a <link rel=alternate hreflang> */
    bool feed;        /* a <link rel=alternate> to RSS or Atom */
};

/* What <meta name=robots> and its agent-scoped forms say to our token. */
struct page_robots {
    bool noindex, nofollow, noai;
};

struct page_licence {
    struct slice spdx;     /* SPDX id, or "" when there is none or the page disagrees with itself */
    struct slice evidence; /* the URL or text that says so, verbatim */
    const char *place;     /* "meta", "json-ld", "link", "footer", "body" or ""; static */
};

struct page {
    struct slice canonical; /* rel=canonical, canonical form; "" when absent or bad */
    struct slice refresh;   /* <meta http-equiv=refresh> target, canonical; "" when absent */
    struct page_robots robots;
    const struct page_link *links; /* at most LIMIT_LINKS, in page order, no duplicates */
    size_t n_links;
    struct page_licence licence;
    struct slice title, author, site;
    struct slice date;              /* publication, YYYY-MM-DD (or with time), or "" */
    struct slice declared_language; /* <html lang>, else meta content-language, else "" ; BCP 47 as written, trimmed */
    struct slice declared_type;     /* what the page says it is (page_type.c): "ld:NewsArticle og:article", or "" */
    struct slice text;              /* main text: UTF-8, NFC, paragraphs separated by one newline */
    bool coarse;                    /* a budget ran out: coarser extraction was used */
};

struct page_options {
    struct slice url;   /* canonical URL of the page, or "" */
    struct slice agent; /* product token for agent-scoped meta robots; "" for none */
    const struct url_options *urls;
    bool want_links, want_text; /* what to compute; metadata is always read */
    int budget_ms; /* 0: default 200.  Counted in units of work, not read off a clock: the same bytes give the same page */
};

struct page_reader; /* parser state, one a worker */
struct page_reader *page_reader_new(void);
void page_reader_free(struct page_reader *r);

/**
 * page_read(r, utf8, opt, page, err):
 * Read the page whose bytes are ${utf8} (already UTF-8, see charset.h).  *${page} and all its slices live until the next
 * page_read() or page_reader_free().  Any bytes give a page; SKIP only when a cap is passed.  Not thread-safe for one ${r}.
 * O(length), within budgets of nodes, depth and time.
 */
enum status page_read(struct page_reader *r, struct slice utf8, const struct page_options *opt, struct page *page,
                      struct buf *err) MUST_CHECK;

#endif
