#ifndef VILLERS_CRAWLER_RIGHTS_PARTS_H
#define VILLERS_CRAWLER_RIGHTS_PARTS_H
/*
 * The protocols of rights.h one by one, as rights.c joins them.
 */
#include "crawler/rights.h"

/* What a statement says of training. */
enum rights_say { RIGHTS_SAY_NOTHING, RIGHTS_SAY_YES, RIGHTS_SAY_NO, RIGHTS_SAY_BAD };

/**
 * rights_usage(value):
 * A Content-Usage value: a dictionary of RFC 9651 3.2.  train-ai, train-genai (and tdm of early drafts) say it; bots, all
 * automated use, says it where they are silent.  BAD when it does not parse or the value is no token y or n.  O(length).
 */
enum rights_say rights_usage(struct slice value);
/** rights_content_signal(value): "search=yes, ai-train=no" and its other spellings (train-ai, ai; n); loosely parsed: parted by commas,
    semicolons or spaces. */
enum rights_say rights_content_signal(struct slice value);

/* A list of signals that is being filled. */
struct rights_list {
    struct rights_signal *signals;
    unsigned *n;
};
void rights_add(struct rights_list l, const char *protocol, const char *value, struct slice evidence, enum rights_effect effect);

/**
 * rights_directives(l, value, scoped, agent, policy, evidence):
 * The directives of X-Robots-Tag or meta robots in ${value}; ${scoped}: "agent: directive" forms count only for ${agent}.
 */
void rights_directives(struct rights_list l, struct slice value, bool scoped, struct slice agent,
                       const struct rights_policy *policy, struct slice evidence);
/**
 * rights_tdm_value(value):
 * "1" or "0", trimmed; anything else is unset.  Of several, joined by commas as a proxy joins header lines (RFC 9110 5.3), the
 * one that reserves.
 */
enum rights_tdm rights_tdm_value(struct slice value);

/** rights_host_match(h, target, l): what a host's robots.txt reserves of ${target}. */
void rights_host_match(const struct rights_host *h, struct slice target, struct rights_list l);

struct rights_links {
    char licence[LICENCE_MAX]; /* of rel=license, "" when none is known or two differ */
    struct slice evidence;
    bool differ;
};
/** rights_headers(in, l, tdm, tdm_evidence, links): what the response's headers say. */
void rights_headers(const struct rights_inputs *in, struct rights_list l, enum rights_tdm *tdm, struct slice *tdm_evidence,
                    struct rights_links *links);

#endif
