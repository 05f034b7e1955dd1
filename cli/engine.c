#include "cli/engine.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/jsonl.h"
#include <stdlib.h>

/* A worker gets a batch of records at once: enough that locks cost nothing, few enough that memory stays small. */
enum { BATCH_BYTES = 256 * 1024, BATCH_RECORDS = 1024 };

struct piece {
    size_t start, len;
    int64_t number;
};

struct batch {
    struct buf bytes;   /* the records' bytes, one after the other */
    struct buf out;     /* answers */
    struct buf trouble; /* a line for each bad record */
    size_t n;
    const char *path;
    enum status st; /* worst of the answers: RETRY or FATAL end the run */
    struct piece pieces[BATCH_RECORDS];
};

struct engine_worker {
    struct json_parser *parser;
    void *own;
};

struct run {
    const struct engine *e;
    int next_path;
    struct jsonl_reader *reader;
    const char *path;
    int64_t lines;
    struct engine_worker *workers;
    uint64_t bad;
    int exit_code; /* of a file that could not be read */
};

void engine_open(struct json_out *j, const struct engine_record *rec) {
    json_object(j);
    if (rec->numbered)
        json_kv_int(j, "line", rec->number);
    else
        json_kv_str(j, "id", rec->id);
}

static void batch_free(struct batch *b) {
    if (!b) return;
    buf_free(&b->bytes);
    buf_free(&b->out);
    buf_free(&b->trouble);
    free(b);
}

static struct batch *batch_new(const char *path) {
    struct batch *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    buf_init(&b->bytes, LIMIT_LINE + BATCH_BYTES);
    buf_init(&b->out, 4 * LIMIT_LINE);
    buf_init(&b->trouble, BATCH_RECORDS * LIMIT_ERR);
    b->path = path;
    return b;
}

static void batch_add(struct batch *b, struct slice record, int64_t number) {
    b->pieces[b->n++] = (struct piece){b->bytes.len, record.len, number};
    buf_slice(&b->bytes, record);
}

static void input_failed(struct run *r, const struct buf *err, int code) {
    cli_error(code, "%s", buf_cstr(err));
    r->exit_code = code;
}

/* The next path, or NULL; no operand at all means stdin. */
static const char *next_path(struct run *r) {
    if (r->e->n_paths == 0) return r->next_path++ == 0 ? "-" : NULL;
    return r->next_path < r->e->n_paths ? r->e->paths[r->next_path++] : NULL;
}

static bool open_next(struct run *r) {
    struct buf err = {0};
    while (!r->reader) {
        r->path = next_path(r);
        if (!r->path) break;
        enum status st = jsonl_open(r->path, &r->reader, &err);
        if (st != ST_OK) {
            r->reader = NULL;
            input_failed(r, &err, EXIT_NO_INPUT);
        }
    }
    buf_free(&err);
    return r->reader != NULL;
}

/* Fill ${b} from the open reader; closes it at its end. */
static void read_lines(struct run *r, struct batch *b) {
    struct buf err = {0};
    struct slice line;
    while (b->n < BATCH_RECORDS && b->bytes.len < BATCH_BYTES) {
        enum status st = jsonl_next(r->reader, &line, &err);
        if (st == ST_OK) {
            r->lines++;
            batch_add(b, line, r->e->form == ENGINE_LINES ? r->lines : (int64_t)jsonl_line_number(r->reader));
            continue;
        }
        if (st == ST_SKIP) {
            cli_error(EXIT_DATA, "%s", buf_cstr(&err));
            r->bad++;
            continue;
        }
        if (st == ST_FATAL) input_failed(r, &err, EXIT_DATA);
        jsonl_free(r->reader);
        r->reader = NULL;
        break;
    }
    buf_free(&err);
}

static void *next_lines(struct run *r) {
    while (open_next(r)) {
        struct batch *b = batch_new(r->path);
        if (!b) return NULL;
        read_lines(r, b);
        if (b->n) return b;
        batch_free(b);
    }
    return NULL;
}

