#ifndef TESTS_UNIT_STORE_HUB_FIXTURE_H
#define TESTS_UNIT_STORE_HUB_FIXTURE_H
/*
 * A hub with refined documents but no crawl behind it, through the store's public interfaces.
 */
#include "store/manifest.h"
#include "store/segment.h"
#include "tests/unit/store/release_fixture.h"

struct hub_fixture {
    char *dir;
    struct buf refined, releases, manifest_path;
    struct manifest *m;
    unsigned segments;
};

static inline void hub_fixture_open(struct hub_fixture *h) {
    *h = (struct hub_fixture){.dir = fixture_dir()};
    path_join(&h->refined, h->dir, "refined");
    path_join(&h->releases, h->dir, "releases");
    path_join(&h->manifest_path, h->dir, "manifest.sqlite");
    assert_int_equal(dir_make(buf_cstr(&h->refined), NULL), ST_OK);
    assert_int_equal(dir_make(buf_cstr(&h->releases), NULL), ST_OK);
    assert_int_equal(manifest_open(buf_cstr(&h->manifest_path), MANIFEST_CREATE, &h->m, NULL, NULL), ST_OK);
}

static inline void hub_fixture_close(struct hub_fixture *h) {
    manifest_free(h->m);
    fixture_remove(h->dir);
    buf_free(&h->refined);
    buf_free(&h->releases);
    buf_free(&h->manifest_path);
}

/* A document: number ${n} fixes its id and URL, ${edition} its text, ${words} its length. */
struct hub_document {
    unsigned n, edition, words;
    const char *license;
};

static inline void hub_document_text(const struct hub_document *d, struct buf *text) {
    char key[64];
    snprintf(key, sizeof key, "%u/%u", d->n, d->edition);
    for (unsigned i = 0; i < d->words; i++) buf_printf(text, "mot%llx ", (unsigned long long)hash64_seed(slice_str(key), i));
}

static inline void hub_fixture_put(struct hub_fixture *h, const struct hub_document *d, struct segment *seg, int64_t raw,
                                   int64_t refined, int64_t k) {
    char id[DOC_ID_LEN], url[64];
    struct buf text = {0}, line = {0};
    uint64_t end = 0;
    bool taken = false;
    snprintf(url, sizeof url, "https://h%u.fr/%u", d->n % 7, d->n);
    doc_id(slice_str("exemple"), slice_str(url), id);
    hub_document_text(d, &text);
    struct doc doc = {.id = slice_str(id),
                      .text = buf_view(&text),
                      .url = slice_str(url),
                      .source = slice_str("exemple"),
                      .license = slice_str(d->license),
                      .crawl_date = slice_str("2024-07-01T10:11:12Z"),
                      .language = slice_str("fra"),
                      .language_script = slice_str("Latn"),
                      .language_score = 0.98,
                      .french_share = 1,
                      .words = d->words,
                      .metadata = slice_str("{}")};
    int64_t offset = (int64_t)segment_length(seg);
    doc_write(&line, &doc, DOC_REFINED);
    assert_int_equal(segment_append(seg, buf_view(&line), &end, NULL), ST_OK);
    struct manifest_capture c = {.doc_id = doc.id,
                                 .url = doc.url,
                                 .source = doc.source,
                                 .campaign = slice_str("essai"),
                                 .license = doc.license,
                                 .status = 200,
                                 .captured_ms = 1719828672000 + (int64_t)h->segments * 1000,
                                 .bytes = 100,
                                 .warc = MANIFEST_NONE,
                                 .warc_offset = MANIFEST_NONE,
                                 .raw = raw,
                                 .raw_offset = k};
    assert_int_equal(manifest_add_capture(h->m, &c, NULL), ST_OK);
    struct manifest_verdict v = {.id = doc.id,
                                 .raw = raw,
                                 .raw_offset = k,
                                 .segment = refined,
                                 .offset = offset,
                                 .license = doc.license,
                                 .language = doc.language,
                                 .language_score = 0.98,
                                 .french_share = 1,
                                 .bytes = (int64_t)text.len,
                                 .words = d->words};
    assert_int_equal(manifest_put_verdict(h->m, &v, &taken, NULL), ST_OK);
    assert_true(taken);
    buf_free(&text);
    buf_free(&line);
}

/* Crawl and refine ${docs} as one segment. */
static inline void hub_fixture_add(struct hub_fixture *h, const struct hub_document *docs, size_t n) {
    char name[64];
    struct buf path = {0};
    struct segment *seg = NULL;
    int64_t raw = 0, refined = 0;
    bool known = false;
    snprintf(name, sizeof name, "essai-%05u.jsonl.zst", h->segments++);
    path_join(&path, buf_cstr(&h->refined), name);
    assert_int_equal(segment_create(buf_cstr(&path), SEGMENT_ZSTD, 3, &seg, NULL), ST_OK);
    assert_int_equal(manifest_begin(h->m, NULL), ST_OK);
    struct manifest_segment s = {.kind = SEGMENT_RAW,
                                 .name = slice_str(name),
                                 .bytes = 1,
                                 .records = n,
                                 .run = MANIFEST_NONE,
                                 .derived_from = MANIFEST_NONE};
    assert_int_equal(manifest_add_segment(h->m, &s, &raw, &known, NULL), ST_OK);
    s.kind = SEGMENT_REFINED;
    s.derived_from = raw;
    assert_int_equal(manifest_add_segment(h->m, &s, &refined, &known, NULL), ST_OK);
    for (size_t i = 0; i < n; i++) hub_fixture_put(h, &docs[i], seg, raw, refined, (int64_t)i);
    assert_int_equal(manifest_commit(h->m, NULL), ST_OK);
    assert_int_equal(segment_seal(seg, NULL), ST_OK);
    buf_free(&path);
}

#endif
