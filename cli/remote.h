#ifndef VILLERS_CLI_REMOTE_H
#define VILLERS_CLI_REMOTE_H
/*
 * Where a release is, for verify and pull: a folder, a file: URL, or an http(s) URL, and the transport that reads it.
 */
#include "cli/command.h"
#include "store/pull_transport.h"
#include "store/sign.h"

struct remote {
    struct transport transport;
    struct fetch_simple *http; /* NULL for files */
};

/** remote_is_url(location): http:// or https://. */
bool remote_is_url(const char *location);
/** remote_open(location, workers, timeout_s, connect_to, r, err): ${connect_to} is borrowed; ${timeout_s} 0: 30, the longest silence. */
enum status remote_open(const char *location, unsigned workers, int64_t timeout_s, const struct option_list *connect_to,
                        struct remote *r, struct buf *err) MUST_CHECK;
void remote_close(struct remote *r);
/** remote_key(text, pub, err): ${text} is a minisign public key (its base64 line) or the path of its file. */
enum status remote_key(const char *text, struct sign_public *pub, struct buf *err) MUST_CHECK;

#endif
