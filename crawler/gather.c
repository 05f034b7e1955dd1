#include "base/file.h"
#include "base/hash_file.h"
#include "base/limits.h"
#include "crawler/gather_parts.h"
#include "crawler/ingest_format.h"
#include "crawler/robots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INDEX_MAX = 16 << 20, SUMS_MAX = 16 << 20 };

const char *gather_folder(const char *hub, const struct source *source, struct buf *out) {
    buf_clear(out);
    buf_printf(out, "%s/dumps/%s", hub, source->id);
    return buf_cstr(out);
}

/* ---- one file ---- */

struct download {
    struct gather *g;
    const char *name;
    struct buf path, part, meta; /* final, growing, its facts */
    int fd;
    uint64_t have;
    char etag[256], modified[64];
    bool begun, resumed; /* begun: the first bytes of this answer came */
    struct fetch_file_answer ans;
    struct buf *err;
};

static void read_meta(struct download *d) {
    struct buf text = {.max = MIB};
    struct json_parser *p = json_parser_new(64 * KIB);
    struct json_value root;
    if (p && file_read(buf_cstr(&d->meta), 64 * KIB, &text, NULL) == ST_OK &&
        json_parse(p, buf_view(&text), &root, NULL) == ST_OK) {
        snprintf(d->etag, sizeof d->etag, "%.*s", SLICE_ARG(json_get_string(root, "etag")));
        snprintf(d->modified, sizeof d->modified, "%.*s", SLICE_ARG(json_get_string(root, "modified")));
    }
    json_parser_free(p);
    buf_free(&text);
}

static enum status write_meta(struct download *d, const char *url) {
    struct buf text = {.max = 64 * KIB};
    struct json_out j;
    json_out_init(&j, &text);
    json_object(&j);
    json_kv_str(&j, "url", slice_str(url));
    json_kv_str(&j, "etag", slice_str(d->ans.etag));
    json_kv_str(&j, "modified", slice_str(d->ans.modified));
    json_kv_int(&j, "bytes", d->ans.total);
    json_object_end(&j);
    buf_char(&text, '\n');
    enum status st = file_write(buf_cstr(&d->meta), buf_view(&text), d->err);
    buf_free(&text);
    return st;
}

/* The first bytes of an answer: do they go on where the part ends? */
static enum status begin_body(struct download *d) {
    d->begun = true;
    bool goes_on = d->ans.status == 206 && d->ans.from == d->have && d->have > 0;
    d->resumed = d->resumed || goes_on;
    if (!goes_on) {
        if (d->ans.status == 206 && d->ans.from != 0)
            return fail(d->err, ST_RETRY, "%s: the answer begins at the wrong byte", d->name);
        if (ftruncate(d->fd, 0) != 0 || lseek(d->fd, 0, SEEK_SET) != 0) return fail_errno(d->err, "empty", buf_cstr(&d->part));
        d->have = 0;
    }
    return write_meta(d, d->name);
}

static enum status on_bytes(void *ctx, struct slice bytes) {
    struct download *d = ctx;
    const struct gather_options *o = d->g->opt;
    enum status st = d->begun ? ST_OK : begin_body(d);
    if (st == ST_OK) st = fd_write_all(d->fd, bytes, buf_cstr(&d->part), d->err);
    if (st == ST_RETRY) st = ST_FATAL; /* a full disk: another try would not help */
    if (st != ST_OK) return st;
    d->have += bytes.len;
    d->g->report->bytes += bytes.len;
    if (o->progress) o->progress(o->polite.ctx, d->name, d->have, d->ans.total);
    return ST_OK;
}

static enum status again(void *ctx, struct fetch_file_request *req) {
    struct download *d = ctx;
    if (d->begun) { /* cut: what came says which file it was */
        memcpy(d->etag, d->ans.etag, sizeof d->etag);
        memcpy(d->modified, d->ans.modified, sizeof d->modified);
    }
    d->begun = false;
    bool strong = d->etag[0] == '"';
    req->from = strong || d->modified[0] ? d->have : 0;
    req->if_range = strong ? d->etag : d->modified;
    d->g->report->requested++;
    return ST_OK;
}

