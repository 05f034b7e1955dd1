#include "cli/crawl_report.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_SOURCES 50

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

void crawl_report_count(struct buf *out, int64_t n, int width) {
    char digits[24], text[32];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && digits[i - 1] != '-' && (len - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    buf_printf(out, "%*s", width, text);
}

static void reasons_text(const struct crawl_report *r, struct buf *out, enum reason_kind kind, const char *title) {
    bool any = false;
    for (unsigned i = 1; i < REASON_N; i++) {
        if (!r->urls[i] || reason_kind((enum reason)i) != kind) continue;
        if (!any) buf_printf(out, "%s\n", title);
        any = true;
        crawl_report_count(out, r->urls[i], 13);
        buf_printf(out, "  %-18s %s\n", reason_name((enum reason)i), reason_text((enum reason)i));
    }
}

static void left_text(const struct crawl_report *r, struct buf *out) {
    const struct {
        int64_t n;
        const char *what;
    } rows[] = {{r->queued + r->in_flight, "queued"},
                {r->waiting, "waiting for another try"},
                {r->held, "held by a limit of their source, or their source has left the campaign"}};
    buf_str(out, "Left\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i && !rows[i].n) continue;
        crawl_report_count(out, rows[i].n, 13);
        buf_printf(out, "  %s\n", rows[i].what);
    }
}

static void source_text(const struct crawl_report_source *s, struct buf *out) {
    struct buf bytes = {.max = 64};
    crawl_report_bytes(&bytes, s->bytes);
    buf_printf(out, "%-28s", s->id);
    crawl_report_count(out, s->documents, 12);
    buf_printf(out, " %10s", buf_cstr(&bytes));
    if (s->document_bytes)
        buf_printf(out, " %6.1f %%", percent(s->french_bytes, s->document_bytes));
    else
        buf_printf(out, " %8s", "-");
    crawl_report_count(out, s->refused, 11);
    crawl_report_count(out, s->failed, 9);
    crawl_report_count(out, s->queued, 11);
    buf_char(out, '\n');
    buf_free(&bytes);
}

void crawl_report_progress(const struct crawl_report *r, struct crawl_report_progress *p) {
    *p = (struct crawl_report_progress){.left = r->queued + r->waiting + r->in_flight};
    for (unsigned i = 1; i < REASON_N; i++) {
        enum reason_kind kind = reason_kind((enum reason)i);
        p->fetched += kind == REASON_KIND_TAKEN ? r->urls[i] : 0;
        p->refused += kind == REASON_KIND_REFUSED ? r->urls[i] : 0;
        p->failed += kind == REASON_KIND_FAILED ? r->urls[i] : 0;
        p->outside += i == REASON_SCOPE || i == REASON_EXCLUDED || i == REASON_DEPTH || i == REASON_TRAP ? r->urls[i] : 0;
    }
    int64_t settled = p->fetched + p->refused + p->failed - p->outside;
    p->done = settled + p->left > 0 ? (double)settled / (double)(settled + p->left) : 1;
    p->french = r->document_bytes ? (double)r->french_bytes / (double)r->document_bytes : -1;
}

static void summary_text(const struct crawl_report *r, struct buf *out) {
    struct crawl_report_progress p;
    char next[ISO8601_LEN];
    crawl_report_progress(r, &p);
    buf_printf(out, "  %.0f %% of the URLs found so far are settled; ", p.left ? 100 * (p.done > 0.99 ? 0.99 : p.done) : 100.0);
    crawl_report_count(out, r->urls[REASON_DOCUMENT], 0);
    buf_str(out, " documents, ");
    crawl_report_bytes(out, r->all_bytes);
    if (p.french >= 0) buf_printf(out, ", French %.1f %%", 100 * p.french);
    buf_char(out, '\n');
    if (!r->scheduled) return;
    clock_iso8601(r->next_ms, next);
    buf_str(out, "  ");
    crawl_report_count(out, r->scheduled, 0);
    buf_printf(out, " pages are looked at again by themselves, the next at %s\n", next);
}

void crawl_report_text(const struct crawl_report *r, struct buf *out) {
    summary_text(r, out);
    reasons_text(r, out, REASON_KIND_TAKEN, "Fetched");
    reasons_text(r, out, REASON_KIND_REFUSED, "Refused");
    reasons_text(r, out, REASON_KIND_FAILED, "Failed");
    left_text(r, out);
    if (!r->n_sources) return;
    buf_printf(out, "%-28s %11s %10s %8s %10s %8s %10s\n", "SOURCE", "DOCUMENTS", "BYTES", "FRENCH", "REFUSED", "FAILED", "LEFT");
    for (size_t i = 0; i < r->n_sources && i < MOST_SOURCES; i++) source_text(&r->sources[i], out);
    if (r->n_sources > MOST_SOURCES) buf_printf(out, "and %zu more sources (--json lists all)\n", r->n_sources - MOST_SOURCES);
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
