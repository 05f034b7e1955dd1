#include "store/verify.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/checksums.h"
#include "store/release_delta.h"
#include "store/release_manifest.h"
#include "store/selection.h"
#include "store/verify_shard.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 4
#define FINDINGS_MAX ((size_t)10000)

struct run {
    const struct verify_options *opt;
    struct verify_report *report;
    struct checksums sums;
    struct release_manifest manifest;
    struct selection selection; /* of a mirror of a part; zeroed: everything is there */
    struct verify_ids *ids;
    enum status ids_status;
    struct verify_shard **checkers; /* one a worker */
    unsigned threads;
    char **keys; /* of each listed file: the keys of its lines, or NULL */
    uint64_t done_bytes;
    pthread_mutex_t lock; /* over the report, done_bytes and the progress callback */
};

static void add_finding(struct run *r, const char *file, uint64_t line, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void add_finding(struct run *r, const char *file, uint64_t line, const char *fmt, ...) {
    struct verify_report *rep = r->report;
    struct buf what = {.max = LIMIT_ERR};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&what, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&r->lock);
    if (rep->n_findings < FINDINGS_MAX) {
        struct verify_finding *grown = realloc(rep->findings, (rep->n_findings + 1) * sizeof *grown);
        if (grown) {
            rep->findings = grown;
            grown[rep->n_findings++] = (struct verify_finding){strdup(file), line, strdup(buf_cstr(&what))};
        }
    }
    pthread_mutex_unlock(&r->lock);
    buf_free(&what);
}

/* ---- one file ---- */

struct file_run {
    struct run *run;
    const struct checksum *item;
    struct verify_shard *checker; /* NULL for what is not a shard */
    struct sha256 hash;
    uint64_t bytes;
};

static void shard_finding(void *ctx, uint64_t line, const char *what) {
    struct file_run *f = ctx;
    add_finding(f->run, f->item->path, line, "%s", what);
}

static void begin_file(struct file_run *f) {
    sha256_init(&f->hash);
    f->bytes = 0;
    if (f->checker) verify_shard_begin(f->checker, shard_finding, f);
}

static enum status feed_file(void *ctx, struct slice bytes) {
    struct file_run *f = ctx;
    struct run *r = f->run;
    sha256_update(&f->hash, bytes.ptr, bytes.len);
    f->bytes += bytes.len;
    if (f->checker) verify_shard_feed(f->checker, bytes);
    pthread_mutex_lock(&r->lock);
    r->done_bytes += bytes.len;
    if (r->opt->progress) r->opt->progress(r->opt->progress_ctx, r->done_bytes, r->manifest.bytes);
    pthread_mutex_unlock(&r->lock);
    return ST_OK;
}

/* Fetch and hash; a transfer that broke begins again from the first byte. */
static enum status read_file(struct file_run *f, unsigned worker, int *status, struct buf *err) {
    const struct transport *t = f->run->opt->transport;
    struct buf url = {.max = LIMIT_URL_INPUT};
    transport_url(&url, f->run->opt->location, f->item->path);
    struct transport_request req = {.url = buf_cstr(&url), .max_bytes = UINT64_MAX};
    enum status st = ST_RETRY;
    for (unsigned attempt = 1; attempt <= TRIES; attempt++) {
        struct transport_answer ans = {.retry_after_ms = -1};
        begin_file(f);
        st = t->get(t->ctx, worker, &req, &ans, feed_file, f, err);
        *status = ans.status;
        bool again = st == ST_RETRY || (st == ST_OK && transport_again(ans.status));
        if (!again) break;
        if (st == ST_OK) st = fail(err, ST_RETRY, "HTTP status %d", ans.status);
        /* A checker that has begun told nothing false so far: its findings stand in what was read twice alike. */
        if (attempt < TRIES && !t->sleep(t->ctx, transport_backoff_ms(attempt, ans.retry_after_ms))) break;
    }
    buf_free(&url);
    return st;
}

