#include "cli/explain.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "crawler/frontier.h"
#include "crawler/reason.h"
#include "store/jsonl.h"
#include "store/warc.h"
#include <stdlib.h>

/* One account, two forms: the same calls make JSON or indented lines. */
struct account {
    struct hub *h;
    struct buf *err;
    struct buf *text;
    struct json_out j;
    bool json, found;
    struct buf ids; /* documents to tell of, 33 bytes each with their NUL */
};

static void list_begin(struct account *a, const char *name) {
    if (!a->json) return;
    json_key(&a->j, name);
    json_array(&a->j);
}

static void list_end(struct account *a) {
    if (a->json) json_array_end(&a->j);
}

static void item_begin(struct account *a, const char *what, struct slice name) {
    if (a->json)
        json_object(&a->j);
    else
        buf_printf(a->text, "  %s %.*s\n", what, SLICE_ARG(name));
}

static void item_end(struct account *a) {
    if (a->json) json_object_end(&a->j);
}

static void label(struct account *a, const char *key) {
    buf_str(a->text, "    ");
    for (const char *p = key; *p; p++) buf_char(a->text, *p == '_' ? ' ' : *p);
    buf_str(a->text, ": ");
}

/* Of an empty value nothing is said to people; in JSON it is "". */
static void say(struct account *a, const char *key, struct slice v) {
    if (a->json) {
        json_kv_str(&a->j, key, v);
    } else if (v.len) {
        label(a, key);
        for (size_t i = 0; i < v.len; i++) buf_char(a->text, (unsigned char)v.ptr[i] < ' ' || v.ptr[i] == 0x7f ? ' ' : v.ptr[i]);
        buf_char(a->text, '\n');
    }
}

static void say_int(struct account *a, const char *key, int64_t v) {
    if (a->json)
        json_kv_int(&a->j, key, v);
    else {
        label(a, key);
        buf_printf(a->text, "%lld\n", (long long)v);
    }
}

static void say_share(struct account *a, const char *key, double v) {
    if (a->json)
        json_kv_float(&a->j, key, v, 4);
    else {
        label(a, key);
        buf_printf(a->text, "%.4f\n", v);
    }
}

static void say_time(struct account *a, const char *key, int64_t ms) {
    char iso[ISO8601_LEN] = "";
    if (ms > 0) clock_iso8601(ms, iso);
    say(a, key, slice_str(iso));
}

/* "FOLDER/NAME at byte N". */
static void say_place(struct account *a, const char *key, const char *folder, struct slice name, int64_t offset) {
    struct buf b = {.max = 4096};
    if (name.len) buf_printf(&b, "%s/%.*s at byte %lld", folder, SLICE_ARG(name), (long long)offset);
    say(a, key, buf_view(&b));
    buf_free(&b);
}

/* ---- the source ---- */

static void tell_source(struct account *a, struct slice id) {
    const struct source *s = config_find_source(&a->h->catalogue, id);
    say(a, "source", id);
    if (!s) return;
    say(a, "source_license", slice_str(s->license));
    say(a, "source_license_evidence", slice_str(s->license_evidence));
    say(a, "source_license_read_on", slice_str(s->license_date));
}

/* ---- frontiers ---- */

static const char *state_name(enum frontier_state s) {
    switch (s) {
    case FRONTIER_QUEUED: return "queued";
    case FRONTIER_INFLIGHT: return "being fetched";
    case FRONTIER_DONE: return "done";
    case FRONTIER_WAITING: return "failed, will be tried again";
    case FRONTIER_HELD: return "held: its source has reached a limit";
    }
    return "";
}

struct in_campaign {
    struct account *a;
    struct slice campaign;
};

static enum status tell_row(void *ctx, const struct frontier_row *row) {
    struct in_campaign *in = ctx;
    struct account *a = in->a;
    a->found = true;
    item_begin(a, "campaign", in->campaign);
    if (a->json) say(a, "campaign", in->campaign);
    say(a, "state", slice_str(state_name(row->state)));
    say(a, "reason", slice_str(reason_name(row->reason)));
    say(a, "meaning", slice_str(reason_text(row->reason)));
    say(a, "decided_by", row->detail);
    say(a, "found_on", row->via_url);
    say_int(a, "depth", row->u.depth);
    if (row->status)
        say_int(a, "http_status", row->status);
    else if (a->json)
        say_int(a, "http_status", 0);
    if (row->u.tries || a->json) say_int(a, "failures", row->u.tries);
    say_time(a, "fetched", row->fetched_ms);
    if (row->state == FRONTIER_WAITING || row->state == FRONTIER_QUEUED) say_time(a, "not_before", row->due_ms);
    tell_source(a, row->source);
    item_end(a);
    return ST_OK;
}

