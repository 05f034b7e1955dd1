#include "store/export.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/checksums.h"
#include "store/doc.h"
#include "store/export_file.h"
#include "store/jsonl.h"
#include "store/pull_file.h"
#include "store/release_diff.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One shard on its way. */
struct making {
    struct export_file *file;
    struct json_parser *json;
    struct buf line; /* being made */
    uint64_t documents;
    struct buf *err;
};

static enum status put_line(struct making *x, struct slice line) {
    buf_clear(&x->line);
    buf_slice(&x->line, line);
    buf_char(&x->line, '\n');
    return export_file_write(x->file, buf_view(&x->line), x->err);
}

static enum status put_text(struct making *x, struct slice line) {
    struct doc d;
    enum status st = doc_read(x->json, line, &d, x->err);
    buf_clear(&x->line);
    if (x->documents) buf_char(&x->line, '\n');
    if (st == ST_OK) buf_slice(&x->line, d.text);
    buf_char(&x->line, '\n');
    return st == ST_OK ? export_file_write(x->file, buf_view(&x->line), x->err) : st;
}

/* ID.txt and ID.json; the id is ours, 32 hex digits, and else refused: it becomes a path. */
static enum status put_member(struct making *x, struct slice line) {
    struct doc d;
    char name[64];
    enum status st = doc_read(x->json, line, &d, x->err);
    for (size_t i = 0; st == ST_OK && i < d.id.len; i++)
        if (!ascii_is_alnum(d.id.ptr[i])) st = ST_SKIP;
    if (st == ST_SKIP || d.id.len == 0 || d.id.len > 48) return fail(x->err, ST_SKIP, "an id that cannot be a name");
    if (st != ST_OK) return st;
    snprintf(name, sizeof name, "%.*s.txt", SLICE_ARG(d.id));
    st = export_file_member(x->file, name, d.text, x->err);
    d.text = slice_of("", 0);
    buf_clear(&x->line);
    doc_write(&x->line, &d, DOC_RELEASE);
    snprintf(name, sizeof name, "%.*s.json", SLICE_ARG(d.id));
    return st == ST_OK ? export_file_member(x->file, name, buf_view(&x->line), x->err) : st;
}

static const struct form {
    const char *name, *suffix;
    enum export_kind kind;
    enum status (*put)(struct making *x, struct slice line);
} forms[] = {{"jsonl", ".jsonl", EXPORT_PLAIN, put_line},
             {"jsonl.gz", ".jsonl.gz", EXPORT_GZIP, put_line},
             {"txt.gz", ".txt.gz", EXPORT_GZIP, put_text},
             {"webdataset", ".tar", EXPORT_TAR, put_member}};

static const struct form *form_of(const char *name) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].name, name)) return &forms[i];
    return NULL;
}

bool export_format_known(const char *format) { return form_of(format) != NULL; }

struct run {
    const struct export_options *opt;
    const struct form *form;
    struct release_manifest m;
    struct checksums sums;
    struct export_report *report;
    pthread_mutex_t lock; /* over sums, report and err */
    struct buf *err;
};

static enum status convert(struct making *x, const struct form *form, const char *from, const char *to) {
    struct jsonl_reader *r = NULL;
    struct slice line;
    enum status st = jsonl_open(from, &r, x->err), closed = ST_OK;
    if (st == ST_OK) st = export_file_open(to, form->kind, &x->file, x->err);
    while (st == ST_OK && (st = jsonl_next(r, &line, x->err)) == ST_OK) {
        st = form->put(x, line);
        if (st == ST_OK && !buf_ok(&x->line)) st = fail(x->err, ST_FATAL, "a document over the limit");
        x->documents++;
    }
    /* RETRY from the reader is its end; from the writer it is a full disk, told in err. */
    if (st == ST_RETRY && x->err->len == 0) st = ST_OK;
    if (x->file) closed = export_file_close(x->file, st == ST_OK ? x->err : NULL);
    jsonl_free(r);
    return st == ST_OK ? closed : st;
}

