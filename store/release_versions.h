#ifndef VILLERS_STORE_RELEASE_VERSIONS_H
#define VILLERS_STORE_RELEASE_VERSIONS_H
/*
 * versions.json: {"format":1, "name", "latest", "versions":[{"version","date","documents","words","text_bytes","bytes","files","path"}]},
 * oldest first; `path` is relative to versions.json and `latest` the largest version without a pre-release part.
 */
#include "base/buf.h"

#define RELEASE_VERSIONS_FILE "versions.json"

struct release_version {
    char *version, *date, *path; /* owned */
    uint64_t documents, words, text_bytes, bytes, files;
};
struct release_versions {
    char *name, *latest;           /* owned; "" when unknown */
    struct release_version *items; /* by semantic version, oldest first */
    size_t n;
};
/** release_versions_write(out, v), release_versions_read(text, v, err): as above; a version's path is checked to be plain. */
void release_versions_write(struct buf *out, const struct release_versions *v);
enum status release_versions_read(struct slice text, struct release_versions *v, struct buf *err) MUST_CHECK;
/** release_versions_put(v, item): add or replace (by version); strings are copied; keeps order and `latest`.  False without memory. */
bool release_versions_put(struct release_versions *v, const struct release_version *item);
void release_versions_free(struct release_versions *v);

#endif
