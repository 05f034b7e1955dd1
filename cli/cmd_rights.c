#include "base/file.h"
#include "base/limits.h"
#include "cli/command.h"
#include "crawler/charset.h"
#include "crawler/page.h"
#include "crawler/rights.h"
#include "crawler/url.h"
#include <stdlib.h>
#include <unistd.h>

#define HEADERS_MAX 1000

struct rights_command {
    const char *url, *agent, *robots, *tdmrep, *html, *license;
    struct option_list headers;
};

static const struct option rights_options[] = {
    {"url", 'u', OPTION_STRING, offsetof(struct rights_command, url), "U", "address of the page"},
    {"agent", 'a', OPTION_STRING, offsetof(struct rights_command, agent), "TOKEN", "product token (default villers)"},
    {"robots", 'r', OPTION_STRING, offsetof(struct rights_command, robots), "F", "the host's robots.txt"},
    {"tdmrep", 't', OPTION_STRING, offsetof(struct rights_command, tdmrep), "F", "the host's /.well-known/tdmrep.json"},
    {"header", 'H', OPTION_LIST, offsetof(struct rights_command, headers), "'K: V'", "a header of the page's response; repeatable"},
    {"html", 'f', OPTION_STRING, offsetof(struct rights_command, html), "F", "the page"},
    {"license", 'l', OPTION_STRING, offsetof(struct rights_command, license), "SPDX", "the licence that the source declares"},
    {0},
};

/* All that is owned while one page is judged. */
struct rights_job {
    struct buf url, robots, tdmrep, raw, utf8, err;
    struct rights_host *host;
    struct rights_tdmrep *rules;
    struct page_reader *reader;
    struct rights_html html;
    struct rights_header *headers;
    size_t n_headers;
    struct rights_inputs in;
};

static int load(struct rights_job *job, const char *path, struct buf *out) {
    if (!path) return EXIT_DONE;
    enum status st = strcmp(path, "-") == 0 ? file_read_fd(STDIN_FILENO, LIMIT_BODY_PLAIN, out, &job->err)
                                            : file_read(path, LIMIT_BODY_PLAIN, out, &job->err);
    if (st == ST_SKIP) return cli_error(EXIT_NO_INPUT, "%s", buf_cstr(&job->err));
    return st == ST_OK ? EXIT_DONE : cli_fail(st, &job->err);
}

static int take_headers(struct rights_job *job, const struct option_list *list) {
    if (list->n > HEADERS_MAX) return cli_error(EXIT_USAGE, "rights: more than %d headers", HEADERS_MAX);
    job->headers = calloc(list->n ? list->n : 1, sizeof *job->headers);
    if (!job->headers) return cli_error(EXIT_IO, "no memory");
    for (size_t i = 0; i < list->n; i++) {
        struct slice line = slice_str(list->items[i]);
        size_t colon = slice_find_char(line, ':');
        if (colon == SIZE_MAX || colon == 0) return cli_error(EXIT_USAGE, "--header %s: no 'name: value'", list->items[i]);
        job->headers[job->n_headers++] =
            (struct rights_header){slice_trim(slice_sub(line, 0, colon)), slice_trim(slice_sub(line, colon + 1, line.len))};
    }
    job->in.headers = job->headers;
    job->in.n_headers = job->n_headers;
    return EXIT_DONE;
}

/* Nothing is removed from the address: rules may name any parameter. */
static int take_url(struct rights_job *job, const char *url) {
    static const char *const nothing[] = {NULL};
    const struct url_options keep = {nothing, 0};
    struct url_parts parts;
    if (url_canonical(slice_str(url), slice_of("", 0), &keep, &job->url, &job->err) != ST_OK)
        return cli_error(EXIT_USAGE, "--url %s: %s", url, buf_cstr(&job->err));
    if (!url_split(buf_view(&job->url), &parts)) return cli_error(EXIT_USAGE, "--url %s: user information in the address", url);
    job->in.target = parts.target;
    return EXIT_DONE;
}

