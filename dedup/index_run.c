/*
 * A run is an index_file of:
 *   entries    one a document: u64 exact hash, u16 bytes of the name, u16 sketch values, the name, the sketch as u32
 *   offsets    u64 a document: where its entry begins
 *   keys       9 bytes a band of a document: the 5 bytes of the key after the leading one, u32 document; ascending
 *   exact      11 bytes a document: the 7 bytes of the exact hash after the leading one, u32 document; ascending
 * Its head: u64 signature version, documents, and where offsets, keys and exact begin; then for keys and for exact 257 u64: how many
 * records stand before each value of the leading byte, and their total.  All little-endian, but keys and hashes big-endian.
 */
#include "dedup/index_run.h"
#include "base/limits.h"
#include "dedup/dedup_stream.h"
#include "dedup/index_file.h"
#include <endian.h>
#include <stdlib.h>

#define RECORD_MAX 11
#define READ_RECORDS 4096 /* at a time */
#define ENTRY_HEAD 12
#define FENCES (LSH_PARTITIONS + 1)

struct head {
    uint64_t signature_version, n_docs, offsets_at, section_at[2];
    uint64_t fences[2][FENCES];
};
struct index_run {
    struct index_in *in;
    struct head head;
};

static size_t key_bytes(enum index_section section) { return section == INDEX_KEYS ? 5 : 7; }
static size_t record_bytes(enum index_section section) { return key_bytes(section) + 4; }

static void words_le(void *bytes, size_t n) {
    uint64_t *w = bytes;
    for (size_t i = 0; i < n; i++) w[i] = htole64(w[i]);
}

static bool head_sound(const struct head *h, uint64_t size) {
    if (h->n_docs > UINT32_MAX || h->offsets_at > size || (size - h->offsets_at) / 8 < h->n_docs) return false;
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned p = 0; p < LSH_PARTITIONS; p++)
            if (h->fences[s][p] > h->fences[s][p + 1]) return false;
        if (h->section_at[s] > size ||
            (size - h->section_at[s]) / record_bytes((enum index_section)s) < h->fences[s][LSH_PARTITIONS])
            return false;
    }
    return true;
}

enum status index_run_open(const char *path, uint64_t signature_version, struct index_run **out, struct buf *err) {
    struct index_run *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r) return fail(err, ST_FATAL, "out of memory");
    enum status st = index_in_open(path, &r->in, err);
    if (st == ST_OK && index_in_head(r->in).len != sizeof r->head)
        st = fail(err, ST_FATAL, "%s is damaged: its head is wrong", path);
    if (st == ST_OK) {
        memcpy(&r->head, index_in_head(r->in).ptr, sizeof r->head);
        words_le(&r->head, sizeof r->head / 8);
        if (!head_sound(&r->head, index_in_size(r->in))) st = fail(err, ST_FATAL, "%s is damaged: its head is wrong", path);
    }
    if (st == ST_OK && r->head.signature_version != signature_version)
        st = fail(err, ST_FATAL, "%s was made with other signature options", path);
    if (st == ST_OK)
        *out = r;
    else
        index_run_free(r);
    return st;
}

void index_run_free(struct index_run *r) {
    if (!r) return;
    index_in_free(r->in);
    free(r);
}

uint32_t index_run_documents(const struct index_run *r) { return (uint32_t)r->head.n_docs; }

enum status index_run_doc(const struct index_run *r, uint32_t local, struct index_doc *doc, struct buf *err) {
    uint64_t at;
    char head[ENTRY_HEAD];
    if (local >= r->head.n_docs) return fail(err, ST_FATAL, "an index names a document it does not have");
    enum status st = index_in_read(r->in, r->head.offsets_at + 8 * (uint64_t)local, &at, sizeof at, err);
    if (st != ST_OK) return st;
    at = le64toh(at);
    st = index_in_read(r->in, at, head, sizeof head, err);
    if (st != ST_OK) return st;
    memcpy(&doc->exact, head, 8);
    memcpy(&doc->n_name, head + 8, 2);
    memcpy(&doc->n_sketch, head + 10, 2);
    doc->exact = le64toh(doc->exact);
    doc->n_name = le16toh(doc->n_name);
    doc->n_sketch = le16toh(doc->n_sketch);
    if (doc->n_name > DEDUP_NAME_MAX || doc->n_sketch > SIGNATURE_SKETCH)
        return fail(err, ST_FATAL, "an entry of an index is too long");
    st = index_in_read(r->in, at + ENTRY_HEAD, doc->name, doc->n_name, err);
    if (st == ST_OK) st = index_in_read(r->in, at + ENTRY_HEAD + doc->n_name, doc->sketch, 4u * doc->n_sketch, err);
    for (unsigned i = 0; st == ST_OK && i < doc->n_sketch; i++) doc->sketch[i] = le32toh(doc->sketch[i]);
    return st;
}

