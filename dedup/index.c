#include "dedup/index.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "dedup/dedup_set.h"
#include "dedup/index_run.h"
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define FORMAT 2
#define MANIFEST "manifest.json"
#define MANIFEST_MAX (256 * MIB)
#define MATCH_RECORDS 8192 /* of a run in hand at a time */
#define FEW 1024           /* one key in so many records is looked for, more are merged */
#define TIER 4             /* runs of like size that are merged into one */

struct run {
    uint64_t number;
    struct index_run *r;
};
struct removed { /* a name that is gone from the runs before a number */
    struct hash128 name;
    uint64_t before;
};
struct index {
    char *dir;
    int lock;
    uint64_t signature_version, next, label;
    bool prepared;    /* a run of number next is on disk */
    struct run *runs; /* by number */
    size_t n_runs;
    struct removed *removed; /* by name */
    size_t n_removed;
};

static void run_path(const struct index *ix, uint64_t number, struct buf *path) {
    char name[40];
    snprintf(name, sizeof name, "run-%06llu.idx", (unsigned long long)number);
    path_join(path, ix->dir, name);
}

static int hash_cmp(struct hash128 a, struct hash128 b) {
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static int by_name(const void *a, const void *b) {
    const struct removed *x = a, *y = b;
    int c = hash_cmp(x->name, y->name);
    return c ? c : (x->before < y->before ? -1 : x->before > y->before);
}

/* The manifest as it would be with these runs and removals. */
static enum status save(const struct index *ix, uint64_t next, uint64_t label, const uint64_t *numbers, size_t n,
                        const struct removed *removed, size_t n_removed, struct buf *err) {
    struct buf out, path;
    struct json_out j;
    char hex[33];
    buf_init(&out, MANIFEST_MAX);
    buf_init(&path, 0);
    json_out_init(&j, &out);
    json_object(&j);
    json_kv_int(&j, "format", FORMAT);
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)ix->signature_version);
    json_kv_str(&j, "signature", slice_str(hex));
    json_kv_int(&j, "next", (int64_t)next);
    json_kv_int(&j, "label", (int64_t)label);
    json_key(&j, "runs");
    json_array(&j);
    for (size_t i = 0; i < n; i++) json_int(&j, (int64_t)numbers[i]);
    json_array_end(&j);
    json_key(&j, "removed");
    json_array(&j);
    for (size_t i = 0; i < n_removed; i++) {
        hash128_hex(removed[i].name, hex);
        json_object(&j);
        json_kv_str(&j, "name", slice_str(hex));
        json_kv_int(&j, "before", (int64_t)removed[i].before);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(&out, '\n');
    path_join(&path, ix->dir, MANIFEST);
    enum status st =
        buf_ok(&out) ? file_write(buf_cstr(&path), buf_view(&out), err) : fail(err, ST_FATAL, "the index's manifest is too long");
    buf_free(&out);
    buf_free(&path);
    return st;
}

static enum status open_run(struct index *ix, uint64_t number, struct buf *err) {
    struct run *runs = realloc(ix->runs, (ix->n_runs + 1) * sizeof *runs);
    if (!runs) return fail(err, ST_FATAL, "out of memory");
    ix->runs = runs;
    struct buf path;
    buf_init(&path, 0);
    run_path(ix, number, &path);
    struct run *r = &ix->runs[ix->n_runs];
    r->number = number;
    enum status st = index_run_open(buf_cstr(&path), ix->signature_version, &r->r, err);
    if (st == ST_OK) ix->n_runs++;
    buf_free(&path);
    return st;
}

static bool parse_hex(struct slice s, uint64_t *out) {
    uint64_t v = 0;
    if (s.len != 16) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!ascii_is_digit(c) && (c < 'a' || c > 'f')) return false;
        v = v << 4 | (uint64_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = v;
    return true;
}

