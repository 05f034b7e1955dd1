#include "crawler/ingest_page.h"
#include "base/limits.h"
#include "crawler/charset.h"
#include "crawler/crawl.h"
#include "crawler/http_head.h"
#include "crawler/rights.h"

enum { HEADERS = 64, EVIDENCE = 400 };

static bool any_effect(const struct rights_decision *d, enum rights_effect effect) {
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect == effect) return true;
    return false;
}

static bool only_noindex(const struct rights_decision *d) {
    bool any = false;
    for (unsigned i = 0; i < d->n_signals; i++) {
        if (d->signals[i].effect == RIGHTS_NEUTRAL) continue;
        if (strcmp(d->signals[i].value, "noindex") != 0 && strcmp(d->signals[i].value, "none") != 0) return false;
        any = true;
    }
    return any;
}

static enum ingest_reason why_not(const struct rights_decision *d, const struct page *page) {
    if (only_noindex(d)) return INGEST_NOINDEX;
    if (d->set_aside) return INGEST_CONFLICT;
    if (any_effect(d, RIGHTS_RESERVED)) return INGEST_RESERVED;
    if (page && page->licence.spdx.len) return INGEST_LICENCE;
    if (page && page->licence.evidence.len) return INGEST_CONFLICT;
    return any_effect(d, RIGHTS_DOUBT) ? INGEST_UNSURE : INGEST_UNLICENSED;
}

static void evidence(struct buf *out, const struct rights_decision *d, struct slice declared, struct slice page) {
    buf_str(out, d->reason ? d->reason : "");
    if (declared.len) buf_printf(out, "; source: %.*s", SLICE_ARG(declared));
    if (page.len) buf_printf(out, "; page: %.*s", SLICE_ARG(slice_sub(page, 0, EVIDENCE)));
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect != RIGHTS_NEUTRAL)
            buf_printf(out, "; %s %s: %.*s", d->signals[i].protocol, d->signals[i].value,
                       SLICE_ARG(slice_sub(d->signals[i].evidence, 0, EVIDENCE)));
}

/* Whether the page may be taken; ${licence} is what holds. */
static enum ingest_reason judge(struct ingest_tools *t, const struct ingest_page *p, const struct page *page, struct slice html,
                                char licence[RIGHTS_LICENCE_MAX]) {
    struct rights_header headers[HEADERS];
    struct rights_html said;
    struct rights_decision d;
    struct url_parts parts;
    const char *declared = t->opt->source->license;
    struct slice rest = p->head, source = slice_str(strcmp(declared, CRAWL_LICENCE_PER_PAGE) == 0 ? "" : declared);
    /* what a source's own dump holds was put there to be taken: an exclusion from search says nothing; a WARC holds pages of all kinds */
    struct rights_policy policy = {.keep_noindex = p->head.len == 0, .ignore_ai_agents = true};
    struct rights_inputs in = {.agent = slice_str(t->opt->agent ? t->opt->agent : "villers"),
                               .policy = &policy,
                               .headers = headers,
                               .source_licence = source};
    if (p->url.len && url_split(p->url, &parts)) in.target = parts.target;
    while (in.n_headers < HEADERS && http_head_next(&rest, &headers[in.n_headers].name, &headers[in.n_headers].value))
        in.n_headers++;
    if (page) {
        rights_html_read(html, in.agent, in.policy, &said);
        in.html = &said;
        in.page_licence = page->licence.spdx;
        in.page_licence_evidence = page->licence.evidence;
    }
    rights_decide(&in, &d);
    memcpy(licence, d.licence, sizeof d.licence);
    bool other = d.verdict == RIGHTS_ALLOW && source.len && d.licence[0] && !slice_eq_str(source, d.licence);
    buf_clear(&t->err);
    if (d.verdict != RIGHTS_ALLOW || other) evidence(&t->err, &d, source, page ? page->licence.evidence : slice_of("", 0));
    if (d.verdict != RIGHTS_ALLOW) return why_not(&d, page);
    return other ? INGEST_CONFLICT : INGEST_NEW;
}

static void emit(struct ingest_tools *t, const struct ingest_page *p, const struct page *page, struct slice text,
                 enum ingest_reason reason, const char *licence) {
    buf_clear(&t->meta);
    if (page) {
        ingest_meta(t, "declared_type", page->declared_type);
        ingest_meta(t, "page_license_evidence", slice_sub(page->licence.evidence, 0, EVIDENCE));
        ingest_meta(t, "page_license_place", slice_str(page->licence.evidence.len ? page->licence.place : ""));
    }
    struct ingest_item item = {.kind = reason == INGEST_NEW ? INGEST_ITEM_DOCUMENT : INGEST_ITEM_REFUSAL,
                               .url = p->url.len || !page ? p->url : page->canonical,
                               .upstream = p->url.len ? slice_of("", 0) : p->upstream,
                               .text = text,
                               .license = slice_str(licence),
                               .html_rights = true,
                               .meta = buf_view(&t->meta),
                               .reason = reason,
                               .why = buf_view(&t->err)};
    if (page) {
        item.title = page->title;
        item.author = page->author;
        item.site = page->site;
        item.date = page->date;
        item.language = page->declared_language;
    }
    t->emit(t, &item);
}

void ingest_page(struct ingest_tools *t, const struct ingest_page *p) {
    struct charset_result charset;
    struct page page;
    char licence[RIGHTS_LICENCE_MAX];
    struct page_options opt = {
        .url = p->url, .agent = slice_str(t->opt->agent ? t->opt->agent : "villers"), .urls = t->opt->urls, .want_text = true};
    buf_clear(&t->scratch);
    buf_clear(&t->err);
    if (charset_to_utf8(p->body, p->type, p->html, &t->scratch, &charset, &t->err) != ST_OK) {
        ingest_refuse(t, INGEST_LARGE, p->url, buf_cstr(&t->err));
        return;
    }
    struct slice utf8 = buf_view(&t->scratch);
    if (!p->html) {
        enum ingest_reason r = judge(t, p, NULL, slice_of("", 0), licence);
        emit(t, p, NULL, utf8, r == INGEST_NEW && !slice_trim(utf8).len ? INGEST_EMPTY : r, licence);
    } else if (page_read(t->page, utf8, &opt, &page, &t->err) != ST_OK) {
        ingest_refuse(t, INGEST_LARGE, p->url, buf_cstr(&t->err));
    } else {
        enum ingest_reason r = judge(t, p, &page, utf8, licence);
        if (r == INGEST_NEW && !slice_trim(page.text).len) r = INGEST_EMPTY;
        emit(t, p, &page, page.text, r, licence);
    }
}
