#include "store/release.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/release_build.h"
#include "store/release_delta.h"
#include "store/release_diff.h"
#include "store/release_versions.h"
#include "store/semver.h"
#include "store/site.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS_A_DAY 86400000

struct publish {
    const struct release_options *opt;
    struct release_outcome *out;
    struct buf dataset_dir, target, staging, previous_dir;
    struct release_manifest previous;
    char manifest_sha256[65];
    bool committed; /* the manifest knows this version already */
    int64_t run;
    struct buf *err;
};

bool release_name_ok(struct slice name) {
    if (name.len == 0 || name.len > 96 || !ascii_is_alnum(name.ptr[0])) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.ptr[i]) && !memchr("._-", name.ptr[i], 3)) return false;
    return true;
}

/* Remove a folder two levels deep: what a staging folder is. */
static void remove_tree(const char *dir, unsigned depth) {
    DIR *d = opendir(dir);
    struct buf path = {.max = LIMIT_URL_INPUT};
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        path_join(&path, dir, e->d_name);
        if (unlink(buf_cstr(&path)) != 0 && depth > 0) remove_tree(buf_cstr(&path), depth - 1);
    }
    if (d) closedir(d);
    buf_free(&path);
    rmdir(dir);
}

/* ---- what was there before ---- */

/* The largest version so far, and whether this one is in the manifest. */
static enum status see_release(void *ctx, const struct manifest_release *rel) {
    struct publish *p = ctx;
    struct semver a, b;
    if (slice_eq_str(rel->version, p->opt->version)) {
        p->committed = true;
        snprintf(p->manifest_sha256, sizeof p->manifest_sha256, "%.*s", SLICE_ARG(rel->manifest_sha256));
        return ST_OK;
    }
    if (!semver_parse(rel->version, &a)) return ST_OK;
    bool larger = !p->out->previous[0] || !semver_parse(slice_str(p->out->previous), &b) || semver_cmp(&a, &b) > 0;
    if (larger && rel->version.len < sizeof p->out->previous)
        snprintf(p->out->previous, sizeof p->out->previous, "%.*s", SLICE_ARG(rel->version));
    return ST_OK;
}

static enum status note_version(struct publish *p, const struct release_manifest *m, uint64_t files) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    struct release_versions all = {0};
    path_join(&path, buf_cstr(&p->dataset_dir), RELEASE_VERSIONS_FILE);
    enum status st = ST_OK;
    if (file_exists(buf_cstr(&path))) {
        st = file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, p->err);
        if (st == ST_OK) st = release_versions_read(buf_view(&text), &all, p->err);
    }
    free(all.name);
    all.name = strdup(p->opt->name);
    struct release_version mine = {.version = m->version,
                                   .date = m->date,
                                   .path = m->version,
                                   .documents = m->documents,
                                   .words = m->words,
                                   .text_bytes = m->text_bytes,
                                   .bytes = m->bytes,
                                   .files = files};
    if (st == ST_OK && (!all.name || !release_versions_put(&all, &mine))) st = fail(p->err, ST_FATAL, "out of memory");
    buf_clear(&text);
    if (st == ST_OK) {
        release_versions_write(&text, &all);
        st = file_write(buf_cstr(&path), buf_view(&text), p->err);
    }
    release_versions_free(&all);
    buf_free(&path);
    buf_free(&text);
    return st;
}

/* A kill came between the rename and versions.json: the version is there, so it is listed. */
static enum status note_existing(struct publish *p) {
    struct release_manifest m = {0};
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    struct checksums sums = {0};
    path_join(&path, buf_cstr(&p->target), CHECKSUMS_FILE);
    enum status st = release_diff_load(buf_cstr(&p->target), &m, p->err);
    if (st == ST_OK) st = file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, p->err);
    if (st == ST_OK) st = checksums_parse(buf_view(&text), &sums, p->err);
    if (st == ST_OK) st = note_version(p, &m, sums.n);
    checksums_free(&sums);
    release_manifest_free(&m);
    buf_free(&path);
    buf_free(&text);
    return st;
}

