#include "store/pull_transport.h"
#include "store/verify.h"
#include "store/verify_ids.h"
#include "tests/unit/store/release_fixture.h"

static const struct fixture_shard two[] = {{0, 0, 300}, {1, 300, 50}};

struct damage {
    const char *name;
    const char *file; /* in the release; "data/0" and "data/1" are the shards */
    void (*hurt)(const char *path);
    const char *finding; /* a part of what must be found */
};

static void flip(const char *path) {
    int fd = open(path, O_RDWR);
    unsigned char b;
    off_t at = lseek(fd, 0, SEEK_END) / 2;
    assert_int_equal(pread(fd, &b, 1, at), 1);
    b ^= 1;
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    close(fd);
}
static void cut(const char *path) { assert_int_equal(truncate(path, file_size(path) - 7), 0); }
static void drop(const char *path) { assert_int_equal(unlink(path), 0); }
static void add(const char *path) { assert_int_equal(file_write(path, slice_str("x"), NULL), ST_OK); }
/* A second frame: every byte of the first is right, and readers stop there. */
static void append_frame(const char *path) {
    struct buf b = {0};
    assert_int_equal(file_read(path, 10000000, &b, NULL), ST_OK);
    size_t n = b.len;
    assert_true(buf_reserve(&b, n));
    buf_append(&b, b.data, n);
    assert_int_equal(file_write(path, buf_view(&b), NULL), ST_OK);
    buf_free(&b);
}

static const struct damage damages[] = {
    {"a bit of a shard", "data/0", flip, "damaged: SHA-256"},
    {"the end of a shard", "data/0", cut, "cut short"},
    {"a shard gone", "data/1", drop, "missing"},
    {"a second frame", "data/1", append_frame, "after the zstd frame"},
    {"a bit of the card", "README.md", flip, "damaged"},
    {"the manifest gone", "manifest.json", drop, "missing"},
    {"the list gone", "SHA256SUMS", drop, "missing"},
    {"not finished", "_SUCCESS", drop, "not finished"},
    {"a stray file", "data/other.jsonl", add, "not in SHA256SUMS"},
    {"a stray hidden file", ".x", add, "not in SHA256SUMS"},
};

static void shard_path(struct buf *path, const char *dir, const char *file) {
    char **names = NULL;
    size_t n = 0;
    struct buf data = {0};
    if (strncmp(file, "data/", 5) != 0 || !ascii_is_digit(file[5])) {
        path_join(path, dir, file);
        return;
    }
    path_join(&data, dir, "data");
    assert_int_equal(dir_list(buf_cstr(&data), "", &names, &n, NULL), ST_OK);
    path_join(path, buf_cstr(&data), names[file[5] - '0']);
    dir_list_free(names, n);
    buf_free(&data);
}

static enum status check(const char *dir, const struct sign_public *key, struct verify_report *rep) {
    struct transport files = transport_files();
    struct verify_options opt = {.location = dir, .folder = dir, .transport = &files, .key = key, .threads = 2};
    struct buf err = {0};
    enum status st = verify_release(&opt, rep, &err);
    buf_free(&err);
    return st;
}

static bool found(const struct verify_report *rep, const char *part) {
    for (size_t i = 0; i < rep->n_findings; i++)
        if (strstr(rep->findings[i].what, part)) return true;
    return false;
}

static void whole(void **state) {
    char *dir = fixture_dir();
    struct verify_report rep = {0};
    (void)state;
    fixture_release(dir, "1.0.0", two, 2, NULL);
    assert_int_equal(check(dir, NULL, &rep), ST_OK);
    assert_int_equal(rep.n_findings, 0);
    assert_int_equal(rep.documents, 350);
    assert_int_equal(rep.words, 350 * 8);
    assert_int_equal(rep.shards, 2);
    assert_int_equal(rep.signature, VERIFY_UNSIGNED);
    verify_report_free(&rep);
    fixture_remove(dir);
}

