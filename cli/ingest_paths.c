#include "cli/ingest_paths.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/crawl_report.h"
#include "crawler/ingest.h"

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

static int bring_in(struct cli *cli, struct ingest_options *o) {
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
    o->ctx = NULL; /* it ends here */
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
    buf_free(&w.text);
    buf_free(&err);
    return code;
}

int ingest_paths(struct cli *cli, struct hub *h, const struct source *source, const char *const *paths, size_t n,
                 const struct ingest_paths_options *opt) {
    const struct settings *set = h->settings;
    struct url_options urls = {(const char *const *)set->strip_params.items, set->strip_params.n};
    struct ingest_options o = {.hub = h->dir,
                               .source = source,
                               .manifest = h->manifest,
                               .urls = set->strip_params.n ? &urls : NULL,
                               .agent = set->agent,
                               .paths = paths,
                               .n_paths = n,
                               .date_ms = opt->date_ms,
                               .again = opt->again,
                               .whole = opt->whole,
                               .checkpoint_each = opt->checkpoint_each,
                               .raw_bytes = opt->raw_bytes > 0 ? (uint64_t)opt->raw_bytes : 0,
                               .pdf_seconds = opt->pdf_seconds > 0 && opt->pdf_seconds < 3600 ? (int)opt->pdf_seconds : 0,
                               .workers = opt->workers > 0 ? (unsigned)opt->workers : 0,
                               .log = &cli->log,
                               .stop = stop,
                               .progress = show,
                               .file_done = file_done};
    return bring_in(cli, &o);
}
