/* villers explain: why a page was fetched or not, a document kept or not. */
#include "base/limits.h"
#include "cli/explain.h"
#include "crawler/url.h"

static bool is_id(struct slice s) {
    if (s.len != DOC_ID_LEN - 1) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]) && (ascii_lower(s.ptr[i]) < 'a' || ascii_lower(s.ptr[i]) > 'f')) return false;
    return true;
}

/* ${text} as the hub would name it: an id in lower case, or a canonical URL.  An upstream id of a dump is taken as it is. */
static void read_query(const struct hub *h, const char *text, struct buf *name, struct explain_query *q) {
    const struct string_list *strip = &h->settings->strip_params;
    struct url_options opt = {(const char *const *)strip->items, strip->n};
    struct slice given = slice_trim(slice_str(text));
    if (is_id(given)) {
        for (size_t i = 0; i < given.len; i++) buf_char(name, ascii_lower(given.ptr[i]));
        q->id = buf_view(name);
        return;
    }
    if (url_canonical(given, slice_of("", 0), strip->n ? &opt : NULL, name, NULL) != ST_OK) {
        buf_clear(name);
        buf_slice(name, given);
    }
    q->url = buf_view(name);
}

static int run(struct cli *cli, void *options, char **operands, int n) {
    enum manifest_mode mode = MANIFEST_READ;
    struct hub h;
    (void)options;
    (void)n;
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    struct buf name = {.max = LIMIT_URL_INPUT}, out = {0}, err = {.max = LIMIT_ERR};
    struct explain_query q = {{"", 0}, {"", 0}};
    bool found = false;
    read_query(&h, operands[0], &name, &q);
    enum status st = explain_write(&h, &q, cli->json, &out, &found, &err);
    if (st != ST_OK) {
        code = cli_fail(st, &err);
    } else if (!found && !cli->json) {
        code = cli_error(EXIT_NEGATIVE, "nothing is known of %s: no link led there, and no campaign has it as a seed",
                         buf_cstr(&name));
    } else {
        code = !cli_out(&out) ? EXIT_IO : found ? EXIT_DONE : EXIT_NEGATIVE;
    }
    buf_free(&name);
    buf_free(&out);
    buf_free(&err);
    hub_close(&h);
    return code;
}

const struct command cmd_explain = {
    .name = "explain",
    .group = "hub",
    .summary = "why a page was fetched or not, kept or not, with what decided",
    .usage = "URL|ID",
    .examples = "villers explain https://www.service-public.fr/particuliers/vosdroits/F1\n"
                "villers explain --json 3f2a0c5b9d8e7f6a1b2c3d4e5f607182\n",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
