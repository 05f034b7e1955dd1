#include "base/clock.h"
#include "base/limits.h"
#include "store/pull.h"
#include "store/release.h"
#include "store/verify.h"
#include "tests/unit/store/hub_fixture.h"

static const struct release_source catalogue[] = {{.id = "exemple",
                                                   .name = "Exemple | d'essai",
                                                   .license = "etalab-2.0",
                                                   .license_evidence = "https://exemple.fr/licence",
                                                   .license_date = "2024-07-01",
                                                   .attribution = "Ville d'Exemple"}};

static struct hub_document docs[2000];

static void make_docs(size_t n, unsigned edition) {
    for (size_t i = 0; i < n; i++) docs[i] = (struct hub_document){(unsigned)i, edition, 40 + (unsigned)i % 60, "etalab-2.0"};
}

static struct release_options options(struct hub_fixture *h, const char *version) {
    return (struct release_options){.releases = buf_cstr(&h->releases),
                                    .refined = buf_cstr(&h->refined),
                                    .name = "essai",
                                    .version = version,
                                    .manifest = h->m,
                                    .sources = catalogue,
                                    .n_sources = 1,
                                    .code_version = "0",
                                    .settings_hash = "",
                                    .settings_text = "",
                                    .base = "",
                                    .contact = "a@exemple.fr",
                                    .agent = "villers",
                                    .shard_text_bytes = 100000,
                                    .threads = 2,
                                    .now_ms = clock_wall_ms};
}

static enum status publish(struct hub_fixture *h, const char *version, struct release_outcome *out, struct buf *err) {
    struct release_options opt = options(h, version);
    return release_publish(&opt, out, err);
}

#define PUBLISH_OK(h, version, out)                                                                                                \
    do {                                                                                                                           \
        struct buf why_ = {.max = LIMIT_ERR};                                                                                      \
        if (publish(h, version, out, &why_) != ST_OK) fail_msg("publish %s: %s", version, buf_cstr(&why_));                        \
        buf_free(&why_);                                                                                                           \
    } while (0)

static void assert_whole(struct hub_fixture *h, const char *version, uint64_t documents) {
    struct buf dir = {0};
    struct transport files = transport_files();
    struct verify_report rep = {0};
    buf_printf(&dir, "%s/essai/%s", buf_cstr(&h->releases), version);
    struct verify_options opt = {.location = buf_cstr(&dir), .folder = buf_cstr(&dir), .transport = &files, .threads = 1};
    assert_int_equal(verify_release(&opt, &rep, NULL), ST_OK);
    for (size_t i = 0; i < rep.n_findings; i++) fail_msg("%s: %s", rep.findings[i].file, rep.findings[i].what);
    assert_int_equal(rep.documents, documents);
    verify_report_free(&rep);
    buf_free(&dir);
}

/* The text of SHA256SUMS stands for every byte. */
static void sums_of(struct hub_fixture *h, const char *version, struct buf *out) {
    struct buf path = {0};
    buf_printf(&path, "%s/essai/%s/SHA256SUMS", buf_cstr(&h->releases), version);
    buf_clear(out);
    assert_int_equal(file_read(buf_cstr(&path), MIB, out, NULL), ST_OK);
    buf_free(&path);
}

static void forget(struct hub_fixture *h, unsigned n) {
    char url[64];
    int64_t marked = 0;
    snprintf(url, sizeof url, "https://h%u.fr/%u", n % 7, n);
    struct manifest_removal r = {.scope = REMOVAL_URL,
                                 .value = slice_str(url),
                                 .reason = slice_str("opt-out"),
                                 .asked_ms = 1720000000000,
                                 .lifted_ms = MANIFEST_NONE};
    assert_int_equal(manifest_begin(h->m, NULL), ST_OK);
    assert_int_equal(manifest_forget(h->m, &r, &marked, NULL), ST_OK);
    assert_int_equal(marked, 1);
    assert_int_equal(manifest_commit(h->m, NULL), ST_OK);
}

/* Segments in another order, other cuts between them, other threads: the same bytes. */
static void same_bytes(void **state) {
    struct hub_fixture a, b;
    struct release_outcome out;
    struct buf one = {0}, two = {0};
    struct hub_document reversed[900];
    (void)state;
    make_docs(900, 1);
    for (size_t i = 0; i < 900; i++) reversed[i] = docs[899 - i];
    hub_fixture_open(&a);
    hub_fixture_open(&b);
    hub_fixture_add(&a, docs, 900);
    hub_fixture_add(&b, reversed, 350);
    hub_fixture_add(&b, reversed + 350, 550);
    PUBLISH_OK(&a, "1.0.0", &out);
    assert_true(out.shards > 3);
    struct release_options opt = options(&b, "1.0.0");
    opt.threads = 1;
    mode_t mask = umask(0077);
    assert_int_equal(release_publish(&opt, &out, NULL), ST_OK);
    umask(mask);
    sums_of(&a, "1.0.0", &one);
    sums_of(&b, "1.0.0", &two);
    assert_string_equal(buf_cstr(&one), buf_cstr(&two));
    assert_whole(&a, "1.0.0", 900);
    buf_free(&one);
    buf_free(&two);
    hub_fixture_close(&a);
    hub_fixture_close(&b);
}

