#ifndef VILLERS_CRAWLER_FETCH_PUT_H
#define VILLERS_CRAWLER_FETCH_PUT_H
/*
 * Objects to an S3-compatible store: HEAD and PUT, signed by libcurl (AWS Signature Version 4, service s3), path-style addresses, TLS as the
 * endpoint's scheme says.  The payload's SHA-256 is signed too, so the store itself refuses damaged bytes; it also goes along as
 * x-amz-meta-sha256 to be asked for later.
 */
#include "store/push.h"

struct fetch_put_options {
    const char *endpoint; /* "https://s3.example.org", without a slash at the end */
    const char *region, *bucket;
    const char *access_key, *secret_key; /* both "" : not signed */
    unsigned workers;
    bool (*stop)(void); /* may be NULL */
};

struct fetch_put;
/** fetch_put_new(opt, out, err): strings are borrowed until fetch_put_free(). */
enum status fetch_put_new(const struct fetch_put_options *opt, struct fetch_put **out, struct buf *err) MUST_CHECK;
void fetch_put_free(struct fetch_put *f);
/** fetch_put_store(f): ${f} as a push_store; borrowed. */
struct push_store fetch_put_store(struct fetch_put *f);

#endif