static enum status check_version(struct publish *p) {
    struct semver mine, before;
    if (!release_name_ok(slice_str(p->opt->name)))
        return fail(p->err, ST_SKIP,
                    "'%s' is not a dataset name: letters, digits, '.', '_' and '-', beginning with a letter or digit",
                    p->opt->name);
    if (!semver_parse(slice_str(p->opt->version), &mine)) {
        p->out->wrong_version = true;
        return fail(p->err, ST_SKIP, "'%s' is not a version: MAJOR.MINOR.PATCH, as 1.0.0 (semver.org)", p->opt->version);
    }
    enum status st = manifest_each_release(p->opt->manifest, p->opt->name, see_release, p, p->err);
    if (st != ST_OK) return st;
    p->out->existed = file_exists(buf_cstr(&p->target));
    if (p->out->existed && p->committed && (st = note_existing(p)) != ST_OK) return st;
    if (p->out->existed)
        return fail(p->err, ST_SKIP, "%s %s is published already, and a version never changes", p->opt->name, p->opt->version);
    if (!p->committed && p->out->previous[0] && semver_parse(slice_str(p->out->previous), &before) &&
        semver_cmp(&mine, &before) <= 0) {
        p->out->wrong_version = true;
        return fail(p->err, ST_SKIP, "%s is not above %s, the latest version of %s", p->opt->version, p->out->previous,
                    p->opt->name);
    }
    return ST_OK;
}

static enum status load_previous(struct publish *p) {
    struct buf why = {.max = LIMIT_ERR};
    if (!p->out->previous[0]) return ST_OK;
    path_join(&p->previous_dir, buf_cstr(&p->dataset_dir), p->out->previous);
    enum status st = release_diff_load(buf_cstr(&p->previous_dir), &p->previous, &why);
    /* Its folder may have been moved away: then nothing is reused, and what changed cannot be told. */
    if (st != ST_OK) buf_clear(&p->previous_dir);
    buf_free(&why);
    return st == ST_SKIP ? ST_OK : st;
}

/* A document never changes split: the shares are those of the first version for ever. */
static enum status check_splits(struct publish *p) {
    const struct release_splits *mine = &p->opt->splits, *before = &p->previous.splits;
    if (p->previous_dir.len == 0 || memcmp(mine, before, sizeof *mine) == 0) return ST_OK;
    p->out->wrong_selection = true;
    return fail(p->err, ST_SKIP, "%s %s has %s: the splits of a dataset never change; give the same --split, or another name",
                p->opt->name, p->out->previous, release_splits_any(before) ? "other splits" : "no splits");
}

/* ---- what changed, and the number it needs ---- */

static enum status count_change(void *ctx, enum release_change change, const char *id) {
    struct release_outcome *out = ctx;
    (void)id;
    if (change == RELEASE_ADDED)
        out->added++;
    else if (change == RELEASE_REMOVED)
        out->removed++;
    else
        out->changed++;
    return ST_OK;
}

/* A removal is MAJOR, an addition or another text MINOR; before 1.0.0 each counts one place lower. */
static enum status check_change(struct publish *p, const struct release_manifest *m) {
    struct semver mine, before, least;
    struct release_outcome *out = p->out;
    if (p->previous_dir.len == 0) {
        out->added = m->documents;
        return ST_OK;
    }
    enum status st = release_diff(buf_cstr(&p->previous_dir), &p->previous, buf_cstr(&p->staging), m, count_change, out, p->err);
    if (st != ST_OK) return st;
    if (!semver_parse(slice_str(p->opt->version), &mine) || !semver_parse(slice_str(out->previous), &before)) return ST_OK;
    least = (struct semver){before.major, before.minor, before.patch, {"", 0}};
    bool stable = before.major > 0;
    if (out->removed && stable)
        least = (struct semver){before.major + 1, 0, 0, {"", 0}};
    else if (out->removed || ((out->added || out->changed) && stable))
        least = (struct semver){before.major, before.minor + 1, 0, {"", 0}};
    /* A pre-release of the number asked for is held to the same numbers as the release itself. */
    mine.pre = slice_of("", 0);
    if (semver_cmp(&mine, &least) >= 0) return ST_OK;
    out->wrong_version = true;
    return fail(p->err, ST_SKIP,
                "since %s: %llu documents added, %llu removed, %llu changed; a removal is a major change, an addition a minor one: "
                "publish it as %llu.%llu.%llu or above",
                out->previous, (unsigned long long)out->added, (unsigned long long)out->removed, (unsigned long long)out->changed,
                (unsigned long long)least.major, (unsigned long long)least.minor, (unsigned long long)least.patch);
}