static void versions_share_shards(void **state) {
    struct hub_fixture h;
    struct release_outcome out;
    struct buf err = {.max = LIMIT_ERR};
    (void)state;
    make_docs(2000, 1);
    hub_fixture_open(&h);
    hub_fixture_add(&h, docs, 1900);
    PUBLISH_OK(&h, "1.0.0", &out);
    uint64_t shards = out.shards;
    /* Never over what is there. */
    assert_int_equal(publish(&h, "1.0.0", &out, &err), ST_SKIP);
    assert_true(out.existed);
    /* Nothing changed: every shard is the same file. */
    PUBLISH_OK(&h, "1.0.1", &out);
    assert_int_equal(out.shards_reused, shards);
    /* New documents: a minor version, all old shards kept. */
    hub_fixture_add(&h, docs + 1900, 20);
    assert_int_equal(publish(&h, "1.0.2", &out, &err), ST_SKIP);
    assert_true(out.wrong_version);
    assert_non_null(strstr(buf_cstr(&err), "1.1.0"));
    PUBLISH_OK(&h, "1.1.0", &out);
    assert_int_equal(out.added, 20);
    assert_int_equal(out.shards_reused, shards);
    assert_int_equal(out.shards, shards + 1);
    /* A removal: a major version, one shard written again, its id published. */
    forget(&h, 5);
    assert_int_equal(publish(&h, "1.2.0", &out, &err), ST_SKIP);
    assert_non_null(strstr(buf_cstr(&err), "2.0.0"));
    PUBLISH_OK(&h, "2.0.0", &out);
    assert_int_equal(out.removed, 1);
    assert_int_equal(out.shards_reused, shards);
    assert_whole(&h, "2.0.0", 1919);
    /* Another text of one document. */
    docs[6].edition = 2;
    hub_fixture_add(&h, docs + 6, 1);
    PUBLISH_OK(&h, "2.1.0", &out);
    assert_int_equal(out.changed, 1);
    assert_int_equal(out.added + out.removed, 0);
    assert_int_equal(out.shards_reused, shards);
    assert_whole(&h, "2.1.0", 1919);
    /* Versions only go up. */
    assert_int_equal(publish(&h, "1.9.0", &out, &err), ST_SKIP);
    assert_true(out.wrong_version);
    buf_free(&err);
    hub_fixture_close(&h);
}

/* A last shard that is small beside the rest is filled before a new one is begun. */
static void small_last_shard_is_filled(void **state) {
    struct hub_fixture h;
    struct release_outcome out;
    (void)state;
    make_docs(2000, 1);
    hub_fixture_open(&h);
    hub_fixture_add(&h, docs, 1900);
    PUBLISH_OK(&h, "1.0.0", &out);
    hub_fixture_add(&h, docs + 1900, 3);
    PUBLISH_OK(&h, "1.1.0", &out);
    uint64_t shards = out.shards;
    hub_fixture_add(&h, docs + 1903, 3);
    PUBLISH_OK(&h, "1.2.0", &out);
    assert_int_equal(out.shards, shards);
    assert_int_equal(out.shards_reused, shards - 1);
    assert_whole(&h, "1.2.0", 1906);
    hub_fixture_close(&h);
}

static uint64_t pull_to(struct hub_fixture *h, const char *version, const char *dest, uint64_t *rebuilt) {
    struct buf source = {0}, err = {.max = LIMIT_ERR};
    struct transport files = transport_files();
    struct pull_report rep = {0};
    path_join(&source, buf_cstr(&h->releases), "essai");
    struct pull_options opt = {.source = buf_cstr(&source), .version = version, .dest = dest, .transport = &files, .workers = 2};
    if (pull_release(&opt, &rep, &err) != ST_OK) fail_msg("pull %s: %s", version, buf_cstr(&err));
    uint64_t bytes = rep.fetched_bytes;
    *rebuilt = rep.rebuilt_files;
    pull_report_free(&rep);
    buf_free(&source);
    buf_free(&err);
    return bytes;
}

static void assert_same_folder(const char *a, struct hub_fixture *h, const char *version) {
    struct buf command = {0};
    buf_printf(&command, "diff -r '%s' '%s/essai/%s'", a, buf_cstr(&h->releases), version);
    assert_int_equal(system(buf_cstr(&command)), 0);
    buf_free(&command);
}

