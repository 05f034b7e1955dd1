/*
 * The manifest filled with N documents as a crawl and `refine` would fill it, and then asked what reports ask: seconds, rows a second,
 * bytes a row by table.  usage: manifest FOLDER [N [ask]]; with "ask" the folder was filled before.
 */
#include "store/manifest.h"
#include "base/clock.h"
#include "base/hash.h"
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define BATCH 20000 /* documents a segment */

struct bench {
    struct manifest *m;
    struct buf err;
    int64_t n, started;
};

static void check(struct bench *b, enum status st) {
    if (st == ST_OK) return;
    fprintf(stderr, "manifest bench: %s\n", buf_cstr(&b->err));
    exit(70);
}

static void lap(struct bench *b, const char *what, int64_t rows) {
    double s = (double)(clock_mono_ms() - b->started) / 1000;
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("%-44s %9.3f s", what, s);
    if (rows) printf(" %10.0f rows/s", (double)rows / (s > 0 ? s : 0.001));
    printf("  %ld MB\n", use.ru_maxrss / 1024);
    fflush(stdout);
    b->started = clock_mono_ms();
}

/* Twenty hosts at a time, as a crawl goes; a path of 40 bytes. */
static void url_of(int64_t i, char out[128]) {
    uint64_t h = hash64(slice_of((const char *)&i, sizeof i));
    int64_t host = (i / 200000) * 20 + (int64_t)(h % 20);
    snprintf(out, 128, "https://www.site-%06" PRId64 ".fr/rubrique/article-%08" PRId64 "-%08x.html", host, i, (unsigned)h);
}

static void source_of(int64_t i, char out[32]) { snprintf(out, 32, "source-%03" PRId64, (i / 200000) % 100); }

static int64_t segment(struct bench *b, enum segment_kind kind, int64_t first, int64_t from) {
    char name[64];
    int64_t number;
    bool known;
    snprintf(name, sizeof name, "seg-%09" PRId64 ".jsonl.zst", first);
    struct manifest_segment s = {
        .kind = kind, .name = slice_str(name), .bytes = 1, .records = BATCH, .run = MANIFEST_NONE, .derived_from = from};
    if (kind == SEGMENT_REFINED) s.settings_hash = slice_str("0123");
    check(b, manifest_add_segment(b->m, &s, &number, &known, &b->err));
    return number;
}

static void add_captures(struct bench *b, int64_t first, int64_t last) {
    char url[128], source[32], id[DOC_ID_LEN], digest[80];
    check(b, manifest_begin(b->m, &b->err));
    int64_t warc = segment(b, SEGMENT_WARC, first, MANIFEST_NONE), raw = segment(b, SEGMENT_RAW, first, MANIFEST_NONE);
    for (int64_t i = first; i < last; i++) {
        url_of(i, url);
        source_of(i, source);
        doc_id(slice_str(source), slice_str(url), id);
        snprintf(digest, sizeof digest, "sha256:%s%s", id, id);
        struct manifest_capture c = {.doc_id = slice_str(id),
                                     .url = slice_str(url),
                                     .source = slice_str(source),
                                     .campaign = slice_str("bench"),
                                     .license = slice_str("etalab-2.0"),
                                     .status = 200,
                                     .captured_ms = 1704067200000 + i * 10,
                                     .bytes = 30000,
                                     .digest = slice_str(digest),
                                     .warc = warc,
                                     .warc_offset = (i - first) * 9000,
                                     .raw = raw,
                                     .raw_offset = (i - first) * 1500};
        check(b, manifest_add_capture(b->m, &c, &b->err));
    }
    check(b, manifest_commit(b->m, &b->err));
}

static void add_verdicts(struct bench *b, int64_t first, int64_t last) {
    char url[128], source[32], id[DOC_ID_LEN], name[64];
    int64_t raw;
    snprintf(name, sizeof name, "seg-%09" PRId64 ".jsonl.zst", first);
    check(b, manifest_find_segment(b->m, SEGMENT_RAW, slice_str(name), &raw, &b->err));
    check(b, manifest_begin(b->m, &b->err));
    int64_t refined = segment(b, SEGMENT_REFINED, first, raw);
    for (int64_t i = first; i < last; i++) {
        url_of(i, url);
        source_of(i, source);
        doc_id(slice_str(source), slice_str(url), id);
        bool french = i % 5 != 0;
        struct manifest_verdict v = {.id = slice_str(id),
                                     .raw = raw,
                                     .raw_offset = (i - first) * 1500,
                                     .segment = refined,
                                     .offset = (i - first) * 1600,
                                     .license = slice_str("etalab-2.0"),
                                     .language = slice_str(french ? "fra" : "eng"),
                                     .date = slice_str("2024-05-06"),
                                     .language_score = 0.97,
                                     .french_share = french ? 0.99 : 0.02,
                                     .bytes = 3000 + i % 1000,
                                     .words = 500 + i % 100,
                                     .type = slice_str(i % 3 ? "article" : "legal"),
                                     .quality = (double)(i % 997) / 997,
                                     .reason = slice_str(french ? "" : "language")};
        check(b, manifest_put_verdict(b->m, &v, NULL, &b->err));
    }
    check(b, manifest_commit(b->m, &b->err));
}

