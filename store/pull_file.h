#ifndef VILLERS_STORE_PULL_FILE_H
#define VILLERS_STORE_PULL_FILE_H
/*
 * One file of a release, fetched into a .part file whose name is its SHA-256, so that what a part should become is known without a note.
 *
 *   part absent or short ──get from its length──> whole ──digest right──> done
 *          ^                    │ broken, 429, 5xx, stalled: wait, go on where it stopped
 *          └── emptied ─────────┴── digest wrong, another length, another file under the resume
 *
 * A part of the right length and another digest is mended when its blocks are known: those that differ are fetched by range.
 *
 * The digest is computed as bytes arrive; after a restart the part is read once.  Nothing is ever kept that was not hashed.
 */
#include "base/hash.h"
#include "store/pull_transport.h"
#include <stdatomic.h>

#define PULL_TRIES 6 /* failures in a row, without 1 MiB of progress between them */

struct pull_file {
    const char *url, *part;
    const char *sha256;
    int64_t bytes;      /* known from manifest.json, or -1 */
    const char *blocks; /* digits of its blocks (blocks.h), or NULL: then damage means the whole again */
    const char *old;    /* a damaged file of that size to begin from, or NULL */
    const struct transport *transport;
    unsigned worker;
    unsigned tries;               /* 0: PULL_TRIES */
    _Atomic int64_t *done_bytes;  /* grows as bytes become ours, shrinks when a part is thrown away */
    _Atomic uint64_t *wire_bytes; /* grows with every body byte received */
};

/**
 * pull_file_fetch(f, err):
 * Make ${f}->part whole: synced, its digest right.  SKIP: the server's file is not the one promised, or is not there; RETRY: it stayed
 * unreachable, the disk is full, or it was interrupted (the part is kept); FATAL: the disk failed.
 */
enum status pull_file_fetch(const struct pull_file *f, struct buf *err) MUST_CHECK;
/** pull_file_begin_from_old(f, fd): an empty part is given the bytes of ${f}->old, to be mended; without it, or without room, it stays empty.  False
 *  when the part cannot be written at all. */
bool pull_file_begin_from_old(const struct pull_file *f, int fd) MUST_CHECK;
/** pull_file_digest(path, hex, bytes): SHA-256 of a file; false when it cannot be read. */
bool pull_file_digest(const char *path, char hex[65], int64_t *bytes);

#endif
