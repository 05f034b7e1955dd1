#ifndef VILLERS_DEDUP_LANGID_H
#define VILLERS_DEDUP_LANGID_H
/*
 * Which language a text is in, and how much of it is French.  CLD2 (full tables) by spans, behind langid_cld2.cc, and a second
 * vote for short or close texts.  Abstains ("und") rather than guess.
 */
#include "base/buf.h"

#define LANGID_MAX_LANGUAGES 3

struct langid_language {
    char code[4]; /* ISO 639-3 */
    double share; /* of the text's bytes, 0 to 1 */
};
struct langid_result {
    char language[4];    /* ISO 639-3; "und" when it abstains */
    char script[5];      /* ISO 15924: "Latn" */
    double score;        /* calibrated, 0 to 1 */
    double french_share; /* bytes of French spans over all letters' bytes */
    unsigned n;
    struct langid_language languages[LANGID_MAX_LANGUAGES];
};

/* Weak evidence from outside the text; may be empty. */
struct langid_hints {
    struct slice declared_language; /* BCP 47; heard only when the text alone leaves the language open, for it often lies */
    struct slice tld;               /* not heard by the verdict: a country is no language */
};

struct langid; /* one a worker */
struct langid *langid_new(void);
void langid_free(struct langid *l);
/** langid_detect(l, text, hints, res): any UTF-8 text, hints may be NULL.  Never fails: bad text gives "und".  Not thread-safe for one ${l}.  O(len). */
void langid_detect(struct langid *l, struct slice text, const struct langid_hints *hints, struct langid_result *res);
/** langid_version(): a string that changes when verdicts may ("cld2-20140204+villers-1"), static. */
const char *langid_version(void);

#endif
