#ifndef VILLERS_CLI_SERVE_METRICS_H
#define VILLERS_CLI_SERVE_METRICS_H
/*
 * One text at http://127.0.0.1:PORT/metrics, as Prometheus scrapes it (exposition format 0.0.4).
 */
#include "base/buf.h"

struct serve_metrics;
/** serve_metrics_start(port, out, err): listen on loopback, with a thread of its own; port 0 picks one.  SKIP when it cannot listen. */
enum status serve_metrics_start(unsigned port, struct serve_metrics **out, struct buf *err) MUST_CHECK;
unsigned serve_metrics_port(const struct serve_metrics *m);
/** serve_metrics_set(m, text): what the next scrape gets; copied.  Thread-safe. */
void serve_metrics_set(struct serve_metrics *m, struct slice text);
void serve_metrics_stop(struct serve_metrics *m); /* NULL is harmless */

#endif
