#ifndef VILLERS_CRAWLER_INGEST_FORMATS_H
#define VILLERS_CRAWLER_INGEST_FORMATS_H
/*
 * The readers that ingest_format.c lists; each stands in the file of its name.
 */
#include "crawler/ingest_format.h"

extern const struct ingest_format ingest_warc;           /* WARC and WET records; ingest_warc.c */
extern const struct ingest_format ingest_jsonl;          /* lines of JSON under a mapping of fields */
extern const struct ingest_format ingest_dila;           /* DILA's XML: LEGI, JORF, KALI, JADE, CASS, CAPP, INCA, CNIL, CONSTIT */
extern const struct ingest_format ingest_dila_list;      /* DILA's lists of deletions; ingest_dila.c */
extern const struct ingest_format ingest_service_public; /* the practical sheets of service-public.fr, schema 3.3 */
extern const struct ingest_format ingest_wikimedia;      /* pages of a Wikimedia dump */
extern const struct ingest_format ingest_tei;            /* TEI P5, and its Simple and Publishers' kin */
extern const struct ingest_format ingest_oai;            /* OAI-PMH answers: Dublin Core records */
extern const struct ingest_format ingest_html;           /* pages; ingest_plain.c */
extern const struct ingest_format ingest_text;           /* plain text; ingest_plain.c */
extern const struct ingest_format ingest_gutenberg;      /* books of Project Gutenberg; ingest_plain.c */
extern const struct ingest_format ingest_pdf;            /* by pdftotext, in a sandboxed child */
extern const struct ingest_format ingest_office;         /* ODT and DOCX */

#endif
