#include "cli/policy.h"
#include "base/hash.h"
#include "dedup/doctype.h"
#include "dedup/langid.h"
#include "dedup/repair.h"
#include "dedup/signature.h"
#include <stdio.h>
#include <stdlib.h>

struct entry {
    uint64_t key;
    const char *source;
    struct policy policy;
};

struct policies {
    const struct settings *settings;
    const struct host_blocks *recurring; /* borrowed, or NULL */
    struct policy crawled;               /* the hub's, for a crawled source */
    struct entry *entries;               /* in the catalogue's order */
    struct entry **keys;                 /* the same by key */
    size_t n;
};

uint64_t policies_key(struct slice source) { return hash64(source); }

static int by_key(const void *a, const void *b) {
    const struct entry *const *x = a, *const *y = b;
    return (*x)->key < (*y)->key ? -1 : (*x)->key > (*y)->key;
}

/* "NAME=VALUE" for each item of ${list} into ${s}; cli/config.c has looked at them. */
static void thresholds(const struct string_list *list, struct quality_settings *s) {
    for (unsigned i = 0; i < list->n; i++) (void)quality_set_text(s, slice_str(list->items[i]));
}

static bool chosen(enum choice own, enum choice hub, bool otherwise) {
    if (own == CHOICE_DEFAULT) own = hub;
    return own == CHOICE_DEFAULT ? otherwise : own == CHOICE_YES;
}

/* A source's own word, else the hub's; one document says nothing of repetition. */
static unsigned repeated(int64_t own, int64_t hub) {
    int64_t n = own ? own : hub;
    return n > 1 ? (unsigned)n : 0;
}

static void hub_policy(const struct settings *s, struct policy *out) {
    *out = (struct policy){.type = "",
                           .redact = chosen(CHOICE_DEFAULT, s->redact, true),
                           .min_language_score = s->min_language_score,
                           .min_french_share = s->min_french_share,
                           .drop_recurring = s->drop_recurring,
                           .drop_repeated = repeated(s->drop_repeated, 0),
                           .keep_figures = s->keep_figures,
                           .min_words = s->min_words,
                           .quality_filters = chosen(CHOICE_DEFAULT, s->quality_filters, true)};
    quality_defaults(&out->thresholds);
    thresholds(&s->quality_thresholds, &out->thresholds);
}

static void source_policy(const struct settings *s, const struct policy *hub, const struct source *source, struct entry *e) {
    struct policy *p = &e->policy;
    *e = (struct entry){.key = policies_key(slice_str(source->id)), .source = source->id, .policy = *hub};
    p->redact = chosen(source->redact, s->redact, true);
    p->keep_figures = chosen(source->keep_figures, CHOICE_DEFAULT, s->keep_figures);
    p->drop_recurring = chosen(source->drop_recurring, CHOICE_DEFAULT, s->drop_recurring);
    p->drop_repeated = repeated(source->drop_repeated, s->drop_repeated);
    p->ocr = source->ocr;
    if (source->document_type) p->type = source->document_type;
    p->quality_filters = chosen(source->quality_filters, s->quality_filters, source->access == ACCESS_CRAWL);
    if (source->min_words > 0) p->min_words = source->min_words;
    if (source->min_language_score > 0) p->min_language_score = source->min_language_score;
    if (source->min_french_share > 0) p->min_french_share = source->min_french_share;
    thresholds(&source->quality_thresholds, &p->thresholds);
}

struct policies *policies_new(const struct settings *settings, const struct catalogue *catalogue) {
    struct policies *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->settings = settings;
    p->entries = calloc(catalogue->n + 1, sizeof *p->entries);
    p->keys = calloc(catalogue->n + 1, sizeof *p->keys);
    if (!p->entries || !p->keys) {
        policies_free(p);
        return NULL;
    }
    hub_policy(settings, &p->crawled);
    for (; p->n < catalogue->n; p->n++) {
        source_policy(settings, &p->crawled, catalogue->items[p->n], &p->entries[p->n]);
        p->keys[p->n] = &p->entries[p->n];
    }
    qsort(p->keys, p->n, sizeof *p->keys, by_key);
    return p;
}

void policies_free(struct policies *p) {
    if (!p) return;
    free(p->entries);
    free(p->keys);
    free(p);
}

