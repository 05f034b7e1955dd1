#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/command.h"
#include "crawler/robots.h"
#include "crawler/url.h"
#include <unistd.h>

struct robots_command {
    const char *agent, *file;
    bool tolerant;
};

static const struct option robots_options_table[] = {
    {"agent", 'a', OPTION_STRING, offsetof(struct robots_command, agent), "TOKEN", "product token (default villers)"},
    {"file", 'f', OPTION_STRING, offsetof(struct robots_command, file), "ROBOTS", "the robots.txt; - for stdin"},
    {"tolerant", 't', OPTION_FLAG, offsetof(struct robots_command, tolerant), NULL, "accept usual typos and a missing colon"},
    {0},
};

/*
 * Path and query of ${url} as a request would send them: parsed, but with every parameter left in.  What is no address is
 * taken from its first slash after the authority.
 */
static struct slice target_of(struct slice url, struct buf *canonical) {
    static const char *const nothing[] = {NULL};
    const struct url_options keep = {nothing, 0};
    struct url_parts parts;
    buf_clear(canonical);
    struct slice base = slice_str("http://host.invalid/");
    if (url_canonical(url, base, &keep, canonical, NULL) == ST_OK && url_split(buf_view(canonical), &parts)) return parts.target;
    size_t authority = slice_find(url, slice_str("://"));
    struct slice rest = authority == SIZE_MAX ? url : slice_sub(url, authority + 3, url.len);
    size_t slash = slice_find_char(rest, '/');
    rest = slash == SIZE_MAX ? slice_str("/") : slice_sub(rest, slash, rest.len);
    return slice_sub(rest, 0, slice_find_char(rest, '#'));
}

static void answer(const struct robots *r, struct slice url, struct buf *canonical, struct buf *out) {
    struct robots_match m = robots_match(r, target_of(url, canonical));
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "url", url);
    json_kv_bool(&j, "allowed", m.allowed);
    json_kv_str(&j, "rule", m.rule);
    json_kv_int(&j, "line", m.line);
    json_object_end(&j);
    buf_char(out, '\n');
}

static int robots_run(struct cli *cli, void *options, char **operands, int n) {
    (void)cli;
    const struct robots_command *opt = options;
    if (!opt->file) return cli_error(EXIT_USAGE, "robots: --file is required");
    struct buf body, out, canonical, err;
    struct robots *r = NULL;
    buf_init(&body, LIMIT_BODY_PLAIN);
    buf_init(&out, 0);
    buf_init(&canonical, LIMIT_URL_INPUT);
    buf_init(&err, LIMIT_ERR);
    bool is_stdin = strcmp(opt->file, "-") == 0;
    enum status st =
        is_stdin ? file_read_fd(STDIN_FILENO, LIMIT_BODY_PLAIN, &body, &err) : file_read(opt->file, LIMIT_BODY_PLAIN, &body, &err);
    int code = st == ST_SKIP ? cli_error(EXIT_NO_INPUT, "%s", buf_cstr(&err)) : st == ST_OK ? EXIT_DONE : cli_fail(st, &err);
    if (st == ST_OK) {
        struct robots_options tolerance = {.tolerate_typos = opt->tolerant};
        st = robots_parse(buf_view(&body), slice_str(opt->agent ? opt->agent : "villers"), &tolerance, &r, &err);
        if (st != ST_OK) code = cli_fail(st, &err);
    }
    for (int i = 0; i < n && code == EXIT_DONE; i++) {
        answer(r, slice_str(operands[i]), &canonical, &out);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    robots_free(r);
    buf_free(&body);
    buf_free(&out);
    buf_free(&canonical);
    buf_free(&err);
    return code;
}

const struct command cmd_robots = {
    .name = "robots",
    .group = "engine",
    .summary = "may a robot fetch these addresses? (RFC 9309)",
    .usage = "--file ROBOTS [--agent TOKEN] URL…",
    .examples = "  villers robots --agent villers --file robots.txt https://exemple.fr/a https://exemple.fr/b\n",
    .options = robots_options_table,
    .options_size = sizeof(struct robots_command),
    .min_operands = 1,
    .max_operands = -1,
    .run = robots_run,
};
