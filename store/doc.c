/*
 * The line of a document.  Keys come in the order of the table below; a form leaves out those that are not its own.
 * Release (design: "A document"): id text url title author site source license date crawl_date language language_script
 * language_score french_share words minhash_cluster_id minhash_cluster_size metadata.
 */
#include "store/doc.h"
#include "base/hash.h"
#include <stddef.h>
#include <stdlib.h>

enum { RAW = 1 << DOC_RAW, REFINED = 1 << DOC_REFINED, RELEASE = 1 << DOC_RELEASE, EVERY = RAW | REFINED | RELEASE };
enum { SHARE_DECIMALS = 4 };

enum field_type { TEXT, COUNT, SHARE };
static const struct field {
    const char *key;
    unsigned forms;
    enum field_type type;
    size_t offset;
} fields[] = {
    {"id", EVERY, TEXT, offsetof(struct doc, id)},
    {"text", EVERY, TEXT, offsetof(struct doc, text)},
    {"url", EVERY, TEXT, offsetof(struct doc, url)},
    {"title", EVERY, TEXT, offsetof(struct doc, title)},
    {"author", EVERY, TEXT, offsetof(struct doc, author)},
    {"site", EVERY, TEXT, offsetof(struct doc, site)},
    {"source", EVERY, TEXT, offsetof(struct doc, source)},
    {"license", EVERY, TEXT, offsetof(struct doc, license)},
    {"date", EVERY, TEXT, offsetof(struct doc, date)},
    {"crawl_date", EVERY, TEXT, offsetof(struct doc, crawl_date)},
    {"campaign", RAW, TEXT, offsetof(struct doc, campaign)},
    {"declared_language", RAW, TEXT, offsetof(struct doc, declared_language)},
    {"fetched_url", RAW, TEXT, offsetof(struct doc, fetched_url)},
    {"digest", RAW | REFINED, TEXT, offsetof(struct doc, digest)},
    {"warc", RAW, TEXT, offsetof(struct doc, warc)},
    {"warc_offset", RAW, COUNT, offsetof(struct doc, warc_offset)},
    {"bytes", RAW, COUNT, offsetof(struct doc, bytes)},
    {"language", REFINED | RELEASE, TEXT, offsetof(struct doc, language)},
    {"language_script", REFINED | RELEASE, TEXT, offsetof(struct doc, language_script)},
    {"language_score", REFINED | RELEASE, SHARE, offsetof(struct doc, language_score)},
    {"french_share", REFINED | RELEASE, SHARE, offsetof(struct doc, french_share)},
    {"words", REFINED | RELEASE, COUNT, offsetof(struct doc, words)},
    {"reason", REFINED, TEXT, offsetof(struct doc, reason)},
    {"minhash_cluster_id", RELEASE, TEXT, offsetof(struct doc, minhash_cluster_id)},
    {"minhash_cluster_size", RELEASE, COUNT, offsetof(struct doc, minhash_cluster_size)},
    {"metadata", EVERY, TEXT, offsetof(struct doc, metadata)},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

void doc_id(struct slice source, struct slice key, char out[DOC_ID_LEN]) {
    char small[1024];
    size_t len = source.len + 1 + key.len;
    char *at = len <= sizeof small ? small : malloc(len);
    out[0] = '\0';
    if (!at) return;
    if (source.len) memcpy(at, source.ptr, source.len);
    at[source.len] = '\0';
    if (key.len) memcpy(at + source.len + 1, key.ptr, key.len);
    hash128_hex(hash128(slice_of(at, len)), out);
    if (at != small) free(at);
}

void doc_write(struct buf *out, const struct doc *doc, enum doc_form form) {
    struct doc d = *doc;
    if (d.metadata.len == 0) d.metadata = slice_str("{}");
    if (d.minhash_cluster_id.len == 0) d.minhash_cluster_id = d.id;
    if (d.minhash_cluster_size < 1) d.minhash_cluster_size = 1;
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    for (size_t i = 0; i < N_FIELDS; i++) {
        const struct field *f = &fields[i];
        if (!(f->forms & (1u << form))) continue;
        const void *at = (const char *)&d + f->offset;
        switch (f->type) {
        case TEXT: json_kv_str(&j, f->key, *(const struct slice *)at); break;
        case COUNT: json_kv_int(&j, f->key, *(const int64_t *)at); break;
        case SHARE: json_kv_float(&j, f->key, *(const double *)at, SHARE_DECIMALS); break;
        }
    }
    json_object_end(&j);
    buf_char(out, '\n');
}

static bool read_field(const struct field *f, struct json_value v, struct doc *doc) {
    void *at = (char *)doc + f->offset;
    if (json_typeof(v) == JSON_NULL) return true;
    switch (f->type) {
    case TEXT: return json_as_string(v, at);
    case COUNT: return json_as_int(v, at);
    case SHARE: break;
    }
    return json_as_float(v, at);
}

enum status doc_read(struct json_parser *p, struct slice line, struct doc *doc, struct buf *err) {
    struct json_value root, val;
    *doc = (struct doc){0};
    enum status st = json_parse(p, line, &root, err);
    if (st != ST_OK) return st;
    if (json_typeof(root) != JSON_OBJECT) return fail(err, ST_SKIP, "a document must be a JSON object");
    struct json_iter it = json_walk(root);
    struct slice key;
    while (json_next(&it, &key, &val))
        for (size_t i = 0; i < N_FIELDS; i++)
            if (slice_eq_str(key, fields[i].key)) {
                if (!read_field(&fields[i], val, doc)) return fail(err, ST_SKIP, "\"%s\" has the wrong type", fields[i].key);
                break;
            }
    return ST_OK;
}