static void *next_file(struct run *r) {
    const char *path;
    while ((path = next_path(r)) != NULL) {
        struct buf err = {0};
        struct batch *b = batch_new(path);
        if (!b) return NULL;
        enum status st =
            strcmp(path, "-") == 0 ? file_read_fd(0, LIMIT_TEXT, &b->bytes, &err) : file_read(path, LIMIT_TEXT, &b->bytes, &err);
        if (st == ST_OK) {
            b->pieces[b->n++] = (struct piece){0, b->bytes.len, 1};
            buf_free(&err);
            return b;
        }
        input_failed(r, &err, EXIT_NO_INPUT);
        buf_free(&err);
        batch_free(b);
    }
    return NULL;
}

static void *engine_next(void *ctx) {
    struct run *r = ctx;
    if (cli_interrupted()) return NULL;
    return r->e->form == ENGINE_FILES ? next_file(r) : next_lines(r);
}

static enum status read_record(struct run *r, struct engine_worker *w, struct slice bytes, struct engine_record *rec,
                               struct buf *err) {
    if (r->e->form != ENGINE_JSONL) {
        rec->text = bytes;
        return ST_OK;
    }
    struct json_value root, text;
    enum status st = json_parse(w->parser, bytes, &root, err);
    if (st != ST_OK) return st;
    if (!json_get(root, "text", &text) || !json_as_string(text, &rec->text)) return fail(err, ST_SKIP, "no \"text\" string");
    rec->id = json_get_string(root, "id");
    return ST_OK;
}

static void engine_work(void *ctx, void *item, unsigned worker) {
    struct run *r = ctx;
    struct batch *b = item;
    struct engine_worker *w = &r->workers[worker];
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    for (size_t i = 0; i < b->n && b->st < ST_FATAL; i++) {
        struct piece *p = &b->pieces[i];
        struct engine_record rec = {r->e->form == ENGINE_LINES, p->number, slice_str(b->path), slice_of("", 0)};
        struct slice bytes = slice_sub(buf_view(&b->bytes), p->start, p->start + p->len);
        size_t before = b->out.len;
        enum status st = read_record(r, w, bytes, &rec, &err);
        if (st == ST_OK) st = r->e->answer(w->own, &rec, &b->out, &err);
        if (st == ST_OK && !buf_ok(&b->out)) st = fail(&err, ST_FATAL, "the answer does not fit in memory");
        if (st == ST_OK) continue;
        b->out.len = before;
        buf_printf(&b->trouble, "%s:%lld: %s\n", b->path, (long long)p->number, buf_cstr(&err));
        if (st != ST_SKIP) b->st = ST_FATAL;
    }
    buf_free(&err);
}

static enum status engine_done(void *ctx, void *item, bool drop) {
    struct run *r = ctx;
    struct batch *b = item;
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
    batch_free(b);
    return st;
}

static bool make_workers(struct run *r, unsigned n) {
    r->workers = calloc(n, sizeof *r->workers);
    if (!r->workers) return false;
    for (unsigned i = 0; i < n; i++) {
        r->workers[i].parser = json_parser_new(LIMIT_LINE);
        r->workers[i].own = r->e->worker_new(r->e->ctx);
        if (!r->workers[i].parser || !r->workers[i].own) return false;
    }
    return true;
}

static void free_workers(struct run *r, unsigned n) {
    for (unsigned i = 0; r->workers && i < n; i++) {
        json_parser_free(r->workers[i].parser);
        if (r->workers[i].own) r->e->worker_free(r->workers[i].own);
    }
    free(r->workers);
}

int engine_run(const struct engine *e) {
    static const struct parallel_ops ops = {engine_next, engine_work, engine_done};
    struct run r = {.e = e};
    unsigned threads = parallel_cores();
    int code = EXIT_DONE;
    if (!make_workers(&r, threads))
        code = cli_error(EXIT_BUG, "cannot start the engine: out of memory, or its tables are missing");
    else if (parallel_run(&ops, &r, threads, 0) != ST_OK)
        code = EXIT_IO;
    else if (r.exit_code)
        code = r.exit_code;
    else if (r.bad)
        code = cli_error(EXIT_DATA, "%llu bad records were passed over", (unsigned long long)r.bad);
    jsonl_free(r.reader);
    free_workers(&r, threads);
    return code;
}
