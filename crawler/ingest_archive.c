/*
 * Archives through libarchive, one front to back pass; folders through ingest_folder.c.
 *
 * A file that is neither tar nor zip is one member without a path ("raw"), whatever compresses it.  An office document is a zip that
 * counts as one member: its format opens it again.
 */
#include "base/file.h"
#include "base/limits.h"
#include "crawler/ingest_folder.h"
#include "crawler/ingest_format.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PEEK = 4096, BLOCK = 256 * 1024, EARLIEST_S = 365 * 24 * 3600 * 10 /* a date before 1980 is none */ };

struct ingest_input {
    struct archive *a;            /* NULL: a folder */
    struct ingest_folder *folder; /* NULL: an archive */
    char *name;                   /* for messages */
    struct buf path, ahead;       /* the member's path; bytes peeked at and not yet taken */
    struct slice rest;            /* of the block last read, not yet given out */
    uint64_t made;                /* bytes unpacked so far */
    bool bomb, over, taken;       /* over: the member has ended; taken: `ahead` was given out */
};

static enum status broken(struct ingest_input *in, struct buf *err) {
    const char *why = archive_error_string(in->a);
    return fail(err, ST_FATAL, "%s: %s", in->name, why ? why : "cannot be read");
}

static bool is_office(const char *path) {
    unsigned char head[80] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    struct slice h = slice_of((const char *)head, n > 0 ? (size_t)n : 0), name = slice_str(path);
    if (!slice_starts(h, slice_of("PK\3\4", 4))) return false;
    return ingest_name_has(name, ".docx") || ingest_name_has(name, ".odt") ||
           slice_find(h, slice_str("mimetypeapplication/vnd.oasis.opendocument.text")) != SIZE_MAX;
}

static bool support(struct archive *a, bool office) {
    bool ok = archive_read_support_format_raw(a) == ARCHIVE_OK && archive_read_support_format_empty(a) == ARCHIVE_OK;
    if (office) return ok;
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    return ok && archive_read_support_format_tar(a) == ARCHIVE_OK && archive_read_support_format_zip(a) == ARCHIVE_OK;
}

static struct ingest_input *input_new(const char *name) {
    struct ingest_input *in = calloc(1, sizeof *in);
    if (!in) return NULL;
    in->name = strdup(name);
    buf_init(&in->path, LIMIT_URL_INPUT);
    buf_init(&in->ahead, PEEK + 2 * (size_t)BLOCK);
    if (in->name) return in;
    free(in);
    return NULL;
}

enum status ingest_input_open(const char *path, struct ingest_input **out, struct buf *err) {
    struct ingest_input *in = input_new(path);
    enum status st = in ? ST_OK : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK && ingest_folder_is(path)) {
        st = ingest_folder_open(path, &in->folder, err);
    } else if (st == ST_OK) {
        in->a = archive_read_new();
        if (!in->a || !support(in->a, is_office(path)))
            st = fail(err, ST_RETRY, "out of memory");
        else if (access(path, R_OK) != 0)
            st = fail(err, ST_SKIP, "%s: %s", path, strerror(errno));
        else if (archive_read_open_filename(in->a, path, BLOCK) != ARCHIVE_OK)
            st = fail(err, ST_FATAL, "%s: %s", path, archive_error_string(in->a));
    }
    if (st == ST_OK)
        *out = in;
    else
        ingest_input_free(in);
    return st;
}

enum status ingest_input_memory(struct slice bytes, struct ingest_input **out, struct buf *err) {
    struct ingest_input *in = input_new("the document");
    if (in) in->a = archive_read_new();
    if (!in || !in->a || archive_read_support_format_zip(in->a) != ARCHIVE_OK) {
        ingest_input_free(in);
        return fail(err, ST_RETRY, "out of memory");
    }
    if (archive_read_open_memory(in->a, bytes.ptr, bytes.len) != ARCHIVE_OK) {
        enum status st = broken(in, err);
        ingest_input_free(in);
        return st;
    }
    *out = in;
    return ST_OK;
}

void ingest_input_free(struct ingest_input *in) {
    if (!in) return;
    archive_read_free(in->a);
    ingest_folder_free(in->folder);
    buf_free(&in->path);
    buf_free(&in->ahead);
    free(in->name);
    free(in);
}

/* ---- members ---- */

/* A path that stays inside: relative, without "..". */
static bool is_safe(struct slice path) {
    struct slice rest = path, part;
    if (!path.len || path.ptr[0] == '/' || memchr(path.ptr, '\\', path.len)) return false;
    while (slice_cut(&rest, '/', &part))
        if (slice_eq_str(part, "..")) return false;
    return true;
}

