/*
 * Verified edges to clusters.  Nodes are numbered by their text's hash, so that no tie depends on the order of arrival; each
 * component of the graph is one task, and only entries with an edge take memory.
 */
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

#define CACHE 4096 /* sketches a component's task keeps; a power of two */

struct sketch {
    uint32_t node; /* + 1; 0: empty */
    uint32_t n;
    uint32_t v[SIGNATURE_SKETCH];
};
struct graph {
    struct dedup *d;
    struct lsh_record *nodes; /* key: exact, value: seq; ascending */
    uint32_t n;
    struct cluster_edge *edges; /* by component, descending weight, a, b */
    size_t n_edges;
    uint32_t *label; /* a node */
    bool *anchored;  /* a node: known from before, or the first of a text that is */
    size_t *starts;  /* of a component in edges, n_components + 1 */
    size_t n_components;
};
struct component { /* in work: its nodes are renumbered from 0, in the same order */
    const struct graph *g;
    uint32_t *nodes;
    struct sketch *cache;
    size_t mask;
    struct buf *err;
};

static enum status load(const struct component *c, uint32_t local, struct sketch **out) {
    struct sketch *s = &c->cache[local & c->mask];
    *out = s;
    if (s->node == local + 1) return ST_OK;
    struct dedup_entry e;
    enum status st = dedup_spool_get(c->g->d->spool, (uint32_t)c->g->nodes[c->nodes[local]].value, &e, c->err);
    if (st != ST_OK) return st;
    s->node = local + 1;
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

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t local_of(const uint32_t *nodes, uint32_t n, uint32_t node) {
    uint32_t low = 0, high = n;
    while (low + 1 < high) {
        uint32_t mid = low + (high - low) / 2;
        if (nodes[mid] <= node)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Renumber the component's nodes in ${edges}; returns how many there are. */
static uint32_t renumber(struct cluster_edge *edges, size_t n_edges, uint32_t *nodes) {
    uint32_t n = 0;
    for (size_t i = 0; i < n_edges; i++) {
        nodes[2 * i] = edges[i].a;
        nodes[2 * i + 1] = edges[i].b;
    }
    qsort(nodes, 2 * n_edges, sizeof *nodes, by_number);
    for (size_t i = 0; i < 2 * n_edges; i++)
        if (n == 0 || nodes[n - 1] != nodes[i]) nodes[n++] = nodes[i];
    for (size_t i = 0; i < n_edges; i++) {
        edges[i].a = local_of(nodes, n, edges[i].a);
        edges[i].b = local_of(nodes, n, edges[i].b);
    }
    return n;
}

static enum status join_component(const struct graph *g, size_t which, struct buf *err) {
    struct cluster_edge *edges = g->edges + g->starts[which];
    size_t n_edges = g->starts[which + 1] - g->starts[which], slots = 2;
    struct component c = {.g = g, .nodes = malloc(2 * n_edges * sizeof *c.nodes), .err = err};
    if (!c.nodes) return fail(err, ST_FATAL, "out of memory for %zu edges", n_edges);
    uint32_t n = renumber(edges, n_edges, c.nodes);
    while (slots < n && slots < CACHE) slots *= 2;
    c.cache = calloc(slots, sizeof *c.cache);
    c.mask = slots - 1;
    uint32_t *label = malloc(n * sizeof *label);
    bool *anchored = malloc(n * sizeof *anchored);
    for (uint32_t i = 0; anchored && i < n; i++) anchored[i] = g->anchored[c.nodes[i]];
    enum status st = c.cache && label && anchored ? ST_OK : fail(err, ST_FATAL, "out of memory for %u documents", n);
    if (st == ST_OK) st = cluster_join(n, edges, n_edges, anchored, g->d->opt.floor, similarity, &c, label, err);
    for (uint32_t i = 0; st == ST_OK && i < n; i++) g->label[c.nodes[i]] = c.nodes[label[i]];
    free(label);
    free(anchored);
    free(c.cache);
    free(c.nodes);
    return st;
}

static enum status component_task(void *ctx, size_t i, unsigned worker) {
    const struct graph *g = ctx;
    struct buf err;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    return dedup_note(g->d, join_component(g, i, &err), &err);
}

/* The entries that occur in edges, with their text's hash, ascending. */
static enum status find_nodes(struct graph *g, struct buf *err) {
    const struct dedup_list *v = &g->d->verified;
    struct lsh_record *r = malloc((2 * v->n + 1) * sizeof *r);
    struct dedup_entry e;
    enum status st = ST_OK;
    size_t n = 0;
    if (!r) return fail(err, ST_FATAL, "out of memory for %zu edges", v->n);
    g->nodes = r;
    for (size_t i = 0; i < v->n; i++) {
        r[2 * i] = (struct lsh_record){v->v[i].key >> 32, 0};
        r[2 * i + 1] = (struct lsh_record){v->v[i].key & UINT32_MAX, 0};
    }
    lsh_sort(r, 2 * v->n);
    for (size_t i = 0; i < 2 * v->n; i++)
        if (n == 0 || r[n - 1].key != r[i].key) r[n++] = r[i];
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        st = dedup_spool_get(g->d->spool, (uint32_t)r[i].key, &e, err);
        r[i] = (struct lsh_record){e.exact, r[i].key};
    }
    lsh_sort(r, n);
    g->n = (uint32_t)n;
    return st;
}

static enum status find_anchors(struct graph *g, struct buf *err) {
    const struct dedup *d = g->d;
    struct dedup_list firsts = {0};
    enum status st = ST_OK;
    for (size_t i = d->copies.n; st == ST_OK && i > 0 && dedup_is_old(d, d->copies.v[i - 1].key); i--)
        st = dedup_list_add(&firsts, d->copies.v[i - 1].value, 0, err);
    lsh_sort(firsts.v, firsts.n);
    g->anchored = calloc(g->n + 1, sizeof *g->anchored);
    if (st == ST_OK && !g->anchored) st = fail(err, ST_FATAL, "out of memory");
    for (uint32_t i = 0; st == ST_OK && i < g->n; i++)
        g->anchored[i] = dedup_is_old(d, g->nodes[i].value) || dedup_list_find(&firsts, g->nodes[i].value);
    dedup_list_free(&firsts);
    return st;
}

/* seq to node: the nodes again, by seq. */
static enum status node_numbers(const struct graph *g, struct dedup_list *by_seq, struct buf *err) {
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < g->n; i++) st = dedup_list_add(by_seq, g->nodes[i].value, i, err);
    if (st == ST_OK) lsh_sort(by_seq->v, by_seq->n);
    return st;
}

static enum status find_edges(struct graph *g, struct buf *err) {
    const struct dedup_list *v = &g->d->verified;
    struct dedup_list by_seq = {0};
    enum status st = node_numbers(g, &by_seq, err);
    g->edges = malloc((v->n + 1) * sizeof *g->edges);
    if (st == ST_OK && !g->edges) st = fail(err, ST_FATAL, "out of memory for %zu edges", v->n);
    for (size_t i = 0; st == ST_OK && i < v->n; i++) {
        uint32_t a = (uint32_t)dedup_list_find(&by_seq, v->v[i].key >> 32)->value;
        uint32_t b = (uint32_t)dedup_list_find(&by_seq, v->v[i].key & UINT32_MAX)->value;
        struct cluster_edge e = {a < b ? a : b, a < b ? b : a, (uint32_t)v->v[i].value};
        g->edges[i] = e;
    }
    g->n_edges = v->n;
    dedup_list_free(&by_seq);
    return st;
}

/* Order the edges by component, then as cluster_join() wants them, and note where each component begins. */
static enum status find_components(struct graph *g, struct buf *err) {
    g->label = malloc((g->n + 1) * sizeof *g->label);
    g->starts = malloc((g->n_edges + 1) * sizeof *g->starts);
    struct lsh_record *r = malloc((g->n_edges + 1) * sizeof *r);
    if (!g->label || !g->starts || !r) {
        free(r);
        return fail(err, ST_FATAL, "out of memory for %zu edges", g->n_edges);
    }
    cluster_components(g->n, g->edges, g->n_edges, g->label);
    for (size_t i = 0; i < g->n_edges; i++) {
        const struct cluster_edge *e = &g->edges[i];
        r[i] = (struct lsh_record){(uint64_t)g->label[e->a] << 32 | (CLUSTER_ONE - e->weight), (uint64_t)e->a << 32 | e->b};
    }
    lsh_sort(r, g->n_edges);
    for (size_t i = 0; i < g->n_edges; i++) {
        struct cluster_edge e = {(uint32_t)(r[i].value >> 32), (uint32_t)r[i].value, CLUSTER_ONE - (uint32_t)r[i].key};
        g->edges[i] = e;
        if (i == 0 || r[i].key >> 32 != r[i - 1].key >> 32) g->starts[g->n_components++] = i;
    }
    g->starts[g->n_components] = g->n_edges;
    free(r);
    return ST_OK;
}

enum status dedup_cluster(struct dedup *d, struct buf *err) {
    struct graph g = {.d = d};
    enum status st = ST_OK;
    if (d->verified.n) {
        st = find_nodes(&g, err);
        if (st == ST_OK) st = find_anchors(&g, err);
        if (st == ST_OK) st = find_edges(&g, err);
        if (st == ST_OK) st = find_components(&g, err);
        dedup_list_free(&d->verified);
        if (st == ST_OK) st = parallel_for(g.n_components, d->opt.threads, component_task, &g);
    }
    for (uint32_t i = 0; st == ST_OK && i < g.n; i++)
        st = dedup_list_add(&d->labels, g.nodes[g.label[i]].value, g.nodes[i].value, err);
    free(g.nodes);
    free(g.edges);
    free(g.label);
    free(g.anchored);
    free(g.starts);
    return st;
}
