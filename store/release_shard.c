#include "store/release_shard.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/release_reader.h"
#include <stdlib.h>

/* ---- the list ---- */

static const char *keep_string(struct release_list *l, struct slice s, const char *last) {
    if (last && slice_eq_str(s, last)) return last;
    struct slice copy = arena_dup(l->strings, s);
    return copy.ptr && copy.len == s.len ? copy.ptr : NULL;
}

enum status release_list_add(struct release_list *l, const struct manifest_document *d, struct buf *err) {
    if (!l->strings && !(l->strings = arena_new(LIMIT_RELEASE_META))) return fail(err, ST_FATAL, "out of memory");
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 1024;
        struct release_ref *grown = cap <= 4 * RELEASE_SHARD_DOCUMENTS ? realloc(l->refs, cap * sizeof *grown) : NULL;
        if (!grown) return fail(err, ST_FATAL, "too many documents in one shard");
        l->refs = grown;
        l->cap = cap;
    }
    const struct release_ref *last = l->n ? &l->refs[l->n - 1] : NULL;
    struct release_ref *ref = &l->refs[l->n];
    *ref = (struct release_ref){
        .doc = d->doc, .offset = d->offset, .cluster_size = d->cluster_size, .bytes = d->bytes, .quality = d->quality};
    ref->source = keep_string(l, d->source, last ? last->source : NULL);
    ref->host = keep_string(l, d->host, last ? last->host : NULL);
    ref->segment = keep_string(l, d->segment, last ? last->segment : NULL);
    ref->type = keep_string(l, d->type, last ? last->type : NULL);
    memcpy(ref->id, d->id, sizeof ref->id);
    memcpy(ref->cluster_id, d->cluster_id, sizeof ref->cluster_id);
    if (arena_failed(l->strings) || !ref->source || !ref->host || !ref->segment || !ref->type)
        return fail(err, ST_FATAL, "out of memory");
    l->n++;
    l->text_bytes += (uint64_t)d->bytes;
    return ST_OK;
}

static int by_site(const void *a, const void *b) {
    const struct release_ref *x = a, *y = b;
    int order = strcmp(x->source, y->source);
    if (order == 0) order = strcmp(x->host, y->host);
    return order ? order : strcmp(x->id, y->id);
}

void release_list_sort(struct release_list *l) {
    if (l->n) qsort(l->refs, l->n, sizeof *l->refs, by_site);
}

void release_list_clear(struct release_list *l) {
    l->n = 0;
    l->text_bytes = 0;
    if (l->strings) arena_reset(l->strings);
}

void release_list_free(struct release_list *l) {
    free(l->refs);
    arena_free(l->strings);
    *l = (struct release_list){0};
}

/* ---- the lines ---- */

struct line_job {
    const struct release_ref *ref;
    struct buf line, err;
    struct buf keys; /* source, licence and language, each ended by a NUL */
    struct buf metadata;
    uint64_t words, text_bytes;
    enum status st;
};

struct lines_run {
    const struct release_list *list;
    struct release_reader **readers; /* one a worker */
    unsigned threads;
    struct line_job *jobs; /* handed out and taken back in input order, so a ring will do */
    size_t window, begun;
    struct shard_writer *writer; /* NULL: only sum */
    struct release_sums *sums;
    struct buf *err;
};

static void hash_bytes(struct hash128 h, unsigned char out[16]) {
    for (int i = 0; i < 8; i++) {
        out[i] = (unsigned char)(h.hi >> (56 - 8 * i));
        out[8 + i] = (unsigned char)(h.lo >> (56 - 8 * i));
    }
}

struct hash128 release_lines_next(struct hash128 h, struct slice line) {
    unsigned char both[32];
    hash_bytes(h, both);
    hash_bytes(hash128(line), both + 16);
    return hash128(slice_of((const char *)both, sizeof both));
}

static void *next_job(void *ctx) {
    struct lines_run *r = ctx;
    if (r->begun >= r->list->n) return NULL;
    struct line_job *job = &r->jobs[r->begun % r->window];
    job->ref = &r->list->refs[r->begun++];
    buf_clear(&job->line);
    buf_clear(&job->keys);
    buf_clear(&job->err);
    job->st = ST_OK;
    return job;
}

static void put_key(struct buf *keys, struct slice s) {
    buf_slice(keys, s);
    buf_char(keys, '\0');
}

