/* base/: whole-or-absent files, folders, threads. */
#include "base/file.h"
#include "base/parallel.h"
#include "tests/unit/test.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64];

static int make_dir(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "%s", "/tmp/villers-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state) {
    (void)state;
    char **names;
    size_t n;
    struct buf path = {0};
    if (dir_list(dir, "", &names, &n, NULL) == ST_OK) {
        for (size_t i = 0; i < n; i++) {
            path_join(&path, dir, names[i]);
            unlink(buf_cstr(&path));
        }
        dir_list_free(names, n);
    }
    buf_free(&path);
    return rmdir(dir);
}

static void a_file_is_whole_or_absent(void **state) {
    (void)state;
    struct buf path = {0}, got = {0}, err = {0};
    path_join(&path, dir, "a.txt");
    assert_int_equal(file_write(buf_cstr(&path), slice_str("première"), &err), ST_OK);
    struct atomic_file f;
    assert_int_equal(atomic_open(&f, buf_cstr(&path), &err), ST_OK);
    assert_int_equal(atomic_write(&f, slice_str("seco"), &err), ST_OK);
    assert_int_equal(file_read(buf_cstr(&path), 100, &got, &err), ST_OK);
    assert_string_equal(buf_cstr(&got), "première");
    atomic_abort(&f);
    assert_int_equal(dir_sweep_tmp(dir), 0);

    assert_int_equal(atomic_open(&f, buf_cstr(&path), &err), ST_OK);
    close(f.fd); /* as a crash would leave it */
    free(f.path);
    free(f.tmp);
    char **names;
    size_t n;
    assert_int_equal(dir_list(dir, "", &names, &n, &err), ST_OK);
    assert_int_equal(n, 1); /* what a crash left is not listed */
    dir_list_free(names, n);
    assert_int_equal(dir_sweep_tmp(dir), 1);

    buf_clear(&got);
    assert_int_equal(file_read(buf_cstr(&path), 3, &got, &err), ST_SKIP);
    assert_non_null(strstr(buf_cstr(&err), "a.txt"));
    assert_int_equal(file_read("/nonexistent/x", 3, &got, &err), ST_SKIP);
    buf_free(&path);
    buf_free(&got);
    buf_free(&err);
}

struct run {
    int next, in_order, dropped, stop_at;
    pthread_mutex_t lock;
    int worked;
};

static void *next_number(void *ctx) {
    struct run *r = ctx;
    if (r->next == 1000) return NULL;
    int *item = malloc(sizeof *item);
    if (item) *item = r->next++;
    return item;
}

static void square(void *ctx, void *item, unsigned worker) {
    struct run *r = ctx;
    (void)worker;
    int *n = item;
    *n *= *n;
    pthread_mutex_lock(&r->lock);
    r->worked++;
    pthread_mutex_unlock(&r->lock);
}

static enum status check_square(void *ctx, void *item, bool drop) {
    struct run *r = ctx;
    int n = *(int *)item;
    free(item);
    if (drop) {
        r->dropped++;
        return ST_OK;
    }
    if (n != r->in_order * r->in_order) return ST_FATAL;
    return ++r->in_order == r->stop_at ? ST_SKIP : ST_OK;
}

static void results_come_in_order(void **state) {
    (void)state;
    static const struct parallel_ops ops = {next_number, square, check_square};
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct run r = {.lock = PTHREAD_MUTEX_INITIALIZER};
        assert_int_equal(parallel_run(&ops, &r, threads, 3), ST_OK);
        assert_int_equal(r.in_order, 1000);
        struct run stopped = {.lock = PTHREAD_MUTEX_INITIALIZER, .stop_at = 10};
        assert_int_equal(parallel_run(&ops, &stopped, threads, 7), ST_SKIP);
        assert_int_equal(stopped.in_order + stopped.dropped, stopped.worked);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_whole_or_absent),
        cmocka_unit_test(results_come_in_order),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
