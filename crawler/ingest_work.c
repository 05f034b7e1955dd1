#include "crawler/ingest_work.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/crawl.h"
#include "crawler/licence.h"
#include "crawler/rights.h"
#include "crawler/wikitext.h"
#include "store/segment.h"

#include <stdio.h>
#include <stdlib.h>

/* Level 3, of what a crawl writes, takes a third longer for records one hundredth smaller. */
enum { ZSTD_LEVEL = 1 };

struct ingest_worker {
    struct ingest_tools tools;
    struct segment_packer *packer;
    struct buf line, nfc, meta, url, hashed;
    struct ingest_batch *batch;
    size_t emitted; /* of the unit at hand */
};

/* ---- life ---- */

void ingest_batch_clear(struct ingest_batch *b) {
    for (size_t i = 0; i < INGEST_BATCH_UNITS; i++) {
        /* one large unit must not keep its memory for all that follow */
        if (b->units[i].bytes.cap > MIB) buf_free(&b->units[i].bytes);
        buf_clear(&b->units[i].bytes);
        buf_clear(&b->units[i].member);
        buf_clear(&b->units[i].head);
    }
    if (b->strings.cap > 4 * MIB) buf_free(&b->strings);
    if (b->packed.cap > 4 * MIB) buf_free(&b->packed);
    buf_clear(&b->strings);
    buf_clear(&b->packed);
    b->n = b->bytes = b->n_results = 0;
    b->failure = ST_OK;
}

void ingest_batch_free(struct ingest_batch *b) {
    if (!b) return;
    for (size_t i = 0; i < INGEST_BATCH_UNITS; i++) {
        buf_free(&b->units[i].bytes);
        buf_free(&b->units[i].member);
        buf_free(&b->units[i].head);
    }
    buf_free(&b->strings);
    buf_free(&b->packed);
    free(b->results);
    free(b);
}

static void on_item(struct ingest_tools *t, const struct ingest_item *item);

struct ingest_worker *ingest_worker_new(const struct ingest_options *opt) {
    struct ingest_worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    struct ingest_tools *t = &w->tools;
    t->opt = opt;
    t->emit = on_item;
    t->sink = w;
    t->page = page_reader_new();
    t->json = json_parser_new(LIMIT_INGEST_UNIT + MIB);
    w->packer = segment_packer_new(SEGMENT_ZSTD, ZSTD_LEVEL);
    buf_init(&t->text, LIMIT_TEXT);
    buf_init(&t->meta, MIB);
    buf_init(&t->scratch, LIMIT_TEXT);
    buf_init(&t->more, LIMIT_TEXT);
    buf_init(&t->err, LIMIT_ERR);
    buf_init(&w->line, LIMIT_LINE);
    buf_init(&w->nfc, LIMIT_TEXT);
    buf_init(&w->meta, 2 * MIB);
    buf_init(&w->url, LIMIT_URL_INPUT);
    buf_init(&w->hashed, LIMIT_TEXT + 8 * MIB);
    if (t->page && t->json && w->packer) return w;
    ingest_worker_free(w);
    return NULL;
}

