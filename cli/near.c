#include "cli/near.h"
#include "base/file.h"
#include "base/hash.h"
#include "dedup/dedup_names.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OPEN_FILES 64

static void put_le(char *out, uint64_t v) {
    for (int i = 0; i < 8; i++) out[i] = (char)(v >> (8 * i));
}

static uint64_t get_le(const char *p) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

void near_write_name(const struct near_place *p, char out[NEAR_NAME]) {
    put_le(out, p->doc);
    put_le(out + 8, p->segment);
    put_le(out + 16, p->offset);
    put_le(out + 24, p->at);
    put_le(out + 32, p->print);
}

struct near_place near_read_name(const char name[NEAR_NAME]) {
    return (struct near_place){get_le(name), get_le(name + 8), get_le(name + 16), get_le(name + 24), get_le(name + 32)};
}

/* ---- the index ---- */

static enum status empty(const char *dir, struct buf *err) {
    char **names;
    size_t n;
    struct buf path = {.max = 8192};
    enum status st = dir_list(dir, "", &names, &n, err);
    if (st != ST_OK) return st;
    for (size_t i = 0; i < n; i++) {
        path_join(&path, dir, names[i]);
        unlink(buf_cstr(&path));
    }
    buf_free(&path);
    dir_list_free(names, n);
    return ST_OK;
}

static uint64_t read_stamp(struct hub *h) {
    struct buf value = {.max = 64};
    enum status st = manifest_read_stamp(h->manifest, NEAR_STAMP, &value, NULL);
    uint64_t label = st == ST_OK ? strtoull(buf_cstr(&value), NULL, 10) : 0;
    buf_free(&value);
    return label;
}

uint64_t near_next_label(struct hub *h, const struct index *index) {
    uint64_t stamp = read_stamp(h), label = index_label(index);
    return (stamp > label ? stamp : label) + 1;
}

enum status near_stamp(struct hub *h, uint64_t label, struct buf *err) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)label);
    return manifest_stamp(h->manifest, NEAR_STAMP, slice_str(text), err);
}

enum status near_open(struct hub *h, const struct signature_options *options, bool *fresh, struct index **out, struct buf *err) {
    struct buf dir = {.max = 8192};
    uint64_t version = signature_version(options);
    hub_path(h, &dir, "index/near");
    *fresh = !file_exists(buf_cstr(&dir));
    enum status st = index_open(buf_cstr(&dir), version, true, out, err);
    if (st == ST_FATAL && !*fresh) {
        *fresh = true;
        if (err) buf_clear(err);
        st = empty(buf_cstr(&dir), err);
        if (st == ST_OK) st = index_open(buf_cstr(&dir), version, true, out, err);
    }
    if (st == ST_OK && (index_label(*out) == 0 || index_label(*out) != read_stamp(h))) *fresh = true;
    buf_free(&dir);
    return st;
}

/* ---- signature files ---- */

struct file {
    uint64_t segment;
    int64_t run;
    char *name;
    struct signatures_reader *reader; /* or NULL */
};
struct near_files {
    struct hub *h;
    struct signature_options options;
    struct file *v; /* by segment */
    size_t n, room, open;
    struct buf path;
    uint64_t order; /* hash of the order of survival, and of the code that ranks */
    struct buf source;
    bool official; /* of ${source}, the last one asked for */
};

static enum status note_file(void *ctx, const struct manifest_segment *seg) {
    struct near_files *f = ctx;
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 64;
        struct file *v = realloc(f->v, room * sizeof *v);
        if (!v) return ST_RETRY;
        f->v = v;
        f->room = room;
    }
    char *name = strndup(seg->name.ptr, seg->name.len);
    if (!name) return ST_RETRY;
    f->v[f->n++] = (struct file){(uint64_t)seg->number, seg->run, name, NULL};
    return ST_OK;
}

static int by_segment(const void *a, const void *b) {
    const struct file *x = a, *y = b;
    return x->segment < y->segment ? -1 : x->segment > y->segment;
}

enum status near_files_new(struct hub *h, const struct signature_options *options, struct near_files **out, struct buf *err) {
    struct near_files *f = calloc(1, sizeof *f);
    *out = f;
    if (!f) return fail(err, ST_RETRY, "out of memory");
    f->h = h;
    f->options = *options;
    buf_init(&f->path, 8192);
    buf_init(&f->source, 8192);
    f->order = hash64(slice_str(VILLERS_VERSION));
    for (unsigned i = 0; i < h->settings->survivor_order.n; i++)
        f->order = f->order * 31 + hash64(slice_str(h->settings->survivor_order.items[i]));
    enum status st = manifest_each_segment(h->manifest, SEGMENT_REFINED, note_file, f, err);
    if (f->n) qsort(f->v, f->n, sizeof *f->v, by_segment);
    return st;
}

static void close_all(struct near_files *f) {
    for (size_t i = 0; i < f->n; i++) {
        signatures_free(f->v[i].reader);
        f->v[i].reader = NULL;
    }
    f->open = 0;
}

void near_files_free(struct near_files *f) {
    if (!f) return;
    close_all(f);
    for (size_t i = 0; i < f->n; i++) free(f->v[i].name);
    free(f->v);
    buf_free(&f->source);
    buf_free(&f->path);
    free(f);
}

