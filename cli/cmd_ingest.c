/* villers ingest: bring in dumps and archives under a source of the catalogue. */
#include "base/clock.h"
#include "cli/ingest_paths.h"

#include <stdio.h>

struct ingest_command {
    const char *date;
    bool again, whole;
    int64_t workers, raw_bytes, pdf_seconds;
    bool each;
};

#define OPT(name) offsetof(struct ingest_command, name)
static const struct option options[] = {
    {"date", 0, OPTION_STRING, OPT(date), "YYYY-MM-DD", "when upstream made these files, if their names do not tell"},
    {"whole", 0, OPTION_FLAG, OPT(whole), NULL, "these files are the whole source: what they do not hold is gone"},
    {"again", 0, OPTION_FLAG, OPT(again), NULL, "read files again that were read before"},
    {"workers", 'j', OPTION_INT, OPT(workers), "N", "cores that convert (default: all, at most 8)"},
    {"raw-bytes", 0, OPTION_INT, OPT(raw_bytes), "N", "bytes of a raw segment (default 256M)"},
    {"pdf-seconds", 0, OPTION_INT, OPT(pdf_seconds), "S", "processor time for one PDF (default 20)"},
    {"checkpoint-each", 0, OPTION_FLAG, OPT(each), NULL, "commit after each unit: slow, loses nothing at a kill"},
    {0},
};

static bool read_day(const char *s, int64_t *ms) {
    int y, m, d;
    char extra;
    if (sscanf(s, "%4d-%2d-%2d%c", &y, &m, &d, &extra) != 3 || !clock_civil_valid(y, m, d)) return false;
    *ms = clock_from_civil(y, m, d, 0, 0, 0);
    return true;
}

static int run_ingest(struct cli *cli, void *opts, char **operands, int n) {
    const struct ingest_command *cmd = opts;
    const enum manifest_mode mode = MANIFEST_WRITE;
    struct hub h;
    struct ingest_paths_options o = {.date_ms = INT64_MIN,
                                     .again = cmd->again,
                                     .whole = cmd->whole,
                                     .checkpoint_each = cmd->each,
                                     .workers = cmd->workers,
                                     .raw_bytes = cmd->raw_bytes,
                                     .pdf_seconds = cmd->pdf_seconds};
    if (cmd->date && !read_day(cmd->date, &o.date_ms)) return cli_error(EXIT_USAGE, "ingest: --date takes YYYY-MM-DD");
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    const struct source *source = config_find_source(&h.catalogue, slice_str(operands[0]));
    if (source)
        code = ingest_paths(cli, &h, source, (const char *const *)operands + 1, (size_t)n - 1, &o);
    else
        code = cli_error(EXIT_NO_INPUT, "no source \"%s\" in the catalogue (villers sources list shows them)", operands[0]);
    hub_close(&h);
    return code;
}

const struct command cmd_ingest = {
    .name = "ingest",
    .group = "hub",
    .summary = "bring in dumps and archives under a declared source",
    .usage = "SOURCE PATH…",
    .examples =
        "villers ingest dila-legi Freemium_legi_global_*.tar.gz LEGI_*.tar.gz\nvillers ingest service-public vosdroits.zip --whole\n",
    .options = options,
    .options_size = sizeof(struct ingest_command),
    .min_operands = 2,
    .max_operands = -1,
    .run = run_ingest,
};