static enum status tell_campaign(struct account *a, const char *file, struct slice url) {
    struct buf path = {.max = 8192};
    struct frontier *f = NULL;
    struct in_campaign in = {a, slice_sub(slice_str(file), 0, strlen(file) - strlen(".sqlite"))};
    enum status st = frontier_open_read(hub_path(a->h, &path, "frontier/%s", file), &f, NULL, a->err);
    if (st == ST_OK) st = frontier_find(f, url, tell_row, &in, a->err);
    frontier_free(f);
    buf_free(&path);
    return st == ST_SKIP ? ST_OK : st;
}

static enum status tell_frontiers(struct account *a, struct slice url) {
    struct buf path = {.max = 8192};
    char **names = NULL;
    size_t n = 0;
    enum status st = dir_list(hub_path(a->h, &path, "frontier"), ".sqlite", &names, &n, a->err);
    list_begin(a, "campaigns");
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (strcmp(names[i], "hosts.sqlite") != 0) st = tell_campaign(a, names[i], url);
    list_end(a);
    dir_list_free(names, n);
    buf_free(&path);
    return st;
}

/* ---- captures and their archive ---- */

/* The fields of the metadata record that stands with the response at ${offset}: the signals as they were seen that day. */
static void tell_archive(struct account *a, struct slice name, int64_t offset) {
    enum { RECORDS = 3 };
    struct buf path = {.max = 8192}, why = {.max = LIMIT_ERR};
    struct warc_reader *r = NULL;
    struct warc_record rec;
    enum status st = warc_reader_open(hub_path(a->h, &path, "warc/%.*s", SLICE_ARG(name)), &r, &why);
    if (st == ST_OK) st = warc_reader_seek(r, (uint64_t)offset, &why);
    for (int i = 0; st == ST_OK && i < RECORDS; i++) {
        st = warc_reader_next(r, &rec, &why);
        if (st != ST_OK || !slice_eq_str(rec.type, "metadata")) continue;
        struct slice rest = rec.block, line;
        while (slice_cut(&rest, '\n', &line))
            if (slice_trim(line).len) {
                if (a->json)
                    json_string(&a->j, slice_trim(line));
                else
                    say(a, "archived", slice_trim(line));
            }
        break;
    }
    if (st != ST_OK && st != ST_RETRY && !a->json) say(a, "archive", buf_view(&why));
    warc_reader_free(r);
    buf_free(&path);
    buf_free(&why);
}

static enum status tell_capture(void *ctx, const struct manifest_capture_row *row) {
    struct account *a = ctx;
    char when[ISO8601_LEN];
    clock_iso8601(row->c.captured_ms, when);
    a->found = true;
    item_begin(a, "capture of", slice_str(when));
    if (a->json) say(a, "captured", slice_str(when));
    say(a, "url", row->c.url);
    say(a, "fetched_url", slice_eq(row->c.url, row->c.fetched_url) && !a->json ? slice_str("") : row->c.fetched_url);
    say(a, "campaign", row->c.campaign);
    say_int(a, "http_status", row->c.status);
    say_int(a, "bytes", row->c.bytes);
    say(a, "digest", row->c.digest);
    say(a, "refused", row->c.refusal);
    say(a, "decided_by", row->c.evidence);
    say(a, "document", row->c.doc_id);
    if (a->json)
        json_kv_bool(&a->j, "best", row->best);
    else if (row->c.doc_id.len)
        say(a, "standing", slice_str(row->best ? "the document stands on this one" : "another capture of the document is better"));
    say_place(a, "response", "warc", row->warc_name, row->c.warc_offset);
    say_place(a, "record", "raw", row->raw_name, row->c.raw_offset);
    list_begin(a, "archived");
    if (row->warc_name.len) tell_archive(a, row->warc_name, row->c.warc_offset);
    list_end(a);
    item_end(a);
    if (row->c.doc_id.len == DOC_ID_LEN - 1 && slice_find(buf_view(&a->ids), row->c.doc_id) == SIZE_MAX) {
        buf_slice(&a->ids, row->c.doc_id);
        buf_char(&a->ids, '\0');
    }
    return ST_OK;
}

