#include "base/file.h"
#include "base/limits.h"
#include "store/pull_internal.h"
#include "store/release_delta.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM_SPARE (4 * MIB)

const char *pull_path(const struct pull *p, struct buf *out, const char *path) {
    path_join(out, p->opt->dest, path);
    return buf_cstr(out);
}

const char *pull_part_path(const struct pull *p, struct buf *out, const char *sha256) {
    buf_clear(out);
    buf_printf(out, "%s/" PULL_STAGING "/%s.part", p->opt->dest, sha256);
    return buf_cstr(out);
}

enum status pull_check_room(struct pull *p) {
    struct statvfs fs;
    struct buf part = {.max = LIMIT_URL_INPUT};
    struct stat sb;
    uint64_t need = 0;
    if (statvfs(p->opt->dest, &fs) != 0) return ST_OK;
    for (size_t i = 0; i < p->report->n_items; i++) {
        const struct pull_item *it = &p->report->items[i];
        if (it->here || !it->wanted || it->bytes < 0) continue;
        /* A part may have holes: what it takes on the disk counts. */
        uint64_t have = stat(pull_part_path(p, &part, it->sha256), &sb) == 0 ? (uint64_t)sb.st_blocks * 512 : 0;
        uint64_t lacks = (uint64_t)it->bytes > have ? (uint64_t)it->bytes - have : 0;
        need = lacks < UINT64_MAX / 2 - need ? need + lacks : UINT64_MAX / 2; /* a lying manifest must not wrap around */
    }
    buf_free(&part);
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (need == 0 || need + ROOM_SPARE <= room) return ST_OK;
    return fail(p->err, ST_RETRY, "%s: %llu MB to fetch and %llu MB free: make room, then pull again", p->opt->dest,
                (unsigned long long)((need + 999999) / 1000000), (unsigned long long)(room / 1000000));
}

/* ---- the folder ---- */

/* What a pull that was killed while it wrote a file left in the folder itself; the lock is ours, so nobody writes now. */
static void sweep_leftovers(struct pull *p) {
    static const char *const folders[] = {"", RELEASE_DATA_DIR, RELEASE_DELTA_DIR};
    struct buf path = {.max = LIMIT_URL_INPUT};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) dir_sweep_tmp(pull_path(p, &path, folders[i]));
    buf_free(&path);
}

