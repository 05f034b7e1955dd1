#ifndef VILLERS_CRAWLER_HTTP_LINK_H
#define VILLERS_CRAWLER_HTTP_LINK_H
/* Link header fields (RFC 8288 3): what a response says of its neighbours before its body. */
#include "base/slice.h"

struct http_link {
    struct slice whole;               /* as written, trimmed */
    struct slice target;              /* between '<' and '>', not resolved */
    struct slice rel, type, hreflang; /* values without their quotes, "" when absent; the first rel holds */
    bool anchored;                    /* it is said of another resource */
};

/** http_link_next(value, link): take the next link off the front of *${value}; malformed ones are passed over.  False at the end. */
bool http_link_next(struct slice *value, struct http_link *link);
/** http_link_is_feed(type): a media type of RSS or Atom. */
bool http_link_is_feed(struct slice type);

#endif
