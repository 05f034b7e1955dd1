#include "base/file.h"
#include "store/manifest.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A hub's manifest in a folder of its own. */
struct fixture {
    char dir[64], path[96];
    struct manifest *m;
    int64_t raw, refined;
    struct buf err;
};

#define OK(call) assert_int_equal_msg(call, ST_OK, f)
static void assert_int_equal_msg(enum status got, enum status want, struct fixture *f) {
    if (got != want) print_error("status %d: %s\n", (int)got, buf_cstr(&f->err));
    assert_int_equal(got, want);
}
static struct slice S(const char *s) {
    return slice_str(s);
}

static void
add_segments(struct fixture *f) {
    bool known = true;
    struct manifest_segment raw = {.kind = SEGMENT_RAW,
                                   .name = S("a.jsonl.zst"),
                                   .bytes = 10,
                                   .records = 2,
                                   .run = MANIFEST_NONE,
                                   .derived_from = MANIFEST_NONE};
    OK(manifest_add_segment(f->m, &raw, &f->raw, &known, &f->err));
    assert_false(known);
    struct manifest_segment ref = {
        .kind = SEGMENT_REFINED, .name = S("a.jsonl.zst"), .settings_hash = S("h1"), .run = MANIFEST_NONE, .derived_from = f->raw};
    OK(manifest_add_segment(f->m, &ref, &f->refined, &known, &f->err));
    assert_false(known);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/villers-manifest-XXXXXX");
    if (!f || !mkdtemp(f->dir)) return -1;
    snprintf(f->path, sizeof f->path, "%s/manifest.sqlite", f->dir);
    *state = f;
    OK(manifest_open(f->path, MANIFEST_CREATE, &f->m, NULL, &f->err));
    OK(manifest_begin(f->m, &f->err));
    add_segments(f);
    OK(manifest_commit(f->m, &f->err));
    OK(manifest_begin(f->m, &f->err));
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    OK(manifest_commit(f->m, &f->err));
    OK(manifest_recount(f->m, &f->err)); /* whatever a test did, the tallies agree */
    manifest_free(f->m);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        unlink(path);
    }
    rmdir(f->dir);
    buf_free(&f->err);
    free(f);
    return 0;
}

struct row {
    const char *source, *url, *fetched;
    int64_t at_ms, offset;
};

static void capture(struct fixture *f, const struct row *r) {
    char id[DOC_ID_LEN];
    doc_id(S(r->source), S(r->url), id);
    struct manifest_capture c = {.doc_id = S(id),
                                 .url = S(r->url),
                                 .fetched_url = S(r->fetched),
                                 .source = S(r->source),
                                 .campaign = S("été"),
                                 .license = S("etalab-2.0"),
                                 .status = 200,
                                 .captured_ms = r->at_ms,
                                 .bytes = 1000,
                                 .warc = MANIFEST_NONE,
                                 .raw = f->raw,
                                 .raw_offset = r->offset};
    OK(manifest_add_capture(f->m, &c, &f->err));
}

static bool judge(struct fixture *f, const char *source, const char *url, int64_t offset, const char *reason) {
    char id[DOC_ID_LEN];
    bool taken = false;
    doc_id(S(source), S(url), id);
    struct manifest_verdict v = {.id = S(id),
                                 .raw = f->raw,
                                 .raw_offset = offset,
                                 .segment = f->refined,
                                 .offset = offset,
                                 .license = S("etalab-2.0"),
                                 .language = S("fra"),
                                 .date = S("2024-02-29"),
                                 .language_score = 0.98765,
                                 .french_share = 0.5,
                                 .bytes = 101,
                                 .words = 20,
                                 .reason = S(reason)};
    OK(manifest_put_verdict(f->m, &v, &taken, &f->err));
    return taken;
}

/* The URLs of a walk, one after the other. */
struct walk {
    struct buf urls;
    struct manifest_document last;
    char last_reason[32];
};

static enum status note(void *ctx, const struct manifest_document *d) {
    struct walk *w = ctx;
    buf_slice(&w->urls, d->url);
    buf_char(&w->urls, ' ');
    w->last = *d;
    snprintf(w->last_reason, sizeof w->last_reason, "%.*s", SLICE_ARG(d->reason));
    return ST_OK;
}