static const struct release_shard *shard_of(const struct run *r, const char *path) {
    if (strncmp(path, RELEASE_DATA_DIR "/", sizeof RELEASE_DATA_DIR) != 0) return NULL;
    for (size_t i = 0; i < r->manifest.n_shards; i++)
        if (!strcmp(r->manifest.shards[i].name, path + sizeof RELEASE_DATA_DIR)) return &r->manifest.shards[i];
    return NULL;
}

/* What a mirror of a part does not hold: shards that its selection passes over, and deltas. */
static bool left_out(struct run *r, const char *path, const struct release_shard *told) {
    if (!selection_any(&r->selection)) return false;
    if (!told && slice_starts(slice_str(path), slice_str(RELEASE_DELTA_DIR "/"))) {
        struct buf file = {.max = LIMIT_URL_INPUT};
        path_join(&file, r->opt->folder, path);
        bool here = file_exists(buf_cstr(&file));
        buf_free(&file);
        return !here;
    }
    if (!told || selection_takes(&r->selection, told)) return false;
    pthread_mutex_lock(&r->lock);
    r->report->left_out++;
    pthread_mutex_unlock(&r->lock);
    return true;
}

static void compare(struct run *r, const char *file, const char *what, uint64_t told, uint64_t counted) {
    if (told != counted)
        add_finding(r, file, 0, "%llu %s, but " RELEASE_MANIFEST_FILE " says %llu", (unsigned long long)counted, what,
                    (unsigned long long)told);
}

static void judge_shard(struct file_run *f, size_t index, const struct release_shard *told, const char *hex) {
    struct run *r = f->run;
    struct verify_counts got;
    const char *path = f->item->path;
    verify_shard_end(f->checker, &got);
    struct slice keys = verify_shard_keys(f->checker);
    r->keys[index] = strndup(keys.len ? keys.ptr : "", keys.len);
    if (!told)
        add_finding(r, path, 0, "not in " RELEASE_MANIFEST_FILE);
    else {
        compare(r, path, "bytes", told->bytes, f->bytes);
        compare(r, path, "documents", told->documents, got.documents);
        compare(r, path, "words", told->words, got.words);
        compare(r, path, "bytes of text", told->text_bytes, got.text_bytes);
        if (strcmp(told->sha256, f->item->sha256) != 0)
            add_finding(r, path, 0, RELEASE_MANIFEST_FILE " and " CHECKSUMS_FILE " give different SHA-256");
    }
    const char *dash = strrchr(path, '-');
    if (!dash || strncmp(dash + 1, hex, 12) != 0) add_finding(r, path, 0, "its name is not that of its content (%.12s)", hex);
    size_t n_ids;
    const struct verify_id *ids = verify_shard_ids(f->checker, &n_ids);
    pthread_mutex_lock(&r->lock);
    if (r->ids_status == ST_OK) r->ids_status = verify_ids_add(r->ids, index, ids, n_ids, NULL);
    r->report->shards++;
    r->report->documents += got.documents;
    r->report->words += got.words;
    r->report->text_bytes += got.text_bytes;
    pthread_mutex_unlock(&r->lock);
}

static enum status check_file(void *ctx, size_t index, unsigned worker) {
    struct run *r = ctx;
    struct file_run f = {.run = r, .item = &r->sums.items[index]};
    struct buf err = {.max = LIMIT_ERR};
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    int status = 0;
    const struct release_shard *told = shard_of(r, f.item->path);
    if (left_out(r, f.item->path, told)) return ST_OK;
    if (told || slice_ends(slice_str(f.item->path), slice_str(".jsonl.zst"))) f.checker = r->checkers[worker];
    enum status st = read_file(&f, worker, &status, &err);
    if (st == ST_OK && status != 200)
        add_finding(r, f.item->path, 0, status == 404 ? "missing" : "cannot be read: HTTP status %d", status);
    else if (st != ST_OK)
        add_finding(r, f.item->path, 0, "cannot be read: %s", buf_cstr(&err));
    else {
        sha256_final(&f.hash, digest);
        hash_hex(digest, sizeof digest, hex);
        if (strcmp(hex, f.item->sha256) != 0)
            add_finding(r, f.item->path, 0, "damaged: SHA-256 is %s, not %s", hex, f.item->sha256);
        if (f.checker) judge_shard(&f, index, told, hex);
    }
    pthread_mutex_lock(&r->lock);
    r->report->files += st == ST_OK && status == 200;
    r->report->bytes += f.bytes;
    pthread_mutex_unlock(&r->lock);
    buf_free(&err);
    return ST_OK;
}