/* One French document in ten is a copy of the one before it. */
static void set_clusters(struct bench *b, bool place) {
    check(b, manifest_begin(b->m, &b->err));
    for (int64_t doc = 2; doc <= b->n; doc++) {
        bool copy = doc % 10 == 9;
        struct manifest_cluster c = {doc, copy ? doc - 1 : doc, 0.9, copy || doc % 10 == 8 ? 2 : 1};
        if (place)
            check(b, manifest_place(b->m, "corpus", doc, doc / 40000, &b->err));
        else
            check(b, manifest_set_cluster(b->m, &c, &b->err));
    }
    check(b, manifest_commit(b->m, &b->err));
}

static enum status count(void *ctx, const struct manifest_document *d) {
    *(int64_t *)ctx += d->doc > 0;
    return ST_OK;
}
static enum status count_tally(void *ctx, const struct manifest_tally *t) {
    *(int64_t *)ctx += t->documents;
    return ST_OK;
}

static void walk(struct bench *b, const char *what, enum manifest_order order, enum manifest_which which) {
    int64_t n = 0;
    struct manifest_select sel = {.order = order, .which = which, .dataset = "corpus"};
    check(b, manifest_each_document(b->m, &sel, count, &n, &b->err));
    lap(b, what, n);
}

static void ask(struct bench *b) {
    static const enum manifest_dimension dims[] = {MANIFEST_SOURCE, MANIFEST_CAMPAIGN, MANIFEST_LICENSE, MANIFEST_LANGUAGE,
                                                   MANIFEST_HOST,   MANIFEST_OUTCOME,  MANIFEST_MONTH};
    char url[128], source[32], id[DOC_ID_LEN];
    int64_t n = 0;
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        check(b, manifest_each_tally(b->m, &dims[i], 1, count_tally, &n, &b->err));
    lap(b, "tallies by each of 7 dimensions", 0);
    for (int64_t i = 0; i < 1000; i++) {
        int64_t at = (int64_t)(hash64(slice_of((const char *)&i, sizeof i)) % (uint64_t)b->n);
        url_of(at, url);
        source_of(at, source);
        doc_id(slice_str(source), slice_str(url), id);
        check(b, manifest_find_document(b->m, slice_str(id), "corpus", count, &n, &b->err));
    }
    lap(b, "1,000 documents by id", 1000);
}

static void print_sizes(const char *path, int64_t n) {
    sqlite3 *db;
    sqlite3_stmt *st;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) exit(74);
    if (sqlite3_prepare_v2(db, "SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING sum(pgsize) > 1000000 ORDER BY 2 DESC",
                           -1, &st, NULL) == SQLITE_OK) {
        while (sqlite3_step(st) == SQLITE_ROW)
            printf("%-44s %9.1f MB %8.1f bytes a document\n", (const char *)sqlite3_column_text(st, 0),
                   (double)sqlite3_column_int64(st, 1) / 1e6, (double)sqlite3_column_int64(st, 1) / (double)n);
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void fill(struct bench *b) {
    for (int64_t i = 0; i < b->n; i += BATCH) add_captures(b, i, i + BATCH < b->n ? i + BATCH : b->n);
    lap(b, "captures", b->n);
    for (int64_t i = 0; i < b->n; i += BATCH) add_verdicts(b, i, i + BATCH < b->n ? i + BATCH : b->n);
    lap(b, "verdicts", b->n);
    set_clusters(b, false);
    lap(b, "clusters, one transaction", b->n);
    set_clusters(b, false);
    lap(b, "the same clusters again", b->n);
    set_clusters(b, true);
    lap(b, "placements, one transaction", b->n);
}

int main(int argc, char **argv) {
    struct bench b = {.err = {.max = 4096}};
    char path[4096];
    if (argc < 2) return 64;
    b.n = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
    snprintf(path, sizeof path, "%s/manifest.sqlite", argv[1]);
    check(&b, manifest_open(path, MANIFEST_CREATE, &b.m, NULL, &b.err));
    b.started = clock_mono_ms();
    if (argc <= 3) fill(&b);
    walk(&b, "candidates as stored", MANIFEST_BY_NUMBER, MANIFEST_CANDIDATES);
    walk(&b, "kept by source, host, id", MANIFEST_BY_SITE, MANIFEST_KEPT);
    walk(&b, "kept by shard", MANIFEST_BY_SHARD, MANIFEST_KEPT);
    ask(&b);
    manifest_free(b.m);
    print_sizes(path, b.n);
    buf_free(&b.err);
    return 0;
}
