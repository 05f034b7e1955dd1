#ifndef VILLERS_STORE_RELEASE_MANIFEST_H
#define VILLERS_STORE_RELEASE_MANIFEST_H
/*
 * manifest.json of a release: {"format":1, "name", "version", "date", "documents", "words", "text_bytes", "bytes", "code_version",
 *   "settings": hash of what judged the documents, "judged_by": the same in words, "selection": what was asked for, "splits": {"validation",
 *   "test"} in ten-thousandths (release_select.h),
 *   "shards":[{"name","path","number","documents","words","text_bytes","bytes","sha256","lines","split",
 *             "blocks","sources":{ID:documents},"licenses":{…}}],
 *   "sources":{ID:{"documents","words","text_bytes"}}, "licenses":{…}, "languages":{…}, "document_types":{…}, "quality_bands":{…}}
 * A band of quality is its tenth, "00" to "10" (schema.sql: spreads); documents whose type or quality is unknown stand under "".
 * `bytes` are those of the compressed shards; `lines` is the hash of a shard's lines (release_shard.h); `date` is the largest crawl day of the
 * documents: nothing in it tells when or where it was built.
 */
#include "store/release_select.h"

#define RELEASE_MANIFEST_FILE "manifest.json"
#define RELEASE_SUCCESS_FILE "_SUCCESS"
#define RELEASE_DATA_DIR "data"

struct release_count {
    char *key; /* owned */
    uint64_t documents, words, text_bytes;
};
struct release_counts {
    struct release_count *items; /* sorted by key bytes */
    size_t n;
};
struct release_shard {
    char name[64];
    char sha256[65];
    char lines[33];
    uint64_t number, documents, words, text_bytes, bytes;
    char *blocks;                            /* digits of its blocks (blocks.h), owned; NULL when unknown */
    struct release_counts sources, licenses; /* of its documents, owned; only `documents` is kept; empty when unknown */
};
struct release_manifest {
    char *name, *version, *date, *code_version, *settings; /* owned; "" when absent */
    char *judged_by, *selection;                           /* owned JSON objects, or NULL; written, not read back */
    struct release_splits splits;
    uint64_t documents, words, text_bytes, bytes;
    struct release_shard *shards; /* by number */
    size_t n_shards;
    struct release_counts sources, licenses, languages, types, qualities;
};

/** release_manifest_write(out, m): append manifest.json. */
void release_manifest_write(struct buf *out, const struct release_manifest *m);
/** release_manifest_read(text, m, err): into a zeroed ${m}; SKIP when it is not one (then ${m} is empty). */
enum status release_manifest_read(struct slice text, struct release_manifest *m, struct buf *err) MUST_CHECK;
void release_manifest_free(struct release_manifest *m);

/** release_counts_add(c, key, documents, words, text_bytes): add to ${key}'s row, made when absent; false without memory.  O(log n), O(n) for a
 *  new key that is not the last. */
bool release_counts_add(struct release_counts *c, struct slice key, uint64_t documents, uint64_t words, uint64_t text_bytes);
/** release_counts_free(c): empty it. */
void release_counts_free(struct release_counts *c);
/** release_shard_free(s): what it owns. */
void release_shard_free(struct release_shard *s);

#endif
