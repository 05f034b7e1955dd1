#ifndef VILLERS_DEDUP_CLUSTER_H
#define VILLERS_DEDUP_CLUSTER_H
/*
 * Verified edges to clusters.  Joining whatever a chain connects would put texts in one cluster that have little in common
 * (versions of a law, template pages); so edges are taken from the most similar down, and one joins two clusters only when their
 * members are near enough to each other across: complete linkage (Sorensen 1948) with a floor under the edges' threshold.
 */
#include "base/buf.h"

#define CLUSTER_SAMPLE 24      /* members of a large cluster that are looked at */
#define CLUSTER_ONE (1u << 30) /* an edge's weight for similarity 1 */

struct cluster_edge {
    uint32_t a, b;   /* nodes, a < b */
    uint32_t weight; /* similarity × CLUSTER_ONE */
};

/* How near two nodes are, 0 to 1; below 0 is a failure that stops the work. */
typedef double cluster_similarity(void *ctx, uint32_t a, uint32_t b);

/**
 * cluster_join(n, edges, n_edges, floor, similarity, ctx, label, err):
 * Nodes 0 to n-1, in an order that means the same in every run; ${edges} descending by weight, then ascending by a and b.
 * anchored[i] (NULL: none) is a node that no other such may be joined with, however near.  label[i] becomes the smallest node of i's cluster.  O(n_edges × CLUSTER_SAMPLE²) calls at most.
 */
enum status cluster_join(uint32_t n, const struct cluster_edge *edges, size_t n_edges, const bool *anchored, double floor,
                         cluster_similarity *similarity, void *ctx, uint32_t *label, struct buf *err) MUST_CHECK;

#endif
