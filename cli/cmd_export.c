#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "store/card.h"
#include "store/export.h"
#include "store/release_manifest.h"
#include <stddef.h>

struct export_args {
    const char *format;
    int64_t threads;
};

/* A folder with a manifest.json is a release; else NAME@VERSION of the hub. */
static int find_release(struct cli *cli, const char *what, struct buf *path) {
    struct hub h;
    const char *at = strrchr(what, '@');
    path_join(path, what, RELEASE_MANIFEST_FILE);
    bool folder = file_exists(buf_cstr(path));
    buf_clear(path);
    buf_str(path, what);
    if (folder) return EXIT_DONE;
    if (!at) return cli_error(EXIT_NO_INPUT, "export: %s: no release there; name its folder, or NAME@VERSION of the hub", what);
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    hub_path(&h, path, "releases/%.*s/%s", (int)(at - what), what, at + 1);
    hub_close(&h);
    return EXIT_DONE;
}

static void print(struct cli *cli, const struct export_options *opt, const struct export_report *r, struct buf *out) {
    if (!cli->json) {
        buf_printf(out, "%s: %llu files, %llu documents, %llu bytes\n", opt->dest, (unsigned long long)r->files,
                   (unsigned long long)r->documents, (unsigned long long)r->bytes);
        return;
    }
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "to", slice_str(opt->dest));
    json_kv_str(&j, "format", slice_str(opt->format));
    json_kv_int(&j, "files", (int64_t)r->files);
    json_kv_int(&j, "documents", (int64_t)r->documents);
    json_kv_int(&j, "bytes", (int64_t)r->bytes);
    json_object_end(&j);
    buf_char(out, '\n');
}

/* ${s} as one word of a shell. */
static void shell_word(struct buf *out, const char *s) {
    buf_char(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            buf_str(out, "'\\''");
        else
            buf_char(out, *s);
    }
    buf_char(out, '\'');
}

/*
 * No C library writes Parquet in Debian 12, and DuckDB (PyPI) writes it well: the command that makes it do so, to be piped into sh.  Types are
 * named: left to itself it takes days for dates and a column of "" for something else.  A file a shard, in row groups, so that memory
 * stays bounded; paths go by argv, nothing in them is SQL or Python.
 */
static void parquet_command(struct buf *out, const char *release, const char *dest) {
    static const struct { const char *dtype, *sql; } types[] = {{"string", "VARCHAR"}, {"float64", "DOUBLE"}, {"int64", "BIGINT"}};
    const struct card_column *columns;
    size_t n = card_columns(&columns);
    buf_str(out, "python3 -c '\nimport duckdb, glob, os, sys\ncolumns = {");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            if (!strcmp(columns[i].dtype, types[k].dtype))
                buf_printf(out, "%s\"%s\": \"%s\"", i ? ", " : "", columns[i].name, types[k].sql);
    buf_str(out, "}\nshards = sorted(glob.glob(os.path.join(glob.escape(sys.argv[1]), \"data\", \"*.jsonl.zst\")))\n"
                 "assert shards, \"no shard in \" + sys.argv[1]\n"
                 "os.makedirs(sys.argv[2], exist_ok=True)\n"
                 "for shard in shards:\n"
                 "    to = os.path.join(sys.argv[2], os.path.basename(shard)[:-len(\".jsonl.zst\")] + \".parquet\")\n"
                 "    duckdb.read_json(shard, columns=columns, format=\"newline_delimited\", compression=\"zstd\", "
                 "maximum_object_size=1 << 27).write_parquet(to, compression=\"zstd\")\n' ");
    shell_word(out, release);
    buf_char(out, ' ');
    shell_word(out, dest);
    buf_char(out, '\n');
}

static int run_export(struct cli *cli, void *options, char **operands, int n) {
    const struct export_args *args = options;
    const char *format = args->format ? args->format : "jsonl.gz";
    struct buf err = {.max = LIMIT_ERR}, out = {0}, path = {.max = LIMIT_URL_INPUT};
    struct export_report report = {0};
    (void)n;
    bool parquet = !strcmp(format, "parquet");
    if (!parquet && !export_format_known(format))
        return cli_error(EXIT_USAGE, "export: --format takes jsonl, jsonl.gz, txt.gz, webdataset or parquet");
    if (args->threads < 0 || args->threads > 1024) return cli_error(EXIT_USAGE, "export: --threads is from 1 to 1024");
    int code = find_release(cli, operands[0], &path);
    struct export_options opt = {
        .release = buf_cstr(&path), .dest = operands[1], .format = format, .threads = (unsigned)args->threads};
    enum status st = code || parquet ? ST_OK : export_release(&opt, &report, &err);
    if (st != ST_OK)
        code = cli_error(st == ST_RETRY ? EXIT_TRY_AGAIN : st == ST_SKIP ? EXIT_DATA : EXIT_IO, "export: %s", buf_cstr(&err));
    else if (!code) {
        if (parquet)
            parquet_command(&out, opt.release, opt.dest);
        else
            print(cli, &opt, &report, &out);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    buf_free(&err);
    buf_free(&out);
    buf_free(&path);
    return code;
}

static const struct option export_options[] = {
    {"format", 'f', OPTION_STRING, offsetof(struct export_args, format), "FORM",
     "jsonl, jsonl.gz (default), txt.gz (texts alone), webdataset (tar of ID.txt and ID.json) or parquet: prints the command that has DuckDB "
     "write it, for sh (pip install duckdb; Debian 12 has no C library for it)"},
    {"threads", 't', OPTION_INT, offsetof(struct export_args, threads), "N", "shards at once (default: one a core)"},
    {0},
};

const struct command cmd_export = {
    .name = "export",
    .group = "release",
    .summary = "a release in another form: JSON lines plain or gzip, texts, WebDataset, Parquet",
    .usage = "FOLDER | NAME@VERSION  DEST",
    .examples = "villers export demo@1.0.0 demo-gz\nvillers export --format webdataset ./mirror ./tars\n"
                "pip install duckdb && villers export --format parquet ./mirror ./parquet | sh\n",
    .options = export_options,
    .options_size = sizeof(struct export_args),
    .min_operands = 2,
    .max_operands = 2,
    .run = run_export,
};
