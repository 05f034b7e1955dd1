#ifndef VILLERS_STORE_JSONL_H
#define VILLERS_STORE_JSONL_H
/*
 * Lines of JSON in files: .jsonl, .jsonl.zst (any number of frames), .jsonl.gz, recognised by their first bytes.
 */
#include "base/buf.h"
#include "store/shard.h"

struct jsonl_reader;
/** jsonl_open(path, out, err): "-" is stdin.  FATAL with the path in ${err} when it cannot be opened. */
enum status jsonl_open(const char *path, struct jsonl_reader **out, struct buf *err) MUST_CHECK;
/** jsonl_next(r, line, err): the next line without its newline (nor its CR, nor the file's byte-order mark), alive until the next call.  RETRY at the end; SKIP for a line over
 *  LIMIT_LINE; FATAL for a damaged or truncated file.  Empty lines are passed over. */
enum status jsonl_next(struct jsonl_reader *r, struct slice *line, struct buf *err) MUST_CHECK;
/** jsonl_seek_frame(r, offset, err): go on at the frame that begins at compressed ${offset}. */
enum status jsonl_seek_frame(struct jsonl_reader *r, uint64_t offset, struct buf *err) MUST_CHECK;
/** jsonl_frame(r): where the frame in which the last line began stands in the stored file; 0 for a plain file. */
uint64_t jsonl_frame(const struct jsonl_reader *r);
/** jsonl_line_number(r): of the last line, from 1, empty ones counted; after a seek it counts on. */
uint64_t jsonl_line_number(const struct jsonl_reader *r);
/** jsonl_bytes_read(r), jsonl_bytes_total(r): of the file as stored, for progress; total 0 when unknown. */
uint64_t jsonl_bytes_read(const struct jsonl_reader *r);
uint64_t jsonl_bytes_total(const struct jsonl_reader *r);
void jsonl_free(struct jsonl_reader *r);

#endif
