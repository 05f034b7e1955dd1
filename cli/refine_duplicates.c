/*
 * Clusters among all candidates.  All of them are read where much has changed, or nothing is known of what was; else only those that a
 * change touches (dedup/region.h), with the same result.  What was decided is committed with the manifest; the index of all that took
 * part (cli/near.h) is settled just before, and is known by its label.
 */
#include "base/limits.h"
#include "cli/bits.h"
#include "cli/judge.h"
#include "cli/near_changes.h"
#include "cli/refine.h"
#include "cli/survivor.h"
#include "dedup/dedup.h"
#include <stdlib.h>

struct pass {
    struct hub *h;
    struct dedup *dedup;
    struct signature_options options;
    size_t memory_bytes;
    const char *work_dir;
    unsigned threads;
    struct index *index;
    struct near_files *files;
    struct near_batch *batch;
    struct refine_counts *counts;
    struct buf rank;
    struct bits published;
    struct bits decided; /* whose clusters are decided here, and not yet told */
    bool all;            /* every candidate is */
    bool writing;        /* the transaction begins at the first verdict: a crawl may seal while pairs are looked for */
    struct buf *err;
    /* Of a pass over all: documents come by refined segment and offset, as signatures are stored. */
    struct signatures_reader *signatures;
    int64_t segment; /* whose signatures are open, or MANIFEST_NONE */
    struct buf path;
    /* Of a pass over what changed. */
    struct region *region;
    struct near_changes changes;
    uint64_t were_duplicates; /* of those decided */
};

