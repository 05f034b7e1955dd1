#ifndef VILLERS_STORE_BLOCKS_H
#define VILLERS_STORE_BLOCKS_H
/*
 * Where a file is damaged: XXH3-128 of each block of 4 MiB, as 32 hex digits after one another (manifest.json, "blocks" of a shard).  They say
 * which ranges to fetch again; that the whole is right only its SHA-256 says.
 */
#include "base/buf.h"

#define BLOCK_BYTES (4 * MIB)
#define BLOCK_DIGITS 32

/** blocks_of(path, out, err): replace ${out} by the digits of the file's blocks. */
enum status blocks_of(const char *path, struct buf *out, struct buf *err) MUST_CHECK;
/** blocks_fit(digits, bytes): are these the digits of a file of so many bytes? */
bool blocks_fit(const char *digits, uint64_t bytes);
/** blocks_right(digits, i, block): is ${block} block number ${i}? */
bool blocks_right(const char *digits, size_t i, struct slice block);

#endif
