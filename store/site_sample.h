#ifndef VILLERS_STORE_SITE_SAMPLE_H
#define VILLERS_STORE_SITE_SAMPLE_H
/*
 * A few documents of a version with where they come from, for its page: the first lines of shards spread over the version, so that the same
 * release always shows the same ones.
 */
#include "store/release_manifest.h"

/** site_sample(out, m, dir): append them; nothing when no shard can be read.  Reads the beginning of at most five shards. */
void site_sample(struct buf *out, const struct release_manifest *m, const char *dir);

#endif