struct entries { /* read on end */
    const struct index_run *r;
    uint64_t at; /* of the chunk's end */
    size_t have, used;
    char chunk[64 * 1024];
};

/* Make ${n} bytes available, at most DEDUP_NAME_MAX and a head. */
static enum status want(struct entries *e, size_t n, struct buf *err) {
    if (e->have - e->used >= n) return ST_OK;
    memmove(e->chunk, e->chunk + e->used, e->have - e->used);
    e->have -= e->used;
    e->used = 0;
    uint64_t left = e->r->head.offsets_at - e->at;
    size_t k = sizeof e->chunk - e->have < left ? sizeof e->chunk - e->have : (size_t)left;
    enum status st = index_in_read(e->r->in, e->at, e->chunk + e->have, k, err);
    e->at += k;
    e->have += k;
    return st == ST_OK && e->have < n ? fail(err, ST_FATAL, "an index ends within an entry") : st;
}

static void skip(struct entries *e, size_t n) {
    size_t held = e->have - e->used < n ? e->have - e->used : n;
    e->used += held;
    e->at += n - held;
}

static enum status next_entry(struct entries *e, struct index_doc *doc, struct buf *err) {
    uint16_t n_sketch;
    enum status st = want(e, ENTRY_HEAD, err);
    if (st != ST_OK) return st;
    const char *head = e->chunk + e->used;
    memcpy(&doc->exact, head, 8);
    memcpy(&doc->n_name, head + 8, 2);
    memcpy(&n_sketch, head + 10, 2);
    doc->exact = le64toh(doc->exact);
    doc->n_name = le16toh(doc->n_name);
    doc->n_sketch = 0;
    n_sketch = le16toh(n_sketch);
    if (doc->n_name > DEDUP_NAME_MAX || n_sketch > SIGNATURE_SKETCH) return fail(err, ST_FATAL, "an entry of an index is too long");
    skip(e, ENTRY_HEAD);
    st = want(e, doc->n_name, err);
    if (st != ST_OK) return st;
    memcpy(doc->name, e->chunk + e->used, doc->n_name);
    skip(e, doc->n_name + 4u * n_sketch);
    return e->at > e->r->head.offsets_at ? fail(err, ST_FATAL, "an index ends within an entry") : ST_OK;
}

enum status index_run_each(const struct index_run *r,
                           enum status (*fn)(void *ctx, uint32_t local, const struct index_doc *doc, struct buf *err), void *ctx,
                           struct buf *err) {
    struct entries *e = calloc(1, sizeof *e);
    struct index_doc *doc = malloc(sizeof *doc);
    enum status st = e && doc ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (e) e->r = r;
    for (uint32_t i = 0; st == ST_OK && i < r->head.n_docs; i++) {
        st = next_entry(e, doc, err);
        if (st == ST_OK) st = fn(ctx, i, doc, err);
    }
    free(doc);
    free(e);
    return st;
}

uint64_t index_run_part_count(const struct index_run *r, enum index_section section, unsigned partition) {
    return r->head.fences[section][partition + 1] - r->head.fences[section][partition];
}

enum status index_run_part(const struct index_run *r, enum index_section section, unsigned partition, uint64_t from, size_t n,
                           struct lsh_record *records, struct buf *err) {
    char packed[READ_RECORDS * RECORD_MAX];
    size_t size = record_bytes(section), key_len = key_bytes(section);
    uint64_t at = r->head.section_at[section] + (r->head.fences[section][partition] + from) * size;
    while (n) {
        size_t k = n < READ_RECORDS ? n : READ_RECORDS;
        enum status st = index_in_read(r->in, at, packed, k * size, err);
        if (st != ST_OK) return st;
        for (size_t i = 0; i < k; i++) {
            uint64_t key = 0;
            uint32_t doc;
            memcpy((char *)&key + 1, packed + i * size, key_len);
            memcpy(&doc, packed + i * size + key_len, 4);
            *records++ = (struct lsh_record){be64toh(key) | (uint64_t)partition << 56, le32toh(doc)};
        }
        at += k * size;
        n -= k;
    }
    return ST_OK;
}

/* Writing. */
struct writing {
    struct index_out *out;
    const struct index_batch *batch;
    struct head head;
    struct lsh_runs *exact;
    struct dedup_stream *offsets;
};

