#include "crawler/licence.h"

/* SPDX licence list 3.25: the identifiers that occur on pages and dumps; kept sorted for people. */
static const struct {
    const char *spdx;
    enum licence_terms terms;
} known[] = {
    {"0BSD", LICENCE_FREE},
    {"AGPL-3.0-only", LICENCE_SHARE},
    {"AGPL-3.0-or-later", LICENCE_SHARE},
    {"Apache-2.0", LICENCE_CREDIT},
    {"Artistic-2.0", LICENCE_CREDIT},
    {"BSD-2-Clause", LICENCE_CREDIT},
    {"BSD-3-Clause", LICENCE_CREDIT},
    {"CC-BY-1.0", LICENCE_CREDIT},
    {"CC-BY-2.0", LICENCE_CREDIT},
    {"CC-BY-2.5", LICENCE_CREDIT},
    {"CC-BY-2.5-AU", LICENCE_CREDIT},
    {"CC-BY-3.0", LICENCE_CREDIT},
    {"CC-BY-3.0-AT", LICENCE_CREDIT},
    {"CC-BY-3.0-AU", LICENCE_CREDIT},
    {"CC-BY-3.0-DE", LICENCE_CREDIT},
    {"CC-BY-3.0-IGO", LICENCE_CREDIT},
    {"CC-BY-3.0-NL", LICENCE_CREDIT},
    {"CC-BY-3.0-US", LICENCE_CREDIT},
    {"CC-BY-4.0", LICENCE_CREDIT},
    {"CC-BY-NC-1.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-2.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-2.5", LICENCE_RESTRICTED},
    {"CC-BY-NC-3.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-3.0-DE", LICENCE_RESTRICTED},
    {"CC-BY-NC-4.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-1.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-2.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-2.5", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-3.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-3.0-DE", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-3.0-IGO", LICENCE_RESTRICTED},
    {"CC-BY-NC-ND-4.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-1.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-2.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-2.0-DE", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-2.0-FR", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-2.0-UK", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-2.5", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-3.0", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-3.0-DE", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-3.0-IGO", LICENCE_RESTRICTED},
    {"CC-BY-NC-SA-4.0", LICENCE_RESTRICTED},
    {"CC-BY-ND-1.0", LICENCE_RESTRICTED},
    {"CC-BY-ND-2.0", LICENCE_RESTRICTED},
    {"CC-BY-ND-2.5", LICENCE_RESTRICTED},
    {"CC-BY-ND-3.0", LICENCE_RESTRICTED},
    {"CC-BY-ND-3.0-DE", LICENCE_RESTRICTED},
    {"CC-BY-ND-4.0", LICENCE_RESTRICTED},
    {"CC-BY-SA-1.0", LICENCE_SHARE},
    {"CC-BY-SA-2.0", LICENCE_SHARE},
    {"CC-BY-SA-2.0-UK", LICENCE_SHARE},
    {"CC-BY-SA-2.1-JP", LICENCE_SHARE},
    {"CC-BY-SA-2.5", LICENCE_SHARE},
    {"CC-BY-SA-3.0", LICENCE_SHARE},
    {"CC-BY-SA-3.0-AT", LICENCE_SHARE},
    {"CC-BY-SA-3.0-DE", LICENCE_SHARE},
    {"CC-BY-SA-3.0-IGO", LICENCE_SHARE},
    {"CC-BY-SA-4.0", LICENCE_SHARE},
    {"CC-PDDC", LICENCE_FREE},
    {"CC-SA-1.0", LICENCE_SHARE},
    {"CC0-1.0", LICENCE_FREE},
    {"CECILL-2.1", LICENCE_SHARE},
    {"DL-DE-BY-2.0", LICENCE_CREDIT},
    {"DL-DE-ZERO-2.0", LICENCE_FREE},
    {"GFDL-1.1-only", LICENCE_SHARE},
    {"GFDL-1.1-or-later", LICENCE_SHARE},
    {"GFDL-1.2-only", LICENCE_SHARE},
    {"GFDL-1.2-or-later", LICENCE_SHARE},
    {"GFDL-1.3-only", LICENCE_SHARE},
    {"GFDL-1.3-or-later", LICENCE_SHARE},
    {"GPL-1.0-or-later", LICENCE_SHARE},
    {"GPL-2.0-only", LICENCE_SHARE},
    {"GPL-2.0-or-later", LICENCE_SHARE},
    {"GPL-3.0-only", LICENCE_SHARE},
    {"GPL-3.0-or-later", LICENCE_SHARE},
    {"ISC", LICENCE_CREDIT},
    {"LAL-1.2", LICENCE_SHARE},
    {"LAL-1.3", LICENCE_SHARE},
    {"LGPL-2.1-only", LICENCE_SHARE},
    {"LGPL-2.1-or-later", LICENCE_SHARE},
    {"LGPL-3.0-only", LICENCE_SHARE},
    {"LGPL-3.0-or-later", LICENCE_SHARE},
    {"LPPL-1.3c", LICENCE_SHARE},
    {"LicenseRef-CC-PDM-1.0", LICENCE_FREE},
    {"LicenseRef-etalab-1.0", LICENCE_CREDIT},
    {"MIT", LICENCE_CREDIT},
    {"MIT-0", LICENCE_FREE},
    {"MPL-2.0", LICENCE_SHARE},
    {"ODC-By-1.0", LICENCE_CREDIT},
    {"ODbL-1.0", LICENCE_SHARE},
    {"OGL-Canada-2.0", LICENCE_CREDIT},
    {"OGL-UK-3.0", LICENCE_CREDIT},
    {"PDDL-1.0", LICENCE_FREE},
    {"PSF-2.0", LICENCE_CREDIT},
    {"Unlicense", LICENCE_FREE},
    {"WTFPL", LICENCE_FREE},
    {"Zlib", LICENCE_CREDIT},
    {"etalab-2.0", LICENCE_CREDIT},
};