/* ---- the commit ---- */

static enum status place(void *ctx, int64_t doc, int64_t shard) {
    struct publish *p = ctx;
    return manifest_place(p->opt->manifest, p->opt->name, doc, shard, p->err);
}

static enum status add_rows(struct publish *p, struct release_build *b) {
    const struct release_manifest *m = &b->m;
    struct manifest_release rel = {.dataset = slice_str(p->opt->name),
                                   .version = slice_str(p->opt->version),
                                   .date_day = b->max_day,
                                   .documents = (int64_t)m->documents,
                                   .words = (int64_t)m->words,
                                   .text_bytes = (int64_t)m->text_bytes,
                                   .bytes = (int64_t)m->bytes,
                                   .manifest_sha256 = slice_str(p->manifest_sha256),
                                   .settings_hash = slice_str(p->opt->settings_hash),
                                   .run = p->run};
    int64_t number = 0;
    enum status st = manifest_add_release(p->opt->manifest, &rel, &number, p->err);
    for (size_t i = 0; st == ST_OK && i < m->n_shards; i++) {
        const struct release_shard *s = &m->shards[i];
        struct manifest_shard row = {(int64_t)s->number,     slice_str(s->name),    slice_str(s->sha256), (int64_t)s->bytes,
                                     (int64_t)s->text_bytes, (int64_t)s->documents, (int64_t)s->words};
        st = manifest_add_shard(p->opt->manifest, number, &row, p->err);
    }
    return st == ST_OK ? release_build_each_place(b, place, p) : st;
}

static enum status commit(struct publish *p, struct release_build *b) {
    const struct checksum *sum = checksums_find(&b->sums, slice_str(RELEASE_MANIFEST_FILE));
    snprintf(p->manifest_sha256, sizeof p->manifest_sha256, "%s", sum ? sum->sha256 : "");
    enum status st = manifest_begin(p->opt->manifest, p->err);
    if (st != ST_OK) return st;
    st = add_rows(p, b);
    if (st == ST_OK) return manifest_commit(p->opt->manifest, p->err);
    manifest_rollback(p->opt->manifest);
    return st;
}

/* ---- the folder ---- */

static enum status open_staging(struct publish *p) {
    struct buf data = {.max = LIMIT_URL_INPUT};
    remove_tree(buf_cstr(&p->staging), 1);
    path_join(&data, buf_cstr(&p->staging), RELEASE_DATA_DIR);
    enum status st = dir_make(buf_cstr(&data), p->err);
    path_join(&data, buf_cstr(&p->staging), RELEASE_DELTA_DIR);
    if (st == ST_OK) st = dir_make(buf_cstr(&data), p->err);
    buf_free(&data);
    return st;
}

