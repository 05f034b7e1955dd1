#ifndef VILLERS_CRAWLER_HTTP_HEAD_H
#define VILLERS_CRAWLER_HTTP_HEAD_H
/*
 * The head of an HTTP/1 answer: its status line and header lines, as archived.  Thread-safe: nothing is kept.
 */
#include "base/slice.h"

/** http_head_status(head): the three digits of the status line, or 0. */
int http_head_status(struct slice head);
/** http_head_next(rest, name, value): take the next field off *${rest} (begin with the whole head); value is trimmed. */
bool http_head_next(struct slice *rest, struct slice *name, struct slice *value);
/** http_head_get(head, name): the first field of that name (any case), or the empty slice. */
struct slice http_head_get(struct slice head, const char *name);

enum http_type { HTTP_TYPE_OTHER, HTTP_TYPE_HTML, HTTP_TYPE_TEXT, HTTP_TYPE_XML };
/** http_type_of(content_type): what a Content-Type value says (RFC 9110 8.3.1); none at all counts as HTML, as browsers would sniff it. */
enum http_type http_type_of(struct slice content_type);

#endif
