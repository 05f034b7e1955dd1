#ifndef VILLERS_CRAWLER_INGEST_INPUT_H
#define VILLERS_CRAWLER_INGEST_INPUT_H
/*
 * Members of a file, an archive (tar, zip; gz, bz2, xz, zst) or a folder, one after the other, their bytes unpacked as they are
 * read.  ingest_archive.c is the one file that knows libarchive.  Nothing is ever written: a member's path is only a name.
 */
#include "base/buf.h"

struct ingest_input;
/** ingest_input_open(path, out, err): SKIP when it is not there or cannot be read. */
enum status ingest_input_open(const char *path, struct ingest_input **out, struct buf *err) MUST_CHECK;
/** ingest_input_memory(bytes, out, err): an archive in memory (an office document); ${bytes} is borrowed. */
enum status ingest_input_memory(struct slice bytes, struct ingest_input **out, struct buf *err) MUST_CHECK;
void ingest_input_free(struct ingest_input *in);

struct ingest_member {
    struct slice path;   /* "" when the file is no archive; lives until the next call */
    int64_t date_ms;     /* modification, or INT64_MIN */
    const char *refused; /* NULL, or why it is not read: its path leads out, it is a link, it is encrypted */
    bool locked;         /* the reason is that it is encrypted */
};
/** ingest_input_next(in, m, err): the next member.  RETRY at the end; FATAL when the rest cannot be read: damage, or a bomb. */
enum status ingest_input_next(struct ingest_input *in, struct ingest_member *m, struct buf *err) MUST_CHECK;
/** ingest_input_peek(in, head, err): the first bytes of the member, at most 4 KiB, not taken; alive until the next read. */
enum status ingest_input_peek(struct ingest_input *in, struct slice *head, struct buf *err) MUST_CHECK;
/** ingest_input_block(in, block, err): the next bytes of the member, some at least, alive until the next call.  RETRY at its end;
 *  FATAL as above. */
enum status ingest_input_block(struct ingest_input *in, struct slice *block, struct buf *err) MUST_CHECK;
/** ingest_input_bomb(in): the FATAL was a bomb. */
bool ingest_input_bomb(const struct ingest_input *in);
/** ingest_input_at(in): bytes of the stored file read so far, for progress; a folder's are those of its members. */
uint64_t ingest_input_at(const struct ingest_input *in);
/** ingest_input_is_folder(in), ingest_input_is_archive(in): what it is; the second holds after the first member. */
bool ingest_input_is_folder(const struct ingest_input *in);

#endif
