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
enum stats_kind { STATS_TALLY, STATS_SPREAD, STATS_DOMAIN, STATS_COUNTRY };
enum stats_order { STATS_BY_SIZE, STATS_BY_KEY }; /* how people want to read it; machines get keys in byte order */
struct stats_table {
    enum stats_kind kind;
    int by;           /* enum manifest_dimension or manifest_spread */
    const char *name; /* "source" in JSON; static, as the labels */
    const char *french, *english;
    enum stats_order order;
    struct stats_row *rows;
    size_t n;
};
struct stats_fresh {                 /* when a source last gave something */
    char *source, first[8], last[8]; /* months, "2024-07" */
    int64_t documents;
};
struct stats_release {
    char *dataset, *version;
    char date[11];
    int64_t documents, words, text_bytes;
};
/* The way from addresses to what is published: what each step took away. */
struct stats_step {
    char *reason;      /* "" for what is left */
    const char *stage; /* "crawl", "refine", "dedup", "forget", "kept"; static */
    int64_t gone, left;
};
struct stats {
    struct manifest_tally total;
    struct stats_table *tables; /* by source, licence, host, domain, country, variety, month, year, share, score, length… */
    size_t n_tables;
    struct stats_fresh *fresh;
    size_t n_fresh;
    struct stats_release *releases;
    size_t n_releases;
    struct stats_step *funnel;
    size_t n_funnel;
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

/** stats_key(t, key, english, out): ${key} as people read it ("30–40 %"), into ${out}; returns its C string. */
const char *stats_key(const struct stats_table *t, const char *key, bool english, struct buf *out);
/** stats_sorted(t): the rows in the order for people; they stay so. */
void stats_sorted(struct stats_table *t);

struct stats_mix {
    double words, share; /* of the corpus to be joined; words 0: none asked for */
};
/** stats_text(out, s, mix, english), stats_json(out, s, mix), stats_csv(out, s), stats_html(out, s, mix): the report in each form. */
void stats_text(struct buf *out, struct stats *s, const struct stats_mix *mix, bool english);
void stats_json(struct buf *out, const struct stats *s, const struct stats_mix *mix);
void stats_csv(struct buf *out, const struct stats *s);
void stats_html(struct buf *out, struct stats *s, const struct stats_mix *mix);

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

/** stats_percent(out, share, french): "0,160013 %", six significant figures: a mixture moves the last ones. */
void stats_percent(struct buf *out, double share, bool french);

#endif
