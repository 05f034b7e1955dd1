#include "base/chunk.h"
#include "crawler/http_link.h"
#include "crawler/rights_parts.h"
#include "crawler/tag_scan.h"

/* Directives that are followed by a colon of their own, and so are no agent's name. */
static bool is_valued(struct slice name) {
    static const char *const valued[] = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"};
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++) {
        if (slice_eq_nocase(name, slice_str(valued[i]))) return true;
    }
    return false;
}

static bool is_scope(struct slice s) {
    if (slice_eq_str(s, "*")) return true;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_') return false;
    }
    return s.len > 0;
}

/* One word of a list; what is no directive of ours is passed over. */
static void directive(struct rights_list l, struct slice name, const struct rights_policy *policy, struct slice evidence) {
    static const struct {
        const char *name;
        bool indexing;
    } known[] = {{"noai", false}, {"noml", false}, {"noindex", true}, {"none", true}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!slice_eq_nocase(name, slice_str(known[i].name))) continue;
        bool kept = known[i].indexing && policy && policy->keep_noindex;
        rights_add(l, "robots-tag", known[i].name, evidence, kept ? RIGHTS_NEUTRAL : RIGHTS_RESERVED);
    }
}

/* What stands between two commas: one directive, or several that their author parted by spaces or semicolons. */
static void directives(struct rights_list l, struct slice part, const struct rights_policy *policy, struct slice evidence) {
    if (is_valued(slice_trim(slice_sub(part, 0, slice_find_char(part, ':'))))) return;
    while (part.len) {
        size_t n = 0;
        while (n < part.len && !ascii_is_space(part.ptr[n]) && part.ptr[n] != ';') n++;
        directive(l, slice_sub(part, 0, n), policy, evidence);
        part = slice_sub(part, n + 1, part.len);
    }
}

void rights_directives(struct rights_list l, struct slice value, bool scoped, struct slice agent,
                       const struct rights_policy *policy, struct slice evidence) {
    bool ours = true;
    struct slice rest = value, part;
    while (slice_cut(&rest, ',', &part)) {
        part = slice_trim(part);
        size_t colon = scoped ? slice_find_char(part, ':') : SIZE_MAX;
        struct slice scope = slice_trim(slice_sub(part, 0, colon));
        if (colon != SIZE_MAX && is_scope(scope) && !is_valued(scope)) {
            ours = slice_eq_nocase(scope, agent) || slice_eq_nocase(scope, slice_str("robots")) || slice_eq_str(scope, "*");
            part = slice_trim(slice_sub(part, colon + 1, part.len));
        }
        if (ours) directives(l, part, policy, evidence);
    }
}

static bool has_word(struct slice list, const char *word) {
    struct slice rest = list;
    while (rest.len) {
        size_t n = 0;
        while (n < rest.len && !tag_scan_space(rest.ptr[n])) n++;
        if (slice_eq_nocase(slice_sub(rest, 0, n), slice_str(word))) return true;
        rest = slice_sub(rest, n + 1, rest.len);
    }
    return false;
}

static bool is_rsl(struct slice type) {
    type = slice_trim(slice_sub(type, 0, slice_find_char(type, ';')));
    return slice_eq_nocase(type, slice_str("application/rsl+xml"));
}

/* The attributes that count of a <meta>, <link> or <script>; the first of a name holds (WHATWG HTML 13.2.5.33). */
struct attributes {
    struct slice name, property, content, http_equiv, rel, type;
};

static void keep_first(struct slice *slot, struct slice value) {
    if (!slot->ptr) *slot = value;
}

static void read_attributes(struct tag_scan *t, bool wanted, struct attributes *a) {
    struct slice name, value;
    memset(a, 0, sizeof *a);
    while (tag_scan_attribute(t, &name, &value)) {
        if (!wanted) continue;
        if (slice_eq_nocase(name, slice_str("name"))) keep_first(&a->name, value);
        if (slice_eq_nocase(name, slice_str("property"))) keep_first(&a->property, value);
        if (slice_eq_nocase(name, slice_str("content"))) keep_first(&a->content, value);
        if (slice_eq_nocase(name, slice_str("http-equiv"))) keep_first(&a->http_equiv, value);
        if (slice_eq_nocase(name, slice_str("rel"))) keep_first(&a->rel, value);
        if (slice_eq_nocase(name, slice_str("type"))) keep_first(&a->type, value);
    }
}

