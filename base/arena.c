#include "base/arena.h"
#include <stdlib.h>

#define ARENA_FIRST ((size_t)64 * 1024)
#define ARENA_ALIGN ((size_t)16)

struct block {
    struct block *next; /* older */
    size_t size, used;  /* of the bytes after this header */
};

struct arena {
    struct block *top; /* the block being filled; the largest so far, as each is at least twice the one before */
    size_t held, max, used;
    bool failed;
};

/* The header is padded so that the bytes after it are aligned. */
#define HEADER ((sizeof(struct block) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN)

struct arena *arena_new(size_t max_bytes) {
    struct arena *a = calloc(1, sizeof *a);
    if (a) a->max = max_bytes;
    return a;
}

static void free_from(struct block *b) {
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(struct arena *a) {
    if (!a) return;
    free_from(a->top);
    free(a);
}

void arena_reset(struct arena *a) {
    a->failed = false;
    a->used = 0;
    if (!a->top) return;
    free_from(a->top->next);
    a->top->next = NULL;
    a->top->used = 0;
    a->held = a->top->size;
}

static bool grow(struct arena *a, size_t bytes) {
    size_t size = a->top ? a->top->size * 2 : ARENA_FIRST;
    if (size < bytes) size = bytes;
    if (a->held >= a->max || bytes > a->max - a->held) return false;
    if (size > a->max - a->held) size = a->max - a->held;
    struct block *b = malloc(HEADER + size);
    if (!b) return false;
    *b = (struct block){a->top, size, 0};
    a->top = b;
    a->held += size;
    return true;
}

void *arena_alloc(struct arena *a, size_t bytes) {
    if (a->failed || bytes > SIZE_MAX / 2) {
        a->failed = true;
        return NULL;
    }
    size_t want = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!a->top || a->top->size - a->top->used < want) {
        if (!grow(a, want)) {
            a->failed = true;
            return NULL;
        }
    }
    void *p = (char *)a->top + HEADER + a->top->used;
    a->top->used += want;
    a->used += want;
    memset(p, 0, want);
    return p;
}

struct slice arena_dup(struct arena *a, struct slice s) {
    char *p = arena_alloc(a, s.len + 1);
    if (!p) return slice_of("", 0);
    if (s.len) memcpy(p, s.ptr, s.len);
    return slice_of(p, s.len);
}

bool arena_failed(const struct arena *a) { return a->failed; }

size_t arena_used(const struct arena *a) { return a->used; }
