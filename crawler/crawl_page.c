/* A page in a worker's hands: decode, read, judge, pack.  Nothing here touches a database or the network. */
#include "crawler/crawl_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/charset.h"
#include "crawler/decode.h"
#include "crawler/sitemap.h"

#include <stdlib.h>

#define ABSENT_TITLE 256 /* bytes of a soft 404's title, words of its text, at most */
#define ABSENT_WORDS 80
#define LINK_BYTES 64    /* of a usual address */
#define SHARE_SAMPLE 512 /* of 5,915 pages in forty languages, five are taken for another kind than by 2,048 */
#define EVIDENCE_MAX 400 /* bytes of one signal's evidence in the WARC's metadata record */

static void reject(struct crawl_job *job, enum reason reason, struct slice detail) {
    job->reason = reason;
    buf_clear(&job->detail);
    buf_slice(&job->detail, detail);
}

/* ---- sitemaps ---- */

struct sitemap_walk {
    const struct crawl *c;
    struct crawl_job *job;
};

static enum status on_entry(void *ctx, const struct sitemap_entry *e) {
    struct sitemap_walk *w = ctx;
    struct url_parts p;
    /* sitemaps.org: other hosts' pages only where their robots.txt names the list; the frontier knows that host by number */
    if (!url_split(e->url, &p)) return ST_OK;
    size_t before = w->job->n_links;
    if (e->is_sitemap)
        crawl_links_add(w->c, w->job, e->url, FRONTIER_SITEMAP, 0, w->job->hops + 1);
    else
        crawl_links_add(w->c, w->job, e->url, FRONTIER_PAGE, 1, 0);
    if (w->job->n_links > before) {
        w->job->links[before].foreign = !e->same_host;
        w->job->links[before].modified_ms = crawl_revisit_date(e->lastmod);
    }
    return buf_ok(&w->job->strings) ? ST_OK : ST_RETRY;
}

static void read_sitemap(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t, struct slice body) {
    struct sitemap_walk w = {c, job};
    struct sitemap_stats stats;
    const struct sitemap_options opt = {.urls = c->opt->urls};
    job->strings.max = LIMIT_TEXT;
    if (job->hops > CRAWL_MAX_HOPS) {
        reject(job, REASON_REDIRECT_LIMIT, slice_of("", 0));
        return;
    }
    enum status r = sitemap_parse(body, slice_str(job->url), &opt, on_entry, &w, &stats, &t->err);
    if (r == ST_OK || (r == ST_RETRY && job->n_links))
        job->reason = REASON_SITEMAP;
    else
        reject(job, REASON_PAGE, buf_view(&t->err));
}

/* ---- rights ---- */

static void list_signals(struct buf *out, const struct rights_decision *d, struct slice source_licence,
                         struct slice page_evidence) {
    buf_str(out, d->reason ? d->reason : "");
    if (source_licence.len) buf_printf(out, "; source: %.*s", SLICE_ARG(source_licence));
    if (page_evidence.len) buf_printf(out, "; page: %.*s", SLICE_ARG(slice_sub(page_evidence, 0, EVIDENCE_MAX)));
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect != RIGHTS_NEUTRAL)
            buf_printf(out, "; %s %s: %.*s", d->signals[i].protocol, d->signals[i].value,
                       SLICE_ARG(slice_sub(d->signals[i].evidence, 0, EVIDENCE_MAX)));
}

static bool only_noindex(const struct rights_decision *d) {
    bool any = false;
    for (unsigned i = 0; i < d->n_signals; i++) {
        if (d->signals[i].effect == RIGHTS_NEUTRAL) continue;
        const char *v = d->signals[i].value;
        if (strcmp(v, "noindex") != 0 && strcmp(v, "none") != 0) return false;
        any = true;
    }
    return any;
}

static bool any_reserved(const struct rights_decision *d) {
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect == RIGHTS_RESERVED) return true;
    return false;
}

static enum reason why_not(const struct rights_decision *d, const struct page *page) {
    if (only_noindex(d)) return REASON_NOINDEX;
    if (d->set_aside) return REASON_CONFLICT;
    if (any_reserved(d)) return REASON_RESERVED;
    if (page && page->licence.spdx.len) return REASON_LICENCE;
    if (page && page->licence.evidence.len) return REASON_CONFLICT;
    for (unsigned i = 0; i < d->n_signals; i++)
        if (d->signals[i].effect == RIGHTS_DOUBT) return REASON_UNSURE;
    return REASON_UNLICENSED;
}

