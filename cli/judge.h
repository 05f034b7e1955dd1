#ifndef VILLERS_CLI_JUDGE_H
#define VILLERS_CLI_JUDGE_H
/*
 * One raw document to its refined record, its verdict and its signature: language, quality, personal data, MinHash.  A pure
 * function of the record, the settings and the code, so that refining again gives the same bytes.
 */
#include "cli/signals.h"
#include "dedup/signature.h"
#include "dedup/variety.h"

struct judge; /* one a worker */

/** judge_new(settings, policies): both are borrowed for the judge's life.  NULL without memory. */
struct judge *judge_new(const struct settings *settings, const struct policies *policies);
void judge_free(struct judge *j);

/* What `refine` keeps of a document until its segment is recorded; fixed size, no pointers. */
struct judged {
    char id[DOC_ID_LEN];
    char license[48], language[4], date[32], variety[8], type[16], reason[VERDICT_LEN];
    double language_score, french_share, quality;
    int64_t bytes, words;
};

struct judge_answer {
    struct buf refined, signature; /* the DOC_REFINED line and the packed signature are appended */
    struct judged judged;
    struct signals_record signals; /* its offset is the caller's to fill */
};

/** judge_line(j, line, out, err): judge the DOC_RAW record ${line}.  SKIP when the record is not one, or is too large. */
enum status judge_line(struct judge *j, struct slice line, struct judge_answer *out, struct buf *err) MUST_CHECK;

/** judge_signature_options(settings): how ${settings} want signatures made.  A source may have its own word on figures: its signatures
 *  are compared with the others all the same, and a text with figures then differs from one in which they were folded. */
struct signature_options judge_signature_options(const struct settings *settings);

#endif
