#ifndef VILLERS_STORE_RELEASE_SHARD_H
#define VILLERS_STORE_RELEASE_SHARD_H
/*
 * One shard of a release being made: which documents it takes, the hash of its lines, its file.
 *
 * The hash of the lines tells whether the file of an earlier version can be taken as it is.  It is a chain of XXH3-128:
 * h(0) = 16 zero bytes, h(i) = XXH3-128(h(i-1) in canonical order, then XXH3-128(line i) in canonical order); a line counts its newline.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "store/jsonl.h"
#include "store/manifest.h"
#include "store/release_manifest.h"

#define RELEASE_SHARD_DOCUMENTS ((size_t)500000) /* at most, so that a list of them stays small */

/* A document and where its text is.  Strings live in the list's arena. */
struct release_ref {
    const char *source, *host, *segment, *type;
    char id[DOC_ID_LEN], cluster_id[DOC_ID_LEN];
    int64_t doc, offset, cluster_size, bytes;
    double quality; /* below 0: not measured */
};
struct release_list { /* zeroed is empty; keep from shard to shard */
    struct release_ref *refs;
    size_t n, cap;
    uint64_t text_bytes;
    struct arena *strings;
};

/** release_list_add(l, d, err): copy what a release needs of ${d}. */
enum status release_list_add(struct release_list *l, const struct manifest_document *d, struct buf *err) MUST_CHECK;
/** release_list_sort(l): by source, host, id. */
void release_list_sort(struct release_list *l);
/** release_list_clear(l): empty, memory kept; release_list_free(l): and given back. */
void release_list_clear(struct release_list *l);
void release_list_free(struct release_list *l);

/* What the lines of a shard add up to; the caller's tables are added to. */
struct release_sums {
    struct release_counts *sources, *licenses, *languages; /* may be NULL */
    uint64_t documents, words, text_bytes;
    struct hash128 lines;
};

struct release_lines {
    const char *refined; /* folder */
    unsigned threads;    /* 0: one a core; makes no difference to the bytes */
};
/**
 * release_shard_sum(in, list, sums, err): read the documents of ${list} and hash their lines, writing nothing.
 * release_shard_write(in, list, writer, sums, err): the same, and append them to ${writer}.  Lines are made on all cores and come in
 * the list's order.  FATAL when a record is missing or has no licence.
 */
enum status release_shard_sum(const struct release_lines *in, const struct release_list *list, struct release_sums *sums,
                              struct buf *err) MUST_CHECK;
enum status release_shard_write(const struct release_lines *in, const struct release_list *list, struct shard_writer *writer,
                                struct release_sums *sums, struct buf *err) MUST_CHECK;
/** release_lines_next(h, line): one step of the chain. */
struct hash128 release_lines_next(struct hash128 h, struct slice line);

#endif