/* One document in a hundred has another text, all over the corpus: every shard is new, and few bytes move. */
static void a_mirror_moves_little(void **state) {
    struct hub_fixture h;
    struct release_outcome out;
    struct buf dest = {0}, spoiled = {0};
    uint64_t rebuilt = 0;
    (void)state;
    make_docs(2000, 1);
    hub_fixture_open(&h);
    path_join(&dest, h.dir, "mirror");
    hub_fixture_add(&h, docs, 2000);
    PUBLISH_OK(&h, "1.0.0", &out);
    uint64_t whole = pull_to(&h, "1.0.0", buf_cstr(&dest), &rebuilt);
    assert_int_equal(rebuilt, 0);
    for (size_t i = 0; i < 20; i++) docs[i * 100].edition = 2, docs[i] = docs[i * 100];
    hub_fixture_add(&h, docs, 20);
    forget(&h, 777);
    PUBLISH_OK(&h, "2.0.0", &out);
    assert_int_equal(out.changed, 20);
    assert_int_equal(out.removed, 1);
    uint64_t moved = pull_to(&h, "2.0.0", buf_cstr(&dest), &rebuilt);
    assert_int_equal(rebuilt, out.shards - out.shards_reused);
    assert_true(rebuilt > 10);
    assert_true(moved < whole / 10);
    assert_same_folder(buf_cstr(&dest), &h, "2.0.0");
    /* Back again: no delta leads there, so shards are fetched. */
    pull_to(&h, "1.0.0", buf_cstr(&dest), &rebuilt);
    assert_int_equal(rebuilt, 0);
    assert_same_folder(buf_cstr(&dest), &h, "1.0.0");
    /* A spoiled shard is no ground for a delta. */
    buf_printf(&spoiled, "cd '%s/data' && for f in *; do printf x >> $f; done", buf_cstr(&dest));
    assert_int_equal(system(buf_cstr(&spoiled)), 0);
    pull_to(&h, "2.0.0", buf_cstr(&dest), &rebuilt);
    assert_int_equal(rebuilt, 0);
    assert_same_folder(buf_cstr(&dest), &h, "2.0.0");
    buf_free(&dest);
    buf_free(&spoiled);
    hub_fixture_close(&h);
}

static void nothing_to_publish(void **state) {
    struct hub_fixture h;
    struct release_outcome out;
    struct buf err = {.max = LIMIT_ERR}, path = {0};
    (void)state;
    hub_fixture_open(&h);
    assert_int_equal(publish(&h, "1.0.0", &out, &err), ST_SKIP);
    assert_non_null(strstr(buf_cstr(&err), "no document"));
    assert_int_equal(publish(&h, "1.0", &out, &err), ST_SKIP);
    struct release_options opt = options(&h, "1.0.0");
    opt.name = "../x";
    assert_int_equal(release_publish(&opt, &out, &err), ST_SKIP);
    path_join(&path, buf_cstr(&h.releases), "essai/1.0.0");
    assert_false(file_exists(buf_cstr(&path)));
    buf_free(&path);
    buf_free(&err);
    hub_fixture_close(&h);
}

/* Killed after the manifest knew the version and before it was shown: the next run shows it. */
static void killed_before_rename(void **state) {
    struct hub_fixture h;
    struct release_outcome out;
    struct buf from = {0}, to = {0}, before = {0}, after = {0}, versions = {0};
    (void)state;
    make_docs(300, 1);
    hub_fixture_open(&h);
    hub_fixture_add(&h, docs, 300);
    PUBLISH_OK(&h, "1.0.0", &out);
    sums_of(&h, "1.0.0", &before);
    buf_printf(&from, "%s/essai/1.0.0", buf_cstr(&h.releases));
    buf_printf(&to, "%s/essai/" FILE_TMP_PREFIX "1.0.0", buf_cstr(&h.releases));
    buf_printf(&versions, "%s/essai/versions.json", buf_cstr(&h.releases));
    assert_int_equal(rename(buf_cstr(&from), buf_cstr(&to)), 0);
    assert_int_equal(unlink(buf_cstr(&versions)), 0);
    PUBLISH_OK(&h, "1.0.0", &out);
    assert_int_equal(out.documents, 300);
    sums_of(&h, "1.0.0", &after);
    assert_string_equal(buf_cstr(&before), buf_cstr(&after));
    assert_true(file_exists(buf_cstr(&versions)));
    /* And one that came before versions.json: the next run lists what is there. */
    assert_int_equal(unlink(buf_cstr(&versions)), 0);
    assert_int_equal(publish(&h, "1.0.0", &out, NULL), ST_SKIP);
    assert_true(out.existed);
    assert_true(file_exists(buf_cstr(&versions)));
    buf_free(&from);
    buf_free(&to);
    buf_free(&before);
    buf_free(&after);
    buf_free(&versions);
    hub_fixture_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bytes),
                                       cmocka_unit_test(versions_share_shards),
                                       cmocka_unit_test(small_last_shard_is_filled),
                                       cmocka_unit_test(a_mirror_moves_little),
                                       cmocka_unit_test(nothing_to_publish),
                                       cmocka_unit_test(killed_before_rename)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
