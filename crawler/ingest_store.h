#ifndef VILLERS_CRAWLER_INGEST_STORE_H
#define VILLERS_CRAWLER_INGEST_STORE_H
/*
 * What was converted, into raw/ and the manifest: whether it is new, which version it is, and when the segment is sealed.
 *
 * A segment's row is committed to the state before its file is made; its length is committed with the documents and the files' positions.
 * Sealed means: file renamed, then one transaction of the manifest, then the row dropped.  Whatever step a crash falls on,
 * ingest_store_open() does the rest.
 */
#include "crawler/ingest.h"
#include "crawler/ingest_state.h"

/* One item, converted and packed by a worker. */
struct ingest_result {
    int kind; /* enum ingest_item_kind */
    enum ingest_reason reason;
    char id[DOC_ID_LEN];
    uint64_t content, upstream_hash;
    int64_t date_ms;
    bool weak; /* the date is that of a file's modification: it orders nothing */
    struct slice url, upstream, license, why, packed, digest;
    int64_t bytes; /* of the payload */
    uint64_t text_bytes;
};

struct ingest_store;
enum status ingest_store_open(const struct ingest_options *opt, struct ingest_store **out, bool *newer, struct buf *err) MUST_CHECK;
void ingest_store_free(struct ingest_store *s);
struct ingest_state *ingest_store_state(struct ingest_store *s);
/** ingest_store_add(s, file, r, counted, err): decide and write; *${counted} is what became of it. */
enum status ingest_store_add(struct ingest_store *s, int64_t file, const struct ingest_result *r, enum ingest_reason *counted,
                             struct buf *err) MUST_CHECK;
/** ingest_store_checkpoint(s, err): commit what was added, with what was put into the state; a full segment is sealed. */
enum status ingest_store_checkpoint(struct ingest_store *s, struct buf *err) MUST_CHECK;
/** ingest_store_drop_unseen(s, date_ms, deleted, err): what this run has not seen is gone upstream. */
enum status ingest_store_drop_unseen(struct ingest_store *s, int64_t date_ms, uint64_t *deleted, struct buf *err) MUST_CHECK;
/** ingest_store_end(s, outcome, err): commit, seal, end the run; ${outcome} is JSON. */
enum status ingest_store_end(struct ingest_store *s, struct slice outcome, struct buf *err) MUST_CHECK;

#endif
