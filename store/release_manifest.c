#include "store/release_manifest.h"
#include "base/json.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

static void write_counts(struct json_out *j, const char *key, const struct release_counts *c) {
    json_key(j, key);
    json_object(j);
    for (size_t i = 0; i < c->n; i++) {
        json_key(j, c->items[i].key);
        json_object(j);
        json_kv_int(j, "documents", (int64_t)c->items[i].documents);
        json_kv_int(j, "words", (int64_t)c->items[i].words);
        json_kv_int(j, "text_bytes", (int64_t)c->items[i].text_bytes);
        json_object_end(j);
    }
    json_object_end(j);
}

static void write_documents(struct json_out *j, const char *key, const struct release_counts *c) {
    json_key(j, key);
    json_object(j);
    for (size_t i = 0; i < c->n; i++) json_kv_int(j, c->items[i].key, (int64_t)c->items[i].documents);
    json_object_end(j);
}

static void write_shard(struct json_out *j, const struct release_shard *s) {
    char path[96];
    snprintf(path, sizeof path, RELEASE_DATA_DIR "/%s", s->name);
    json_object(j);
    json_kv_str(j, "name", slice_str(s->name));
    json_kv_str(j, "path", slice_str(path));
    json_kv_int(j, "number", (int64_t)s->number);
    json_kv_int(j, "documents", (int64_t)s->documents);
    json_kv_int(j, "words", (int64_t)s->words);
    json_kv_int(j, "text_bytes", (int64_t)s->text_bytes);
    json_kv_int(j, "bytes", (int64_t)s->bytes);
    json_kv_str(j, "sha256", slice_str(s->sha256));
    json_kv_str(j, "lines", slice_str(s->lines));
    json_kv_str(j, "split", slice_str(release_split_name(release_split_of_shard(s->name))));
    json_kv_str(j, "blocks", slice_str(s->blocks ? s->blocks : ""));
    write_documents(j, "sources", &s->sources);
    write_documents(j, "licenses", &s->licenses);
    json_object_end(j);
}

static void put_object(struct json_out *j, const char *key, const char *text) {
    json_key(j, key);
    json_raw(j, slice_str(text && text[0] ? text : "{}"));
}

void release_manifest_write(struct buf *out, const struct release_manifest *m) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_int(&j, "format", 1);
    json_kv_str(&j, "name", slice_str(m->name));
    json_kv_str(&j, "version", slice_str(m->version));
    json_kv_str(&j, "date", slice_str(m->date));
    json_kv_int(&j, "documents", (int64_t)m->documents);
    json_kv_int(&j, "words", (int64_t)m->words);
    json_kv_int(&j, "text_bytes", (int64_t)m->text_bytes);
    json_kv_int(&j, "bytes", (int64_t)m->bytes);
    json_kv_str(&j, "code_version", slice_str(m->code_version));
    json_kv_str(&j, "settings", slice_str(m->settings));
    put_object(&j, "judged_by", m->judged_by);
    put_object(&j, "selection", m->selection);
    json_key(&j, "splits");
    release_splits_json(&j, &m->splits);
    json_key(&j, "shards");
    json_array(&j);
    for (size_t i = 0; i < m->n_shards; i++) write_shard(&j, &m->shards[i]);
    json_array_end(&j);
    write_counts(&j, "sources", &m->sources);
    write_counts(&j, "licenses", &m->licenses);
    write_counts(&j, "languages", &m->languages);
    write_counts(&j, "document_types", &m->types);
    write_counts(&j, "quality_bands", &m->qualities);
    json_object_end(&j);
    buf_char(out, '\n');
}

static uint64_t get_count(struct json_value v, const char *key, bool *ok) {
    struct json_value member;
    int64_t n = 0;
    if (!json_get(v, key, &member) || !json_as_int(member, &n) || n < 0) *ok = false;
    return (uint64_t)n;
}

static char *get_text(struct json_value v, const char *key) {
    struct slice s = json_get_string(v, key);
    return strndup(s.len ? s.ptr : "", s.len);
}

