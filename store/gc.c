#include "store/gc.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/checksums.h"
#include "store/release_diff.h"
#include "store/release_versions.h"
#include "store/site.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct finder {
    const struct gc_options *opt;
    struct gc_plan *plan;
    char **names; /* of the segments the manifest knows, of one kind */
    size_t n_names;
    struct shard_numbers {
        int64_t *items; /* each once */
        size_t n, cap;
    } removed;      /* shards of the dataset at hand that a removed document has its place in */
    uint64_t known; /* removed documents with a place in it */
    struct buf *err;
};

static enum status add(struct finder *f, const char *path, enum gc_reason reason, uint64_t bytes, const char *version) {
    struct gc_plan *p = f->plan;
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct gc_item *grown = realloc(p->items, cap * sizeof *grown);
        if (!grown) return fail(f->err, ST_FATAL, "out of memory");
        p->items = grown;
        p->cap = cap;
    }
    struct gc_item *it = &p->items[p->n++];
    *it = (struct gc_item){.path = strdup(path), .reason = reason, .bytes = bytes, .version = version ? strdup(version) : NULL};
    p->bytes += bytes;
    return it->path && (!version || it->version) ? ST_OK : fail(f->err, ST_FATAL, "out of memory");
}

/* The bytes that come free with ${path}: a shard that other versions share by a hard link frees nothing. */
static uint64_t freed_by(const struct finder *f, const char *path) {
    struct buf full = {.max = LIMIT_URL_INPUT};
    struct stat sb;
    path_join(&full, f->opt->hub, path);
    bool ok = lstat(buf_cstr(&full), &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_nlink == 1;
    buf_free(&full);
    return ok ? (uint64_t)sb.st_size : 0;
}

/* ---- segments that the manifest does not know ---- */

static enum status keep_name(void *ctx, const struct manifest_segment *seg) {
    struct finder *f = ctx;
    char **grown = realloc(f->names, (f->n_names + 1) * sizeof *grown);
    if (!grown) return ST_FATAL;
    f->names = grown;
    grown[f->n_names] = strndup(seg->name.ptr, seg->name.len);
    return grown[f->n_names++] ? ST_OK : ST_FATAL;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void drop_names(struct finder *f) {
    for (size_t i = 0; i < f->n_names; i++) free(f->names[i]);
    free(f->names);
    f->names = NULL;
    f->n_names = 0;
}

static enum status unknown_segments(struct finder *f, const char *folder, const char *suffix, enum segment_kind kind) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    char **files = NULL;
    size_t n = 0;
    enum status st = manifest_each_segment(f->opt->manifest, kind, keep_name, f, f->err);
    path_join(&path, f->opt->hub, folder);
    if (st == ST_OK && file_exists(buf_cstr(&path))) st = dir_list(buf_cstr(&path), suffix, &files, &n, f->err);
    if (f->n_names) qsort(f->names, f->n_names, sizeof *f->names, by_name);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (f->n_names && bsearch(&files[i], f->names, f->n_names, sizeof *f->names, by_name)) continue;
        path_join(&path, folder, files[i]);
        st = add(f, buf_cstr(&path), GC_UNKNOWN_SEGMENT, freed_by(f, buf_cstr(&path)), NULL);
    }
    dir_list_free(files, n);
    drop_names(f);
    buf_free(&path);
    return st;
}

/* ---- one version ---- */

static enum status note_removed(void *ctx, const struct manifest_document *d) {
    struct finder *f = ctx;
    struct shard_numbers *r = &f->removed;
    if (d->shard == MANIFEST_NONE) return ST_OK;
    f->known++;
    for (size_t i = r->n; i-- > 0;)
        if (r->items[i] == d->shard) return ST_OK;
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        int64_t *grown = realloc(r->items, cap * sizeof *grown);
        if (!grown) return ST_FATAL;
        r->items = grown;
        r->cap = cap;
    }
    r->items[r->n++] = d->shard;
    return ST_OK;
}

static bool has_removed(const struct finder *f, uint64_t number) {
    for (size_t i = 0; i < f->removed.n; i++)
        if ((uint64_t)f->removed.items[i] == number) return true;
    return false;
}

static bool holds_shard(const struct release_manifest *m, const struct release_shard *s) {
    for (size_t i = 0; m && i < m->n_shards; i++)
        if (!strcmp(m->shards[i].sha256, s->sha256)) return true;
    return false;
}

