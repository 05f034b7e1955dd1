#include "crawler/scope.h"

#include "base/hash.h"
#include "base/limits.h"

#include <stdlib.h>

#define MAX_SEGMENTS 20
#define MAX_REPEATS 2  /* of one segment, one after the other */
#define MAX_ANYWHERE 4 /* of one segment in the whole path */

/* One seed: its host or domain's hash, and for SCOPE_PREFIX the folder. */
struct entry {
    uint64_t key;
    size_t source;
    char *host;   /* owned: host or domain, for the collision check */
    char *prefix; /* owned: scheme-less "//host:port/folder/" for SCOPE_PREFIX, else NULL */
};

struct scope {
    const struct source *const *sources;
    struct entry *entries; /* by key, then source */
    size_t n;
    bool any_domain;
};

bool scope_glob(struct slice pattern, struct slice target) {
    bool tied = pattern.len && pattern.ptr[pattern.len - 1] == '$';
    if (tied) pattern.len--;
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    for (;;) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = ++p;
            mark = t;
        } else if (p == pattern.len && (!tied || t == target.len)) {
            return true;
        } else if (p < pattern.len && t < target.len && pattern.ptr[p] == target.ptr[t]) {
            p++, t++;
        } else if (star != SIZE_MAX && mark < target.len) {
            p = star;
            t = ++mark;
        } else {
            return false;
        }
    }
}

bool scope_trap(struct slice target) {
    struct slice segments[MAX_SEGMENTS], rest = slice_sub(target, 1, target.len), one;
    size_t n = 0, query = slice_find_char(rest, '?');
    if (query != SIZE_MAX) rest = slice_sub(rest, 0, query);
    while (slice_cut(&rest, '/', &one)) {
        if (one.len == 0) continue;
        if (n == MAX_SEGMENTS) return true;
        size_t run = 1, anywhere = 1;
        for (size_t i = 0; i < n; i++) anywhere += slice_eq(segments[i], one);
        for (size_t i = n; i-- > 0 && slice_eq(segments[i], one);) run++;
        if (run > MAX_REPEATS || anywhere > MAX_ANYWHERE) return true;
        segments[n++] = one;
    }
    /* a run of two or three segments three times over: /a/b/a/b/a/b */
    for (size_t width = 2; width <= 3; width++)
        for (size_t i = 0; i + 3 * width <= n; i++) {
            size_t same = 0;
            while (same < 2 * width && slice_eq(segments[i + same], segments[i + same + width])) same++;
            if (same == 2 * width) return true;
        }
    return false;
}

static char *copy(struct slice s) {
    char *c = malloc(s.len + 1);
    if (!c) return NULL;
    memcpy(c, s.ptr, s.len);
    c[s.len] = 0;
    return c;
}

/* "//host/folder/" of a URL: scheme and port aside, up to the last slash of the path. */
static struct slice folder_of(struct slice url, const struct url_parts *p) {
    size_t end = p->path.len;
    while (end > 0 && p->path.ptr[end - 1] != '/') end--;
    const char *from = url.ptr + p->scheme.len + 1;
    return slice_of(from, (size_t)(p->path.ptr + end - from));
}

static enum status add_seed(struct scope *s, size_t source, const char *seed, struct buf *err) {
    struct buf url;
    struct url_parts p;
    buf_init(&url, LIMIT_URL_INPUT);
    const struct source *src = s->sources[source];
    if (url_canonical(slice_str(seed), slice_of("", 0), NULL, &url, err) != ST_OK || !url_split(buf_view(&url), &p)) {
        buf_free(&url);
        return fail(err, ST_FATAL, "source %s: the seed %s is not an http or https URL", src->id, seed);
    }
    struct slice host = src->scope == SCOPE_DOMAIN ? url_domain(p.host) : p.host;
    if (src->scope == SCOPE_DOMAIN) s->any_domain = true;
    struct entry *e = &s->entries[s->n];
    *e = (struct entry){hash64(host), source, copy(host), NULL};
    if (src->scope == SCOPE_PREFIX) e->prefix = copy(folder_of(buf_view(&url), &p));
    bool ok = e->host && (src->scope != SCOPE_PREFIX || e->prefix);
    s->n++;
    buf_free(&url);
    return ok ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

static int by_key(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->source < y->source ? -1 : x->source > y->source;
}

enum status scope_new(const struct source *const *sources, size_t n, struct scope **out, struct buf *err) {
    size_t seeds = 0;
    for (size_t i = 0; i < n; i++) seeds += sources[i]->seeds.n;
    struct scope *s = calloc(1, sizeof *s);
    if (s) s->entries = calloc(seeds + 1, sizeof *s->entries);
    if (!s || !s->entries) {
        scope_free(s);
        return fail(err, ST_FATAL, "out of memory");
    }
    s->sources = sources;
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < sources[i]->seeds.n; k++) {
            enum status st = add_seed(s, i, sources[i]->seeds.items[k], err);
            if (st != ST_OK) {
                scope_free(s);
                return st;
            }
        }
    qsort(s->entries, s->n, sizeof *s->entries, by_key);
    *out = s;
    return ST_OK;
}

void scope_free(struct scope *s) {
    if (!s) return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->entries[i].host);
        free(s->entries[i].prefix);
    }
    free(s->entries);
    free(s);
}

static bool admitted(const struct source *src, struct slice target) {
    for (unsigned i = 0; i < src->exclude.n; i++)
        if (scope_glob(slice_str(src->exclude.items[i]), target)) return false;
    for (unsigned i = 0; i < src->include.n; i++)
        if (scope_glob(slice_str(src->include.items[i]), target)) return true;
    return src->include.n == 0;
}

/* The lowest source with an entry for ${name} (a host or a domain), below *${best}; sets *${left_out} when patterns refuse. */
static void look(const struct scope *s, struct slice name, bool domain, struct slice url, const struct url_parts *p, size_t *best,
                 size_t *left_out) {
    uint64_t key = hash64(name);
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->entries[mid].key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < s->n && s->entries[lo].key == key && s->entries[lo].source < *best; lo++) {
        const struct entry *e = &s->entries[lo];
        const struct source *src = s->sources[e->source];
        if ((src->scope == SCOPE_DOMAIN) != domain || !slice_eq_str(name, e->host)) continue;
        if (e->prefix && !slice_starts(slice_sub(url, p->scheme.len + 1, url.len), slice_str(e->prefix))) continue;
        if (admitted(src, p->target))
            *best = e->source;
        else if (e->source < *left_out)
            *left_out = e->source;
    }
}

enum reason scope_find(const struct scope *s, struct slice url, size_t *source) {
    struct url_parts p;
    size_t best = SIZE_MAX, left_out = SIZE_MAX;
    if (!url_split(url, &p)) return REASON_SCOPE;
    look(s, p.host, false, url, &p, &best, &left_out);
    if (s->any_domain) look(s, url_domain(p.host), true, url, &p, &best, &left_out);
    *source = best != SIZE_MAX ? best : left_out;
    if (best == SIZE_MAX) return left_out != SIZE_MAX ? REASON_EXCLUDED : REASON_SCOPE;
    return scope_trap(p.target) ? REASON_TRAP : REASON_NONE;
}