/* The page's own licence may only narrow the source's: another one is set aside with both. */
static void judge(const struct crawl *c, struct crawl_job *job, const struct page *page, struct slice html) {
    struct rights_header headers[64];
    struct rights_html said;
    struct rights_decision d;
    struct slice rest = buf_view(&job->answer->head), source_licence = crawl_licence(c->taken[job->source]);
    struct rights_inputs in = {.agent = slice_str(c->product),
                               .policy = c->opt->rights,
                               .host = job->rights ? job->rights->host : NULL,
                               .tdmrep = job->rights ? job->rights->tdmrep : NULL,
                               .headers = headers,
                               .source_licence = source_licence};
    struct url_parts p;
    if (url_split(slice_str(job->url), &p)) in.target = p.target;
    while (in.n_headers < 64 && http_head_next(&rest, &headers[in.n_headers].name, &headers[in.n_headers].value)) in.n_headers++;
    if (page) {
        rights_html_read(html, in.agent, in.policy, &said);
        in.html = &said;
        in.page_licence = page->licence.spdx;
        in.page_licence_evidence = page->licence.evidence;
    }
    rights_decide(&in, &d);
    bool other = d.verdict == RIGHTS_ALLOW && source_licence.len && d.licence[0] && !slice_eq_str(source_licence, d.licence);
    memcpy(job->licence, d.licence, sizeof job->licence);
    if (d.verdict == RIGHTS_ALLOW && !other) return;
    job->reason = other ? REASON_CONFLICT : why_not(&d, page);
    buf_clear(&job->detail);
    list_signals(&job->detail, &d, source_licence, page ? page->licence.evidence : slice_of("", 0));
}

/* ---- documents ---- */

static struct slice keep(struct crawl_job *job, struct slice s) {
    size_t at = job->strings.len;
    buf_slice(&job->strings, s);
    return slice_of((const char *)(uintptr_t)at, s.len); /* an offset until fix() */
}

static void fix(const struct crawl_job *job, struct slice *s) {
    *s = buf_ok(&job->strings) ? slice_of(buf_cstr(&job->strings) + (size_t)(uintptr_t)s->ptr, s->len) : slice_of("", 0);
}

/* Nothing here may depend on the order or the time of fetching: it goes into releases. */
static void metadata(struct crawl_job *job, const struct page *page, struct buf *out) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    if (page->licence.evidence.len) {
        json_kv_str(&j, "license_evidence", slice_sub(page->licence.evidence, 0, EVIDENCE_MAX));
        json_kv_str(&j, "license_place", slice_str(page->licence.place));
    }
    if (job->rights && job->rights->robots_digest[0]) json_kv_str(&j, "robots_sha256", slice_str(job->rights->robots_digest));
    if (job->rights && job->rights->tdmrep_digest[0]) json_kv_str(&j, "tdmrep_sha256", slice_str(job->rights->tdmrep_digest));
    if (page->declared_type.len) json_kv_str(&j, "declared_type", page->declared_type);
    if (page->coarse) json_kv_bool(&j, "coarse", true);
    json_object_end(&j);
}

static struct slice document_url(const struct crawl *c, const struct crawl_job *job, const struct page *page) {
    size_t source;
    bool ours = page->canonical.len && scope_find(c->scope, page->canonical, &source) == REASON_NONE && source == job->source;
    return ours ? page->canonical : slice_str(job->url);
}

/* What a page's French share is estimated from while crawling: whole words of its beginning.  Refining reads all of it. */
static struct slice sample(struct slice text) {
    size_t end = SHARE_SAMPLE;
    if (text.len <= end) return text;
    while (end > 0 && (unsigned char)text.ptr[end] > ' ') end--;
    return slice_sub(text, 0, end ? end : utf8_valid_prefix(slice_sub(text, 0, SHARE_SAMPLE)));
}

/* A day that has not come where the page was written (a day is let pass for the time zone) was not its publication's. */
static bool from_the_future(struct slice date, int64_t fetched_ms) {
    char limit[ISO8601_LEN];
    clock_iso8601(fetched_ms + INT64_C(86400000), limit);
    return slice_cmp(slice_sub(date, 0, date.len < 10 ? date.len : 10), slice_of(limit, 10)) > 0;
}

