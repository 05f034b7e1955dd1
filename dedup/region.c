/*
 * Rounds, each from the documents that came inside in the last one: their copies come inside; their keys lead to buckets, buckets to pairs,
 * and a pair whose sketches agree, with one end inside, brings the other.
 */
#include "dedup/region.h"
#include "base/limits.h"
#include "base/map64.h"
#include "dedup/lsh.h"
#include <stdlib.h>

enum { ADDED = 1, REMOVED = 2, INSIDE = 4 };
#define TOP_BYTE 56u  /* of a key: its partition */
#define PAIR_SHIFT 32 /* a pair's partition follows its first member */

struct member {
    uint64_t exact;
    char name[REGION_NAME];
    unsigned char flags;
};

struct region {
    struct region_options opt;
    struct member *members;
    size_t n, room;
    struct map64 by_ref;
    uint32_t *frontier; /* came inside since the last round */
    size_t n_frontier, frontier_room;
    bool first_round;
    struct index_doc doc; /* scratch */
};

/* A round's runs: keys of the frontier, and pairs: those that count with an end inside, and those that count in any case. */
struct round {
    struct region *r;
    struct lsh_runs *texts, *keys, *pairs, *all_pairs;
    struct lsh_sink *sink, *all_sink;
    struct lsh_record *found; /* of a partition */
    size_t n_found, found_room;
    bool exact;
};

enum status region_new(const struct region_options *opt, struct region **out, struct buf *err) {
    struct region *r = calloc(1, sizeof *r);
    *out = r;
    if (!r) return fail(err, ST_RETRY, "out of memory");
    r->opt = *opt;
    r->first_round = true;
    if (r->opt.similarity <= 0) r->opt.similarity = 0.7;
    if (!r->opt.memory_bytes) r->opt.memory_bytes = 64 * MIB;
    return ST_OK;
}

void region_free(struct region *r) {
    if (!r) return;
    free(r->members);
    free(r->frontier);
    map64_free(&r->by_ref);
    free(r);
}

static bool grow(void **v, size_t n, size_t *room, size_t size) {
    if (n < *room) return true;
    size_t more = *room ? 2 * *room : 256;
    void *p = realloc(*v, more * size);
    if (!p) return false;
    *v = p;
    *room = more;
    return true;
}

static enum status new_member(struct region *r, const char *name, uint64_t exact, uint32_t *member, struct buf *err) {
    if (r->n >= r->opt.max_documents || r->n >= UINT32_MAX) return fail(err, ST_SKIP, "too much has changed");
    if (!grow((void **)&r->members, r->n, &r->room, sizeof *r->members)) return fail(err, ST_RETRY, "out of memory");
    struct member *m = &r->members[r->n];
    m->exact = exact;
    m->flags = 0;
    memcpy(m->name, name, REGION_NAME);
    *member = (uint32_t)r->n++;
    return ST_OK;
}

/* The member of a document of the index, made when it is first met.  SKIP when it left the index before. */
static enum status member_of(struct region *r, uint64_t ref, uint32_t *member, struct buf *err) {
    uint64_t value;
    if (map64_get(&r->by_ref, ref, &value)) {
        *member = (uint32_t)value;
        return value == UINT64_MAX ? ST_SKIP : ST_OK;
    }
    enum status st = index_read(r->opt.index, ref, &r->doc, NULL);
    if (st == ST_SKIP) return map64_put(&r->by_ref, ref, UINT64_MAX) ? ST_SKIP : fail(err, ST_RETRY, "out of memory");
    if (st != ST_OK) return index_read(r->opt.index, ref, &r->doc, err);
    if (r->doc.n_name != REGION_NAME) return fail(err, ST_FATAL, "a name of the index is not of this kind");
    st = new_member(r, r->doc.name, r->doc.exact, member, err);
    if (st == ST_OK && !map64_put(&r->by_ref, ref, *member)) st = fail(err, ST_RETRY, "out of memory");
    return st;
}

static enum status come_inside(struct region *r, uint32_t member, struct buf *err) {
    if (r->members[member].flags & INSIDE) return ST_OK;
    r->members[member].flags |= INSIDE;
    if (!grow((void **)&r->frontier, r->n_frontier, &r->frontier_room, sizeof *r->frontier))
        return fail(err, ST_RETRY, "out of memory");
    r->frontier[r->n_frontier++] = member;
    return ST_OK;
}

enum status region_add(struct region *r, const char name[REGION_NAME], uint64_t exact, struct buf *err) {
    uint32_t member = 0;
    enum status st = new_member(r, name, exact, &member, err);
    if (st != ST_OK) return st;
    r->members[member].flags |= ADDED;
    return come_inside(r, member, err);
}

enum status region_touch(struct region *r, uint64_t ref, struct buf *err) {
    uint32_t member = 0;
    enum status st = member_of(r, ref, &member, err);
    return st == ST_OK ? come_inside(r, member, err) : st;
}

