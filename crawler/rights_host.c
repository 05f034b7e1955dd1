/*
 * What a robots.txt reserves.  Content-Usage and Content-Signal lines are those of our group (robots.h); each may begin with a
 * path, and the longest that matches decides, the most restrictive of equals.  A License line stands for the whole host (RSL).
 */
#include "base/limits.h"
#include "crawler/rights_parts.h"
#include "crawler/robots.h"
#include <stdlib.h>

struct statement {
    const char *protocol;
    size_t pattern, pattern_len; /* in patterns; empty: every path */
    enum rights_say say;
    struct slice text; /* in robots */
};

struct agent {
    const char *name; /* static, or the policy's, which outlives the host */
    struct robots *robots;
};

struct rights_host {
    struct robots *robots; /* for our token */
    struct agent *agents;  /* those that are named */
    size_t n_agents;
    struct statement *statements;
    size_t n_statements;
    struct buf patterns;
    struct slice rsl; /* the License line, "" when there is none or it names an open licence */
};

static const char *const default_agents[] = {
    "GPTBot",
    "CCBot",
    "Google-Extended",
    "ClaudeBot",
    "anthropic-ai",
    "Claude-Web",
    "Bytespider",
    "Applebot-Extended",
    "meta-externalagent",
    "FacebookBot",
    "cohere-ai",
    "cohere-training-data-crawler",
    "AI2Bot",
    "Ai2Bot-Dolma",
    "Diffbot",
    "omgili",
    "omgilibot",
    "webzio-extended",
    "PanguBot",
    "Timpibot",
    "Kangaroo Bot",
    "Amazonbot",
    "DeepSeekBot",
    "SBIntuitionsBot",
    "GoogleOther",
    "Google-CloudVertexBot",
    "bedrockbot",
    "ICC-Crawler",
    "Cotoyogi",
    "FriendlyCrawler",
    "Friendly_Crawler",
    "VelenPublicWebCrawler",
    "ISSCyberRiskCrawler",
    "laion-huggingface-processor",
    "img2dataset",
};

const char *const *rights_default_ai_agents(size_t *n) {
    *n = sizeof default_agents / sizeof *default_agents;
    return default_agents;
}

static bool add_agent(struct rights_host *h, struct slice body, const char *name, struct buf *err) {
    struct robots *r;
    if (slice_find_nocase(body, slice_str(name)) == SIZE_MAX) return true;
    if (robots_parse(body, slice_str(name), NULL, &r, err) != ST_OK) return false;
    if (!robots_named(r)) {
        robots_free(r);
        return true;
    }
    struct agent *p = realloc(h->agents, (h->n_agents + 1) * sizeof *p);
    if (!p) {
        robots_free(r);
        return false;
    }
    h->agents = p;
    h->agents[h->n_agents++] = (struct agent){name, r};
    return true;
}

/* "[path ]value": the path, normalised, goes to h->patterns. */
static void add_statement(struct rights_host *h, const struct robots_extra *x) {
    bool usage = slice_eq_nocase(x->name, slice_str("content-usage"));
    struct slice value = x->value;
    struct statement *s = &h->statements[h->n_statements++];
    *s = (struct statement){.protocol = usage ? "aipref" : "content-signal", .pattern = h->patterns.len, .text = x->whole};
    size_t n = 0;
    while (n < value.len && !ascii_is_space(value.ptr[n])) n++;
    struct slice first = slice_sub(value, 0, n);
    bool star = first.len && first.ptr[0] == '*' && slice_find_char(first, '=') == SIZE_MAX;
    if (star || (first.len && first.ptr[0] == '/')) {
        robots_normalise(first, true, &h->patterns);
        value = slice_trim(slice_sub(value, n, value.len));
    }
    s->pattern_len = h->patterns.len - s->pattern;
    s->say = usage ? rights_usage(value) : rights_content_signal(value);
}