static void expect_walk(struct fixture *f, struct manifest_select sel, const char *urls) {
    struct walk w = {0};
    OK(manifest_each_document(f->m, &sel, note, &w, &f->err));
    assert_string_equal(buf_cstr(&w.urls), urls);
    buf_free(&w.urls);
}

static struct manifest_document find(struct fixture *f, const char *source, const char *url, struct walk *w) {
    char id[DOC_ID_LEN];
    doc_id(S(source), S(url), id);
    *w = (struct walk){0};
    OK(manifest_find_document(f->m, S(id), "corpus", note, w, &f->err));
    buf_free(&w->urls);
    return w->last;
}

static void test_best_capture(void **state) {
    struct fixture *f = *state;
    /* In whatever order they come, the last of each list is the best. */
    static const struct row rows[] = {
        {"s", "https://a.fr/x", "https://b.fr/z", 9000, 1},
        {"s", "https://a.fr/x", "https://a.fr/x?i=2", 8000, 2},
        {"s", "https://a.fr/x", "https://a.fr/x?i=1", 5000, 3},
        {"s", "https://a.fr/x", "https://a.fr/x?i=1", 6000, 4},
        {"s", "https://a.fr/x", "", 1000, 5},
        {"s", "https://a.fr/x", "https://a.fr/x", 2000, 6},
    };
    for (int mask = 0; mask < 720; mask += 7) { /* some of the 6! orders */
        bool used[6] = {false};
        char url[64];
        snprintf(url, sizeof url, "https://a.fr/x%d", mask);
        for (int k = 6, code = mask; k > 0; code /= k, k--) {
            int pick = code % k, i = 0;
            for (; used[i] || pick > 0; i++)
                if (!used[i]) pick--;
            used[i] = true;
            struct row r = rows[i];
            r.url = url;
            if (i >= 4) r.fetched = i == 4 ? "" : url;
            capture(f, &r);
        }
        assert_false(judge(f, "s", url, 5, ""));
        assert_true(judge(f, "s", url, 6, ""));
    }
}

static void test_verdicts_and_walks(void **state) {
    struct fixture *f = *state;
    static const struct row rows[] = {
        {"zeta", "https://a.fr/1", "", 86400000, 1},
        {"alpha", "https://b.fr/2", "", 86400000, 2},
        {"alpha", "http://a.fr:81/3", "", 86400000, 3},
        {"alpha", "LEGI42", "", 86400000, 4},
    };
    for (size_t i = 0; i < 4; i++) capture(f, &rows[i]);
    struct walk w;
    struct manifest_document d = find(f, "zeta", "https://a.fr/1", &w);
    assert_string_equal(w.last_reason, "pending");
    assert_false(d.candidate);
    assert_true(judge(f, "zeta", "https://a.fr/1", 1, ""));
    assert_true(judge(f, "alpha", "https://b.fr/2", 2, "language"));
    assert_true(judge(f, "alpha", "http://a.fr:81/3", 3, ""));
    assert_true(judge(f, "alpha", "LEGI42", 4, ""));
    d = find(f, "zeta", "https://a.fr/1", &w);
    assert_true(d.kept);
    assert_int_equal(d.date_day, 19782);
    assert_float_equal(d.language_score, 0.9877, 1e-9);
    expect_walk(f, (struct manifest_select){.order = MANIFEST_BY_SITE}, "LEGI42 http://a.fr:81/3 https://b.fr/2 https://a.fr/1 ");
    expect_walk(f, (struct manifest_select){.order = MANIFEST_BY_SEGMENT},
                "https://a.fr/1 https://b.fr/2 http://a.fr:81/3 LEGI42 ");
    expect_walk(f, (struct manifest_select){.which = MANIFEST_KEPT, .source = "alpha"}, "http://a.fr:81/3 LEGI42 ");
    expect_walk(f, (struct manifest_select){.which = MANIFEST_KEPT, .host = "a.fr"}, "https://a.fr/1 http://a.fr:81/3 ");
    expect_walk(f, (struct manifest_select){.source = "nobody"}, "");
    expect_walk(f, (struct manifest_select){.min_french_share = 0.6}, "");
}

