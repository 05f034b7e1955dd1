#include "base/file.h"
#include "base/limits.h"
#include "cli/engine_parts.h"
#include "store/jsonl.h"
#include "store/unpack.h"
#include "store/warc.h"
#include <stdlib.h>

struct engine_input {
    const struct engine *e;
    struct buf list; /* of files_from; its lines are paths */
    size_t list_at;
    int next_operand;
    uint64_t opened; /* or tried */
    const char *path;
    enum engine_form form; /* of the path that is open */
    struct jsonl_reader *lines;
    struct warc_reader *warc;
    int64_t line_base; /* lines of the files before */
    uint64_t bad;
    int exit_code; /* of a file that could not be read */
};

struct engine_batch *engine_batch_new(const char *path, enum engine_form form) {
    struct engine_batch *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    buf_init(&b->bytes, LIMIT_LINE + ENGINE_BATCH_BYTES);
    buf_init(&b->out, 4 * LIMIT_LINE);
    buf_init(&b->trouble, ENGINE_BATCH_RECORDS * LIMIT_ERR);
    b->path = path;
    b->form = form;
    return b;
}

void engine_batch_free(struct engine_batch *b) {
    if (!b) return;
    buf_free(&b->bytes);
    buf_free(&b->out);
    buf_free(&b->trouble);
    free(b);
}

static void input_failed(struct engine_input *in, const struct buf *err, int code) {
    cli_error(code, "%s", buf_cstr(err));
    in->exit_code = code;
}

/* ---- paths ---- */

int engine_input_new(const struct engine *e, struct engine_input **out) {
    struct buf err = {.max = LIMIT_ERR};
    struct engine_input *in = calloc(1, sizeof *in);
    *out = in;
    if (!in) return cli_error(EXIT_IO, "out of memory");
    in->e = e;
    buf_init(&in->list, LIMIT_BODY_PLAIN);
    enum status st = ST_OK;
    if (e->files_from)
        st = strcmp(e->files_from, "-") == 0 ? file_read_fd(0, LIMIT_BODY_PLAIN, &in->list, &err)
                                             : file_read(e->files_from, LIMIT_BODY_PLAIN, &in->list, &err);
    int code = st == ST_OK ? EXIT_DONE : cli_error(EXIT_NO_INPUT, "%s", buf_cstr(&err));
    buf_free(&err);
    return code;
}

void engine_input_free(struct engine_input *in) {
    if (!in) return;
    jsonl_free(in->lines);
    warc_reader_free(in->warc);
    buf_free(&in->list);
    free(in);
}

int engine_input_result(const struct engine_input *in, uint64_t *bad) {
    *bad += in->bad;
    if (in->e->files_from && !in->opened) return cli_error(EXIT_NO_INPUT, "%s: names no file", in->e->files_from);
    return in->exit_code;
}

/* The next line of the list, made a C string in place; NULL at its end. */
static const char *next_listed(struct engine_input *in) {
    while (in->list_at < in->list.len) {
        char *at = in->list.data + in->list_at, *stop = memchr(at, '\n', in->list.len - in->list_at);
        size_t len = stop ? (size_t)(stop - at) : in->list.len - in->list_at;
        in->list_at += len + 1;
        if (stop) *stop = '\0';
        if (len && at[len - 1] == '\r') at[--len] = '\0';
        if (len) return at;
    }
    return NULL;
}

/* The operands, then the list's; no operand and no list means stdin. */
static const char *next_path(struct engine_input *in) {
    if (in->next_operand < in->e->n_paths) return in->e->paths[in->next_operand++];
    if (in->e->files_from) return next_listed(in);
    return in->e->n_paths == 0 && in->next_operand++ == 0 ? "-" : NULL;
}

static bool named(struct slice path, const char *suffix) {
    static const char *const packed[] = {"", ".gz", ".zst"};
    struct slice s = slice_str(suffix);
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        struct slice p = slice_str(packed[i]);
        if (path.len <= s.len + p.len || !slice_ends(path, p)) continue;
        if (slice_ends(slice_sub(path, 0, path.len - p.len), s)) return true;
    }
    return false;
}

static enum engine_form form_of(const struct engine *e, const char *path) {
    if (e->form != ENGINE_BY_NAME) return e->form;
    struct slice p = slice_str(path);
    if (named(p, ".warc") || named(p, ".wet")) return ENGINE_WARC;
    return !e->pages && (named(p, ".jsonl") || named(p, ".ndjson")) ? ENGINE_JSONL : ENGINE_BY_NAME;
}

/* ---- records ---- */

static void batch_add(struct engine_batch *b, struct engine_piece piece, struct slice url, struct slice bytes) {
    piece.start = b->bytes.len;
    piece.url_len = url.len;
    piece.len = url.len + bytes.len;
    buf_slice(&b->bytes, url);
    buf_slice(&b->bytes, bytes);
    if (buf_ok(&b->bytes)) b->pieces[b->n++] = piece;
}

static bool batch_full(const struct engine_batch *b) { return b->n == ENGINE_BATCH_RECORDS || b->bytes.len >= ENGINE_BATCH_BYTES; }

