#ifndef VILLERS_CRAWLER_REASON_H
#define VILLERS_CRAWLER_REASON_H
/*
 * What became of a URL, in one word.  The words are stored in frontier/NAME.sqlite and printed in reports: their names never
 * change; new ones are added.  The numbers are those of this build only.
 */
#include "base/slice.h"

#define REASON_LIST(X)                                                                                                             \
    /* taken */                                                                                                                    \
    X(NONE, "", TAKEN, "not decided yet")                                                                                          \
    X(DOCUMENT, "document", TAKEN, "fetched, became a document")                                                                   \
    X(SITEMAP, "sitemap", TAKEN, "fetched, a sitemap or feed: its addresses were added")                                           \
    X(REDIRECT, "redirect", TAKEN, "fetched, leads elsewhere: the target was added")                                               \
    /* refused before fetching */                                                                                                  \
    X(ROBOTS, "robots", REFUSED, "robots.txt closes it")                                                                           \
    X(RESERVED, "reserved", REFUSED, "rights are reserved for text and data mining")                                               \
    X(SCOPE, "scope", REFUSED, "outside the source")                                                                               \
    X(EXCLUDED, "excluded", REFUSED, "the source's include and exclude patterns leave it out")                                     \
    X(DEPTH, "depth", REFUSED, "too many links from a seed")                                                                       \
    X(TRAP, "trap", REFUSED, "looks like a trap: a path too deep or repeated, or pages that say nothing new")                      \
    X(REDIRECT_LIMIT, "redirect-limit", REFUSED, "too many redirects in a row")                                                    \
    X(ADDRESS, "address", REFUSED, "the host's address is not on the public Internet")                                             \
    X(FORGOTTEN, "forgotten", REFUSED, "its removal was asked for")                                                                \
    X(LIMIT, "limit", REFUSED, "the source's page or byte limit was reached first")                                                \
    /* fetched, and not a document */                                                                                              \
    X(TYPE, "type", REFUSED, "not text: cut after the headers")                                                                    \
    X(NOINDEX, "noindex", REFUSED, "the page asks not to be indexed")                                                              \
    X(LICENCE, "licence", REFUSED, "the page's own licence is closed")                                                             \
    X(CONFLICT, "licence-conflict", REFUSED, "the page's licence or reservation disagrees with the source's: set aside")           \
    X(UNLICENSED, "no-licence", REFUSED, "neither the source nor the page states a licence")                                       \
    X(UNSURE, "rights-unknown", REFUSED, "the signals of rights cannot be read: set aside")                                        \
    X(EMPTY, "empty", REFUSED, "no text in it")                                                                                    \
    X(MOVED, "moved", REFUSED, "the page now names another address as its own")                                                    \
    X(ABSENT, "soft-404", REFUSED, "a page that says itself that it is not there, whatever its status")                            \
    X(GONE, "gone", REFUSED, "404 or 410")                                                                                         \
    X(STATUS, "http-4xx", REFUSED, "another 4xx answer")                                                                           \
    /* failed */                                                                                                                   \
    X(SERVER, "http-5xx", FAILED, "5xx or 429, each time it was tried")                                                            \
    X(DNS, "dns", FAILED, "the host's name has no address")                                                                        \
    X(CONNECT, "connect", FAILED, "no connection")                                                                                 \
    X(TLS, "tls", FAILED, "the secure connection failed")                                                                          \
    X(TIMEOUT, "timeout", FAILED, "no answer in time, or too slow")                                                                \
    X(RESET, "reset", FAILED, "the connection was cut")                                                                            \
    X(PROTOCOL, "protocol", FAILED, "the answer is not HTTP as it should be")                                                      \
    X(HEADERS, "headers-too-large", FAILED, "the answer's headers pass the cap")                                                   \
    X(LARGE, "too-large", FAILED, "the body passes the cap")                                                                       \
    X(BOMB, "expands-too-much", FAILED, "the decoded body passes the cap")                                                         \
    X(ENCODING, "bad-encoding", FAILED, "the body cannot be decoded")                                                              \
    X(PAGE, "unreadable", FAILED, "the page passes a cap of the HTML reader")

enum reason {
#define REASON_ENUM(id, name, kind, text) REASON_##id,
    REASON_LIST(REASON_ENUM)
#undef REASON_ENUM
        REASON_N
};

enum reason_kind { REASON_KIND_TAKEN, REASON_KIND_REFUSED, REASON_KIND_FAILED };

/** reason_name(r): the stored word; static. */
const char *reason_name(enum reason r);
/** reason_text(r): a line for people; static. */
const char *reason_text(enum reason r);
enum reason_kind reason_kind(enum reason r);
/** reason_from_name(name): REASON_N when unknown. */
enum reason reason_from_name(struct slice name);

#endif