void ingest_worker_free(struct ingest_worker *w) {
    if (!w) return;
    struct ingest_tools *t = &w->tools;
    struct buf *all[] = {&t->text, &t->meta, &t->scratch, &t->more, &t->err, &w->line, &w->nfc, &w->meta, &w->url, &w->hashed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(all[i]);
    page_reader_free(t->page);
    json_parser_free(t->json);
    wikitext_free(t->wikitext);
    segment_packer_free(w->packer);
    free(w);
}

/* What one large unit made grow is given back: at most one is in work at a time, whatever worker has it. */
static void shrink(struct ingest_worker *w) {
    struct ingest_tools *t = &w->tools;
    struct buf *all[] = {&t->text, &t->scratch, &t->more, &w->line, &w->nfc, &w->hashed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->cap > 4 * MIB) buf_free(all[i]);
}

/* ---- results ---- */

static struct slice keep(struct ingest_batch *b, struct slice s) {
    size_t at = b->strings.len;
    buf_slice(&b->strings, s);
    return slice_of((const char *)(uintptr_t)at, s.len); /* an offset until fix() */
}

static void fix(struct ingest_batch *b) {
    if (!buf_ok(&b->strings) || !buf_ok(&b->packed)) b->failure = ST_RETRY;
    if (b->failure != ST_OK) return;
    for (size_t i = 0; i < b->n_results; i++) {
        struct ingest_result *r = &b->results[i];
        struct slice *texts[] = {&r->url, &r->upstream, &r->license, &r->why, &r->digest};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            texts[k]->ptr = buf_cstr(&b->strings) + (size_t)(uintptr_t)texts[k]->ptr;
        r->packed.ptr = buf_cstr(&b->packed) + (size_t)(uintptr_t)r->packed.ptr;
    }
}

static struct ingest_result *result_new(struct ingest_batch *b) {
    if (b->n_results == b->cap_results) {
        size_t cap = b->cap_results ? 2 * b->cap_results : 64;
        struct ingest_result *more = realloc(b->results, cap * sizeof *more);
        if (!more) {
            b->failure = ST_RETRY;
            return NULL;
        }
        b->results = more;
        b->cap_results = cap;
    }
    struct ingest_result *r = &b->results[b->n_results++];
    *r = (struct ingest_result){.kind = INGEST_ITEM_REFUSAL};
    return r;
}

/* ---- dates ---- */

static int64_t date_of(const struct ingest_worker *w, const struct ingest_item *item, bool *weak) {
    const struct ingest_facts *f = w->batch->facts;
    const struct ingest_unit *u = w->tools.unit;
    bool record = u->format && u->format->split == INGEST_WARC;
    *weak = false;
    if (item->date_ms != 0 && item->date_ms != INGEST_NO_DATE) return item->date_ms;
    if (record && u->date_ms != INGEST_NO_DATE) return u->date_ms;
    if (f->date_ms != INGEST_NO_DATE) return f->date_ms;
    *weak = true;
    return u->date_ms != INGEST_NO_DATE ? u->date_ms : f->modified_ms;
}

/* ---- the licence ---- */

/* The source's licence, which the document may only repeat; where each document states its own, an open one. */
static enum ingest_reason licence_of(const struct ingest_worker *w, const struct ingest_item *item, char out[RIGHTS_LICENCE_MAX],
                                     struct buf *why) {
    const struct source *src = w->tools.opt->source;
    struct slice declared = slice_str(strcmp(src->license, CRAWL_LICENCE_PER_PAGE) == 0 ? "" : src->license),
                 said = slice_trim(item->license);
    char spdx[LICENCE_MAX] = "";
    out[0] = '\0';
    buf_clear(why);
    if (item->html_rights) {
        snprintf(out, RIGHTS_LICENCE_MAX, "%.*s", SLICE_ARG(item->license));
        return INGEST_NEW;
    }
    if (said.len && !licence_normal(said, spdx) && !licence_from_url(said, spdx) && !licence_from_text(said, spdx)) spdx[0] = '\0';
    if (said.len) buf_printf(why, "document: %.*s", SLICE_ARG(slice_sub(said, 0, 400)));
    if (declared.len) buf_printf(why, "%ssource: %.*s", why->len ? "; " : "", SLICE_ARG(declared));
    if (!declared.len && !said.len) return INGEST_UNLICENSED;
    if (said.len && !spdx[0]) return declared.len ? INGEST_CONFLICT : INGEST_UNLICENSED;
    if (said.len && !licence_is_open(spdx)) return INGEST_LICENCE;
    if (said.len && declared.len && !slice_eq_str(declared, spdx)) return INGEST_CONFLICT;
    snprintf(out, RIGHTS_LICENCE_MAX, "%.*s", SLICE_ARG(spdx[0] ? slice_str(spdx) : declared));
    return INGEST_NEW;
}

/* ---- the record ---- */

static void metadata(struct ingest_worker *w, const struct ingest_item *item, int64_t date_ms) {
    const struct ingest_facts *f = w->batch->facts;
    const struct ingest_unit *u = w->tools.unit;
    const struct source *src = w->tools.opt->source;
    struct json_out j;
    char day[11];
    buf_clear(&w->meta);
    buf_char(&w->meta, '{');
    buf_slice(&w->meta, item->meta);
    json_out_init(&j, &w->meta);
    j.depth = 1;
    clock_day(f->date_ms != INGEST_NO_DATE ? f->date_ms : date_ms, day);
    json_kv_str(&j, "upstream_file", slice_str(f->name));
    json_kv_str(&j, "upstream_date", slice_str(day));
    if (f->digest[0]) json_kv_str(&j, "upstream_sha256", slice_str(f->digest));
    if (u->member.len) json_kv_str(&j, "upstream_member", buf_view(&u->member));
    json_kv_int(&j, "upstream_offset", (int64_t)u->offset);
    if (item->upstream.len) json_kv_str(&j, "upstream_id", item->upstream);
    json_kv_str(&j, "license_evidence",
                item->license.len && !item->html_rights ? slice_sub(item->license, 0, 400) : slice_str(src->license_evidence));
    buf_char(&w->meta, '}');
}

/* The document's address: its own, or the source's prefix and the upstream id; an upstream id alone stands for itself. */
static bool address(struct ingest_worker *w, const struct ingest_item *item) {
    const struct ingest_options *o = w->tools.opt;
    const char *prefix = o->source->url_prefix ? o->source->url_prefix : "";
    buf_clear(&w->url);
    if (item->url.len) {
        size_t at = w->url.len;
        if (url_canonical(item->url, slice_of("", 0), o->urls, &w->url, NULL) == ST_OK) return true;
        buf_truncate(&w->url, at);
    }
    if (!item->upstream.len) return false;
    if (*prefix) {
        buf_clear(&w->hashed);
        buf_str(&w->hashed, prefix);
        buf_slice(&w->hashed, item->upstream);
        if (url_canonical(buf_view(&w->hashed), slice_of("", 0), o->urls, &w->url, NULL) == ST_OK) return true;
        buf_clear(&w->url);
    }
    buf_slice(&w->url, slice_sub(item->upstream, 0, LIMIT_URL));
    return buf_ok(&w->url);
}

static uint64_t content_of(struct ingest_worker *w, const struct ingest_item *item, struct slice text, const char *licence) {
    const struct slice parts[] = {text,           item->title, item->author,       item->site,       item->date,
                                  item->language, item->meta,  slice_str(licence), buf_view(&w->url)};
    uint64_t h = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) h = hash64_seed(parts[i], h + i);
    return h;
}

