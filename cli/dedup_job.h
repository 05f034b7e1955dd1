#ifndef VILLERS_CLI_DEDUP_JOB_H
#define VILLERS_CLI_DEDUP_JOB_H
/*
 * Inside `villers dedup`.  Lines are numbered across all files in the order given; the first pass signs them, the second writes
 * the kept ones as they stand in the input, byte for byte.
 */
#include "base/json.h"
#include "base/progress.h"
#include "cli/bits.h"
#include "cli/command.h"
#include "cli/dedup_lines.h"
#include "dedup/dedup.h"
#include "dedup/dedup_names.h"
#include "dedup/dedup_stream.h"
#include "dedup/repeats.h"

struct dedup_job {
    struct dedup_options engine;
    char **paths;
    int n_paths;
    const char *out; /* folder */
    const char *id_key, *text_key;
    int level;         /* zstd; 0: not compressed */
    const char *order; /* what makes a document survive, see dedup_rank.h */
    const char *source_key;
    unsigned cut_lines, cut_paragraphs; /* see dedup/repeats.h */
    bool resume;                        /* keep what is signed until the run is done */
    bool annotate;                      /* write every document, with its cluster */
    bool rehydrate;                     /* and how often a kept one should be repeated */
    struct index *index;                /* --against, or NULL */
    bool add;                           /* --add: what is kept goes into it */
    unsigned threads;
    struct progress progress;
    /* after the first pass: */
    struct dedup *dedup;
    struct dedup_lines_budget budget;
    struct dedup_lines **lines; /* a file */
    struct dedup_names *names;  /* a line's id; "" for a bad line */
    uint64_t *first;            /* number of a file's first line, n_paths + 1 of them */
    uint64_t bad;               /* lines that are no document */
    struct bits wrong;          /* those */
    /* after the verdicts: */
    struct bits dropped;            /* not among the kept */
    struct dedup_stream *clustered; /* of struct dedup_verdict, of clusters of two or more, by line */
    uint64_t n_clustered;
    struct repeats *repeats;    /* of the kept lines, or NULL */
    uint64_t cut_bytes, cut_of; /* of their lines; updated by many threads */
    struct hash128 *replaced;   /* names of kept documents that the index has an older state of */
    size_t n_replaced, replaced_room;
};

/** dedup_job_read(job, err): the first pass.  Bad lines are named on stderr and counted. */
enum status dedup_job_read(struct dedup_job *job, struct buf *err) MUST_CHECK;
/** dedup_job_decide(job, err): the verdicts. */
enum status dedup_job_decide(struct dedup_job *job, struct buf *err) MUST_CHECK;
/** dedup_job_count_repeats(job, err): after the verdicts: which lines and paragraphs of what is kept are to be cut. */
enum status dedup_job_count_repeats(struct dedup_job *job, struct buf *err) MUST_CHECK;
/** dedup_job_cut_repeats(job, parser, number, line, left, out, share, err): replace ${out} by kept line ${number} without them, or leave
 *  it empty when nothing is to be cut; *${share} of the text's bytes went.  ${left} is scratch. */
enum status dedup_job_cut_repeats(const struct dedup_job *job, struct json_parser *parser, uint64_t number, struct slice line,
                                  struct buf *left, struct buf *out, double *share, struct buf *err) MUST_CHECK;
/** dedup_job_remember(job, err): put what is kept into the index.  The last step: until then a run can be repeated. */
enum status dedup_job_remember(struct dedup_job *job, struct buf *err) MUST_CHECK;
/** dedup_job_write(job, err): kept-NNNNN.jsonl.zst, one a file of input, and duplicates.jsonl, last. */
enum status dedup_job_write(struct dedup_job *job, struct buf *err) MUST_CHECK;
/** dedup_job_interrupted(job, err): RETRY, with what to do about it. */
enum status dedup_job_interrupted(const struct dedup_job *job, struct buf *err) MUST_CHECK;
void dedup_job_free(struct dedup_job *job);

/** dedup_job_name(job, kept, scratch, name, err): the id of a verdict's ${kept}, alive until ${scratch} is used again. */
enum status dedup_job_name(const struct dedup_job *job, uint64_t kept, char scratch[DEDUP_NAME_MAX], struct slice *name,
                           struct buf *err) MUST_CHECK;
/** dedup_job_annotate(job, line, v, share, out, err): append ${line}, a JSON object, with what was asked for of ${v} and the ${share} of
 *  repeated text as last keys. */
enum status dedup_job_annotate(const struct dedup_job *job, struct slice line, const struct dedup_verdict *v, double share,
                               struct buf *out, struct buf *err) MUST_CHECK;

/** dedup_job_clustered(job, i, v, err): verdict number ${i} of those in clusters. */
enum status dedup_job_clustered(const struct dedup_job *job, uint64_t i, struct dedup_verdict *v, struct buf *err) MUST_CHECK;

#endif
