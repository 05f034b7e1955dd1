#include "store/release_versions.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/checksums.h"
#include "store/semver.h"
#include <stdlib.h>

void release_versions_write(struct buf *out, const struct release_versions *v) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_int(&j, "format", 1);
    json_kv_str(&j, "name", slice_str(v->name));
    json_kv_str(&j, "latest", slice_str(v->latest));
    json_key(&j, "versions");
    json_array(&j);
    for (size_t i = 0; i < v->n; i++) {
        const struct release_version *it = &v->items[i];
        json_object(&j);
        json_kv_str(&j, "version", slice_str(it->version));
        json_kv_str(&j, "date", slice_str(it->date));
        json_kv_int(&j, "documents", (int64_t)it->documents);
        json_kv_int(&j, "words", (int64_t)it->words);
        json_kv_int(&j, "text_bytes", (int64_t)it->text_bytes);
        json_kv_int(&j, "bytes", (int64_t)it->bytes);
        json_kv_int(&j, "files", (int64_t)it->files);
        json_kv_str(&j, "path", slice_str(it->path));
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
}

static uint64_t get_count(struct json_value v, const char *key) {
    struct json_value member;
    int64_t n = 0;
    return json_get(v, key, &member) && json_as_int(member, &n) && n > 0 ? (uint64_t)n : 0;
}

static enum status read_item(struct json_value row, struct release_versions *v, struct buf *err) {
    struct slice version = json_get_string(row, "version"), date = json_get_string(row, "date"),
                 path = json_get_string(row, "path");
    struct semver parsed;
    if (!semver_parse(version, &parsed))
        return fail(err, ST_SKIP, RELEASE_VERSIONS_FILE ": '%.*s' is not a version", SLICE_ARG(version));
    if (!checksums_path_ok(path)) return fail(err, ST_SKIP, RELEASE_VERSIONS_FILE ": bad path of version %.*s", SLICE_ARG(version));
    struct release_version item = {.version = strndup(version.ptr, version.len),
                                   .date = strndup(date.len ? date.ptr : "", date.len),
                                   .path = strndup(path.ptr, path.len),
                                   .documents = get_count(row, "documents"),
                                   .words = get_count(row, "words"),
                                   .text_bytes = get_count(row, "text_bytes"),
                                   .bytes = get_count(row, "bytes"),
                                   .files = get_count(row, "files")};
    bool ok = item.version && item.date && item.path && release_versions_put(v, &item);
    free(item.version);
    free(item.date);
    free(item.path);
    return ok ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

enum status release_versions_read(struct slice text, struct release_versions *v, struct buf *err) {
    struct json_parser *p = json_parser_new(LIMIT_RELEASE_META);
    struct json_value root, list, row;
    struct buf why = {.max = LIMIT_ERR};
    if (!p) return fail(err, ST_FATAL, "out of memory");
    enum status st = json_parse(p, text, &root, &why);
    if (st != ST_OK)
        fail(err, st, RELEASE_VERSIONS_FILE ": %s", buf_cstr(&why));
    else if (!json_get(root, "versions", &list) || json_typeof(list) != JSON_ARRAY)
        st = fail(err, ST_SKIP, RELEASE_VERSIONS_FILE ": no list of versions");
    else {
        struct slice name = json_get_string(root, "name");
        struct json_iter it = json_walk(list);
        free(v->name);
        v->name = strndup(name.len ? name.ptr : "", name.len);
        if (!v->name) st = fail(err, ST_FATAL, "out of memory");
        while (st == ST_OK && json_next(&it, NULL, &row)) st = read_item(row, v, err);
    }
    if (st != ST_OK) release_versions_free(v);
    json_parser_free(p);
    buf_free(&why);
    return st;
}

static int order_of(const char *a, const char *b) {
    struct semver x, y;
    bool ok_x = semver_parse(slice_str(a), &x), ok_y = semver_parse(slice_str(b), &y);
    if (!ok_x || !ok_y) return (int)ok_x - (int)ok_y;
    return semver_cmp(&x, &y);
}

static void free_item(struct release_version *it) {
    free(it->version);
    free(it->date);
    free(it->path);
}

/* The largest version that is not a pre-release, or the largest of all when there is none. */
static bool set_latest(struct release_versions *v) {
    const char *latest = v->n ? v->items[v->n - 1].version : "";
    for (size_t i = v->n; i-- > 0;) {
        struct semver parsed;
        if (!semver_parse(slice_str(v->items[i].version), &parsed) || parsed.pre.len) continue;
        latest = v->items[i].version;
        break;
    }
    char *copy = strdup(latest);
    if (!copy) return false;
    free(v->latest);
    v->latest = copy;
    return true;
}

bool release_versions_put(struct release_versions *v, const struct release_version *item) {
    struct release_version copy = *item;
    size_t at = 0;
    if (v->n >= LIMIT_RELEASE_FILES) return false;
    struct release_version *grown = realloc(v->items, (v->n + 1) * sizeof *grown);
    if (!grown) return false;
    v->items = grown;
    copy.version = strdup(item->version);
    copy.date = strdup(item->date);
    copy.path = strdup(item->path);
    if (!copy.version || !copy.date || !copy.path) {
        free_item(&copy);
        return false;
    }
    while (at < v->n && order_of(grown[at].version, item->version) < 0) at++;
    if (at < v->n && order_of(grown[at].version, item->version) == 0)
        free_item(&grown[at]);
    else
        memmove(&grown[at + 1], &grown[at], (v->n++ - at) * sizeof *grown);
    grown[at] = copy;
    return set_latest(v);
}

void release_versions_free(struct release_versions *v) {
    for (size_t i = 0; i < v->n; i++) free_item(&v->items[i]);
    free(v->items);
    free(v->name);
    free(v->latest);
    *v = (struct release_versions){0};
}
