#ifndef VILLERS_CLI_SIGNATURES_H
#define VILLERS_CLI_SIGNATURES_H
/*
 * index/NAME.sig: the signatures of one refined segment, in its order.  Format: the line "villers-signatures 1 <16 hex digits of
 * signature_version()>\n", then records: 8 bytes, the offset in the refined segment; 4 bytes, the length of what follows; a packed
 * signature (dedup/signature.h); 8 bytes, hash64() of all these.  Numbers are little-endian.  The last record has the offset
 * 2^64-1 and no signature.  Not compressed: signatures are hashes.
 */
#include "dedup/signature.h"

struct signatures_writer;
enum status signatures_create(const char *path, const struct signature_options *opt, struct signatures_writer **out,
                              struct buf *err) MUST_CHECK;
/** signatures_write(w, offset, packed, err): ${packed} by signature_pack(). */
enum status signatures_write(struct signatures_writer *w, uint64_t offset, struct slice packed, struct buf *err) MUST_CHECK;
/** signatures_finish(w, err): the file is whole and there; frees ${w} whatever the result. */
enum status signatures_finish(struct signatures_writer *w, struct buf *err) MUST_CHECK;
void signatures_abort(struct signatures_writer *w);

struct signatures_reader;
/** signatures_open(path, opt, out, err): FATAL when the file is not there, damaged, or made under other options. */
enum status signatures_open(const char *path, const struct signature_options *opt, struct signatures_reader **out,
                            struct buf *err) MUST_CHECK;
/** signatures_next(r, offset, sig, err): RETRY at the clean end, FATAL for a damaged or truncated file (named). */
enum status signatures_next(struct signatures_reader *r, uint64_t *offset, struct signature *sig, struct buf *err) MUST_CHECK;
/** signatures_position(r): where in the file the record stands that signatures_next() gave last; for signatures_at(). */
uint64_t signatures_position(const struct signatures_reader *r);
/** signatures_at(r, position, offset, sig, err): that record, out of order; where signatures_next() stands does not change.  SKIP when none
 *  stands there: the file has been made again. */
enum status signatures_at(const struct signatures_reader *r, uint64_t position, uint64_t *offset, struct signature *sig,
                          struct buf *err) MUST_CHECK;
void signatures_free(struct signatures_reader *r);

#endif
