/*
 * Packed form, little-endian: u32 length of what follows, u64 exact, u32 words, u32 shingles, u16 keys, u16 sketch values,
 * keys × u64, sketch × u32.
 */
#include "dedup/signature.h"
#include "base/limits.h"
#include "dedup/minhash.h"
#include "dedup/normalise.h"
#include "dedup/signature_words.h"
#include <stdlib.h>

#define SIGNATURE_ALGORITHM 1
#define DEFAULT_SEED 0x56696C6C65727331u /* "Villers1" */
#define MAX_NGRAM 16
#define MAX_GROUPINGS 4
#define CHUNK (16 * KIB) /* of text, normalised and hashed while it is in the nearest cache */
#define CANDIDATES ((size_t)(4 * SIGNATURE_SKETCH))
#define SHINGLE_BASE 0x9FB21C651E98DF25u
#define EXACT_BASE 0xD6E8FEB86659FD93u
#define PACKED_HEAD 20
#define FEW 24 /* hashes sorted without dealing them first */

struct signer {
    struct minhash_family family;
    struct signature_options opt;
    enum minhash_kernel kernel;
    uint64_t drop; /* SHINGLE_BASE to the power ngram: what a word weighs when it leaves the window */
    uint8_t rows[MAX_GROUPINGS * SIGNATURE_MAX_HASHES]; /* of minima, that make up each key in turn */
    struct normaliser *normaliser;
    char *text; /* a normalised chunk */
    size_t text_room;
    uint64_t *words;   /* of the chunk, after the last ngram words before it */
    uint32_t *batch;   /* shingle hashes of the chunk */
    size_t words_room; /* of both */
    /* of the document: */
    uint64_t rolling, exact, n_words;
    uint32_t candidates[CANDIDATES], scratch[CANDIDATES]; /* for the sketch */
    size_t n_candidates;
    uint32_t ceiling; /* no shingle hash above it can be in the sketch */
};

static struct signature_options with_defaults(const struct signature_options *opt) {
    struct signature_options o = {0};
    if (opt) o = *opt;
    if (!o.bands) o.bands = 14;
    if (!o.rows) o.rows = 8;
    if (!o.ngram) o.ngram = 5;
    if (!o.groupings) o.groupings = 2;
    if (!o.seed) o.seed = DEFAULT_SEED;
    return o;
}

static uint64_t mix(uint64_t h) {
    h ^= h >> 32;
    h *= 0xE9846AF9B1A615Du;
    h ^= h >> 32;
    h *= 0xE9846AF9B1A615Du;
    h ^= h >> 28;
    return h;
}

/* The window's polynomial is even already, its words being well mixed; this breaks its linearity. */
static inline uint32_t shingle_hash(uint64_t rolling) { return (uint32_t)((rolling ^ rolling >> 32) * 0xE9846AF9B1A615Du >> 32); }

bool signature_options_valid(const struct signature_options *opt) {
    struct signature_options o = with_defaults(opt);
    return o.bands <= SIGNATURE_MAX_KEYS && o.rows <= SIGNATURE_MAX_HASHES && o.bands * o.rows <= SIGNATURE_MAX_HASHES &&
           o.groupings <= MAX_GROUPINGS && o.bands * o.groupings <= SIGNATURE_MAX_KEYS && o.ngram <= MAX_NGRAM;
}

uint64_t signature_version(const struct signature_options *opt) {
    struct signature_options o = with_defaults(opt);
    const uint64_t parts[] = {SIGNATURE_ALGORITHM, o.bands, o.rows, o.ngram, o.groupings, o.seed, o.keep_figures, SIGNATURE_SKETCH};
    uint64_t h = DEFAULT_SEED;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) h = mix(h * SHINGLE_BASE + parts[i]);
    return h;
}

