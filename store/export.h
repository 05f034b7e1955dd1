#ifndef VILLERS_STORE_EXPORT_H
#define VILLERS_STORE_EXPORT_H
/*
 * A release in another form, a file a shard, with SHA256SUMS beside them:
 *   jsonl        NAME.jsonl            the lines as they are
 *   jsonl.gz     NAME.jsonl.gz         one gzip member
 *   txt.gz       NAME.txt.gz           the texts alone, an empty line between documents
 *   webdataset   NAME.tar              ID.txt, the text, and ID.json, the document without it, one after the other (ustar)
 * The bytes depend on the release and the libraries' versions alone: no time, no owner.
 *
 * Parquet is not among them: Debian 12 has no C library that writes it (neither Arrow, DuckDB nor another is packaged), and a writer of our own
 * would be one more format to get wrong; `villers export --format parquet` prints the command that has DuckDB write it.  A new form is a row in export.c and a function that takes documents.
 */
#include "base/buf.h"

struct export_options {
    const char *release; /* folder of one version */
    const char *dest;    /* made; must not exist, or be empty */
    const char *format;
    unsigned threads; /* 0: one a core */
};
struct export_report {
    uint64_t files, documents, bytes;
};

/** export_format_known(format). */
bool export_format_known(const char *format);
/** export_release(opt, report, err): SKIP when there is no release there, ${dest} is not empty or nothing is in it; RETRY on a full disk. */
enum status export_release(const struct export_options *opt, struct export_report *report, struct buf *err) MUST_CHECK;

#endif
