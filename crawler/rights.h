#ifndef VILLERS_CRAWLER_RIGHTS_H
#define VILLERS_CRAWLER_RIGHTS_H
/*
 * Reservations of rights against text and data mining (Directive (EU) 2019/790 art. 4(3)), each protocol by its own rules,
 * and the licence; the most restrictive wins.
 *
 *   tdmrep     W3C TDM Reservation Protocol: /.well-known/tdmrep.json, then the tdm-reservation header, then the HTML meta;
 *              a later one overrides an earlier, anything but 0 and 1 is unset and never resets
 *   aipref     IETF AIPREF Content-Usage (RFC 9651 dictionary, train-ai=n) in robots.txt groups and as a header
 *   content-signal   Cloudflare Content Signals in robots.txt groups (ai-train=no)
 *   robots-tag X-Robots-Tag header and meta robots: noai, noml; noindex and none by policy; agent-scoped forms
 *   rsl        Really Simple Licensing: License in robots.txt, Link header or element of type application/rsl+xml
 *   robots.txt our token barred, or an AI training crawler barred by name
 *
 * Three steps: what holds for a host is parsed once (rights_tdmrep_parse, rights_host_parse), what a page says is read from its
 * HTML (rights_html_read), and rights_decide() joins them with the headers.
 */
#include "base/buf.h"
#include "base/json.h"
#include "crawler/licence.h"

/* A host's tdmrep.json. */
struct rights_tdmrep;
/**
 * rights_tdmrep_parse(body, out, err):
 * ${body} as answered with 200 at /.well-known/tdmrep.json.  Borrowed for this call.  OK with *${out} NULL when it is no
 * TDMRep file at all (an error page, another JSON).  FATAL only without memory.  At most LIMIT_TDMREP bytes are read.
 */
enum status rights_tdmrep_parse(struct slice body, struct rights_tdmrep **out, struct buf *err) MUST_CHECK;
void rights_tdmrep_free(struct rights_tdmrep *t);

enum rights_tdm { RIGHTS_TDM_UNSET, RIGHTS_TDM_OPEN, RIGHTS_TDM_RESERVED, RIGHTS_TDM_UNREADABLE };
/**
 * rights_tdmrep_match(t, target, evidence):
 * What the file says of ${target} (path and query): the first rule in sequence whose location matches, '*' and '$' as in
 * robots.txt.  *${evidence} is the rule's JSON text and lives as long as ${t}.  UNREADABLE: a file that breaks off or
 * a rule of a kind that nobody can read.  ${t} may be NULL.  Thread-safe.  O(rules × length).
 */
enum rights_tdm rights_tdmrep_match(const struct rights_tdmrep *t, struct slice target, struct slice *evidence);

/* What a host's robots.txt says beyond where a robot may go. */
struct rights_host;
struct rights_policy {
    bool keep_noindex;            /* pages marked noindex or none are taken */
    bool ignore_ai_agents;        /* AI training crawlers barred by name reserve nothing */
    const char *const *ai_agents; /* product tokens; NULL: rights_default_ai_agents() */
    size_t n_ai_agents;
};
/** rights_default_ai_agents(n): product tokens of crawlers that collect for training AI; static. */
const char *const *rights_default_ai_agents(size_t *n);
/**
 * rights_host_parse(robots, agent, policy, out, err):
 * Keep of a robots.txt what reserves rights, for product token ${agent}.  ${policy} may be NULL.  Borrows its arguments for
 * this call, but for the policy's product tokens, which must outlive *${out}.  FATAL only without memory.
 */
enum status rights_host_parse(struct slice robots, struct slice agent, const struct rights_policy *policy, struct rights_host **out,
                              struct buf *err) MUST_CHECK;
void rights_host_free(struct rights_host *h);

#define RIGHTS_LICENCE_MAX 128 /* bytes of an SPDX expression and its NUL; a longer one is not known */
#define RIGHTS_SIGNALS 24      /* signals kept of one page; past that the decision counts on, the list does not grow */

enum rights_effect {
    RIGHTS_NEUTRAL, /* unset, permitted or unreadable by its own protocol: shown, decides nothing */
    RIGHTS_DOUBT,   /* somebody meant to say something that cannot be read: never allow */
    RIGHTS_RESERVED /* reserved: deny */
};
struct rights_signal {
    const char *protocol;  /* as in the list above; static */
    const char *value;     /* "reserved", "open", "train-ai=n", "noai"…; static */
    struct slice evidence; /* the bytes that said so, borrowed from what was given */
    enum rights_effect effect;
};

/* What a page's own elements say; slices borrow the HTML. */
struct rights_html {
    struct rights_signal signals[RIGHTS_SIGNALS];
    unsigned n;
    enum rights_tdm tdm;
    struct slice tdm_evidence;
};
/**
 * rights_html_read(html, agent, policy, out):
 * Read <meta> and <link> of ${html} (UTF-8).  Comments, scripts, styles, templates and text areas are no elements.
 * O(length), no allocation.  Thread-safe.
 */
void rights_html_read(struct slice html, struct slice agent, const struct rights_policy *policy, struct rights_html *out);

struct rights_header {
    struct slice name, value;
};
struct rights_inputs {
    struct slice target;                 /* path and query of the page */
    struct slice agent;                  /* our product token */
    const struct rights_policy *policy;  /* may be NULL */
    const struct rights_host *host;      /* may be NULL: no robots.txt (4xx) */
    const struct rights_tdmrep *tdmrep;  /* may be NULL: none */
    const struct rights_header *headers; /* of the page's response, in order */
    size_t n_headers;
    const struct rights_html *html;     /* may be NULL: not HTML */
    struct slice source_licence;        /* SPDX id or expression declared by the source, or "" */
    struct slice page_licence;          /* SPDX id found on the page, or "" */
    struct slice page_licence_evidence; /* not empty with an empty page_licence: the page disagrees with itself */
};

enum rights_verdict { RIGHTS_ALLOW, RIGHTS_DENY, RIGHTS_UNKNOWN };
struct rights_decision {
    enum rights_verdict verdict;
    bool set_aside;                   /* an open licence and a reservation, or two licences: kept with both, published never */
    char licence[RIGHTS_LICENCE_MAX]; /* the SPDX id or expression that holds, or "" */
    const char *reason;               /* one static line: what decided */
    struct rights_signal signals[RIGHTS_SIGNALS];
    unsigned n_signals;
};
/**
 * rights_decide(in, out):
 * Allow only with a licence that is open and no reservation.  Slices in ${out} borrow from ${in}.  Thread-safe.
 */
void rights_decide(const struct rights_inputs *in, struct rights_decision *out);
/** rights_verdict_name(v): "allow", "deny", "unknown". */
const char *rights_verdict_name(enum rights_verdict v);
/** rights_write(d, j): the members "decision", "signals" and "license" into the open object of ${j}. */
void rights_write(const struct rights_decision *d, struct json_out *j);

#endif