static bool read_removed(struct index *ix, struct json_value list) {
    struct json_iter it = json_walk(list);
    struct json_value v, before;
    size_t room = 0;
    while (json_next(&it, NULL, &v)) {
        struct slice hex = json_get_string(v, "name");
        struct removed r;
        int64_t number;
        if (hex.len != 32 || !parse_hex(slice_sub(hex, 0, 16), &r.name.hi) || !parse_hex(slice_sub(hex, 16, 32), &r.name.lo))
            return false;
        if (!json_get(v, "before", &before) || !json_as_int(before, &number)) return false;
        r.before = (uint64_t)number;
        if (ix->n_removed == room) {
            room = room ? 2 * room : 64;
            struct removed *p = realloc(ix->removed, room * sizeof *p);
            if (!p) return false;
            ix->removed = p;
        }
        ix->removed[ix->n_removed++] = r;
    }
    return true;
}

static enum status read_manifest(struct index *ix, struct json_value root, const char *path, struct buf *err) {
    struct json_value v, runs, removed;
    int64_t format = 0, next = 0, label = 0, number;
    uint64_t version = 0;
    if (json_get(root, "format", &v) && json_as_int(v, &format) && format > FORMAT)
        return fail(err, ST_FATAL, "%s is of format %lld, this program knows %d: use a newer villers", path, (long long)format,
                    FORMAT);
    if (format == 1)
        return fail(err, ST_FATAL, "%s is of format 1, which this program no longer reads: make the index again", path);
    if (format != FORMAT || !json_get(root, "next", &v) || !json_as_int(v, &next) || !json_get(root, "runs", &runs) ||
        !json_get(root, "removed", &removed) || !parse_hex(json_get_string(root, "signature"), &version) ||
        !read_removed(ix, removed))
        return fail(err, ST_FATAL, "%s is damaged: it is not an index's manifest", path);
    if (version != ix->signature_version)
        return fail(err, ST_FATAL, "%s was made with other signature options: give the same, or make another index", ix->dir);
    ix->next = (uint64_t)next;
    if (json_get(root, "label", &v) && json_as_int(v, &label)) ix->label = (uint64_t)label;
    struct json_iter it = json_walk(runs);
    enum status st = ST_OK;
    while (st == ST_OK && json_next(&it, NULL, &v)) {
        if (!json_as_int(v, &number))
            st = fail(err, ST_FATAL, "%s is damaged: a run's number", path);
        else
            st = open_run(ix, (uint64_t)number, err);
    }
    return st;
}

/* A run that the manifest does not name was being made when a crash came, or had been merged. */
static enum status sweep(const struct index *ix, struct buf *err) {
    char **names;
    size_t n;
    struct buf path;
    enum status st = dir_list(ix->dir, ".idx", &names, &n, err);
    if (st != ST_OK) return st;
    buf_init(&path, 0);
    for (size_t i = 0; i < n; i++) {
        bool named = false;
        for (size_t k = 0; k < ix->n_runs && !named; k++) {
            run_path(ix, ix->runs[k].number, &path);
            named = slice_ends(buf_view(&path), slice_str(names[i]));
        }
        path_join(&path, ix->dir, names[i]);
        if (!named) unlink(buf_cstr(&path));
    }
    buf_free(&path);
    dir_list_free(names, n);
    dir_sweep_tmp(ix->dir);
    return ST_OK;
}

