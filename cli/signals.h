#ifndef VILLERS_CLI_SIGNALS_H
#define VILLERS_CLI_SIGNALS_H
/*
 * index/NAME.signals: what was measured on the documents of one refined segment, in its order, so that new thresholds judge them
 * without their texts.  Format: the line "villers-signals 1 <16 hex digits>\n", where the digits hash the names of the quality
 * signals; then records of one length: 16 bytes of document id, 8 the offset in the refined segment, 8 the source's
 * policies_key(), 8 flags (1 licensed, 2 French; the second byte the type, in the order of store/doc_type.h), 8 words, and as doubles the language score, the French share and the quality
 * signals in the order of quality_json(); 8 bytes, hash64() of all these.  Numbers are little-endian.  The last record has the
 * offset 2^64-1.  Not compressed: 0.3 KB a document.
 */
#include "cli/verdict.h"
#include "store/doc.h"

struct signals_record {
    char id[DOC_ID_LEN];
    uint64_t offset, source;
    struct verdict_facts facts;
};

struct signals_writer;
enum status signals_create(const char *path, struct signals_writer **out, struct buf *err) MUST_CHECK;
enum status signals_write(struct signals_writer *w, const struct signals_record *rec, struct buf *err) MUST_CHECK;
/** signals_finish(w, err): the file is whole and there; frees ${w} whatever the result. */
enum status signals_finish(struct signals_writer *w, struct buf *err) MUST_CHECK;
void signals_abort(struct signals_writer *w);

struct signals_reader;
/** signals_open(path, out, err): SKIP when it is not there or of another version, FATAL when it cannot be read. */
enum status signals_open(const char *path, struct signals_reader **out, struct buf *err) MUST_CHECK;
/** signals_next(r, rec, err): RETRY at the clean end, FATAL for a damaged or truncated file (named). */
enum status signals_next(struct signals_reader *r, struct signals_record *rec, struct buf *err) MUST_CHECK;
void signals_free(struct signals_reader *r);

#endif