const struct policy *policies_of(const struct policies *p, uint64_t key) {
    struct entry wanted = {.key = key}, *at = &wanted;
    struct entry *const *found = p->n ? bsearch(&at, p->keys, p->n, sizeof *p->keys, by_key) : NULL;
    return found ? &(*found)->policy : &p->crawled;
}

void policies_set_recurring(struct policies *p, const struct host_blocks *lines) { p->recurring = lines; }

const struct host_blocks *policies_recurring(const struct policies *p) { return p->recurring; }

static bool drops_lines(const struct policy *p) { return p->drop_recurring || p->drop_repeated; }

bool policies_drop_lines(const struct policies *p) {
    bool any = drops_lines(&p->crawled);
    for (size_t i = 0; i < p->n; i++) any |= drops_lines(&p->entries[i].policy);
    return any;
}

static void making(const struct policy *p, struct json_out *j) {
    json_kv_bool(j, "redact", p->redact);
    json_kv_bool(j, "drop_recurring", p->drop_recurring);
    if (p->drop_repeated) json_kv_int(j, "drop_repeated", p->drop_repeated);
    json_kv_bool(j, "ocr", p->ocr);
    json_kv_bool(j, "keep_figures", p->keep_figures);
}

static void judging(const struct policy *p, struct json_out *j) {
    json_kv_float(j, "min_language_score", p->min_language_score, 6);
    json_kv_float(j, "min_french_share", p->min_french_share, 6);
    json_kv_int(j, "min_words", p->min_words);
    json_kv_bool(j, "quality_filters", p->quality_filters);
    json_kv_str(j, "document_type", slice_str(p->type));
    json_key(j, "quality_thresholds");
    quality_settings_json(j, &p->thresholds);
}

static bool made_alike(const struct policy *a, const struct policy *b) {
    return a->redact == b->redact && a->drop_recurring == b->drop_recurring && a->drop_repeated == b->drop_repeated &&
           a->ocr == b->ocr && a->keep_figures == b->keep_figures;
}

static bool judged_alike(const struct policy *a, const struct policy *b) {
    return a->min_language_score == b->min_language_score && a->min_french_share == b->min_french_share &&
           a->min_words == b->min_words && a->quality_filters == b->quality_filters && strcmp(a->type, b->type) == 0 &&
           memcmp(&a->thresholds, &b->thresholds, sizeof a->thresholds) == 0; /* doubles only: no padding */
}

/* The hub's members, then the sources that differ, so that a new source without a policy of its own changes nothing. */
static void write_part(const struct policies *p, struct json_out *j, void (*part)(const struct policy *, struct json_out *),
                       bool (*alike)(const struct policy *, const struct policy *)) {
    part(&p->crawled, j);
    json_key(j, "sources");
    json_object(j);
    for (size_t i = 0; i < p->n; i++) {
        if (alike(&p->entries[i].policy, &p->crawled)) continue;
        json_key(j, p->entries[i].source);
        json_object(j);
        part(&p->entries[i].policy, j);
        json_object_end(j);
    }
    json_object_end(j);
}

static void begin(const struct policies *p, struct json_out *j, struct buf *text) {
    struct signature_options signature = {.keep_figures = p->settings->keep_figures};
    char version[17];
    snprintf(version, sizeof version, "%016llx", (unsigned long long)signature_version(&signature));
    json_out_init(j, text);
    json_object(j);
    json_kv_str(j, "code", slice_str(VILLERS_VERSION));
    json_kv_str(j, "langid", slice_str(langid_version()));
    json_kv_str(j, "repair", slice_str(repair_version()));
    json_kv_str(j, "document_types", slice_str(doctype_version()));
    json_kv_bool(j, "keep_figures", p->settings->keep_figures);
    json_kv_str(j, "signature", slice_str(version));
    json_key(j, "making");
    json_object(j);
    write_part(p, j, making, made_alike);
    json_object_end(j);
}

void policies_making(const struct policies *p, struct buf *text) {
    struct json_out j;
    begin(p, &j, text);
    json_object_end(&j);
}

void policies_judging(const struct policies *p, struct buf *text) {
    struct json_out j;
    begin(p, &j, text);
    json_key(&j, "judging");
    json_object(&j);
    write_part(p, &j, judging, judged_alike);
    json_object_end(&j);
    json_object_end(&j);
}
