#include "base/file.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "cli/stats.h"
#include <stddef.h>

struct stats_options {
    double mix_share;
    int64_t mix_words;
    const char *html, *lang;
    bool csv;
};

static const struct option options[] = {
    {"html", 0, OPTION_STRING, offsetof(struct stats_options, html), "FILE",
     "write the report as one page with plots, without a network"},
    {"csv", 0, OPTION_FLAG, offsetof(struct stats_options, csv), NULL, "every figure as comma-separated values"},
    {"lang", 0, OPTION_STRING, offsetof(struct stats_options, lang), "fr|en", "language of the labels on a terminal (default fr)"},
    {"mix-words", 0, OPTION_INT, offsetof(struct stats_options, mix_words), "N",
     "words of a corpus that the kept documents would join"},
    {"mix-share", 0, OPTION_FLOAT, offsetof(struct stats_options, mix_share), "P", "its share of French, in percent"},
    {0},
};

static int report(struct cli *cli, const struct stats_options *o, struct stats *s) {
    struct buf out = {0}, err = {.max = LIMIT_ERR};
    struct stats_mix mix = {(double)o->mix_words, o->mix_share / 100};
    int code = EXIT_DONE;
    if (o->html) {
        stats_html(&out, s, &mix);
        if (!buf_ok(&out) || file_write(o->html, buf_view(&out), &err) != ST_OK)
            code = cli_error(EXIT_CANNOT_CREATE, "stats: %s", err.len ? buf_cstr(&err) : "out of memory");
    } else {
        if (o->csv)
            stats_csv(&out, s);
        else if (cli->json)
            stats_json(&out, s, &mix);
        else
            stats_text(&out, s, &mix, o->lang && !strcmp(o->lang, "en"));
        if (!cli_out(&out)) code = EXIT_IO;
    }
    buf_free(&out);
    buf_free(&err);
    return code;
}

static int run_stats(struct cli *cli, void *opt, char **operands, int n) {
    static const enum manifest_mode mode = MANIFEST_READ;
    const struct stats_options *o = opt;
    (void)operands;
    (void)n;
    if (o->mix_share < 0 || o->mix_share > 100) return cli_error(EXIT_USAGE, "stats: --mix-share takes a percentage, 0 to 100");
    if (o->lang && strcmp(o->lang, "fr") != 0 && strcmp(o->lang, "en") != 0)
        return cli_error(EXIT_USAGE, "stats: --lang takes fr or en");
    struct hub h;
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    struct buf err = {.max = LIMIT_ERR};
    struct stats s;
    enum status st = stats_read(h.manifest, &s, &err);
    code = st == ST_OK ? report(cli, o, &s) : cli_fail(st, &err);
    stats_free(&s);
    buf_free(&err);
    hub_close(&h);
    return code;
}

const struct command cmd_stats = {
    .name = "stats",
    .group = "hub",
    .summary = "French-share coverage by source, campaign, licence, language, host, month, beside the reference corpora",
    .usage = "",
    .examples =
        "villers stats\nvillers stats --html couverture.html\nvillers stats --json | jq .source\nvillers stats --mix-words 300000000000 --mix-share 0.16\n",
    .options = options,
    .options_size = sizeof(struct stats_options),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_stats,
};