/* A string of exactly ${cap} - 1 bytes at most; false when longer or empty. */
static bool get_fixed(struct json_value v, const char *key, char *out, size_t cap) {
    struct slice s = json_get_string(v, key);
    if (s.len == 0 || s.len >= cap) return false;
    memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return true;
}

/* {ID: documents}; absent: nothing is known. */
static bool read_documents(struct json_value v, const char *key, struct release_counts *c) {
    struct json_value table, number;
    struct slice name;
    int64_t n = 0;
    if (!json_get(v, key, &table)) return true;
    struct json_iter it = json_walk(table);
    while (json_next(&it, &name, &number))
        if (!json_as_int(number, &n) || n < 0 || c->n >= LIMIT_RELEASE_ROWS || !release_counts_add(c, name, (uint64_t)n, 0, 0))
            return false;
    return true;
}

static bool read_shard(struct json_value v, struct release_shard *s) {
    bool ok = get_fixed(v, "name", s->name, sizeof s->name) && get_fixed(v, "sha256", s->sha256, sizeof s->sha256) &&
              !strchr(s->name, '/');
    if (!get_fixed(v, "lines", s->lines, sizeof s->lines)) s->lines[0] = '\0';
    s->number = get_count(v, "number", &ok);
    s->documents = get_count(v, "documents", &ok);
    s->words = get_count(v, "words", &ok);
    s->text_bytes = get_count(v, "text_bytes", &ok);
    s->bytes = get_count(v, "bytes", &ok);
    s->blocks = get_text(v, "blocks");
    return ok && s->blocks && read_documents(v, "sources", &s->sources) && read_documents(v, "licenses", &s->licenses);
}

static enum status read_shards(struct json_value root, struct release_manifest *m, struct buf *err) {
    struct json_value list, item;
    size_t cap = 0;
    if (!json_get(root, "shards", &list) || json_typeof(list) != JSON_ARRAY)
        return fail(err, ST_SKIP, RELEASE_MANIFEST_FILE ": no list of shards");
    struct json_iter it = json_walk(list);
    while (json_next(&it, NULL, &item)) {
        if (m->n_shards == cap) {
            cap = cap ? 2 * cap : 16;
            struct release_shard *grown = cap <= 2 * LIMIT_RELEASE_FILES ? realloc(m->shards, cap * sizeof *grown) : NULL;
            if (!grown) return fail(err, ST_FATAL, RELEASE_MANIFEST_FILE ": out of memory");
            m->shards = grown;
        }
        m->shards[m->n_shards] = (struct release_shard){0};
        if (!read_shard(item, &m->shards[m->n_shards++]))
            return fail(err, ST_SKIP, RELEASE_MANIFEST_FILE ": shard %zu is not complete", m->n_shards - 1);
    }
    return ST_OK;
}

static bool read_counts(struct json_value root, const char *key, struct release_counts *c) {
    struct json_value table, row;
    struct slice name;
    bool ok = true;
    if (!json_get(root, key, &table)) return true;
    struct json_iter it = json_walk(table);
    while (ok && json_next(&it, &name, &row)) {
        uint64_t documents = get_count(row, "documents", &ok), words = get_count(row, "words", &ok),
                 bytes = get_count(row, "text_bytes", &ok);
        ok = ok && c->n < LIMIT_RELEASE_ROWS && release_counts_add(c, name, documents, words, bytes);
    }
    return ok;
}

/* Absent: none, as in releases without splits. */
static bool read_splits(struct json_value root, struct release_splits *splits) {
    struct json_value table, share;
    bool ok = true;
    if (!json_get(root, "splits", &table)) return true;
    for (int i = 1; i < SPLITS; i++)
        if (json_get(table, release_split_name((enum release_split)i), &share))
            splits->share[i] = (int64_t)get_count(table, release_split_name((enum release_split)i), &ok);
    return ok;
}