/* ${newest}: what the newest version holds stays; it was made without what was removed before it. */
static enum status old_shards(struct finder *f, const char *version, const struct release_manifest *m,
                              const struct release_manifest *newest, bool too_old) {
    struct buf path = {.max = LIMIT_URL_INPUT}, full = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < m->n_shards; i++) {
        bool erased = has_removed(f, m->shards[i].number);
        if ((!erased && !too_old) || holds_shard(newest, &m->shards[i])) continue;
        buf_clear(&path);
        buf_printf(&path, "%s/" RELEASE_DATA_DIR "/%s", version, m->shards[i].name);
        path_join(&full, f->opt->hub, buf_cstr(&path));
        if (file_exists(buf_cstr(&full)))
            st = add(f, buf_cstr(&path), erased ? GC_REMOVED_TEXT : GC_OLD_VERSION, freed_by(f, buf_cstr(&path)), version);
    }
    buf_free(&path);
    buf_free(&full);
    return st;
}

/* Files of data/ that the version's own list does not have. */
static enum status unlisted(struct finder *f, const char *version, const struct release_manifest *m) {
    struct buf path = {.max = LIMIT_URL_INPUT}, dir = {.max = LIMIT_URL_INPUT};
    char **files = NULL;
    size_t n = 0;
    buf_printf(&dir, "%s/%s/" RELEASE_DATA_DIR, f->opt->hub, version);
    enum status st = file_exists(buf_cstr(&dir)) ? dir_list(buf_cstr(&dir), "", &files, &n, f->err) : ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        bool listed = false;
        for (size_t k = 0; k < m->n_shards && !listed; k++) listed = !strcmp(m->shards[k].name, files[i]);
        if (listed) continue;
        buf_clear(&path);
        buf_printf(&path, "%s/" RELEASE_DATA_DIR "/%s", version, files[i]);
        st = add(f, buf_cstr(&path), GC_UNLISTED, freed_by(f, buf_cstr(&path)), NULL);
    }
    dir_list_free(files, n);
    buf_free(&path);
    buf_free(&dir);
    return st;
}

/* ---- one dataset ---- */

static enum status staging_of(struct finder *f, const char *dataset) {
    struct buf dir = {.max = LIMIT_URL_INPUT}, path = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    buf_printf(&dir, "%s/releases/%s", f->opt->hub, dataset);
    DIR *d = opendir(buf_cstr(&dir));
    for (struct dirent *e; d && st == ST_OK && (e = readdir(d));) {
        if (!slice_starts(slice_str(e->d_name), slice_str(FILE_TMP_PREFIX))) continue;
        buf_clear(&path);
        buf_printf(&path, "releases/%s/%s", dataset, e->d_name);
        st = add(f, buf_cstr(&path), GC_STAGING, 0, NULL);
    }
    if (d) closedir(d);
    buf_free(&dir);
    buf_free(&path);
    return st;
}

static enum status count_waiting(struct finder *f, const struct release_manifest *newest, const char *dir) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    struct manifest_select sel = {.which = MANIFEST_REMOVED, .order = MANIFEST_BY_NUMBER, .dataset = newest->name};
    path_join(&path, dir, "removals.jsonl");
    enum status st = manifest_each_document(f->opt->manifest, &sel, note_removed, f, f->err);
    /* The newest version tells each removal that it was made without. */
    if (st == ST_OK && f->removed.n && file_exists(buf_cstr(&path)))
        st = file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, f->err);
    uint64_t told = 0;
    for (size_t i = 0; i < text.len; i++) told += text.data[i] == '\n';
    if (f->known > told) f->plan->waiting += f->known - told;
    buf_free(&path);
    buf_free(&text);
    return st;
}