static enum status note_published(void *ctx, int64_t doc) {
    struct pass *p = ctx;
    return bits_put(&p->published, (uint64_t)doc) ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

static void rank_of(struct pass *p, const struct manifest_candidate *c, bool published) {
    survivor_rank(&p->h->settings->survivor_order, c, config_find_source(&p->h->catalogue, c->source), published, &p->rank);
}

static enum status note_decided(struct pass *p, uint64_t doc) {
    return bits_put(&p->decided, doc) ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

static enum status begin_writing(struct pass *p) {
    if (p->writing) return ST_OK;
    enum status st = manifest_begin(p->h->manifest, p->err);
    p->writing = st == ST_OK;
    return st;
}

static enum status put_verdict(void *ctx, const struct dedup_verdict *v) {
    struct pass *p = ctx;
    if (!p->all && !bits_has(&p->decided, v->doc)) return ST_OK;
    enum status st = begin_writing(p);
    if (st != ST_OK) return st;
    struct manifest_cluster c = {
        .doc = (int64_t)v->doc, .kept = (int64_t)v->kept, .similarity = v->similarity, .size = v->cluster_size};
    bits_drop(&p->decided, v->doc);
    p->counts->duplicates += v->doc != v->kept;
    return manifest_set_cluster(p->h->manifest, &c, p->err);
}

/* Who may have been in a cluster and is in none now. */
static enum status put_alone(struct pass *p) {
    enum status st = ST_OK;
    for (uint64_t i = 0; st == ST_OK && (i = bits_next(&p->decided, i)) != UINT64_MAX; i++) {
        struct manifest_cluster c = {.doc = (int64_t)i, .kept = (int64_t)i, .similarity = 1, .size = 1};
        st = manifest_set_cluster(p->h->manifest, &c, p->err);
    }
    return st;
}

static enum status new_dedup(struct pass *p) {
    struct dedup_options options = {
        .signature = p->options, .memory_bytes = p->memory_bytes, .work_dir = p->work_dir, .threads = p->threads};
    return dedup_new(&options, &p->dedup, p->err);
}

/* Decide, tell the manifest, and commit both it and the index, which is then of what was decided on. */
static enum status decide(struct pass *p) {
    struct index_change change = {.removed = p->changes.gone, .n_removed = p->changes.n_gone, .replace = p->all};
    change.label = near_next_label(p->h, p->index);
    enum status st = p->all || p->changes.added ? near_batch_prepare(p->batch, p->index, p->err) : ST_OK;
    if (st == ST_OK) st = dedup_run(p->dedup, put_verdict, p, p->err);
    if (st == ST_OK) st = begin_writing(p);
    if (st == ST_OK) st = put_alone(p);
    if (st == ST_OK) st = manifest_stamp(p->h->manifest, REFINE_CLUSTERS, slice_str(REFINE_WHOLE), p->err);
    if (st == ST_OK) st = near_stamp(p->h, change.label, p->err);
    if (st == ST_OK) st = index_settle(p->index, &change, p->err);
    if (st == ST_OK) {
        p->writing = false;
        st = manifest_commit(p->h->manifest, p->err);
    }
    return st == ST_OK ? index_tidy(p->index, p->err) : st;
}

/* ---- all candidates ---- */

static enum status open_segment(struct pass *p, const struct manifest_document *d) {
    if (p->segment == d->segment_number) return ST_OK;
    signatures_free(p->signatures);
    p->signatures = NULL;
    p->segment = d->segment_number;
    return signatures_open(hub_path(p->h, &p->path, "index/%.*s.sig", SLICE_ARG(d->segment)), &p->options, &p->signatures, p->err);
}

static enum status find_signature(struct pass *p, const struct manifest_document *d, struct signature *sig) {
    uint64_t offset = 0;
    enum status st = open_segment(p, d);
    do {
        if (st == ST_OK) st = signatures_next(p->signatures, &offset, sig, p->err);
    } while (st == ST_OK && offset < (uint64_t)d->offset);
    if (st == ST_RETRY || (st == ST_OK && offset != (uint64_t)d->offset))
        return fail(p->err, ST_FATAL, "%s: no signature for document %s; remove the file and run villers refine",
                    buf_cstr(&p->path), d->id);
    return st;
}

static enum status remember(struct pass *p, const struct manifest_candidate *c, const struct signature *sig) {
    struct near_place place = {.doc = (uint64_t)c->doc,
                               .segment = (uint64_t)c->segment_number,
                               .offset = (uint64_t)c->offset,
                               .at = signatures_position(p->signatures)};
    place.print = near_print(p->files, c);
    return near_batch_add(p->batch, &place, sig, p->err);
}

static enum status add_document(void *ctx, const struct manifest_document *d) {
    struct pass *p = ctx;
    struct signature sig;
    struct manifest_candidate c = {.doc = d->doc,
                                   .source = d->source,
                                   .license = d->license,
                                   .date_day = d->date_day,
                                   .bytes = d->bytes,
                                   .segment_number = d->segment_number,
                                   .offset = d->offset};
    memcpy(c.id, d->id, sizeof c.id);
    enum status st = find_signature(p, d, &sig);
    if (st == ST_OK) st = remember(p, &c, &sig);
    if (st != ST_OK) return st;
    p->counts->candidates++;
    if (d->duplicate_of != MANIFEST_NONE || d->cluster_size != 1) st = note_decided(p, (uint64_t)d->doc);
    if (st != ST_OK) return st;
    rank_of(p, &c, bits_has(&p->published, (uint64_t)d->doc));
    return dedup_add(p->dedup, (uint64_t)d->doc, buf_view(&p->rank), &sig, p->err);
}

static enum status decide_all(struct pass *p) {
    struct manifest_select candidates = {.which = MANIFEST_CANDIDATES, .order = MANIFEST_BY_SEGMENT};
    p->all = p->counts->decided_all = true;
    p->segment = MANIFEST_NONE;
    p->counts->candidates = p->counts->duplicates = 0;
    near_batch_free(p->batch);
    near_changes_free(&p->changes);
    p->changes = (struct near_changes){0};
    enum status st = near_batch_new(p->memory_bytes / 8, p->work_dir, &p->batch, p->err);
    if (st == ST_OK) st = new_dedup(p);
    if (st == ST_OK) st = manifest_each_document(p->h->manifest, &candidates, add_document, p, p->err);
    if (st == ST_OK) st = decide(p);
    p->counts->kept = p->counts->candidates - p->counts->duplicates;
    return st;
}

/* ---- what changed ---- */

static enum status signature_of(void *ctx, const char name[REGION_NAME], struct signature *sig, struct buf *err) {
    struct pass *p = ctx;
    struct near_place place = near_read_name(name);
    return near_files_signature(p->files, &place, sig, err);
}

/* What has changed, and how far that reaches.  SKIP: all had better be decided. */
static enum status find_region(struct pass *p) {
    struct region_options options = {.index = p->index,
                                     .memory_bytes = p->memory_bytes / 4,
                                     .work_dir = p->work_dir,
                                     .max_documents = index_documents(p->index) / 4 + 1024,
                                     .signature = signature_of,
                                     .ctx = p};
    enum status st = near_batch_new(p->memory_bytes / 8, p->work_dir, &p->batch, p->err);
    if (st == ST_OK) st = region_new(&options, &p->region, p->err);
    struct near_changes_options o = {.h = p->h,
                                     .index = p->index,
                                     .files = p->files,
                                     .batch = p->batch,
                                     .region = p->region,
                                     .memory_bytes = p->memory_bytes / 4,
                                     .work_dir = p->work_dir};
    if (st == ST_OK) st = near_changes_find(&o, &p->changes, p->err);
    return st == ST_OK ? region_close(p->region, p->err) : st;
}

static enum status rank_inside(void *ctx, const struct manifest_candidate *c) {
    struct pass *p = ctx;
    p->were_duplicates += c->duplicate_of != MANIFEST_NONE;
    rank_of(p, c, bits_has(&p->published, (uint64_t)c->doc));
    return ST_OK;
}

/* One that only shares buckets with those inside: nobody asks who survives in its cluster. */
static void rank_outside(struct pass *p, uint64_t doc) {
    buf_clear(&p->rank);
    for (int shift = 56; shift >= 0; shift -= 8) buf_char(&p->rank, (char)(doc >> shift));
}

static enum status add_member(void *ctx, const char name[REGION_NAME], bool inside, struct buf *err) {
    struct pass *p = ctx;
    struct near_place place = near_read_name(name);
    struct signature sig;
    enum status st = near_files_signature(p->files, &place, &sig, err);
    if (st != ST_OK) return st;
    if (inside) {
        st = manifest_candidate_of(p->h->manifest, (int64_t)place.doc, rank_inside, p, err);
        if (st == ST_OK) st = note_decided(p, place.doc);
        p->counts->looked_at++;
    } else {
        rank_outside(p, place.doc);
    }
    return st == ST_OK ? dedup_add(p->dedup, place.doc, buf_view(&p->rank), &sig, err) : st;
}

static bool nothing_changed(const struct near_changes *c) { return !c->added && !c->removed && !c->touched; }

static enum status decide_changes(struct pass *p) {
    enum status st = find_region(p);
    if (st == ST_OK) st = new_dedup(p);
    if (st == ST_OK) st = region_each(p->region, add_member, p, p->err);
    if (st == ST_SKIP || st == ST_FATAL) return ST_SKIP; /* a file of the index that is damaged is made again, too */
    p->counts->candidates = p->changes.candidates;
    if (st == ST_OK && nothing_changed(&p->changes)) {
        st = begin_writing(p);
        if (st == ST_OK) st = manifest_stamp(p->h->manifest, REFINE_CLUSTERS, slice_str(REFINE_WHOLE), p->err);
        p->writing = false;
        if (st == ST_OK) st = manifest_commit(p->h->manifest, p->err);
    } else if (st == ST_OK) {
        st = decide(p);
        if (st == ST_SKIP) st = ST_FATAL; /* past the point of return */
    }
    p->counts->duplicates += p->changes.duplicates - p->were_duplicates;
    p->counts->kept = p->counts->candidates - p->counts->duplicates;
    return st;
}

static void forget_changes(struct pass *p) {
    dedup_free(p->dedup);
    p->dedup = NULL;
    free(p->decided.v);
    p->decided = (struct bits){0};
    p->counts->looked_at = 0;
    if (p->err) buf_clear(p->err);
}

static void pass_free(struct pass *p) {
    if (p->writing) manifest_rollback(p->h->manifest);
    signatures_free(p->signatures);
    dedup_free(p->dedup);
    region_free(p->region);
    near_changes_free(&p->changes);
    near_batch_free(p->batch);
    near_files_free(p->files);
    index_free(p->index);
    free(p->decided.v);
    free(p->published.v);
    buf_free(&p->rank);
    buf_free(&p->path);
}

enum status refine_duplicates(struct hub *h, unsigned threads, bool all, struct refine_counts *counts, struct buf *err) {
    struct buf work_dir = {.max = 8192};
    struct pass p = {.h = h,
                     .options = judge_signature_options(h->settings),
                     .memory_bytes = h->settings->dedup_memory_bytes > 0 ? (size_t)h->settings->dedup_memory_bytes : GIB,
                     .work_dir = hub_path(h, &work_dir, "index"),
                     .threads = threads,
                     .counts = counts,
                     .rank = {.max = 256},
                     .path = {.max = 8192},
                     .err = err};
    bool fresh = false;
    enum status st = near_open(h, &p.options, &fresh, &p.index, err);
    if (st == ST_OK) st = near_files_new(h, &p.options, &p.files, err);
    if (st == ST_OK) st = manifest_each_placed(h->manifest, note_published, &p, err);
    if (st == ST_OK && !all && !fresh) {
        st = decide_changes(&p);
        if (st == ST_SKIP) forget_changes(&p);
    } else if (st == ST_OK) {
        st = ST_SKIP;
    }
    if (st == ST_SKIP) st = decide_all(&p);
    pass_free(&p);
    buf_free(&work_dir);
    return st;
}
