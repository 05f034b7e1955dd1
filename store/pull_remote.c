#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "store/gc.h"
#include "store/pull_internal.h"
#include "store/release.h"
#include "store/release_versions.h"
#include "store/semver.h"
#include <stdio.h>
#include <stdlib.h>

#define TRIES 6

/* ---- where the version is ---- */

static enum status fetch(struct pull *p, const char *base, const char *path, struct buf *out, int *status, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    transport_url(&url, base, path);
    enum status st = transport_fetch(p->opt->transport, buf_cstr(&url), LIMIT_RELEASE_META - MIB, TRIES, out, status, err);
    buf_free(&url);
    return st;
}

static const struct release_version *choose(const struct release_versions *v, const char *version) {
    const char *want = version ? version : v->latest;
    for (size_t i = 0; i < v->n; i++)
        if (!strcmp(v->items[i].version, want)) return &v->items[i];
    return NULL;
}

static enum status use_base(struct pull *p, const char *path) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    if (path)
        transport_url(&url, p->opt->source, path);
    else
        buf_str(&url, p->opt->source);
    p->report->base = strdup(buf_cstr(&url));
    buf_free(&url);
    return p->report->base ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

/* A dataset has versions.json; what has none is taken for a version itself. */
static enum status find_base(struct pull *p) {
    struct buf text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    struct release_versions all = {0};
    int status = 0;
    enum status st = fetch(p, p->opt->source, RELEASE_VERSIONS_FILE, &text, &status, &why);
    if (st == ST_RETRY)
        fail(p->err, ST_RETRY, "%s", buf_cstr(&why));
    else if (st == ST_OK && release_versions_read(buf_view(&text), &all, &why) == ST_OK) {
        const struct release_version *v = choose(&all, p->opt->version);
        st = v ? use_base(p, v->path)
               : fail(p->err, ST_SKIP, "%s: no version %s (latest is %s)", p->opt->source,
                      p->opt->version ? p->opt->version : "at all", all.latest);
    } else if (st != ST_FATAL)
        st = use_base(p, p->opt->version);
    release_versions_free(&all);
    buf_free(&text);
    buf_free(&why);
    return st;
}

/* ---- what it holds ---- */

static enum status read_key(struct pull *p, const char *dest_key, struct sign_public *pub, bool *trusted) {
    struct buf text = {.max = LIMIT_CONFIG};
    int status = 0;
    enum status st;
    *trusted = true;
    if (p->opt->key) {
        *pub = *p->opt->key;
        return ST_OK;
    }
    if (dest_key && file_exists(dest_key))
        st = file_read(dest_key, LIMIT_CONFIG / 2, &text, p->err);
    else {
        *trusted = false;
        st = fetch(p, p->report->base, SIGN_PUBLIC_FILE, &text, &status, p->err);
    }
    if (st == ST_OK) st = sign_read_public(buf_view(&text), pub, p->err);
    buf_free(&text);
    return st;
}

/* The signed comment names dataset and version: an old list cannot pass for a new one. */
static bool comment_fits(const struct pull *p, struct slice comment) {
    struct buf want = {.max = LIMIT_ERR};
    buf_printf(&want, "villers %s %s ", p->manifest.name, p->manifest.version);
    bool foreign = !slice_starts(comment, slice_str("villers "));
    bool fits = foreign || slice_starts(comment, buf_view(&want));
    buf_free(&want);
    return fits;
}

static enum status check_signature(struct pull *p) {
    struct buf dest_key = {.max = LIMIT_URL_INPUT}, why = {.max = LIMIT_ERR}, comment = {.max = LIMIT_CONFIG};
    struct sign_public pub;
    bool trusted = false;
    int status = 0;
    if (p->opt->dest) path_join(&dest_key, p->opt->dest, SIGN_PUBLIC_FILE);
    const char *pinned = p->opt->dest ? buf_cstr(&dest_key) : NULL;
    bool expected = p->opt->key || (pinned && file_exists(pinned));
    enum status st = fetch(p, p->report->base, CHECKSUMS_FILE SIGN_SUFFIX, &p->signature, &status, &why);
    if (st == ST_SKIP && status == 404) {
        buf_clear(&p->signature);
        st = expected ? fail(p->err, ST_SKIP, "%s: not signed, but %s", p->report->base,
                             p->opt->key ? "a key was given" : "the version here before was")
                      : ST_OK;
    } else if (st != ST_OK)
        fail(p->err, st, "%s", buf_cstr(&why));
    else {
        st = read_key(p, pinned, &pub, &trusted);
        if (st == ST_OK) st = sign_verify(&pub, buf_view(&p->sums_text), buf_view(&p->signature), &comment, &why);
        if (st == ST_OK && !comment_fits(p, buf_view(&comment)))
            st = fail(&why, ST_SKIP, "the signature is of '%s'", buf_cstr(&comment));
        if (st == ST_OK) {
            p->report->is_signed = true;
            sign_id_hex(pub.id, p->report->key_id);
        } else if (why.len)
            fail(p->err, st, "%s/" CHECKSUMS_FILE SIGN_SUFFIX ": %s%s", p->report->base, buf_cstr(&why),
                 trusted && !p->opt->key ? "; if the producer changed keys, give the new one with --key" : "");
    }
    buf_free(&dest_key);
    buf_free(&why);
    buf_free(&comment);
    return st;
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const struct release_shard *const *)a)->name, (*(const struct release_shard *const *)b)->name);
}

static int by_number(const void *a, const void *b) {
    uint64_t x = (*(const struct release_shard *const *)a)->number, y = (*(const struct release_shard *const *)b)->number;
    return (x > y) - (x < y);
}

