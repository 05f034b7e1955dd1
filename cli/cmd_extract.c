/*
 * villers extract: HTML files to main text and metadata, a JSON line a file.
 */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/command.h"
#include "crawler/charset.h"
#include "crawler/page.h"
#include <stdlib.h>
#include <unistd.h>

struct extract_options {
    const char *url;
    const char *files_from;
    int64_t threads;
};

static const struct option options[] = {
    {"url", 'u', OPTION_STRING, offsetof(struct extract_options, url), "URL", "address of the page, for links and dates in it"},
    {"files-from", 'f', OPTION_STRING, offsetof(struct extract_options, files_from), "LIST",
     "read the names of the files from LIST, one a line; - for stdin"},
    {"threads", 'j', OPTION_INT, offsetof(struct extract_options, threads), "N", "workers (default: every core)"},
    {0}};

struct worker {
    struct page_reader *reader;
    struct buf body, utf8;
};

struct job {
    const char *path;
    struct buf line; /* the answer */
    struct buf err;
    enum status st;
};

struct run {
    struct cli *cli;
    const struct extract_options *opt;
    char **files;
    size_t n, at;
    struct worker *workers;
    size_t failed;
    bool closed; /* stdout */
};

static void *next_file(void *ctx) {
    struct run *r = ctx;
    if (r->at == r->n || cli_interrupted()) return NULL;
    struct job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    j->path = r->files[r->at++];
    buf_init(&j->line, LIMIT_LINE);
    buf_init(&j->err, LIMIT_ERR);
    return j;
}

static enum status read_body(const char *path, struct buf *body, struct buf *err) {
    if (strcmp(path, "-") == 0) return file_read_fd(STDIN_FILENO, LIMIT_BODY_PLAIN, body, err);
    return file_read(path, LIMIT_BODY_PLAIN, body, err);
}

static void write_page(struct buf *out, const char *path, const char *url, const struct page *p) {
    struct json_out js;
    json_out_init(&js, out);
    json_object(&js);
    json_kv_str(&js, "file", slice_str(path));
    json_kv_str(&js, "url", p->canonical.len ? p->canonical : slice_str(url));
    json_kv_str(&js, "title", p->title);
    json_kv_str(&js, "author", p->author);
    json_kv_str(&js, "date", p->date);
    json_kv_str(&js, "site", p->site);
    json_kv_str(&js, "license", p->licence.spdx);
    json_kv_str(&js, "declared_language", p->declared_language);
    json_kv_str(&js, "text", p->text);
    json_object_end(&js);
    buf_char(out, '\n');
}

static enum status extract_file(struct run *r, struct job *j, struct worker *w) {
    buf_clear(&w->body);
    buf_clear(&w->utf8);
    enum status st = read_body(j->path, &w->body, &j->err);
    if (st != ST_OK) return st;
    struct charset_result cs;
    st = charset_to_utf8(buf_view(&w->body), slice_of("", 0), true, &w->utf8, &cs, &j->err);
    if (st != ST_OK) return st;
    struct page_options po = {.url = slice_str(r->opt->url), .want_text = true};
    struct page page;
    st = page_read(w->reader, buf_view(&w->utf8), &po, &page, &j->err);
    if (st != ST_OK) return st;
    write_page(&j->line, j->path, r->opt->url, &page);
    return buf_ok(&j->line) ? ST_OK : fail(&j->err, ST_SKIP, "%s: the answer is too long", j->path);
}

static void work_file(void *ctx, void *item, unsigned worker) {
    struct run *r = ctx;
    struct job *j = item;
    j->st = extract_file(r, j, &r->workers[worker]);
}

static enum status done_file(void *ctx, void *item, bool drop) {
    struct run *r = ctx;
    struct job *j = item;
    enum status st = ST_OK;
    if (!drop && j->st != ST_OK) {
        r->failed++;
        (void)cli_error(EXIT_DATA, "%s: %s", j->path, buf_cstr(&j->err));
        if (j->st == ST_FATAL) st = ST_FATAL;
    } else if (!drop && !cli_out(&j->line)) {
        r->closed = true;
        st = ST_FATAL;
    }
    buf_free(&j->line);
    buf_free(&j->err);
    free(j);
    return st;
}