/* Band b of grouping g takes row r from band (b + step·r) of the plain signature, so that groupings share no pair of rows. */
static void deal_rows(struct signer *s) {
    static const unsigned steps[MAX_GROUPINGS] = {0, 1, 3, 5};
    const struct signature_options *o = &s->opt;
    uint8_t *row = s->rows;
    for (unsigned g = 0; g < o->groupings; g++)
        for (unsigned b = 0; b < o->bands; b++)
            for (unsigned r = 0; r < o->rows; r++) *row++ = (uint8_t)((b + steps[g] * r) % o->bands * o->rows + r);
}

struct signer *signer_new(const struct signature_options *opt) {
    if (!signature_options_valid(opt)) return NULL;
    struct signer *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    if (!s) return NULL;
    memset(s, 0, sizeof *s);
    s->opt = with_defaults(opt);
    s->kernel = minhash_best();
    minhash_family_init(&s->family, s->opt.bands * s->opt.rows, s->opt.seed);
    s->drop = 1;
    for (unsigned i = 0; i < s->opt.ngram; i++) s->drop *= SHINGLE_BASE;
    deal_rows(s);
    s->normaliser = normaliser_new(s->opt.keep_figures);
    if (s->normaliser) return s;
    signer_free(s);
    return NULL;
}

void signer_free(struct signer *s) {
    if (!s) return;
    normaliser_free(s->normaliser);
    free(s->text);
    free(s->words);
    free(s->batch);
    free(s);
}

/* Sort the first ${n} of ${v}, each a step or two from its place, and drop repeats into ${out}; returns how many are left. */
static size_t settle(uint32_t *v, size_t n, uint32_t *out) {
    size_t kept = 0;
    uint32_t highest = n ? v[0] : 0; /* in a register, not read back from where it was just written */
    for (size_t i = 1; i < n; i++) {
        uint32_t x = v[i];
        if (x >= highest) {
            highest = x;
            continue;
        }
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--) v[j] = v[j - 1];
        v[j] = x;
    }
    for (size_t i = 0; i < n; i++) {
        out[kept] = v[i];
        kept += i + 1 == n || v[i + 1] != v[i];
    }
    return kept;
}

/*
 * The smallest SIGNATURE_SKETCH distinct of ${v}, ascending, back into ${v}.  Values are uniform below ${ceiling}, so that dealing
 * them by their leading bits nearly sorts them; past the bucket that fills the sketch nothing needs more.
 */
static size_t smallest(uint32_t *v, size_t n, uint32_t ceiling, uint32_t *scratch) {
    if (n <= FEW) {
        memcpy(scratch, v, n * sizeof *v);
        return settle(scratch, n, v);
    }
    uint16_t at[257] = {0};
    unsigned shift = ceiling >> 8 ? 24 - (unsigned)__builtin_clz(ceiling) : 0, last = 0;
    for (size_t i = 0; i < n; i++) at[(v[i] >> shift) + 1]++;
    for (unsigned i = 0, sum = 0; i < 256; i++) {
        sum += at[i + 1];
        at[i + 1] = (uint16_t)sum;
        last += sum < SIGNATURE_SKETCH;
    }
    size_t enough = last < 256 ? at[last + 1] : n;
    for (size_t i = 0; i < n; i++) scratch[at[v[i] >> shift]++] = v[i];
    size_t kept = settle(scratch, enough, v);
    if (kept < SIGNATURE_SKETCH && enough < n) kept = settle(scratch, n, v);
    return kept < SIGNATURE_SKETCH ? kept : SIGNATURE_SKETCH;
}

static void squeeze(struct signer *s) {
    s->n_candidates = smallest(s->candidates, s->n_candidates, s->ceiling, s->scratch);
    if (s->n_candidates == SIGNATURE_SKETCH) s->ceiling = s->candidates[SIGNATURE_SKETCH - 1];
}

