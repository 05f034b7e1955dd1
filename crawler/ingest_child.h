#ifndef VILLERS_CRAWLER_INGEST_CHILD_H
#define VILLERS_CRAWLER_INGEST_CHILD_H
/*
 * A program that reads hostile bytes, in a child that can do little: no network (its own namespace where the kernel allows it, and a
 * seccomp filter on socket and its kin in any case), no file written (RLIMIT_FSIZE 0), bounded processor time, memory and wall time.
 */
#include "base/buf.h"

struct ingest_child {
    const char *const *argv; /* argv[0] is an absolute path; ended by NULL */
    struct slice input;      /* what it reads as /dev/stdin; it can seek */
    size_t memory_bytes;     /* of address space */
    int cpu_s, wall_ms;
};
enum ingest_child_end { INGEST_CHILD_OK, INGEST_CHILD_FAILED, INGEST_CHILD_TIMEOUT, INGEST_CHILD_TOO_MUCH, INGEST_CHILD_CANNOT };
/**
 * ingest_child_run(c, out, err):
 * Run it and append what it prints to ${out}.  TIMEOUT: its time was over, and it was killed; TOO_MUCH: its output passed the cap of
 * ${out}; FAILED: it ended badly (memory included), ${err} says how; CANNOT: it is not installed, or no process can be made.
 * Thread-safe.
 */
enum ingest_child_end ingest_child_run(const struct ingest_child *c, struct buf *out, struct buf *err);

#endif