/* ---- the release ---- */

static enum status fetch(struct run *r, const char *path, struct buf *out, int *status, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    transport_url(&url, r->opt->location, path);
    enum status st = transport_fetch(r->opt->transport, buf_cstr(&url), LIMIT_RELEASE_META, TRIES, out, status, err);
    buf_free(&url);
    return st;
}

static void check_signature(struct run *r, struct slice sums) {
    struct buf sig = {.max = LIMIT_CONFIG}, pub_text = {.max = LIMIT_CONFIG}, err = {.max = LIMIT_ERR};
    struct sign_public pub;
    int status = 0;
    enum status st = fetch(r, CHECKSUMS_FILE SIGN_SUFFIX, &sig, &status, &err);
    bool beside = !r->opt->key;
    if (st != ST_OK) {
        r->report->signature = VERIFY_UNSIGNED;
        if (!beside)
            add_finding(r, CHECKSUMS_FILE SIGN_SUFFIX, 0, "a key was given but there is no signature");
        else if (status != 404)
            add_finding(r, CHECKSUMS_FILE SIGN_SUFFIX, 0, "cannot be read: %s", buf_cstr(&err));
        goto done;
    }
    if (!beside)
        pub = *r->opt->key;
    else if ((st = fetch(r, SIGN_PUBLIC_FILE, &pub_text, &status, &err)) == ST_OK)
        st = sign_read_public(buf_view(&pub_text), &pub, &err);
    if (st == ST_OK) st = sign_verify(&pub, sums, buf_view(&sig), NULL, &err);
    if (st == ST_OK)
        sign_id_hex(pub.id, r->report->key_id);
    else
        add_finding(r, CHECKSUMS_FILE SIGN_SUFFIX, 0, "%s", buf_cstr(&err));
    r->report->signature = st != ST_OK ? VERIFY_SIGNATURE_BAD : beside ? VERIFY_SIGNED_BESIDE : VERIFY_SIGNED_BY_KEY;
done:
    buf_free(&sig);
    buf_free(&pub_text);
    buf_free(&err);
}

/* SHA256SUMS, or SKIP when this is no release at all. */
static enum status load_sums(struct run *r, struct buf *err) {
    struct buf text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR}, other = {.max = LIMIT_RELEASE_META};
    int status = 0, other_status = 0;
    enum status st = fetch(r, CHECKSUMS_FILE, &text, &status, err);
    if (st == ST_OK) {
        check_signature(r, buf_view(&text));
        enum status bad = checksums_parse(buf_view(&text), &r->sums, &why);
        if (bad != ST_OK) add_finding(r, CHECKSUMS_FILE, 0, "%s", buf_cstr(&why));
    } else if (status == 404) {
        bool trace = fetch(r, RELEASE_MANIFEST_FILE, &other, &other_status, &why) == ST_OK ||
                     fetch(r, RELEASE_SUCCESS_FILE, &other, &other_status, &why) == ST_OK;
        if (trace) {
            add_finding(r, CHECKSUMS_FILE, 0, "missing");
            st = ST_OK;
        } else
            st = fail(err, ST_SKIP, "%s: no release here (no " CHECKSUMS_FILE "); name the folder or URL of one version",
                      r->opt->location);
    }
    buf_free(&text);
    buf_free(&why);
    buf_free(&other);
    return st;
}

