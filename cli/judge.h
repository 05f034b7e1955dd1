#ifndef VILLERS_CLI_JUDGE_H
#define VILLERS_CLI_JUDGE_H
/*
 * One raw document to its refined record, its verdict and its signature: language, quality, personal data, MinHash.  A pure
 * function of the record, the settings and the code, so that refining again gives the same bytes.
 */
#include "cli/config.h"
#include "dedup/signature.h"
#include "store/doc.h"

struct judge; /* one a worker */

/** judge_new(settings): ${settings} is borrowed for the judge's life.  NULL without memory. */
struct judge *judge_new(const struct settings *settings);
void judge_free(struct judge *j);

/* What `refine` keeps of a document until its segment is recorded; fixed size, no pointers. */
struct judged {
    char id[DOC_ID_LEN];
    char license[48], language[4], date[32], reason[48];
    double language_score, french_share;
    int64_t bytes, words;
};

/**
 * judge_line(j, line, refined, signature, out, err):
 * Judge the DOC_RAW record ${line}: append its DOC_REFINED line to ${refined} and its packed signature to ${signature}.  SKIP when
 * the record is not one.
 */
enum status judge_line(struct judge *j, struct slice line, struct buf *refined, struct buf *signature, struct judged *out,
                       struct buf *err) MUST_CHECK;

/** judge_settings(settings, text): append the settings and versions that decide, as JSON: their hash names a judgement. */
void judge_settings(const struct settings *settings, struct buf *text);
/** judge_signature_options(settings): how ${settings} want signatures made. */
struct signature_options judge_signature_options(const struct settings *settings);

#endif
