/*
 * The deduplicator without files around it.
 *
 *   dedup_engine sign TEXT              signatures of TEXT's lines, MB/s on one core, and of each kernel
 *   dedup_engine grow TEXT N MEMORY DIR N documents through the whole engine: seconds, peak memory, bytes on disk
 *   dedup_engine batch TEXT N MEMORY DIR  N documents into an index in DIR, then a hundredth as many against it: seconds of each
 *
 * grow: a document is 3 to 12 paragraphs (lines of TEXT of 80 bytes or more; 1 to 3 when SHORT is set in the environment) drawn at
 * random; of every 20 documents one is a copy of an earlier one and three are near-duplicates of an earlier one, made again from its
 * seed with one paragraph in ten replaced.
 */
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup.h"
#include "dedup/minhash.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Processor time: what a core needs, whoever else is on it. */
static double core(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int complain(const struct buf *err) {
    fprintf(stderr, "dedup_engine: %s\n", buf_cstr(err));
    return 1;
}

struct lines {
    struct slice *v;
    size_t n;
};

static bool cut(struct slice text, size_t shortest, struct lines *out) {
    struct slice line;
    out->v = malloc((text.len / (shortest + 1) + 2) * sizeof *out->v);
    while (out->v && slice_cut(&text, '\n', &line))
        if (line.len >= shortest) out->v[out->n++] = line;
    return out->v;
}

static int sign(struct slice text, struct buf *err) {
    static struct signature sig;
    static struct minhash_family family;
    static uint32_t xs[1 << 16], minima[MINHASH_MAX];
    struct lines l = {0};
    struct signer *s = signer_new(NULL);
    if (!s || !cut(text, 1, &l)) return 1;
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        double t = core();
        for (size_t i = 0; i < l.n; i++)
            if (signer_sign(s, l.v[i], &sig, err) != ST_OK) return complain(err);
        t = core() - t;
        best = t < best ? t : best;
    }
    printf("signatures %zu documents %.1f MB: %.0f MB/s a core\n", l.n, (double)text.len / 1e6, (double)text.len / 1e6 / best);
    minhash_family_init(&family, 112, 1);
    for (uint32_t i = 0; i < 1 << 16; i++) xs[i] = i * 2654435761u;
    for (int k = 0; k < MINHASH_KERNELS; k++) {
        if (!minhash_supported((enum minhash_kernel)k)) continue;
        minhash_reset(&family, minima);
        double t = core();
        for (int i = 0; i < 16; i++) minhash_update((enum minhash_kernel)k, &family, xs, 1 << 16, minima);
        printf("kernel %s %.2f ns a shingle (112 hashes)\n", minhash_kernel_name((enum minhash_kernel)k),
               (core() - t) / 16 / (1 << 16) * 1e9);
    }
    signer_free(s);
    free(l.v);
    return 0;
}

static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t paragraphs(uint64_t seed) { return getenv("SHORT") ? 1 + mix(seed + 5) % 3 : 3 + mix(seed + 5) % 10; }

static void make(struct buf *b, const struct lines *l, uint64_t i) {
    uint64_t seed = i, noise = 0, kind = mix(i + 1) % 20;
    if (kind < 4 && i > 0) {
        seed = mix(i + 2) % i;
        noise = kind ? mix(i + 3) : 0;
    }
    buf_clear(b);
    uint64_t n = paragraphs(seed);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t pick = mix(seed * 16 + k + 11);
        if (noise && mix(noise + k) % 10 == 0) pick = mix(noise + 7 * k + 1);
        buf_slice(b, l->v[pick % l->n]);
        buf_char(b, '\n');
    }
}

struct run {
    const struct lines *lines;
    uint64_t from, n; /* documents of the series */
    uint64_t bytes, kept;
    unsigned char *drop; /* a bit a document, when it is remembered */
    double added, all;
    struct dedup_counts counts;
};

static enum status count(void *ctx, const struct dedup_verdict *v) {
    struct run *r = ctx;
    if (v->kept != v->doc && r->drop) r->drop[v->doc / 8] |= (unsigned char)(1u << v->doc % 8);
    return ST_OK;
}

static bool keep(void *ctx, uint64_t doc) {
    const struct run *r = ctx;
    return !(r->drop[doc / 8] >> doc % 8 & 1);
}

static enum status name(void *ctx, uint64_t doc, char scratch[DEDUP_NAME_MAX], struct slice *out, struct buf *err) {
    const struct run *r = ctx;
    (void)err;
    *out = slice_of(scratch, (size_t)snprintf(scratch, DEDUP_NAME_MAX, "%llu", (unsigned long long)(r->from + doc)));
    return ST_OK;
}