/* ---- documents ---- */

/* What refine wrote of the document: its signals are in metadata. */
static void tell_refined(struct account *a, const struct manifest_document *d) {
    struct buf path = {.max = 8192}, why = {.max = LIMIT_ERR};
    struct jsonl_reader *r = NULL;
    struct json_parser *p = json_parser_new(LIMIT_LINE);
    struct slice line;
    struct doc doc = {.title = {"", 0}};
    enum status st = p ? jsonl_open(hub_path(a->h, &path, "refined/%.*s", SLICE_ARG(d->segment)), &r, &why) : ST_FATAL;
    if (st == ST_OK) st = jsonl_seek_frame(r, (uint64_t)d->offset, &why);
    do {
        if (st == ST_OK) st = jsonl_next(r, &line, &why);
        if (st == ST_OK) st = doc_read(p, line, &doc, &why);
    } while (st == ST_OK && !slice_eq_str(doc.id, d->id));
    if (st != ST_OK) doc = (struct doc){.title = {"", 0}};
    say(a, "title", doc.title);
    say(a, "language_script", doc.language_script);
    say(a, "metadata", doc.metadata);
    if (st != ST_OK) say(a, "refined_record", st == ST_RETRY ? slice_str("is not where the manifest says") : buf_view(&why));
    jsonl_free(r);
    json_parser_free(p);
    buf_free(&path);
    buf_free(&why);
}

static enum status tell_run(void *ctx, const struct manifest_run_row *run) {
    struct account *a = ctx;
    say(a, "judged_by_code", run->code);
    say(a, "judged_by_settings", run->settings_hash);
    say_time(a, "judged_on", run->began_ms);
    return ST_OK;
}

static enum status tell_removal(void *ctx, const struct manifest_removal *r) {
    static const char *const scopes[] = {"", "id", "url", "host", "source"};
    struct account *a = ctx;
    struct buf b = {.max = 4096};
    buf_printf(&b, "%s %.*s", scopes[r->scope], SLICE_ARG(r->value));
    say(a, "removed_by", buf_view(&b));
    say(a, "removal_reason", r->reason);
    say_time(a, "removal_asked", r->asked_ms);
    buf_free(&b);
    return ST_OK;
}

static enum status note_url(void *ctx, const struct manifest_document *d) {
    buf_slice(ctx, d->url);
    return ST_OK;
}

static void tell_cluster(struct account *a, const struct manifest_document *d) {
    if (d->duplicate_of != MANIFEST_NONE) {
        struct buf url = {.max = LIMIT_URL_INPUT};
        enum status st = manifest_find_document(a->h->manifest, slice_str(d->cluster_id), NULL, note_url, &url, NULL);
        say(a, "duplicate_of", slice_str(d->cluster_id));
        say(a, "duplicate_of_url", st == ST_OK ? buf_view(&url) : slice_str(""));
        say_share(a, "similarity", d->similarity);
        buf_free(&url);
    }
    say_int(a, "cluster_size", d->cluster_size);
}

static enum status tell_verdict(struct account *a, const struct manifest_document *d) {
    char day[11];
    say(a, "verdict", d->kept ? slice_str("kept") : d->reason);
    if (d->removal != MANIFEST_NONE) {
        enum status st = manifest_find_removal(a->h->manifest, d->removal, tell_removal, a, a->err);
        if (st != ST_OK && st != ST_SKIP) return st;
    }
    if (d->segment_number == MANIFEST_NONE) return ST_OK;
    say(a, "license", d->license);
    say(a, "language", d->language);
    say_share(a, "language_score", d->language_score);
    say_share(a, "french_share", d->french_share);
    if (d->quality >= 0) say_share(a, "quality_score", d->quality);
    if (d->type.len || a->json) say(a, "document_type", d->type);
    say_int(a, "words", d->words);
    say_int(a, "text_bytes", d->bytes);
    if (d->date_day != MANIFEST_NONE) {
        clock_day(d->date_day * 86400000, day);
        say(a, "published_on", slice_str(day));
    }
    tell_cluster(a, d);
    tell_refined(a, d);
    say_place(a, "refined", "refined", d->segment, d->offset);
    enum status st = manifest_run_of_segment(a->h->manifest, d->segment_number, tell_run, a, a->err);
    return st == ST_SKIP ? ST_OK : st;
}

