#ifndef VILLERS_CLI_STATS_H
#define VILLERS_CLI_STATS_H
/*
 * French-share coverage: documents, bytes, words and French share by one dimension of the manifest's tallies, and the reference
 * shares that a report sets beside them.
 */
#include "store/manifest.h"

struct stats_row {
    char *key;               /* owned */
    struct manifest_tally t; /* its keys are not set */
};
struct stats_table {
    enum manifest_dimension by;
    const char *name;  /* "source" in JSON; static */
    const char *label; /* in French; static */
    struct stats_row *rows;
    size_t n;
};
struct stats {
    struct manifest_tally total;
    struct stats_table *tables; /* by source, campaign, licence, language, outcome, host */
    size_t n_tables;
    int64_t refused; /* captures that gave no document */
    struct stats_refusal {
        char *reason;
        int64_t captures;
    } * refusals;
    size_t n_refusals;
};

/** stats_read(m, s, err): all tables.  O(sites).  stats_free() whatever the result. */
enum status stats_read(struct manifest *m, struct stats *s, struct buf *err) MUST_CHECK;
void stats_free(struct stats *s);

/** stats_share(part, whole): part / whole, 0 when there is nothing. */
double stats_share(int64_t part, int64_t whole);

/* A published share of French, with what it measures. */
struct stats_reference {
    const char *corpus, *unit, *denominator;
    double percent;
    bool below; /* the source says "less than" */
};
/** stats_references(n): static, in the order they are printed; the government's of 2023 first. */
const struct stats_reference *stats_references(size_t *n);

/** stats_mixture(words, share, added, added_share): the share of French of ${words} words with ${share} once ${added} words with
 *  ${added_share} have joined them. */
double stats_mixture(double words, double share, double added, double added_share);

#endif