static void make_document(const struct crawl *c, struct crawl_job *job, const struct page *page, struct crawl_page_tools *t) {
    const struct source *src = c->taken[job->source];
    struct doc *d = &job->doc;
    char id[DOC_ID_LEN], when[ISO8601_LEN];
    struct slice url = document_url(c, job, page);
    doc_id(slice_str(src->id), url, id);
    clock_iso8601(job->answer->sent_ms, when);
    if (c->hooks && c->hooks->french_share)
        job->french_share = c->hooks->french_share(c->hooks->ctx, t->number, sample(page->text));
    buf_clear(&t->plain);
    metadata(job, page, &t->plain);
    struct slice digest = d->digest, date = page->date;
    if (from_the_future(date, job->answer->sent_ms)) date = slice_of("", 0);
    *d = (struct doc){.id = keep(job, slice_str(id)),
                      .text = keep(job, page->text),
                      .url = keep(job, url),
                      .title = keep(job, page->title),
                      .author = keep(job, page->author),
                      .site = keep(job, page->site),
                      .source = keep(job, slice_str(src->id)),
                      .license = keep(job, slice_str(job->licence)),
                      .date = keep(job, date),
                      .crawl_date = keep(job, slice_str(when)),
                      .campaign = keep(job, slice_str(c->opt->campaign->name)),
                      .declared_language = keep(job, page->declared_language),
                      .fetched_url = keep(job, slice_str(job->url)),
                      .digest = digest,
                      .metadata = keep(job, buf_view(&t->plain)),
                      .bytes = (int64_t)job->answer->body.len};
    job->has_doc = true;
    job->reason = REASON_DOCUMENT;
}

static void fix_document(struct crawl_job *job) {
    struct doc *d = &job->doc;
    struct slice *all[] = {&d->id,          &d->text,    &d->url,     &d->title,    &d->author,     &d->site,
                           &d->source,      &d->license, &d->date,    &d->campaign, &d->crawl_date, &d->declared_language,
                           &d->fetched_url, &d->digest,  &d->metadata};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) fix(job, all[i]);
}

/*
 * A soft 404: 200, and a page whose title says that there is none.  Short, because an article about such pages is not one of them.
 */
static bool says_absent(const struct page *page) {
    static const char *const words[] = {"page introuvable",
                                        "introuvable -",
                                        "page non trouv",
                                        "page inexistante",
                                        "page not found",
                                        "erreur 404",
                                        "error 404",
                                        "404 not found",
                                        "404 -",
                                        "contenu introuvable",
                                        "document introuvable",
                                        "page n'existe pas",
                                        ("page n\xe2\x80\x99"
                                         "existe pas"),
                                        "page n'existe plus"};
    struct slice title = slice_trim(page->title);
    size_t n = 0;
    for (size_t i = 0; i < page->text.len; i++) n += ascii_is_space(page->text.ptr[i]);
    if (n > ABSENT_WORDS || title.len > ABSENT_TITLE) return false;
    bool found = slice_eq_str(title, "404") || slice_eq_nocase(title, slice_str("introuvable")) ||
                 slice_eq_nocase(title, slice_str("not found"));
    for (size_t i = 0; i < sizeof words / sizeof *words && !found; i++)
        found = slice_find_nocase(title, slice_str(words[i])) != SIZE_MAX;
    return found;
}

/* A body that ends inside a tag: as HTML's tokenizer has it (eof-in-tag), that tag is none.  Half an address would be asked for. */
static struct slice whole_tags(struct slice html) {
    const char *last = memrchr(html.ptr, '>', html.len);
    size_t from = last ? (size_t)(last - html.ptr) + 1 : 0;
    const char *open = memchr(html.ptr + from, '<', html.len - from), *end = html.ptr + html.len;
    bool tag = open && open + 1 < end && (ascii_is_alpha(open[1]) || open[1] == '/' || open[1] == '!');
    return tag ? slice_sub(html, 0, (size_t)(open - html.ptr)) : html;
}

