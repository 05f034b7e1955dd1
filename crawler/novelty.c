#include "crawler/novelty.h"

#include "base/hash.h"

#include <stdlib.h>

#define SETS ((size_t)8192) /* a power of two */
#define WAYS 4
#define PRINTS 32      /* of new pages, kept of each key */
#define NEAR 8         /* bits that two prints of the same text with some words changed may differ in */
#define SHORT_WORDS 40 /* a text below this: its numbers are taken for one */
#define WORDS_MAX 4096
#define WORD_BYTES ((size_t)64)
#define NAMES_MAX 32 /* of a query */

struct entry {
    uint64_t key;
    uint32_t pages, fresh;
    bool changed; /* and in the list */
    uint64_t prints[PRINTS];
};

struct novelty {
    struct entry entries[SETS][WAYS];
    uint32_t changed[SETS * WAYS], n_changed; /* places */
};

struct novelty *novelty_new(void) {
    return calloc(1, sizeof(struct novelty));
}
void novelty_free(struct novelty *n) { free(n); }

/* ---- prints ---- */

static bool word_byte(char c) { return ascii_is_alnum(c) || (unsigned char)c >= 0x80; }

/* The next word from *${at}; false at the end. */
static bool next_word(struct slice text, size_t *at, struct slice *word) {
    while (*at < text.len && !word_byte(text.ptr[*at])) ++*at;
    size_t from = *at;
    while (*at < text.len && word_byte(text.ptr[*at])) ++*at;
    *word = slice_sub(text, from, *at);
    return word->len > 0;
}

static bool is_short(struct slice text) {
    struct slice word;
    size_t at = 0, n = 0;
    while (n < SHORT_WORDS && next_word(text, &at, &word)) n++;
    return n < SHORT_WORDS;
}

static uint64_t word_hash(struct slice word, bool numbers_alike) {
    char small[WORD_BYTES];
    size_t n = word.len < WORD_BYTES ? word.len : WORD_BYTES, digits = 0;
    for (size_t i = 0; i < n; i++) {
        small[i] = ascii_lower(word.ptr[i]);
        digits += ascii_is_digit(small[i]);
    }
    return numbers_alike && digits == n ? 0 : hash64(slice_of(small, n));
}

#define VOTES_AT_ONCE 255 /* that a byte counts */

/* How many features had each bit: eight counters a word, a byte each, emptied into ${sums} before they run over. */
struct votes {
    uint64_t bytes[8];
    uint32_t sums[64];
    unsigned n, total;
};

static void empty(struct votes *v) {
    for (unsigned b = 0; b < 64; b++) v->sums[b] += (uint32_t)(v->bytes[b / 8] >> b % 8 * 8 & 0xFF);
    memset(v->bytes, 0, sizeof v->bytes);
    v->total += v->n;
    v->n = 0;
}

static void vote(struct votes *v, uint64_t feature) {
    for (unsigned i = 0; i < 8; i++) {
        /* bit k of a byte of the feature to byte k of a word, as 0 or 1 */
        uint64_t spread = (feature >> i * 8 & 0xFF) * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
        v->bytes[i] += (spread + UINT64_C(0x7F7F7F7F7F7F7F7F)) >> 7 & UINT64_C(0x0101010101010101);
    }
    if (++v->n == VOTES_AT_ONCE) empty(v);
}

uint64_t novelty_print(struct slice text) {
    struct votes votes = {0};
    struct slice word;
    bool alike = is_short(text);
    uint64_t before = 0, print = 0;
    size_t at = 0;
    for (unsigned n = 0; n < WORDS_MAX && next_word(text, &at, &word); n++) {
        uint64_t pair[2] = {before, word_hash(word, alike)};
        vote(&votes, hash64(slice_of((const char *)pair, sizeof pair)));
        before = pair[1];
    }
    empty(&votes);
    for (unsigned b = 0; b < 64; b++) print |= (uint64_t)(2 * votes.sums[b] > votes.total) << b;
    return print;
}

/* ---- keys ---- */

/* Bytes fed to a hash one by one, runs of digits as one: FNV-1a, whose result is mixed once more at the end. */
static uint64_t shape(struct slice s, uint64_t h) {
    for (size_t i = 0; i < s.len; i++) {
        bool digit = ascii_is_digit(s.ptr[i]);
        if (digit && i > 0 && ascii_is_digit(s.ptr[i - 1])) continue;
        h = (h ^ (digit ? '#' : (unsigned char)s.ptr[i])) * UINT64_C(1099511628211);
    }
    return h;
}