static enum status no_rows(void *ctx, const struct manifest_segment *s) {
    (void)s;
    (*(int *)ctx)++;
    return ST_OK;
}

static void test_segments(void **state) {
    struct fixture *f = *state;
    bool known = false;
    int64_t number = 0;
    int n = 0;
    struct manifest_segment raw = {
        .kind = SEGMENT_RAW, .name = S("a.jsonl.zst"), .bytes = 99, .run = MANIFEST_NONE, .derived_from = MANIFEST_NONE};
    OK(manifest_add_segment(f->m, &raw, &number, &known, &f->err));
    assert_true(known);
    assert_int_equal(number, f->raw);
    OK(manifest_each_stale(f->m, SEGMENT_RAW, SEGMENT_REFINED, S("h1"), no_rows, &n, &f->err));
    assert_int_equal(n, 0);
    OK(manifest_each_stale(f->m, SEGMENT_RAW, SEGMENT_REFINED, S("h2"), no_rows, &n, &f->err));
    assert_int_equal(n, 1);
    raw.name = S("b.jsonl.zst");
    OK(manifest_add_segment(f->m, &raw, &number, &known, &f->err));
    OK(manifest_each_stale(f->m, SEGMENT_RAW, SEGMENT_REFINED, S("h1"), no_rows, &n, &f->err));
    assert_int_equal(n, 2);
    assert_int_equal(manifest_find_segment(f->m, SEGMENT_WARC, S("a"), &number, &f->err), ST_SKIP);
}

static void test_clusters(void **state) {
    struct fixture *f = *state;
    static const char *const urls[] = {"https://a.fr/1", "https://a.fr/2"};
    struct walk w;
    int64_t doc[2];
    for (int i = 0; i < 2; i++) {
        capture(f, &(struct row){"s", urls[i], "", 0, i});
        judge(f, "s", urls[i], i, "");
        doc[i] = find(f, "s", urls[i], &w).doc;
    }
    OK(manifest_set_cluster(f->m, &(struct manifest_cluster){doc[0], doc[0], 1, 2}, &f->err));
    OK(manifest_set_cluster(f->m, &(struct manifest_cluster){doc[1], doc[0], 0.91, 2}, &f->err));
    struct manifest_document d = find(f, "s", urls[1], &w);
    assert_string_equal(w.last_reason, "duplicate");
    assert_true(d.candidate && !d.kept);
    assert_float_equal(d.similarity, 0.91, 1e-9);
    assert_string_equal(d.cluster_id, find(f, "s", urls[0], &w).id);
    expect_walk(f, (struct manifest_select){.which = MANIFEST_KEPT}, "https://a.fr/1 ");
    expect_walk(f, (struct manifest_select){.which = MANIFEST_CANDIDATES}, "https://a.fr/1 https://a.fr/2 ");
    judge(f, "s", urls[1], 1, "quality:short");
    assert_int_equal(find(f, "s", urls[1], &w).cluster_size, 1);
}

struct sums {
    struct buf text;
};
static enum status add_up(void *ctx, const struct manifest_tally *t) {
    buf_printf(&((struct sums *)ctx)->text, "%.*s/%.*s %lld %lld %lld;", SLICE_ARG(t->key[0]), SLICE_ARG(t->key[1]),
               (long long)t->documents, (long long)t->kept_documents, (long long)t->french_bytes);
    return ST_OK;
}
static enum status add_refusals(void *ctx, const struct manifest_refusal *r) {
    buf_printf(&((struct sums *)ctx)->text, "%.*s/%.*s %lld;", SLICE_ARG(r->key), SLICE_ARG(r->reason), (long long)r->captures);
    return ST_OK;
}