static void read_html(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    struct page page;
    struct page_options opt = {
        .url = slice_str(job->url), .agent = slice_str(c->product), .urls = c->opt->urls, .want_links = true, .want_text = true};
    struct slice html = whole_tags(buf_view(&t->utf8));
    if (page_read(t->reader, html, &opt, &page, &t->err) != ST_OK) {
        reject(job, REASON_PAGE, buf_view(&t->err));
        return;
    }
    (void)buf_reserve(&job->strings, page.text.len + page.n_links * LINK_BYTES); /* once, for most of what it will hold */
    crawl_links_of(c, job, &page, t);
    job->print = novelty_print(page.text);
    job->has_print = true;
    judge(c, job, &page, html);
    if (job->reason == REASON_NONE && says_absent(&page)) reject(job, REASON_ABSENT, page.title);
    if (job->reason == REASON_NONE && !slice_trim(page.text).len) job->reason = REASON_EMPTY;
    if (job->reason == REASON_NONE) make_document(c, job, &page, t);
}

static void read_text(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    struct page page = {.licence = {.place = ""}};
    judge(c, job, NULL, slice_of("", 0));
    page.text = slice_trim(buf_view(&t->utf8));
    job->print = novelty_print(page.text);
    job->has_print = true;
    if (job->reason == REASON_NONE && !page.text.len) job->reason = REASON_EMPTY;
    if (job->reason != REASON_NONE) return;
    buf_clear(&t->err);
    struct buf nfc;
    buf_init(&nfc, LIMIT_TEXT);
    if (unicode_nfc(&nfc, page.text) == ST_OK) {
        page.text = buf_view(&nfc);
        make_document(c, job, &page, t);
    } else {
        reject(job, REASON_PAGE, slice_str("the text cannot be normalised"));
    }
    buf_free(&nfc);
}

static void read_200(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    struct fetch_answer *a = job->answer;
    struct charset_result charset;
    struct slice head = buf_view(&a->head), type = http_head_get(head, "content-type");
    buf_clear(&t->plain);
    buf_clear(&t->utf8);
    enum decode_result d = decode_body(head, buf_view(&a->body), &t->plain);
    if (d != DECODE_OK) {
        reject(job, d == DECODE_TOO_LARGE ? REASON_BOMB : REASON_ENCODING, slice_of("", 0));
        return;
    }
    if (job->kind == FRONTIER_SITEMAP) {
        read_sitemap(c, job, t, buf_view(&t->plain));
        return;
    }
    bool html = http_type_of(type) == HTTP_TYPE_HTML;
    if (charset_to_utf8(buf_view(&t->plain), type, html, &t->utf8, &charset, &t->err) != ST_OK)
        reject(job, REASON_BOMB, buf_view(&t->err));
    else if (html)
        read_html(c, job, t);
    else
        read_text(c, job, t);
}

static void read_redirect(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    struct slice to = http_head_get(buf_view(&job->answer->head), "location");
    buf_clear(&t->plain);
    if (!to.len || url_canonical(to, slice_str(job->url), c->opt->urls, &t->plain, &t->err) != ST_OK) {
        reject(job, REASON_STATUS, slice_str("a redirect to no http address"));
    } else if (job->hops >= CRAWL_MAX_HOPS) {
        reject(job, REASON_REDIRECT_LIMIT, buf_view(&t->plain));
    } else {
        reject(job, REASON_REDIRECT, buf_view(&t->plain));
        crawl_links_add(c, job, buf_view(&t->plain), job->kind, job->depth, job->hops + 1);
    }
}

/* Not modified: what the page says of itself stands; what this answer and the files of the host say may be new. */
static void read_unmodified(const struct crawl *c, struct crawl_job *job) {
    if (job->kind == FRONTIER_PAGE) judge(c, job, NULL, slice_of("", 0));
    if (job->reason == REASON_UNLICENSED) job->reason = REASON_NONE; /* the page itself stated it */
    job->unchanged = job->reason == REASON_NONE;
    if (job->unchanged) reject(job, job->before->v.reason, slice_of("", 0));
}

static void read_answer(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    int status = job->answer->status;
    if (job->answer->error == FETCH_CUT)
        reject(job, REASON_TYPE, http_head_get(buf_view(&job->answer->head), "content-type"));
    else if (status == 200)
        read_200(c, job, t);
    else if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
        read_redirect(c, job, t);
    else if (status == 304 && job->asked_if)
        read_unmodified(c, job);
    else if (status == 404 || status == 410)
        job->reason = REASON_GONE;
    else if (status == 204 || status == 205)
        job->reason = REASON_EMPTY;
    else
        job->reason = REASON_STATUS;
}

