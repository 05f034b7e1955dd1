#ifndef VILLERS_CLI_EXPLAIN_H
#define VILLERS_CLI_EXPLAIN_H
/*
 * Every decision on a URL or a document, from what the frontiers, the manifest, the archive and the refined records hold.
 */
#include "cli/hub.h"

/* What was asked: exactly one of the two is not empty. */
struct explain_query {
    struct slice url; /* canonical */
    struct slice id;  /* 32 hex digits */
};

/**
 * explain_write(h, q, json, out, found, err):
 * Append the account to ${out}: one JSON object when ${json}, else lines for people.  *${found} is false when nothing knows of it.
 * A file that is gone or damaged is said in its place; only the manifest's and the frontiers' failures end the call.
 */
enum status explain_write(struct hub *h, const struct explain_query *q, bool json, struct buf *out, bool *found,
                          struct buf *err) MUST_CHECK;

#endif
