#include "dedup/dedup_room.h"
#include <stdlib.h>
#include <sys/mman.h>

void *dedup_room(size_t bytes) {
    size_t whole = bytes / DEDUP_ROOM_LARGE * DEDUP_ROOM_LARGE;
    if (!whole) return malloc(bytes);
    void *p = NULL;
    if (posix_memalign(&p, DEDUP_ROOM_LARGE, bytes) != 0) return NULL;
    (void)madvise(p, whole, MADV_HUGEPAGE); /* small pages do as well */
    return p;
}
