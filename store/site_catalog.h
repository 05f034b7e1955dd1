#ifndef VILLERS_STORE_SITE_CATALOG_H
#define VILLERS_STORE_SITE_CATALOG_H
/*
 * The hub as a DCAT-AP 2.1 catalogue, as data.gouv.fr and data.europa.eu harvest it: one dcat:Dataset a dataset, one dcat:Distribution a
 * version, whose download address (its identity: it never changes) is the version's manifest.json, which lists every shard with its
 * digest.  Without a base address the identifiers are relative to the catalogue's own address.
 */
#include "store/site.h"

/** site_catalog_xml(out, s): RDF/XML.  site_catalog_jsonld(out, s): the same statements as JSON-LD. */
void site_catalog_xml(struct buf *out, const struct site *s);
void site_catalog_jsonld(struct buf *out, const struct site *s);

#endif