static enum status check_digest(struct download *d, struct slice digest) {
    char hex[HASH_FILE_HEX];
    if (!digest.len) return ST_OK;
    enum status st = hash_file(buf_cstr(&d->part), digest.len, hex, d->err);
    if (st != ST_OK || slice_eq_nocase(digest, slice_str(hex))) return st;
    unlink(buf_cstr(&d->part));
    unlink(buf_cstr(&d->meta));
    return fail(d->err, ST_SKIP, "%s: its digest is %s, published is %.*s: thrown away", d->name, hex, SLICE_ARG(digest));
}

/* The part is whole: checked, durable, under its name. */
static enum status finish(struct download *d, struct slice digest) {
    if (d->ans.status == 200 && !d->begun) { /* an empty file */
        enum status st = begin_body(d);
        if (st != ST_OK) return st;
    }
    if (d->ans.total >= 0 && d->have != (uint64_t)d->ans.total)
        return fail(d->err, ST_RETRY, "%s: %llu of %lld bytes came", d->name, (unsigned long long)d->have, (long long)d->ans.total);
    enum status st = check_digest(d, digest);
    if (st == ST_OK && fsync(d->fd) != 0) st = fail_errno(d->err, "fsync", buf_cstr(&d->part));
    if (st == ST_OK && rename(buf_cstr(&d->part), buf_cstr(&d->path)) != 0) st = fail_errno(d->err, "rename", buf_cstr(&d->part));
    if (st == ST_OK) st = dir_sync(buf_cstr(&d->g->folder), d->err);
    if (st != ST_OK) return st;
    d->g->report->fetched++;
    d->g->report->resumed += d->resumed;
    return ST_OK;
}

static enum status judge_answer(struct download *d, struct slice digest, const char *url) {
    struct gather_report *r = d->g->report;
    if (d->ans.status == 304) {
        r->unchanged++;
        return ST_OK;
    }
    if (d->ans.status == 416) { /* the part is as long as the file, or longer */
        if (ftruncate(d->fd, 0) != 0) return fail_errno(d->err, "empty", buf_cstr(&d->part));
        return fail(d->err, ST_RETRY, "%s: the part did not fit; fetched anew next time", d->name);
    }
    if (d->ans.status != 200 && d->ans.status != 206) return fail(d->err, ST_SKIP, "%s: HTTP %d", url, d->ans.status);
    return finish(d, digest);
}

static enum status fetch(struct download *d, const char *url, struct slice digest) {
    struct stat info;
    bool whole = file_exists(buf_cstr(&d->path));
    bool dated = ingest_date_in_name(slice_str(d->name)) != INGEST_NO_DATE;
    if (whole && dated) {
        d->g->report->unchanged++;
        return ST_OK;
    }
    d->fd = open(buf_cstr(&d->part), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->fd < 0 || fstat(d->fd, &info) != 0) return fail_errno(d->err, "open", buf_cstr(&d->part));
    d->have = (uint64_t)info.st_size;
    if (lseek(d->fd, 0, SEEK_END) < 0) return fail_errno(d->err, "seek in", buf_cstr(&d->part));
    read_meta(d);
    struct fetch_file_request req = {.url = url};
    if (whole && d->have == 0) {
        req.etag = d->etag;
        req.modified = d->etag[0] ? NULL : d->modified;
    }
    enum status st = polite_get(d->g->polite, &req, &d->ans, on_bytes, again, d, d->err);
    if (st == ST_OK) st = judge_answer(d, digest, url);
    if (fstat(d->fd, &info) == 0 && info.st_size == 0) unlink(buf_cstr(&d->part));
    return st;
}

enum status gather_file(struct gather *g, const char *url, const char *name, struct slice digest, struct buf *err) {
    struct download d = {.g = g, .name = name, .fd = -1, .err = err};
    buf_printf(&d.path, "%s/%s", buf_cstr(&g->folder), name);
    buf_printf(&d.part, "%s.part", buf_cstr(&d.path));
    buf_printf(&d.meta, "%s/.%s.meta", buf_cstr(&g->folder), name);
    enum status st = fetch(&d, url, digest);
    if (d.fd >= 0) close(d.fd);
    buf_free(&d.path);
    buf_free(&d.part);
    buf_free(&d.meta);
    return st;
}

