#include "crawler/ingest_folder.h"
#include "base/file.h"
#include "base/limits.h"
#include "crawler/ingest_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024 };

struct level {
    char **names;
    size_t n, next;
    size_t path_len; /* of the folder, in `path` */
};

struct ingest_folder {
    struct level levels[LIMIT_INGEST_DEPTH];
    size_t depth;
    struct buf path; /* of what is being looked at */
    size_t root;     /* bytes of `path` that are the folder's own, with the slash */
    int fd;          /* of the member, or -1 */
    uint64_t at;
    char block[BLOCK];
};

bool ingest_folder_is(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool ingest_folder_apart(struct slice name) {
    static const char *const kinds[] = {".tar",      ".tar.gz",    ".tar.bz2",  ".tar.xz",    ".tar.zst", ".tgz",     ".zip",
                                        ".warc",     ".warc.gz",   ".warc.zst", ".wet",       ".wet.gz",  ".wet.zst", ".jsonl",
                                        ".jsonl.gz", ".jsonl.zst", ".ndjson",   ".ndjson.gz", ".xml.bz2", ".xml.gz",  ".xml.zst",
                                        ".xml.xz",   ".jsonl.bz2", ".jsonl.xz", ".wat.gz",    ".oai.xml"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ingest_name_has(name, kinds[i])) return true;
    return false;
}

static enum status enter(struct ingest_folder *f, struct buf *err) {
    if (f->depth == LIMIT_INGEST_DEPTH) return fail(err, ST_FATAL, "%s: too many folders deep", buf_cstr(&f->path));
    struct level *l = &f->levels[f->depth];
    *l = (struct level){.path_len = f->path.len};
    enum status st = dir_list(buf_cstr(&f->path), "", &l->names, &l->n, err);
    if (st == ST_OK) f->depth++;
    return st;
}

enum status ingest_folder_open(const char *path, struct ingest_folder **out, struct buf *err) {
    struct ingest_folder *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_RETRY, "out of memory");
    f->fd = -1;
    buf_init(&f->path, LIMIT_URL_INPUT);
    buf_str(&f->path, path);
    while (f->path.len > 1 && f->path.data[f->path.len - 1] == '/') buf_truncate(&f->path, f->path.len - 1);
    f->root = f->path.len + 1;
    enum status st = enter(f, err);
    if (st == ST_OK)
        *out = f;
    else
        ingest_folder_free(f);
    return st;
}

void ingest_folder_free(struct ingest_folder *f) {
    if (!f) return;
    while (f->depth) {
        f->depth--;
        dir_list_free(f->levels[f->depth].names, f->levels[f->depth].n);
    }
    if (f->fd >= 0) close(f->fd);
    buf_free(&f->path);
    free(f);
}

/* The next path that is no folder, with its facts.  RETRY at the end. */
static enum status step(struct ingest_folder *f, struct stat *info, struct buf *err) {
    while (f->depth) {
        struct level *l = &f->levels[f->depth - 1];
        if (l->next == l->n) {
            dir_list_free(l->names, l->n);
            f->depth--;
            continue;
        }
        const char *name = l->names[l->next];
        if (name[0] == '.' || ingest_name_has(slice_str(name), ".part")) { /* hidden, or still coming */
            l->next++;
            continue;
        }
        buf_truncate(&f->path, l->path_len);
        buf_char(&f->path, '/');
        buf_str(&f->path, l->names[l->next++]);
        if (!buf_ok(&f->path)) return fail(err, ST_FATAL, "%.200s…: the path is too long", buf_cstr(&f->path));
        if (lstat(buf_cstr(&f->path), info) != 0) continue; /* gone since it was listed */
        if (!S_ISDIR(info->st_mode)) return ST_OK;
        enum status st = enter(f, err);
        if (st != ST_OK) return st;
    }
    return ST_RETRY;
}

enum status ingest_folder_next(struct ingest_folder *f, struct ingest_member *m, struct buf *err) {
    struct stat info;
    enum status st;
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
    do st = step(f, &info, err);
    while (st == ST_OK && S_ISREG(info.st_mode) && ingest_folder_apart(buf_view(&f->path)));
    if (st != ST_OK) return st;
    *m = (struct ingest_member){.path = slice_sub(buf_view(&f->path), f->root, f->path.len),
                                .date_ms = (int64_t)info.st_mtim.tv_sec * 1000};
    if (!S_ISREG(info.st_mode)) {
        m->refused = S_ISLNK(info.st_mode) ? "a link" : "a device or another special file";
        return ST_OK;
    }
    f->fd = open(buf_cstr(&f->path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (f->fd < 0) m->refused = strerror(errno);
    return ST_OK;
}

enum status ingest_folder_block(struct ingest_folder *f, struct slice *block, struct buf *err) {
    ssize_t n;
    if (f->fd < 0) return ST_RETRY;
    do n = read(f->fd, f->block, BLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail(err, ST_SKIP, "%s: %s", buf_cstr(&f->path), strerror(errno));
    if (n == 0) return ST_RETRY;
    f->at += (uint64_t)n;
    *block = slice_of(f->block, (size_t)n);
    return ST_OK;
}

uint64_t ingest_folder_at(const struct ingest_folder *f) { return f->at; }

enum status ingest_folder_each_apart(const char *path, enum status (*fn)(void *ctx, const char *file), void *ctx, struct buf *err) {
    struct ingest_folder *f = NULL;
    struct stat info;
    enum status st = ingest_folder_open(path, &f, err);
    while (st == ST_OK && (st = step(f, &info, err)) == ST_OK)
        if (S_ISREG(info.st_mode) && ingest_folder_apart(buf_view(&f->path))) st = fn(ctx, buf_cstr(&f->path));
    ingest_folder_free(f);
    return st == ST_RETRY ? ST_OK : st;
}
