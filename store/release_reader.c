#include "store/release_reader.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/jsonl.h"
#include <stdlib.h>

#define OPEN_FILES 8
#define FRAME_LINES 4096 /* a frame holds one record or a small batch; past this many lines the offset is wrong */

struct open_file {
    char *name;
    struct jsonl_reader *lines;
    uint64_t used; /* when, on the reader's own count */
};

struct release_reader {
    char *folder;
    struct json_parser *json;
    struct open_file files[OPEN_FILES];
    uint64_t clock;
};

struct release_reader *release_reader_new(const char *folder) {
    struct release_reader *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->folder = strdup(folder);
    r->json = json_parser_new(LIMIT_LINE);
    if (r->folder && r->json) return r;
    release_reader_free(r);
    return NULL;
}

static void close_file(struct open_file *f) {
    jsonl_free(f->lines);
    free(f->name);
    *f = (struct open_file){0};
}

void release_reader_free(struct release_reader *r) {
    if (!r) return;
    for (size_t i = 0; i < OPEN_FILES; i++) close_file(&r->files[i]);
    json_parser_free(r->json);
    free(r->folder);
    free(r);
}

static enum status open_segment(struct release_reader *r, const char *segment, struct open_file **out, struct buf *err) {
    struct open_file *oldest = &r->files[0];
    for (size_t i = 0; i < OPEN_FILES; i++) {
        struct open_file *f = &r->files[i];
        if (f->name && !strcmp(f->name, segment)) {
            *out = f;
            return ST_OK;
        }
        if (f->used < oldest->used) oldest = f;
    }
    close_file(oldest);
    struct buf path = {.max = LIMIT_URL_INPUT};
    path_join(&path, r->folder, segment);
    enum status st = jsonl_open(buf_cstr(&path), &oldest->lines, err);
    buf_free(&path);
    if (st != ST_OK) return st;
    oldest->name = strdup(segment);
    if (!oldest->name) {
        close_file(oldest);
        return fail(err, ST_FATAL, "out of memory");
    }
    *out = oldest;
    return ST_OK;
}

enum status release_reader_get(struct release_reader *r, const char *segment, uint64_t offset, const char *id, struct doc *doc,
                               struct buf *err) {
    struct open_file *f = NULL;
    enum status st = open_segment(r, segment, &f, err);
    if (st != ST_OK) return st;
    f->used = ++r->clock;
    st = jsonl_seek_frame(f->lines, offset, err);
    for (size_t i = 0; st == ST_OK && i < FRAME_LINES; i++) {
        struct slice line;
        st = jsonl_next(f->lines, &line, err);
        if (st == ST_OK) st = doc_read(r->json, line, doc, err);
        if (st == ST_OK && slice_eq_str(doc->id, id)) return ST_OK;
    }
    struct buf why = {.max = LIMIT_ERR};
    if (st != ST_OK && st != ST_RETRY && err) buf_slice(&why, buf_view(err));
    fail(err, ST_FATAL, "%s at %llu: document %s is not there%s%s; run `villers refine` again", segment, (unsigned long long)offset,
         id, why.len ? ": " : "", buf_cstr(&why));
    buf_free(&why);
    return ST_FATAL;
}
