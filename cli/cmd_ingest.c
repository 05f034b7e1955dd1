/* villers ingest: bring in dumps and archives under a source of the catalogue. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/crawl_report.h"
#include "cli/hub.h"
#include "crawler/ingest.h"

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

struct watch {
    struct cli *cli;
    struct progress line;
    struct buf text;   /* the files' lines */
    struct json_out j; /* the files' objects */
};

static bool stop(void *ctx) {
    (void)ctx;
    return cli_interrupted();
}

static void show(void *ctx, const struct ingest_progress *p) {
    struct watch *w = ctx;
    struct buf extra = {.max = 256};
    buf_printf(&extra, ", %llu documents", (unsigned long long)p->report->documents);
    progress_update(&w->line, p->done_bytes / 1000000, p->total_bytes / 1000000, "MB", buf_cstr(&extra));
    buf_free(&extra);
}

static void file_done(void *ctx, const struct ingest_file_report *f) {
    struct watch *w = ctx;
    char day[11] = "";
    if (f->date_ms != INT64_MIN) clock_day(f->date_ms, day);
    if (w->cli->json) {
        json_object(&w->j);
        json_kv_str(&w->j, "path", slice_str(f->path));
        json_kv_str(&w->j, "outcome", slice_str(ingest_outcome_name(f->outcome)));
        json_kv_str(&w->j, "why", slice_str(f->why));
        json_kv_str(&w->j, "format", slice_str(f->format));
        json_kv_str(&w->j, "sha256", slice_str(f->digest));
        json_kv_str(&w->j, "date", slice_str(day));
        json_kv_int(&w->j, "units", (int64_t)f->units);
        json_kv_int(&w->j, "units_before", (int64_t)f->resumed);
        json_kv_int(&w->j, "bytes", (int64_t)f->bytes);
        json_object_end(&w->j);
        return;
    }
    buf_printf(&w->text, "%s: ", f->path);
    switch (f->outcome) {
    case INGEST_KNOWN: buf_str(&w->text, "read before, nothing to do"); break;
    case INGEST_UNREADABLE: buf_str(&w->text, "no format that is known"); break;
    case INGEST_BROKEN: buf_printf(&w->text, "%s, %llu units, then: %s", f->format, (unsigned long long)f->units, f->why); break;
    default:
        buf_printf(&w->text, "%s of %s, %llu units", *f->format ? f->format : "nothing", day, (unsigned long long)f->units);
        if (f->resumed) buf_printf(&w->text, " (%llu of them before)", (unsigned long long)f->resumed);
        if (f->outcome == INGEST_STOPPED) buf_str(&w->text, ", stopped");
    }
    buf_char(&w->text, '\n');
}

static void report_json(struct watch *w, const char *source, const struct ingest_report *r, int64_t ms) {
    struct json_out *j = &w->j;
    json_array_end(j);
    json_kv_str(j, "source", slice_str(source));
    json_kv_bool(j, "stopped", r->stopped);
    json_kv_int(j, "units", (int64_t)r->units);
    json_kv_int(j, "documents", (int64_t)r->documents);
    json_kv_int(j, "bytes", (int64_t)r->bytes);
    json_kv_int(j, "text_bytes", (int64_t)r->text_bytes);
    json_kv_float(j, "seconds", (double)ms / 1000, 3);
    json_key(j, "counts");
    json_object(j);
    for (unsigned i = 0; i < INGEST_N; i++)
        if (r->counts[i]) json_kv_int(j, ingest_reason_name((enum ingest_reason)i), (int64_t)r->counts[i]);
    json_object_end(j);
    json_object_end(j);
    buf_char(&w->text, '\n');
}