static enum status sort_shards(struct pull *p) {
    size_t n = p->manifest.n_shards;
    p->by_name = calloc(n + 1, sizeof(void *));
    p->by_number = calloc(n + 1, sizeof(void *));
    if (!p->by_name || !p->by_number) return fail(p->err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < n; i++) p->by_name[i] = p->by_number[i] = &p->manifest.shards[i];
    qsort(p->by_name, n, sizeof(void *), by_name);
    qsort(p->by_number, n, sizeof(void *), by_number);
    return ST_OK;
}

static const struct release_shard *shard_of(const struct pull *p, const char *path) {
    struct release_shard key;
    const struct release_shard *want = &key, *const * found;
    if (strncmp(path, RELEASE_DATA_DIR "/", sizeof RELEASE_DATA_DIR) != 0) return NULL;
    path += sizeof RELEASE_DATA_DIR;
    if (strlen(path) >= sizeof key.name) return NULL;
    memcpy(key.name, path, strlen(path) + 1);
    found = bsearch(&want, p->by_name, p->manifest.n_shards, sizeof(void *), by_name);
    return found ? *found : NULL;
}

const struct release_shard *pull_shard_numbered(const struct pull *p, uint64_t number) {
    struct release_shard key;
    const struct release_shard *want = &key, *const * found;
    key.number = number;
    found = bsearch(&want, p->by_number, p->manifest.n_shards, sizeof(void *), by_number);
    return found ? *found : NULL;
}

static enum status fill_items(struct pull *p) {
    struct pull_report *r = p->report;
    struct semver version;
    if (!release_name_ok(slice_str(p->manifest.name)) || !semver_parse(slice_str(p->manifest.version), &version))
        return fail(p->err, ST_SKIP, "%s/" RELEASE_MANIFEST_FILE ": no dataset's name or no version", r->base);
    if (sort_shards(p) != ST_OK) return ST_FATAL;
    r->items = calloc(p->sums.n, sizeof *r->items);
    if (!r->items) return fail(p->err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < p->sums.n; i++) {
        if (slice_starts(slice_str(p->sums.items[i].path), slice_str(PULL_STAGING)))
            return fail(p->err, ST_SKIP, "%s/" CHECKSUMS_FILE ": '%s' is not a file of a release", r->base, p->sums.items[i].path);
        struct pull_item *it = &r->items[r->n_items++];
        it->path = strdup(p->sums.items[i].path);
        memcpy(it->sha256, p->sums.items[i].sha256, sizeof it->sha256);
        it->shard = shard_of(p, p->sums.items[i].path);
        it->bytes = it->shard ? (int64_t)it->shard->bytes : -1;
        if (!it->path) return fail(p->err, ST_FATAL, "out of memory");
    }
    r->name = strdup(p->manifest.name);
    r->version = strdup(p->manifest.version);
    r->documents = p->manifest.documents;
    r->words = p->manifest.words;
    r->bytes = p->manifest.bytes;
    if (!r->name || !r->version) return fail(p->err, ST_FATAL, "out of memory");
    if (p->manifest.n_shards == 0 || r->documents == 0)
        return fail(p->err, ST_SKIP, "%s: an empty release: nothing to pull", r->base);
    return ST_OK;
}

static enum status check_manifest(struct pull *p, struct slice text) {
    const struct checksum *sum = checksums_find(&p->sums, slice_str(RELEASE_MANIFEST_FILE));
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_of(text, digest);
    hash_hex(digest, sizeof digest, hex);
    if (!sum || strcmp(sum->sha256, hex) != 0)
        return fail(p->err, ST_SKIP, "%s/" RELEASE_MANIFEST_FILE " is not the one that " CHECKSUMS_FILE " lists", p->report->base);
    return release_manifest_read(text, &p->manifest, p->err);
}

/* No _SUCCESS: not yet there, or no more. */
static void say_unfinished(struct pull *p, enum status st, int status) {
    struct buf text = {.max = LIMIT_CONFIG}, why = {.max = LIMIT_ERR};
    int again = 0;
    if (status != 404)
        fail(p->err, st, "%s: " RELEASE_SUCCESS_FILE " cannot be read", p->report->base);
    else if (fetch(p, p->report->base, GC_WITHDRAWN_FILE, &text, &again, &why) == ST_OK)
        fail(p->err, st, "%s: withdrawn: its data files are gone; take a later version", p->report->base);
    else
        fail(p->err, st, "%s: not finished (no " RELEASE_SUCCESS_FILE ")", p->report->base);
    buf_free(&text);
    buf_free(&why);
}

enum status pull_load(struct pull *p) {
    struct buf text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    int status = 0;
    p->sums_text.max = LIMIT_RELEASE_META;
    enum status st = find_base(p);
    if (st == ST_OK && (st = fetch(p, p->report->base, CHECKSUMS_FILE, &p->sums_text, &status, &why)) != ST_OK) {
        if (status == 404)
            fail(p->err, st, "%s: no release here (no " CHECKSUMS_FILE ", no " RELEASE_VERSIONS_FILE ")", p->report->base);
        else
            fail(p->err, st, "%s", buf_cstr(&why));
    }
    if (st == ST_OK) st = checksums_parse(buf_view(&p->sums_text), &p->sums, p->err);
    if (st == ST_OK) st = fetch(p, p->report->base, RELEASE_MANIFEST_FILE, &text, &status, p->err);
    if (st == ST_OK) st = check_manifest(p, buf_view(&text));
    if (st == ST_OK) st = check_signature(p);
    if (st == ST_OK && (st = fetch(p, p->report->base, RELEASE_SUCCESS_FILE, &text, &status, &why)) != ST_OK)
        say_unfinished(p, st, status);
    if (st == ST_OK) st = fill_items(p);
    buf_free(&text);
    buf_free(&why);
    return st;
}
