#ifndef VILLERS_CLI_SERVE_CACHE_H
#define VILLERS_CLI_SERVE_CACHE_H
/*
 * What the server remembers of files that did not change: a release's list of digests, a file's ETag, the bytes of a small file and of
 * its compressed forms.  Bounded by bytes; what was used least recently goes first.
 *
 * A file is known by device, inode, size and both times: a file replaced under the same name is another one.  A file younger than
 * SERVE_CACHE_SETTLED_MS might still change within one tick of the file system's clock: it is not remembered.
 */
#include "base/buf.h"
#include <sys/stat.h>

#define SERVE_CACHE_SETTLED_MS 2000

enum serve_form { SERVE_PLAIN, SERVE_GZIP, SERVE_ZSTD, SERVE_LIST /* of digests: never sent */ };

/* Compared byte for byte: no padding. */
struct serve_key {
    uint64_t device, inode, bytes, modified_ns, changed_ns;
    uint64_t form; /* enum serve_form */
};

/* Never changes once kept; lives until the last reader drops it. */
struct serve_item {
    char etag[72];     /* with its quotes, or "" */
    struct slice body; /* empty: the bytes are read from the file */
};

struct serve_cache;
/** serve_cache_new(max_bytes): NULL without memory. */
struct serve_cache *serve_cache_new(size_t max_bytes);
/** serve_cache_free(c): no thread uses it and every item is dropped.  NULL is harmless. */
void serve_cache_free(struct serve_cache *c);
/** serve_key_of(sb, form): the file that ${sb} describes. */
struct serve_key serve_key_of(const struct stat *sb, enum serve_form form);
/** serve_cache_get(c, key): the item, held for the caller until serve_cache_drop(); NULL when it is not kept or ${c} is NULL.  Thread-safe. */
const struct serve_item *serve_cache_get(struct serve_cache *c, const struct serve_key *key);
/**
 * serve_cache_put(c, key, etag, body):
 *
 * Keep it, ${body} copied, in place of what stood there, and hold it for the caller as serve_cache_get() does.  NULL when it is too large to be kept
 * (a quarter of the cache), there is no memory or ${c} is NULL.  Thread-safe.
 */
const struct serve_item *serve_cache_put(struct serve_cache *c, const struct serve_key *key, const char *etag, struct slice body);
/** serve_cache_drop(item): the caller is done with it.  NULL is harmless.  Thread-safe. */
void serve_cache_drop(const struct serve_item *item);
/** serve_cache_bytes(c): what is kept now, with what keeping it costs. */
size_t serve_cache_bytes(struct serve_cache *c);

#endif
