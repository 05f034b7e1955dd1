#include "store/selection.h"
#include "base/json.h"
#include "base/limits.h"
#include <stdlib.h>

enum { WORDS_MAX = 1000 };

bool selection_any(const struct selection *sel) { return sel->sources.n || sel->licenses.n || sel->shards; }

/* The next number or range of "0,3-5"; false at the end or when it is none (*${ok} then). */
static bool next_range(struct slice *rest, uint64_t *first, uint64_t *last, bool *ok) {
    struct slice part, from;
    if (!slice_cut(rest, ',', &part)) return false;
    bool range = slice_find_char(part, '-') != SIZE_MAX;
    if (range) slice_cut(&part, '-', &from);
    *ok = slice_parse_u64(range ? from : part, first) && slice_parse_u64(part, last) && *first <= *last;
    return *ok;
}

enum status selection_check(const struct selection *sel, struct buf *err) {
    struct slice rest = slice_str(sel->shards ? sel->shards : "0");
    uint64_t first, last;
    bool ok = true;
    while (next_range(&rest, &first, &last, &ok)) continue;
    return ok ? ST_OK : fail(err, ST_SKIP, "'%s' is not a list of shard numbers: 0,3-5", sel->shards);
}

static bool holds(const struct release_counts *c, const struct release_words *wanted) {
    for (size_t i = 0; i < wanted->n; i++)
        for (size_t k = 0; k < c->n; k++)
            if (!strcmp(c->items[k].key, wanted->items[i])) return true;
    return wanted->n == 0 || c->n == 0;
}

static bool numbered(const char *shards, uint64_t number) {
    struct slice rest = slice_str(shards);
    uint64_t first, last;
    bool ok = true;
    while (next_range(&rest, &first, &last, &ok))
        if (number >= first && number <= last) return true;
    return false;
}

bool selection_takes(const struct selection *sel, const struct release_shard *s) {
    return holds(&s->sources, &sel->sources) && holds(&s->licenses, &sel->licenses) &&
           (!sel->shards || numbered(sel->shards, s->number));
}

static void write_words(struct json_out *j, const char *key, const struct release_words *w) {
    json_key(j, key);
    json_array(j);
    for (size_t i = 0; i < w->n; i++) json_cstring(j, w->items[i]);
    json_array_end(j);
}

void selection_write(struct buf *out, const struct selection *sel) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    write_words(&j, "sources", &sel->sources);
    write_words(&j, "licenses", &sel->licenses);
    json_kv_str(&j, "shards", slice_str(sel->shards ? sel->shards : ""));
    json_object_end(&j);
    buf_char(out, '\n');
}

static enum status read_words(struct json_value root, const char *key, struct release_words *w, struct buf *err) {
    struct json_value list, item;
    char **items = NULL;
    size_t n = 0;
    enum status st = ST_OK;
    if (!json_get(root, key, &list)) return ST_OK;
    struct json_iter it = json_walk(list);
    while (st == ST_OK && json_next(&it, NULL, &item)) {
        struct slice text = {"", 0};
        char **grown = n < WORDS_MAX ? realloc(items, (n + 1) * sizeof *grown) : NULL;
        if (grown) items = grown;
        if (!json_as_string(item, &text)) st = fail(err, ST_SKIP, SELECTION_FILE ": %s: not a string", key);
        if (!grown || (st == ST_OK && !(items[n++] = strndup(text.len ? text.ptr : "", text.len))))
            st = fail(err, ST_FATAL, SELECTION_FILE ": too many words");
    }
    *w = (struct release_words){(const char *const *)items, n};
    return st;
}

enum status selection_read(struct slice text, struct selection *sel, struct buf *err) {
    struct json_parser *p = json_parser_new(LIMIT_CONFIG);
    struct json_value root;
    enum status st = p ? json_parse(p, text, &root, err) : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK && json_typeof(root) != JSON_OBJECT) st = fail(err, ST_SKIP, SELECTION_FILE ": not an object");
    if (st == ST_OK) st = read_words(root, "sources", &sel->sources, err);
    if (st == ST_OK) st = read_words(root, "licenses", &sel->licenses, err);
    if (st == ST_OK) {
        struct slice shards = json_get_string(root, "shards");
        if (shards.len && !(sel->shards = strndup(shards.ptr, shards.len))) st = fail(err, ST_FATAL, "out of memory");
    }
    if (st == ST_OK) st = selection_check(sel, err);
    if (st != ST_OK) selection_free(sel);
    json_parser_free(p);
    return st;
}

static void free_words(struct release_words *w) {
    char **items = (char **)w->items;
    for (size_t i = 0; i < w->n; i++) free(items[i]);
    free(items);
}

void selection_free(struct selection *sel) {
    free_words(&sel->sources);
    free_words(&sel->licenses);
    free((char *)sel->shards);
    *sel = (struct selection){0};
}
