#ifndef VILLERS_STORE_SELECTION_H
#define VILLERS_STORE_SELECTION_H
/*
 * Part of a release: the shards that hold documents of some sources or licences, or some shards by number.  A shard is the unit, so one
 * that is taken may hold other documents too; each says its own licence.
 *
 * A mirror of a part keeps DEST/.villers-selection.json, {"sources":[…],"licenses":[…],"shards":"0,3-5"}: the next pull keeps to it, and
 * verify does not miss the rest.
 */
#include "store/release_manifest.h"

#define SELECTION_FILE ".villers-selection.json"

struct selection { /* zeroed: everything */
    struct release_words sources, licenses;
    const char *shards; /* "0,3-5", or NULL */
};

/** selection_any(sel): does it leave anything out? */
bool selection_any(const struct selection *sel);
/** selection_check(sel, err): SKIP when ${sel}->shards is not a list of numbers and ranges. */
enum status selection_check(const struct selection *sel, struct buf *err) MUST_CHECK;
/** selection_takes(sel, shard): a release without counts a shard (older ones) is taken whole. */
bool selection_takes(const struct selection *sel, const struct release_shard *shard);
/** selection_write(out, sel): append the file's text. */
void selection_write(struct buf *out, const struct selection *sel);
/** selection_read(text, sel, err): into a zeroed ${sel}, whose strings are then its own: selection_free().  SKIP when it is not one. */
enum status selection_read(struct slice text, struct selection *sel, struct buf *err) MUST_CHECK;
/** selection_free(sel): only what selection_read() made. */
void selection_free(struct selection *sel);

#endif
