#include "crawler/crawl_internal.h"

static struct slice source_id(const struct crawl *c, size_t source) {
    return source < c->n_sources ? slice_str(c->sources[source].src->id) : slice_of("", 0);
}

static bool told(const struct crawl *c) { return c->hooks && c->hooks->decided; }

void crawl_tell_refused(const struct crawl *c, const struct frontier_url *u, size_t source, enum reason reason,
                        struct slice detail) {
    if (!told(c)) return;
    const struct crawl_decision d = {
        .what = "refused", .reason = reason, .url = u->url, .source = source_id(c, source), .evidence = detail, .at_ms = c->now_ms};
    c->hooks->decided(c->hooks->ctx, &d);
}

void crawl_tell_deferred(const struct crawl *c, struct slice url, size_t source, enum reason reason, int status, int64_t due_ms) {
    if (!told(c)) return;
    const struct crawl_decision d = {.what = "deferred",
                                     .reason = reason,
                                     .url = url,
                                     .source = source_id(c, source),
                                     .status = status,
                                     .at_ms = c->now_ms,
                                     .due_ms = due_ms};
    c->hooks->decided(c->hooks->ctx, &d);
}

static const char *word(enum reason r) {
    switch (reason_kind(r)) {
    case REASON_KIND_TAKEN: return "fetched";
    case REASON_KIND_REFUSED: return "refused";
    case REASON_KIND_FAILED: return "failed";
    }
    return "failed";
}

void crawl_tell_job(const struct crawl *c, const struct crawl_job *job, enum reason reason, struct slice detail) {
    if (!told(c)) return;
    const struct crawl_decision d = {.what = word(reason),
                                     .reason = reason,
                                     .url = slice_str(job->url),
                                     .source = source_id(c, job->source),
                                     .evidence = detail,
                                     .document = job->has_doc                    ? job->doc.id
                                                 : job->unchanged && job->before ? job->before->v.doc_id
                                                                                 : slice_of("", 0),
                                     .unchanged = job->unchanged,
                                     .status = job->answer->status,
                                     .bytes = (int64_t)job->answer->body.len,
                                     .at_ms = job->answer->sent_ms};
    c->hooks->decided(c->hooks->ctx, &d);
}