static const char *refusal(struct archive_entry *e, struct slice path, struct ingest_member *m) {
    if (archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFLNK) return "a link";
    if (archive_entry_filetype(e) != AE_IFREG) return "a device or another special file";
    if (!is_safe(path)) return "a path that leads out of the archive";
    m->locked = archive_entry_is_encrypted(e) > 0;
    return m->locked ? "encrypted" : NULL;
}

static void describe(struct ingest_input *in, struct archive_entry *e, struct ingest_member *m) {
    bool raw = (archive_format(in->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;
    const char *name = archive_entry_pathname_utf8(e);
    if (!name) name = archive_entry_pathname(e);
    buf_clear(&in->path);
    if (!raw && name) buf_str(&in->path, name);
    *m = (struct ingest_member){.path = buf_view(&in->path), .date_ms = INT64_MIN};
    while (slice_starts(m->path, slice_str("./"))) m->path = slice_sub(m->path, 2, m->path.len);
    if (!raw && archive_entry_mtime_is_set(e) && archive_entry_mtime(e) > EARLIEST_S)
        m->date_ms = (int64_t)archive_entry_mtime(e) * 1000;
    if (!raw) m->refused = refusal(e, m->path, m);
}

static enum status next_entry(struct ingest_input *in, struct ingest_member *m, struct buf *err) {
    struct archive_entry *e;
    for (;;) {
        int r = archive_read_next_header(in->a, &e);
        if (r == ARCHIVE_EOF) return ST_RETRY;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return r == ARCHIVE_RETRY ? ST_RETRY : broken(in, err);
        if (archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e)) continue;
        describe(in, e, m);
        return ST_OK;
    }
}

enum status ingest_input_next(struct ingest_input *in, struct ingest_member *m, struct buf *err) {
    in->over = in->taken = false;
    in->rest = slice_of("", 0);
    buf_clear(&in->ahead);
    if (in->bomb) return fail(err, ST_FATAL, "%s: expands too much", in->name);
    return in->folder ? ingest_folder_next(in->folder, m, err) : next_entry(in, m, err);
}

/* ---- bytes ---- */

static enum status next_block(struct ingest_input *in, struct slice *block, struct buf *err) {
    const void *p;
    size_t n;
    la_int64_t at;
    if (in->folder) return ingest_folder_block(in->folder, block, err);
    for (;;) {
        int r = archive_read_data_block(in->a, &p, &n, &at);
        if (r == ARCHIVE_EOF) return ST_RETRY;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return broken(in, err);
        if (n) break;
    }
    *block = slice_of(p, n);
    in->made += n;
    uint64_t stored = (uint64_t)archive_filter_bytes(in->a, -1);
    in->bomb = in->made > LIMIT_INGEST_FREE && in->made / LIMIT_INGEST_RATIO > stored;
    if (!in->bomb) return ST_OK;
    return fail(err, ST_FATAL, "%s: %llu bytes have grown to %llu: a bomb", in->name, (unsigned long long)stored,
                (unsigned long long)in->made);
}

/* What of ${s} does not fit into `ahead` waits in `rest`: it stays alive until the next block is read. */
enum status ingest_input_peek(struct ingest_input *in, struct slice *head, struct buf *err) {
    while (in->ahead.len < PEEK && !in->over) {
        struct slice s;
        enum status st = next_block(in, &s, err);
        in->over = st == ST_RETRY;
        if (st == ST_FATAL || st == ST_SKIP) {
            in->over = true;
            if (in->ahead.len == 0) return st;
            break; /* what is there is looked at; the damage is told when it is reached */
        }
        if (st != ST_OK) break;
        size_t fits = PEEK - in->ahead.len < s.len ? PEEK - in->ahead.len : s.len;
        buf_slice(&in->ahead, slice_sub(s, 0, fits));
        in->rest = slice_sub(s, fits, s.len);
        if (!buf_ok(&in->ahead)) return fail(err, ST_RETRY, "out of memory");
    }
    *head = buf_view(&in->ahead);
    return ST_OK;
}

enum status ingest_input_block(struct ingest_input *in, struct slice *block, struct buf *err) {
    if (!in->taken && in->ahead.len) {
        in->taken = true;
        *block = buf_view(&in->ahead);
        return ST_OK;
    }
    if (in->rest.len) {
        *block = in->rest;
        in->rest = slice_of("", 0);
        return ST_OK;
    }
    if (in->over && !in->bomb && !in->a) return ST_RETRY;
    return next_block(in, block, err);
}

bool ingest_input_bomb(const struct ingest_input *in) { return in->bomb; }
bool ingest_input_is_folder(const struct ingest_input *in) { return in->folder != NULL; }

uint64_t ingest_input_at(const struct ingest_input *in) {
    return in->folder ? ingest_folder_at(in->folder) : (uint64_t)archive_filter_bytes(in->a, -1);
}
