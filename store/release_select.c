#include "store/release_select.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/doc_type.h"

#define SCALE 10000
#define MS_A_DAY 86400000

/* "YYYY-MM-DD" as days since 1970. */
static bool parse_day(const char *text, int64_t *day) {
    struct slice s = slice_str(text);
    uint64_t y, m, d;
    if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-' || !slice_parse_u64(slice_sub(s, 0, 4), &y) ||
        !slice_parse_u64(slice_sub(s, 5, 7), &m) || !slice_parse_u64(slice_sub(s, 8, 10), &d) ||
        !clock_civil_valid((int)y, (int)m, (int)d))
        return false;
    int64_t ms = clock_from_civil((int)y, (int)m, (int)d, 0, 0, 0);
    *day = ms >= 0 ? ms / MS_A_DAY : -((-ms + MS_A_DAY - 1) / MS_A_DAY);
    return true;
}

enum status release_select_check(const struct release_select *sel, struct buf *err) {
    const char *days[] = {sel->since, sel->until, sel->crawled_since, sel->crawled_until};
    int64_t day;
    enum doc_type type;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (days[i] && !parse_day(days[i], &day)) return fail(err, ST_SKIP, "'%s' is not a day: YYYY-MM-DD", days[i]);
    if (sel->min_french_share < 0 || sel->min_french_share > 1 || sel->min_language_score < 0 || sel->min_language_score > 1)
        return fail(err, ST_SKIP, "a share and a score are from 0 to 1");
    if (sel->min_quality < 0 || sel->min_quality > 1) return fail(err, ST_SKIP, "a quality is from 0 to 1");
    for (size_t i = 0; i < sel->types.n; i++)
        if (!doc_type_find(slice_str(sel->types.items[i]), &type))
            return fail(err, ST_SKIP, "'%s' is not a type of document: %s", sel->types.items[i], doc_type_names());
    if (sel->min_words < 0 || sel->max_words < 0) return fail(err, ST_SKIP, "a number of words is 0 or more");
    return ST_OK;
}

static bool among(const struct release_words *w, struct slice s) {
    for (size_t i = 0; i < w->n; i++)
        if (slice_eq_str(s, w->items[i])) return true;
    return w->n == 0;
}

/* Between two days; a document without a day is outside every bound. */
static bool within(int64_t day, const char *since, const char *until) {
    int64_t bound;
    if ((since || until) && day == MANIFEST_NONE) return false;
    if (since && parse_day(since, &bound) && day < bound) return false;
    return !(until && parse_day(until, &bound) && day > bound);
}

bool release_select_takes(const struct release_select *sel, const struct manifest_document *d) {
    return among(&sel->sources, d->source) && among(&sel->licenses, d->license) && among(&sel->languages, d->language) &&
           among(&sel->varieties, d->variety) && among(&sel->hosts, d->host) && among(&sel->campaigns, d->campaign) &&
           among(&sel->types, d->type) && (sel->min_quality <= 0 || d->quality >= sel->min_quality) &&
           d->french_share >= sel->min_french_share && d->language_score >= sel->min_language_score && d->words >= sel->min_words &&
           (sel->max_words == 0 || d->words <= sel->max_words) && within(d->date_day, sel->since, sel->until) &&
           within(d->crawl_day, sel->crawled_since, sel->crawled_until);
}

static void words_json(struct json_out *j, const char *key, const struct release_words *w) {
    if (w->n == 0) return;
    json_key(j, key);
    json_array(j);
    for (size_t i = 0; i < w->n; i++) json_cstring(j, w->items[i]);
    json_array_end(j);
}

static void text_json(struct json_out *j, const char *key, const char *value) {
    if (value) json_kv_str(j, key, slice_str(value));
}