static enum status take_lock(struct index *ix, struct buf *err) {
    struct buf path;
    buf_init(&path, 0);
    path_join(&path, ix->dir, "lock");
    ix->lock = open(buf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    enum status st = ix->lock < 0 ? fail_errno(err, "open", buf_cstr(&path)) : ST_OK;
    if (st == ST_OK && flock(ix->lock, LOCK_EX | LOCK_NB) != 0)
        st = fail(err, ST_RETRY, "the index %s is in use by another process", ix->dir);
    buf_free(&path);
    return st;
}

static enum status load(struct index *ix, bool create, struct buf *err) {
    struct buf path, text;
    struct json_value root;
    buf_init(&path, 0);
    buf_init(&text, MANIFEST_MAX);
    struct json_parser *p = json_parser_new(MANIFEST_MAX);
    enum status st = p ? ST_OK : fail(err, ST_FATAL, "out of memory");
    path_join(&path, ix->dir, MANIFEST);
    if (st == ST_OK && create && !file_exists(buf_cstr(&path))) st = save(ix, 1, 0, NULL, 0, NULL, 0, err);
    if (st == ST_OK) st = file_read(buf_cstr(&path), MANIFEST_MAX, &text, err);
    if (st == ST_OK) st = json_parse(p, buf_view(&text), &root, err);
    if (st == ST_OK)
        st = read_manifest(ix, root, buf_cstr(&path), err);
    else if (st == ST_SKIP)
        st = ST_FATAL;
    json_parser_free(p);
    buf_free(&path);
    buf_free(&text);
    return st == ST_OK ? sweep(ix, err) : st;
}

enum status index_open(const char *dir, uint64_t signature_version, bool create, struct index **out, struct buf *err) {
    struct index *ix = calloc(1, sizeof *ix);
    *out = NULL;
    if (!ix) return fail(err, ST_FATAL, "out of memory");
    ix->lock = -1;
    ix->signature_version = signature_version;
    ix->dir = strdup(dir);
    enum status st = ix->dir ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK && create) st = dir_make(dir, err);
    if (st == ST_OK && !file_exists(dir)) st = fail(err, ST_FATAL, "%s: no such index", dir);
    if (st == ST_OK) st = take_lock(ix, err);
    if (st == ST_OK) st = load(ix, create, err);
    if (st == ST_OK)
        *out = ix;
    else
        index_free(ix);
    return st;
}

void index_free(struct index *ix) {
    if (!ix) return;
    for (size_t i = 0; i < ix->n_runs; i++) index_run_free(ix->runs[i].r);
    if (ix->lock >= 0) close(ix->lock);
    free(ix->runs);
    free(ix->removed);
    free(ix->dir);
    free(ix);
}

uint64_t index_documents(const struct index *ix) {
    uint64_t n = 0;
    for (size_t i = 0; i < ix->n_runs; i++) n += index_run_documents(ix->runs[i].r);
    return n;
}

size_t index_runs(const struct index *ix) { return ix->n_runs; }
uint64_t index_label(const struct index *ix) { return ix->label; }

/* The first record of the part that is not before ${key}, by its place among keys, which are hashes. */
static enum status seek(const struct index_run *r, enum index_section section, unsigned partition, uint64_t key, uint64_t low,
                        uint64_t *at, struct buf *err) {
    uint64_t high = index_run_part_count(r, section, partition);
    enum status st = ST_OK;
    while (st == ST_OK && low < high) {
        struct lsh_record v;
        uint64_t mid = low + (high - low) / 2;
        st = index_run_part(r, section, partition, mid, 1, &v, err);
        if (v.key < key)
            low = mid + 1;
        else
            high = mid;
    }
    *at = low;
    return st;
}

static enum status match_few(const struct index *ix, size_t run, enum index_section section, unsigned partition,
                             const struct lsh_record *records, size_t n, index_found *found, void *ctx, struct buf *err) {
    const struct index_run *r = ix->runs[run].r;
    uint64_t at = 0, total = index_run_part_count(r, section, partition);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct lsh_record v = {0};
        if (i > 0 && records[i].key == records[i - 1].key) continue;
        st = seek(r, section, partition, records[i].key, at, &at, err);
        while (st == ST_OK && at < total) {
            st = index_run_part(r, section, partition, at, 1, &v, err);
            if (st != ST_OK || v.key != records[i].key) break;
            st = found(ctx, v.key, (uint64_t)run << 32 | v.value, err);
            at++;
        }
    }
    return st;
}

static enum status match_run(const struct index *ix, size_t run, enum index_section section, unsigned partition,
                             const struct lsh_record *records, size_t n, struct lsh_record *v, index_found *found, void *ctx,
                             struct buf *err) {
    uint64_t total = index_run_part_count(ix->runs[run].r, section, partition);
    enum status st = ST_OK;
    size_t i = 0;
    for (uint64_t from = 0; st == ST_OK && from < total && i < n; from += MATCH_RECORDS) {
        size_t m = total - from < MATCH_RECORDS ? (size_t)(total - from) : MATCH_RECORDS;
        st = index_run_part(ix->runs[run].r, section, partition, from, m, v, err);
        for (size_t j = 0; st == ST_OK && i < n && j < m;) {
            if (records[i].key < v[j].key)
                i++;
            else if (records[i].key > v[j].key)
                j++;
            else {
                st = found(ctx, v[j].key, (uint64_t)run << 32 | v[j].value, err);
                j++;
            }
        }
    }
    return st;
}

