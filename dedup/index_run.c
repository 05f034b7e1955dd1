/*
 * A run is an index_file of:
 *   entries    one a document: u64 exact hash, u16 bytes of the name, u16 sketch values, the name, the sketch as u32
 *   offsets    u64 a document: where its entry begins
 *   keys       12 bytes a band of a document: u64 key, u32 document; ascending
 *   exact      12 bytes a document: u64 exact hash, u32 document; ascending
 * Its head: u64 signature version, documents, and where offsets, keys and exact begin; then for keys and for exact 257 u64: how many
 * records stand before each value of the leading byte, and their total.  All little-endian.
 */
#include "dedup/index_run.h"
#include "base/limits.h"
#include "dedup/index_file.h"
#include <stdlib.h>

#define RECORD 12
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

static void words_le(void *bytes, size_t n) {
    uint64_t *w = bytes;
    for (size_t i = 0; i < n; i++) w[i] = htole64(w[i]);
}

static bool head_sound(const struct head *h, uint64_t size) {
    if (h->n_docs > UINT32_MAX || h->offsets_at > size || (size - h->offsets_at) / 8 < h->n_docs) return false;
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned p = 0; p < LSH_PARTITIONS; p++)
            if (h->fences[s][p] > h->fences[s][p + 1]) return false;
        if (h->section_at[s] > size || (size - h->section_at[s]) / RECORD < h->fences[s][LSH_PARTITIONS]) return false;
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

enum status index_run_part(const struct index_run *r, enum index_section section, unsigned partition, struct lsh_record **records,
                           size_t *n, struct buf *err) {
    const uint64_t *fence = r->head.fences[section] + partition;
    size_t count = (size_t)(fence[1] - fence[0]);
    *records = NULL;
    *n = 0;
    if (!count) return ST_OK;
    struct lsh_record *v = malloc(count * sizeof *v);
    if (!v) return fail(err, ST_FATAL, "out of memory for %zu records of an index", count);
    /* Read packed into the end of the room they will fill, then spread from the front. */
    char *packed = (char *)v + count * (sizeof *v - RECORD);
    enum status st = index_in_read(r->in, r->head.section_at[section] + fence[0] * RECORD, packed, count * RECORD, err);
    for (size_t i = 0; st == ST_OK && i < count; i++, packed += RECORD) {
        uint64_t key;
        uint32_t doc;
        memcpy(&key, packed, 8);
        memcpy(&doc, packed + 8, 4);
        v[i] = (struct lsh_record){le64toh(key), le32toh(doc)};
    }
    if (st == ST_OK) {
        *records = v;
        *n = count;
    } else {
        free(v);
    }
    return st;
}

/* Writing. */
struct writing {
    struct index_out *out;
    const struct index_batch *batch;
    struct head head;
    struct lsh_runs *exact;
    uint64_t *offsets;
};

static enum status write_entry(struct writing *w, uint32_t i, struct index_doc *doc, struct buf *err) {
    enum status st = w->batch->doc(w->batch->ctx, i, doc, err);
    if (st != ST_OK) return st;
    struct lsh_record record = {doc->exact, i};
    uint64_t exact = htole64(doc->exact);
    uint16_t lengths[2] = {htole16(doc->n_name), htole16(doc->n_sketch)};
    w->offsets[i] = htole64(index_out_offset(w->out));
    for (unsigned k = 0; k < doc->n_sketch; k++) doc->sketch[k] = htole32(doc->sketch[k]);
    st = lsh_runs_add(w->exact, &record, 1, err);
    if (st == ST_OK) st = index_out_write(w->out, &exact, sizeof exact, err);
    if (st == ST_OK) st = index_out_write(w->out, lengths, sizeof lengths, err);
    if (st == ST_OK) st = index_out_write(w->out, doc->name, doc->n_name, err);
    return st == ST_OK ? index_out_write(w->out, doc->sketch, 4u * doc->n_sketch, err) : st;
}

static enum status write_records(struct writing *w, const struct lsh_record *v, size_t n, struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        char packed[RECORD];
        uint64_t key = htole64(v[i].key);
        uint32_t doc = htole32((uint32_t)v[i].value);
        memcpy(packed, &key, 8);
        memcpy(packed + 8, &doc, 4);
        st = index_out_write(w->out, packed, RECORD, err);
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
        if (st == ST_OK) st = write_records(w, v, n, err);
        fence[p + 1] = fence[p] + n;
        free(v);
    }
    return st;
}

static enum status write_all(struct writing *w, struct index_doc *doc, struct buf *err) {
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < w->batch->n; i++) st = write_entry(w, i, doc, err);
    w->head.offsets_at = index_out_offset(w->out);
    if (st == ST_OK) st = index_out_write(w->out, w->offsets, 8 * (size_t)w->batch->n, err);
    if (st == ST_OK) st = write_section(w, INDEX_KEYS, err);
    if (st == ST_OK) st = write_section(w, INDEX_EXACT, err);
    return st;
}

enum status index_run_write(const char *path, uint64_t signature_version, const struct index_batch *batch, struct buf *err) {
    struct writing *w = calloc(1, sizeof *w);
    struct index_doc *doc = malloc(sizeof *doc);
    enum status st = w && doc ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        w->batch = batch;
        w->head.signature_version = signature_version;
        w->head.n_docs = batch->n;
        w->offsets = malloc(8 * (size_t)batch->n + 1);
        if (!w->offsets) st = fail(err, ST_FATAL, "out of memory for %u documents", batch->n);
    }
    if (st == ST_OK) st = lsh_runs_new(56, 128 * MIB, NULL, &w->exact, err);
    if (st == ST_OK) st = index_out_create(path, &w->out, err);
    if (st == ST_OK) {
        st = write_all(w, doc, err);
        words_le(&w->head, sizeof w->head / 8);
        if (st == ST_OK)
            st = index_out_finish(w->out, slice_of((const char *)&w->head, sizeof w->head), err);
        else
            index_out_abort(w->out);
    }
    if (w) {
        free(w->offsets);
        lsh_runs_free(w->exact);
    }
    free(w);
    free(doc);
    return st;
}