/* A reservation counts wherever it stands; the word that opens a page only where the protocol puts it, and where no comment of a
   reader comes. */
static void tdm_meta(struct rights_html *out, struct slice content, bool opens, struct slice evidence) {
    enum rights_tdm value = rights_tdm_value(content);
    if (value == RIGHTS_TDM_UNSET || out->tdm == RIGHTS_TDM_RESERVED || (value == RIGHTS_TDM_OPEN && !opens)) return;
    out->tdm = value;
    out->tdm_evidence = evidence;
}

static bool in_head(struct slice element) {
    static const char *const names[] = {"html", "head", "title", "meta", "link", "script", "style", "base", "noscript", "template"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (slice_eq_nocase(element, slice_str(names[i]))) return true;
    }
    return false;
}

/* "robots", our token, or a list that holds one of them. */
static bool names_us(struct slice names, struct slice agent) {
    while (names.len) {
        size_t n = 0;
        while (n < names.len && !tag_scan_space(names.ptr[n]) && names.ptr[n] != ',') n++;
        struct slice one = slice_sub(names, 0, n);
        if (one.len && (slice_eq_nocase(one, slice_str("robots")) || slice_eq_nocase(one, agent))) return true;
        names = slice_sub(names, n + 1, names.len);
    }
    return false;
}

static void read_meta(struct rights_html *out, const struct attributes *a, bool head, struct slice agent,
                      const struct rights_policy *policy, struct slice text) {
    struct rights_list l = {out->signals, &out->n};
    struct slice tdm = slice_str("tdm-reservation"), equiv = slice_trim(a->http_equiv);
    bool named = slice_eq_nocase(slice_trim(a->name), tdm);
    if (named || slice_eq_nocase(slice_trim(a->property), tdm) || slice_eq_nocase(equiv, tdm))
        tdm_meta(out, a->content, named && head, text);
    if (names_us(a->name, agent) || names_us(a->property, agent)) rights_directives(l, a->content, false, agent, policy, text);
    if (slice_eq_nocase(equiv, slice_str("x-robots-tag"))) rights_directives(l, a->content, true, agent, policy, text);
}

/* Can anything in ${rest} still count: "<meta", "<link", or a type that speaks of RSL?  A quick look, for the bodies of pages. */
static bool may_speak(struct slice rest) {
    static const struct slice parts[] = {SLICE_LIT("<meta"), SLICE_LIT("<link"), SLICE_LIT("rsl+xml")};
    for (size_t at = 0; at < rest.len; at += CHUNK) {
        chunk one = chunk_at(rest, at, 0), two = chunk_at(rest, at + 1, 0) | 0x20;
        chunk three = chunk_at(rest, at + 2 < rest.len ? at + 2 : rest.len, 0) | 0x20;
        chunk meta = (chunk)(two == 'm') & (chunk)(three == 'e'), link = (chunk)(two == 'l') & (chunk)(three == 'i');
        chunk rsl = (chunk)((one | 0x20) == 'r') & (chunk)(two == 's') & (chunk)(three == 'l');
        if (!chunk_any(((chunk)(one == '<') & (meta | link)) | rsl)) continue;
        for (size_t i = at; i < at + CHUNK && i < rest.len; i++)
            for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
                if (slice_starts_nocase(slice_sub(rest, i, rest.len), parts[k])) return true;
    }
    return false;
}

