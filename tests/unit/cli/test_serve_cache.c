#include "base/limits.h"
#include "cli/serve_cache.h"
#include "cli/serve_files.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 9110 12.5.3. */
static const struct {
    const char *accept;
    enum serve_form form;
} accepts[] = {
    {NULL, SERVE_PLAIN},
    {"", SERVE_PLAIN},
    {"identity", SERVE_PLAIN},
    {"gzip", SERVE_GZIP},
    {"GZip", SERVE_GZIP},
    {"x-gzip", SERVE_GZIP},
    {"gzip, deflate, br, zstd", SERVE_ZSTD},
    {"gzip;q=1.0, zstd;q=0.5", SERVE_GZIP},
    {"zstd;q=0.3", SERVE_ZSTD},
    {"gzip;q=0", SERVE_PLAIN},
    {"gzip;q=0, *", SERVE_PLAIN},
    {"gzip;q=0.000, zstd;q=0", SERVE_PLAIN},
    {"*", SERVE_GZIP},
    {"*;q=0", SERVE_PLAIN},
    {"deflate, br", SERVE_PLAIN},
    {"gzip;q=2", SERVE_PLAIN},
    {"gzip;q=", SERVE_PLAIN},
    {"gzip;q=0.x", SERVE_PLAIN},
    {"gzip ; q=0.001", SERVE_GZIP},
    {",,;,gzip,;", SERVE_GZIP},
    {"gzipped", SERVE_PLAIN},
};

static void forms(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++)
        if (serve_files_form(accepts[i].accept) != accepts[i].form) fail_msg("'%s'", accepts[i].accept);
}

static struct serve_key key_of(uint64_t n) { return (struct serve_key){.inode = n}; }

static void kept_and_forgotten(void **state) {
    static char body[1000], large[5 * 1024];
    struct serve_cache *c = serve_cache_new(16 * KIB);
    (void)state;
    for (uint64_t n = 0; n < 100; n++) {
        struct serve_key key = key_of(n), first = key_of(0);
        serve_cache_drop(serve_cache_put(c, &key, "\"t\"", slice_of(body, sizeof body)));
        const struct serve_item *used = serve_cache_get(c, &first); /* so it is never the oldest */
        assert_non_null(used);
        serve_cache_drop(used);
        assert_true(serve_cache_bytes(c) <= 16 * KIB);
    }
    struct serve_key old = key_of(1), last = key_of(99), other = key_of(99);
    assert_null(serve_cache_get(c, &old));
    other.changed_ns = 1; /* the same file, changed */
    assert_null(serve_cache_get(c, &other));
    const struct serve_item *held = serve_cache_get(c, &last);
    assert_string_equal(held->etag, "\"t\"");
    assert_int_equal(held->body.len, sizeof body);
    serve_cache_drop(serve_cache_put(c, &last, "\"u\"", slice_of("x", 1)));
    assert_string_equal(held->etag, "\"t\""); /* what a reader holds does not change */
    serve_cache_drop(held);
    assert_null(serve_cache_put(c, &old, "\"t\"", slice_of(large, sizeof large))); /* it would push out all else */
    serve_cache_free(c);
    assert_null(serve_cache_get(NULL, &old));
}

static void *reader(void *arg) {
    struct serve_cache *c = arg;
    char text[64];
    for (uint64_t n = 0; n < 20000; n++) {
        struct serve_key key = key_of(n % 61);
        int len = snprintf(text, sizeof text, "texte %llu", (unsigned long long)(n % 61));
        const struct serve_item *item = serve_cache_get(c, &key);
        if (!item) item = serve_cache_put(c, &key, "\"t\"", slice_of(text, (size_t)len));
        if (!item || !slice_eq(item->body, slice_of(text, (size_t)len))) return c;
        serve_cache_drop(item);
    }
    return NULL;
}

static void many_threads(void **state) {
    struct serve_cache *c = serve_cache_new(4 * KIB);
    pthread_t threads[4];
    void *wrong = NULL;
    (void)state;
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, reader, c), 0);
    for (size_t i = 0; i < 4; i++) {
        void *one;
        pthread_join(threads[i], &one);
        if (one) wrong = one;
    }
    assert_null(wrong);
    serve_cache_free(c);
}

static void packed(void **state) {
    struct serve_cache *c = serve_cache_new(MIB);
    struct serve_key key = key_of(7);
    char text[4096];
    (void)state;
    memset(text, 'a', sizeof text);
    struct slice all = slice_of(text, sizeof text);
    const struct serve_item *gzip = serve_files_pack(c, &key, "\"t\"", all, SERVE_GZIP);
    const struct serve_item *zstd = serve_files_pack(c, &key, "\"t\"", all, SERVE_ZSTD);
    const struct serve_item *again = serve_files_pack(c, &key, "\"t\"", all, SERVE_GZIP);
    assert_string_equal(gzip->etag, "\"t-gzip\"");
    assert_string_equal(zstd->etag, "\"t-zstd\"");
    assert_memory_equal(gzip->body.ptr, "\x1f\x8b", 2);
    assert_memory_equal(zstd->body.ptr, "\x28\xb5\x2f\xfd", 4);
    assert_ptr_equal(gzip, again);
    assert_null(serve_files_pack(c, &key, "\"t\"", slice_of(text, 100), SERVE_GZIP)); /* too small */
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        text[i] = (char)(seed >> 56);
    }
    key = key_of(8);
    for (int i = 0; i < 2; i++) assert_null(serve_files_pack(c, &key, "\"t\"", all, SERVE_ZSTD)); /* no smaller */
    serve_cache_drop(gzip);
    serve_cache_drop(zstd);
    serve_cache_drop(again);
    serve_cache_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(kept_and_forgotten),
                                       cmocka_unit_test(many_threads), cmocka_unit_test(packed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