static void sketch_add(struct signer *s, const uint32_t *xs, size_t count) {
    size_t i = 0;
    while (i < count) {
        size_t n = s->n_candidates, stop = i + (CANDIDATES - n);
        if (stop > count) stop = count;
        for (; i < stop; i++) {
            s->candidates[n] = xs[i];
            n += xs[i] <= s->ceiling;
        }
        s->n_candidates = n;
        if (n == CANDIDATES) squeeze(s);
    }
}

/* Hash the ${n} words that stand after the window in s->words to shingles; returns how many. */
static size_t shingle(struct signer *s, size_t n) {
    const unsigned w = s->opt.ngram;
    uint64_t rolling = s->rolling, exact = s->exact;
    uint32_t *out = s->batch;
    for (size_t i = 0; i < n; i++) {
        rolling = (rolling + s->words[w + i] - s->words[i] * s->drop) * SHINGLE_BASE;
        exact = (exact + s->words[w + i]) * EXACT_BASE;
        *out = shingle_hash(rolling);
        out += s->n_words + i + 1 >= w;
    }
    s->n_words += n;
    s->rolling = rolling;
    s->exact = exact;
    memmove(s->words, s->words + n, w * sizeof *s->words);
    return (size_t)(out - s->batch);
}

static bool room_for_text(struct signer *s, size_t bytes) {
    if (bytes <= s->text_room) return true;
    char *p = realloc(s->text, bytes);
    if (!p) return false;
    s->text = p;
    s->text_room = bytes;
    return true;
}

static bool room_for_words(struct signer *s, size_t n) {
    n += s->opt.ngram + 1;
    if (n <= s->words_room) return true;
    uint64_t *w = realloc(s->words, n * sizeof *w);
    if (w) s->words = w;
    uint32_t *b = realloc(s->batch, n * sizeof *b);
    if (b) s->batch = b;
    if (!w || !b) return false;
    s->words_room = n;
    return true;
}

/* Where the first chunk of ${text} ends: before an ASCII byte that is in no word, so that no word or digit run is cut. */
static size_t chunk_end(struct slice text) {
    size_t at = CHUNK;
    if (text.len <= CHUNK) return text.len;
    while (at < text.len && ((unsigned char)text.ptr[at] >= 0x80 || ascii_is_alnum(text.ptr[at]))) at++;
    return at;
}

static bool sign_chunk(struct signer *s, struct slice chunk, struct signature *out) {
    if (!room_for_text(s, normalise_room(chunk.len))) return false;
    size_t len = normalise_run(s->normaliser, chunk, s->text);
    if (!room_for_words(s, len / 2 + 1)) return false;
    size_t n = shingle(s, signature_words(s->text, len, s->words + s->opt.ngram));
    minhash_update(s->kernel, &s->family, s->batch, n, out->minima);
    sketch_add(s, s->batch, n);
    out->shingles += (uint32_t)n;
    return true;
}

static void make_keys(const struct signer *s, struct signature *sig) {
    const uint8_t *row = s->rows;
    sig->n_keys = s->opt.bands * s->opt.groupings;
    for (unsigned k = 0; k < sig->n_keys; k++) {
        uint64_t h = (k + 1) * SHINGLE_BASE;
        unsigned r = 0;
        for (; r + 1 < s->opt.rows; r += 2, row += 2)
            h = (h ^ ((uint64_t)sig->minima[row[0]] << 32 | sig->minima[row[1]])) * EXACT_BASE;
        if (r < s->opt.rows) h = (h ^ sig->minima[*row++]) * EXACT_BASE;
        sig->keys[k] = mix(h);
    }
}

