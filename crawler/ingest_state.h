#ifndef VILLERS_CRAWLER_INGEST_STATE_H
#define VILLERS_CRAWLER_INGEST_STATE_H
/*
 * frontier/ingest/SOURCE.sqlite: how far each file was read, what each document said last, and what waits for the growing raw
 * segment to be sealed.  It is the truth of an ingestion: what it has not committed did not happen.  One process a source (a lock
 * file beside it); not thread-safe.
 */
#include "base/buf.h"
#include "store/doc.h"

struct ingest_state;
/** ingest_state_open(hub, source, out, newer, err): made when it is not there.  RETRY: another process has it. */
enum status ingest_state_open(const char *hub, const char *source, struct ingest_state **out, bool *newer,
                              struct buf *err) MUST_CHECK;
void ingest_state_free(struct ingest_state *s);
enum status ingest_state_begin(struct ingest_state *s, struct buf *err) MUST_CHECK;
enum status ingest_state_commit(struct ingest_state *s, struct buf *err) MUST_CHECK;
void ingest_state_rollback(struct ingest_state *s);

/* ---- files ---- */

struct ingest_state_file {
    int64_t number;  /* filled by the state */
    char digest[65]; /* SHA-256, hex; of a folder "" */
    int64_t units;   /* done */
    bool done;
};
/** ingest_state_digest(s, path, bytes, mtime_ns, digest, err): the digest it had when it was last seen, unchanged since; SKIP: not known. */
enum status ingest_state_digest(struct ingest_state *s, const char *path, int64_t bytes, int64_t mtime_ns, char digest[65],
                                struct buf *err) MUST_CHECK;
/** ingest_state_file(s, path, bytes, mtime_ns, f, err): the row of the file with f->digest (of a folder: with ${path}), made when new. */
enum status ingest_state_file(struct ingest_state *s, const char *path, int64_t bytes, int64_t mtime_ns,
                              struct ingest_state_file *f, struct buf *err) MUST_CHECK;
enum status ingest_state_file_put(struct ingest_state *s, const struct ingest_state_file *f, struct buf *err) MUST_CHECK;

/* ---- documents ---- */

enum ingest_doc_state { INGEST_DOC_HERE, INGEST_DOC_DELETED, INGEST_DOC_REFUSED };
struct ingest_state_doc {
    char id[DOC_ID_LEN];
    uint64_t content;  /* hash of what it says */
    uint64_t upstream; /* hash of its upstream id; 0: none */
    int64_t seen_ms;   /* date of that version */
    int64_t pass;      /* the run that saw it last */
    enum ingest_doc_state state;
};
/** ingest_state_doc(s, id, d, err): SKIP when it is not known. */
enum status ingest_state_doc(struct ingest_state *s, const char *id, struct ingest_state_doc *d, struct buf *err) MUST_CHECK;
enum status ingest_state_doc_put(struct ingest_state *s, const struct ingest_state_doc *d, struct buf *err) MUST_CHECK;
/** ingest_state_upstream(s, hash, d, err): the document with that upstream id; SKIP when there is none. */
enum status ingest_state_upstream(struct ingest_state *s, uint64_t hash, struct ingest_state_doc *d, struct buf *err) MUST_CHECK;
/** ingest_state_unseen(s, pass, d, err): one document that is here and that run ${pass} has not seen; SKIP when there is none. */
enum status ingest_state_unseen(struct ingest_state *s, int64_t pass, struct ingest_state_doc *d, struct buf *err) MUST_CHECK;

/* ---- the growing segment, and what goes into the manifest with it ---- */

struct ingest_state_segment {
    char base[128]; /* file name without suffix; "" for none */
    int64_t run;
    uint64_t end, records;
};
/** ingest_state_segment(s, seg, err): SKIP when none is growing. */
enum status ingest_state_segment(struct ingest_state *s, struct ingest_state_segment *seg, struct buf *err) MUST_CHECK;
enum status ingest_state_segment_put(struct ingest_state *s, const struct ingest_state_segment *seg, struct buf *err) MUST_CHECK;
/** ingest_state_segment_drop(s, err): it is in the manifest: forget it and what waited. */
enum status ingest_state_segment_drop(struct ingest_state *s, struct buf *err) MUST_CHECK;
/** ingest_state_segment_lost(s, err): its file does not hold what was committed: forget what it held, and read those files again. */
enum status ingest_state_segment_lost(struct ingest_state *s, struct buf *err) MUST_CHECK;

struct ingest_state_pending {
    bool deletion;
    int64_t file;
    struct slice doc_id, url, upstream, license, refusal, evidence, digest;
    int64_t captured_ms, bytes, raw_offset; /* -1: no record */
};
enum status ingest_state_pend(struct ingest_state *s, const struct ingest_state_pending *p, struct buf *err) MUST_CHECK;
typedef enum status (*ingest_state_pending_fn)(void *ctx, const struct ingest_state_pending *p);
/** ingest_state_each_pending(s, fn, ctx, n, err): in the order they came; *${n} how many. */
enum status ingest_state_each_pending(struct ingest_state *s, ingest_state_pending_fn fn, void *ctx, struct buf *err) MUST_CHECK;

#endif
