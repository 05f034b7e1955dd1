#include "cli/serve_files.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/checksums.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- lookup ---- */

static const char *type_of(const char *path) {
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".jsonl.zst", "application/zstd"},
        {".json", "application/json"},
        {".jsonl", "application/x-ndjson"},
        {".jsonld", "application/ld+json"},
        {".html", "text/html; charset=utf-8"},
        {".md", "text/markdown; charset=utf-8"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {"SHA256SUMS", "text/plain; charset=utf-8"},
        {".minisig", "text/plain; charset=utf-8"},
        {".pub", "text/plain; charset=utf-8"},
        {"_SUCCESS", "text/plain; charset=utf-8"},
        {".gz", "application/gzip"},
        {".zst", "application/zstd"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(slice_str(path), slice_str(types[i].suffix))) return types[i].type;
    return "application/octet-stream";
}

/* Open ${name} in ${dir}: a file or a folder, never a link.  -1 when there is none. */
static int open_below(int dir, struct slice name) {
    char plain[256];
    if (name.len == 0 || name.len >= sizeof plain || name.ptr[0] == '.') return -1;
    memcpy(plain, name.ptr, name.len);
    plain[name.len] = '\0';
    return openat(dir, plain, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* The SHA-256 that the version's own list gives to the file at ${inside}. */
static bool listed_digest(int version_dir, struct slice inside, char hex[65]) {
    struct buf text = {.max = LIMIT_RELEASE_META}, line = {.max = LIMIT_ERR};
    int fd = openat(version_dir, CHECKSUMS_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool found = false;
    if (fd < 0) return false;
    if (file_read_fd(fd, LIMIT_RELEASE_META - MIB, &text, NULL) == ST_OK) {
        buf_str(&line, "  ");
        buf_slice(&line, inside);
        buf_char(&line, '\n');
        size_t at = slice_find(buf_view(&text), buf_view(&line));
        found = at != SIZE_MAX && at >= 64 && (at == 64 || text.data[at - 65] == '\n');
        if (found) {
            memcpy(hex, text.data + at - 64, 64);
            hex[64] = '\0';
        }
    }
    close(fd);
    buf_free(&text);
    buf_free(&line);
    return found;
}

static void set_etag(struct serve_entry *e, const struct stat *sb, int version_dir, struct slice inside) {
    char hex[65];
    e->immutable = version_dir >= 0;
    if (version_dir >= 0 && listed_digest(version_dir, inside, hex))
        snprintf(e->etag, sizeof e->etag, "\"%s\"", hex);
    else
        snprintf(e->etag, sizeof e->etag, "\"%llx-%llx-%llx%08lx\"", (unsigned long long)sb->st_ino,
                 (unsigned long long)sb->st_size, (unsigned long long)sb->st_mtim.tv_sec, sb->st_mtim.tv_nsec);
}

void serve_files_find(int root_fd, const char *path, struct serve_entry *e) {
    struct slice rest = slice_str(path), name;
    int at = fcntl(root_fd, F_DUPFD_CLOEXEC, 0), version_dir = -1;
    struct slice inside = {"", 0};
    struct stat sb;
    bool folder_wanted = rest.len && rest.ptr[rest.len - 1] == '/';
    *e = (struct serve_entry){.kind = SERVE_NOTHING, .fd = -1};
    if (rest.len && rest.ptr[0] == '/') rest = slice_sub(rest, 1, rest.len);
    if (folder_wanted && rest.len) rest.len--;
    for (unsigned depth = 0; at >= 0 && rest.ptr && rest.len; depth++) {
        if (depth == 2) { /* ROOT/NAME/VERSION */
            version_dir = fcntl(at, F_DUPFD_CLOEXEC, 0);
            inside = rest;
        }
        int dir = at;
        at = slice_cut(&rest, '/', &name) && depth < 16 ? open_below(dir, name) : -1;
        close(dir);
        if (rest.ptr && rest.len == 0 && at >= 0) { /* "a//b" or a doubled end */
            close(at);
            at = -1;
        }
    }
    if (at >= 0 && fstat(at, &sb) == 0 && (S_ISDIR(sb.st_mode) || (S_ISREG(sb.st_mode) && !folder_wanted))) {
        e->kind = S_ISDIR(sb.st_mode) ? SERVE_FOLDER : SERVE_FILE;
        e->fd = at;
        e->bytes = S_ISREG(sb.st_mode) ? (uint64_t)sb.st_size : 0;
        e->type = type_of(path);
        set_etag(e, &sb, version_dir, inside);
    } else if (at >= 0)
        close(at);
    if (version_dir >= 0) close(version_dir);
}

/* ---- conditions ---- */

/* If-None-Match: a list of tags compared weakly, or "*" (RFC 9110 13.1.2). */
static bool none_match_hits(const char *value, const char *etag) {
    struct slice rest = slice_str(value), tag;
    while (slice_cut(&rest, ',', &tag)) {
        tag = slice_trim(tag);
        if (slice_starts(tag, slice_str("W/"))) tag = slice_sub(tag, 2, tag.len);
        if (slice_eq_str(tag, "*") || slice_eq_str(tag, etag)) return true;
    }
    return false;
}

enum range_kind { RANGE_NONE, RANGE_PART, RANGE_OUTSIDE };

/* RFC 9110 14.1.2: bytes=FIRST-LAST, FIRST- or -SUFFIX; one only. */
static enum range_kind parse_range(struct slice value, uint64_t bytes, uint64_t *from, uint64_t *to) {
    struct slice rest = slice_trim(value), first;
    if (!slice_starts_nocase(rest, slice_str("bytes="))) return RANGE_NONE;
    rest = slice_trim(slice_sub(rest, 6, rest.len));
    if (slice_find_char(rest, ',') != SIZE_MAX || !slice_cut(&rest, '-', &first) || rest.ptr == NULL) return RANGE_NONE;
    uint64_t a = 0, b = bytes - 1;
    if (first.len == 0) {
        uint64_t suffix = 0;
        if (!slice_parse_u64(rest, &suffix)) return RANGE_NONE;
        if (suffix == 0 || bytes == 0) return RANGE_OUTSIDE;
        a = suffix < bytes ? bytes - suffix : 0;
    } else {
        if (!slice_parse_u64(first, &a) || (rest.len && (!slice_parse_u64(rest, &b) || b < a))) return RANGE_NONE;
        if (a >= bytes) return RANGE_OUTSIDE;
        if (b >= bytes) b = bytes - 1;
    }
    *from = a;
    *to = b;
    return RANGE_PART;
}

void serve_files_judge(const char *etag, uint64_t bytes, const struct serve_conditions *c, struct serve_answer *a) {
    uint64_t from = 0, to = 0;
    *a = (struct serve_answer){.status = 200, .bytes = bytes};
    if (c->if_none_match && none_match_hits(c->if_none_match, etag)) {
        *a = (struct serve_answer){.status = 304};
        return;
    }
    if (!c->range || (c->if_range && strcmp(c->if_range, etag) != 0)) return;
    enum range_kind kind = parse_range(slice_str(c->range), bytes, &from, &to);
    if (kind == RANGE_PART) *a = (struct serve_answer){.status = 206, .from = from, .bytes = to - from + 1};
    if (kind == RANGE_OUTSIDE) *a = (struct serve_answer){.status = 416};
}