enum status region_remove(struct region *r, uint64_t ref, struct buf *err) {
    uint32_t member = 0;
    enum status st = member_of(r, ref, &member, err);
    if (st != ST_OK) return st;
    r->members[member].flags |= REMOVED;
    return come_inside(r, member, err);
}

static struct lsh_record record_of(const struct region *r, uint64_t key, uint32_t member) {
    return (struct lsh_record){key, r->members[member].exact >> 32 << 32 | member};
}

/* A document of the index under a key of the frontier. */
static enum status found(void *ctx, uint64_t key, uint64_t ref, struct buf *err) {
    struct round *o = ctx;
    uint32_t member = 0;
    enum status st = member_of(o->r, ref, &member, err);
    if (st == ST_SKIP) return o->r->n >= o->r->opt.max_documents ? st : ST_OK;
    if (st != ST_OK) return st;
    if (o->exact) { /* its text is in the frontier: it need not be there itself */
        o->r->members[member].flags |= INSIDE;
        return ST_OK;
    }
    if (!grow((void **)&o->found, o->n_found, &o->found_room, sizeof *o->found)) return fail(err, ST_RETRY, "out of memory");
    o->found[o->n_found++] = record_of(o->r, key, member);
    return ST_OK;
}

/* The pairs of a bucket in one of its states: without the members that have ${flag}. */
static enum status pairs_without(struct round *o, const struct lsh_record *bucket, size_t n, unsigned flag, struct lsh_record *copy,
                                 struct lsh_sink *sink, struct buf *err) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (!(o->r->members[lsh_seq(&bucket[i])].flags & flag)) copy[k++] = bucket[i];
    return k > 1 ? lsh_pairs(copy, k, UINT32_MAX, sink, err) : ST_OK;
}

/* A small bucket has all pairs, so that one without a changed end is in both states or in none; in a large one others may change. */
static enum status bucket_pairs(struct round *o, const struct lsh_record *bucket, size_t n, struct lsh_record *copy,
                                struct buf *err) {
    struct lsh_sink *sink = o->r->first_round && n > LSH_ALL_PAIRS ? o->all_sink : o->sink;
    enum status st = pairs_without(o, bucket, n, REMOVED, copy, sink, err);
    return st == ST_OK && o->r->first_round ? pairs_without(o, bucket, n, ADDED, copy, sink, err) : st;
}

static enum status partition_pairs(struct round *o, struct lsh_record *v, size_t n, struct buf *err) {
    struct lsh_record *all = malloc((n + o->n_found + 1) * sizeof *all), *copy = malloc((n + o->n_found + 1) * sizeof *copy);
    enum status st = all && copy ? ST_OK : fail(err, ST_RETRY, "out of memory");
    size_t kept = 0, total = n + o->n_found;
    if (st == ST_OK) {
        memcpy(all, v, n * sizeof *all);
        if (o->n_found) memcpy(all + n, o->found, o->n_found * sizeof *all);
        lsh_sort(all, total);
        for (size_t i = 0; i < total; i++)
            if (!kept || all[kept - 1].key != all[i].key || all[kept - 1].value != all[i].value) all[kept++] = all[i];
    }
    for (size_t at = 0, end; st == ST_OK && at < kept; at = end) {
        end = lsh_bucket_end(all, kept, at);
        if (end - at > 1) st = bucket_pairs(o, all + at, end - at, copy, err);
    }
    free(all);
    free(copy);
    return st;
}

/* For each partition of the frontier's keys (or texts): what the index has under them. */
static enum status meet(struct round *o, enum index_section section, struct buf *err) {
    struct lsh_runs *runs = section == INDEX_EXACT ? o->texts : o->keys;
    enum status st = ST_OK;
    o->exact = section == INDEX_EXACT;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *v;
        size_t n;
        st = lsh_runs_take(runs, p, &v, &n, err);
        o->n_found = 0;
        if (st == ST_OK && n) st = index_match(o->r->opt.index, section, p, v, n, found, o, err);
        if (st == ST_OK && n && section == INDEX_KEYS) st = partition_pairs(o, v, n, err);
        free(v);
    }
    return st;
}

static enum status put_keys(struct round *o, uint32_t member, struct buf *err) {
    struct region *r = o->r;
    struct lsh_record records[SIGNATURE_MAX_KEYS];
    struct signature sig;
    enum status st = r->opt.signature(r->opt.ctx, r->members[member].name, &sig, err);
    for (unsigned i = 0; st == ST_OK && i < sig.n_keys; i++) records[i] = record_of(r, LSH_SHORT(sig.keys[i]), member);
    return st == ST_OK ? lsh_runs_add(o->keys, records, sig.n_keys, err) : st;
}

static enum status find_copies(struct round *o, const uint32_t *frontier, size_t n, struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct lsh_record record = {o->r->members[frontier[i]].exact, frontier[i]};
        st = lsh_runs_add(o->texts, &record, 1, err);
    }
    return st == ST_OK ? meet(o, INDEX_EXACT, err) : st;
}

