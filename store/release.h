#ifndef VILLERS_STORE_RELEASE_H
#define VILLERS_STORE_RELEASE_H
/*
 * Publishing: the kept documents of a hub become an immutable folder RELEASES/NAME/VERSION that any web server can serve.
 *
 *   RELEASES/NAME/.tmp-VERSION filled  ──>  manifest committed  ──>  folder renamed  ──>  versions.json
 *            build()                            commit()               show()
 *
 * A kill before the commit leaves a folder that the next run sweeps; one between commit and rename leaves a finished folder that the
 * next run renames.  Nothing but the hub's state and the options goes into the bytes: no clock, no locale, no number of threads.
 *
 * Which shard a document goes to: the one it was in before, for ever.  New documents come in the order (source, host, id).  They first
 * fill the last shard when that one is not full and holds less than 1/RELEASE_REFILL of the release's text, so that
 * refilling it moves few bytes to those who update; then new shards.  Inside a shard the order is (source, host, id).
 * A shard whose lines are those of the version before is the same file, hard-linked.
 */
#include "store/release_select.h"
#include "store/sign.h"

#define RELEASE_REFILL 64

struct release_source { /* what a licence asks to be said of a source; all strings may be "" but never NULL */
    const char *id, *name, *license, *license_evidence, *license_date, *attribution;
};

struct release_options {
    const char *releases, *refined; /* folders of the hub */
    const char *name, *version;
    struct manifest *manifest; /* opened for writing */
    const struct release_source *sources;
    size_t n_sources;
    const struct sign_secret *key; /* NULL: not signed */
    const char *code_version;
    const char *settings_hash; /* of what judged the documents; "" when unknown */
    const char *settings_text; /* the same as a JSON object, or "" */
    const char *contact;       /* where to ask for a removal, or "" */
    const char *base;          /* address of the hub for its pages and catalogue, without a slash at the end, or "" */
    const char *agent;         /* product token of the crawler */
    struct release_select select;
    struct release_splits splits; /* as in the version before, or wrong_version */
    uint64_t shard_text_bytes;    /* of a full shard; 0: LIMIT_SHARD_TEXT */
    int zstd_level;               /* 0: 9 */
    unsigned threads;             /* 0: one a core */
    int64_t (*now_ms)(void);      /* wall clock, for the manifest's record of the run alone */
    void (*progress)(void *ctx, uint64_t documents, uint64_t text_bytes);
    void *progress_ctx;
};

struct release_outcome {
    uint64_t documents, words, text_bytes, bytes, shards;
    uint64_t shards_reused;           /* same file as in the version before */
    uint64_t added, removed, changed; /* against the version before */
    uint64_t unlicensed;              /* kept documents left out because they had no licence */
    char previous[65];                /* the version before, or "" */
    char date[11];                    /* the largest crawl day */
    bool existed;                     /* that version was there: nothing was done */
    bool wrong_selection;             /* the selection or the splits make no sense, or are not those of the version before */
    bool wrong_version;               /* the version's number does not fit what changed, or is not one */
};

/**
 * release_publish(opt, out, err):
 * Make the version.  SKIP, nothing visible changed, when the version exists (out->existed), its number is wrong for what changed
 * (out->wrong_version; ${err} names the least number that fits), the selection is wrong (out->wrong_selection) or no document can be published.  RETRY on a full disk.
 */
enum status release_publish(const struct release_options *opt, struct release_outcome *out, struct buf *err) MUST_CHECK;
/** release_name_ok(name): a dataset's name: 1 to 96 of [A-Za-z0-9._-], first a letter or digit. */
bool release_name_ok(struct slice name);

#endif