static void test_tallies(void **state) {
    struct fixture *f = *state;
    struct sums s = {{0}};
    for (int i = 0; i < 5; i++) {
        char url[32];
        snprintf(url, sizeof url, "https://a%d.fr/", i % 2);
        char page[48];
        snprintf(page, sizeof page, "%s%d", url, i);
        capture(f, &(struct row){i < 3 ? "s" : "t", page, "", 1704067200000, i});
        if (i < 4) judge(f, i < 3 ? "s" : "t", page, i, i == 1 ? "language" : "");
    }
    struct manifest_capture refused = {.url = S("https://a0.fr/no"),
                                       .source = S("s"),
                                       .campaign = S("c"),
                                       .warc = MANIFEST_NONE,
                                       .raw = MANIFEST_NONE,
                                       .refusal = S("noindex"),
                                       .evidence = S("<meta name=robots content=noindex>")};
    OK(manifest_add_capture(f->m, &refused, &f->err));
    OK(manifest_commit(f->m, &f->err));
    OK(manifest_each_tally(f->m, (enum manifest_dimension[]){MANIFEST_SOURCE, MANIFEST_OUTCOME}, 2, add_up, &s, &f->err));
    assert_string_equal(buf_cstr(&s.text), "s/kept 2 2 102;s/language 1 0 51;t/kept 1 1 51;t/pending 1 0 0;");
    buf_clear(&s.text);
    OK(manifest_each_tally(f->m, (enum manifest_dimension[]){MANIFEST_MONTH}, 1, add_up, &s, &f->err));
    assert_string_equal(buf_cstr(&s.text), "2024-01/ 5 3 204;");
    buf_clear(&s.text);
    OK(manifest_each_tally(f->m, NULL, 0, add_up, &s, &f->err));
    assert_string_equal(buf_cstr(&s.text), "/ 5 3 204;");
    buf_clear(&s.text);
    OK(manifest_each_refusal(f->m, MANIFEST_HOST, add_refusals, &s, &f->err));
    assert_string_equal(buf_cstr(&s.text), "a0.fr/noindex 1;");
    buf_free(&s.text);
    OK(manifest_begin(f->m, &f->err));
}

static enum status show_capture(void *ctx, const struct manifest_capture_row *r) {
    buf_printf(&((struct sums *)ctx)->text, "%.*s<%.*s %.*s %d;", SLICE_ARG(r->c.url), SLICE_ARG(r->c.fetched_url),
               SLICE_ARG(r->c.refusal), (int)r->best);
    return ST_OK;
}

static void test_captures_of_url(void **state) {
    struct fixture *f = *state;
    struct sums s = {{0}};
    capture(f, &(struct row){"s", "https://a.fr/x", "https://a.fr/x?print=1", 1, 0});
    capture(f, &(struct row){"s", "https://a.fr/x", "http://a.fr/x", 2, 1});
    capture(f, &(struct row){"t", "https://a.fr/x", "", 3, 2});
    OK(manifest_captures_of_url(f->m, S("http://a.fr/x"), show_capture, &s, &f->err));
    assert_string_equal(buf_cstr(&s.text), "https://a.fr/x<http://a.fr/x  1;");
    buf_clear(&s.text);
    OK(manifest_captures_of_url(f->m, S("https://a.fr/x"), show_capture, &s, &f->err));
    assert_string_equal(
        buf_cstr(&s.text),
        "https://a.fr/x<https://a.fr/x?print=1  0;https://a.fr/x<http://a.fr/x  1;https://a.fr/x<https://a.fr/x  1;");
    buf_free(&s.text);
}

static void test_removals(void **state) {
    struct fixture *f = *state;
    static const char *const urls[] = {"https://a.fr/1", "https://a.fr/2", "https://b.fr/3"};
    int64_t n = 0;
    for (int i = 0; i < 3; i++) {
        capture(f, &(struct row){"s", urls[i], "", 0, i});
        judge(f, "s", urls[i], i, "");
    }
    struct manifest_removal url = {.scope = REMOVAL_URL, .value = S("https://a.fr/2"), .reason = S("erasure"), .asked_ms = 5};
    struct manifest_removal host = {.scope = REMOVAL_HOST, .value = S("a.fr"), .reason = S("rights"), .asked_ms = 6};
    OK(manifest_forget(f->m, &url, &n, &f->err));
    assert_int_equal(n, 1);
    OK(manifest_forget(f->m, &host, &n, &f->err));
    assert_int_equal(n, 1);
    OK(manifest_forget(f->m, &host, &n, &f->err));
    assert_int_equal(n, 0);
    expect_walk(f, (struct manifest_select){.which = MANIFEST_KEPT}, "https://b.fr/3 ");
    expect_walk(f, (struct manifest_select){.which = MANIFEST_REMOVED}, "https://a.fr/1 https://a.fr/2 ");
    capture(f, &(struct row){"t", "https://a.fr/9", "", 0, 7}); /* comes later, stays out */
    judge(f, "t", "https://a.fr/9", 7, "");
    expect_walk(f, (struct manifest_select){.which = MANIFEST_KEPT}, "https://b.fr/3 ");
    OK(manifest_lift(f->m, REMOVAL_URL, S("https://a.fr/2"), 9, &n, &f->err));
    assert_int_equal(n, 0); /* still under its host's */
    OK(manifest_lift(f->m, REMOVAL_HOST, S("a.fr"), 9, &n, &f->err));
    assert_int_equal(n, 3);
    assert_int_equal(manifest_lift(f->m, REMOVAL_HOST, S("a.fr"), 9, &n, &f->err), ST_SKIP);
    expect_walk(f, (struct manifest_select){.which = MANIFEST_REMOVED}, "");
    OK(manifest_forget(f->m, &host, &n, &f->err));
    assert_int_equal(n, 3);
}

