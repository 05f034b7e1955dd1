#ifndef VILLERS_CRAWLER_INGEST_FOLDER_H
#define VILLERS_CRAWLER_INGEST_FOLDER_H
/*
 * The files under a folder, in byte order of their paths, folder by folder; links are not followed, hidden files and *.part left out.  Files that are dumps of
 * their own (ingest_folder_apart()) are left to whoever brings each in by itself.
 */
#include "crawler/ingest_input.h"

struct ingest_folder;
bool ingest_folder_is(const char *path);
enum status ingest_folder_open(const char *path, struct ingest_folder **out, struct buf *err) MUST_CHECK;
void ingest_folder_free(struct ingest_folder *f);
/** ingest_folder_next(f, m, err), ingest_folder_block(f, block, err): as those of ingest_input.h. */
enum status ingest_folder_next(struct ingest_folder *f, struct ingest_member *m, struct buf *err) MUST_CHECK;
enum status ingest_folder_block(struct ingest_folder *f, struct slice *block, struct buf *err) MUST_CHECK;
uint64_t ingest_folder_at(const struct ingest_folder *f);
/** ingest_folder_apart(name): an archive, a WARC, a dump: a file with its own date and position. */
bool ingest_folder_apart(struct slice name);
/** ingest_folder_each_apart(path, fn, ctx, err): those under ${path}, in byte order of their paths. */
enum status ingest_folder_each_apart(const char *path, enum status (*fn)(void *ctx, const char *file), void *ctx,
                                     struct buf *err) MUST_CHECK;

#endif
