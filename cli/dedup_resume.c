#include "cli/dedup_resume.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "dedup/index_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX ".resume-"
#define CHUNK (256 * KIB)
#define RECORD_MAX (64 * KIB)

struct dedup_resume_out {
    struct index_out *out;
    struct buf record;
    uint64_t lines;
};
struct dedup_resume_in {
    struct index_in *in;
    uint64_t at, lines, given;
    char *chunk;
    struct slice rest;
};

static bool path_of(const struct dedup_resume_key *key, struct buf *path) {
    struct stat sb;
    struct buf what = {.max = MIB};
    char name[64], hex[33];
    if (stat(key->path, &sb) != 0 || !S_ISREG(sb.st_mode)) return false;
    buf_printf(&what, "1 %s\n%s\n%s\n%s\n%lld %lld %ld %llx", key->path, key->id_key, key->text_key, key->order,
               (long long)sb.st_size, (long long)sb.st_mtim.tv_sec, sb.st_mtim.tv_nsec, (unsigned long long)key->signature_version);
    hash128_hex(hash128(buf_view(&what)), hex);
    snprintf(name, sizeof name, PREFIX "%s.sig", hex);
    path_join(path, key->dir, name);
    bool ok = buf_ok(&what) && buf_ok(path);
    buf_free(&what);
    return ok;
}

enum status dedup_resume_create(const struct dedup_resume_key *key, struct dedup_resume_out **out, struct buf *err) {
    struct buf path = {.max = 8192};
    *out = NULL;
    if (!path_of(key, &path)) {
        buf_free(&path);
        return ST_OK; /* a pipe: nothing to take up */
    }
    struct dedup_resume_out *w = calloc(1, sizeof *w);
    enum status st = w ? index_out_create(buf_cstr(&path), &w->out, err) : fail(err, ST_FATAL, "out of memory");
    buf_free(&path);
    if (st != ST_OK) {
        free(w);
        return st;
    }
    buf_init(&w->record, RECORD_MAX);
    *out = w;
    return ST_OK;
}

static void put_bytes(struct buf *out, struct slice s) {
    uint16_t len = (uint16_t)s.len;
    buf_append(out, (const char *)&len, sizeof len);
    buf_slice(out, s);
}

enum status dedup_resume_put(struct dedup_resume_out *w, const struct dedup_line *line, struct buf *err) {
    buf_clear(&w->record);
    buf_char(&w->record, line->good ? 1 : 0);
    if (line->good) {
        put_bytes(&w->record, line->id);
        put_bytes(&w->record, line->rank);
        signature_pack(&w->record, line->signature);
    }
    w->lines++;
    if (!buf_ok(&w->record)) return fail(err, ST_FATAL, "out of memory");
    return index_out_write(w->out, w->record.data, w->record.len, err);
}

enum status dedup_resume_finish(struct dedup_resume_out *w, struct buf *err) {
    uint64_t lines = w->lines;
    enum status st = index_out_finish(w->out, slice_of((const char *)&lines, sizeof lines), err);
    buf_free(&w->record);
    free(w);
    return st;
}

void dedup_resume_abort(struct dedup_resume_out *w) {
    if (!w) return;
    index_out_abort(w->out);
    buf_free(&w->record);
    free(w);
}

struct dedup_resume_in *dedup_resume_open(const struct dedup_resume_key *key) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    struct dedup_resume_in *r = calloc(1, sizeof *r);
    bool ok = r && path_of(key, &path) && index_in_open(buf_cstr(&path), &r->in, &err) == ST_OK &&
              index_in_head(r->in).len == sizeof r->lines && (r->chunk = malloc(CHUNK)) != NULL;
    if (ok) memcpy(&r->lines, index_in_head(r->in).ptr, sizeof r->lines);
    buf_free(&path);
    buf_free(&err);
    if (ok) return r;
    dedup_resume_free(r);
    return NULL;
}

uint64_t dedup_resume_lines(const struct dedup_resume_in *r) { return r->lines; }

void dedup_resume_free(struct dedup_resume_in *r) {
    if (!r) return;
    index_in_free(r->in);
    free(r->chunk);
    free(r);
}

/* A whole record in hand, or all that is left. */
static enum status fill(struct dedup_resume_in *r, struct buf *err) {
    if (r->rest.len >= RECORD_MAX || r->at == index_in_size(r->in)) return ST_OK;
    uint64_t left = index_in_size(r->in) - r->at;
    size_t n = CHUNK - r->rest.len;
    if (n > left) n = (size_t)left;
    if (r->rest.len) memmove(r->chunk, r->rest.ptr, r->rest.len);
    enum status st = index_in_read(r->in, r->at, r->chunk + r->rest.len, n, err);
    r->rest = slice_of(r->chunk, r->rest.len + n);
    r->at += n;
    return st;
}

static bool take_bytes(struct slice *rest, struct slice *out) {
    uint16_t len;
    if (rest->len < sizeof len) return false;
    memcpy(&len, rest->ptr, sizeof len);
    if (rest->len - sizeof len < len) return false;
    *out = slice_sub(*rest, sizeof len, sizeof len + len);
    *rest = slice_sub(*rest, sizeof len + len, rest->len);
    return true;
}

enum status dedup_resume_next(struct dedup_resume_in *r, struct dedup_line *line, struct signature *sig, struct buf *err) {
    if (r->given == r->lines) return ST_RETRY;
    enum status st = fill(r, err);
    if (st != ST_OK) return st;
    bool whole = r->rest.len > 0;
    if (whole) {
        line->good = r->rest.ptr[0] == 1;
        r->rest = slice_sub(r->rest, 1, r->rest.len);
        line->signature = sig;
        if (line->good)
            whole = take_bytes(&r->rest, &line->id) && take_bytes(&r->rest, &line->rank) && signature_unpack(&r->rest, sig);
    }
    r->given++;
    return whole ? ST_OK
                 : fail(err, ST_FATAL, "what an earlier run left is damaged: remove the .resume- files of the output folder");
}

void dedup_resume_sweep(const char *dir) {
    char **names;
    size_t n;
    struct buf path = {.max = 8192};
    if (dir_list(dir, ".sig", &names, &n, NULL) != ST_OK) return;
    for (size_t i = 0; i < n; i++) {
        if (!slice_starts(slice_str(names[i]), slice_str(PREFIX))) continue;
        path_join(&path, dir, names[i]);
        unlink(buf_cstr(&path));
    }
    buf_free(&path);
    dir_list_free(names, n);
}