static void load_manifest(struct run *r) {
    struct buf text = {.max = LIMIT_RELEASE_META}, err = {.max = LIMIT_ERR};
    int status = 0;
    enum status st = fetch(r, RELEASE_MANIFEST_FILE, &text, &status, &err);
    if (st == ST_OK) st = release_manifest_read(buf_view(&text), &r->manifest, &err);
    if (st != ST_OK) add_finding(r, RELEASE_MANIFEST_FILE, 0, status == 404 ? "missing" : "%s", buf_cstr(&err));
    if (st == ST_OK && !checksums_find(&r->sums, slice_str(RELEASE_MANIFEST_FILE)))
        add_finding(r, RELEASE_MANIFEST_FILE, 0, "not in " CHECKSUMS_FILE);
    r->report->name = strdup(st == ST_OK ? r->manifest.name : "");
    r->report->version = strdup(st == ST_OK ? r->manifest.version : "");
    if (fetch(r, RELEASE_SUCCESS_FILE, &text, &status, &err) != ST_OK)
        add_finding(r, RELEASE_SUCCESS_FILE, 0, "missing: the release is not finished");
    buf_free(&text);
    buf_free(&err);
}

static void check_totals(struct run *r) {
    struct buf path = {.max = LIMIT_ERR};
    uint64_t documents = 0;
    const char *first = NULL;
    for (size_t i = 0; i < r->manifest.n_shards; i++) {
        buf_clear(&path);
        buf_printf(&path, RELEASE_DATA_DIR "/%s", r->manifest.shards[i].name);
        documents += r->manifest.shards[i].documents;
        if (!checksums_find(&r->sums, buf_view(&path)))
            add_finding(r, buf_cstr(&path), 0, "in " RELEASE_MANIFEST_FILE " but not in " CHECKSUMS_FILE);
    }
    for (size_t i = 0; i < r->sums.n; i++) {
        if (!r->keys[i] || !r->keys[i][0]) continue;
        if (!first) first = r->keys[i];
        if (strcmp(first, r->keys[i]) != 0) add_finding(r, r->sums.items[i].path, 1, "not the keys and types of the first shard");
    }
    if (r->manifest.version && documents != r->manifest.documents)
        add_finding(r, RELEASE_MANIFEST_FILE, 0, "its total of documents is not the sum of its shards");
    if (r->report->documents == 0) add_finding(r, "", 0, "no document: an empty release is not a release");
    buf_free(&path);
}

static enum status unlisted(void *ctx, const char *path) {
    static const char *const apart[] = {CHECKSUMS_FILE, CHECKSUMS_FILE SIGN_SUFFIX, RELEASE_SUCCESS_FILE};
    struct run *r = ctx;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (!strcmp(path, apart[i])) return ST_OK;
    if (!strcmp(path, SELECTION_FILE)) return ST_OK;
    if (!checksums_find(&r->sums, slice_str(path))) add_finding(r, path, 0, "not in " CHECKSUMS_FILE);
    return ST_OK;
}

static void twice(void *ctx, const struct verify_id *again, const struct verify_id *first) {
    struct run *r = ctx;
    add_finding(r, r->sums.items[again->file].path, again->line, "its id is also at %s:%llu", r->sums.items[first->file].path,
                (unsigned long long)first->line);
}

/* A mirror of a part says so beside its files; nothing on a server does. */
static enum status load_selection(struct run *r, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_CONFIG};
    enum status st = ST_OK;
    if (!r->opt->folder) return ST_OK;
    path_join(&path, r->opt->folder, SELECTION_FILE);
    if (file_exists(buf_cstr(&path))) {
        st = file_read(buf_cstr(&path), LIMIT_CONFIG / 2, &text, err);
        if (st == ST_OK) st = selection_read(buf_view(&text), &r->selection, err);
    }
    buf_free(&path);
    buf_free(&text);
    return st;
}

static int by_place(const void *a, const void *b) {
    const struct verify_finding *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    if (order == 0) order = (x->line > y->line) - (x->line < y->line);
    return order ? order : strcmp(x->what, y->what);
}

