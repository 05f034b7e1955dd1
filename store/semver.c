#include "store/semver.h"

/* Clause 2: no leading zero. */
static bool number(struct slice s, uint64_t *out) {
    if (s.len > 1 && s.ptr[0] == '0') return false;
    return slice_parse_u64(s, out);
}

static bool all_digits(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i])) return false;
    return s.len > 0;
}

/* Clause 9: dot-separated, not empty, [0-9A-Za-z-], numbers without leading zero. */
static bool pre_ok(struct slice pre) {
    struct slice part;
    while (slice_cut(&pre, '.', &part)) {
        if (part.len == 0 || (all_digits(part) && part.len > 1 && part.ptr[0] == '0')) return false;
        for (size_t i = 0; i < part.len; i++)
            if (!ascii_is_alnum(part.ptr[i]) && part.ptr[i] != '-') return false;
    }
    return true;
}

bool semver_parse(struct slice s, struct semver *out) {
    if (s.len > 64) return false;
    *out = (struct semver){.pre = {"", 0}};
    size_t dash = slice_find_char(s, '-');
    if (dash != SIZE_MAX) {
        out->pre = slice_sub(s, dash + 1, s.len);
        if (!pre_ok(out->pre)) return false;
        s = slice_sub(s, 0, dash);
    }
    struct slice major, minor, patch;
    if (!slice_cut(&s, '.', &major) || !slice_cut(&s, '.', &minor) || s.ptr == NULL) return false;
    patch = s;
    return number(major, &out->major) && number(minor, &out->minor) && number(patch, &out->patch);
}

static int cmp_u64(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* Clause 11.4: numbers by value and below words, words by bytes, a longer list above its prefix. */
static int cmp_pre(struct slice a, struct slice b) {
    if (a.len == 0 || b.len == 0) return (a.len == 0) - (b.len == 0);
    for (;;) {
        struct slice x, y;
        bool have_x = slice_cut(&a, '.', &x), have_y = slice_cut(&b, '.', &y);
        if (!have_x || !have_y) return (int)have_x - (int)have_y;
        bool digits_x = all_digits(x), digits_y = all_digits(y);
        int order = 0;
        if (digits_x != digits_y)
            order = digits_x ? -1 : 1;
        else if (digits_x && x.len != y.len)
            order = x.len < y.len ? -1 : 1;
        else
            order = slice_cmp(x, y);
        if (order != 0) return order;
    }
}

int semver_cmp(const struct semver *a, const struct semver *b) {
    int order = cmp_u64(a->major, b->major);
    if (order == 0) order = cmp_u64(a->minor, b->minor);
    if (order == 0) order = cmp_u64(a->patch, b->patch);
    return order ? order : cmp_pre(a->pre, b->pre);
}
