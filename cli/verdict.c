#include "cli/verdict.h"
#include <stdio.h>

void verdict_of(const struct verdict_facts *f, const struct policy *p, char out[VERDICT_LEN]) {
    const char *quality = p->quality_filters ? quality_verdict(&f->quality, &p->thresholds) : "";
    const char *why = "";
    if (!f->licensed)
        why = "licence";
    else if (f->words == 0)
        why = "empty";
    else if (!f->french || f->language_score < p->min_language_score || f->french_share < p->min_french_share)
        why = "language";
    else if (f->words < p->min_words)
        why = "short";
    snprintf(out, VERDICT_LEN, "%s%s", *why || !*quality ? why : "quality:", *why ? "" : quality);
}

const char *verdict_type(const struct verdict_facts *f, const struct policy *p) {
    return *p->type ? p->type : doc_type_name(f->type);
}
