#ifndef VILLERS_TESTS_UNIT_STORE_SCRATCH_H
#define VILLERS_TESTS_UNIT_STORE_SCRATCH_H
/*
 * A folder of its own for each test, and files in it.
 */
#include "base/file.h"
#include "base/limits.h"
#include "tests/unit/test.h"
#include <stdlib.h>
#include <unistd.h>

struct scratch {
    char dir[64];
    char path[128]; /* of the last scratch_path() */
    struct buf err;
};

#define OK(call)                                                                                                                   \
    do {                                                                                                                           \
        enum status ok_ = (call);                                                                                                  \
        if (ok_ != ST_OK) print_error("status %d: %s\n", (int)ok_, buf_cstr(&s->err));                                             \
        assert_int_equal(ok_, ST_OK);                                                                                              \
    } while (0)

static inline int scratch_make(void **state) {
    struct scratch *s = calloc(1, sizeof *s);
    if (!s) return -1;
    snprintf(s->dir, sizeof s->dir, "/tmp/villers-test-XXXXXX");
    *state = s;
    return mkdtemp(s->dir) ? 0 : -1;
}

static inline const char *scratch_path(struct scratch *s, const char *name) {
    snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    return s->path;
}

/* How many files the folder holds, temporary ones too. */
static inline size_t scratch_files(struct scratch *s) {
    char **names = NULL;
    size_t n = 0;
    OK(dir_list(s->dir, "", &names, &n, &s->err));
    dir_list_free(names, n);
    return n + dir_sweep_tmp(s->dir);
}

static inline int scratch_drop(void **state) {
    struct scratch *s = *state;
    char **names = NULL;
    size_t n = 0;
    dir_sweep_tmp(s->dir);
    OK(dir_list(s->dir, "", &names, &n, &s->err));
    for (size_t i = 0; i < n; i++) unlink(scratch_path(s, names[i]));
    dir_list_free(names, n);
    rmdir(s->dir);
    buf_free(&s->err);
    free(s);
    return 0;
}

#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_drop)

#endif
