#include "crawler/rights.h"
#include "crawler/rights_parts.h"

void rights_add(struct rights_list l, const char *protocol, const char *value, struct slice evidence, enum rights_effect effect) {
    unsigned at = *l.n;
    if (at == RIGHTS_SIGNALS) {
        /* A full list gives up its last place to what weighs more, so that the decision never depends on the list's length. */
        if (effect <= l.signals[at - 1].effect) return;
        at--;
    } else {
        ++*l.n;
    }
    l.signals[at] =
        (struct rights_signal){.protocol = protocol, .value = value, .evidence = slice_trim(evidence), .effect = effect};
}

/* TDMRep: the file, then the header, then the page; a later one overrides an earlier unless it is unset. */
static void decide_tdm(const struct rights_inputs *in, enum rights_tdm header, struct slice header_evidence, struct rights_list l) {
    struct slice evidence;
    enum rights_tdm tdm = rights_tdmrep_match(in->tdmrep, in->target, &evidence);
    if (header != RIGHTS_TDM_UNSET) {
        tdm = header;
        evidence = header_evidence;
    }
    if (in->html && in->html->tdm != RIGHTS_TDM_UNSET) {
        tdm = in->html->tdm;
        evidence = in->html->tdm_evidence;
    }
    if (tdm == RIGHTS_TDM_RESERVED) rights_add(l, "tdmrep", "reserved", evidence, RIGHTS_RESERVED);
    if (tdm == RIGHTS_TDM_OPEN) rights_add(l, "tdmrep", "open", evidence, RIGHTS_NEUTRAL);
    if (tdm == RIGHTS_TDM_UNREADABLE) rights_add(l, "tdmrep", "unreadable", evidence, RIGHTS_DOUBT);
}

static void set_licence(struct rights_decision *out, struct slice spdx) {
    size_t n = spdx.len < sizeof out->licence ? spdx.len : 0;
    memcpy(out->licence, spdx.ptr ? spdx.ptr : "", n);
    out->licence[n] = 0;
}

/*
 * The licence that holds: the source's, narrowed by the page's (its own elements, or the Link header).  False when two of the
 * page's statements disagree.
 */
static bool decide_licence(const struct rights_inputs *in, const struct rights_links *links, struct rights_decision *out) {
    struct slice link = slice_str(links->licence), page = in->page_licence;
    bool torn = page.len == 0 && in->page_licence_evidence.len > 0;
    if (torn || links->differ || (page.len && link.len && !slice_eq(page, link))) return false;
    if (page.len == 0) page = link;
    set_licence(out, page);
    enum licence_terms of_page = licence_terms_of(out->licence);
    if (in->source_licence.len == 0) return true;
    set_licence(out, in->source_licence);
    if (page.len && of_page >= licence_terms_of(out->licence)) set_licence(out, page);
    return true;
}

static void decide(struct rights_decision *out, bool agrees) {
    enum rights_effect worst = RIGHTS_NEUTRAL;
    for (unsigned i = 0; i < out->n_signals; i++) {
        if (out->signals[i].effect > worst) worst = out->signals[i].effect;
    }
    bool open = licence_is_open(out->licence);
    out->verdict = RIGHTS_UNKNOWN;
    if (worst == RIGHTS_RESERVED) {
        out->verdict = RIGHTS_DENY;
        out->set_aside = open;
        out->reason = open ? "reserved, against an open licence" : "reserved";
    } else if (!agrees) {
        out->set_aside = true;
        out->reason = "two licences that disagree";
    } else if (worst == RIGHTS_DOUBT) {
        out->set_aside = open;
        out->reason = "a reservation that cannot be read";
    } else if (out->licence[0] == 0) {
        out->reason = "no licence";
    } else if (licence_terms_of(out->licence) == LICENCE_RESTRICTED) {
        out->verdict = RIGHTS_DENY;
        out->reason = "licence forbids commercial use or changes";
    } else if (!open) {
        out->reason = "licence not known";
    } else {
        out->verdict = RIGHTS_ALLOW;
        out->reason = "open licence";
    }
}

void rights_decide(const struct rights_inputs *in, struct rights_decision *out) {
    memset(out, 0, sizeof *out);
    struct rights_list l = {out->signals, &out->n_signals};
    struct rights_links links;
    enum rights_tdm header;
    struct slice header_evidence = {"", 0};
    if (in->host) rights_host_match(in->host, in->target, l);
    rights_headers(in, l, &header, &header_evidence, &links);
    decide_tdm(in, header, header_evidence, l);
    for (unsigned i = 0; in->html && i < in->html->n; i++) {
        const struct rights_signal *s = &in->html->signals[i];
        rights_add(l, s->protocol, s->value, s->evidence, s->effect);
    }
    decide(out, decide_licence(in, &links, out));
}

const char *rights_verdict_name(enum rights_verdict v) {
    return v == RIGHTS_ALLOW ? "allow" : v == RIGHTS_DENY ? "deny" : "unknown";
}

void rights_write(const struct rights_decision *d, struct json_out *j) {
    json_key(j, "decision");
    json_cstring(j, rights_verdict_name(d->verdict));
    json_key(j, "signals");
    json_array(j);
    for (unsigned i = 0; i < d->n_signals; i++) {
        json_object(j);
        json_kv_str(j, "protocol", slice_str(d->signals[i].protocol));
        json_kv_str(j, "value", slice_str(d->signals[i].value));
        json_kv_str(j, "evidence", d->signals[i].evidence);
        json_object_end(j);
    }
    json_array_end(j);
    json_kv_str(j, "license", slice_str(d->licence));
}