enum status signer_sign(struct signer *s, struct slice text, struct signature *out, struct buf *err) {
    if (text.len > LIMIT_LINE) return fail(err, ST_SKIP, "text of %zu bytes is over the limit of %zu", text.len, LIMIT_LINE);
    if (!room_for_words(s, 0)) return fail(err, ST_FATAL, "out of memory");
    memset(s->words, 0, s->opt.ngram * sizeof *s->words);
    s->rolling = s->exact = s->n_words = s->n_candidates = 0;
    s->ceiling = UINT32_MAX;
    out->shingles = 0;
    minhash_reset(&s->family, out->minima);
    while (text.len) {
        size_t end = chunk_end(text);
        if (!sign_chunk(s, slice_sub(text, 0, end), out)) return fail(err, ST_FATAL, "out of memory");
        text = slice_sub(text, end, text.len);
    }
    if (s->n_words > 0 && s->n_words < s->opt.ngram) {
        uint32_t x = shingle_hash(s->rolling);
        minhash_update(s->kernel, &s->family, &x, 1, out->minima);
        sketch_add(s, &x, 1);
        out->shingles = 1;
    }
    squeeze(s);
    out->exact = mix(s->exact + s->n_words);
    out->words = (uint32_t)s->n_words;
    out->n_sketch = (uint32_t)s->n_candidates;
    memcpy(out->sketch, s->candidates, s->n_candidates * sizeof *out->sketch);
    make_keys(s, out);
    return ST_OK;
}

double signature_similarity(const uint32_t *a, size_t na, const uint32_t *b, size_t nb) {
    size_t i = 0, j = 0, both = 0, all = 0;
    if (na == 0 && nb == 0) return 1;
    /* Past the end of a full sketch nothing is known; where one is not full, its absence of a value is knowledge. */
    bool a_full = na == SIGNATURE_SKETCH, b_full = nb == SIGNATURE_SKETCH;
    while ((i < na || !a_full) && (j < nb || !b_full) && (i < na || j < nb)) {
        bool take_a = j == nb || (i < na && a[i] <= b[j]), take_b = i == na || (j < nb && b[j] <= a[i]);
        both += take_a && take_b;
        i += take_a;
        j += take_b;
        all++;
    }
    return (double)both / (double)all;
}

static void put_le(struct buf *out, uint64_t v, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) buf_char(out, (char)(v >> (8 * i) & 0xFF));
}

static uint64_t get_le(const char *p, unsigned bytes) {
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

void signature_pack(struct buf *out, const struct signature *sig) {
    put_le(out, PACKED_HEAD + 8 * sig->n_keys + 4 * sig->n_sketch, 4);
    put_le(out, sig->exact, 8);
    put_le(out, sig->words, 4);
    put_le(out, sig->shingles, 4);
    put_le(out, sig->n_keys, 2);
    put_le(out, sig->n_sketch, 2);
    for (unsigned i = 0; i < sig->n_keys; i++) put_le(out, sig->keys[i], 8);
    for (unsigned i = 0; i < sig->n_sketch; i++) put_le(out, sig->sketch[i], 4);
}

bool signature_unpack(struct slice *rest, struct signature *sig) {
    if (rest->len < 4 + PACKED_HEAD) return false;
    const char *p = rest->ptr + 4;
    uint64_t len = get_le(rest->ptr, 4), keys = get_le(p + 16, 2), sketch = get_le(p + 18, 2);
    if (keys > SIGNATURE_MAX_KEYS || sketch > SIGNATURE_SKETCH || len != PACKED_HEAD + 8 * keys + 4 * sketch) return false;
    if (rest->len - 4 < len) return false;
    sig->exact = get_le(p, 8);
    sig->words = (uint32_t)get_le(p + 8, 4);
    sig->shingles = (uint32_t)get_le(p + 12, 4);
    sig->n_keys = (uint32_t)keys;
    sig->n_sketch = (uint32_t)sketch;
    p += PACKED_HEAD;
    for (unsigned i = 0; i < sig->n_keys; i++, p += 8) sig->keys[i] = get_le(p, 8);
    for (unsigned i = 0; i < sig->n_sketch; i++, p += 4) sig->sketch[i] = (uint32_t)get_le(p, 4);
    *rest = slice_sub(*rest, 4 + (size_t)len, rest->len);
    return true;
}