static enum status find_pairs(struct round *o, const uint32_t *frontier, size_t n, struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) st = put_keys(o, frontier[i], err);
    if (st == ST_OK) st = meet(o, INDEX_KEYS, err);
    if (st == ST_OK) st = lsh_sink_flush(o->sink, err);
    return st == ST_OK ? lsh_sink_flush(o->all_sink, err) : st;
}

/* Whether the sketches of a pair agree; ${a} is kept from pair to pair. */
static enum status agree(struct region *r, uint64_t pair, struct signature sig[2], uint64_t *loaded, bool *yes, struct buf *err) {
    uint64_t a = pair >> 32;
    enum status st = ST_OK;
    if (*loaded != a) st = r->opt.signature(r->opt.ctx, r->members[a].name, &sig[0], err);
    *loaded = st == ST_OK ? a : UINT64_MAX;
    if (st == ST_OK) st = r->opt.signature(r->opt.ctx, r->members[(uint32_t)pair].name, &sig[1], err);
    if (st == ST_OK)
        *yes = signature_similarity(sig[0].sketch, sig[0].n_sketch, sig[1].sketch, sig[1].n_sketch) >= r->opt.similarity;
    return st;
}

static enum status verify(struct region *r, struct lsh_runs *pairs, bool any, struct signature sig[2], struct buf *err) {
    enum status st = ST_OK;
    uint64_t loaded = UINT64_MAX;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *v;
        size_t n;
        st = lsh_runs_take(pairs, p, &v, &n, err);
        for (size_t i = 0; st == ST_OK && i < n; i++) {
            uint32_t a = (uint32_t)(v[i].key >> 32), b = (uint32_t)v[i].key;
            bool in_a = r->members[a].flags & INSIDE, in_b = r->members[b].flags & INSIDE, yes = false;
            if ((i > 0 && v[i].key == v[i - 1].key) || (in_a && in_b) || (!any && !in_a && !in_b)) continue;
            st = agree(r, v[i].key, sig, &loaded, &yes, err);
            if (st == ST_OK && yes) st = come_inside(r, a, err);
            if (st == ST_OK && yes) st = come_inside(r, b, err);
        }
        free(v);
    }
    return st;
}

static enum status begin(struct round *o, struct buf *err) {
    size_t m = o->r->opt.memory_bytes / 8;
    enum status st = lsh_runs_new(TOP_BYTE, m, o->r->opt.work_dir, &o->texts, err);
    if (st == ST_OK) st = lsh_runs_new(TOP_BYTE, 3 * m, o->r->opt.work_dir, &o->keys, err);
    if (st == ST_OK) st = lsh_runs_new(PAIR_SHIFT, 2 * m, o->r->opt.work_dir, &o->pairs, err);
    if (st == ST_OK) st = lsh_runs_new(PAIR_SHIFT, 2 * m, o->r->opt.work_dir, &o->all_pairs, err);
    o->sink = malloc(sizeof *o->sink);
    o->all_sink = malloc(sizeof *o->all_sink);
    if (st != ST_OK || !o->sink || !o->all_sink) return st == ST_OK ? fail(err, ST_RETRY, "out of memory") : st;
    o->sink->runs = o->pairs;
    o->all_sink->runs = o->all_pairs;
    o->sink->n = o->all_sink->n = 0;
    return ST_OK;
}

static void end(struct round *o) {
    lsh_runs_free(o->texts);
    lsh_runs_free(o->keys);
    lsh_runs_free(o->pairs);
    lsh_runs_free(o->all_pairs);
    free(o->sink);
    free(o->all_sink);
    free(o->found);
}

static enum status one_round(struct region *r, const uint32_t *frontier, size_t n, struct signature sig[2], struct buf *err) {
    struct round o = {.r = r};
    enum status st = begin(&o, err);
    if (st == ST_OK) st = find_copies(&o, frontier, n, err);
    if (st == ST_OK) st = find_pairs(&o, frontier, n, err);
    if (st == ST_OK) st = verify(r, o.all_pairs, true, sig, err);
    if (st == ST_OK) st = verify(r, o.pairs, false, sig, err);
    end(&o);
    r->first_round = false;
    return st;
}

enum status region_close(struct region *r, struct buf *err) {
    struct signature *sig = malloc(2 * sizeof *sig);
    enum status st = sig ? ST_OK : fail(err, ST_RETRY, "out of memory");
    while (st == ST_OK && r->n_frontier) {
        uint32_t *frontier = r->frontier;
        size_t n = r->n_frontier;
        r->frontier = NULL;
        r->n_frontier = r->frontier_room = 0;
        st = one_round(r, frontier, n, sig, err);
        free(frontier);
    }
    free(sig);
    return st;
}

enum status region_each(const struct region *r,
                        enum status (*fn)(void *ctx, const char name[REGION_NAME], bool inside, struct buf *err), void *ctx,
                        struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < r->n; i++)
        if (!(r->members[i].flags & REMOVED)) st = fn(ctx, r->members[i].name, r->members[i].flags & INSIDE, err);
    return st;
}