struct placed {
    struct account *a;
    const char *id;
    int64_t shard;
    struct slice dataset, version;
};

static enum status note_place(void *ctx, const struct manifest_document *d) {
    ((struct placed *)ctx)->shard = d->shard;
    return ST_OK;
}

static enum status tell_shard(void *ctx, const struct manifest_shard *s) {
    struct placed *p = ctx;
    struct buf b = {.max = 4096};
    if (s->number != p->shard) return ST_OK;
    buf_printf(&b, "%.*s %.*s, shard %.*s", SLICE_ARG(p->dataset), SLICE_ARG(p->version), SLICE_ARG(s->name));
    if (p->a->json)
        json_string(&p->a->j, buf_view(&b));
    else
        say(p->a, "place", buf_view(&b));
    buf_free(&b);
    return ST_OK;
}

/* A placement is for ever; the shard that has its number in a version is where the document is, unless it was out then. */
static enum status tell_release(void *ctx, const struct manifest_release *rel) {
    struct placed *p = ctx;
    struct buf dataset = {.max = 4096};
    buf_slice(&dataset, rel->dataset);
    p->shard = MANIFEST_NONE;
    p->dataset = rel->dataset;
    p->version = rel->version;
    enum status st = manifest_find_document(p->a->h->manifest, slice_str(p->id), buf_cstr(&dataset), note_place, p, p->a->err);
    buf_free(&dataset);
    if (st == ST_OK && p->shard != MANIFEST_NONE)
        st = manifest_each_shard(p->a->h->manifest, rel->number, tell_shard, p, p->a->err);
    return st;
}

static enum status tell_document(void *ctx, const struct manifest_document *d) {
    struct account *a = ctx;
    struct placed p = {.a = a, .id = d->id};
    a->found = true;
    item_begin(a, "document", slice_str(d->id));
    if (a->json) say(a, "id", slice_str(d->id));
    say(a, "url", d->url);
    tell_source(a, d->source);
    enum status st = tell_verdict(a, d);
    list_begin(a, "places");
    if (st == ST_OK) st = manifest_each_release(a->h->manifest, NULL, tell_release, &p, a->err);
    list_end(a);
    item_end(a);
    return st;
}

static enum status tell_documents(struct account *a) {
    enum status st = ST_OK;
    list_begin(a, "documents");
    for (size_t at = 0; st == ST_OK && at < a->ids.len; at += DOC_ID_LEN) {
        st = manifest_find_document(a->h->manifest, slice_of(a->ids.data + at, DOC_ID_LEN - 1), NULL, tell_document, a, a->err);
        if (st == ST_SKIP) st = ST_OK;
    }
    list_end(a);
    return st;
}

/* The URL of the document asked for, so that its frontier rows are told too. */
static enum status url_of_id(struct account *a, struct slice id, struct buf *url) {
    enum status st = manifest_find_document(a->h->manifest, id, NULL, note_url, url, a->err);
    return st == ST_SKIP ? ST_OK : st;
}

enum status explain_write(struct hub *h, const struct explain_query *q, bool json, struct buf *out, bool *found, struct buf *err) {
    struct account a = {.h = h, .err = err, .text = out, .json = json};
    struct buf url = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    json_out_init(&a.j, out);
    buf_slice(&url, q->url);
    if (q->id.len) st = url_of_id(&a, q->id, &url);
    if (json) {
        json_object(&a.j);
        json_kv_str(&a.j, "id", q->id);
        json_kv_str(&a.j, "url", buf_view(&url));
    } else {
        buf_printf(out, "%.*s\n", SLICE_ARG(url.len ? buf_view(&url) : q->id));
    }
    if (st == ST_OK) st = tell_frontiers(&a, buf_view(&url));
    list_begin(&a, "captures");
    if (st == ST_OK && q->id.len)
        st = manifest_captures_of_id(h->manifest, q->id, tell_capture, &a, err);
    else if (st == ST_OK)
        st = manifest_captures_of_url(h->manifest, buf_view(&url), tell_capture, &a, err);
    list_end(&a);
    if (st == ST_OK) st = tell_documents(&a);
    if (json) {
        json_object_end(&a.j);
        buf_char(out, '\n');
    }
    *found = a.found;
    buf_free(&url);
    buf_free(&a.ids);
    return st;
}