static enum status write_entry(struct writing *w, uint32_t i, struct index_doc *doc, struct buf *err) {
    enum status st = w->batch->doc(w->batch->ctx, i, doc, err);
    if (st != ST_OK) return st;
    struct lsh_record record = {doc->exact, i};
    uint64_t exact = htole64(doc->exact);
    uint16_t lengths[2] = {htole16(doc->n_name), htole16(doc->n_sketch)};
    uint64_t offset = htole64(index_out_offset(w->out)), ignored;
    char *at;
    st = dedup_stream_room(w->offsets, sizeof offset, &at, &ignored, err);
    if (st != ST_OK) return st;
    memcpy(at, &offset, sizeof offset);
    for (unsigned k = 0; k < doc->n_sketch; k++) doc->sketch[k] = htole32(doc->sketch[k]);
    st = lsh_runs_add(w->exact, &record, 1, err);
    if (st == ST_OK) st = index_out_write(w->out, &exact, sizeof exact, err);
    if (st == ST_OK) st = index_out_write(w->out, lengths, sizeof lengths, err);
    if (st == ST_OK) st = index_out_write(w->out, doc->name, doc->n_name, err);
    return st == ST_OK ? index_out_write(w->out, doc->sketch, 4u * doc->n_sketch, err) : st;
}

static enum status write_records(struct writing *w, enum index_section section, const struct lsh_record *v, size_t n,
                                 struct buf *err) {
    enum status st = ST_OK;
    size_t key_len = key_bytes(section);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        char packed[RECORD_MAX];
        uint64_t key = htobe64(v[i].key);
        uint32_t doc = htole32((uint32_t)v[i].value);
        memcpy(packed, (const char *)&key + 1, key_len);
        memcpy(packed + key_len, &doc, 4);
        st = index_out_write(w->out, packed, key_len + 4, err);
    }
    return st;
}

static enum status write_offsets(struct writing *w, struct buf *err) {
    enum status st = ST_OK;
    w->head.offsets_at = index_out_offset(w->out);
    for (uint64_t i = 0; st == ST_OK && i < w->batch->n; i++) {
        uint64_t own;
        const char *at;
        st = dedup_stream_read(w->offsets, 8 * i, sizeof own, &own, &at, err);
        if (st == ST_OK) st = index_out_write(w->out, at, sizeof own, err);
    }
    return st;
}

static enum status write_section(struct writing *w, enum index_section section, struct buf *err) {
    enum status st = ST_OK;
    uint64_t *fence = w->head.fences[section];
    w->head.section_at[section] = index_out_offset(w->out);
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *v = NULL;
        size_t n = 0;
        if (section == INDEX_KEYS)
            st = w->batch->keys(w->batch->ctx, p, &v, &n, err);
        else
            st = lsh_runs_take(w->exact, p, &v, &n, err);
        if (st == ST_OK) st = write_records(w, section, v, n, err);
        fence[p + 1] = fence[p] + n;
        free(v);
    }
    return st;
}

static enum status write_all(struct writing *w, struct index_doc *doc, struct buf *err) {
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < w->batch->n; i++) st = write_entry(w, i, doc, err);
    if (st == ST_OK) st = write_offsets(w, err);
    if (st == ST_OK) st = write_section(w, INDEX_KEYS, err);
    if (st == ST_OK) st = write_section(w, INDEX_EXACT, err);
    return st;
}

static enum status write_run(struct writing *w, const char *path, struct buf *err) {
    struct index_doc *doc = malloc(sizeof *doc);
    enum status st = doc ? index_out_create(path, &w->out, err) : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        st = write_all(w, doc, err);
        words_le(&w->head, sizeof w->head / 8);
        if (st == ST_OK)
            st = index_out_finish(w->out, slice_of((const char *)&w->head, sizeof w->head), err);
        else
            index_out_abort(w->out);
    }
    free(doc);
    return st;
}

enum status index_run_write(const char *dir, const char *path, uint64_t signature_version, const struct index_batch *batch,
                            struct buf *err) {
    struct writing *w = calloc(1, sizeof *w);
    size_t m = batch->memory_bytes ? batch->memory_bytes : 64 * MIB;
    if (!w) return fail(err, ST_FATAL, "out of memory");
    w->batch = batch;
    w->head.signature_version = signature_version;
    w->head.n_docs = batch->n;
    enum status st = dedup_stream_new(m / 3, dir, &w->offsets, err);
    if (st == ST_OK) st = lsh_runs_new(56, m / 3 * 2, dir, &w->exact, err);
    if (st == ST_OK) st = write_run(w, path, err);
    dedup_stream_free(w->offsets);
    lsh_runs_free(w->exact);
    free(w);
    return st;
}