static enum status finish(struct run *r, const struct release_shard *s, const char *tmp, const char *name, uint64_t documents) {
    struct buf to = {.max = LIMIT_URL_INPUT};
    char hex[65];
    int64_t bytes = 0;
    enum status st = pull_file_digest(tmp, hex, &bytes) ? ST_OK : fail(r->err, ST_FATAL, "%s: cannot be read back", tmp);
    if (st == ST_OK && documents != s->documents)
        st = fail(r->err, ST_SKIP, "%s: %llu documents, %llu promised", s->name, (unsigned long long)documents,
                  (unsigned long long)s->documents);
    path_join(&to, r->opt->dest, name);
    if (st == ST_OK && rename(tmp, buf_cstr(&to)) != 0) st = fail_errno(r->err, "rename to", buf_cstr(&to));
    if (st == ST_OK) st = checksums_add(&r->sums, slice_str(name), slice_str(hex), r->err);
    r->report->files++;
    r->report->documents += documents;
    r->report->bytes += (uint64_t)bytes;
    buf_free(&to);
    return st;
}

static enum status one_shard(void *ctx, size_t i, unsigned worker) {
    struct run *r = ctx;
    const struct release_shard *s = &r->m.shards[i];
    struct buf from = {.max = LIMIT_URL_INPUT}, tmp = {.max = LIMIT_URL_INPUT}, name = {.max = 256}, err = {.max = LIMIT_ERR};
    struct making x = {.json = json_parser_new(LIMIT_LINE), .line = {.max = LIMIT_LINE}, .err = &err};
    (void)worker;
    buf_printf(&from, "%s/" RELEASE_DATA_DIR "/%s", r->opt->release, s->name);
    const char *end = strstr(s->name, ".jsonl");
    buf_printf(&name, "%.*s%s", end ? (int)(end - s->name) : (int)strlen(s->name), s->name, r->form->suffix);
    buf_printf(&tmp, "%s/" FILE_TMP_PREFIX "%s", r->opt->dest, buf_cstr(&name));
    enum status st = x.json ? convert(&x, r->form, buf_cstr(&from), buf_cstr(&tmp)) : fail(&err, ST_FATAL, "out of memory");
    pthread_mutex_lock(&r->lock);
    if (st == ST_OK)
        st = finish(r, s, buf_cstr(&tmp), buf_cstr(&name), x.documents);
    else
        fail(r->err, st, "%s: %s", s->name, buf_cstr(&err));
    pthread_mutex_unlock(&r->lock);
    if (st != ST_OK) unlink(buf_cstr(&tmp));
    json_parser_free(x.json);
    buf_free(&x.line);
    buf_free(&from);
    buf_free(&tmp);
    buf_free(&name);
    buf_free(&err);
    return st;
}

static enum status open_dest(const struct export_options *opt, struct buf *err) {
    char **names = NULL;
    size_t n = 0;
    enum status st = dir_make(opt->dest, err);
    if (st == ST_OK) st = dir_list(opt->dest, "", &names, &n, err);
    dir_list_free(names, n);
    if (st == ST_OK) dir_sweep_tmp(opt->dest);
    return st == ST_OK && n ? fail(err, ST_SKIP, "%s is not empty: name another folder", opt->dest) : st;
}

static enum status write_sums(struct run *r) {
    struct buf text = {.max = LIMIT_RELEASE_META}, path = {.max = LIMIT_URL_INPUT};
    checksums_sort(&r->sums);
    checksums_write(&text, &r->sums);
    path_join(&path, r->opt->dest, CHECKSUMS_FILE);
    enum status st = buf_ok(&text) ? file_write(buf_cstr(&path), buf_view(&text), r->err) : fail(r->err, ST_FATAL, "out of memory");
    buf_free(&text);
    buf_free(&path);
    return st;
}

enum status export_release(const struct export_options *opt, struct export_report *report, struct buf *err) {
    struct run r = {.opt = opt, .form = form_of(opt->format), .report = report, .err = err};
    if (!r.form) return fail(err, ST_SKIP, "'%s' is not a form to export to", opt->format);
    pthread_mutex_init(&r.lock, NULL);
    enum status st = release_diff_load(opt->release, &r.m, err);
    if (st == ST_OK && r.m.n_shards == 0) st = fail(err, ST_SKIP, "%s: an empty release", opt->release);
    if (st == ST_OK) st = open_dest(opt, err);
    if (st == ST_OK) st = parallel_for(r.m.n_shards, opt->threads, one_shard, &r);
    if (st == ST_OK) st = write_sums(&r);
    pthread_mutex_destroy(&r.lock);
    checksums_free(&r.sums);
    release_manifest_free(&r.m);
    return st;
}
