#include "cli/dedup_rank.h"
#include "base/hash.h"

enum { VALUE_MAX = 31, ID_MIN = 24 };
_Static_assert(DEDUP_RANK_WORDS *(VALUE_MAX + 2) + ID_MIN <= DEDUP_RANK_MAX, "every word of an order has its room");

bool dedup_rank_valid(const char *order) {
    struct slice rest = slice_str(order), word;
    size_t n = 0;
    while (slice_cut(&rest, ',', &word)) {
        n++;
        if (word.len == 0 || slice_eq_str(word, "-")) return false;
    }
    return n >= 1 && n <= DEDUP_RANK_WORDS;
}

static size_t put_length(unsigned char *out, size_t length) {
    uint64_t inverse = UINT64_MAX - length;
    for (unsigned i = 0; i < 8; i++) out[i] = (unsigned char)(inverse >> (56 - 8 * i));
    return 8;
}

/* A present value is 1, its bytes, 0 (so that a shorter one comes first), the bytes turned round when asked; an absent one is 255. */
static size_t put_value(unsigned char *out, struct slice value, bool reverse) {
    size_t n = 0;
    if (value.len == 0) {
        out[0] = 255;
        return 1;
    }
    value = slice_sub(value, 0, VALUE_MAX);
    out[n++] = 1;
    for (size_t i = 0; i <= value.len; i++) {
        unsigned char c = i < value.len ? (unsigned char)value.ptr[i] : 0;
        out[n++] = reverse ? (unsigned char)(255 - c) : c;
    }
    return n;
}

static struct slice member(struct json_value root, struct slice key) {
    char name[64];
    if (key.len >= sizeof name) return slice_of("", 0);
    memcpy(name, key.ptr, key.len);
    name[key.len] = 0;
    return json_get_string(root, name);
}

size_t dedup_rank_make(const char *order, struct json_value root, struct slice text, struct slice id,
                       unsigned char rank[DEDUP_RANK_MAX]) {
    struct slice rest = slice_str(order), word;
    size_t n = 0;
    while (slice_cut(&rest, ',', &word)) {
        bool reverse = word.len && word.ptr[0] == '-';
        if (reverse) word = slice_sub(word, 1, word.len);
        if (slice_eq_str(word, "length") && !reverse)
            n += put_length(rank + n, text.len);
        else
            n += put_value(rank + n, member(root, word), reverse);
    }
    /* An id too long for what is left ends in its hash, so that ranks stay different. */
    uint64_t whole = hash64(id);
    bool cut = id.len > DEDUP_RANK_MAX - n;
    if (cut) id.len = DEDUP_RANK_MAX - n - sizeof whole;
    memcpy(rank + n, id.ptr, id.len);
    n += id.len;
    if (cut) memcpy(rank + n, &whole, sizeof whole);
    return cut ? n + sizeof whole : n;
}