struct novelty_keys novelty_keys(struct slice host, struct slice target) {
    size_t mark = slice_find_char(target, '?');
    struct slice query = mark == SIZE_MAX ? slice_of("", 0) : slice_sub(target, mark + 1, target.len), one, name;
    uint64_t at_host = hash64(host), names = 0;
    for (unsigned n = 0; n < NAMES_MAX && slice_cut(&query, '&', &one); n++) {
        name = slice_sub(one, 0, slice_find_char(one, '='));
        names += shape(name, UINT64_C(14695981039346656037)) | 1; /* a sum: in any order */
    }
    uint64_t mixed[3] = {at_host, shape(slice_sub(target, 0, mark), UINT64_C(14695981039346656037)), names};
    return (struct novelty_keys){hash64(slice_of((const char *)mixed, sizeof mixed)), at_host};
}

/* ---- counts ---- */

static const struct entry *find(const struct novelty *n, uint64_t key) {
    const struct entry *set = n->entries[key & (SETS - 1)];
    for (unsigned w = 0; w < WAYS; w++)
        if (set[w].key == key && set[w].pages) return &set[w];
    return NULL;
}

static struct entry *take(struct novelty *n, uint64_t key) {
    struct entry *set = n->entries[key & (SETS - 1)], *least = set;
    for (unsigned w = 0; w < WAYS; w++) {
        if (set[w].key == key && set[w].pages) return &set[w];
        if (set[w].pages < least->pages) least = &set[w];
    }
    bool changed = least->changed;
    memset(least, 0, sizeof *least);
    least->key = key;
    least->changed = changed;
    return least;
}

/* Prints that stand in it. */
static uint32_t kept(const struct entry *e) { return e->fresh < PRINTS ? e->fresh : PRINTS; }

static void count(struct novelty *n, uint64_t key, uint64_t print) {
    struct entry *e = take(n, key);
    bool known = false;
    for (unsigned i = 0; i < kept(e) && !known; i++) known = __builtin_popcountll(e->prints[i] ^ print) <= NEAR;
    e->pages++;
    if (!known) e->prints[e->fresh++ % PRINTS] = print;
    if (!e->changed) n->changed[n->n_changed++] = (uint32_t)(e - n->entries[0]);
    e->changed = true;
}

void novelty_learn(struct novelty *n, const struct novelty_keys *keys, uint64_t print) {
    count(n, keys->template, print);
    count(n, keys->host, print);
}

static bool spent(const struct entry *e, int64_t barren, uint32_t *pages, uint32_t *fresh) {
    if (!e || e->pages < barren + (int64_t)NOVELTY_PAYS * e->fresh) return false;
    *pages = e->pages;
    *fresh = e->fresh;
    return true;
}

bool novelty_spent(const struct novelty *n, const struct novelty_keys *keys, int64_t barren, uint32_t *pages, uint32_t *fresh) {
    if (barren <= 0) return false;
    return spent(find(n, keys->template), barren, pages, fresh) ||
           spent(find(n, keys->host), barren * NOVELTY_HOST_FACTOR, pages, fresh);
}

/* ---- over a restart ---- */

bool novelty_changed(struct novelty *n, struct novelty_entry *out) {
    if (!n->n_changed) return false;
    uint32_t place = n->changed[--n->n_changed];
    struct entry *e = &n->entries[place / WAYS][place % WAYS];
    e->changed = false;
    *out =
        (struct novelty_entry){place, e->key, e->pages, e->fresh, slice_of((const char *)e->prints, kept(e) * sizeof *e->prints)};
    return true;
}

void novelty_restore(struct novelty *n, const struct novelty_entry *in) {
    if (in->place >= SETS * WAYS || (in->key & (SETS - 1)) != in->place / WAYS) return;
    struct entry e = {.key = in->key, .pages = in->pages, .fresh = in->fresh};
    if (in->fresh > in->pages || in->prints.len != kept(&e) * sizeof *e.prints) return;
    memcpy(e.prints, in->prints.ptr, in->prints.len);
    n->entries[in->place / WAYS][in->place % WAYS] = e;
}