void release_select_json(struct json_out *j, const struct release_select *sel) {
    json_object(j);
    words_json(j, "sources", &sel->sources);
    words_json(j, "licenses", &sel->licenses);
    words_json(j, "languages", &sel->languages);
    words_json(j, "varieties", &sel->varieties);
    words_json(j, "hosts", &sel->hosts);
    words_json(j, "campaigns", &sel->campaigns);
    words_json(j, "types", &sel->types);
    if (sel->min_french_share > 0) json_kv_float(j, "min_french_share", sel->min_french_share, 4);
    if (sel->min_language_score > 0) json_kv_float(j, "min_language_score", sel->min_language_score, 4);
    if (sel->min_quality > 0) json_kv_float(j, "min_quality", sel->min_quality, 4);
    if (sel->min_words > 0) json_kv_int(j, "min_words", sel->min_words);
    if (sel->max_words > 0) json_kv_int(j, "max_words", sel->max_words);
    text_json(j, "since", sel->since);
    text_json(j, "until", sel->until);
    text_json(j, "crawled_since", sel->crawled_since);
    text_json(j, "crawled_until", sel->crawled_until);
    json_object_end(j);
}

/* ---- splits ---- */

static const char *const names[SPLITS] = {"train", "validation", "test"};
static const char *const prefixes[SPLITS] = {"part", "validation", "test"};

const char *release_split_name(enum release_split split) { return names[split]; }
const char *release_split_prefix(enum release_split split) { return prefixes[split]; }

enum release_split release_split_of_shard(const char *name) {
    if (slice_starts(slice_str(name), slice_str("validation-"))) return SPLIT_VALIDATION;
    return slice_starts(slice_str(name), slice_str("test-")) ? SPLIT_TEST : SPLIT_TRAIN;
}

bool release_splits_any(const struct release_splits *s) { return s->share[SPLIT_VALIDATION] > 0 || s->share[SPLIT_TEST] > 0; }

enum release_split release_split_of(const struct release_splits *s, const char *id) {
    if (!release_splits_any(s)) return SPLIT_TRAIN;
    int64_t at = (int64_t)(hash64(slice_str(id)) % SCALE);
    if (at < s->share[SPLIT_VALIDATION]) return SPLIT_VALIDATION;
    return at < s->share[SPLIT_VALIDATION] + s->share[SPLIT_TEST] ? SPLIT_TEST : SPLIT_TRAIN;
}

/* "0.5" percent as 50 ten-thousandths: at most two decimals. */
static bool parse_percent(struct slice s, int64_t *out) {
    struct slice whole;
    uint64_t units = 0, cents = 0;
    if (!slice_cut(&s, '.', &whole) || !slice_parse_u64(whole, &units) || units > 100) return false;
    if (s.ptr && (s.len == 0 || s.len > 2 || !slice_parse_u64(s, &cents))) return false;
    if (s.ptr && s.len == 1) cents *= 10;
    *out = (int64_t)(100 * units + cents);
    return true;
}

enum status release_splits_parse(const char *text, struct release_splits *splits, struct buf *err) {
    struct slice rest = slice_str(text), part, name;
    *splits = (struct release_splits){0};
    while (slice_cut(&rest, ',', &part)) {
        size_t which = 0;
        if (slice_cut(&part, '=', &name))
            for (size_t i = 1; i < SPLITS; i++)
                if (slice_eq_str(name, names[i])) which = i;
        if (which == 0 || part.ptr == NULL || splits->share[which] || !parse_percent(part, &splits->share[which]))
            return fail(err, ST_SKIP, "'%s' does not name splits: validation=PERCENT,test=PERCENT", text);
    }
    if (!release_splits_any(splits) || splits->share[SPLIT_VALIDATION] + splits->share[SPLIT_TEST] >= SCALE)
        return fail(err, ST_SKIP, "'%s': the splits beside train take more than nothing and less than everything", text);
    return ST_OK;
}

void release_splits_json(struct json_out *j, const struct release_splits *splits) {
    json_object(j);
    for (size_t i = 1; i < SPLITS; i++)
        if (splits->share[i]) json_kv_int(j, names[i], splits->share[i]);
    json_object_end(j);
}