/* A newer capture of a judged document: the document stays as it is until the new text has its verdict. */
static void test_recapture(void **state) {
    struct fixture *f = *state;
    struct manifest_select kept = {.which = MANIFEST_KEPT};
    capture(f, &(struct row){"s", "https://a.fr/1", "", 0, 1});
    assert_true(judge(f, "s", "https://a.fr/1", 1, ""));
    capture(f, &(struct row){"s", "https://a.fr/1", "", 86400000, 2});
    expect_walk(f, kept, "https://a.fr/1 ");
    assert_true(judge(f, "s", "https://a.fr/1", 1, "")); /* other settings: the old text is judged again */
    expect_walk(f, kept, "https://a.fr/1 ");
    capture(f, &(struct row){"s", "https://a.fr/1", "https://a.fr/1?copie", 86400002, 3}); /* no better */
    assert_false(judge(f, "s", "https://a.fr/1", 3, ""));
    assert_true(judge(f, "s", "https://a.fr/1", 2, "language"));
    expect_walk(f, kept, "");
    assert_false(judge(f, "s", "https://a.fr/1", 1, "")); /* the old one is past */
    capture(f, &(struct row){"s", "https://a.fr/1", "", 86400003, 4});
    assert_true(judge(f, "s", "https://a.fr/1", 4, ""));
    expect_walk(f, kept, "https://a.fr/1 ");
}

static bool withdraw(struct fixture *f, const char *url, const char *fetched, const char *reason) {
    char id[DOC_ID_LEN];
    bool taken;
    doc_id(S("s"), S(url), id);
    struct manifest_withdrawal w = {S(id), S(fetched), S(reason), 86400000};
    OK(manifest_withdraw(f->m, &w, &taken, &f->err));
    return taken;
}

static enum status count_removals(void *ctx, const struct manifest_removal *r) {
    *(int *)ctx += r->scope == REMOVAL_CRAWL;
    return ST_OK;
}

static void test_withdrawal(void **state) {
    struct fixture *f = *state;
    struct manifest_select kept = {.which = MANIFEST_KEPT};
    int n = 0;
    static const char *const urls[] = {"https://a.fr/1", "https://a.fr/2", "https://a.fr/3", "https://a.fr/4"};
    for (int i = 0; i < 4; i++) {
        capture(f, &(struct row){"s", urls[i], i == 3 ? "http://copie.fr/4" : "", 0, i});
        judge(f, "s", urls[i], i, "");
    }
    assert_true(withdraw(f, urls[0], urls[0], "gone"));
    assert_true(withdraw(f, urls[1], urls[1], "gone"));
    assert_true(withdraw(f, urls[2], urls[2], "reserved"));
    assert_false(withdraw(f, urls[2], urls[2], "gone"));      /* out already */
    assert_false(withdraw(f, urls[3], urls[3], "gone"));      /* its text came from elsewhere */
    assert_false(withdraw(f, "https://a.fr/5", "x", "gone")); /* unknown */
    assert_true(withdraw(f, urls[3], "http://copie.fr/4", "robots"));
    expect_walk(f, kept, "");
    OK(manifest_each_removal(f->m, count_removals, &n, &f->err));
    assert_int_equal(n, 3);                                   /* a reason and day */
    capture(f, &(struct row){"s", urls[0], "", 86400001, 9}); /* it is there again */
    expect_walk(f, kept, "https://a.fr/1 ");
    assert_true(withdraw(f, urls[0], urls[0], "gone"));
    assert_true(judge(f, "s", urls[0], 9, ""));
    expect_walk(f, kept, "");
}