/* The staging folder is whole and the manifest knows it: let it be seen. */
static enum status show(struct publish *p, const struct release_manifest *m, uint64_t files) {
    struct buf deltas = {.max = LIMIT_URL_INPUT};
    path_join(&deltas, buf_cstr(&p->staging), RELEASE_DELTA_DIR);
    rmdir(buf_cstr(&deltas)); /* stays when there is one */
    buf_free(&deltas);
    enum status st = dir_sync(buf_cstr(&p->staging), p->err);
    if (st == ST_OK && rename(buf_cstr(&p->staging), buf_cstr(&p->target)) != 0)
        st = fail_errno(p->err, "rename to", buf_cstr(&p->target));
    if (st == ST_OK) st = dir_sync(buf_cstr(&p->dataset_dir), p->err);
    if (st == ST_OK) st = note_version(p, m, files);
    struct site site = {.releases = p->opt->releases, .base = p->opt->base, .contact = p->opt->contact};
    return st == ST_OK ? site_write(&site, p->opt->name, p->err) : st;
}

static void fill_outcome(struct release_outcome *out, const struct release_manifest *m) {
    out->documents = m->documents;
    out->words = m->words;
    out->text_bytes = m->text_bytes;
    out->bytes = m->bytes;
    out->shards = m->n_shards;
    snprintf(out->date, sizeof out->date, "%s", m->date);
}

/* A kill came between commit and rename: finish what is there.  SKIP when the folder is gone. */
static enum status finish_committed(struct publish *p) {
    struct release_manifest m = {0};
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    struct checksums sums = {0};
    path_join(&path, buf_cstr(&p->staging), CHECKSUMS_FILE);
    enum status st = release_diff_load(buf_cstr(&p->staging), &m, p->err);
    if (st == ST_OK) st = file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, p->err);
    if (st == ST_OK) st = checksums_parse(buf_view(&text), &sums, p->err);
    const struct checksum *item = st == ST_OK ? checksums_find(&sums, slice_str(RELEASE_MANIFEST_FILE)) : NULL;
    if (!item || strcmp(item->sha256, p->manifest_sha256) != 0)
        st = fail(p->err, ST_FATAL, "%s %s is in the manifest but its folder %s is gone: restore it, or publish another version",
                  p->opt->name, p->opt->version, buf_cstr(&p->target));
    if (st == ST_OK) fill_outcome(p->out, &m);
    if (st == ST_OK) st = show(p, &m, sums.n);
    checksums_free(&sums);
    release_manifest_free(&m);
    buf_free(&path);
    buf_free(&text);
    return st;
}

/* The first number that no shard of this dataset ever had. */
struct shard_numbers {
    int64_t next;
    int64_t releases[4096];
    size_t n;
};

static enum status see_shard(void *ctx, const struct manifest_shard *s) {
    struct shard_numbers *n = ctx;
    if (s->number >= n->next) n->next = s->number + 1;
    return ST_OK;
}

static enum status list_release(void *ctx, const struct manifest_release *rel) {
    struct shard_numbers *n = ctx;
    /* Numbers never go back, so the last releases are enough. */
    n->releases[n->n++ % (sizeof n->releases / sizeof *n->releases)] = rel->number;
    return ST_OK;
}

static enum status next_shard_number(struct publish *p, int64_t *next) {
    struct shard_numbers n = {0};
    enum status st = manifest_each_release(p->opt->manifest, p->opt->name, list_release, &n, p->err);
    size_t known = n.n < sizeof n.releases / sizeof *n.releases ? n.n : sizeof n.releases / sizeof *n.releases;
    for (size_t i = 0; st == ST_OK && i < known; i++)
        st = manifest_each_shard(p->opt->manifest, n.releases[i], see_shard, &n, p->err);
    *next = n.next;
    return st;
}

static enum status name_manifest(struct release_build *b) {
    char day[11];
    struct buf selection = {.max = LIMIT_RELEASE_META};
    struct json_out j;
    json_out_init(&j, &selection);
    release_select_json(&j, &b->opt->select);
    clock_day(b->max_day * MS_A_DAY, day);
    b->m.name = strdup(b->opt->name);
    b->m.version = strdup(b->opt->version);
    b->m.date = strdup(day);
    b->m.code_version = strdup(b->opt->code_version);
    b->m.settings = strdup(b->opt->settings_hash);
    b->m.judged_by = strdup(b->opt->settings_text);
    b->m.selection = strndup(buf_cstr(&selection), selection.len);
    b->m.splits = b->opt->splits;
    buf_free(&selection);
    bool ok = b->m.name && b->m.version && b->m.date && b->m.code_version && b->m.settings && b->m.judged_by && b->m.selection;
    return ok ? ST_OK : fail(b->err, ST_FATAL, "out of memory");
}