/* Other names of the same, in the catalogues of data portals. */
static const char *const aliases[][2] = {
    {"lov2", "etalab-2.0"},
    {"fr-lo", "etalab-2.0"},
    {"etalab-1.0", "LicenseRef-etalab-1.0"},
    {"lov1", "LicenseRef-etalab-1.0"},
    {"cc0", "CC0-1.0"},
    {"cc-zero", "CC0-1.0"},
    {"pdm-1.0", "LicenseRef-CC-PDM-1.0"},
    {"cc-pdm-1.0", "LicenseRef-CC-PDM-1.0"},
    {"gfdl-1.1", "GFDL-1.1-only"},
    {"gfdl-1.2", "GFDL-1.2-only"},
    {"gfdl-1.3", "GFDL-1.3-only"},
    {"gpl-2.0", "GPL-2.0-only"},
    {"gpl-2.0+", "GPL-2.0-or-later"},
    {"gpl-3.0", "GPL-3.0-only"},
    {"gpl-3.0+", "GPL-3.0-or-later"},
    {"odbl", "ODbL-1.0"},
    {"odc-odbl", "ODbL-1.0"},
    {"odc-by", "ODC-By-1.0"},
    {"odc-pddl", "PDDL-1.0"},
};

static bool answer(const char *id, char spdx[LICENCE_MAX]) {
    size_t n = strlen(id);
    memcpy(spdx, id, n + 1);
    return true;
}

bool licence_normal(struct slice id, char spdx[LICENCE_MAX]) {
    spdx[0] = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slice_eq_nocase(id, slice_str(known[i].spdx))) return answer(known[i].spdx, spdx);
    }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (slice_eq_nocase(id, slice_str(aliases[i][0]))) return answer(aliases[i][1], spdx);
    }
    return false;
}

static enum licence_terms terms_of_id(struct slice id) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slice_eq_str(id, known[i].spdx)) return known[i].terms;
    }
    return id.len > 11 && slice_starts(id, slice_str("LicenseRef-")) && slice_find_char(id, ' ') == SIZE_MAX ? LICENCE_CREDIT
                                                                                                             : LICENCE_UNKNOWN;
}

/* Take what stands before the next ${word} off the front of *${rest}. */
static bool cut_word(struct slice *rest, const char *word, struct slice *piece) {
    if (!rest->ptr) return false;
    size_t at = slice_find(*rest, slice_str(word));
    *piece = slice_trim(slice_sub(*rest, 0, at));
    *rest = at == SIZE_MAX ? slice_of(NULL, 0) : slice_sub(*rest, at + strlen(word), rest->len);
    return true;
}

static enum licence_terms terms_of_all(struct slice all) {
    enum licence_terms worst = LICENCE_FREE;
    struct slice one;
    while (cut_word(&all, " AND ", &one)) {
        enum licence_terms t = terms_of_id(slice_trim(slice_sub(one, 0, slice_find(one, slice_str(" WITH ")))));
        if (t == LICENCE_UNKNOWN) return t;
        if (t > worst) worst = t;
    }
    return worst;
}

enum licence_terms licence_terms_of(const char *spdx) {
    enum licence_terms best = LICENCE_UNKNOWN;
    struct slice rest = slice_str(spdx), part;
    while (rest.len && cut_word(&rest, " OR ", &part)) {
        enum licence_terms t = terms_of_all(part);
        if (t != LICENCE_UNKNOWN && (best == LICENCE_UNKNOWN || t < best)) best = t;
    }
    return best;
}

bool licence_is_open(const char *spdx) {
    enum licence_terms terms = licence_terms_of(spdx);
    return terms != LICENCE_UNKNOWN && terms != LICENCE_RESTRICTED;
}
