/*
 * What recurs among the documents of a host or a source, counted from the hashes of their lines (cli/line_prints.h); and which segments'
 * texts that changes: those made while other lines of theirs went.
 */
#include "base/hash.h"
#include "cli/line_prints.h"
#include "cli/refine.h"
#include "dedup/host_blocks.h"
#include <stdio.h>
#include <stdlib.h>

struct feed {
    struct hub *h;
    const struct policies *policies;
    struct host_blocks *lines;
    uint64_t *print; /* to add to, or NULL: count */
    struct buf *err;
};

static enum status feed_segment(void *ctx, const struct manifest_segment *seg) {
    struct feed *f = ctx;
    struct line_prints *prints = NULL;
    struct host_blocks_lines lines = {0};
    struct host_blocks_page page;
    enum status st = line_prints_open(f->h, seg->name, &prints, f->err), next = ST_OK;
    while (st == ST_OK && (next = line_prints_next(prints, &page, &lines, f->err)) == ST_OK) {
        const struct policy *policy = policies_of(f->policies, page.source);
        page.by_host = policy->drop_recurring;
        page.repeated = policy->drop_repeated;
        if (!page.by_host && !page.repeated) continue;
        if (f->print)
            *f->print += host_blocks_print(f->lines, &page, lines.v, lines.n);
        else
            st = host_blocks_add(f->lines, &page, lines.v, lines.n, f->err);
    }
    line_prints_free(prints);
    free(lines.v);
    return st == ST_OK && next == ST_FATAL ? next : st;
}

enum status refine_recurring(struct hub *h, const struct policies *policies, struct host_blocks **lines, struct buf *err) {
    struct feed f = {.h = h, .policies = policies, .err = err};
    struct buf dir = {.max = 8192};
    struct host_blocks_options o = {.work_dir = hub_path(h, &dir, "index")};
    *lines = NULL;
    enum status st = ST_OK;
    if (policies_drop_lines(policies)) {
        st = host_blocks_new(&o, &f.lines, err);
        if (st == ST_OK) st = manifest_each_segment(h->manifest, SEGMENT_RAW, feed_segment, &f, err);
        if (st == ST_OK) st = host_blocks_count(f.lines, err);
    }
    buf_free(&dir);
    if (st == ST_OK)
        *lines = f.lines;
    else
        host_blocks_free(f.lines);
    return st;
}

enum status refine_making_of(struct hub *h, const struct refine_settings *s, const struct manifest_segment *raw, char hash[33],
                             struct buf *text, struct buf *err) {
    uint64_t print = 0;
    struct feed f = {.h = h, .policies = s->policies, .lines = s->recurring, .print = &print, .err = err};
    struct slice making = buf_view(&s->making_text);
    enum status st = s->recurring ? feed_segment(&f, raw) : ST_OK;
    buf_clear(text);
    if (print) /* one more member of the object */
        buf_printf(text, "%.*s,\"recurring_lines\":\"%016llx\"}", (int)making.len - 1, making.ptr, (unsigned long long)print);
    else
        buf_slice(text, making);
    if (st == ST_OK && !buf_ok(text)) st = fail(err, ST_RETRY, "out of memory");
    hash128_hex(hash128(buf_view(text)), hash);
    return st;
}

/* ---- stale segments ---- */

struct made { /* a refined segment, by the raw one it comes from */
    int64_t raw;
    char hash[33];
};
struct stale {
    struct hub *h;
    const struct refine_settings *settings;
    struct made *made;
    size_t n, room;
    struct buf text;
    manifest_segment_fn fn;
    void *ctx;
    struct buf *err;
};

static enum status note_made(void *ctx, const struct manifest_segment *seg) {
    struct stale *s = ctx;
    if (s->n == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        struct made *v = realloc(s->made, room * sizeof *v);
        if (!v) return fail(s->err, ST_RETRY, "out of memory");
        s->made = v;
        s->room = room;
    }
    struct made *m = &s->made[s->n++];
    m->raw = seg->derived_from;
    snprintf(m->hash, sizeof m->hash, "%.*s", SLICE_ARG(seg->settings_hash));
    return ST_OK;
}

static int by_raw(const void *a, const void *b) {
    const struct made *x = a, *y = b;
    return x->raw < y->raw ? -1 : x->raw > y->raw;
}

static enum status look_at(void *ctx, const struct manifest_segment *raw) {
    struct stale *s = ctx;
    struct made wanted = {.raw = raw->number};
    const struct made *found = s->n ? bsearch(&wanted, s->made, s->n, sizeof *s->made, by_raw) : NULL;
    char hash[33];
    enum status st = refine_making_of(s->h, s->settings, raw, hash, &s->text, s->err);
    if (st != ST_OK || (found && strcmp(found->hash, hash) == 0)) return st;
    return s->fn(s->ctx, raw);
}

enum status refine_each_stale(struct hub *h, const struct refine_settings *settings, manifest_segment_fn fn, void *ctx,
                              struct buf *err) {
    struct stale s = {.h = h, .settings = settings, .text = {.max = settings->making_text.max}, .fn = fn, .ctx = ctx, .err = err};
    if (!settings->recurring)
        return manifest_each_stale(h->manifest, SEGMENT_RAW, SEGMENT_REFINED, slice_str(settings->making), fn, ctx, err);
    enum status st = manifest_each_segment(h->manifest, SEGMENT_REFINED, note_made, &s, err);
    if (s.n) qsort(s.made, s.n, sizeof *s.made, by_raw);
    if (st == ST_OK) st = manifest_each_segment(h->manifest, SEGMENT_RAW, look_at, &s, err);
    free(s.made);
    buf_free(&s.text);
    return st;
}
