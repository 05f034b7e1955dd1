#ifndef VILLERS_CRAWLER_ROBOTS_H
#define VILLERS_CRAWLER_ROBOTS_H
/*
 * robots.txt, RFC 9309: one body and one product token to a rule set.
 */
#include "base/buf.h"

struct robots;

struct robots_options {
    bool tolerate_typos; /* "dissallow", a missing colon: as Google's parser */
};

/* A line of our group, or outside any group, that RFC 9309 does not define (2.2.4). */
struct robots_extra {
    struct slice name;  /* as written */
    struct slice value; /* trimmed, without comment */
    struct slice whole; /* the line, trimmed, without comment */
    unsigned line;      /* from 1 */
    bool in_group;      /* false for a line that stands for the whole host: License, or before the first group */
    bool named, star;   /* its group names our token, names '*' */
};

/**
 * robots_parse(body, agent, opt, out, err):
 * Keep of ${body} (at most LIMIT_ROBOTS bytes, cut at a whole line) the rules that hold for product token ${agent}.
 * Borrows its arguments for this call.  *${out} is owned by the caller.  Any bytes are a robots.txt: FATAL only
 * without memory.  ${opt} may be NULL.  O(length).
 */
enum status robots_parse(struct slice body, struct slice agent, const struct robots_options *opt, struct robots **out,
                         struct buf *err) MUST_CHECK;
void robots_free(struct robots *r);

struct robots_match {
    bool allowed;
    struct slice rule; /* the line that decided, trimmed ("Disallow: /x"), or empty when none did; lives as long as the robots */
    unsigned line;     /* its number in the file from 1, or 0 */
};
/**
 * robots_normalise(s, pattern, out):
 * Append ${s} percent-normalised for comparison (RFC 9309 2.2.2): escapes of unreserved characters decoded, all others
 * upper case, octets that stand in no URI (RFC 3986 2) escaped, and after a '?' the escapes of ':', '/', '?', '@', '[' and ']'
 * decoded, which mean themselves there.  ${pattern}: '*' and a final '$' keep their meaning; without it they are escaped too.  O(length).
 */
void robots_normalise(struct slice s, bool pattern, struct buf *out);
/**
 * robots_pattern_matches(pattern, target):
 * Whether ${pattern}, with '*' and a final '$' (RFC 9309 2.2.3), matches ${target} from its first octet; both normalised.
 * Thread-safe.  Linear: pieces between '*' are found leftmost first, without going back.
 */
bool robots_pattern_matches(struct slice pattern, struct slice target);

/**
 * robots_match(r, target):
 * RFC 9309 2.2.2: the longest matching rule of our group, Allow on a tie; both sides percent-normalised.  ${target} is
 * path and query.  "/robots.txt" itself is always allowed.  Thread-safe.  O(rules × length), no backtracking blow-up.
 */
struct robots_match robots_match(const struct robots *r, struct slice target);

/** robots_delay_ms(r): Crawl-delay of our group in milliseconds, or -1.  Capped at a day. */
int64_t robots_delay_ms(const struct robots *r);
/** robots_sitemaps(r, n): the Sitemap values, at most 1,000, as written; live as long as ${r}. */
const struct slice *robots_sitemaps(const struct robots *r, size_t *n);
/** robots_extras(r, n): Content-Usage, Content-Signal and License lines that hold for us, in order; live as long as ${r}. */
const struct robots_extra *robots_extras(const struct robots *r, size_t *n);
/** robots_named(r): a group names our token; false when '*' or no group holds for us. */
bool robots_named(const struct robots *r);
/** robots_is_html(r): the body looks like an HTML page rather than a robots.txt. */
bool robots_is_html(const struct robots *r);
/** robots_readable(r): false for an HTML page without one User-agent line: what a site answers when it cannot tell its rules. */
bool robots_readable(const struct robots *r);

#endif