enum status index_match(const struct index *ix, enum index_section section, unsigned partition, const struct lsh_record *records,
                        size_t n, index_found *found, void *ctx, struct buf *err) {
    struct lsh_record *v = malloc(MATCH_RECORDS * sizeof *v);
    enum status st = v ? ST_OK : fail(err, ST_FATAL, "out of memory");
    for (size_t run = 0; st == ST_OK && n && run < ix->n_runs; run++) {
        if (n < index_run_part_count(ix->runs[run].r, section, partition) / FEW)
            st = match_few(ix, run, section, partition, records, n, found, ctx, err);
        else
            st = match_run(ix, run, section, partition, records, n, v, found, ctx, err);
    }
    free(v);
    return st;
}

static bool is_removed(const struct index *ix, uint64_t number, struct slice name) {
    struct hash128 h = hash128(name);
    size_t low = 0, high = ix->n_removed;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (hash_cmp(ix->removed[mid].name, h) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < ix->n_removed && hash_cmp(ix->removed[low].name, h) == 0; low++)
        if (number < ix->removed[low].before) return true;
    return false;
}

enum status index_read(const struct index *ix, uint64_t ref, struct index_doc *doc, struct buf *err) {
    const struct run *r = &ix->runs[ref >> 32];
    enum status st = index_run_doc(r->r, (uint32_t)ref, doc, err);
    if (st == ST_OK && is_removed(ix, r->number, slice_of(doc->name, doc->n_name))) st = fail(err, ST_SKIP, "removed");
    return st;
}

struct walking {
    const struct index *ix;
    size_t run;
    index_walk *fn;
    void *ctx;
};

static enum status walk_doc(void *ctx, uint32_t local, const struct index_doc *doc, struct buf *err) {
    const struct walking *w = ctx;
    if (is_removed(w->ix, w->ix->runs[w->run].number, slice_of(doc->name, doc->n_name))) return ST_OK;
    return w->fn(w->ctx, (uint64_t)w->run << 32 | local, doc, err);
}

enum status index_each(const struct index *ix, index_walk *fn, void *ctx, struct buf *err) {
    struct walking w = {ix, 0, fn, ctx};
    enum status st = ST_OK;
    for (; st == ST_OK && w.run < ix->n_runs; w.run++) st = index_run_each(ix->runs[w.run].r, walk_doc, &w, err);
    return st;
}

/* The removals there are, and these names gone from all runs before ${before}; by name; owned by the caller. */
static struct removed *removals(const struct index *ix, const struct hash128 *names, size_t n, uint64_t before, size_t *total) {
    struct removed *r = malloc((ix->n_removed + n + 1) * sizeof *r);
    if (!r) return NULL;
    if (ix->n_removed) memcpy(r, ix->removed, ix->n_removed * sizeof *r);
    for (size_t i = 0; i < n; i++) r[ix->n_removed + i] = (struct removed){names[i], before};
    *total = ix->n_removed + n;
    qsort(r, *total, sizeof *r, by_name);
    return r;
}

/* Make the runs ${numbers} and the removals (taken over) what counts: on disk first, then in memory. */
static enum status adopt(struct index *ix, uint64_t label, const uint64_t *numbers, size_t n, struct removed *removed,
                         size_t n_removed, struct buf *err) {
    uint64_t next = ix->next + 1;
    struct run *old = ix->runs;
    size_t n_old = ix->n_runs;
    enum status st = save(ix, next, label, numbers, n, removed, n_removed, err);
    if (st != ST_OK) {
        free(removed);
        return st;
    }
    free(ix->removed);
    ix->removed = removed;
    ix->n_removed = n_removed;
    ix->next = next;
    ix->label = label;
    ix->runs = NULL;
    ix->n_runs = 0;
    for (size_t i = 0; st == ST_OK && i < n; i++) st = open_run(ix, numbers[i], err);
    for (size_t i = 0; i < n_old; i++) index_run_free(old[i].r);
    free(old);
    return st == ST_OK ? sweep(ix, err) : st;
}