static bool add_statements(struct rights_host *h) {
    size_t n;
    const struct robots_extra *extras = robots_extras(h->robots, &n);
    h->statements = calloc(n ? n : 1, sizeof *h->statements);
    if (!h->statements) return false;
    char spdx[LICENCE_MAX];
    for (size_t i = 0; i < n; i++) {
        if (!slice_eq_nocase(extras[i].name, slice_str("license"))) {
            add_statement(h, &extras[i]);
        } else if (h->rsl.len == 0 && extras[i].value.len && !(licence_from_url(extras[i].value, spdx) && licence_is_open(spdx))) {
            h->rsl = extras[i].whole;
        }
    }
    return buf_ok(&h->patterns);
}

enum status rights_host_parse(struct slice robots, struct slice agent, const struct rights_policy *policy, struct rights_host **out,
                              struct buf *err) {
    struct rights_host *h = calloc(1, sizeof *h);
    if (!h) return fail(err, ST_FATAL, "no memory for a host's rights");
    buf_init(&h->patterns, 4 * LIMIT_ROBOTS);
    enum status st = robots_parse(robots, agent, NULL, &h->robots, err);
    size_t n = 0;
    const char *const *names = rights_default_ai_agents(&n);
    if (policy && policy->ai_agents) {
        names = policy->ai_agents;
        n = policy->n_ai_agents;
    }
    if (policy && policy->ignore_ai_agents) n = 0;
    if (st == ST_OK && !add_statements(h)) st = fail(err, ST_FATAL, "no memory for a host's rights");
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        if (!add_agent(h, robots, names[i], err)) st = fail(err, ST_FATAL, "no memory for a host's rights");
    }
    if (st != ST_OK) {
        rights_host_free(h);
        return st;
    }
    *out = h;
    return ST_OK;
}

void rights_host_free(struct rights_host *h) {
    if (!h) return;
    for (size_t i = 0; i < h->n_agents; i++) robots_free(h->agents[i].robots);
    free(h->agents);
    free(h->statements);
    robots_free(h->robots);
    buf_free(&h->patterns);
    free(h);
}

/* The longest path of ${protocol} that matches, and of those the most restrictive statement. */
static void match_statements(const struct rights_host *h, const char *protocol, struct slice normal, struct rights_list l) {
    const struct statement *best = NULL;
    for (size_t i = 0; i < h->n_statements; i++) {
        const struct statement *s = &h->statements[i];
        struct slice pattern = slice_sub(buf_view(&h->patterns), s->pattern, s->pattern + s->pattern_len);
        if (strcmp(s->protocol, protocol) != 0 || s->say == RIGHTS_SAY_NOTHING || !robots_pattern_matches(pattern, normal))
            continue;
        bool longer = best && s->pattern_len > best->pattern_len;
        bool stricter = best && s->pattern_len == best->pattern_len && s->say == RIGHTS_SAY_NO;
        if (!best || longer || stricter) best = s;
    }
    if (!best) return;
    bool no = best->say == RIGHTS_SAY_NO;
    const char *value = no ? "train-ai=n" : best->say == RIGHTS_SAY_YES ? "train-ai=y" : "unknown";
    rights_add(l, protocol, value, best->text, no ? RIGHTS_RESERVED : RIGHTS_NEUTRAL);
}

void rights_host_match(const struct rights_host *h, struct slice target, struct rights_list l) {
    struct robots_match ours = robots_match(h->robots, target);
    if (!ours.allowed) rights_add(l, "robots.txt", "disallowed", ours.rule, RIGHTS_RESERVED);
    struct buf normal;
    buf_init(&normal, 3 * LIMIT_URL_INPUT);
    robots_normalise(target, false, &normal);
    match_statements(h, "aipref", buf_view(&normal), l);
    match_statements(h, "content-signal", buf_view(&normal), l);
    buf_free(&normal);
    if (h->rsl.len) rights_add(l, "rsl", "licence to be obtained", h->rsl, RIGHTS_DOUBT);
    for (size_t i = 0; i < h->n_agents; i++) {
        struct robots_match m = robots_match(h->agents[i].robots, target);
        if (!m.allowed) rights_add(l, "robots.txt", h->agents[i].name, m.rule, RIGHTS_RESERVED);
    }
}