/* ---- the archive ---- */

static void describe(const struct crawl *c, const struct crawl_job *job, struct buf *out) {
    buf_printf(out, "campaign: %s\r\n", c->opt->campaign->name);
    if (job->label) {
        buf_printf(out, "outcome: %s\r\n", job->label);
        return;
    }
    buf_printf(out, "source: %s\r\nlicense: %s\r\nlicense-evidence: %s\r\noutcome: %s\r\n", c->taken[job->source]->id,
               c->taken[job->source]->license,
               c->taken[job->source]->license_evidence ? c->taken[job->source]->license_evidence : "", reason_name(job->reason));
    if (job->rights && job->rights->robots_digest[0]) buf_printf(out, "robots-digest: sha256:%s\r\n", job->rights->robots_digest);
    if (job->rights && job->rights->tdmrep_digest[0]) buf_printf(out, "tdmrep-digest: sha256:%s\r\n", job->rights->tdmrep_digest);
    if (job->detail.len) {
        buf_str(out, "decided-by: ");
        for (size_t i = 0; i < job->detail.len; i++)
            buf_char(out, (unsigned char)job->detail.data[i] < ' ' ? ' ' : job->detail.data[i]);
        buf_str(out, "\r\n");
    }
}

static const char *truncation(enum fetch_error e) {
    switch (e) {
    case FETCH_OK: return NULL;
    case FETCH_TIMEOUT: return "time";
    case FETCH_CUT:
    case FETCH_LARGE:
    case FETCH_HEADERS: return "length";
    default: return "disconnect";
    }
}

static void pack(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    struct fetch_answer *a = job->answer;
    struct buf *plain = &t->plain, about;
    size_t ends[3], at = 0;
    buf_init(&about, LIMIT_HEADERS);
    describe(c, job, &about);
    struct warc_exchange ex = {.url = slice_str(job->url),
                               .wall_ms = a->sent_ms,
                               .ip = a->ip[0] ? a->ip : NULL,
                               .protocol = a->protocol,
                               .request = buf_view(&a->request),
                               .head = buf_view(&a->head),
                               .body = buf_view(&a->body),
                               .sha256 = job->sha,
                               .truncated = truncation(a->error),
                               .metadata = buf_view(&about)};
    struct warc_revisit before;
    struct buf digest = {.max = 128};
    if (crawl_revisit_record(job, &before, &digest)) ex.revisit = &before;
    buf_free(plain); /* its size is the body's, not the decoded page's */
    buf_init(plain, LIMIT_WARC_RECORD);
    job->warc_n = warc_format_exchange(plain, job->info_id[0] ? job->info_id : NULL, &ex, ends);
    job->warc.max = LIMIT_WARC_RECORD;
    for (unsigned i = 0; i < job->warc_n && job->failure == ST_OK; i++) {
        job->failure = segment_packer_pack(t->packer, slice_sub(buf_view(plain), at, ends[i]), &job->warc, &t->err);
        job->warc_ends[i] = job->warc.len;
        at = ends[i];
    }
    if (!buf_ok(plain) || !buf_ok(&job->warc) || !buf_ok(&about)) job->failure = ST_FATAL;
    buf_free(&about);
    buf_free(&digest);
    if (plain->cap > 4 * MIB) buf_free(plain);
    plain->max = LIMIT_BODY_PLAIN;
}

void crawl_page_read(const struct crawl *c, struct crawl_job *job, struct crawl_page_tools *t) {
    char digest[8 + 2 * SHA256_BYTES] = "sha256:";
    buf_init(&job->strings, 2 * LIMIT_TEXT);
    buf_init(&job->detail, 16 * KIB);
    buf_clear(&t->err);
    sha256_of(buf_view(&job->answer->body), job->sha);
    hash_hex(job->sha, sizeof job->sha, digest + 7);
    job->doc.digest = keep(job, slice_str(digest));
    if (!job->archive_only) read_answer(c, job, t);
    if (!buf_ok(&job->strings)) {
        reject(job, REASON_PAGE, slice_str("too much text"));
        job->has_doc = false;
        job->n_links = 0;
    }
    if (job->has_doc)
        fix_document(job);
    else
        fix(job, &job->doc.digest);
    if (!job->archive_only) crawl_revisit_compare(job);
    pack(c, job, t);
}
