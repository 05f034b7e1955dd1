#ifndef VILLERS_STORE_PULL_INTERNAL_H
#define VILLERS_STORE_PULL_INTERNAL_H
/*
 * One pull at work, shared by pull.c (the course of it), pull_remote.c (what the server has), pull_dest.c (the folder) and pull_select.c
 * (which shards).  For them alone.
 */
#include "store/checksums.h"
#include "store/pull.h"
#include "store/release_manifest.h"
#include <pthread.h>

#define PULL_STAGING ".villers-pull"

struct pull {
    const struct pull_options *opt;
    struct pull_report *report;
    struct checksums sums, old; /* of the version to bring, and of the one in DEST */
    struct release_manifest manifest;
    const struct release_shard **by_name, **by_number; /* the manifest's shards */
    struct buf sums_text, signature;                   /* as fetched, to be written as they are */
    struct selection selection, remembered;            /* that holds; what the file said, owned */
    int lock_fd;
    _Atomic int64_t done_bytes;
    _Atomic int64_t ticked; /* what of done_bytes was told last */
    _Atomic uint64_t wire_bytes;
    uint64_t total_bytes;
    pthread_mutex_t lock; /* over the progress callback and statuses */
    enum status worst;
    struct buf *err;
};

/* pull_remote.c */

/** pull_load(p): find the version, its signed list of digests and its manifest, and list its files in the report.  SKIP: no release there. */
enum status pull_load(struct pull *p) MUST_CHECK;

/** pull_shard_numbered(p, number): one of that number, or NULL. */
const struct release_shard *pull_shard_numbered(const struct pull *p, uint64_t number);

/* pull_dest.c */

/** pull_path(p, out, path), pull_part_path(p, out, sha256): in DEST, and where the bytes of that digest gather; into ${out}. */
const char *pull_path(const struct pull *p, struct buf *out, const char *path);
const char *pull_part_path(const struct pull *p, struct buf *out, const char *sha256);
/** pull_open_dest(p): make the folder and its staging, locked.  FATAL when something else is in it; RETRY when another pull is. */
enum status pull_open_dest(struct pull *p) MUST_CHECK;
/** pull_check_room(p): RETRY when what is to be fetched does not fit. */
enum status pull_check_room(struct pull *p) MUST_CHECK;
/** pull_load_old(p): what the version here before listed. */
void pull_load_old(struct pull *p);
/** pull_switch_over(p): everything is staged: make DEST the new version. */
enum status pull_switch_over(struct pull *p) MUST_CHECK;

/* pull_select.c */

/** pull_select_load(p): when no selection is asked for, that of the pull before holds.  Before pull_select_mark(). */
enum status pull_select_load(struct pull *p) MUST_CHECK;
/** pull_select_mark(p): which items are wanted.  SKIP when a selection leaves no shard. */
enum status pull_select_mark(struct pull *p) MUST_CHECK;
/** pull_select_save(p): write the selection beside the files, or remove the one that was. */
enum status pull_select_save(struct pull *p) MUST_CHECK;

#endif
