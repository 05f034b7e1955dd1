#include "base/limits.h"
#include "base/parallel.h"
#include "cli/engine_parts.h"
#include <stdlib.h>

struct engine_worker {
    struct json_parser *parser;
    struct engine_pages *pages;
    void *own;
};

struct run {
    const struct engine *e;
    struct engine_input *in;
    struct engine_worker *workers;
    uint64_t bad;
};

int engine_choose(struct engine *e, const struct engine_options *o, char **operands, int n) {
    if (o->lines + o->jsonl + o->warc > 1) return cli_error(EXIT_USAGE, "--lines, --jsonl and --warc exclude each other");
    if (o->threads < 0 || o->threads > 1024) return cli_error(EXIT_USAGE, "--threads takes 1 to 1024");
    e->form = o->lines ? ENGINE_LINES : o->jsonl ? ENGINE_JSONL : o->warc ? ENGINE_WARC : ENGINE_BY_NAME;
    e->paths = operands;
    e->n_paths = n;
    e->files_from = o->files_from;
    e->threads = o->threads;
    return 0;
}

static void *engine_next(void *ctx) { return engine_input_next(((struct run *)ctx)->in); }

static enum status read_object(struct engine_worker *w, struct slice line, struct engine_record *rec, struct buf *err) {
    struct json_value root, text;
    enum status st = json_parse(w->parser, line, &root, err);
    if (st != ST_OK) return st;
    if (!json_get(root, "text", &text) || !json_as_string(text, &rec->text)) return fail(err, ST_SKIP, "no \"text\" string");
    rec->id = json_get_string(root, "id");
    rec->url = json_get_string(root, "url");
    rec->declared_language = json_get_string(root, "declared_language");
    if (!rec->id.len) rec->id = rec->url.len ? rec->url : json_get_string(root, "file");
    rec->object = line;
    return ST_OK;
}

/* A record of an archive, or a file of HTML. */
static enum status read_page(struct run *r, struct engine_worker *w, const struct engine_batch *b, const struct engine_piece *p,
                             struct engine_page *page, struct engine_record *rec, struct buf *err) {
    struct slice bytes = slice_sub(buf_view(&b->bytes), p->start + p->url_len, p->start + p->len);
    enum status st = ST_OK;
    if (b->form == ENGINE_WARC) {
        rec->id = rec->url = slice_sub(buf_view(&b->bytes), p->start, p->start + p->url_len);
        st = engine_pages_open(w->pages, rec->id, bytes, p->html, page, err);
    } else {
        *page = (struct engine_page){.body = bytes, .html = true};
    }
    if (st != ST_OK) return st;
    rec->page = page;
    return r->e->pages ? ST_OK : engine_pages_text(w->pages, page, rec, err);
}

/* In the place of an answer, why there is none. */
static void refuse(struct buf *out, const struct engine_record *rec, const struct buf *err) {
    struct json_out j;
    json_out_init(&j, out);
    if (rec->page) {
        json_object(&j);
        json_kv_str(&j, "file", rec->path);
        json_kv_str(&j, "url", rec->url);
    } else {
        engine_open(&j, rec);
    }
    json_kv_str(&j, "error", buf_view(err));
    json_object_end(&j);
    buf_char(out, '\n');
}

static enum status answer_piece(struct run *r, struct engine_worker *w, struct engine_batch *b, const struct engine_piece *p,
                                struct buf *err) {
    struct engine_record rec = {
        .numbered = b->form == ENGINE_LINES, .number = p->number, .id = slice_str(b->path), .path = slice_str(b->path)};
    struct engine_page page;
    enum status st = ST_OK;
    rec.text = slice_of("", 0);
    if (b->form == ENGINE_JSONL)
        st = read_object(w, slice_sub(buf_view(&b->bytes), p->start, p->start + p->len), &rec, err);
    else if (b->form == ENGINE_WARC || r->e->pages)
        st = read_page(r, w, b, p, &page, &rec, err);
    else
        rec.text = slice_sub(buf_view(&b->bytes), p->start, p->start + p->len);
    if (st != ST_OK) return st;
    size_t before = b->out.len;
    st = p->long_file ? fail(err, ST_SKIP, "longer than %zu bytes", LIMIT_LINE) : r->e->answer(w->own, &rec, &b->out, err);
    if (st == ST_OK && !buf_ok(&b->out)) st = fail(err, ST_SKIP, "its answer would be longer than %zu bytes", b->out.max - before);
    if (st != ST_OK) {
        b->out.failed = false;
        buf_truncate(&b->out, before);
    }
    if (st == ST_SKIP && err->len) refuse(&b->out, &rec, err);
    return st;
}

static void engine_work(void *ctx, void *item, unsigned worker) {
    struct run *r = ctx;
    struct engine_batch *b = item;
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    for (size_t i = 0; i < b->n && b->st < ST_FATAL; i++) {
        buf_clear(&err);
        enum status st = answer_piece(r, &r->workers[worker], b, &b->pieces[i], &err);
        if (st == ST_OK) continue;
        if (st == ST_SKIP && err.len == 0) continue; /* no page */
        buf_printf(&b->trouble, "%s:%lld: %s\n", b->path, (long long)b->pieces[i].number, buf_cstr(&err));
        if (st != ST_SKIP) b->st = ST_FATAL;
    }
    buf_free(&err);
}

static enum status engine_done(void *ctx, void *item, bool drop) {
    struct run *r = ctx;
    struct engine_batch *b = item;
    enum status st = b->st;
    if (!drop) {
        struct slice lines = buf_view(&b->trouble), line;
        while (slice_cut(&lines, '\n', &line)) {
            if (line.len == 0) continue;
            cli_error(EXIT_DATA, "%.*s", SLICE_ARG(line));
            r->bad++;
        }
        if (!cli_out(&b->out)) st = ST_FATAL;
    }
    engine_batch_free(b);
    return st;
}

static bool make_workers(struct run *r, unsigned n) {
    r->workers = calloc(n, sizeof *r->workers);
    if (!r->workers) return false;
    for (unsigned i = 0; i < n; i++) {
        struct engine_worker *w = &r->workers[i];
        w->parser = json_parser_new(LIMIT_LINE);
        w->pages = engine_pages_new();
        w->own = r->e->worker_new(r->e->ctx);
        if (!w->parser || !w->pages || !w->own) return false;
    }
    return true;
}

static void free_workers(struct run *r, unsigned n) {
    for (unsigned i = 0; r->workers && i < n; i++) {
        json_parser_free(r->workers[i].parser);
        engine_pages_free(r->workers[i].pages);
        if (r->workers[i].own) r->e->worker_free(r->workers[i].own);
    }
    free(r->workers);
}

int engine_run(const struct engine *e) {
    static const struct parallel_ops ops = {engine_next, engine_work, engine_done};
    struct run r = {.e = e};
    unsigned threads = e->threads > 0 ? (unsigned)e->threads : parallel_cores();
    int code = engine_input_new(e, &r.in), failed;
    if (code == EXIT_DONE && !make_workers(&r, threads))
        code = cli_error(EXIT_BUG, "cannot start the engine: out of memory, or its tables are missing");
    else if (code == EXIT_DONE && parallel_run(&ops, &r, threads, 0) != ST_OK)
        code = EXIT_IO;
    else if (code == EXIT_DONE && (failed = engine_input_result(r.in, &r.bad)) != 0)
        code = failed;
    else if (code == EXIT_DONE && r.bad)
        code = cli_error(EXIT_DATA, "%llu bad records were passed over", (unsigned long long)r.bad);
    engine_input_free(r.in);
    free_workers(&r, threads);
    return code;
}