/* Compaction: the runs from ${first} on as one batch, their live documents renumbered on end. */
struct merge {
    const struct index *ix;
    size_t first;
    struct dedup_set *live; /* a run's documents that are not removed */
    uint32_t *base;         /* the new number of a run's first live one */
    size_t run;             /* where the next document of the batch stands */
    uint32_t local, next;
};

/* Asked for in order. */
static enum status merged_doc(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err) {
    struct merge *m = ctx;
    assert(i == m->next);
    m->next++;
    while ((m->local = dedup_set_next(&m->live[m->run], m->local)) == m->live[m->run].n) {
        m->run++;
        m->local = 0;
    }
    return index_run_doc(m->ix->runs[m->run].r, m->local++, doc, err);
}

static enum status merged_keys(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    const struct merge *m = ctx;
    size_t total = 0, at = 0, kept = 0;
    enum status st = ST_OK;
    for (size_t run = m->first; run < m->ix->n_runs; run++)
        total += index_run_part_count(m->ix->runs[run].r, INDEX_KEYS, partition);
    struct lsh_record *all = malloc((total + 1) * sizeof *all);
    if (!all) return fail(err, ST_FATAL, "out of memory for %zu records", total);
    for (size_t run = m->first; st == ST_OK && run < m->ix->n_runs; run++) {
        size_t k = index_run_part_count(m->ix->runs[run].r, INDEX_KEYS, partition);
        st = index_run_part(m->ix->runs[run].r, INDEX_KEYS, partition, 0, k, all + at, err);
        for (size_t i = at; st == ST_OK && i < at + k; i++) {
            uint32_t doc = (uint32_t)all[i].value;
            if (dedup_set_has(&m->live[run], doc))
                all[kept++] = (struct lsh_record){all[i].key, m->base[run] + dedup_set_rank(&m->live[run], doc)};
        }
        at += k;
    }
    if (st != ST_OK) {
        free(all);
        return st;
    }
    lsh_sort(all, kept);
    *records = all;
    *n = kept;
    return ST_OK;
}

static enum status find_live(struct merge *m, size_t run, uint32_t *n, struct index_doc *doc, struct buf *err) {
    uint32_t count = index_run_documents(m->ix->runs[run].r), live = 0;
    enum status st = dedup_set_init(&m->live[run], count, err);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        enum status is = m->ix->n_removed ? index_read(m->ix, (uint64_t)run << 32 | i, doc, err) : ST_OK;
        if (is == ST_OK) dedup_set_put(&m->live[run], i);
        if (is != ST_OK && is != ST_SKIP) st = is;
    }
    if (st == ST_OK) st = dedup_set_count(&m->live[run], &live, err);
    m->base[run] = *n;
    *n += live;
    return st;
}

static enum status merge_into(struct merge *m, uint64_t number, struct buf *err) {
    struct index_batch batch = {.doc = merged_doc, .keys = merged_keys, .ctx = m};
    size_t n_runs = m->ix->n_runs;
    uint64_t total = 0;
    struct buf path;
    for (size_t run = m->first; run < n_runs; run++) total += index_run_documents(m->ix->runs[run].r);
    if (total >= UINT32_MAX) return fail(err, ST_FATAL, "the index is too large to be one run");
    struct index_doc *doc = malloc(sizeof *doc);
    m->live = calloc(n_runs + 1, sizeof *m->live);
    m->base = calloc(n_runs + 1, sizeof *m->base);
    m->run = m->first;
    enum status st = doc && m->live && m->base ? ST_OK : fail(err, ST_FATAL, "out of memory");
    for (size_t run = m->first; st == ST_OK && run < n_runs; run++) st = find_live(m, run, &batch.n, doc, err);
    buf_init(&path, 0);
    run_path(m->ix, number, &path);
    if (st == ST_OK) st = index_run_write(m->ix->dir, buf_cstr(&path), m->ix->signature_version, &batch, err);
    for (size_t run = 0; m->live && run < n_runs; run++) dedup_set_free(&m->live[run]);
    free(m->live);
    free(m->base);
    free(doc);
    buf_free(&path);
    return st;
}

