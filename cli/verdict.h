#ifndef VILLERS_CLI_VERDICT_H
#define VILLERS_CLI_VERDICT_H
/*
 * The verdict of a document: a pure function of what was measured on it and of its source's policy.
 */
#include "cli/policy.h"
#include "store/doc_type.h"

enum { VERDICT_LEN = 48 };

/* All that a verdict may look at; kept in index/NAME.signals (cli/signals.h). */
struct verdict_facts {
    bool licensed, french; /* french: the language is fra */
    double language_score, french_share;
    int64_t words;
    struct quality_signals quality;
    enum doc_type type; /* by the page, the text, the address */
};

/** verdict_of(facts, policy, out): "" keeps it; else "licence", "empty", "language", "short", "quality:NAME". */
void verdict_of(const struct verdict_facts *facts, const struct policy *policy, char out[VERDICT_LEN]);
/** verdict_type(facts, policy): its type: what the source's file says, else what it tells itself.  Static, or the policy's. */
const char *verdict_type(const struct verdict_facts *facts, const struct policy *policy);

#endif
