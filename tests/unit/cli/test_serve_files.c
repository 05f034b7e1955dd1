#include "cli/serve_files.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TAG "\"abc\""
#define NOTHING 0, 0

/* RFC 9110 13.1, 13.2.2, 14.1.2, 14.2: a file of 1000 bytes whose tag is "abc". */
static const struct {
    const char *range, *if_range, *if_none_match;
    int status;
    uint64_t from, bytes;
} cases[] = {
    {NULL, NULL, NULL, 200, 0, 1000},
    {"bytes=0-0", NULL, NULL, 206, 0, 1},
    {"bytes=0-499", NULL, NULL, 206, 0, 500},
    {"bytes=500-", NULL, NULL, 206, 500, 500},
    {"bytes=-1", NULL, NULL, 206, 999, 1},
    {"bytes=-2000", NULL, NULL, 206, 0, 1000},
    {"bytes=999-5000", NULL, NULL, 206, 999, 1},
    {"Bytes=10-19", NULL, NULL, 206, 10, 10},
    {"bytes=1000-", NULL, NULL, 416, NOTHING},
    {"bytes=-0", NULL, NULL, 416, NOTHING},
    {"bytes=5-2", NULL, NULL, 200, 0, 1000},
    {"bytes=0-1,5-6", NULL, NULL, 200, 0, 1000},
    {"bytes=a-b", NULL, NULL, 200, 0, 1000},
    {"bytes=99999999999999999999-", NULL, NULL, 200, 0, 1000},
    {"pages=1-2", NULL, NULL, 200, 0, 1000},
    {"bytes=", NULL, NULL, 200, 0, 1000},
    {"bytes=5-9", TAG, NULL, 206, 5, 5},
    {"bytes=5-9", "\"other\"", NULL, 200, 0, 1000},
    {"bytes=5-9", "W/" TAG, NULL, 200, 0, 1000},
    {"bytes=5-9", "Mon, 01 Jan 2024 00:00:00 GMT", NULL, 200, 0, 1000},
    {NULL, NULL, TAG, 304, NOTHING},
    {NULL, NULL, "W/" TAG, 304, NOTHING},
    {NULL, NULL, "\"x\", " TAG " ,\"y\"", 304, NOTHING},
    {NULL, NULL, "*", 304, NOTHING},
    {NULL, NULL, "\"x\"", 200, 0, 1000},
    {"bytes=0-1", NULL, TAG, 304, NOTHING},
};

static void conditions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct serve_conditions c = {cases[i].range, cases[i].if_range, cases[i].if_none_match};
        struct serve_answer a;
        serve_files_judge(TAG, 1000, &c, &a);
        if (a.status != cases[i].status || a.from != cases[i].from || a.bytes != cases[i].bytes)
            fail_msg("case %zu: %d %llu+%llu", i, a.status, (unsigned long long)a.from, (unsigned long long)a.bytes);
    }
}

static void empty_file(void **state) {
    struct serve_conditions c = {.range = "bytes=0-"};
    struct serve_answer a;
    (void)state;
    serve_files_judge(TAG, 0, &c, &a);
    assert_int_equal(a.status, 416);
    c.range = NULL;
    serve_files_judge(TAG, 0, &c, &a);
    assert_int_equal(a.status, 200);
}

static const struct {
    const char *path;
    enum serve_kind kind;
} paths[] = {
    {"/", SERVE_FOLDER},
    {"/jeu", SERVE_FOLDER},
    {"/jeu/", SERVE_FOLDER},
    {"/jeu/1.0.0/a.json", SERVE_FILE},
    {"/jeu/1.0.0/data/b", SERVE_FILE},
    {"/jeu/1.0.0/a.json/", SERVE_NOTHING},
    {"/jeu/1.0.0/a.json/x", SERVE_NOTHING},
    {"/jeu//1.0.0/a.json", SERVE_NOTHING},
    {"/../secret", SERVE_NOTHING},
    {"/jeu/../../secret", SERVE_NOTHING},
    {"/jeu/1.0.0/../../../secret", SERVE_NOTHING},
    {"/./jeu", SERVE_NOTHING},
    {"/jeu/1.0.0/link", SERVE_NOTHING},
    {"/jeu/1.0.0/linked/secret", SERVE_NOTHING},
    {"/jeu/.tmp-2.0.0/a.json", SERVE_NOTHING},
    {"/nothing", SERVE_NOTHING},
};

static void lookup(void **state) {
    char root[] = "/tmp/villers-unit-XXXXXX", command[512];
    (void)state;
    assert_non_null(mkdtemp(root));
    snprintf(
        command, sizeof command,
        "cd %s && mkdir -p root/jeu/1.0.0/data root/jeu/.tmp-2.0.0 && echo s > secret && echo a > root/jeu/1.0.0/a.json && "
        "echo b > root/jeu/1.0.0/data/b && ln -s ../../../secret root/jeu/1.0.0/link && ln -s ../../.. root/jeu/1.0.0/linked && "
        "echo a > root/jeu/.tmp-2.0.0/a.json && cd root/jeu/1.0.0 && sha256sum a.json data/b > SHA256SUMS",
        root);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/root", root);
    int fd = open(command, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct serve_entry e;
        serve_files_find(fd, NULL, paths[i].path, &e);
        if (e.kind != paths[i].kind) fail_msg("%s: kind %d", paths[i].path, (int)e.kind);
        if (e.kind == SERVE_NOTHING) assert_int_equal(e.fd, -1);
        serve_files_done(&e);
    }
    struct serve_entry e;
    serve_files_find(fd, NULL, "/jeu/1.0.0/data/b", &e);
    assert_string_equal(e.etag, "\"0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f\"");
    assert_true(e.immutable);
    serve_files_done(&e);
    close(fd);
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(conditions), cmocka_unit_test(empty_file), cmocka_unit_test(lookup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
