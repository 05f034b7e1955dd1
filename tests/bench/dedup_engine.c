/*
 * The deduplicator without files around it.
 *
 *   dedup_engine sign TEXT              signatures of TEXT's lines, MB/s on one core, and of each kernel
 *   dedup_engine grow TEXT N MEMORY DIR N documents through the whole engine: seconds, peak memory, bytes on disk
 *
 * grow: a document is 3 to 12 paragraphs (lines of TEXT of 80 bytes or more) drawn at random; of every 20 documents one is a copy
 * of an earlier one and three are near-duplicates of an earlier one, made again from its seed with one paragraph in ten replaced.
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
        double t = now();
        for (size_t i = 0; i < l.n; i++)
            if (signer_sign(s, l.v[i], &sig, err) != ST_OK) return complain(err);
        t = now() - t;
        best = t < best ? t : best;
    }
    printf("signatures %zu documents %.1f MB: %.0f MB/s a core\n", l.n, (double)text.len / 1e6, (double)text.len / 1e6 / best);
    minhash_family_init(&family, 112, 1);
    for (uint32_t i = 0; i < 1 << 16; i++) xs[i] = i * 2654435761u;
    for (int k = 0; k < MINHASH_KERNELS; k++) {
        if (!minhash_supported((enum minhash_kernel)k)) continue;
        minhash_reset(&family, minima);
        double t = now();
        for (int i = 0; i < 16; i++) minhash_update((enum minhash_kernel)k, &family, xs, 1 << 16, minima);
        printf("kernel %s %.2f ns a shingle (112 hashes)\n", minhash_kernel_name((enum minhash_kernel)k),
               (now() - t) / 16 / (1 << 16) * 1e9);
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

static void make(struct buf *b, const struct lines *l, uint64_t i) {
    uint64_t seed = i, noise = 0, kind = mix(i + 1) % 20;
    if (kind < 4 && i > 0) {
        seed = mix(i + 2) % i;
        noise = kind ? mix(i + 3) : 0;
    }
    buf_clear(b);
    uint64_t n = 3 + mix(seed + 5) % 10;
    for (uint64_t k = 0; k < n; k++) {
        uint64_t pick = mix(seed * 16 + k + 11);
        if (noise && mix(noise + k) % 10 == 0) pick = mix(noise + 7 * k + 1);
        buf_slice(b, l->v[pick % l->n]);
        buf_char(b, '\n');
    }
}

static enum status count(void *ctx, const struct dedup_verdict *v) {
    uint64_t *kept = ctx;
    *kept += v->kept == v->doc;
    return ST_OK;
}

static int grow(struct slice text, uint64_t n, size_t memory, const char *dir, struct buf *err) {
    static struct signature sig;
    struct dedup_options o = {.memory_bytes = memory, .work_dir = dir};
    struct lines l = {0};
    struct dedup *d;
    struct buf b;
    uint64_t kept = 0, bytes = 0;
    buf_init(&b, 0);
    struct signer *s = signer_new(NULL);
    if (!s || !cut(text, 80, &l) || !l.n) return 1;
    if (dedup_new(&o, &d, err) != ST_OK) return complain(err);
    double t = now();
    for (uint64_t i = 0; i < n; i++) {
        char rank[32];
        make(&b, &l, i);
        bytes += b.len;
        int len = snprintf(rank, sizeof rank, "%020llu", (unsigned long long)i);
        if (signer_sign(s, buf_view(&b), &sig, err) != ST_OK) return complain(err);
        if (dedup_add(d, i, slice_of(rank, (size_t)len), &sig, err) != ST_OK) return complain(err);
    }
    double added = now() - t;
    if (dedup_run(d, count, &kept, err) != ST_OK) return complain(err);
    double all = now() - t;
    struct rusage u;
    struct dedup_counts c;
    getrusage(RUSAGE_SELF, &u);
    dedup_counts(d, &c);
    printf(
        "%llu documents %.1f GB: %.1f s (signing and adding on one core %.1f, deciding %.1f), kept %llu, peak %ld MB, %.0f bytes on disk "
        "a document\n",
        (unsigned long long)n, (double)bytes / 1e9, all, added, all - added, (unsigned long long)kept, u.ru_maxrss / 1024,
        (double)c.disk_bytes / (double)n);
    dedup_free(d);
    signer_free(s);
    buf_free(&b);
    free(l.v);
    return 0;
}

int main(int argc, char **argv) {
    struct buf text, err;
    buf_init(&text, 4 * GIB);
    buf_init(&err, LIMIT_ERR);
    if (argc < 3) {
        fprintf(stderr, "dedup_engine sign TEXT | grow TEXT N MEMORY DIR\n");
        return 64;
    }
    if (file_read(argv[2], 4 * GIB, &text, &err) != ST_OK) return complain(&err);
    int code = 64;
    if (strcmp(argv[1], "sign") == 0)
        code = sign(buf_view(&text), &err);
    else if (strcmp(argv[1], "grow") == 0 && argc == 6)
        code = grow(buf_view(&text), strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[5], &err);
    buf_free(&text);
    buf_free(&err);
    return code;
}