/* ---- which files ---- */

struct listed {
    char **urls;
    size_t n, cap;
    struct buf sums; /* lines "HEX  NAME" of all digest files */
};

static bool keep_url(struct listed *l, struct slice url) {
    for (size_t i = 0; i < l->n; i++)
        if (slice_eq_str(url, l->urls[i])) return true;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        char **more = realloc(l->urls, cap * sizeof *more);
        if (!more) return false;
        l->urls = more;
        l->cap = cap;
    }
    l->urls[l->n] = strndup(url.ptr, url.len);
    return l->urls[l->n++] != NULL;
}

static void listed_free(struct listed *l) {
    for (size_t i = 0; i < l->n; i++) free(l->urls[i]);
    free(l->urls);
    buf_free(&l->sums);
}

/* What a URL's file is called: its last path segment, harmless as a file name. */
static bool name_of(const char *url, char out[256]) {
    struct url_parts u;
    if (!url_split(slice_str(url), &u)) return false;
    struct slice base = ingest_path_base(u.path);
    size_t n = 0;
    for (size_t i = 0; i < base.len && n < 200; i++)
        out[n++] = ascii_is_alnum(base.ptr[i]) || strchr("._-+", base.ptr[i]) ? base.ptr[i] : '_';
    for (size_t i = 0; u.query.ptr && i < u.query.len && n < 240; i++)
        out[n++] = ascii_is_alnum(u.query.ptr[i]) ? u.query.ptr[i] : '_';
    out[n] = '\0';
    return n > 0 && out[0] != '.';
}

static bool is_sums(struct slice url) {
    static const char *const ends[] = {".sha1",       ".sha256",    ".sha512",  ".md5",    "sha1sums.txt", "sha256sums.txt",
                                       "md5sums.txt", "SHA256SUMS", "SHA1SUMS", "MD5SUMS", "md5sums",      "sha1sums"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ingest_name_has(url, ends[i])) return true;
    return false;
}

static bool included(const struct source *s, struct slice url) {
    struct url_parts u;
    struct buf target = {.max = LIMIT_URL_INPUT}, pattern = {.max = LIMIT_URL_INPUT};
    bool in = s->include.n == 0 && !slice_ends(url, slice_str("/")), out = false;
    if (!url_split(url, &u)) return false;
    robots_normalise(u.target, false, &target);
    for (unsigned i = 0; i < s->include.n + s->exclude.n; i++) {
        bool exclude = i >= s->include.n;
        buf_clear(&pattern);
        robots_normalise(slice_str(exclude ? s->exclude.items[i - s->include.n] : s->include.items[i]), true, &pattern);
        bool m = robots_pattern_matches(buf_view(&pattern), buf_view(&target));
        in = in || (m && !exclude);
        out = out || (m && exclude);
    }
    buf_free(&target);
    buf_free(&pattern);
    return (in && !out) || (in && is_sums(url));
}

/* The links of a folder's page on the same host. */
static enum status list_folder(struct gather *g, const char *url, struct listed *l, struct buf *err) {
    const struct source *src = g->opt->polite.source;
    struct buf html = {.max = INDEX_MAX};
    struct fetch_file_answer ans;
    struct page_reader *r = page_reader_new();
    struct page page;
    struct page_options opt = {.url = slice_str(url), .want_links = true};
    struct url_parts here, there;
    g->report->requested++;
    enum status st = r ? polite_read(g->polite, url, INDEX_MAX, &html, &ans, err) : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK) st = page_read(r, buf_view(&html), &opt, &page, err);
    bool ours = st == ST_OK && url_split(slice_str(url), &here);
    for (size_t i = 0; ours && i < page.n_links; i++) {
        struct slice to = page.links[i].url;
        bool same = url_split(to, &there) && slice_eq(there.origin, here.origin);
        if (same && (included(src, to) || (is_sums(to) && slice_starts(to, slice_str(url)))) && !keep_url(l, to))
            st = fail(err, ST_RETRY, "out of memory");
    }
    page_reader_free(r);
    buf_free(&html);
    return st;
}

