#include "base/limits.h"
#include "cli/bits.h"
#include "cli/judge.h"
#include "cli/refine.h"
#include "cli/signatures.h"
#include "cli/survivor.h"
#include "dedup/dedup.h"
#include <stdlib.h>

/* Documents come by refined segment and offset, as signatures are stored: both are read once, from front to back. */
struct pass {
    struct hub *h;
    struct dedup *dedup;
    struct signature_options options;
    struct signatures_reader *signatures;
    int64_t segment; /* whose signatures are open, or MANIFEST_NONE */
    struct buf rank, path;
    struct refine_counts *counts;
    struct bits published;
    struct bits clustered; /* in a cluster until now, and not yet told anew */
    bool writing;          /* the transaction begins at the first verdict: a crawl may seal while pairs are looked for */
    struct buf *err;
};

static enum status open_segment(struct pass *p, const struct manifest_document *d) {
    if (p->segment == d->segment_number) return ST_OK;
    signatures_free(p->signatures);
    p->signatures = NULL;
    p->segment = d->segment_number;
    return signatures_open(hub_path(p->h, &p->path, "index/%.*s.sig", SLICE_ARG(d->segment)), &p->options, &p->signatures, p->err);
}

static enum status note_clustered(struct pass *p, const struct manifest_document *d) {
    if (d->duplicate_of == MANIFEST_NONE && d->cluster_size == 1) return ST_OK;
    return bits_put(&p->clustered, (uint64_t)d->doc) ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

static enum status note_published(void *ctx, int64_t doc) {
    struct pass *p = ctx;
    return bits_put(&p->published, (uint64_t)doc) ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

static enum status add_document(void *ctx, const struct manifest_document *d) {
    struct pass *p = ctx;
    struct signature sig;
    uint64_t offset = 0;
    enum status st = open_segment(p, d);
    do {
        if (st == ST_OK) st = signatures_next(p->signatures, &offset, &sig, p->err);
    } while (st == ST_OK && offset < (uint64_t)d->offset);
    if (st == ST_RETRY || (st == ST_OK && offset != (uint64_t)d->offset))
        return fail(p->err, ST_FATAL, "%s: no signature for document %s; remove the file and run villers refine",
                    buf_cstr(&p->path), d->id);
    if (st != ST_OK) return st;
    survivor_rank(&p->h->settings->survivor_order, d, config_find_source(&p->h->catalogue, d->source),
                  bits_has(&p->published, (uint64_t)d->doc), &p->rank);
    p->counts->candidates++;
    st = note_clustered(p, d);
    if (st != ST_OK) return st;
    return dedup_add(p->dedup, (uint64_t)d->doc, buf_view(&p->rank), &sig, p->err);
}

static enum status begin_writing(struct pass *p) {
    if (p->writing) return ST_OK;
    enum status st = manifest_begin(p->h->manifest, p->err);
    p->writing = st == ST_OK;
    return st;
}

static enum status put_verdict(void *ctx, const struct dedup_verdict *v) {
    struct pass *p = ctx;
    enum status st = begin_writing(p);
    if (st != ST_OK) return st;
    struct manifest_cluster c = {
        .doc = (int64_t)v->doc, .kept = (int64_t)v->kept, .similarity = v->similarity, .size = v->cluster_size};
    bits_drop(&p->clustered, v->doc);
    p->counts->duplicates += v->doc != v->kept;
    return manifest_set_cluster(p->h->manifest, &c, p->err);
}

/* Who was in a cluster and is in none now. */
static enum status put_alone(struct pass *p) {
    enum status st = ST_OK;
    for (uint64_t i = 0; st == ST_OK && (i = bits_next(&p->clustered, i)) != UINT64_MAX; i++) {
        struct manifest_cluster c = {.doc = (int64_t)i, .kept = (int64_t)i, .similarity = 1, .size = 1};
        st = manifest_set_cluster(p->h->manifest, &c, p->err);
    }
    return st;
}

enum status refine_duplicates(struct hub *h, unsigned threads, struct refine_counts *counts, struct buf *err) {
    struct buf work_dir = {.max = 8192};
    struct pass p = {.h = h,
                     .options = judge_signature_options(h->settings),
                     .segment = MANIFEST_NONE,
                     .counts = counts,
                     .err = err,
                     .rank = {.max = 256},
                     .path = {.max = 8192}};
    struct dedup_options options = {.signature = p.options,
                                    .memory_bytes = (size_t)h->settings->dedup_memory_bytes,
                                    .work_dir = hub_path(h, &work_dir, "index"),
                                    .threads = threads};
    struct manifest_select candidates = {.which = MANIFEST_CANDIDATES, .order = MANIFEST_BY_SEGMENT};
    enum status st = dedup_new(&options, &p.dedup, err);
    if (st == ST_OK) st = manifest_each_placed(h->manifest, note_published, &p, err);
    if (st == ST_OK) st = manifest_each_document(h->manifest, &candidates, add_document, &p, err);
    if (st == ST_OK) st = dedup_run(p.dedup, put_verdict, &p, err);
    if (st == ST_OK) st = begin_writing(&p);
    if (st == ST_OK) st = put_alone(&p);
    counts->kept = counts->candidates - counts->duplicates;
    if (st == ST_OK) st = manifest_stamp(h->manifest, REFINE_CLUSTERS, slice_str(REFINE_WHOLE), err);
    if (st == ST_OK)
        st = manifest_commit(h->manifest, err);
    else if (p.writing)
        manifest_rollback(h->manifest);
    signatures_free(p.signatures);
    dedup_free(p.dedup);
    free(p.clustered.v);
    free(p.published.v);
    buf_free(&p.rank);
    buf_free(&p.path);
    buf_free(&work_dir);
    return st;
}
