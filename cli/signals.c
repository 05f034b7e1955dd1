#include "cli/signals.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_SIGNALS = sizeof(struct quality_signals) / sizeof(double), ID_BYTES = 16 };
enum { MAGIC_LEN = 34, BODY_LEN = ID_BYTES + 8 * (6 + N_SIGNALS), RECORD_LEN = BODY_LEN + 8, RECORDS = 512 };
enum { LICENSED = 1, FRENCH = 2, TYPE_SHIFT = 8, TYPE_MASK = 255 };
#define END_OFFSET UINT64_MAX

static void magic_of(char out[MAGIC_LEN + 1]) {
    static const struct quality_signals none;
    struct buf names = {.max = 64 * KIB};
    struct json_out j;
    json_out_init(&j, &names);
    quality_json(&j, &none);
    snprintf(out, MAGIC_LEN + 1, "villers-signals 1 %016llx", (unsigned long long)hash64(buf_view(&names)));
    buf_free(&names);
}

/* ---- records ---- */

static void put(unsigned char **at, uint64_t v) {
    for (int i = 0; i < 8; i++) *(*at)++ = (unsigned char)(v >> (8 * i));
}

static uint64_t get(const unsigned char **at) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t) * (*at)++ << (8 * i);
    return v;
}

static void put_double(unsigned char **at, double d) {
    uint64_t v;
    memcpy(&v, &d, sizeof v);
    put(at, v);
}

static double get_double(const unsigned char **at) {
    uint64_t v = get(at);
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

static int digit(char c) { return ascii_is_digit(c) ? c - '0' : c - 'a' + 10; }

static void encode(unsigned char out[RECORD_LEN], const struct signals_record *rec) {
    const struct verdict_facts *f = &rec->facts;
    double signals[N_SIGNALS];
    unsigned char *at = out;
    memcpy(signals, &f->quality, sizeof signals);
    for (int i = 0; i < ID_BYTES; i++)
        *at++ = rec->id[0] ? (unsigned char)(digit(rec->id[2 * i]) << 4 | digit(rec->id[2 * i + 1])) : 0;
    put(&at, rec->offset);
    put(&at, rec->source);
    put(&at, (f->licensed ? LICENSED : 0) | (f->french ? FRENCH : 0) | (uint64_t)f->type << TYPE_SHIFT);
    put(&at, (uint64_t)f->words);
    put_double(&at, f->language_score);
    put_double(&at, f->french_share);
    for (int i = 0; i < N_SIGNALS; i++) put_double(&at, signals[i]);
    put(&at, hash64(slice_of((const char *)out, BODY_LEN)));
}

static bool decode(const unsigned char in[RECORD_LEN], struct signals_record *rec) {
    struct verdict_facts *f = &rec->facts;
    double signals[N_SIGNALS];
    const unsigned char *at = in + ID_BYTES, *sum = in + BODY_LEN;
    hash_hex(in, ID_BYTES, rec->id);
    rec->offset = get(&at);
    rec->source = get(&at);
    uint64_t flags = get(&at);
    f->licensed = flags & LICENSED;
    f->french = flags & FRENCH;
    uint64_t type = flags >> TYPE_SHIFT & TYPE_MASK;
    f->type = type < DOC_TYPES ? (enum doc_type)type : DOC_TYPE_OTHER;
    f->words = (int64_t)get(&at);
    f->language_score = get_double(&at);
    f->french_share = get_double(&at);
    for (int i = 0; i < N_SIGNALS; i++) signals[i] = get_double(&at);
    memcpy(&f->quality, signals, sizeof signals);
    return get(&sum) == hash64(slice_of((const char *)in, BODY_LEN));
}

/* ---- out ---- */

struct signals_writer {
    struct atomic_file file;
    size_t n;
    unsigned char waiting[RECORDS][RECORD_LEN];
};

static enum status flush(struct signals_writer *w, struct buf *err) {
    enum status st = atomic_write(&w->file, slice_of((const char *)w->waiting, w->n * RECORD_LEN), err);
    w->n = 0;
    return st;
}

enum status signals_create(const char *path, struct signals_writer **out, struct buf *err) {
    char magic[MAGIC_LEN + 1];
    struct signals_writer *w = calloc(1, sizeof *w);
    if (!w) return fail(err, ST_RETRY, "%s: out of memory", path);
    magic_of(magic);
    enum status st = atomic_open(&w->file, path, err);
    if (st == ST_OK) st = atomic_write(&w->file, slice_of(magic, MAGIC_LEN), err);
    if (st == ST_OK) st = atomic_write(&w->file, slice_of("\n", 1), err);
    if (st == ST_OK)
        *out = w;
    else
        signals_abort(w);
    return st;
}

enum status signals_write(struct signals_writer *w, const struct signals_record *rec, struct buf *err) {
    encode(w->waiting[w->n++], rec);
    return w->n < RECORDS ? ST_OK : flush(w, err);
}

enum status signals_finish(struct signals_writer *w, struct buf *err) {
    static const struct signals_record end = {.offset = END_OFFSET};
    enum status st = signals_write(w, &end, err);
    if (st == ST_OK) st = flush(w, err);
    if (st == ST_OK) st = atomic_commit_as(&w->file, NULL, err);
    signals_abort(w);
    return st;
}

void signals_abort(struct signals_writer *w) {
    if (!w) return;
    atomic_abort(&w->file);
    free(w);
}

/* ---- in ---- */

struct signals_reader {
    FILE *file;
    char *path;
    bool ended;
};

enum status signals_open(const char *path, struct signals_reader **out, struct buf *err) {
    char magic[MAGIC_LEN + 1], found[MAGIC_LEN + 1] = "";
    struct signals_reader *r = calloc(1, sizeof *r);
    if (r) r->path = strdup(path);
    enum status st = r && r->path ? ST_OK : fail(err, ST_RETRY, "%s: out of memory", path);
    if (st == ST_OK && !(r->file = fopen(path, "rbe")))
        st = fail(err, errno == ENOENT ? ST_SKIP : ST_FATAL, "%s: %s", path, strerror(errno));
    magic_of(magic);
    if (st == ST_OK && (fread(found, 1, MAGIC_LEN + 1, r->file) != MAGIC_LEN + 1 || memcmp(found, magic, MAGIC_LEN) != 0))
        st = fail(err, ST_SKIP, "%s: signals of another version", path);
    if (st == ST_OK)
        *out = r;
    else
        signals_free(r);
    return st;
}

enum status signals_next(struct signals_reader *r, struct signals_record *rec, struct buf *err) {
    unsigned char bytes[RECORD_LEN];
    if (r->ended) return ST_RETRY;
    if (fread(bytes, 1, RECORD_LEN, r->file) != RECORD_LEN || !decode(bytes, rec))
        return fail(err, ST_FATAL, "%s: damaged or truncated; remove it and run villers refine", r->path);
    r->ended = rec->offset == END_OFFSET;
    return r->ended ? ST_RETRY : ST_OK;
}

void signals_free(struct signals_reader *r) {
    if (!r) return;
    if (r->file) fclose(r->file);
    free(r->path);
    free(r);
}
