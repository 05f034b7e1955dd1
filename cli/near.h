#ifndef VILLERS_CLI_NEAR_H
#define VILLERS_CLI_NEAR_H
/*
 * The near-duplicate index of a hub, index/near/ (dedup/index.h): every document that took part in the last decision, by its band keys and its
 * text's hash.  It holds no sketches: a document's name there says where its signature stands.  The manifest's stamp NEAR_STAMP and
 * the index's label are one number when the clusters of the manifest are those of the documents of the index; otherwise, as after a crash
 * between the two commits, duplicates are decided from nothing, and the index is made again.
 */
#include "cli/hub.h"
#include "cli/signatures.h"
#include "dedup/index.h"

#define NEAR_STAMP "duplicates_index"
#define NEAR_NAME 40 /* bytes */

/* A document as it was when it was decided on. */
struct near_place {
    uint64_t doc;             /* its number in the manifest */
    uint64_t segment, offset; /* its refined record */
    uint64_t at;              /* of its signature in the segment's .sig file */
    uint64_t print;           /* hash of all that a decision looks at, but its signature and whether it is published */
};
void near_write_name(const struct near_place *p, char out[NEAR_NAME]);
struct near_place near_read_name(const char name[NEAR_NAME]);

/**
 * near_open(h, options, fresh, out, err):
 * The hub's index.  One that is damaged, of other signatures, or not of the manifest's clusters is emptied, and *${fresh} is true, as for a
 * new one.  RETRY when another process has it.
 */
enum status near_open(struct hub *h, const struct signature_options *options, bool *fresh, struct index **out,
                      struct buf *err) MUST_CHECK;

/** near_next_label(h, index): a label that neither the index nor the manifest has had. */
uint64_t near_next_label(struct hub *h, const struct index *index);
/** near_stamp(h, label, err): the stamp, in the open transaction. */
enum status near_stamp(struct hub *h, uint64_t label, struct buf *err) MUST_CHECK;

struct near_files; /* the .sig files, opened as they are asked for */
enum status near_files_new(struct hub *h, const struct signature_options *options, struct near_files **out,
                           struct buf *err) MUST_CHECK;
void near_files_free(struct near_files *f);
/** near_files_get(f, segment, reader, err): borrowed until the next call.  SKIP when there is no such segment. */
enum status near_files_get(struct near_files *f, uint64_t segment, struct signatures_reader **reader, struct buf *err) MUST_CHECK;
/** near_files_signature(f, place, sig, err): SKIP when another stands there now. */
enum status near_files_signature(struct near_files *f, const struct near_place *place, struct signature *sig,
                                 struct buf *err) MUST_CHECK;
/** near_print(f, c): near_place's print, under the hub's settings and this version of the program. */
uint64_t near_print(struct near_files *f, const struct manifest_candidate *c);

struct near_batch; /* documents on their way into the index */
enum status near_batch_new(size_t memory_bytes, const char *work_dir, struct near_batch **out, struct buf *err) MUST_CHECK;
void near_batch_free(struct near_batch *b);
enum status near_batch_add(struct near_batch *b, const struct near_place *place, const struct signature *sig,
                           struct buf *err) MUST_CHECK;
/** near_batch_prepare(b, index, err): index_prepare() with all that was added; ${b} is then used up. */
enum status near_batch_prepare(struct near_batch *b, struct index *index, struct buf *err) MUST_CHECK;

#endif