/* A document counts for the host that served its text too, not only for the host of its canonical URL. */
static void test_forget_where_it_was_fetched(void **state) {
    struct fixture *f = *state;
    int64_t n = 0;
    capture(f, &(struct row){"s", "https://a.fr/1", "http://copie.fr:8080/1", 0, 1});
    capture(f, &(struct row){"s", "https://a.fr/2", "http://copie.fr.example/2", 0, 2});
    capture(f, &(struct row){"s", "https://a.fr/3", "https://a.fr/3?x", 0, 3});
    capture(f, &(struct row){"s", "https://copie.fr/4", "", 0, 4});
    struct manifest_removal host = {.scope = REMOVAL_HOST, .value = S("copie.fr"), .reason = S("rights"), .asked_ms = 6};
    OK(manifest_forget(f->m, &host, &n, &f->err));
    assert_int_equal(n, 2);
    expect_walk(f, (struct manifest_select){.which = MANIFEST_REMOVED}, "https://a.fr/1 https://copie.fr/4 ");
    OK(manifest_lift(f->m, REMOVAL_HOST, S("copie.fr"), 9, &n, &f->err));
    assert_int_equal(n, 2);
}

static enum status count_releases(void *ctx, const struct manifest_release *r) {
    *(int *)ctx += slice_eq_str(r->dataset, "corpus") && slice_eq_str(r->version, "1.0.0");
    return ST_OK;
}

static void test_releases(void **state) {
    struct fixture *f = *state;
    struct walk w;
    int n = 0;
    int64_t number = 0;
    for (int i = 0; i < 3; i++) {
        char url[32];
        snprintf(url, sizeof url, "https://a.fr/%d", i);
        capture(f, &(struct row){"s", url, "", 0, i});
        if (i < 2) OK(manifest_place(f->m, "corpus", find(f, "s", url, &w).doc, 1 - i, &f->err));
        if (i == 0) OK(manifest_place(f->m, "corpus", find(f, "s", url, &w).doc, 7, &f->err));
    }
    assert_int_equal(find(f, "s", "https://a.fr/0", &w).shard, 1);
    expect_walk(f, (struct manifest_select){.order = MANIFEST_BY_SHARD, .dataset = "corpus"},
                "https://a.fr/1 https://a.fr/0 https://a.fr/2 ");
    struct manifest_release rel = {.dataset = S("corpus"), .version = S("1.0.0"), .manifest_sha256 = S("00"), .run = MANIFEST_NONE};
    OK(manifest_add_release(f->m, &rel, &number, &f->err));
    assert_int_equal(manifest_add_release(f->m, &rel, &number, &f->err), ST_SKIP);
    OK(manifest_add_shard(f->m, number, &(struct manifest_shard){.number = 0, .name = S("part-0"), .sha256 = S("ff")}, &f->err));
    OK(manifest_each_release(f->m, "corpus", count_releases, &n, &f->err));
    OK(manifest_each_release(f->m, NULL, count_releases, &n, &f->err));
    OK(manifest_each_release(f->m, "other", count_releases, &n, &f->err));
    assert_int_equal(n, 2);
}

static void test_rollback_forgets(void **state) {
    struct fixture *f = *state;
    capture(f, &(struct row){"new-source", "https://new.fr/", "", 0, 0});
    manifest_rollback(f->m);
    OK(manifest_begin(f->m, &f->err));
    expect_walk(f, (struct manifest_select){0}, "");
    capture(f, &(struct row){"new-source", "https://new.fr/", "", 0, 0}); /* its terms are made again */
    expect_walk(f, (struct manifest_select){.source = "new-source"}, "https://new.fr/ ");
}

