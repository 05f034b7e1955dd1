#ifndef VILLERS_DEDUP_DEDUP_ROOM_H
#define VILLERS_DEDUP_DEDUP_ROOM_H
/*
 * Memory that is filled from end to end: on huge pages where the kernel has them to give, so that it costs a fault each 2 MiB and
 * not each 4 KiB.
 */
#include <stddef.h>

#define DEDUP_ROOM_LARGE ((size_t)2 * 1024 * 1024)

/** dedup_room(bytes): as malloc(), given back by free(); of DEDUP_ROOM_LARGE or more, on huge pages.  Not cleared. */
void *dedup_room(size_t bytes);

#endif
