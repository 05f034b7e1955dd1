#include "dedup/cluster.h"
#include <stdlib.h>

static uint32_t find(uint32_t *parent, uint32_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* Clusters as union-find with their members in a list, the root (the smallest) first. */
struct clusters {
    uint32_t *parent, *next, *last;
    bool *anchored; /* of a root: some member is */
};
#define NO_NODE UINT32_MAX

/* The first members of both, across: OK to join, SKIP when two are too far apart, FATAL when a similarity failed. */
static enum status near_enough(const struct clusters *c, uint32_t x, uint32_t y, double floor, cluster_similarity *similarity,
                               void *ctx) {
    unsigned i = 0;
    for (uint32_t p = x; p != NO_NODE && i < CLUSTER_SAMPLE; p = c->next[p], i++) {
        unsigned j = 0;
        for (uint32_t q = y; q != NO_NODE && j < CLUSTER_SAMPLE; q = c->next[q], j++) {
            double s = similarity(ctx, p, q);
            if (s < 0) return ST_FATAL;
            if (s < floor) return ST_SKIP;
        }
    }
    return ST_OK;
}

static void join(struct clusters *c, uint32_t x, uint32_t y) {
    c->parent[y] = x;
    c->next[c->last[x]] = y;
    c->last[x] = c->last[y];
    c->anchored[x] = c->anchored[x] || c->anchored[y];
}

enum status cluster_join(uint32_t n, const struct cluster_edge *edges, size_t n_edges, const bool *anchored, double floor,
                         cluster_similarity *similarity, void *ctx, uint32_t *label, struct buf *err) {
    struct clusters c = {label, malloc(n * sizeof *c.next), malloc(n * sizeof *c.last), calloc(n + 1, sizeof *c.anchored)};
    enum status st = c.next && c.last && c.anchored ? ST_OK : fail(err, ST_FATAL, "out of memory for %u documents of a cluster", n);
    for (uint32_t i = 0; st == ST_OK && i < n; i++) {
        c.parent[i] = c.last[i] = i;
        c.next[i] = NO_NODE;
        c.anchored[i] = anchored && anchored[i];
    }
    for (size_t e = 0; st == ST_OK && e < n_edges; e++) {
        uint32_t a = find(c.parent, edges[e].a), b = find(c.parent, edges[e].b);
        if (a == b || (c.anchored[a] && c.anchored[b])) continue;
        uint32_t x = a < b ? a : b, y = a < b ? b : a;
        st = near_enough(&c, x, y, floor, similarity, ctx);
        if (st == ST_OK) join(&c, x, y);
        if (st == ST_SKIP) st = ST_OK;
    }
    for (uint32_t i = 0; st == ST_OK && i < n; i++) label[i] = find(c.parent, i);
    free(c.next);
    free(c.last);
    free(c.anchored);
    return st;
}