/* An unknown folder with something in it is not ours to write over. */
enum status pull_open_dest(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    char **names = NULL;
    size_t n = 0;
    enum status st = dir_make(p->opt->dest, p->err);
    if (st == ST_OK) st = dir_list(p->opt->dest, "", &names, &n, p->err);
    bool ours = file_exists(pull_path(p, &path, CHECKSUMS_FILE)) || file_exists(pull_path(p, &path, PULL_STAGING));
    if (st == ST_OK && n > 0 && !ours)
        st = fail(p->err, ST_FATAL, "%s is not empty and holds no release: name another folder", p->opt->dest);
    dir_list_free(names, n);
    if (st == ST_OK) st = dir_make(pull_path(p, &path, PULL_STAGING), p->err);
    if (st == ST_OK) {
        p->lock_fd = open(pull_path(p, &path, PULL_STAGING "/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (p->lock_fd < 0)
            st = fail_errno(p->err, "create", buf_cstr(&path));
        else if (flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0)
            st = fail(p->err, ST_RETRY, "%s: another pull is at work there", p->opt->dest);
    }
    if (st == ST_OK) sweep_leftovers(p);
    buf_free(&path);
    return st;
}

static enum status remove_file(struct pull *p, const char *path) {
    struct buf full = {.max = LIMIT_URL_INPUT};
    bool gone = unlink(pull_path(p, &full, path)) == 0 || errno == ENOENT;
    enum status st = gone ? ST_OK : fail_errno(p->err, "remove", buf_cstr(&full));
    buf_free(&full);
    return st;
}

static enum status move_in(struct pull *p, const struct pull_item *it) {
    struct buf from = {.max = LIMIT_URL_INPUT}, to = {.max = LIMIT_URL_INPUT}, dir = {.max = LIMIT_URL_INPUT};
    const char *slash = strrchr(it->path, '/');
    enum status st = ST_OK;
    pull_part_path(p, &from, it->sha256);
    pull_path(p, &to, it->path);
    if (slash) {
        buf_slice(&dir, slice_of(buf_cstr(&to), to.len - strlen(slash)));
        st = dir_make(buf_cstr(&dir), p->err);
    }
    if (st == ST_OK && rename(buf_cstr(&from), buf_cstr(&to)) != 0) {
        /* Two files with the same bytes share a part: the second is a copy of the first. */
        struct buf text = {.max = LIMIT_RELEASE_META};
        const struct pull_item *twin = NULL;
        for (size_t i = 0; errno == ENOENT && i < p->report->n_items && !twin; i++)
            if (&p->report->items[i] != it && !strcmp(p->report->items[i].sha256, it->sha256)) twin = &p->report->items[i];
        if (!twin)
            st = fail_errno(p->err, "rename to", buf_cstr(&to));
        else
            st = file_read(pull_path(p, &from, twin->path), LIMIT_RELEASE_META - MIB, &text, p->err);
        if (st == ST_OK) st = file_write(buf_cstr(&to), buf_view(&text), p->err);
        buf_free(&text);
    }
    buf_free(&from);
    buf_free(&to);
    buf_free(&dir);
    return st;
}

/* What the version here before listed; nothing when there was none. */
void pull_load_old(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    pull_path(p, &path, CHECKSUMS_FILE);
    bool known = file_exists(buf_cstr(&path)) && file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, &why) == ST_OK;
    if (known && checksums_parse(buf_view(&text), &p->old, &why) != ST_OK) checksums_free(&p->old);
    buf_free(&path);
    buf_free(&text);
    buf_free(&why);
}

/* Files that the version here before listed and this one does not.  Nothing else in the folder is ours. */
static enum status remove_stale(struct pull *p) {
    enum status st = ST_OK;
    struct buf dir = {.max = LIMIT_URL_INPUT};
    for (size_t i = 0; st == ST_OK && i < p->old.n; i++) {
        if (checksums_find(&p->sums, slice_str(p->old.items[i].path))) continue;
        st = remove_file(p, p->old.items[i].path);
        p->report->removed_files++;
    }
    rmdir(pull_path(p, &dir, RELEASE_DELTA_DIR)); /* stays when something is in it */
    buf_free(&dir);
    return st;
}

static enum status write_apart(struct pull *p, const char *name, const struct buf *text) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    enum status st = file_write(pull_path(p, &path, name), buf_view(text), p->err);
    buf_free(&path);
    return st;
}

static void drop_staging(struct pull *p) {
    struct buf dir = {.max = LIMIT_URL_INPUT}, path = {.max = LIMIT_URL_INPUT};
    char **names = NULL;
    size_t n = 0;
    pull_path(p, &dir, PULL_STAGING);
    dir_sweep_tmp(buf_cstr(&dir));
    if (dir_list(buf_cstr(&dir), "", &names, &n, NULL) == ST_OK)
        for (size_t i = 0; i < n; i++) {
            path_join(&path, buf_cstr(&dir), names[i]);
            unlink(buf_cstr(&path));
        }
    dir_list_free(names, n);
    rmdir(buf_cstr(&dir));
    buf_free(&dir);
    buf_free(&path);
}

/* Everything is staged: make DEST the new version. */
enum status pull_switch_over(struct pull *p) {
    struct buf empty = {0}, data = {.max = LIMIT_URL_INPUT};
    enum status st = remove_file(p, RELEASE_SUCCESS_FILE);
    if (st == ST_OK) st = dir_sync(p->opt->dest, p->err);
    for (size_t i = 0; st == ST_OK && i < p->report->n_items; i++)
        if (!p->report->items[i].wanted)
            st = remove_file(p, p->report->items[i].path);
        else if (!p->report->items[i].here)
            st = move_in(p, &p->report->items[i]);
    if (st == ST_OK) st = remove_stale(p);
    if (st == ST_OK) st = dir_sync(pull_path(p, &data, RELEASE_DATA_DIR), p->err);
    if (st == ST_OK && p->signature.len == 0) st = remove_file(p, CHECKSUMS_FILE SIGN_SUFFIX);
    if (st == ST_OK && p->signature.len) st = write_apart(p, CHECKSUMS_FILE SIGN_SUFFIX, &p->signature);
    if (st == ST_OK) st = write_apart(p, CHECKSUMS_FILE, &p->sums_text);
    if (st == ST_OK) st = pull_select_save(p);
    if (st == ST_OK) st = write_apart(p, RELEASE_SUCCESS_FILE, &empty);
    if (st == ST_OK) drop_staging(p);
    buf_free(&data);
    return st;
}
