#ifndef VILLERS_STORE_DOC_H
#define VILLERS_STORE_DOC_H
/*
 * The record: one document, one JSON object, one line.  The same struct serves raw/, refined/ and releases; each has its own
 * set of keys, always all present, each of one type (a null would break the field's loaders).
 */
#include "base/json.h"

#define DOC_ID_LEN 33
/** doc_id(source, key, out): XXH3-128 of source, NUL, key (the canonical URL or upstream id): 32 hex digits and a NUL;
 *  "" without memory. */
void doc_id(struct slice source, struct slice key, char out[DOC_ID_LEN]);

struct doc {
    /* as extracted: raw/ */
    struct slice id, text, url, title, author, site, source, license, date;
    struct slice crawl_date; /* raw/: to the second; in a release the UTC day, so that a resumed crawl gives the same bytes */
    struct slice campaign;   /* raw/ only */
    struct slice declared_language; /* raw/ only */
    struct slice fetched_url;       /* raw/ only: the URL that answered; differs from url when the page names a canonical one */
    struct slice digest;            /* "sha256:<hex>" of the payload as archived */
    struct slice warc;              /* raw/ only: WARC file name */
    int64_t warc_offset;            /* raw/ only: of the response record */
    int64_t bytes;                  /* raw/ only: payload bytes */
    /* verdicts: refined/ */
    struct slice language, language_script;
    double language_score, french_share;
    int64_t words;
    struct slice reason; /* refined/ only: "" keeps it; else why it is out ("language", "quality:…", "licence") */
    /* cluster: releases */
    struct slice minhash_cluster_id;
    int64_t minhash_cluster_size;
    struct slice metadata; /* JSON in a string; "{}" at least */
};

enum doc_form { DOC_RAW, DOC_REFINED, DOC_RELEASE };
/** doc_write(out, doc, form): append the line of ${doc} in that form, with its newline. */
void doc_write(struct buf *out, const struct doc *doc, enum doc_form form);
/** doc_read(p, line, doc, err): parse any form; unknown keys are ignored, absent ones empty.  ${doc} lives until ${p}'s next parse. */
enum status doc_read(struct json_parser *p, struct slice line, struct doc *doc, struct buf *err) MUST_CHECK;

#endif
