#ifndef VILLERS_CRAWLER_INGEST_DATE_H
#define VILLERS_CRAWLER_INGEST_DATE_H
/*
 * Dates as dumps write them.
 */
#include "base/slice.h"

#define INGEST_NO_DATE INT64_MIN

/** ingest_date_in_name(name): the first date in a file's name (20240131, 2024-01-31, perhaps with -235959 after it) in milliseconds, or
 *  INGEST_NO_DATE. */
int64_t ingest_date_in_name(struct slice name);
/** ingest_date_parse(s): ISO 8601 (RFC 3339) from its date on, or INGEST_NO_DATE. */
int64_t ingest_date_parse(struct slice s);
/** ingest_date_day(s): the YYYY-MM-DD that ${s} begins with, or "" when it begins with none, or with a stand-in for "no date"
 *  (2999-01-01, 2222-02-22). */
struct slice ingest_date_day(struct slice s);

#endif
