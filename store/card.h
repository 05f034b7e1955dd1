#ifndef VILLERS_STORE_CARD_H
#define VILLERS_STORE_CARD_H
/*
 * What people read of a release: the README card (front matter as the Hugging Face Hub reads it, body in French, then in English) and the
 * credits that the licences demand.  Text only: no clock, no locale.
 */
#include "store/release.h"
#include "store/release_manifest.h"

struct card {
    const struct release_manifest *m;
    const struct release_source *sources; /* of the catalogue; those that ${m} does not name are passed over */
    size_t n_sources;
    const char *contact; /* or "" */
    bool signed_;        /* there is a signature beside SHA256SUMS */
};

/** card_readme(out, c): append README.md. */
void card_readme(struct buf *out, const struct card *c);
/** card_attribution(out, c): append attribution.md: each source of the release with its credit, licence and evidence. */
void card_attribution(struct buf *out, const struct card *c);
/** card_source(c, id): the catalogue's entry, or NULL. */
const struct release_source *card_source(const struct card *c, const char *id);
/* A key of a release's lines. */
struct card_column {
    const char *name, *dtype; /* "string", "float64", "int64" */
    const char *french, *english;
};
/** card_columns(out): the keys in their order, static; returns how many. */
size_t card_columns(const struct card_column **out);
/** card_license_url(spdx): the address of a well-known licence's text, or NULL. */
const char *card_license_url(const char *spdx);

#endif