/* What the manifest knows besides comes first in the metadata: {"document_type":"legal","quality_score":0.6123,…}. */
static void add_verdict(const struct release_ref *ref, struct slice *metadata, struct buf *room) {
    struct slice rest = slice_trim(*metadata);
    struct json_out j;
    if ((!*ref->type && ref->quality < 0) || (rest.len && rest.ptr[0] != '{')) return;
    buf_clear(room);
    json_out_init(&j, room);
    json_object(&j);
    if (*ref->type) json_kv_str(&j, "document_type", slice_str(ref->type));
    if (ref->quality >= 0) json_kv_float(&j, "quality_score", ref->quality, 4);
    rest = slice_trim(slice_sub(rest, rest.len ? 1 : 0, rest.len));
    if (rest.len == 0)
        json_object_end(&j);
    else {
        if (rest.ptr[0] != '}') buf_char(room, ',');
        buf_slice(room, rest);
    }
    *metadata = buf_view(room);
}

static void make_line(void *ctx, void *item, unsigned worker) {
    struct lines_run *r = ctx;
    struct line_job *job = item;
    const struct release_ref *ref = job->ref;
    struct doc doc = {0};
    job->st = release_reader_get(r->readers[worker], ref->segment, (uint64_t)ref->offset, ref->id, &doc, &job->err);
    if (job->st != ST_OK) return;
    if (doc.license.len == 0) {
        job->st = fail(&job->err, ST_FATAL, "document %s has no licence: never published", ref->id);
        return;
    }
    doc.crawl_date = slice_sub(doc.crawl_date, 0, 10);
    doc.minhash_cluster_id = slice_str(ref->cluster_id);
    doc.minhash_cluster_size = ref->cluster_size;
    add_verdict(ref, &doc.metadata, &job->metadata);
    doc_write(&job->line, &doc, DOC_RELEASE);
    put_key(&job->keys, doc.source);
    put_key(&job->keys, doc.license);
    put_key(&job->keys, doc.language);
    job->words = doc.words > 0 ? (uint64_t)doc.words : 0;
    job->text_bytes = doc.text.len;
    if (!buf_ok(&job->line) || !buf_ok(&job->keys) || !buf_ok(&job->metadata))
        job->st = fail(&job->err, ST_FATAL, "document %s: line over the limit", ref->id);
}

static bool count_keys(const struct line_job *job, struct release_sums *s) {
    struct release_counts *tables[3] = {s->sources, s->licenses, s->languages};
    const char *key = buf_cstr(&job->keys);
    for (size_t i = 0; i < 3; i++, key += strlen(key) + 1)
        if (tables[i] && !release_counts_add(tables[i], slice_str(key), 1, job->words, job->text_bytes)) return false;
    return true;
}

static enum status take_line(void *ctx, void *item, bool drop) {
    struct lines_run *r = ctx;
    struct line_job *job = item;
    if (drop) return ST_OK;
    if (job->st != ST_OK) return fail(r->err, job->st, "%s", buf_cstr(&job->err));
    r->sums->lines = release_lines_next(r->sums->lines, buf_view(&job->line));
    r->sums->documents++;
    r->sums->words += job->words;
    r->sums->text_bytes += job->text_bytes;
    if (!count_keys(job, r->sums)) return fail(r->err, ST_FATAL, "out of memory");
    return r->writer ? shard_append(r->writer, buf_view(&job->line), job->text_bytes, job->words, r->err) : ST_OK;
}

static bool make_room(struct lines_run *r, const struct release_lines *in) {
    r->threads = in->threads ? in->threads : parallel_cores();
    r->window = 16 * (size_t)r->threads;
    r->readers = calloc(r->threads, sizeof *r->readers);
    r->jobs = calloc(r->window, sizeof *r->jobs);
    if (!r->readers || !r->jobs) return false;
    for (size_t i = 0; i < r->window; i++) r->jobs[i].line.max = r->jobs[i].metadata.max = LIMIT_LINE;
    for (unsigned i = 0; i < r->threads; i++)
        if (!(r->readers[i] = release_reader_new(in->refined))) return false;
    return true;
}

static void give_back(struct lines_run *r) {
    for (unsigned i = 0; r->readers && i < r->threads; i++) release_reader_free(r->readers[i]);
    for (size_t i = 0; r->jobs && i < r->window; i++) {
        buf_free(&r->jobs[i].line);
        buf_free(&r->jobs[i].keys);
        buf_free(&r->jobs[i].metadata);
        buf_free(&r->jobs[i].err);
    }
    free(r->readers);
    free(r->jobs);
}

enum status release_shard_write(const struct release_lines *in, const struct release_list *list, struct shard_writer *writer,
                                struct release_sums *sums, struct buf *err) {
    static const struct parallel_ops ops = {next_job, make_line, take_line};
    struct lines_run r = {.list = list, .writer = writer, .sums = sums, .err = err};
    enum status st = make_room(&r, in) ? parallel_run(&ops, &r, r.threads, r.window) : fail(err, ST_FATAL, "out of memory");
    give_back(&r);
    return st;
}

enum status release_shard_sum(const struct release_lines *in, const struct release_list *list, struct release_sums *sums,
                              struct buf *err) {
    return release_shard_write(in, list, NULL, sums, err);
}
