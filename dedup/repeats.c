/*
 * A place is document << 24 | line << 1 | 1 for a paragraph that begins there.  Records of key hash, value place are taken by
 * partition; the places to cut are then sorted into a stream of 8 bytes each.
 */
#include "dedup/repeats.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_stream.h"
#include "dedup/lsh.h"
#include "dedup/normalise.h"
#include "dedup/signature_words.h"
#include <pthread.h>
#include <stdlib.h>

enum { PLACE_BITS = 24, MAX_LINES = 1 << (PLACE_BITS - 1), SLICE_PART = 8 };

struct repeats {
    struct repeats_options opt;
    struct lsh_runs *found, *cuts; /* key: hash, value: place; key: place */
    struct dedup_stream *places;   /* u64, ascending */
    uint64_t n_places, max_doc;
    pthread_mutex_t lock; /* of max_doc and err */
    struct buf *err;
};
struct repeats_reader {
    struct normaliser *normaliser;
    char *text;
    uint64_t *words;
    size_t room;
};

enum status repeats_new(const struct repeats_options *opt, struct repeats **out, struct buf *err) {
    struct repeats *r = calloc(1, sizeof *r);
    *out = r;
    if (!r) return fail(err, ST_FATAL, "out of memory");
    r->opt = *opt;
    pthread_mutex_init(&r->lock, NULL);
    enum status st = lsh_runs_new(56, opt->memory_bytes / 2, opt->work_dir, &r->found, err);
    if (st == ST_OK) st = dedup_stream_new(opt->memory_bytes / 4, opt->work_dir, &r->places, err);
    if (st == ST_OK) return ST_OK;
    repeats_free(r);
    *out = NULL;
    return st;
}