static void report_text(struct watch *w, const char *source, const struct ingest_report *r, int64_t ms) {
    double seconds = ms > 0 ? (double)ms / 1000 : 0.001;
    buf_printf(&w->text, "Source %s: %llu units, ", source, (unsigned long long)r->units);
    crawl_report_bytes(&w->text, (int64_t)r->bytes);
    buf_printf(&w->text, " in %.1f s (%.0f MB/s); %llu documents written\n", seconds, (double)r->bytes / 1e6 / seconds,
               (unsigned long long)r->documents);
    for (unsigned i = 0; i < INGEST_N; i++)
        if (r->counts[i])
            buf_printf(&w->text, "%10llu  %-18s %s\n", (unsigned long long)r->counts[i], ingest_reason_name((enum ingest_reason)i),
                       ingest_reason_text((enum ingest_reason)i));
}

static int verdict(const struct ingest_report *r, const char *source) {
    if (r->stopped) return cli_error(EXIT_TRY_AGAIN, "stopped, all saved; the same command goes on from there");
    if (r->broken)
        return cli_error(EXIT_DATA, "source %s: %llu of %llu files damaged, told above", source, (unsigned long long)r->broken,
                         (unsigned long long)r->files);
    if (r->unreadable)
        return cli_error(EXIT_DATA, "source %s: %llu of %llu files hold no format that is known", source,
                         (unsigned long long)r->unreadable, (unsigned long long)r->files);
    if (r->units == 0 && r->known == 0) return cli_error(EXIT_NO_INPUT, "source %s: nothing to read in these paths", source);
    return EXIT_DONE;
}

static int bring_in(struct cli *cli, struct hub *h, struct ingest_options *o) {
    struct watch w = {.cli = cli};
    struct ingest_report r;
    struct buf err = {.max = LIMIT_ERR};
    bool newer = false;
    int code;
    int64_t began = clock_mono_ms();
    o->ctx = &w;
    if (cli->json) {
        json_out_init(&w.j, &w.text);
        json_object(&w.j);
        json_key(&w.j, "files");
        json_array(&w.j);
    }
    progress_begin(&w.line, "ingest", cli->quiet);
    enum status st = ingest_run(o, &r, &newer, &err);
    progress_end(&w.line);
    int64_t ms = clock_mono_ms() - began;
    if (st == ST_OK) {
        if (cli->json)
            report_json(&w, o->source->id, &r, ms);
        else
            report_text(&w, o->source->id, &r, ms);
        code = cli_out(&w.text) ? verdict(&r, o->source->id) : EXIT_IO;
    } else if (newer) {
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    } else if (st == ST_SKIP) {
        code = cli_error(EXIT_NO_INPUT, "%s", buf_cstr(&err));
    } else {
        code = cli_fail(st, &err);
    }
    (void)h;
    buf_free(&w.text);
    buf_free(&err);
    return code;
}

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
    int64_t date = INT64_MIN;
    if (cmd->date && !read_day(cmd->date, &date)) return cli_error(EXIT_USAGE, "ingest: --date takes YYYY-MM-DD");
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    const struct source *source = config_find_source(&h.catalogue, slice_str(operands[0]));
    const struct settings *set = h.settings;
    struct url_options urls = {(const char *const *)set->strip_params.items, set->strip_params.n};
    struct ingest_options o = {.hub = h.dir,
                               .source = source,
                               .manifest = h.manifest,
                               .urls = set->strip_params.n ? &urls : NULL,
                               .agent = set->agent,
                               .paths = (const char *const *)operands + 1,
                               .n_paths = (size_t)n - 1,
                               .date_ms = date,
                               .again = cmd->again,
                               .whole = cmd->whole,
                               .checkpoint_each = cmd->each,
                               .raw_bytes = cmd->raw_bytes > 0 ? (uint64_t)cmd->raw_bytes : 0,
                               .workers = cmd->workers > 0 ? (unsigned)cmd->workers : 0,
                               .pdf_seconds = cmd->pdf_seconds > 0 && cmd->pdf_seconds < 3600 ? (int)cmd->pdf_seconds : 0,
                               .log = &cli->log,
                               .stop = stop,
                               .progress = show,
                               .file_done = file_done};
    if (!source)
        code = cli_error(EXIT_NO_INPUT, "no source \"%s\" in the catalogue (villers sources list shows them)", operands[0]);
    else
        code = bring_in(cli, &h, &o);
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
