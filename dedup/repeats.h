#ifndef VILLERS_DEDUP_REPEATS_H
#define VILLERS_DEDUP_REPEATS_H
/*
 * Lines and paragraphs that stand in many documents of one source: menus, banners, notices.  Each is hashed as its words (case,
 * accents and punctuation folded, figures kept); hashes are counted in sorted runs, so memory does not grow with the texts.  What
 * counts is how many documents have it, not how often one repeats it, and it goes from all of them: no order of arrival matters.
 *
 * A line ends at a newline.  A paragraph is a run of lines between empty ones; in a text without empty lines, each line is one.
 */
#include "base/buf.h"

struct repeats;
struct repeats_options {
    unsigned lines, paragraphs; /* in how many documents one must stand to be cut, at least 2; 0: they are not looked at */
    size_t memory_bytes;
    const char *work_dir; /* copied by none: alive as long as the repeats */
};
enum status repeats_new(const struct repeats_options *opt, struct repeats **out, struct buf *err) MUST_CHECK;
void repeats_free(struct repeats *r);

struct repeats_reader; /* tables and scratch, one a worker */
struct repeats_reader *repeats_reader_new(void);
void repeats_reader_free(struct repeats_reader *w);

#define REPEATS_DOC_MAX ((uint64_t)1 << 40)
/** repeats_add(r, w, doc, source, text, err): count the text of document ${doc}, under REPEATS_DOC_MAX.  Thread-safe, one ${w} a thread. */
enum status repeats_add(struct repeats *r, struct repeats_reader *w, uint64_t doc, struct slice source, struct slice text,
                        struct buf *err) MUST_CHECK;
/** repeats_decide(r, threads, err): after the last document. */
enum status repeats_decide(struct repeats *r, unsigned threads, struct buf *err) MUST_CHECK;
/** repeats_cut(r, doc, text, out, cut, err): after repeats_decide(): replace ${out} by what is left of ${text}; *${cut} is how many
 *  of its bytes went, 0 when all is left (${out} is then empty).  Thread-safe.  O(length, log of all cuts). */
enum status repeats_cut(const struct repeats *r, uint64_t doc, struct slice text, struct buf *out, size_t *cut,
                        struct buf *err) MUST_CHECK;

#endif