static enum status read_sums(struct gather *g, struct listed *l, struct buf *err) {
    struct buf text = {.max = SUMS_MAX};
    struct fetch_file_answer ans;
    enum status st = ST_OK;
    l->sums.max = 4 * (size_t)SUMS_MAX;
    for (size_t i = 0; st == ST_OK && i < l->n; i++) {
        char name[256];
        if (!is_sums(slice_str(l->urls[i])) || !name_of(l->urls[i], name)) continue;
        g->report->requested++;
        st = polite_read(g->polite, l->urls[i], SUMS_MAX, &text, &ans, err);
        if (st != ST_OK) break;
        /* "HEX" alone, in NAME.md5, is the digest of NAME */
        struct slice rest = buf_view(&text), line;
        while (slice_cut(&rest, '\n', &line)) {
            line = slice_trim(line);
            size_t hex = 0;
            while (hex < line.len && strchr("0123456789abcdefABCDEF", line.ptr[hex])) hex++;
            if (hex < 32) continue;
            struct slice file = slice_trim(slice_sub(line, hex, line.len));
            if (file.len && file.ptr[0] == '*') file = slice_sub(file, 1, file.len);
            if (!file.len) file = ingest_path_stem(slice_str(name));
            buf_printf(&l->sums, "%.*s %.*s\n", (int)hex, line.ptr, SLICE_ARG(ingest_path_base(file)));
        }
    }
    buf_free(&text);
    return st;
}

/* The longest digest published for ${name}.  A list may name "frwiki-20240901-…" what the address calls "frwiki-latest-…": then none is known. */
static struct slice digest_of(const struct listed *l, const char *name) {
    struct slice rest = buf_view(&l->sums), line, best = {"", 0};
    while (slice_cut(&rest, '\n', &line)) {
        size_t space = slice_find_char(line, ' ');
        if (space != SIZE_MAX && slice_eq_str(slice_sub(line, space + 1, line.len), name) && space > best.len)
            best = slice_sub(line, 0, space);
    }
    return best;
}

/* One file that cannot be had does not keep the others from coming. */
static enum status tolerate(struct gather *g, enum status st, struct buf *err) {
    bool stop = g->opt->polite.stop && g->opt->polite.stop(g->opt->polite.ctx);
    if (st == ST_OK || st == ST_FATAL || stop) return stop && st == ST_OK ? fail(err, ST_RETRY, "stopped") : st;
    log_line(g->opt->log, LOG_WARN, "%s", buf_cstr(err));
    if (st == ST_SKIP)
        g->report->refused++;
    else
        g->report->waiting = true;
    return ST_OK;
}

enum status gather_dumps(struct gather *g, struct buf *err) {
    const struct source *src = g->opt->polite.source;
    struct listed l = {.n = 0};
    enum status st = ST_OK;
    for (unsigned i = 0; st == ST_OK && i < src->seeds.n; i++) {
        struct slice seed = slice_str(src->seeds.items[i]);
        if (slice_ends(seed, slice_str("/")))
            st = tolerate(g, list_folder(g, src->seeds.items[i], &l, err), err);
        else if (!keep_url(&l, seed))
            st = fail(err, ST_RETRY, "out of memory");
    }
    if (st == ST_OK) st = tolerate(g, read_sums(g, &l, err), err);
    for (size_t i = 0; st == ST_OK && i < l.n; i++) {
        char name[256];
        if (is_sums(slice_str(l.urls[i])) || !name_of(l.urls[i], name)) continue;
        st = tolerate(g, gather_file(g, l.urls[i], name, digest_of(&l, name), err), err);
    }
    listed_free(&l);
    return st;
}

enum status gather_run(const struct gather_options *opt, struct gather_report *report, bool *newer, struct buf *err) {
    struct gather g = {.opt = opt, .report = report};
    *report = (struct gather_report){.requested = 0};
    gather_folder(opt->polite.hub, opt->polite.source, &g.folder);
    enum status st = dir_make(buf_cstr(&g.folder), err);
    if (st == ST_OK) st = polite_open(&opt->polite, &g.polite, newer, err);
    if (st == ST_OK) st = opt->polite.source->access == ACCESS_OAI ? gather_oai(&g, err) : gather_dumps(&g, err);
    polite_free(g.polite);
    buf_free(&g.folder);
    return st;
}