static enum status add_all(struct run *r, struct dedup *d, struct signer *s, struct buf *b, struct buf *err) {
    static struct signature sig;
    enum status st = ST_OK;
    for (uint64_t i = 0; st == ST_OK && i < r->n; i++) {
        char rank[32];
        make(b, r->lines, r->from + i);
        r->bytes += b->len;
        int len = snprintf(rank, sizeof rank, "%020llu", (unsigned long long)i);
        st = signer_sign(s, buf_view(b), &sig, err);
        if (st == ST_OK) st = dedup_add(d, i, slice_of(rank, (size_t)len), &sig, err);
    }
    return st;
}

static enum status through(struct run *r, const struct dedup_options *o, struct buf *err) {
    struct dedup *d;
    struct buf b;
    struct signer *s = signer_new(NULL);
    buf_init(&b, 0);
    enum status st = s ? dedup_new(o, &d, err) : fail(err, ST_FATAL, "out of memory");
    if (st != ST_OK) return st;
    if (o->remember) r->drop = calloc(r->n / 8 + 1, 1);
    double t = now();
    st = add_all(r, d, s, &b, err);
    r->added = now() - t;
    if (st == ST_OK) st = dedup_run(d, count, r, err);
    const struct dedup_memory m = {keep, name, r};
    if (st == ST_OK && o->remember) st = dedup_remember(d, &m, NULL, 0, err);
    r->all = now() - t;
    dedup_counts(d, &r->counts);
    r->kept = r->counts.documents - r->counts.duplicates;
    dedup_free(d);
    signer_free(s);
    buf_free(&b);
    free(r->drop);
    return st;
}

static int grow(const struct lines *l, uint64_t n, const struct dedup_options *o, struct buf *err) {
    struct run r = {.lines = l, .n = n};
    struct rusage u;
    if (through(&r, o, err) != ST_OK) return complain(err);
    getrusage(RUSAGE_SELF, &u);
    double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
    printf(
        "%llu documents %.2f GB: %.1f s (making, signing and adding on one core %.1f, deciding %.1f), processor %.1f s, %.2f us a "
        "document; kept %llu, edges %llu, peak %ld MB with the text they are made from, %.0f bytes on disk a document\n",
        (unsigned long long)n, (double)r.bytes / 1e9, r.all, r.added, r.all - r.added, cpu, cpu / (double)n * 1e6,
        (unsigned long long)r.kept, (unsigned long long)r.counts.edges, u.ru_maxrss / 1024,
        (double)r.counts.disk_bytes / (double)n);
    return 0;
}

static int batch(const struct lines *l, uint64_t n, const struct dedup_options *base, struct buf *err) {
    struct dedup_options o = *base;
    struct buf path;
    struct run full = {.lines = l, .n = n}, more = {.lines = l, .from = n, .n = n / 100};
    buf_init(&path, 0);
    path_join(&path, base->work_dir, "index");
    o.remember = true;
    if (index_open(buf_cstr(&path), signature_version(NULL), true, &o.against, err) != ST_OK) return complain(err);
    if (through(&full, &o, err) != ST_OK) return complain(err);
    if (through(&more, &o, err) != ST_OK) return complain(err);
    printf("%llu documents into an index: %.1f s, kept %llu; %llu more against it: %.2f s (%.1f %%), kept %llu\n",
           (unsigned long long)n, full.all, (unsigned long long)full.kept, (unsigned long long)more.n, more.all,
           100 * more.all / full.all, (unsigned long long)more.kept);
    index_free(o.against);
    buf_free(&path);
    return 0;
}

static int large(char **argv, struct slice text, struct buf *err) {
    struct dedup_options o = {.memory_bytes = strtoull(argv[4], NULL, 10), .work_dir = argv[5]};
    uint64_t n = strtoull(argv[3], NULL, 10);
    struct lines l = {0};
    int code = 64;
    if (!cut(text, 80, &l) || !l.n) return 1;
    if (strcmp(argv[1], "grow") == 0)
        code = grow(&l, n, &o, err);
    else if (strcmp(argv[1], "batch") == 0)
        code = batch(&l, n, &o, err);
    free(l.v);
    return code;
}

int main(int argc, char **argv) {
    struct buf text, err;
    buf_init(&text, 4 * GIB);
    buf_init(&err, LIMIT_ERR);
    if (argc < 3) {
        fprintf(stderr, "dedup_engine sign TEXT | grow TEXT N MEMORY DIR | batch TEXT N MEMORY DIR\n");
        return 64;
    }
    if (file_read(argv[2], 4 * GIB, &text, &err) != ST_OK) return complain(&err);
    int code = 64;
    if (strcmp(argv[1], "sign") == 0)
        code = sign(buf_view(&text), &err);
    else if (argc == 6)
        code = large(argv, buf_view(&text), &err);
    buf_free(&text);
    buf_free(&err);
    return code;
}
