#include "cli/serve_files.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/checksums.h"
#include "store/encode.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_WHOLE (64 * KIB) /* files up to this are answered from memory */
#define PACKED_LEAST ((size_t)512)
#define PACKED_MOST (8 * MIB) /* one is compressed while other connections of its thread wait */

/* ---- lookup ---- */

static const char *type_of(const char *path, bool *text) {
    static const struct {
        const char *suffix, *type;
        bool text;
    } types[] = {
        {".jsonl.zst", "application/zstd", false},
        {".json", "application/json", true},
        {".jsonl", "application/x-ndjson", true},
        {".jsonld", "application/ld+json", true},
        {".html", "text/html; charset=utf-8", true},
        {".md", "text/markdown; charset=utf-8", true},
        {".xml", "application/xml", true},
        {".svg", "image/svg+xml", true},
        {"SHA256SUMS", "text/plain; charset=utf-8", true},
        {".minisig", "text/plain; charset=utf-8", false},
        {".pub", "text/plain; charset=utf-8", false},
        {"_SUCCESS", "text/plain; charset=utf-8", false},
        {".gz", "application/gzip", false},
        {".zst", "application/zstd", false},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(slice_str(path), slice_str(types[i].suffix))) {
            *text = types[i].text;
            return types[i].type;
        }
    *text = false;
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

/* The bytes of a file whose size is known; false when it is shorter by now. */
static bool read_whole(int fd, size_t bytes, struct buf *out) {
    buf_clear(out);
    if (!buf_reserve(out, bytes)) return false;
    while (out->len < bytes) {
        ssize_t n = pread(fd, out->data + out->len, bytes - out->len, (off_t)out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        out->len += (size_t)n;
    }
    out->data[out->len] = '\0';
    return true;
}

static bool settled(const struct stat *sb) {
    int64_t changed = (int64_t)sb->st_ctim.tv_sec * 1000 + sb->st_ctim.tv_nsec / 1000000, now = clock_wall_ms();
    return changed + SERVE_CACHE_SETTLED_MS < now;
}

static bool digest_in(struct slice list, struct slice inside, char hex[65]) {
    struct buf line = {.max = LIMIT_ERR};
    buf_str(&line, "  ");
    buf_slice(&line, inside);
    buf_char(&line, '\n');
    size_t at = slice_find(list, buf_view(&line));
    bool found = buf_ok(&line) && at != SIZE_MAX && at >= 64 && (at == 64 || list.ptr[at - 65] == '\n');
    if (found) {
        memcpy(hex, list.ptr + at - 64, 64);
        hex[64] = '\0';
    }
    buf_free(&line);
    return found;
}

/* The SHA-256 that the version's own list gives to the file at ${inside}. */
static bool listed_digest(int version_dir, struct serve_cache *cache, struct slice inside, char hex[65]) {
    struct buf text = {.max = LIMIT_RELEASE_META};
    struct stat sb;
    int fd = openat(version_dir, CHECKSUMS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    bool known = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && (uint64_t)sb.st_size < LIMIT_RELEASE_META - MIB, found = false;
    if (known) {
        struct serve_key key = serve_key_of(&sb, SERVE_LIST);
        const struct serve_item *list = serve_cache_get(cache, &key);
        if (list)
            found = digest_in(list->body, inside, hex);
        else if (read_whole(fd, (size_t)sb.st_size, &text)) {
            found = digest_in(buf_view(&text), inside, hex);
            if (settled(&sb)) list = serve_cache_put(cache, &key, "", buf_view(&text));
        }
        serve_cache_drop(list);
    }
    close(fd);
    buf_free(&text);
    return found;
}

/* The tag, and the bytes of a small file, remembered or found now. */
static void fill(struct serve_entry *e, struct serve_cache *cache, const struct stat *sb, int version_dir, struct slice inside) {
    struct buf body = {.max = KEPT_WHOLE + 1};
    char hex[65];
    e->immutable = version_dir >= 0;
    e->key = serve_key_of(sb, SERVE_PLAIN);
    e->settled = settled(sb);
    e->kept = S_ISREG(sb->st_mode) && e->settled ? serve_cache_get(cache, &e->key) : NULL;
    if (e->kept) {
        memcpy(e->etag, e->kept->etag, sizeof e->etag);
        return;
    }
    if (version_dir >= 0 && listed_digest(version_dir, cache, inside, hex))
        snprintf(e->etag, sizeof e->etag, "\"%s\"", hex);
    else
        snprintf(e->etag, sizeof e->etag, "\"%llx-%llx-%llx%08lx\"", (unsigned long long)sb->st_ino,
                 (unsigned long long)sb->st_size, (unsigned long long)sb->st_mtim.tv_sec, sb->st_mtim.tv_nsec);
    if (!S_ISREG(sb->st_mode) || !e->settled) return;
    if (e->bytes > KEPT_WHOLE || !read_whole(e->fd, (size_t)e->bytes, &body)) buf_clear(&body);
    e->kept = serve_cache_put(cache, &e->key, e->etag, buf_view(&body));
    buf_free(&body);
}

void serve_files_find(int root_fd, struct serve_cache *cache, const char *path, struct serve_entry *e) {
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
        e->type = type_of(path, &e->text);
        fill(e, cache, &sb, version_dir, inside);
    } else if (at >= 0)
        close(at);
    if (version_dir >= 0) close(version_dir);
}

void serve_files_done(struct serve_entry *e) {
    if (e->fd >= 0) close(e->fd);
    serve_cache_drop(e->kept);
    e->fd = -1;
    e->kept = NULL;
}

/* ---- forms ---- */

/* The weight of one member of Accept-Encoding in thousandths (RFC 9110 12.4.2): a malformed one is refused. */
static unsigned weight_of(struct slice parameters) {
    struct slice q, rest;
    while (slice_cut(&parameters, ';', &q)) {
        q = slice_trim(q);
        if (!slice_starts_nocase(q, slice_str("q="))) continue;
        q = slice_sub(q, 2, q.len);
        rest = q.len > 1 ? slice_sub(q, 2, q.len) : slice_of("", 0);
        if (q.len == 0 || q.len > 5 || (q.len > 1 && q.ptr[1] != '.') || (q.ptr[0] != '0' && q.ptr[0] != '1')) return 0;
        unsigned thousandths = q.ptr[0] == '1' ? 1000 : 0, unit = 100;
        for (size_t i = 0; i < rest.len; i++, unit /= 10) {
            if (!ascii_is_digit(rest.ptr[i])) return 0;
            thousandths += unit * (unsigned)(rest.ptr[i] - '0');
        }
        return thousandths;
    }
    return 1000;
}

enum serve_form serve_files_form(const char *accept) {
    struct slice rest = slice_str(accept), member, name;
    unsigned gzip = 0, zstd = 0, any = 0;
    bool gzip_named = false, zstd_named = false;
    while (rest.ptr && slice_cut(&rest, ',', &member)) {
        if (!slice_cut(&member, ';', &name)) continue;
        name = slice_trim(name);
        unsigned weight = member.ptr ? weight_of(member) : 1000;
        if (slice_eq_nocase(name, slice_str("gzip")) || slice_eq_nocase(name, slice_str("x-gzip"))) {
            gzip = weight;
            gzip_named = true;
        } else if (slice_eq_nocase(name, slice_str("zstd"))) {
            zstd = weight;
            zstd_named = true;
        } else if (slice_eq_str(name, "*"))
            any = weight;
    }
    if (!gzip_named) gzip = any;
    if (!zstd_named) zstd = 0; /* "*" is what old clients send who only know gzip */
    return zstd && zstd >= gzip ? SERVE_ZSTD : gzip ? SERVE_GZIP : SERVE_PLAIN;
}

/* An item without bytes remembers that compressing is of no use. */
static const struct serve_item *worthwhile(const struct serve_item *item) {
    if (!item || item->body.len) return item;
    serve_cache_drop(item);
    return NULL;
}

const struct serve_item *serve_files_pack(struct serve_cache *cache, const struct serve_key *key, const char *etag,
                                          struct slice text, enum serve_form form) {
    struct serve_key own = *key;
    if (form == SERVE_PLAIN || text.len < PACKED_LEAST || text.len > PACKED_MOST) return NULL;
    own.form = (uint64_t)form;
    const struct serve_item *item = serve_cache_get(cache, &own);
    if (item) return worthwhile(item);
    struct buf packed = {.max = 2 * PACKED_MOST};
    struct slice bare = slice_sub(slice_str(etag), 1, strlen(etag) - 1);
    char tag[sizeof item->etag];
    snprintf(tag, sizeof tag, "\"%.*s-%s\"", (int)bare.len, bare.ptr, form == SERVE_GZIP ? "gzip" : "zstd");
    enum status st = form == SERVE_GZIP ? encode_gzip(text, &packed, NULL) : encode_zstd(text, &packed, NULL);
    if (st != ST_OK || packed.len >= text.len) buf_clear(&packed);
    item = serve_cache_put(cache, &own, tag, buf_view(&packed));
    buf_free(&packed);
    return worthwhile(item);
}

const struct serve_item *serve_files_packed(struct serve_cache *cache, const struct serve_entry *e, enum serve_form form) {
    struct serve_key own = e->key;
    struct buf text = {.max = PACKED_MOST + 1};
    if (form == SERVE_PLAIN || !e->text || !e->settled || e->bytes < PACKED_LEAST || e->bytes > PACKED_MOST) return NULL;
    own.form = (uint64_t)form;
    const struct serve_item *item = serve_cache_get(cache, &own);
    if (item) return worthwhile(item);
    if (e->kept && e->kept->body.len)
        item = serve_files_pack(cache, &own, e->etag, e->kept->body, form);
    else if (read_whole(e->fd, (size_t)e->bytes, &text))
        item = serve_files_pack(cache, &own, e->etag, buf_view(&text), form);
    buf_free(&text);
    return item;
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
