#ifndef VILLERS_CRAWLER_LICENCE_H
#define VILLERS_CRAWLER_LICENCE_H
/*
 * Licences: what an address or a sentence says, as an SPDX identifier (SPDX licence list 3.x), and what Villers makes of it.
 * Ported Creative Commons deeds give the identifier of the port only where SPDX has one; Etalab 1.0, for which SPDX has
 * none, is "LicenseRef-etalab-1.0", the Public Domain Mark "LicenseRef-CC-PDM-1.0".
 */
#include "base/slice.h"

#define LICENCE_MAX 40 /* bytes of one identifier and its NUL */

/**
 * licence_from_url(url, spdx):
 * The licence whose deed, legal code or page ${url} (absolute, http or https, any form; of Creative Commons without the scheme too) is.  False, ${spdx} "", when it
 * names none: the chooser, a licence family without a version, another host.  Thread-safe.  O(length).
 */
bool licence_from_url(struct slice url, char spdx[LICENCE_MAX]);
/**
 * licence_from_text(text, spdx):
 * The one licence that ${text} (a metadata value, a footer's sentence; UTF-8) names: an SPDX id, a licence address inside
 * it, or a name in French or English ("Licence Ouverte 2.0", "CC BY-SA 4.0", "Creative Commons Attribution - Partage dans
 * les mêmes conditions 3.0").  False, ${spdx} "", when it names none or several.  At most 4 KiB are read.  Thread-safe.
 */
bool licence_from_text(struct slice text, char spdx[LICENCE_MAX]);
/**
 * licence_normal(id, spdx):
 * ${id} as the SPDX list writes it ("cc-by-sa-4.0", "lov2", "fr-lo" are accepted); false when it is not known here.
 */
bool licence_normal(struct slice id, char spdx[LICENCE_MAX]);

/** licence_is_open(spdx): a known licence that lets the text be copied, changed and sold: neither NC nor ND. */
bool licence_is_open(const char *spdx);

enum licence_terms {
    LICENCE_UNKNOWN,   /* not an identifier known here, or "" */
    LICENCE_FREE,      /* no condition: CC0, public domain mark, Unlicense… */
    LICENCE_CREDIT,    /* attribution: CC BY, Etalab, MIT… */
    LICENCE_SHARE,     /* attribution and the same terms: CC BY-SA, GFDL, ODbL… */
    LICENCE_RESTRICTED /* NC or ND: recognised, and refused by default */
};
/**
 * licence_terms_of(spdx):
 * The class of ${spdx}, in rising order of restriction.  Of an SPDX expression (Annex D of the specification, without
 * parentheses): "A OR B" is its most liberal known part, "A AND B" its strictest, "A WITH X" A.  "LicenseRef-…" ids that are not
 * known here are CREDIT: who declares one answers for its terms.
 */
enum licence_terms licence_terms_of(const char *spdx);

#endif