static void payload_digest(const struct ingest_worker *w, const struct ingest_item *item, char out[80], int64_t *bytes) {
    unsigned char sum[SHA256_BYTES];
    struct slice p = item->payload.len ? item->payload : buf_view(&w->tools.unit->bytes);
    sha256_of(p, sum);
    snprintf(out, 80, "sha256:");
    hash_hex(sum, SHA256_BYTES, out + 7);
    *bytes = (int64_t)p.len;
}

static void pack(struct ingest_worker *w, struct ingest_result *r) {
    struct ingest_batch *b = w->batch;
    size_t at = b->packed.len;
    b->packed.max = LIMIT_LINE;
    if (segment_packer_pack(w->packer, buf_view(&w->line), &b->packed, &w->tools.err) != ST_OK) b->failure = ST_RETRY;
    r->packed = slice_of((const char *)(uintptr_t)at, b->packed.len - at);
}

static void record(struct ingest_worker *w, struct ingest_result *r, const struct ingest_item *item, const char *licence,
                   const char *digest) {
    char when[ISO8601_LEN];
    clock_iso8601(r->date_ms, when);
    metadata(w, item, r->date_ms);
    struct slice url = buf_view(&w->url);
    struct doc d = {.id = slice_str(r->id),
                    .text = buf_view(&w->nfc),
                    .url = url,
                    .title = item->title,
                    .author = item->author,
                    .site = item->site,
                    .source = slice_str(w->tools.opt->source->id),
                    .license = slice_str(licence),
                    .date = item->date,
                    .crawl_date = slice_str(when),
                    .campaign = slice_str("ingest"),
                    .declared_language = item->language,
                    .fetched_url = url,
                    .digest = slice_str(digest),
                    .metadata = buf_view(&w->meta),
                    .bytes = r->bytes};
    buf_clear(&w->line);
    doc_write(&w->line, &d, DOC_RAW);
    r->text_bytes = w->nfc.len;
    if (buf_ok(&w->line) && buf_ok(&w->meta))
        pack(w, r);
    else {
        r->kind = INGEST_ITEM_REFUSAL;
        r->reason = INGEST_LARGE;
    }
}

