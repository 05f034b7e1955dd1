#ifndef VILLERS_CLI_DEDUP_RESUME_H
#define VILLERS_CLI_DEDUP_RESUME_H
/*
 * What the first pass made of one whole input file, so that a killed run does not make it again: DIR/.resume-HASH.sig, an index_file
 * (checksummed, whole or not there) whose name holds the input's path, size and time and the options.  A record: u8 whether the line
 * is a document, u16 length and bytes of the id, u16 length and bytes of the rank, the packed signature; its head: u64 lines.
 */
#include "dedup/dedup_names.h"
#include "dedup/signature.h"

struct dedup_resume_key { /* what a record depends on */
    const char *dir, *path, *id_key, *text_key, *order;
    uint64_t signature_version;
};
struct dedup_line { /* slices are borrowed */
    bool good;
    struct slice id, rank;
    const struct signature *signature;
};

struct dedup_resume_out;
enum status dedup_resume_create(const struct dedup_resume_key *key, struct dedup_resume_out **out, struct buf *err) MUST_CHECK;
enum status dedup_resume_put(struct dedup_resume_out *w, const struct dedup_line *line, struct buf *err) MUST_CHECK;
/** dedup_resume_finish(w, err): the input's last line has been put.  Frees ${w} whatever the result. */
enum status dedup_resume_finish(struct dedup_resume_out *w, struct buf *err) MUST_CHECK;
void dedup_resume_abort(struct dedup_resume_out *w);

struct dedup_resume_in;
/** dedup_resume_open(key, out): NULL when there is none, or none that can be read. */
struct dedup_resume_in *dedup_resume_open(const struct dedup_resume_key *key);
uint64_t dedup_resume_lines(const struct dedup_resume_in *r);
/** dedup_resume_next(r, line, sig, err): the next line, alive until the next call, its signature in ${sig}.  RETRY at the end. */
enum status dedup_resume_next(struct dedup_resume_in *r, struct dedup_line *line, struct signature *sig,
                              struct buf *err) MUST_CHECK;
void dedup_resume_free(struct dedup_resume_in *r);

/** dedup_resume_sweep(dir): the run is done; its files go. */
void dedup_resume_sweep(const char *dir);

#endif
