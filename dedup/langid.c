#include "dedup/langid.h"
#include "base/limits.h"
#include "dedup/langid_cld2.h"
#include "dedup/langid_clean.h"
#include "dedup/langid_codes.h"
#include <stdlib.h>

struct langid {
    struct cld2 *cld2;
    struct buf clean;
};

struct langid *langid_new(void) {
    struct langid *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->cld2 = cld2_new();
    buf_init(&l->clean, 3 * LIMIT_TEXT);
    if (l->cld2) return l;
    langid_free(l);
    return NULL;
}

void langid_free(struct langid *l) {
    if (!l) return;
    cld2_free(l->cld2);
    buf_free(&l->clean);
    free(l);
}

static void abstain(struct langid_result *res) {
    memset(res, 0, sizeof *res);
    memcpy(res->language, "und", 4);
    memcpy(res->script, "Zyyy", 5);
}

static void name_languages(const struct cld2_answer *answer, struct langid_result *res) {
    for (int i = 0; i < LANGID_MAX_LANGUAGES; i++) {
        if (answer->lang[i] == CLD2_UNKNOWN) continue;
        struct langid_language *to = &res->languages[res->n++];
        memcpy(to->code, langid_iso(cld2_code(answer->lang[i])), 4);
        to->share = answer->share[i];
        if (strcmp(to->code, "fra") == 0) res->french_share = to->share;
    }
}

void langid_detect(struct langid *l, struct slice text, const struct langid_hints *hints, struct langid_result *res) {
    (void)hints;
    struct cld2_answer answer;
    abstain(res);
    buf_clear(&l->clean);
    langid_clean(&l->clean, slice_sub(text, 0, LIMIT_TEXT));
    if (!buf_ok(&l->clean) || cld2_detect(l->cld2, buf_view(&l->clean), false, NULL, &answer) != ST_OK) return;
    name_languages(&answer, res);
    if (res->n == 0) return;
    memcpy(res->language, res->languages[0].code, 4);
    const char *script = langid_script_of(res->language, langid_script(buf_view(&l->clean)));
    memcpy(res->script, script, 5);
    res->score = answer.reliable ? res->languages[0].share : res->languages[0].share / 2;
}

const char *langid_version(void) { return "cld2-20140204+villers-1"; }