void rights_html_read(struct slice html, struct slice agent, const struct rights_policy *policy, struct rights_html *out) {
    memset(out, 0, sizeof *out);
    struct rights_list l = {out->signals, &out->n};
    struct tag_scan t = {.s = html};
    bool head = true;
    while (tag_scan_next(&t)) {
        struct attributes a;
        bool meta = slice_eq_nocase(t.name, slice_str("meta")), link = slice_eq_nocase(t.name, slice_str("link"));
        bool script = slice_eq_nocase(t.name, slice_str("script"));
        read_attributes(&t, meta || link || script, &a);
        struct slice text = tag_scan_text(&t);
        if (head && !in_head(t.name)) {
            head = false;
            if (!may_speak(slice_sub(html, t.at, html.len))) return;
        }
        if (meta) {
            read_meta(out, &a, head, agent, policy, text);
        } else if (link) {
            if (has_word(a.rel, "license") && is_rsl(a.type)) rights_add(l, "rsl", "licence to be obtained", text, RIGHTS_DOUBT);
        } else if (script && is_rsl(a.type)) {
            rights_add(l, "rsl", "licence to be obtained", text, RIGHTS_DOUBT);
        }
    }
}

static void link_value(const struct http_link *link, struct rights_list l, struct rights_links *links) {
    char spdx[LICENCE_MAX];
    if (!has_word(link->rel, "license")) return;
    if (is_rsl(link->type)) {
        rights_add(l, "rsl", "licence to be obtained", link->whole, RIGHTS_DOUBT);
    } else if (licence_from_url(link->target, spdx)) {
        links->differ |= links->licence[0] && strcmp(links->licence, spdx) != 0;
        memcpy(links->licence, spdx, sizeof spdx);
        links->evidence = link->whole;
    }
}

static bool named(const struct rights_header *h, const char *name) { return slice_eq_nocase(slice_trim(h->name), slice_str(name)); }

/*
 * All Content-Usage lines are one field (RFC 9110 5.3): a broken line breaks it whole, but a line that reserves by itself is
 * not undone by its neighbour.
 */
static void usage_headers(const struct rights_inputs *in, struct rights_list l) {
    struct buf all;
    struct slice evidence = {"", 0};
    enum rights_say say = RIGHTS_SAY_NOTHING;
    buf_init(&all, 64 * 1024);
    for (size_t i = 0; i < in->n_headers; i++) {
        if (!named(&in->headers[i], "content-usage")) continue;
        struct slice value = slice_trim(in->headers[i].value);
        if (value.len == 0) continue;
        if (all.len) buf_str(&all, ", ");
        buf_slice(&all, value);
        bool no = rights_usage(value) == RIGHTS_SAY_NO;
        if (no || evidence.len == 0) evidence = value;
        if (no) say = RIGHTS_SAY_NO;
    }
    if (evidence.len) {
        enum rights_say whole = buf_ok(&all) ? rights_usage(buf_view(&all)) : RIGHTS_SAY_BAD;
        if (say != RIGHTS_SAY_NO) say = whole;
        bool no = say == RIGHTS_SAY_NO;
        const char *value = no ? "train-ai=n" : say == RIGHTS_SAY_YES ? "train-ai=y" : "unknown";
        if (say != RIGHTS_SAY_NOTHING) rights_add(l, "aipref", value, evidence, no ? RIGHTS_RESERVED : RIGHTS_NEUTRAL);
    }
    buf_free(&all);
}

void rights_headers(const struct rights_inputs *in, struct rights_list l, enum rights_tdm *tdm, struct slice *tdm_evidence,
                    struct rights_links *links) {
    *tdm = RIGHTS_TDM_UNSET;
    memset(links, 0, sizeof *links);
    for (size_t i = 0; i < in->n_headers; i++) {
        const struct rights_header *h = &in->headers[i];
        if (named(h, "tdm-reservation")) {
            enum rights_tdm value = rights_tdm_value(h->value);
            if (value == RIGHTS_TDM_UNSET || *tdm == RIGHTS_TDM_RESERVED) continue;
            *tdm = value;
            *tdm_evidence = h->value;
        } else if (named(h, "x-robots-tag")) {
            rights_directives(l, h->value, true, in->agent, in->policy, h->value);
        } else if (named(h, "link")) {
            struct slice value = h->value;
            for (struct http_link link; http_link_next(&value, &link);) link_value(&link, l, links);
        } else if (named(h, "content-signal") && rights_content_signal(h->value) == RIGHTS_SAY_NO) {
            rights_add(l, "content-signal", "train-ai=n", h->value, RIGHTS_RESERVED);
        }
    }
    usage_headers(in, l);
}