static void test_bad_input(void **state) {
    struct fixture *f = *state;
    bool taken;
    struct manifest_capture c = {
        .doc_id = S("xyz"), .url = S("https://a.fr/"), .source = S("s"), .warc = MANIFEST_NONE, .raw = MANIFEST_NONE};
    assert_int_equal(manifest_add_capture(f->m, &c, &f->err), ST_SKIP);
    c.doc_id = S("");
    assert_int_equal(manifest_add_capture(f->m, &c, &f->err), ST_SKIP);
    c.refusal = S("x");
    c.digest = S("sha1:abc");
    assert_int_equal(manifest_add_capture(f->m, &c, &f->err), ST_SKIP);
    struct manifest_verdict v = {.id = S("00000000000000000000000000000000")};
    assert_int_equal(manifest_put_verdict(f->m, &v, &taken, &f->err), ST_SKIP);
    assert_int_equal(manifest_find_document(f->m, v.id, NULL, note, NULL, &f->err), ST_SKIP);
    OK(manifest_commit(f->m, &f->err));
    assert_int_equal(manifest_put_verdict(f->m, &v, &taken, &f->err), ST_FATAL); /* outside a transaction */
    OK(manifest_begin(f->m, &f->err));
}

static void make_file(const char *path, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_opening(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *sql;
        bool newer;
        const char *says;
    } cases[] = {
        {"PRAGMA application_id = 1447251249; PRAGMA user_version = 99; CREATE TABLE x (y);", true, "newer"},
        {"PRAGMA application_id = 1447251249; PRAGMA user_version = -1; CREATE TABLE x (y);", false, "not a manifest"},
        {"CREATE TABLE x (y);", false, "not a manifest"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        struct manifest *m = NULL;
        bool newer = false;
        snprintf(path, sizeof path, "%s/other.sqlite", f->dir);
        make_file(path, cases[i].sql);
        assert_int_equal(manifest_open(path, MANIFEST_WRITE, &m, &newer, &f->err), ST_FATAL);
        assert_int_equal(newer, cases[i].newer);
        assert_non_null(strstr(buf_cstr(&f->err), cases[i].says));
        assert_null(m);
        unlink(path);
        assert_int_equal(manifest_open(path, MANIFEST_READ, &m, &newer, &f->err), ST_SKIP);
        OK(file_write(path, S("this is no database, though it is long enough to be looked at as one, header and all, by SQLite"),
                      &f->err));
        assert_int_equal(manifest_open(path, MANIFEST_CREATE, &m, &newer, &f->err), ST_FATAL);
        unlink(path);
    }
    struct manifest *reader = NULL;
    OK(manifest_open(f->path, MANIFEST_READ, &reader, NULL, &f->err));
    assert_int_equal(manifest_begin(reader, &f->err), ST_FATAL);
    struct buf code = {0};
    OK(manifest_read_stamp(reader, "code", &code, &f->err));
    assert_string_equal(buf_cstr(&code), VILLERS_VERSION);
    buf_free(&code);
    manifest_free(reader);
}

/* A file of version 1 is brought up by whoever opens it, a reader too. */
static void test_older(void **state) {
    struct fixture *f = *state;
    char path[128];
    struct manifest *m = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/old.sqlite", f->dir);
    make_file(
        path,
        "PRAGMA application_id = 1447251249; PRAGMA user_version = 1; CREATE TABLE terms (term INTEGER PRIMARY KEY); "
        "CREATE TABLE documents (doc INTEGER PRIMARY KEY, segment INTEGER, reason INTEGER, duplicate_of INTEGER, removed INTEGER, date_day "
        "INTEGER, language_score INTEGER, french_share INTEGER, bytes INTEGER, words INTEGER); "
        "INSERT INTO documents VALUES (7, 1, NULL, NULL, NULL, 19723, 9700, 10000, 500, 120), (8, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, 0, 0);");
    OK(manifest_open(path, MANIFEST_READ, &m, NULL, &f->err));
    manifest_free(m);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT variety, fresh, quality, type FROM documents", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_stmt *st = NULL;
    static const char rows[] =
        "SELECT group_concat(spread || ':' || value || ':' || kept || ':' || documents || ':' || french_bytes, ' ') FROM spreads";
    assert_int_equal(sqlite3_prepare_v2(db, rows, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(st, 0),
                        "1:0:1:1:500 2:24288:1:1:500 3:10:1:1:500 4:9:1:1:500 5:1:1:1:500 6:-1:1:1:500 7:0:1:1:500");
    sqlite3_finalize(st);
    sqlite3_close(db);
    OK(manifest_open(path, MANIFEST_READ, &m, NULL, &f->err));
    manifest_free(m);
    unlink(path);
}

/* New thresholds: the same record, another verdict; a record that is no longer the document's changes nothing. */
static enum status see_judged(void *ctx, const struct manifest_document *d) {
    buf_printf(ctx, "%.*s %.*s %.*s %.2f", SLICE_ARG(d->reason), SLICE_ARG(d->variety), SLICE_ARG(d->type), d->quality);
    return ST_OK;
}

static void test_judged_again(void **state) {
    struct fixture *f = *state;
    static const struct {
        int64_t offset;
        const char *reason, *type;
        bool changed;
        const char *then;
    } steps[] = {{0, "quality:line_punct_ratio", "legal", true, "quality:line_punct_ratio fr-CA legal 0.25"},
                 {0, "quality:line_punct_ratio", "legal", false, "quality:line_punct_ratio fr-CA legal 0.25"},
                 {9, "short", "book", false, "quality:line_punct_ratio fr-CA legal 0.25"},
                 {0, "", "legal", true, " fr-CA legal 0.25"},
                 {0, "", "fiche", true, " fr-CA fiche 0.25"}};
    struct slice id = S("00000000000000000000000000000001");
    struct manifest_capture c = {.doc_id = id,
                                 .url = S("https://a.example/x"),
                                 .source = S("s"),
                                 .campaign = S("c"),
                                 .license = S("etalab-2.0"),
                                 .warc = MANIFEST_NONE,
                                 .raw = f->raw};
    struct manifest_verdict v = {.id = id,
                                 .raw = f->raw,
                                 .segment = f->refined,
                                 .license = S("etalab-2.0"),
                                 .language = S("fra"),
                                 .variety = S("fr-CA"),
                                 .type = S("legal"),
                                 .quality = 0.25};
    OK(manifest_add_capture(f->m, &c, &f->err));
    OK(manifest_put_verdict(f->m, &v, NULL, &f->err));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        bool changed = !steps[i].changed;
        struct buf seen = {0};
        struct manifest_verdict again = {.id = id,
                                         .segment = f->refined,
                                         .offset = steps[i].offset,
                                         .reason = S(steps[i].reason),
                                         .type = S(steps[i].type),
                                         .quality = 0.25};
        OK(manifest_judge_again(f->m, &again, &changed, &f->err));
        assert_int_equal(changed, steps[i].changed);
        OK(manifest_find_document(f->m, id, NULL, see_judged, &seen, &f->err));
        assert_string_equal(buf_cstr(&seen), steps[i].then);
        buf_free(&seen);
    }
    bool changed;
    struct manifest_verdict unknown = {.id = S("00000000000000000000000000000002"), .segment = 1};
    assert_int_equal(manifest_judge_again(f->m, &unknown, &changed, &f->err), ST_SKIP);
    OK(manifest_commit(f->m, &f->err));
    OK(manifest_recount(f->m, &f->err));
    OK(manifest_begin(f->m, &f->err));
}

static void test_runs(void **state) {
    struct fixture *f = *state;
    int64_t run = 0;
    OK(manifest_commit(f->m, &f->err));
    OK(manifest_run_begin(f->m, &(struct manifest_run){"refine", "", "0.1", "h1", S("a: 1\n"), 5}, &run, &f->err));
    OK(manifest_run_end(f->m, run, 9, S("{}"), &f->err));
    OK(manifest_begin(f->m, &f->err));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_older),    T(test_judged_again), T(test_best_capture),     T(test_verdicts_and_walks),
        T(test_segments), T(test_clusters),     T(test_tallies),          T(test_captures_of_url),
        T(test_removals), T(test_releases),     T(test_rollback_forgets), T(test_bad_input),
        T(test_opening),  T(test_recapture),    T(test_withdrawal),       T(test_forget_where_it_was_fetched),
        T(test_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
