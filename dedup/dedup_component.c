/*
 * One component of the graph to clusters.  Its nodes are numbered by their text's hash, so that no tie depends on the order of
 * arrival.
 */
#include "dedup/dedup_state.h"
#include <stdlib.h>

#define CACHE 4096 /* sketches in hand; a power of two */

struct sketch {
    uint32_t node; /* + 1; 0: empty */
    uint32_t n;
    uint32_t v[SIGNATURE_SKETCH];
};
struct component {
    struct dedup *d;
    struct lsh_record *nodes;  /* key: exact, value: seq; ascending */
    struct lsh_record *number; /* key: seq, value: place in nodes; ascending */
    uint32_t n;
    struct cluster_edge *edges;
    size_t n_edges;
    struct sketch *cache;
    size_t mask;
    uint32_t *label;
    bool *anchored;
    struct lsh_record *members; /* key: label, value: seq */
    struct buf *err;
};

static enum status load(const struct component *c, uint32_t node, struct sketch **out) {
    struct sketch *s = &c->cache[node & c->mask];
    struct dedup_scratch scratch;
    struct dedup_entry e;
    *out = s;
    if (s->node == node + 1) return ST_OK;
    enum status st = dedup_spool_get(c->d->spool, (uint32_t)c->nodes[node].value, &scratch, &e, c->err);
    if (st != ST_OK) return st;
    s->node = node + 1;
    s->n = e.n_sketch;
    memcpy(s->v, e.sketch, e.n_sketch * sizeof *e.sketch);
    return ST_OK;
}

static double similarity(void *ctx, uint32_t a, uint32_t b) {
    const struct component *c = ctx;
    struct sketch *x, *y, copy;
    if (load(c, a, &x) != ST_OK) return -1;
    if ((a & c->mask) == (b & c->mask)) {
        copy = *x;
        x = &copy;
    }
    if (load(c, b, &y) != ST_OK) return -1;
    return signature_similarity(x->v, x->n, y->v, y->n);
}

static bool is_copy(const struct lsh_record *r) { return (uint32_t)r->key == UINT32_MAX; }

/* The entries that the records name, each once, by their text's hash. */
static enum status find_nodes(struct component *c, const struct lsh_record *r, size_t n) {
    struct dedup_scratch scratch;
    struct dedup_entry e;
    enum status st = ST_OK;
    size_t k = 0, kept = 0;
    for (size_t i = 0; i < n; i++) {
        c->number[k++] = (struct lsh_record){r[i].value >> 32, 0};
        if (!is_copy(&r[i])) c->number[k++] = (struct lsh_record){r[i].value & UINT32_MAX, 0};
    }
    lsh_sort(c->number, k);
    for (size_t i = 0; i < k; i++)
        if (kept == 0 || c->number[kept - 1].key != c->number[i].key) c->number[kept++] = c->number[i];
    c->n = (uint32_t)kept;
    for (uint32_t i = 0; st == ST_OK && i < c->n; i++) {
        st = dedup_spool_get(c->d->spool, (uint32_t)c->number[i].key, &scratch, &e, c->err);
        if (st == ST_OK) c->nodes[i] = (struct lsh_record){e.exact, c->number[i].key};
    }
    if (st != ST_OK) return st;
    lsh_sort(c->nodes, c->n);
    for (uint32_t i = 0; i < c->n; i++) c->number[i] = (struct lsh_record){c->nodes[i].value, i};
    lsh_sort(c->number, c->n);
    return ST_OK;
}

static uint32_t number_of(const struct component *c, uint64_t seq) {
    uint32_t low = 0, high = c->n;
    while (low + 1 < high) {
        uint32_t mid = low + (high - low) / 2;
        if (c->number[mid].key <= seq)
            low = mid;
        else
            high = mid;
    }
    return (uint32_t)c->number[low].value;
}

/* As cluster_join() wants them; ${order} has room for them. */
static void order_edges(struct component *c, const struct lsh_record *r, size_t n, struct lsh_record *order) {
    for (c->n_edges = 0; c->n_edges < n && !is_copy(&r[c->n_edges]); c->n_edges++) {
        uint64_t a = number_of(c, r[c->n_edges].value >> 32), b = number_of(c, r[c->n_edges].value & UINT32_MAX);
        order[c->n_edges] = (struct lsh_record){r[c->n_edges].key & UINT32_MAX, a < b ? a << 32 | b : b << 32 | a};
    }
    lsh_sort(order, c->n_edges);
    for (size_t i = 0; i < c->n_edges; i++) {
        struct cluster_edge e = {(uint32_t)(order[i].value >> 32), (uint32_t)order[i].value, CLUSTER_ONE - (uint32_t)order[i].key};
        c->edges[i] = e;
    }
}

static enum status judge_clusters(struct component *c, const struct lsh_record *r, size_t n, struct lsh_sink *verdicts) {
    enum status st = ST_OK;
    size_t k = 0;
    for (uint32_t i = 0; i < c->n; i++) c->members[k++] = (struct lsh_record){c->label[i], c->nodes[i].value};
    for (size_t i = c->n_edges; i < n; i++)
        c->members[k++] = (struct lsh_record){c->label[number_of(c, r[i].value >> 32)], r[i].value & UINT32_MAX};
    lsh_sort(c->members, k);
    for (size_t at = 0, end; st == ST_OK && at < k; at = end) {
        end = lsh_bucket_end(c->members, k, at);
        if (end - at > 1) st = dedup_judge(c->d, c->members + at, end - at, verdicts, c->err);
    }
    return st;
}

static enum status cluster_nodes(struct component *c) {
    size_t slots = 2;
    while (slots < c->n && slots < CACHE) slots *= 2;
    c->mask = slots - 1;
    c->cache = calloc(slots, sizeof *c->cache);
    if (!c->cache) return fail(c->err, ST_FATAL, "out of memory for sketches");
    for (uint32_t i = 0; i < c->n; i++)
        c->anchored[i] = dedup_is_old(c->d, c->nodes[i].value) || dedup_set_has(&c->d->anchored, (uint32_t)c->nodes[i].value);
    return cluster_join(c->n, c->edges, c->n_edges, c->anchored, c->d->opt.floor, similarity, c, c->label, c->err);
}

enum status dedup_component(struct dedup *d, const struct lsh_record *r, size_t n, struct lsh_sink *verdicts, struct buf *err) {
    size_t room = 2 * n + 1;
    struct component c = {.d = d, .err = err};
    c.nodes = malloc(room * sizeof *c.nodes);
    c.number = malloc(room * sizeof *c.number);
    c.members = malloc((room + n) * sizeof *c.members);
    c.edges = malloc((n + 1) * sizeof *c.edges);
    c.label = malloc(room * sizeof *c.label);
    c.anchored = malloc(room * sizeof *c.anchored);
    enum status st = c.nodes && c.number && c.members && c.edges && c.label && c.anchored
                         ? find_nodes(&c, r, n)
                         : fail(err, ST_FATAL, "out of memory for %zu edges", n);
    if (st == ST_OK) {
        order_edges(&c, r, n, c.members);
        if (c.n_edges)
            st = cluster_nodes(&c);
        else
            c.label[0] = 0; /* one text and its copies */
    }
    if (st == ST_OK) st = judge_clusters(&c, r, n, verdicts);
    free(c.nodes);
    free(c.number);
    free(c.members);
    free(c.edges);
    free(c.label);
    free(c.anchored);
    free(c.cache);
    return st;
}
