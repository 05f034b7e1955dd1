#ifndef VILLERS_BASE_ARENA_H
#define VILLERS_BASE_ARENA_H
/*
 * Memory for a unit of work (a page, a document): allocated piece by piece, released at once.  One arena a worker,
 * reset between units; the largest block is kept.  Capped: past the cap arena_alloc() answers NULL and `failed` sticks
 * until the next reset.  Not thread-safe.
 */
#include "base/slice.h"

struct arena;

/** arena_new(max_bytes): an empty arena that never holds more than ${max_bytes}; NULL without memory. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);
/** arena_reset(a): forget everything handed out; earlier pointers are dead. */
void arena_reset(struct arena *a);
/** arena_alloc(a, bytes): zeroed, 16-byte aligned; NULL past the cap or without memory. */
void *arena_alloc(struct arena *a, size_t bytes);
/** arena_dup(a, s): a copy of ${s}, NUL-terminated; the empty slice when it failed. */
struct slice arena_dup(struct arena *a, struct slice s);
bool arena_failed(const struct arena *a);
/** arena_used(a): bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