static enum status build(struct publish *p) {
    struct release_build b = {.opt = p->opt, .out = p->out, .staging = buf_cstr(&p->staging), .places_fd = -1, .err = p->err};
    if (p->previous_dir.len) {
        b.previous_dir = buf_cstr(&p->previous_dir);
        b.previous = &p->previous;
    }
    enum status st = open_staging(p);
    if (st == ST_OK) st = next_shard_number(p, &b.next_number);
    if (st == ST_OK) st = release_build_shards(&b);
    if (st == ST_OK) st = check_change(p, &b.m);
    if (st == ST_OK) st = name_manifest(&b);
    if (st == ST_OK) st = release_build_files(&b);
    if (st == ST_OK) fill_outcome(p->out, &b.m);
    if (st == ST_OK) st = commit(p, &b);
    if (st == ST_OK)
        st = show(p, &b.m, b.sums.n);
    else
        remove_tree(buf_cstr(&p->staging), 1);
    release_build_free(&b);
    return st;
}

static void publish_free(struct publish *p) {
    release_manifest_free(&p->previous);
    buf_free(&p->dataset_dir);
    buf_free(&p->target);
    buf_free(&p->staging);
    buf_free(&p->previous_dir);
}

/* How it ended; a record that cannot be written takes nothing from the release. */
static void end_run(struct publish *p, enum status st) {
    struct buf outcome = {.max = LIMIT_ERR}, why = {.max = LIMIT_ERR};
    struct json_out j;
    json_out_init(&j, &outcome);
    json_object(&j);
    json_kv_str(&j, "version", slice_str(p->opt->version));
    json_kv_bool(&j, "published", st == ST_OK);
    json_kv_int(&j, "documents", (int64_t)p->out->documents);
    json_object_end(&j);
    if (manifest_run_end(p->opt->manifest, p->run, p->opt->now_ms(), buf_view(&outcome), &why) != ST_OK) p->run = MANIFEST_NONE;
    buf_free(&outcome);
    buf_free(&why);
}

static enum status publish_in(struct publish *p) {
    const struct release_options *opt = p->opt;
    struct manifest_run run = {.stage = "publish",
                               .subject = opt->name,
                               .code = opt->code_version,
                               .settings_hash = opt->settings_hash[0] ? opt->settings_hash : NULL,
                               .settings_text = slice_str(opt->settings_text),
                               .began_ms = opt->now_ms()};
    enum status st = release_select_check(&opt->select, p->err);
    p->out->wrong_selection = st == ST_SKIP;
    if (st == ST_OK) st = check_version(p);
    if (st == ST_OK && p->committed) return finish_committed(p);
    if (st == ST_OK) st = dir_make(buf_cstr(&p->dataset_dir), p->err);
    if (st == ST_OK) st = load_previous(p);
    if (st == ST_OK) st = check_splits(p);
    if (st == ST_OK) st = manifest_run_begin(opt->manifest, &run, &p->run, p->err);
    if (st != ST_OK) return st;
    st = build(p);
    end_run(p, st);
    return st;
}

enum status release_publish(const struct release_options *opt, struct release_outcome *out, struct buf *err) {
    struct publish p = {.opt = opt, .out = out, .run = MANIFEST_NONE, .err = err};
    *out = (struct release_outcome){0};
    path_join(&p.dataset_dir, opt->releases, opt->name);
    path_join(&p.target, buf_cstr(&p.dataset_dir), opt->version);
    path_join(&p.staging, buf_cstr(&p.dataset_dir), FILE_TMP_PREFIX);
    buf_str(&p.staging, opt->version);
    enum status st = publish_in(&p);
    publish_free(&p);
    return st;
}