static enum status read_page(struct rights_job *job) {
    struct slice type = {"", 0};
    struct charset_result charset;
    struct page page;
    for (size_t i = 0; i < job->n_headers; i++) {
        if (slice_eq_nocase(job->headers[i].name, slice_str("content-type"))) type = job->headers[i].value;
    }
    enum status st = charset_to_utf8(buf_view(&job->raw), type, true, &job->utf8, &charset, &job->err);
    if (st != ST_OK) return st;
    rights_html_read(buf_view(&job->utf8), job->in.agent, NULL, &job->html);
    job->in.html = &job->html;
    job->reader = page_reader_new();
    if (!job->reader) return fail(&job->err, ST_FATAL, "no memory");
    struct page_options opt = {.url = buf_view(&job->url), .agent = job->in.agent};
    st = page_read(job->reader, buf_view(&job->utf8), &opt, &page, &job->err);
    if (st != ST_OK) return st;
    job->in.page_licence = page.licence.spdx;
    job->in.page_licence_evidence = page.licence.evidence;
    return ST_OK;
}

static int answer(struct rights_job *job, const char *url) {
    struct rights_decision d;
    struct json_out j;
    struct buf out;
    buf_init(&out, 0);
    rights_decide(&job->in, &d);
    json_out_init(&j, &out);
    json_object(&j);
    json_kv_str(&j, "url", slice_str(url));
    rights_write(&d, &j);
    json_object_end(&j);
    buf_char(&out, '\n');
    int code = cli_out(&out) ? EXIT_DONE : EXIT_IO;
    buf_free(&out);
    return code;
}

static int judge(struct rights_job *job, const struct rights_command *opt) {
    int code = take_url(job, opt->url);
    if (code == EXIT_DONE) code = take_headers(job, &opt->headers);
    if (code == EXIT_DONE) code = load(job, opt->robots, &job->robots);
    if (code == EXIT_DONE) code = load(job, opt->tdmrep, &job->tdmrep);
    if (code == EXIT_DONE) code = load(job, opt->html, &job->raw);
    if (code != EXIT_DONE) return code;
    enum status st = ST_OK;
    if (opt->robots) st = rights_host_parse(buf_view(&job->robots), job->in.agent, NULL, &job->host, &job->err);
    if (st == ST_OK && opt->tdmrep) st = rights_tdmrep_parse(buf_view(&job->tdmrep), &job->rules, &job->err);
    if (st == ST_OK && opt->html) st = read_page(job);
    if (st != ST_OK) return cli_fail(st, &job->err);
    job->in.host = job->host;
    job->in.tdmrep = job->rules;
    return answer(job, opt->url);
}

static int rights_run(struct cli *cli, void *options, char **operands, int n) {
    (void)cli, (void)operands, (void)n;
    const struct rights_command *opt = options;
    if (!opt->url) return cli_error(EXIT_USAGE, "rights: --url is required");
    struct rights_job job = {.n_headers = 0};
    buf_init(&job.url, LIMIT_URL_INPUT);
    buf_init(&job.robots, LIMIT_BODY_PLAIN);
    buf_init(&job.tdmrep, LIMIT_BODY_PLAIN);
    buf_init(&job.raw, LIMIT_BODY_PLAIN);
    buf_init(&job.utf8, 4 * LIMIT_BODY_PLAIN);
    buf_init(&job.err, LIMIT_ERR);
    job.in.agent = slice_str(opt->agent ? opt->agent : "villers");
    job.in.source_licence = slice_str(opt->license);
    int code = judge(&job, opt);
    rights_host_free(job.host);
    rights_tdmrep_free(job.rules);
    page_reader_free(job.reader);
    free(job.headers);
    buf_free(&job.url);
    buf_free(&job.robots);
    buf_free(&job.tdmrep);
    buf_free(&job.raw);
    buf_free(&job.utf8);
    buf_free(&job.err);
    return code;
}

const struct command cmd_rights = {
    .name = "rights",
    .group = "engine",
    .summary = "may a page be used for training: licence and reservations, with the evidence",
    .usage = "--url U [--agent TOKEN] [--robots F] [--tdmrep F] [--header 'K: V']… [--html F]",
    .examples = "  villers rights --url https://exemple.fr/a --robots robots.txt --header 'tdm-reservation: 1' --html a.html\n",
    .options = rights_options,
    .options_size = sizeof(struct rights_command),
    .min_operands = 0,
    .max_operands = 0,
    .run = rights_run,
};