void repeats_free(struct repeats *r) {
    if (!r) return;
    lsh_runs_free(r->found);
    lsh_runs_free(r->cuts);
    dedup_stream_free(r->places);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

struct repeats_reader *repeats_reader_new(void) {
    struct repeats_reader *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->normaliser = normaliser_new(true);
    if (w->normaliser) return w;
    repeats_reader_free(w);
    return NULL;
}

void repeats_reader_free(struct repeats_reader *w) {
    if (!w) return;
    normaliser_free(w->normaliser);
    free(w->text);
    free(w->words);
    free(w);
}

static bool room_for(struct repeats_reader *w, size_t len) {
    if (w->text && len <= w->room) return true;
    char *text = realloc(w->text, normalise_room(len));
    if (text) w->text = text;
    uint64_t *words = realloc(w->words, (normalise_room(len) / 2 + 1) * sizeof *words);
    if (words) w->words = words;
    if (!text || !words) return false;
    w->room = len;
    return true;
}

/* 0 for a piece without words. */
static uint64_t hash_of(struct repeats_reader *w, uint64_t source, struct slice piece) {
    uint64_t h = source;
    size_t n = signature_words(w->text, normalise_run(w->normaliser, piece, w->text), w->words);
    if (n == 0) return 0;
    for (size_t i = 0; i < n; i++) h = (h ^ w->words[i]) * 0x9FB21C651E98DF25u;
    h ^= h >> 32;
    h *= 0xE9846AF9B1A615Du;
    return h ^ h >> 29;
}

static bool blank(struct slice line) { return slice_trim(line).len == 0; }

/* The end of the paragraph that begins at ${text}, and whether an empty line ends it. */
static size_t paragraph_end(struct slice text, bool spaced) {
    struct slice rest = text, line;
    size_t end = 0;
    while (slice_cut(&rest, '\n', &line)) {
        if (end > 0 && blank(line)) break;
        end = (size_t)(line.ptr - text.ptr) + line.len;
        if (!spaced) break;
    }
    return end;
}

static bool has_blank_line(struct slice text) {
    struct slice rest = slice_trim(text), line;
    while (slice_cut(&rest, '\n', &line))
        if (blank(line)) return true;
    return false;
}

/* Calls ${fn} for each line and paragraph of ${text} that is not blank. */
struct walk {
    bool lines, paragraphs;
    enum status (*fn)(struct walk *w, struct slice piece, unsigned place);
};

static enum status walk_text(struct walk *w, struct slice text) {
    bool spaced = w->paragraphs && has_blank_line(text), inside = false;
    struct slice rest = text, line;
    enum status st = ST_OK;
    for (unsigned n = 0; st == ST_OK && n < MAX_LINES && slice_cut(&rest, '\n', &line); n++) {
        bool empty = blank(line), begins = !empty && (!spaced || !inside);
        inside = !empty;
        if (empty) continue;
        if (w->lines) st = w->fn(w, line, n << 1);
        struct slice from = slice_of(line.ptr, text.len - (size_t)(line.ptr - text.ptr));
        if (st == ST_OK && w->paragraphs && begins) st = w->fn(w, slice_sub(from, 0, paragraph_end(from, spaced)), n << 1 | 1);
    }
    return st;
}

struct adding {
    struct walk walk;
    struct repeats *r;
    struct repeats_reader *reader;
    uint64_t doc, source;
    struct lsh_sink *sink;
    struct buf *err;
};

static enum status add_piece(struct walk *w, struct slice piece, unsigned place) {
    struct adding *a = (struct adding *)w;
    uint64_t h = hash_of(a->reader, a->source + (place & 1), piece);
    return h ? lsh_sink_put(a->sink, h, a->doc << PLACE_BITS | place, a->err) : ST_OK;
}

enum status repeats_add(struct repeats *r, struct repeats_reader *w, uint64_t doc, struct slice source, struct slice text,
                        struct buf *err) {
    struct lsh_sink sink = {.runs = r->found};
    struct adding a = {.walk = {.lines = r->opt.lines > 0, .paragraphs = r->opt.paragraphs > 0, .fn = add_piece},
                       .r = r,
                       .reader = w,
                       .doc = doc,
                       .source = hash64(source),
                       .sink = &sink,
                       .err = err};
    if (doc >= REPEATS_DOC_MAX) return fail(err, ST_FATAL, "too many documents");
    if (!room_for(w, text.len)) return fail(err, ST_FATAL, "out of memory for a text of %zu bytes", text.len);
    pthread_mutex_lock(&r->lock);
    if (doc > r->max_doc) r->max_doc = doc;
    pthread_mutex_unlock(&r->lock);
    enum status st = walk_text(&a.walk, text);
    return st == ST_OK ? lsh_sink_flush(&sink, err) : st;
}

/* In how many documents one hash stands; records are sorted by hash, then place. */
static size_t count_documents(const struct lsh_record *v, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += i == 0 || v[i].value >> PLACE_BITS != v[i - 1].value >> PLACE_BITS;
    return count;
}

static enum status decide_records(struct repeats *r, const struct lsh_record *v, size_t n, struct lsh_sink *sink, struct buf *err) {
    enum status st = ST_OK;
    for (size_t at = 0, end; st == ST_OK && at < n; at = end) {
        end = lsh_bucket_end(v, n, at);
        unsigned wanted = v[at].value & 1 ? r->opt.paragraphs : r->opt.lines;
        if (count_documents(v + at, end - at) < wanted) continue;
        for (size_t i = at; st == ST_OK && i < end; i++) st = lsh_sink_put(sink, v[i].value, 0, err);
    }
    return st;
}

static enum status decide_partition(struct repeats *r, unsigned partition, struct lsh_sink *sink, struct buf *err) {
    unsigned slices = lsh_runs_slices(r->found, partition, r->opt.memory_bytes / SLICE_PART / sizeof(struct lsh_record));
    enum status st = ST_OK;
    for (unsigned i = 0; st == ST_OK && i < slices; i++) {
        struct lsh_record *v;
        size_t n;
        st = lsh_runs_take_slice(r->found, partition, i, slices, &v, &n, err);
        if (st == ST_OK) st = decide_records(r, v, n, sink, err);
        free(v);
    }
    lsh_runs_drop(r->found, partition);
    return st == ST_OK ? lsh_sink_flush(sink, err) : st;
}

static enum status decide_task(void *ctx, size_t i, unsigned worker) {
    struct repeats *r = ctx;
    struct lsh_sink *sink = malloc(sizeof *sink);
    struct buf err;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = sink ? ST_OK : fail(&err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        sink->runs = r->cuts;
        sink->n = 0;
        st = decide_partition(r, (unsigned)i, sink, &err);
    }
    if (st != ST_OK) {
        pthread_mutex_lock(&r->lock);
        (void)fail(r->err, st, "%s", buf_cstr(&err));
        pthread_mutex_unlock(&r->lock);
    }
    free(sink);
    buf_free(&err);
    return st;
}

static enum status note_places(struct repeats *r, struct buf *err) {
    enum status st = ST_OK;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *v;
        size_t n;
        st = lsh_runs_take(r->cuts, p, &v, &n, err);
        for (size_t i = 0; st == ST_OK && i < n; i++, r->n_places++) {
            uint64_t ignored;
            char *at;
            st = dedup_stream_room(r->places, sizeof v[i].key, &at, &ignored, err);
            if (st == ST_OK) memcpy(at, &v[i].key, sizeof v[i].key);
        }
        free(v);
    }
    return st;
}

