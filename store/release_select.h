#ifndef VILLERS_STORE_RELEASE_SELECT_H
#define VILLERS_STORE_RELEASE_SELECT_H
/*
 * Which kept documents a release takes, and to which split each goes.  Both depend on the document's row alone, so the same hub state
 * and the same words give the same release.
 *
 * A split is decided by the id: XXH3-64 of its 32 digits, modulo 10,000, compared with the splits' shares in ten-thousandths in the
 * order validation, test; what is left is train.  So a document is in the same split in every version, whatever else is there.
 */
#include "base/json.h"
#include "store/manifest.h"

struct release_words { /* any of these; none: all */
    const char *const *items;
    size_t n;
};
struct release_select {
    struct release_words sources, licenses, languages, varieties, hosts, campaigns, types;
    double min_french_share, min_language_score;
    double min_quality;           /* 0: none; a document whose quality was not measured has none */
    int64_t min_words, max_words; /* 0: none */
    const char *since, *until, *crawled_since,
        *crawled_until; /* "YYYY-MM-DD" inclusive, or NULL; without a date: not since, not until */
};

enum release_split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };
struct release_splits {
    int64_t share[SPLITS]; /* in ten-thousandths; all 0: no splits, everything is train; share[SPLIT_TRAIN] is not read */
};

/** release_select_check(sel, err): SKIP when a date is not one or a bound is out of range. */
enum status release_select_check(const struct release_select *sel, struct buf *err) MUST_CHECK;
/** release_select_takes(sel, d): does it take the document?  Its licence is not asked for here. */
bool release_select_takes(const struct release_select *sel, const struct manifest_document *d);
/** release_select_json(j, sel): the selection as an object; keys that select nothing are left out. */
void release_select_json(struct json_out *j, const struct release_select *sel);

/** release_split_of(splits, id): where the document goes. */
enum release_split release_split_of(const struct release_splits *splits, const char *id);
/** release_splits_any(splits): is there more than train? */
bool release_splits_any(const struct release_splits *splits);
/** release_splits_parse(text, splits, err): "validation=1,test=0.5", in percent.  SKIP when it is not so. */
enum status release_splits_parse(const char *text, struct release_splits *splits, struct buf *err) MUST_CHECK;
/** release_splits_json(j, splits): {"validation":100,"test":50}, ten-thousandths. */
void release_splits_json(struct json_out *j, const struct release_splits *splits);
/** release_split_name(split): "train", "validation", "test".  release_split_prefix(split): of its shards' names: "part", "validation", "test". */
const char *release_split_name(enum release_split split);
const char *release_split_prefix(enum release_split split);
/** release_split_of_shard(name): by that prefix. */
enum release_split release_split_of_shard(const char *name);

#endif
