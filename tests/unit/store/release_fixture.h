#ifndef TESTS_UNIT_STORE_RELEASE_FIXTURE_H
#define TESTS_UNIT_STORE_RELEASE_FIXTURE_H
/*
 * A small release made by the store's own writers, for the tests of verify and pull.
 */
#include "base/file.h"
#include "base/hash.h"
#include "store/checksums.h"
#include "store/doc.h"
#include "store/release_manifest.h"
#include "store/shard.h"
#include "store/sign.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture_shard {
    unsigned number, first, documents; /* documents first to first + documents - 1 */
};

/* One document's line; ${n} fixes every byte of it. */
static inline void fixture_line(struct buf *line, unsigned n, struct doc *d) {
    static char id[DOC_ID_LEN], url[64], text[512];
    snprintf(url, sizeof url, "https://exemple.fr/%u", n);
    doc_id(slice_str("exemple"), slice_str(url), id);
    int len = 0;
    for (unsigned i = 0; i < 8; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "mot%llu ", (unsigned long long)hash64_seed(slice_str(url), i));
    *d = (struct doc){.id = slice_str(id),
                      .text = slice_of(text, (size_t)len - 1),
                      .url = slice_str(url),
                      .title = slice_str("Titre"),
                      .source = slice_str("exemple"),
                      .license = slice_str("etalab-2.0"),
                      .crawl_date = slice_str("2024-07-01"),
                      .language = slice_str("fra"),
                      .language_script = slice_str("Latn"),
                      .language_score = 0.99,
                      .french_share = 1.0,
                      .words = 8,
                      .minhash_cluster_id = slice_str(id),
                      .minhash_cluster_size = 1,
                      .metadata = slice_str("{}")};
    doc_write(line, d, DOC_RELEASE);
}

static inline void fixture_file(const char *dir, const char *name, struct slice bytes, struct checksums *sums) {
    struct buf path = {0};
    unsigned char digest[SHA256_BYTES];
    char hex[65];
    path_join(&path, dir, name);
    assert_int_equal(file_write(buf_cstr(&path), bytes, NULL), ST_OK);
    sha256_of(bytes, digest);
    hash_hex(digest, sizeof digest, hex);
    if (sums) assert_int_equal(checksums_add(sums, slice_str(name), slice_str(hex), NULL), ST_OK);
    buf_free(&path);
}

static inline void fixture_shard(const char *dir, const struct fixture_shard *s, struct release_manifest *m,
                                 struct checksums *sums) {
    struct buf data = {0}, line = {0}, path = {0};
    struct shard_writer *w = NULL;
    struct shard_info info;
    struct doc d;
    path_join(&data, dir, RELEASE_DATA_DIR);
    assert_int_equal(shard_create(buf_cstr(&data), "part", s->number, 3, &w, NULL), ST_OK);
    for (unsigned i = 0; i < s->documents; i++) {
        buf_clear(&line);
        fixture_line(&line, s->first + i, &d);
        assert_int_equal(shard_append(w, buf_view(&line), d.text.len, 8, NULL), ST_OK);
    }
    assert_int_equal(shard_finish(w, &info, NULL), ST_OK);
    m->shards = realloc(m->shards, (m->n_shards + 1) * sizeof *m->shards);
    struct release_shard *out = &m->shards[m->n_shards++];
    *out = (struct release_shard){
        .number = s->number, .documents = info.documents, .words = info.words, .text_bytes = info.text_bytes, .bytes = info.bytes};
    memcpy(out->name, info.name, sizeof out->name);
    memcpy(out->sha256, info.sha256, sizeof out->sha256);
    m->documents += info.documents;
    m->words += info.words;
    m->text_bytes += info.text_bytes;
    m->bytes += info.bytes;
    path_join(&path, RELEASE_DATA_DIR, info.name);
    assert_int_equal(checksums_add(sums, buf_view(&path), slice_str(info.sha256), NULL), ST_OK);
    buf_free(&data);
    buf_free(&line);
    buf_free(&path);
}

/* A whole release in ${dir}, signed when ${key} is given. */
static inline void fixture_release(const char *dir, const char *version, const struct fixture_shard *shards, size_t n,
                                   const struct sign_secret *key) {
    struct buf text = {0}, path = {0};
    struct checksums sums = {0};
    struct release_manifest m = {.name = strdup("essai"),
                                 .version = strdup(version),
                                 .date = strdup("2024-07-01"),
                                 .code_version = strdup("0"),
                                 .settings = strdup("")};
    path_join(&path, dir, RELEASE_DATA_DIR);
    assert_int_equal(dir_make(buf_cstr(&path), NULL), ST_OK);
    for (size_t i = 0; i < n; i++) fixture_shard(dir, &shards[i], &m, &sums);
    release_manifest_write(&text, &m);
    fixture_file(dir, RELEASE_MANIFEST_FILE, buf_view(&text), &sums);
    fixture_file(dir, "README.md", slice_str("# essai\n"), &sums);
    fixture_file(dir, "removals.jsonl", slice_of("", 0), &sums);
    buf_clear(&text);
    if (key) {
        struct sign_public pub = sign_public_of(key);
        sign_write_public(&text, &pub);
        fixture_file(dir, SIGN_PUBLIC_FILE, buf_view(&text), &sums);
        buf_clear(&text);
    }
    checksums_sort(&sums);
    checksums_write(&text, &sums);
    fixture_file(dir, CHECKSUMS_FILE, buf_view(&text), NULL);
    if (key) {
        struct buf sig = {0};
        char comment[64];
        snprintf(comment, sizeof comment, "villers essai %s 2024-07-01", version);
        sign_bytes(&sig, key, buf_view(&text), comment);
        fixture_file(dir, CHECKSUMS_FILE SIGN_SUFFIX, buf_view(&sig), NULL);
        buf_free(&sig);
    }
    fixture_file(dir, RELEASE_SUCCESS_FILE, slice_of("", 0), NULL);
    checksums_free(&sums);
    release_manifest_free(&m);
    buf_free(&text);
    buf_free(&path);
}

/* A fresh folder below /tmp; removed by fixture_remove(). */
static inline char *fixture_dir(void) {
    char *dir = strdup("/tmp/villers-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}
static inline void fixture_remove(char *dir) {
    struct buf cmd = {0};
    buf_printf(&cmd, "rm -rf '%s'", dir);
    assert_int_equal(system(buf_cstr(&cmd)), 0);
    buf_free(&cmd);
    free(dir);
}

#endif