static struct file *find(const struct near_files *f, uint64_t segment) {
    struct file wanted = {.segment = segment};
    return f->n ? bsearch(&wanted, f->v, f->n, sizeof *f->v, by_segment) : NULL;
}

enum status near_files_get(struct near_files *f, uint64_t segment, struct signatures_reader **reader, struct buf *err) {
    struct file *file = find(f, segment);
    if (!file) return fail(err, ST_SKIP, "no refined segment of number %llu", (unsigned long long)segment);
    if (!file->reader && f->open == OPEN_FILES) close_all(f);
    if (!file->reader) {
        enum status st = signatures_open(hub_path(f->h, &f->path, "index/%s.sig", file->name), &f->options, &file->reader, err);
        if (st != ST_OK) return st;
        f->open++;
    }
    *reader = file->reader;
    return ST_OK;
}

enum status near_files_signature(struct near_files *f, const struct near_place *place, struct signature *sig, struct buf *err) {
    struct signatures_reader *reader;
    uint64_t offset = 0;
    enum status st = near_files_get(f, place->segment, &reader, err);
    if (st == ST_OK) st = signatures_at(reader, place->at, &offset, sig, err);
    return st == ST_OK && offset != place->offset ? fail(err, ST_SKIP, "a signature has moved") : st;
}

static bool is_official(struct near_files *f, struct slice id) {
    if (slice_eq(id, buf_view(&f->source)) && id.len) return f->official;
    const struct source *source = config_find_source(&f->h->catalogue, id);
    buf_clear(&f->source);
    buf_slice(&f->source, id);
    f->official = source && source->official;
    return f->official;
}

uint64_t near_print(struct near_files *f, const struct manifest_candidate *c) {
    const struct file *file = find(f, (uint64_t)c->segment_number);
    struct {
        uint64_t order, segment, offset, run, license, bytes, date, official;
        char id[DOC_ID_LEN + 7];
    } all = {.order = f->order,
             .segment = (uint64_t)c->segment_number,
             .offset = (uint64_t)c->offset,
             .run = file ? (uint64_t)file->run : 0,
             .license = hash64(c->license),
             .bytes = (uint64_t)c->bytes,
             .date = (uint64_t)c->date_day,
             .official = is_official(f, c->source)};
    memcpy(all.id, c->id, DOC_ID_LEN);
    return hash64(slice_of((const char *)&all, sizeof all));
}

/* ---- a batch ---- */

struct near_batch {
    struct dedup_names *names; /* exact hash and name */
    struct lsh_runs *keys;
    uint32_t n;
    size_t memory_bytes;
};

enum status near_batch_new(size_t memory_bytes, const char *work_dir, struct near_batch **out, struct buf *err) {
    struct near_batch *b = calloc(1, sizeof *b);
    *out = b;
    if (!b) return fail(err, ST_RETRY, "out of memory");
    b->memory_bytes = memory_bytes / 3;
    enum status st = dedup_names_new(memory_bytes / 3, work_dir, &b->names, err);
    if (st == ST_OK) st = lsh_runs_new(56, memory_bytes / 3, work_dir, &b->keys, err);
    if (st == ST_OK) lsh_runs_short(b->keys);
    return st;
}

void near_batch_free(struct near_batch *b) {
    if (!b) return;
    dedup_names_free(b->names);
    lsh_runs_free(b->keys);
    free(b);
}

enum status near_batch_add(struct near_batch *b, const struct near_place *place, const struct signature *sig, struct buf *err) {
    struct lsh_record records[SIGNATURE_MAX_KEYS];
    char entry[8 + NEAR_NAME];
    if (b->n == UINT32_MAX - 1) return fail(err, ST_FATAL, "more than %u documents in one run", UINT32_MAX);
    put_le(entry, sig->exact);
    near_write_name(place, entry + 8);
    for (unsigned i = 0; i < sig->n_keys; i++) records[i] = (struct lsh_record){LSH_SHORT(sig->keys[i]), b->n};
    enum status st = dedup_names_add(b->names, slice_of(entry, sizeof entry), err);
    if (st == ST_OK) st = lsh_runs_add(b->keys, records, sig->n_keys, err);
    if (st == ST_OK) b->n++;
    return st;
}

static enum status batch_doc(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err) {
    const struct near_batch *b = ctx;
    char scratch[DEDUP_NAME_MAX];
    struct slice entry;
    enum status st = dedup_names_get(b->names, i, scratch, &entry, err);
    if (st != ST_OK) return st;
    doc->exact = get_le(entry.ptr);
    doc->n_name = NEAR_NAME;
    doc->n_sketch = 0;
    memcpy(doc->name, entry.ptr + 8, NEAR_NAME);
    return ST_OK;
}

static enum status batch_keys(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    const struct near_batch *b = ctx;
    return lsh_runs_take(b->keys, partition, records, n, err);
}

enum status near_batch_prepare(struct near_batch *b, struct index *index, struct buf *err) {
    struct index_batch batch = {b->n, batch_doc, batch_keys, b, b->memory_bytes};
    return index_prepare(index, &batch, err);
}