/* A damaged record is counted; the end of a file, clean or not, closes it.  True: there may be more. */
static bool go_on(struct engine_input *in, enum status st, const struct buf *err) {
    if (st == ST_SKIP) {
        cli_error(EXIT_DATA, "%s", buf_cstr(err));
        in->bad++;
        return true;
    }
    if (st == ST_FATAL) input_failed(in, err, EXIT_DATA);
    if (in->lines) in->line_base += (int64_t)jsonl_line_number(in->lines);
    jsonl_free(in->lines);
    warc_reader_free(in->warc);
    in->lines = NULL;
    in->warc = NULL;
    return false;
}

static void read_lines(struct engine_input *in, struct engine_batch *b) {
    struct buf err = {.max = LIMIT_ERR};
    struct slice line;
    bool more = true;
    while (more && !batch_full(b)) {
        buf_clear(&err);
        enum status st = jsonl_next(in->lines, &line, &err);
        int64_t number = (int64_t)jsonl_line_number(in->lines);
        if (st == ST_OK)
            batch_add(b, (struct engine_piece){.number = number + (in->form == ENGINE_LINES ? in->line_base : 0)}, slice_of("", 0),
                      line);
        else
            more = go_on(in, st, &err);
    }
    buf_free(&err);
}

/* The pages among the records; what is none (requests, pictures, revisits) is passed over. */
static void read_warc(struct engine_input *in, struct engine_batch *b) {
    struct buf err = {.max = LIMIT_ERR};
    struct warc_record rec;
    bool more = true;
    while (more && !batch_full(b) && !cli_interrupted()) {
        buf_clear(&err);
        enum status st = warc_reader_next(in->warc, &rec, &err);
        if (st != ST_OK) {
            more = go_on(in, st, &err);
            continue;
        }
        bool response = slice_eq_str(rec.type, "response") && slice_starts_nocase(rec.content_type, slice_str("application/http"));
        bool text = slice_eq_str(rec.type, "conversion") && slice_starts_nocase(rec.content_type, slice_str("text/plain"));
        struct slice url = rec.target_uri;
        if (url.len > 1 && url.ptr[0] == '<') url = slice_sub(url, 1, url.len - 1); /* wget before 1.20 */
        if (response || text) batch_add(b, (struct engine_piece){.number = (int64_t)rec.offset, .html = response}, url, rec.block);
    }
    buf_free(&err);
}

#define READ_BYTES (128 * KIB)

/* A whole file, decompressed; of a page, however long, the beginning. */
static struct engine_batch *read_file(struct engine_input *in) {
    struct buf err = {.max = LIMIT_ERR};
    struct unpack *u = NULL;
    struct engine_batch *b = engine_batch_new(in->path, ENGINE_BY_NAME);
    size_t most = in->e->pages ? LIMIT_BODY_PLAIN : LIMIT_LINE;
    bool whole = true;
    enum status st = b ? unpack_open(in->path, &u, &err) : fail(&err, ST_FATAL, "out of memory");
    size_t stored = st == ST_OK ? (size_t)unpack_bytes_total(u) : 0;
    if (st == ST_OK) (void)buf_reserve(&b->bytes, (stored < most ? stored : most) + READ_BYTES);
    while (st == ST_OK && b->bytes.len <= most) st = unpack_read(u, &b->bytes, READ_BYTES, &err);
    if (st == ST_OK) {
        whole = in->e->pages;
        buf_truncate(&b->bytes, whole ? most : 0);
        st = ST_RETRY;
    }
    unpack_free(u);
    if (st == ST_RETRY) {
        b->pieces[b->n++] = (struct engine_piece){.len = b->bytes.len, .number = 1, .long_file = !whole};
    } else {
        input_failed(in, &err, EXIT_NO_INPUT);
        engine_batch_free(b);
        b = NULL;
    }
    buf_free(&err);
    return b;
}

static bool open_next(struct engine_input *in) {
    struct buf err = {.max = LIMIT_ERR};
    while ((in->path = next_path(in)) != NULL) {
        buf_clear(&err);
        in->form = form_of(in->e, in->path);
        in->opened++;
        enum status st = ST_OK;
        if (in->form == ENGINE_WARC)
            st = warc_reader_open(in->path, &in->warc, &err);
        else if (in->form != ENGINE_BY_NAME)
            st = jsonl_open(in->path, &in->lines, &err);
        if (st == ST_OK) break;
        in->lines = NULL;
        in->warc = NULL;
        input_failed(in, &err, EXIT_NO_INPUT);
    }
    buf_free(&err);
    return in->path != NULL;
}

struct engine_batch *engine_input_next(struct engine_input *in) {
    while (!cli_interrupted() && (in->lines || in->warc || open_next(in))) {
        struct engine_batch *b = in->form == ENGINE_BY_NAME ? read_file(in) : engine_batch_new(in->path, in->form);
        if (in->form == ENGINE_BY_NAME && !b) continue; /* told; the next file */
        if (!b) return NULL;
        if (in->lines)
            read_lines(in, b);
        else if (in->warc)
            read_warc(in, b);
        if (b->n) return b;
        engine_batch_free(b);
    }
    return NULL;
}
