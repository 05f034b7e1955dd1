#ifndef VILLERS_BASE_HASH_FILE_H
#define VILLERS_BASE_HASH_FILE_H
/*
 * The digests that publishers of dumps put beside their files: MD5 (RFC 1321), SHA-1, SHA-256, SHA-512 (FIPS 180-4).  They tell a damaged
 * transfer, not an attacker.
 */
#include "base/buf.h"

#define HASH_FILE_HEX 129
/**
 * hash_file(path, digits, hex, err):
 * The digest of ${path} that is written in ${digits} hex digits (32, 40, 64 or 128), lower case.  SKIP for another number, or when the file is
 * not there; FATAL when it cannot be read.  O(bytes).
 */
enum status hash_file(const char *path, size_t digits, char hex[HASH_FILE_HEX], struct buf *err) MUST_CHECK;

#endif
