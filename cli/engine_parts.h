#ifndef VILLERS_CLI_ENGINE_PARTS_H
#define VILLERS_CLI_ENGINE_PARTS_H
/*
 * Between engine.c (workers), engine_input.c (reading) and engine_pages.c (pages out of archives).  Nothing else includes this.
 */
#include "cli/engine.h"

/* A worker gets a batch of records at once: enough that locks cost nothing, few enough that memory stays small. */
enum { ENGINE_BATCH_BYTES = 256 * 1024, ENGINE_BATCH_RECORDS = 1024 };

struct engine_piece {
    size_t start, len; /* in the batch's bytes */
    size_t url_len;    /* of a WARC record: its address stands first */
    int64_t number;
    bool html;      /* of a WARC record: an HTTP answer; else plain text */
    bool long_file; /* over the cap: no bytes of it are here */
};

struct engine_batch {
    struct buf bytes;   /* the records' bytes, one after the other */
    struct buf out;     /* answers */
    struct buf trouble; /* a line for each bad record */
    size_t n;
    const char *path;
    enum engine_form form; /* ENGINE_BY_NAME: a whole file */
    enum status st;        /* worst of the answers: RETRY or FATAL end the run */
    struct engine_piece pieces[ENGINE_BATCH_RECORDS];
};
struct engine_batch *engine_batch_new(const char *path, enum engine_form form);
void engine_batch_free(struct engine_batch *b);

struct engine_input;
/** engine_input_new(e, out): its list of files is read.  An exit code, told on stderr. */
int engine_input_new(const struct engine *e, struct engine_input **out);
void engine_input_free(struct engine_input *in);
/** engine_input_next(in): the next batch, or NULL at the end, when interrupted or without memory. */
struct engine_batch *engine_input_next(struct engine_input *in);
/** engine_input_result(in, bad): the exit code of files that could not be read, or 0; adds damaged lines to *${bad}. */
int engine_input_result(const struct engine_input *in, uint64_t *bad);

struct engine_pages; /* one a worker */
struct engine_pages *engine_pages_new(void);
void engine_pages_free(struct engine_pages *p);
/** engine_pages_open(p, url, bytes, html, page, err): what is archived at ${url}: with ${html} the block of a response record.  SKIP with
 *  an empty ${err} when it is no page. */
enum status engine_pages_open(struct engine_pages *p, struct slice url, struct slice bytes, bool html, struct engine_page *page,
                              struct buf *err) MUST_CHECK;
/** engine_pages_text(p, page, rec, err): its main text and what it declares into ${rec}, until the next call. */
enum status engine_pages_text(struct engine_pages *p, const struct engine_page *page, struct engine_record *rec,
                              struct buf *err) MUST_CHECK;

#endif
