#ifndef VILLERS_CLI_CRAWL_REPORT_H
#define VILLERS_CLI_CRAWL_REPORT_H
/* What crawl and campaigns say of a frontier, as text or JSON. */
#include "cli/hub.h"
#include "crawler/frontier.h"

struct crawl_report_source {
    char id[72];
    int64_t queued, documents, bytes, document_bytes, french_bytes, refused, failed;
};
struct crawl_report {
    int64_t queued, waiting, in_flight, held;
    int64_t urls[REASON_N], bytes[REASON_N];
    int64_t all_bytes, french_bytes, document_bytes;
    int64_t next_ms, scheduled;          /* when the first URL is due again, and how many will be; 0 */
    struct crawl_report_source *sources; /* by id; owned */
    size_t n_sources;
};

/** crawl_report_read(path, r, newer, err): add up the frontier at ${path}; SKIP when there is none yet.  Freed by crawl_report_free(). */
enum status crawl_report_read(const char *path, struct crawl_report *r, bool *newer, struct buf *err) MUST_CHECK;
void crawl_report_free(struct crawl_report *r);
/** crawl_report_text(r, out), crawl_report_json(r, j): append it; the JSON into the open object of ${j}. */
void crawl_report_text(const struct crawl_report *r, struct buf *out);
void crawl_report_json(const struct crawl_report *r, struct json_out *j);
struct crawl_report_progress {
    int64_t fetched, refused, failed, left;
    int64_t outside; /* of refused: never in question, for being outside the sources' bounds */
    double done;     /* share of the others that is settled, 0 to 1 */
    double french;   /* share of the documents' bytes; below 0: none yet */
};
void crawl_report_progress(const struct crawl_report *r, struct crawl_report_progress *p);
/** crawl_report_count(out, n, width): "1,234,567", right-aligned in ${width}. */
void crawl_report_count(struct buf *out, int64_t n, int width);
/** crawl_report_bytes(out, n): "12.3 MB". */
void crawl_report_bytes(struct buf *out, int64_t n);

#endif