/* The operands and the list's lines; the strings of the list live in ${list}. */
static bool collect_files(struct run *r, char **operands, int n, struct buf *list) {
    size_t lines = 0;
    for (size_t i = 0; i < list->len; i++) lines += list->data[i] == '\n';
    r->files = calloc((size_t)n + lines + 1, sizeof *r->files);
    if (!r->files) return false;
    for (int i = 0; i < n; i++) r->files[r->n++] = operands[i];
    char *at = list->data, *end = at ? at + list->len : NULL;
    while (at < end) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        *stop = 0;
        if (stop > at && stop[-1] == '\r') stop[-1] = 0;
        if (*at) r->files[r->n++] = at;
        at = stop + 1;
    }
    return true;
}

static unsigned open_workers(struct run *r) {
    unsigned want = r->opt->threads > 0 && r->opt->threads < 1024 ? (unsigned)r->opt->threads : parallel_cores();
    if (want > r->n) want = (unsigned)r->n;
    r->workers = calloc(want ? want : 1, sizeof *r->workers);
    if (!r->workers) return 0;
    for (unsigned i = 0; i < want; i++) {
        buf_init(&r->workers[i].body, LIMIT_BODY_PLAIN);
        buf_init(&r->workers[i].utf8, LIMIT_BODY_PLAIN);
        r->workers[i].reader = page_reader_new();
        if (!r->workers[i].reader) return i;
    }
    return want;
}

static void close_workers(struct run *r, unsigned n) {
    for (unsigned i = 0; r->workers && i < n; i++) {
        page_reader_free(r->workers[i].reader);
        buf_free(&r->workers[i].body);
        buf_free(&r->workers[i].utf8);
    }
    free(r->workers);
}

static int run_files(struct run *r) {
    if (!r->n) return cli_error(EXIT_NO_INPUT, "no file to extract from: name some, or a list with --files-from");
    unsigned threads = open_workers(r);
    static const struct parallel_ops ops = {next_file, work_file, done_file};
    int code = EXIT_IO;
    if (!threads)
        code = cli_error(EXIT_IO, "no memory for a page reader");
    else if (parallel_run(&ops, r, threads, 0) == ST_OK)
        code = r->failed ? EXIT_DATA : EXIT_DONE;
    close_workers(r, threads);
    return code;
}

static int run_extract(struct cli *cli, void *opt, char **operands, int n) {
    struct run r = {.cli = cli, .opt = opt};
    struct buf list, err;
    buf_init(&list, LIMIT_BODY_PLAIN);
    buf_init(&err, LIMIT_ERR);
    enum status st = ST_OK;
    if (r.opt->files_from) st = read_body(r.opt->files_from, &list, &err);
    int code;
    if (st != ST_OK)
        code = st == ST_SKIP ? cli_error(EXIT_NO_INPUT, "%s", buf_cstr(&err)) : cli_fail(st, &err);
    else if (!collect_files(&r, operands, n, &list))
        code = cli_error(EXIT_IO, "no memory for the list of files");
    else
        code = run_files(&r);
    free(r.files);
    buf_free(&list);
    buf_free(&err);
    return code;
}

const struct command cmd_extract = {
    .name = "extract",
    .group = "engine",
    .summary = "main text and metadata of HTML pages",
    .usage = "[--url U] [--files-from LIST] FILE…",
    .examples =
        "villers extract --url https://exemple.fr/page page.html\nfind pages -name '*.html' | villers extract --files-from - > pages.jsonl",
    .options = options,
    .options_size = sizeof(struct extract_options),
    .min_operands = 0,
    .max_operands = -1,
    .run = run_extract,
};
