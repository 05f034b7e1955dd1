#include "cli/serve_cache.h"
#include "base/hash.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BUCKETS 4096u /* a power of two */

struct entry {
    struct serve_item item; /* first: a reader's item is its entry */
    struct serve_key key;
    atomic_uint holders; /* the cache is one of them */
    struct entry *next;  /* of its bucket */
    struct entry *newer, *older;
    char bytes[];
};

struct serve_cache {
    pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t bytes, max;
};

static size_t weight(const struct entry *e) { return sizeof *e + e->item.body.len; }

static struct entry **bucket_of(struct serve_cache *c, const struct serve_key *key) {
    return &c->buckets[hash64(slice_of((const char *)key, sizeof *key)) & (BUCKETS - 1)];
}

struct serve_cache *serve_cache_new(size_t max_bytes) {
    struct serve_cache *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->max = max_bytes;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void unlink_age(struct serve_cache *c, struct entry *e) {
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct serve_cache *c, struct entry *e) {
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void drop(struct entry *e) {
    if (atomic_fetch_sub(&e->holders, 1) == 1) free(e);
}

static void take_out(struct serve_cache *c, struct entry *e) {
    struct entry **at = bucket_of(c, &e->key);
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    unlink_age(c, e);
    c->bytes -= weight(e);
    drop(e);
}

static struct entry *find(struct serve_cache *c, const struct serve_key *key) {
    struct entry *e = *bucket_of(c, key);
    while (e && memcmp(&e->key, key, sizeof *key) != 0) e = e->next;
    return e;
}

void serve_cache_free(struct serve_cache *c) {
    if (!c) return;
    while (c->oldest) take_out(c, c->oldest);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static uint64_t nanoseconds(const struct timespec *t) { return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec; }

struct serve_key serve_key_of(const struct stat *sb, enum serve_form form) {
    return (struct serve_key){(uint64_t)sb->st_dev,      (uint64_t)sb->st_ino,      (uint64_t)sb->st_size,
                              nanoseconds(&sb->st_mtim), nanoseconds(&sb->st_ctim), (uint64_t)form};
}

const struct serve_item *serve_cache_get(struct serve_cache *c, const struct serve_key *key) {
    if (!c) return NULL;
    pthread_mutex_lock(&c->lock);
    struct entry *e = find(c, key);
    if (e) {
        atomic_fetch_add(&e->holders, 1);
        unlink_age(c, e);
        link_newest(c, e);
    }
    pthread_mutex_unlock(&c->lock);
    return e ? &e->item : NULL;
}

const struct serve_item *serve_cache_put(struct serve_cache *c, const struct serve_key *key, const char *etag, struct slice body) {
    if (!c || sizeof(struct entry) + body.len > c->max / 4) return NULL;
    struct entry *e = calloc(1, sizeof *e + body.len);
    if (!e) return NULL;
    if (body.len) memcpy(e->bytes, body.ptr, body.len);
    e->item.body = slice_of(e->bytes, body.len);
    memcpy(e->item.etag, etag, strnlen(etag, sizeof e->item.etag - 1));
    e->key = *key;
    atomic_init(&e->holders, 2);
    pthread_mutex_lock(&c->lock);
    struct entry *before = find(c, key);
    if (before) take_out(c, before);
    while (c->oldest && c->bytes + weight(e) > c->max) take_out(c, c->oldest);
    struct entry **at = bucket_of(c, key);
    e->next = *at;
    *at = e;
    link_newest(c, e);
    c->bytes += weight(e);
    pthread_mutex_unlock(&c->lock);
    return &e->item;
}

void serve_cache_drop(const struct serve_item *item) {
    if (item) drop((struct entry *)(uintptr_t)item);
}

size_t serve_cache_bytes(struct serve_cache *c) {
    pthread_mutex_lock(&c->lock);
    size_t n = c->bytes;
    pthread_mutex_unlock(&c->lock);
    return n;
}
