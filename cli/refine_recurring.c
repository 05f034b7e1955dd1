#include "base/limits.h"
#include "cli/refine.h"
#include "crawler/url.h"
#include "dedup/host_blocks.h"
#include "store/doc.h"
#include "store/jsonl.h"

struct feed {
    struct hub *h;
    const struct policies *policies;
    struct host_blocks *lines;
    struct json_parser *parser;
    struct buf *err;
};

/* What cannot be read as a document is told of when it is refined. */
static enum status feed_line(struct feed *f, struct slice line) {
    struct doc doc;
    struct url_parts parts;
    if (doc_read(f->parser, line, &doc, NULL) != ST_OK || !url_split(doc.url, &parts)) return ST_OK;
    if (!policies_of(f->policies, policies_key(doc.source))->drop_recurring) return ST_OK;
    return host_blocks_add(f->lines, parts.host, doc.id, doc.text, f->err);
}

static enum status feed_segment(void *ctx, const struct manifest_segment *seg) {
    struct feed *f = ctx;
    struct buf path = {.max = 8192};
    struct jsonl_reader *in = NULL;
    struct slice line;
    enum status st = jsonl_open(hub_path(f->h, &path, "raw/%.*s", SLICE_ARG(seg->name)), &in, f->err), next = ST_OK;
    while (st == ST_OK && (next = jsonl_next(in, &line, f->err)) != ST_RETRY) {
        if (cli_interrupted())
            st = fail(f->err, ST_RETRY, "interrupted; run the command again to go on");
        else if (next == ST_OK)
            st = feed_line(f, line);
        else if (next == ST_FATAL)
            st = next;
    }
    jsonl_free(in);
    buf_free(&path);
    return st;
}

enum status refine_recurring(struct hub *h, const struct policies *policies, struct host_blocks **lines, struct buf *err) {
    struct feed f = {.h = h, .policies = policies, .err = err};
    struct host_blocks_options o = {0};
    *lines = NULL;
    if (!policies_drop_recurring(policies)) return ST_OK;
    f.parser = json_parser_new(LIMIT_LINE);
    enum status st = f.parser ? host_blocks_new(&o, &f.lines, err) : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK) st = manifest_each_segment(h->manifest, SEGMENT_RAW, feed_segment, &f, err);
    if (st == ST_OK) st = host_blocks_count(f.lines, err);
    json_parser_free(f.parser);
    if (st == ST_OK)
        *lines = f.lines;
    else
        host_blocks_free(f.lines);
    return st;
}