static enum status look_at(struct finder *f, const char *dataset, const struct release_versions *v) {
    struct release_manifest newest = {0};
    struct buf dir = {.max = LIMIT_URL_INPUT}, version = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    f->removed.n = 0;
    f->known = 0;
    buf_printf(&dir, "%s/releases/%s/%s", f->opt->hub, dataset, v->items[v->n - 1].path);
    st = release_diff_load(buf_cstr(&dir), &newest, f->err);
    if (st == ST_OK) st = count_waiting(f, &newest, buf_cstr(&dir));
    for (size_t i = 0; st == ST_OK && i < v->n; i++) {
        struct release_manifest m = {0};
        buf_clear(&dir);
        buf_clear(&version);
        buf_printf(&version, "releases/%s/%s", dataset, v->items[i].path);
        path_join(&dir, f->opt->hub, buf_cstr(&version));
        if (release_diff_load(buf_cstr(&dir), &m, NULL) != ST_OK) continue;
        bool too_old = f->opt->keep_versions > 0 && (int64_t)(v->n - i) > f->opt->keep_versions;
        st = unlisted(f, buf_cstr(&version), &m);
        if (st == ST_OK && i + 1 < v->n) st = old_shards(f, buf_cstr(&version), &m, &newest, too_old);
        release_manifest_free(&m);
    }
    release_manifest_free(&newest);
    buf_free(&dir);
    buf_free(&version);
    return st;
}

static enum status datasets(struct finder *f) {
    struct buf releases = {.max = LIMIT_URL_INPUT};
    char **names = NULL;
    size_t n = 0;
    path_join(&releases, f->opt->hub, "releases");
    struct site site = {.releases = buf_cstr(&releases), .base = "", .contact = ""};
    enum status st = dir_list(buf_cstr(&releases), "", &names, &n, f->err);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct release_versions v = {0};
        st = staging_of(f, names[i]);
        if (st == ST_OK && site_versions(&site, names[i], &v) && v.n) st = look_at(f, names[i], &v);
        release_versions_free(&v);
    }
    dir_list_free(names, n);
    buf_free(&releases);
    return st;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct gc_item *)a)->path, ((const struct gc_item *)b)->path);
}

enum status gc_find(const struct gc_options *opt, struct gc_plan *plan, struct buf *err) {
    struct finder f = {.opt = opt, .plan = plan, .err = err};
    enum status st = unknown_segments(&f, "refined", ".jsonl.zst", SEGMENT_REFINED);
    if (st == ST_OK) st = datasets(&f);
    if (plan->n) qsort(plan->items, plan->n, sizeof *plan->items, by_path);
    free(f.removed.items);
    drop_names(&f);
    return st;
}

/* ---- removing ---- */

static enum status remove_path(const char *path, unsigned depth, struct buf *err) {
    struct buf inside = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    if (unlink(path) == 0 || errno == ENOENT) return ST_OK;
    DIR *d = errno == EISDIR || errno == EPERM ? opendir(path) : NULL;
    if (!d) return fail_errno(err, "remove", path);
    for (struct dirent *e; st == ST_OK && depth > 0 && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        path_join(&inside, path, e->d_name);
        st = remove_path(buf_cstr(&inside), depth - 1, err);
    }
    closedir(d);
    buf_free(&inside);
    if (st == ST_OK && rmdir(path) != 0) st = fail_errno(err, "remove", path);
    return st;
}

/* First what says that the version is whole goes, then its shards. */
static enum status withdraw(const char *hub, const char *version, struct buf *err) {
    static const char text[] =
        "Cette version est retirée : des fichiers de données n'y sont plus, parce qu'ils contenaient des documents effacés depuis ou pour faire de la place.\n"
        "This version is withdrawn: data files are gone, because they held documents erased since, or to make room.\n";
    struct buf path = {.max = LIMIT_URL_INPUT};
    buf_printf(&path, "%s/%s/" GC_WITHDRAWN_FILE, hub, version);
    enum status st = file_exists(buf_cstr(&path)) ? ST_OK : file_write(buf_cstr(&path), slice_str(text), err);
    buf_clear(&path);
    buf_printf(&path, "%s/%s/" RELEASE_SUCCESS_FILE, hub, version);
    if (st == ST_OK && unlink(buf_cstr(&path)) != 0 && errno != ENOENT) st = fail_errno(err, "remove", buf_cstr(&path));
    buf_free(&path);
    return st;
}

enum status gc_remove(const struct gc_options *opt, const struct gc_plan *plan, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < plan->n; i++) {
        if (plan->items[i].version) st = withdraw(opt->hub, plan->items[i].version, err);
        path_join(&path, opt->hub, plan->items[i].path);
        if (st == ST_OK) st = remove_path(buf_cstr(&path), 2, err);
    }
    buf_free(&path);
    return st;
}

void gc_plan_free(struct gc_plan *plan) {
    for (size_t i = 0; i < plan->n; i++) {
        free(plan->items[i].path);
        free(plan->items[i].version);
    }
    free(plan->items);
    *plan = (struct gc_plan){0};
}