static bool normalise(struct ingest_worker *w, struct slice text) {
    buf_clear(&w->nfc);
    if (utf8_valid(text)) return unicode_nfc(&w->nfc, text) == ST_OK && buf_ok(&w->nfc);
    buf_clear(&w->hashed);
    utf8_repair(&w->hashed, text);
    return unicode_nfc(&w->nfc, buf_view(&w->hashed)) == ST_OK && buf_ok(&w->nfc);
}

static void on_document(struct ingest_worker *w, struct ingest_result *r, const struct ingest_item *item) {
    char licence[RIGHTS_LICENCE_MAX], digest[80];
    struct buf why = {.max = LIMIT_ERR};
    payload_digest(w, item, digest, &r->bytes);
    r->reason = licence_of(w, item, licence, &why);
    if (r->reason == INGEST_NEW && !slice_trim(item->text).len) r->reason = INGEST_EMPTY;
    if (r->reason == INGEST_NEW && !normalise(w, slice_trim(item->text))) r->reason = INGEST_BAD;
    if (r->reason == INGEST_NEW) {
        r->kind = INGEST_ITEM_DOCUMENT;
        r->content = content_of(w, item, buf_view(&w->nfc), licence);
        record(w, r, item, licence, digest);
    }
    r->license = keep(w->batch, slice_str(licence));
    r->digest = keep(w->batch, slice_str(digest));
    r->why = keep(w->batch, buf_view(&why));
    buf_free(&why);
}

static void on_item(struct ingest_tools *t, const struct ingest_item *item) {
    struct ingest_worker *w = t->sink;
    struct ingest_result *r = result_new(w->batch);
    if (!r) return;
    w->emitted++;
    r->reason = item->reason;
    r->date_ms = date_of(w, item, &r->weak);
    r->upstream_hash = item->upstream.len ? hash64(item->upstream) : 0;
    bool named = address(w, item);
    if (named && (item->kind != INGEST_ITEM_DELETION || item->url.len))
        doc_id(slice_str(t->opt->source->id), buf_view(&w->url), r->id);
    if (item->kind == INGEST_ITEM_DELETION) {
        r->kind = INGEST_ITEM_DELETION;
        r->reason = INGEST_DELETED;
    } else if (item->kind == INGEST_ITEM_DOCUMENT && !named) {
        r->reason = INGEST_NO_ID;
    } else if (item->kind == INGEST_ITEM_DOCUMENT) {
        on_document(w, r, item);
    } else {
        r->why = keep(w->batch, item->why);
    }
    r->url = keep(w->batch, named ? buf_view(&w->url) : slice_of("", 0));
    r->upstream = keep(w->batch, item->upstream);
}

/* ---- a batch ---- */

void ingest_work(struct ingest_worker *w, struct ingest_batch *b) {
    struct ingest_tools *t = &w->tools;
    w->batch = b;
    b->strings.max = b->packed.max = LIMIT_LINE;
    for (size_t i = 0; i < b->n; i++) {
        struct ingest_unit *u = &b->units[i];
        struct ingest_item none = {.kind = INGEST_ITEM_REFUSAL, .reason = INGEST_STRUCTURE};
        t->unit = u;
        t->file_name = b->facts->name;
        w->emitted = 0;
        if (u->refused != INGEST_NEW)
            ingest_refuse(t, u->refused, slice_of("", 0), u->why);
        else if (!u->format)
            ingest_refuse(t, INGEST_TYPE, slice_of("", 0), "");
        else
            u->format->convert(t, u);
        if (w->emitted == 0) on_item(t, &none);
        shrink(w);
    }
    fix(b);
}
