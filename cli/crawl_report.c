#include "cli/crawl_report.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

void crawl_report_bytes(struct buf *out, int64_t n) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)n;
    unsigned u = 0;
    for (; v >= 1000 && u < 4; u++) v /= 1000;
    buf_printf(out, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static struct crawl_report_source *source_of(struct crawl_report *r, struct slice id) {
    for (size_t i = 0; i < r->n_sources; i++)
        if (slice_eq_str(id, r->sources[i].id)) return &r->sources[i];
    struct crawl_report_source *more = realloc(r->sources, (r->n_sources + 1) * sizeof *more);
    if (!more) return NULL;
    r->sources = more;
    struct crawl_report_source *s = &more[r->n_sources++];
    *s = (struct crawl_report_source){.id = ""};
    snprintf(s->id, sizeof s->id, "%.*s", SLICE_ARG(id));
    return s;
}

static void add_source(struct crawl_report_source *s, const struct frontier_tally *t) {
    s->bytes += t->bytes;
    if (t->state != FRONTIER_DONE)
        s->queued += t->urls;
    else if (t->reason == REASON_DOCUMENT)
        s->documents += t->urls;
    else if (reason_kind(t->reason) == REASON_KIND_REFUSED)
        s->refused += t->urls;
    else if (reason_kind(t->reason) == REASON_KIND_FAILED)
        s->failed += t->urls;
    if (t->state != FRONTIER_DONE || t->reason != REASON_DOCUMENT) return;
    s->document_bytes += t->bytes;
    s->french_bytes += t->french_bytes;
}

static enum status on_tally(void *ctx, const struct frontier_tally *t) {
    struct crawl_report *r = ctx;
    switch (t->state) {
    case FRONTIER_QUEUED: r->queued += t->urls; break;
    case FRONTIER_WAITING: r->waiting += t->urls; break;
    case FRONTIER_INFLIGHT: r->in_flight += t->urls; break;
    case FRONTIER_HELD: r->held += t->urls; break;
    case FRONTIER_DONE:
        r->urls[t->reason] += t->urls;
        r->bytes[t->reason] += t->bytes;
        break;
    }
    r->all_bytes += t->bytes;
    if (t->state == FRONTIER_DONE && t->reason == REASON_DOCUMENT) {
        r->french_bytes += t->french_bytes;
        r->document_bytes += t->bytes;
    }
    if (!t->source.len) return ST_OK;
    struct crawl_report_source *s = source_of(r, t->source);
    if (!s) return ST_RETRY;
    add_source(s, t);
    return ST_OK;
}

enum status crawl_report_read(const char *path, struct crawl_report *r, bool *newer, struct buf *err) {
    struct frontier *f;
    *r = (struct crawl_report){0};
    enum status st = frontier_open_read(path, &f, newer, err);
    if (st != ST_OK) return st;
    st = frontier_each_tally(f, on_tally, r, err);
    if (st == ST_OK) st = frontier_visit_next(f, &r->next_ms, &r->scheduled, err);
    frontier_free(f);
    return st;
}

void crawl_report_free(struct crawl_report *r) { free(r->sources); }

static double percent(int64_t part, int64_t whole) { return whole > 0 ? 100.0 * (double)part / (double)whole : 0; }

static void reasons_text(const struct crawl_report *r, struct buf *out, enum reason_kind kind, const char *title) {
    bool any = false;
    for (unsigned i = 1; i < REASON_N; i++) {
        if (!r->urls[i] || reason_kind((enum reason)i) != kind) continue;
        if (!any) buf_printf(out, "%s\n", title);
        any = true;
        buf_printf(out, "  %9lld  %-18s %s\n", (long long)r->urls[i], reason_name((enum reason)i), reason_text((enum reason)i));
    }
}

void crawl_report_text(const struct crawl_report *r, struct buf *out) {
    reasons_text(r, out, REASON_KIND_TAKEN, "Fetched");
    reasons_text(r, out, REASON_KIND_REFUSED, "Refused");
    reasons_text(r, out, REASON_KIND_FAILED, "Failed");
    buf_printf(out, "Left\n  %9lld  queued\n  %9lld  waiting for another try\n", (long long)(r->queued + r->in_flight),
               (long long)r->waiting);
    if (r->held) buf_printf(out, "  %9lld  held by a limit of their source\n", (long long)r->held);
    if (!r->n_sources) return;
    buf_printf(out, "%-28s %10s %10s %8s %8s %10s %8s\n", "SOURCE", "DOCUMENTS", "BYTES", "REFUSED", "FAILED", "LEFT", "FRENCH");
    for (size_t i = 0; i < r->n_sources; i++) {
        const struct crawl_report_source *s = &r->sources[i];
        struct buf bytes = {0};
        crawl_report_bytes(&bytes, s->bytes);
        buf_printf(out, "%-28s %10lld %10s %8lld %8lld %10lld %7.1f%%\n", s->id, (long long)s->documents, buf_cstr(&bytes),
                   (long long)s->refused, (long long)s->failed, (long long)s->queued, percent(s->french_bytes, s->document_bytes));
        buf_free(&bytes);
    }
}

static void reasons_json(const struct crawl_report *r, struct json_out *j, const char *key, enum reason_kind kind) {
    json_key(j, key);
    json_object(j);
    for (unsigned i = 1; i < REASON_N; i++)
        if (r->urls[i] && reason_kind((enum reason)i) == kind) json_kv_int(j, reason_name((enum reason)i), r->urls[i]);
    json_object_end(j);
}

void crawl_report_json(const struct crawl_report *r, struct json_out *j) {
    json_kv_int(j, "queued", r->queued + r->in_flight);
    json_kv_int(j, "waiting", r->waiting);
    json_kv_int(j, "held", r->held);
    json_kv_int(j, "bytes", r->all_bytes);
    if (r->scheduled) {
        char when[ISO8601_LEN];
        clock_iso8601(r->next_ms, when);
        json_key(j, "recrawl");
        json_object(j);
        json_kv_int(j, "urls", r->scheduled);
        json_kv_str(j, "next", slice_str(when));
        json_object_end(j);
    }
    reasons_json(r, j, "fetched", REASON_KIND_TAKEN);
    reasons_json(r, j, "refused", REASON_KIND_REFUSED);
    reasons_json(r, j, "failed", REASON_KIND_FAILED);
    json_key(j, "sources");
    json_array(j);
    for (size_t i = 0; i < r->n_sources; i++) {
        const struct crawl_report_source *s = &r->sources[i];
        json_object(j);
        json_kv_str(j, "id", slice_str(s->id));
        json_kv_int(j, "documents", s->documents);
        json_kv_int(j, "bytes", s->bytes);
        json_kv_int(j, "refused", s->refused);
        json_kv_int(j, "failed", s->failed);
        json_kv_int(j, "left", s->queued);
        json_kv_float(j, "french_share", percent(s->french_bytes, s->document_bytes) / 100, 4);
        json_object_end(j);
    }
    json_array_end(j);
}