/* Sorted, and once each: a file that was read twice told the same thing twice. */
static void settle(struct verify_report *rep) {
    size_t kept = 0;
    if (rep->n_findings == 0) return;
    qsort(rep->findings, rep->n_findings, sizeof *rep->findings, by_place);
    for (size_t i = 1; i < rep->n_findings; i++) {
        if (by_place(&rep->findings[kept], &rep->findings[i]) != 0)
            rep->findings[++kept] = rep->findings[i];
        else {
            free(rep->findings[i].file);
            free(rep->findings[i].what);
        }
    }
    rep->n_findings = kept + 1;
}

static bool make_workers(struct run *r) {
    r->threads = r->opt->threads ? r->opt->threads : parallel_cores();
    if (r->threads > r->opt->transport->workers) r->threads = r->opt->transport->workers;
    if (r->sums.n && r->threads > r->sums.n) r->threads = (unsigned)r->sums.n;
    r->ids = verify_ids_new(0);
    if (!r->ids) return false;
    r->checkers = calloc(r->threads, sizeof *r->checkers);
    r->keys = calloc(r->sums.n + 1, sizeof *r->keys);
    for (unsigned i = 0; r->checkers && i < r->threads; i++)
        if (!(r->checkers[i] = verify_shard_new())) return false;
    return r->checkers && r->keys;
}

static void end_run(struct run *r) {
    for (unsigned i = 0; r->checkers && i < r->threads; i++) verify_shard_free(r->checkers[i]);
    for (size_t i = 0; r->keys && i < r->sums.n; i++) free(r->keys[i]);
    free(r->checkers);
    free(r->keys);
    verify_ids_free(r->ids);
    selection_free(&r->selection);
    checksums_free(&r->sums);
    release_manifest_free(&r->manifest);
    pthread_mutex_destroy(&r->lock);
}

enum status verify_release(const struct verify_options *opt, struct verify_report *report, struct buf *err) {
    struct run r = {.opt = opt, .report = report};
    pthread_mutex_init(&r.lock, NULL);
    enum status st = load_sums(&r, err);
    if (st == ST_OK) st = load_selection(&r, err);
    if (st == ST_OK) {
        load_manifest(&r);
        st = make_workers(&r) ? parallel_for(r.sums.n, r.threads, check_file, &r) : fail(err, ST_FATAL, "out of memory");
    }
    if (st == ST_OK && r.ids_status != ST_OK) st = fail(err, r.ids_status, "no room for the list of ids");
    if (st == ST_OK) st = verify_ids_end(r.ids, twice, &r, err);
    if (st == ST_OK) {
        check_totals(&r);
        if (opt->folder) st = verify_walk(opt->folder, unlisted, &r, err);
        settle(report);
    }
    end_run(&r);
    return st;
}

void verify_report_free(struct verify_report *report) {
    for (size_t i = 0; i < report->n_findings; i++) {
        free(report->findings[i].file);
        free(report->findings[i].what);
    }
    free(report->findings);
    free(report->name);
    free(report->version);
    *report = (struct verify_report){0};
}

static enum status walk(int dir_fd, struct buf *path, unsigned depth, enum status (*each)(void *, const char *), void *ctx,
                        struct buf *err) {
    DIR *dir = fdopendir(dir_fd);
    enum status st = ST_OK;
    if (!dir) {
        close(dir_fd);
        return fail_errno(err, "read folder", buf_cstr(path));
    }
    for (struct dirent *e; st == ST_OK && (e = readdir(dir));) {
        struct stat sb;
        size_t base = path->len;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        buf_str(path, e->d_name);
        if (fstatat(dirfd(dir), e->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
            st = fail_errno(err, "stat", buf_cstr(path));
        else if (!S_ISDIR(sb.st_mode) || depth == 0)
            st = each(ctx, buf_cstr(path));
        else {
            int fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            buf_char(path, '/');
            st = fd < 0 ? fail_errno(err, "open folder", buf_cstr(path)) : walk(fd, path, depth - 1, each, ctx, err);
        }
        buf_truncate(path, base);
    }
    closedir(dir);
    return st;
}

enum status verify_walk(const char *folder, enum status (*each)(void *ctx, const char *path), void *ctx, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, "open folder", folder);
    enum status st = walk(fd, &path, 16, each, ctx, err);
    buf_free(&path);
    return st;
}