static enum status read_root(struct json_value root, struct release_manifest *m, struct buf *err) {
    bool ok = true;
    if (json_typeof(root) != JSON_OBJECT) return fail(err, ST_SKIP, RELEASE_MANIFEST_FILE ": not an object");
    if (get_count(root, "format", &ok) != 1 || !ok)
        return fail(err, ST_SKIP, RELEASE_MANIFEST_FILE ": not of format 1; a newer villers may read it");
    m->name = get_text(root, "name");
    m->version = get_text(root, "version");
    m->date = get_text(root, "date");
    m->code_version = get_text(root, "code_version");
    m->settings = get_text(root, "settings");
    m->documents = get_count(root, "documents", &ok);
    m->words = get_count(root, "words", &ok);
    m->text_bytes = get_count(root, "text_bytes", &ok);
    m->bytes = get_count(root, "bytes", &ok);
    if (!m->name || !m->version || !m->date || !m->code_version || !m->settings) return fail(err, ST_FATAL, "out of memory");
    if (!ok || !read_counts(root, "sources", &m->sources) || !read_counts(root, "licenses", &m->licenses) ||
        !read_counts(root, "languages", &m->languages) || !read_counts(root, "document_types", &m->types) ||
        !read_counts(root, "quality_bands", &m->qualities) || !read_splits(root, &m->splits))
        return fail(err, ST_SKIP, RELEASE_MANIFEST_FILE ": a count is missing or is not a whole number");
    return read_shards(root, m, err);
}

enum status release_manifest_read(struct slice text, struct release_manifest *m, struct buf *err) {
    struct json_parser *p = json_parser_new(LIMIT_RELEASE_META);
    struct json_value root;
    struct buf why = {.max = LIMIT_ERR};
    if (!p) return fail(err, ST_FATAL, "out of memory");
    enum status st = json_parse(p, text, &root, &why);
    if (st != ST_OK)
        fail(err, st, RELEASE_MANIFEST_FILE ": %s", buf_cstr(&why));
    else
        st = read_root(root, m, err);
    if (st != ST_OK) release_manifest_free(m);
    json_parser_free(p);
    buf_free(&why);
    return st;
}

void release_counts_free(struct release_counts *c) {
    for (size_t i = 0; i < c->n; i++) free(c->items[i].key);
    free(c->items);
    *c = (struct release_counts){0};
}

void release_shard_free(struct release_shard *s) {
    free(s->blocks);
    release_counts_free(&s->sources);
    release_counts_free(&s->licenses);
}

void release_manifest_free(struct release_manifest *m) {
    free(m->name);
    free(m->version);
    free(m->date);
    free(m->code_version);
    free(m->settings);
    free(m->judged_by);
    free(m->selection);
    for (size_t i = 0; i < m->n_shards; i++) release_shard_free(&m->shards[i]);
    free(m->shards);
    release_counts_free(&m->sources);
    release_counts_free(&m->licenses);
    release_counts_free(&m->languages);
    release_counts_free(&m->types);
    release_counts_free(&m->qualities);
    *m = (struct release_manifest){0};
}

bool release_counts_add(struct release_counts *c, struct slice key, uint64_t documents, uint64_t words, uint64_t text_bytes) {
    size_t at = 0, end = c->n;
    while (at < end) {
        size_t mid = at + (end - at) / 2;
        if (slice_cmp(slice_str(c->items[mid].key), key) < 0)
            at = mid + 1;
        else
            end = mid;
    }
    if (at == c->n || !slice_eq_str(key, c->items[at].key)) {
        struct release_count *grown = realloc(c->items, (c->n + 1) * sizeof *grown);
        if (!grown) return false;
        c->items = grown;
        char *copy = strndup(key.len ? key.ptr : "", key.len);
        if (!copy) return false;
        memmove(&grown[at + 1], &grown[at], (c->n - at) * sizeof *grown);
        grown[at] = (struct release_count){.key = copy};
        c->n++;
    }
    c->items[at].documents += documents;
    c->items[at].words += words;
    c->items[at].text_bytes += text_bytes;
    return true;
}
