#include "cli/line_prints.h"
#include "base/hash.h"
#include "base/limits.h"
#include "cli/policy.h"
#include "crawler/url.h"
#include "dedup/index_file.h"
#include "store/doc.h"
#include "store/jsonl.h"
#include <endian.h>
#include <stdlib.h>

#define HEAD "villers-lines 1"
#define CHUNK (256 * KIB)
#define FIELDS 4 /* before the lines */

struct line_prints {
    struct index_in *in;
    uint64_t at; /* of the chunk's end */
    size_t have, used;
    char chunk[CHUNK];
};

/* ---- making ---- */

struct making {
    struct index_out *out;
    struct json_parser *parser;
    struct host_blocks_lines lines;
    struct buf *err;
};

/* What cannot be read as a document is told of when it is refined. */
static enum status make_line(struct making *m, struct slice line) {
    struct doc doc;
    struct url_parts parts;
    if (doc_read(m->parser, line, &doc, NULL) != ST_OK || !url_split(doc.url, &parts)) return ST_OK;
    enum status st = host_blocks_read(doc.text, &m->lines, m->err);
    if (st != ST_OK) return st;
    uint64_t fields[FIELDS] = {htole64(hash64(parts.host)), htole64(policies_key(doc.source)), htole64(hash64(doc.id)),
                               htole64(m->lines.n)};
    for (size_t i = 0; i < m->lines.n; i++) m->lines.v[i] = htole64(m->lines.v[i]);
    st = index_out_write(m->out, fields, sizeof fields, m->err);
    return st == ST_OK && m->lines.n ? index_out_write(m->out, m->lines.v, m->lines.n * sizeof *m->lines.v, m->err) : st;
}

static enum status make_all(struct making *m, const char *raw) {
    struct jsonl_reader *in = NULL;
    struct slice line;
    enum status st = jsonl_open(raw, &in, m->err), next = ST_OK;
    while (st == ST_OK && (next = jsonl_next(in, &line, m->err)) != ST_RETRY) {
        if (cli_interrupted())
            st = fail(m->err, ST_RETRY, "interrupted; run the command again to go on");
        else if (next == ST_OK)
            st = make_line(m, line);
        else if (next == ST_FATAL)
            st = next;
    }
    jsonl_free(in);
    return st;
}

static enum status make(struct hub *h, struct slice name, const char *path, struct buf *err) {
    struct making m = {.err = err, .parser = json_parser_new(LIMIT_LINE)};
    struct buf raw = {.max = 8192};
    enum status st = m.parser ? index_out_create(path, &m.out, err) : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK) {
        st = make_all(&m, hub_path(h, &raw, "raw/%.*s", SLICE_ARG(name)));
        if (st == ST_OK)
            st = index_out_finish(m.out, slice_str(HEAD), err);
        else
            index_out_abort(m.out);
    }
    json_parser_free(m.parser);
    free(m.lines.v);
    buf_free(&raw);
    return st;
}

/* ---- reading ---- */

static bool good(const struct line_prints *p) { return slice_eq_str(index_in_head(p->in), HEAD); }

enum status line_prints_open(struct hub *h, struct slice name, struct line_prints **out, struct buf *err) {
    struct line_prints *p = calloc(1, sizeof *p);
    struct buf path = {.max = 8192};
    *out = p;
    if (!p) return fail(err, ST_RETRY, "out of memory");
    hub_path(h, &path, "index/%.*s.lines", SLICE_ARG(name));
    enum status st = index_in_open(buf_cstr(&path), &p->in, NULL);
    if (st != ST_OK || !good(p)) {
        index_in_free(p->in);
        p->in = NULL;
        st = make(h, name, buf_cstr(&path), err);
        if (st == ST_OK) st = index_in_open(buf_cstr(&path), &p->in, err);
    }
    buf_free(&path);
    return st;
}

void line_prints_free(struct line_prints *p) {
    if (!p) return;
    index_in_free(p->in);
    free(p);
}

/* The next ${n} numbers.  RETRY: there is nothing more. */
static enum status take(struct line_prints *p, uint64_t *out, size_t n, struct buf *err) {
    while (n) {
        if (p->used == p->have) {
            uint64_t left = index_in_size(p->in) - p->at;
            if (left < sizeof *out) return ST_RETRY;
            p->have = left < CHUNK ? (size_t)left / sizeof *out * sizeof *out : CHUNK;
            p->used = 0;
            enum status st = index_in_read(p->in, p->at, p->chunk, p->have, err);
            if (st != ST_OK) return st;
            p->at += p->have;
        }
        memcpy(out, p->chunk + p->used, sizeof *out);
        *out = le64toh(*out);
        p->used += sizeof *out;
        out++;
        n--;
    }
    return ST_OK;
}

enum status line_prints_next(struct line_prints *p, struct host_blocks_page *page, struct host_blocks_lines *lines,
                             struct buf *err) {
    uint64_t fields[FIELDS] = {0};
    enum status st = take(p, fields, FIELDS, err);
    if (st != ST_OK) return st;
    *page = (struct host_blocks_page){.host = fields[0], .source = fields[1], .doc = fields[2]};
    lines->n = (size_t)fields[3];
    if (fields[3] > index_in_size(p->in) / sizeof *lines->v)
        return fail(err, ST_FATAL, "a file of lines is damaged; remove index/*.lines");
    if (lines->n > lines->room) {
        uint64_t *v = realloc(lines->v, lines->n * sizeof *v);
        if (!v) return fail(err, ST_RETRY, "out of memory");
        lines->v = v;
        lines->room = lines->n;
    }
    st = take(p, lines->v, lines->n, err);
    return st == ST_RETRY ? fail(err, ST_FATAL, "a file of lines is cut short; remove index/*.lines") : st;
}
