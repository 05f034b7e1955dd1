/*
 * villers extract: HTML files and the pages of WARC files to main text and metadata, a JSON line a page.
 */
#include "base/limits.h"
#include "cli/engine.h"
#include "crawler/charset.h"
#include "crawler/page.h"
#include <stdlib.h>

struct extract_options {
    const char *url;
    struct engine_options in;
};

static const struct option options[] = {
    {"url", 'u', OPTION_STRING, offsetof(struct extract_options, url), "URL", "address of the page, for links and dates in it"},
    {"warc", 0, OPTION_FLAG, offsetof(struct extract_options, in.warc), NULL, "the input is WARC, whatever its name"},
    {"files-from", 'f', OPTION_STRING, offsetof(struct extract_options, in.files_from), "LIST",
     "read the names of the files from LIST, one a line; - for stdin"},
    {"threads", 'j', OPTION_INT, offsetof(struct extract_options, in.threads), "N", "workers (default: every core)"},
    {0}};

struct worker {
    struct page_reader *reader;
    struct buf utf8;
    const char *url;
};

static void worker_free(void *worker) {
    struct worker *w = worker;
    if (!w) return;
    page_reader_free(w->reader);
    buf_free(&w->utf8);
    free(w);
}

static void *worker_new(void *ctx) {
    const struct extract_options *o = ctx;
    struct worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    buf_init(&w->utf8, LIMIT_BODY_PLAIN);
    w->url = o->url;
    w->reader = page_reader_new();
    if (w->reader) return w;
    worker_free(w);
    return NULL;
}

static void write_page(struct buf *out, struct slice path, struct slice url, const struct page *p) {
    struct json_out js;
    json_out_init(&js, out);
    json_object(&js);
    json_kv_str(&js, "file", path);
    json_kv_str(&js, "url", p->canonical.len ? p->canonical : url);
    json_kv_str(&js, "title", p->title);
    json_kv_str(&js, "author", p->author);
    json_kv_str(&js, "date", p->date);
    json_kv_str(&js, "site", p->site);
    json_kv_str(&js, "license", p->licence.spdx);
    json_kv_str(&js, "declared_language", p->declared_language);
    json_kv_str(&js, "text", p->text);
    if (p->coarse) json_kv_bool(&js, "coarse", true);
    json_object_end(&js);
    buf_char(out, '\n');
}

static enum status answer(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err) {
    struct worker *w = worker;
    struct charset_result cs;
    struct page page = {.text = rec->page->body};
    struct slice url = rec->url.len ? rec->url : slice_str(w->url);
    if (rec->page->html) {
        struct slice body = rec->page->body;
        buf_clear(&w->utf8);
        enum status st = charset_to_utf8(body, rec->page->content_type, true, &w->utf8, &cs, err);
        if (st == ST_SKIP) { /* too long once decoded, at most four bytes for one: its beginning then */
            buf_clear(&w->utf8);
            body = slice_sub(body, 0, LIMIT_BODY_PLAIN / 4);
            st = charset_to_utf8(body, rec->page->content_type, true, &w->utf8, &cs, err);
        }
        struct page_options po = {.url = url, .want_text = true};
        if (st == ST_OK) st = page_read(w->reader, buf_view(&w->utf8), &po, &page, err);
        if (st != ST_OK) return st;
        page.coarse |= body.len < rec->page->body.len || rec->page->body.len == LIMIT_BODY_PLAIN;
    }
    write_page(out, rec->path, url, &page);
    return buf_ok(out) ? ST_OK : fail(err, ST_SKIP, "the answer is too long");
}

static int run_extract(struct cli *cli, void *opt, char **operands, int n) {
    (void)cli;
    struct extract_options *o = opt;
    struct engine e = {.pages = true, .worker_new = worker_new, .worker_free = worker_free, .answer = answer, .ctx = o};
    if (n == 0 && !o->in.files_from)
        return cli_error(EXIT_NO_INPUT, "no file to extract from: name some (- is stdin), or a list with --files-from");
    int code = engine_choose(&e, &o->in, operands, n);
    return code ? code : engine_run(&e);
}

const struct command cmd_extract = {
    .name = "extract",
    .group = "engine",
    .summary = "main text and metadata of HTML pages, from files or WARC",
    .usage = "[--url U] [--warc] [--files-from LIST] FILE…",
    .examples =
        "villers extract --url https://exemple.fr/page page.html\nfind pages -name '*.html' | villers extract --files-from - > "
        "pages.jsonl\nvillers extract crawl.warc.gz > pages.jsonl",
    .options = options,
    .options_size = sizeof(struct extract_options),
    .min_operands = 0,
    .max_operands = -1,
    .run = run_extract,
};