enum status repeats_decide(struct repeats *r, unsigned threads, struct buf *err) {
    uint64_t max_key = (r->max_doc + 1) << PLACE_BITS;
    unsigned bits = 64 - (unsigned)__builtin_clzll(max_key);
    r->err = err;
    enum status st = lsh_runs_new(bits > 8 ? bits - 8 : 0, r->opt.memory_bytes / 4, r->opt.work_dir, &r->cuts, err);
    if (st == ST_OK) st = parallel_for(LSH_PARTITIONS, threads, decide_task, r);
    return st == ST_OK ? note_places(r, err) : st;
}

static enum status place_at(const struct repeats *r, uint64_t i, uint64_t *place, struct buf *err) {
    uint64_t own;
    const char *at;
    enum status st = dedup_stream_read(r->places, i * sizeof own, sizeof own, &own, &at, err);
    if (st == ST_OK) memcpy(place, at, sizeof *place);
    return st;
}

static enum status first_place(const struct repeats *r, uint64_t doc, uint64_t *at, struct buf *err) {
    uint64_t low = 0, high = r->n_places, place = 0;
    enum status st = ST_OK;
    while (st == ST_OK && low < high) {
        uint64_t mid = low + (high - low) / 2;
        st = place_at(r, mid, &place, err);
        if (place < doc << PLACE_BITS)
            low = mid + 1;
        else
            high = mid;
    }
    *at = low;
    return st;
}

/* What is left: lines that are not cut, with no empty lines where one was. */
struct cutting {
    const struct repeats *r;
    uint64_t at, doc; /* the next place */
    uint64_t place;
    struct buf *err;
};

static enum status next_place(struct cutting *c) {
    c->place = UINT64_MAX;
    if (c->at == c->r->n_places) return ST_OK;
    enum status st = place_at(c->r, c->at++, &c->place, c->err);
    if (st == ST_OK && c->place >> PLACE_BITS != c->doc) c->place = UINT64_MAX;
    return st;
}

static enum status is_cut(struct cutting *c, unsigned n, unsigned unit, bool *cut) {
    *cut = c->place == (c->doc << PLACE_BITS | n << 1 | unit);
    return *cut ? next_place(c) : ST_OK;
}

static enum status cut_lines(struct cutting *c, struct slice text, struct buf *out) {
    bool spaced = has_blank_line(text), in_paragraph = false, paragraph_cut = false, gap = false;
    struct slice rest = text, line;
    enum status st = ST_OK;
    for (unsigned n = 0; st == ST_OK && slice_cut(&rest, '\n', &line); n++) {
        bool empty = blank(line), cut = false, begins = false;
        st = is_cut(c, n, 0, &cut);
        if (st == ST_OK) st = is_cut(c, n, 1, &begins);
        if (empty || !spaced || !in_paragraph) paragraph_cut = false;
        in_paragraph = !empty;
        paragraph_cut = paragraph_cut || begins;
        if (empty || cut || paragraph_cut) {
            gap = gap || empty;
            continue;
        }
        if (out->len) buf_str(out, gap ? "\n\n" : "\n");
        gap = false;
        buf_slice(out, line);
    }
    return st;
}

enum status repeats_cut(const struct repeats *r, uint64_t doc, struct slice text, struct buf *out, size_t *cut, struct buf *err) {
    struct cutting c = {.r = r, .doc = doc, .err = err};
    buf_clear(out);
    *cut = 0;
    enum status st = first_place(r, doc, &c.at, err);
    if (st == ST_OK) st = next_place(&c);
    if (st != ST_OK || c.place == UINT64_MAX) return st;
    st = cut_lines(&c, text, out);
    if (st == ST_OK && !buf_ok(out)) st = fail(err, ST_FATAL, "out of memory");
    *cut = text.len - out->len;
    return st;
}
