#ifndef VILLERS_DEDUP_LANGID_CLD2_H
#define VILLERS_DEDUP_LANGID_CLD2_H
/*
 * CLD2 (Compact Language Detector 2, full tables) as C.  langid_cld2.cc is the one file that knows it.
 */
#include "base/slice.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLD2_UNKNOWN UINT16_MAX

struct cld2_span {
    uint32_t offset, bytes; /* in the text given */
    uint16_t lang;          /* CLD2's number, or CLD2_UNKNOWN */
};
struct cld2_answer {
    uint16_t lang[3]; /* by share; CLD2_UNKNOWN where there is none */
    double share[3];  /* of the letters' bytes, 0 to 1 */
    double score[3];  /* CLD2's points a kilobyte; about 300 to 1600 for real text */
    bool reliable;
    const struct cld2_span *spans; /* borrowed until the next call for the same context */
    size_t n_spans;
};

struct cld2;
/** cld2_new(): one a worker; NULL without memory or when the small tables were linked. */
struct cld2 *cld2_new(void);
void cld2_free(struct cld2 *c);
/**
 * cld2_detect(c, text, force, hint, out):
 * ${text} is valid UTF-8 without C0 controls (but tab and newline), DEL or noncharacters, at most 1 GiB: anything else gives no
 * language.  ${force} asks for a best guess on short text.  ${hint} is a BCP 47 tag or NULL.  RETRY without memory.  O(len).
 */
enum status cld2_detect(struct cld2 *c, struct slice text, bool force, const char *hint, struct cld2_answer *out) MUST_CHECK;
/** cld2_code(lang): CLD2's own code ("fr", "zh-Hant", "sr-ME"), "un" for what it does not know; static. */
const char *cld2_code(uint16_t lang);
/** cld2_tables(): the version of the tables linked, "20140204" for the full ones; static. */
const char *cld2_tables(void);

#ifdef __cplusplus
}
#endif
#endif
