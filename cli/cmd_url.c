#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/command.h"
#include "crawler/url.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_BYTES (256 * KIB) /* lines handed to a worker at a time */
#define BLOCK_MAX (16 * MIB)    /* a line past this is no list of addresses */

struct url_command {
    const char *base;
};

static const struct option url_options[] = {
    {"base", 'b', OPTION_STRING, offsetof(struct url_command, base), "URL", "resolve against this address"},
    {0},
};

/* Whole lines of the input and the answers to them. */
struct block {
    struct buf in, out;
};

struct url_run {
    struct slice base;
    struct buf carry; /* bytes read after the last whole line */
    bool ended;
    int code; /* EXIT_DONE until something failed */
};

static void block_free(struct block *b) {
    if (!b) return;
    buf_free(&b->in);
    buf_free(&b->out);
    free(b);
}

/* Append what is there, up to a block; false at the end or on an error (run->code). */
static bool read_some(struct url_run *run, struct buf *in) {
    if (!buf_reserve(in, BLOCK_BYTES)) {
        run->code = cli_error(EXIT_DATA, "stdin: a line longer than %zu bytes", (size_t)BLOCK_MAX);
        return false;
    }
    ssize_t n;
    do n = read(STDIN_FILENO, in->data + in->len, BLOCK_BYTES);
    while (n < 0 && errno == EINTR && !cli_interrupted());
    if (n < 0) run->code = cli_error(EXIT_IO, "stdin: %s", strerror(errno));
    if (n <= 0) return false;
    in->len += (size_t)n;
    in->data[in->len] = 0;
    return true;
}

static size_t whole_lines(const struct buf *b) {
    const char *at = b->len ? memrchr(b->data, '\n', b->len) : NULL;
    return at ? (size_t)(at - b->data) + 1 : 0;
}

static void *url_next(void *ctx) {
    struct url_run *run = ctx;
    if (run->ended || run->code != EXIT_DONE) return NULL;
    struct block *b = calloc(1, sizeof *b);
    if (!b) {
        run->code = cli_error(EXIT_IO, "no memory");
        return NULL;
    }
    buf_init(&b->in, BLOCK_MAX);
    buf_slice(&b->in, buf_view(&run->carry));
    buf_clear(&run->carry);
    while (whole_lines(&b->in) == 0 && !run->ended) run->ended = !read_some(run, &b->in);
    size_t cut = run->ended ? b->in.len : whole_lines(&b->in);
    buf_slice(&run->carry, slice_sub(buf_view(&b->in), cut, b->in.len));
    buf_truncate(&b->in, cut);
    if (cut > 0 && run->code == EXIT_DONE) return b;
    block_free(b);
    return NULL;
}

static void url_line(struct slice line, struct slice base, struct buf *out, struct buf *scratch, struct buf *err) {
    struct json_out j;
    buf_clear(scratch);
    buf_clear(err);
    enum status st = url_canonical(line, base, NULL, scratch, err);
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "input", line);
    json_key(&j, "url");
    if (st == ST_OK) {
        json_string(&j, buf_view(scratch));
    } else {
        json_null(&j);
    }
    json_kv_str(&j, "error", buf_view(err));
    json_object_end(&j);
    buf_char(out, '\n');
}

static void url_work(void *ctx, void *item, unsigned worker) {
    (void)worker;
    struct url_run *run = ctx;
    struct block *b = item;
    struct buf scratch, err;
    buf_init(&scratch, LIMIT_URL_INPUT);
    buf_init(&err, LIMIT_ERR);
    buf_init(&b->out, 16 * BLOCK_MAX);
    struct slice rest = buf_view(&b->in), line;
    if (slice_ends(rest, slice_str("\n"))) rest.len--;
    while (slice_cut(&rest, '\n', &line)) {
        if (slice_ends(line, slice_str("\r"))) line.len--;
        url_line(line, run->base, &b->out, &scratch, &err);
    }
    buf_free(&scratch);
    buf_free(&err);
}

static enum status url_done(void *ctx, void *item, bool drop) {
    struct url_run *run = ctx;
    struct block *b = item;
    if (!drop && !buf_ok(&b->out)) run->code = cli_error(EXIT_IO, "no memory");
    if (!drop && run->code == EXIT_DONE && !cli_out(&b->out)) run->code = EXIT_IO;
    block_free(b);
    return run->code == EXIT_DONE ? ST_OK : ST_FATAL;
}

/*
 * The base in canonical form, so that addresses can be resolved against it; empty when it is an address of another scheme, of
 * which nothing relative can be http.  Nothing is removed from it: it is not published.
 */
static enum status take_base(const char *base, struct buf *out, struct buf *err) {
    static const char *const nothing[] = {NULL};
    const struct url_options keep = {nothing, 0};
    struct slice s = slice_trim(slice_str(base));
    enum status st = url_canonical(s, slice_of("", 0), &keep, out, err);
    size_t colon = slice_find_char(s, ':');
    bool web = slice_starts_nocase(s, slice_str("http:")) || slice_starts_nocase(s, slice_str("https:"));
    return st == ST_OK || web || colon == SIZE_MAX ? st : ST_OK;
}

static int url_run(struct cli *cli, void *options, char **operands, int n) {
    (void)cli, (void)operands, (void)n;
    const struct url_command *opt = options;
    static const struct parallel_ops ops = {url_next, url_work, url_done};
    struct url_run run = {.code = EXIT_DONE};
    struct buf base, err;
    buf_init(&base, LIMIT_URL_INPUT);
    buf_init(&err, LIMIT_ERR);
    buf_init(&run.carry, BLOCK_MAX);
    if (opt->base && take_base(opt->base, &base, &err) != ST_OK) {
        run.code = cli_error(EXIT_USAGE, "--base %s: %s", opt->base, buf_cstr(&err));
    } else {
        run.base = buf_view(&base);
        if (parallel_run(&ops, &run, 0, 0) != ST_OK && run.code == EXIT_DONE) run.code = EXIT_IO;
    }
    buf_free(&base);
    buf_free(&err);
    buf_free(&run.carry);
    return run.code;
}

const struct command cmd_url = {
    .name = "url",
    .group = "engine",
    .summary = "canonical form of addresses, one a line on stdin",
    .usage = "[--base B]",
    .examples = "  printf '%s\\n' 'HTTP://Exemple.FR:80/%7Ea/../b?utm_source=x' | villers url\n"
                "  villers url --base https://exemple.fr/dossier/ < liens.txt\n",
    .options = url_options,
    .options_size = sizeof(struct url_command),
    .min_operands = 0,
    .max_operands = 0,
    .run = url_run,
};