static void each_damage(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char *dir = fixture_dir();
        struct verify_report rep = {0};
        struct buf path = {0};
        fixture_release(dir, "1.0.0", two, 2, NULL);
        shard_path(&path, dir, damages[i].file);
        damages[i].hurt(buf_cstr(&path));
        assert_int_equal(check(dir, NULL, &rep), ST_OK);
        if (!found(&rep, damages[i].finding)) fail_msg("%s: not told", damages[i].name);
        verify_report_free(&rep);
        buf_free(&path);
        fixture_remove(dir);
    }
}

static void nothing_there(void **state) {
    char *dir = fixture_dir();
    struct verify_report rep = {0};
    (void)state;
    assert_int_equal(check(dir, NULL, &rep), ST_SKIP);
    assert_int_equal(check("/nonexistent/place", NULL, &rep), ST_SKIP);
    fixture_remove(dir);
}

static void no_document(void **state) {
    char *dir = fixture_dir();
    struct verify_report rep = {0};
    (void)state;
    fixture_release(dir, "1.0.0", NULL, 0, NULL);
    assert_int_equal(check(dir, NULL, &rep), ST_OK);
    assert_true(found(&rep, "empty release"));
    verify_report_free(&rep);
    fixture_remove(dir);
}

static void signatures(void **state) {
    char *dir = fixture_dir();
    struct verify_report rep = {0};
    struct sign_public pub, other;
    struct sign_secret sec, unused;
    struct buf path = {0};
    (void)state;
    sign_keygen(&pub, &sec);
    sign_keygen(&other, &unused);
    fixture_release(dir, "1.0.0", two, 1, &sec);
    assert_int_equal(check(dir, &pub, &rep), ST_OK);
    assert_int_equal(rep.n_findings, 0);
    assert_int_equal(rep.signature, VERIFY_SIGNED_BY_KEY);
    verify_report_free(&rep);
    assert_int_equal(check(dir, NULL, &rep), ST_OK);
    assert_int_equal(rep.signature, VERIFY_SIGNED_BESIDE);
    verify_report_free(&rep);
    assert_int_equal(check(dir, &other, &rep), ST_OK);
    assert_true(found(&rep, "signed by key"));
    verify_report_free(&rep);
    path_join(&path, dir, CHECKSUMS_FILE SIGN_SUFFIX);
    drop(buf_cstr(&path));
    assert_int_equal(check(dir, &pub, &rep), ST_OK);
    assert_true(found(&rep, "no signature"));
    verify_report_free(&rep);
    buf_free(&path);
    fixture_remove(dir);
}

/* However little memory: each id that is there again is told, with its first place. */
static void count_twice(void *ctx, const struct verify_id *again, const struct verify_id *first) {
    uint64_t *n = ctx;
    assert_int_equal(again->id.lo, first->id.lo);
    assert_int_equal(first->file, 0);
    assert_int_equal(again->file, 1);
    n[0]++;
}

static void ids_twice_are_found_in_any_memory(void **state) {
    static const size_t memories[] = {0, 64 * sizeof(struct verify_id), sizeof(struct verify_id)};
    (void)state;
    struct verify_id ids[500];
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        uint64_t n = 0;
        struct verify_ids *v = verify_ids_new(memories[m]);
        assert_non_null(v);
        for (uint64_t file = 0; file < 2; file++) {
            for (uint64_t i = 0; i < 500; i++) {
                uint64_t number = i + file * 490;
                ids[i] = (struct verify_id){.id = hash128(slice_of((const char *)&number, sizeof number)), .line = i + 1};
            }
            assert_int_equal(verify_ids_add(v, file, ids, 500, NULL), ST_OK);
        }
        assert_int_equal(verify_ids_end(v, count_twice, &n, NULL), ST_OK);
        assert_int_equal(n, 10);
        verify_ids_free(v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole),         cmocka_unit_test(each_damage),
                                       cmocka_unit_test(nothing_there), cmocka_unit_test(no_document),
                                       cmocka_unit_test(signatures),    cmocka_unit_test(ids_twice_are_found_in_any_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
