#ifndef VILLERS_CRAWLER_FETCH_EVENTS_H
#define VILLERS_CRAWLER_FETCH_EVENTS_H
/*
 * The sockets of a libcurl multi handle in one epoll set: a turn costs what is active, not what is open.  One thread waits; any
 * thread may wake it.
 */
#include "base/buf.h"
#include <curl/curl.h>

struct fetch_events;

typedef void fetch_events_socket(CURL *easy, curl_socket_t fd);
/**
 * fetch_events_new(multi, socket, out, err):
 * Take over the sockets and the timer of ${multi} (borrowed; it is cleaned up first).  ${socket} is told on which one a transfer waits, each
 * time that it waits on another.
 */
enum status fetch_events_new(CURLM *multi, fetch_events_socket *socket, struct fetch_events **out, struct buf *err) MUST_CHECK;
void fetch_events_free(struct fetch_events *e);
/**
 * fetch_events_wait(e, timeout_ms, gather_ms): wait until a socket, the timer or a wake, ${timeout_ms} at most, and let libcurl act; then
 * go on acting for ${gather_ms}, so that a turn of the caller settles many answers at once.
 */
void fetch_events_wait(struct fetch_events *e, int64_t timeout_ms, int64_t gather_ms);
/** fetch_events_wake(e): end the wait under way, or the next one.  Thread-safe. */
void fetch_events_wake(struct fetch_events *e);

#endif