/* One run for those from ${first} on.  When no older run is left, every removal has been carried out. */
static enum status merge_from(struct index *ix, size_t first, struct buf *err) {
    struct merge m = {.ix = ix, .first = first};
    uint64_t number = ix->next;
    size_t n_removed = 0;
    enum status st = merge_into(&m, number, err);
    if (st != ST_OK) return st;
    uint64_t *numbers = malloc((first + 1) * sizeof *numbers);
    struct removed *removed = removals(ix, NULL, 0, 0, &n_removed);
    if (!numbers || !removed) {
        free(numbers);
        free(removed);
        return fail(err, ST_FATAL, "out of memory");
    }
    for (size_t i = 0; i < first; i++) numbers[i] = ix->runs[i].number;
    numbers[first] = number;
    st = adopt(ix, ix->label, numbers, first + 1, removed, first ? n_removed : 0, err);
    free(numbers);
    return st;
}

/* The first of the newest runs that are of like size: none is more than twice all that came after it. */
static size_t tier(const struct index *ix) {
    uint64_t newer = 0;
    size_t i = ix->n_runs;
    while (i > 0 && (newer == 0 || index_run_documents(ix->runs[i - 1].r) <= 2 * newer))
        newer += index_run_documents(ix->runs[--i].r);
    return i;
}

enum status index_compact(struct index *ix, struct buf *err) {
    return ix->n_runs > 1 || (ix->n_runs && ix->n_removed) ? merge_from(ix, 0, err) : ST_OK;
}

enum status index_prepare(struct index *ix, const struct index_batch *batch, struct buf *err) {
    struct buf path;
    buf_init(&path, 0);
    run_path(ix, ix->next, &path);
    enum status st = index_run_write(ix->dir, buf_cstr(&path), ix->signature_version, batch, err);
    ix->prepared = st == ST_OK;
    buf_free(&path);
    return st;
}

enum status index_settle(struct index *ix, const struct index_change *c, struct buf *err) {
    uint64_t *numbers = malloc((ix->n_runs + 1) * sizeof *numbers);
    size_t n = 0, total = 0;
    struct removed *gone = removals(ix, c->removed, c->n_removed, ix->next, &total);
    enum status st;
    if (numbers && gone) {
        while (!c->replace && n < ix->n_runs) numbers[n] = ix->runs[n].number, n++;
        if (ix->prepared) numbers[n++] = ix->next;
        ix->prepared = false;
        st = adopt(ix, c->label, numbers, n, gone, c->replace ? 0 : total, err);
    } else {
        free(gone);
        st = fail(err, ST_FATAL, "out of memory");
    }
    free(numbers);
    return st;
}

/* Removals are looked through for each document read: once they are many, all is merged. */
enum status index_tidy(struct index *ix, struct buf *err) {
    if (ix->n_removed > index_documents(ix) / 4) return index_compact(ix, err);
    return ix->n_runs - tier(ix) >= TIER ? merge_from(ix, tier(ix), err) : ST_OK;
}

enum status index_add(struct index *ix, const struct index_batch *batch, const struct hash128 *removed, size_t n_removed,
                      struct buf *err) {
    struct index_change c = {.removed = removed, .n_removed = n_removed, .label = ix->label};
    enum status st = index_prepare(ix, batch, err);
    if (st == ST_OK) st = index_settle(ix, &c, err);
    return st == ST_OK ? index_tidy(ix, err) : st;
}

enum status index_remove(struct index *ix, const struct hash128 *names, size_t n, struct buf *err) {
    struct index_change c = {.removed = names, .n_removed = n, .label = ix->label};
    return index_settle(ix, &c, err);
}
