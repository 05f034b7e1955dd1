#include "base/limits.h"
#include "store/blocks.h"
#include "store/pull.h"
#include "store/pull_file.h"
#include "store/verify.h"
#include "tests/unit/store/release_fixture.h"

/*
 * A transport that lies as servers do.  It reads a release folder and spoils the answers for one file, the first shard, until it has
 * done so ${times} times.
 */
enum lie {
    HONEST,
    CUT_SHORT,    /* the connection breaks half-way */
    TOO_MANY,     /* 429 with Retry-After */
    UNAVAILABLE,  /* 503 */
    STALLED,      /* nothing comes */
    FLIPPED,      /* a bit is wrong */
    WRONG_LENGTH, /* Content-Length of another file */
    SHORT_LENGTH, /* a whole answer, of half the file */
    NO_RANGES,    /* breaks half-way, then always begins at 0 */
    WRONG_OFFSET, /* breaks half-way, then 206 from another byte */
    CHANGED,      /* breaks half-way with other bytes; the true file is there at the next request */
    GONE,         /* 404 */
    ENDLESS       /* bytes without end */
};

struct liar {
    struct transport files;
    enum lie lie;
    unsigned times, told, requests;
    int64_t slept_ms;
    uint64_t sent;
};

struct spoiled {
    struct liar *l;
    struct transport_answer *ans;
    enum status (*sink)(void *ctx, struct slice bytes);
    void *sink_ctx;
    bool half, flip, wrong_length;
    uint64_t seen;
};

static enum status spoil(void *ctx, struct slice bytes) {
    struct spoiled *s = ctx;
    char copy[4096];
    size_t half = (size_t)s->ans->length / 2;
    if (s->wrong_length) s->ans->total = s->ans->length = s->ans->length + 1;
    s->wrong_length = false;
    if (s->half) {
        if (s->seen >= half) return ST_RETRY;
        if (bytes.len > half - s->seen) bytes.len = half - s->seen;
    }
    while (bytes.len) {
        size_t n = bytes.len < sizeof copy ? bytes.len : sizeof copy;
        memcpy(copy, bytes.ptr, n);
        if (s->flip && s->seen == 0) copy[n / 2] ^= 4;
        s->seen += n;
        s->l->sent += n;
        enum status st = s->sink(s->sink_ctx, slice_of(copy, n));
        if (st != ST_OK) return st;
        bytes = slice_sub(bytes, n, bytes.len);
    }
    return s->half && s->seen >= half ? ST_RETRY : ST_OK;
}

static enum status endless(struct spoiled *s, const struct transport_request *req, struct buf *err) {
    static const char zeros[4096];
    *s->ans = (struct transport_answer){.status = 200, .length = -1, .total = -1, .retry_after_ms = -1};
    for (uint64_t n = 0; n <= req->max_bytes; n += sizeof zeros) {
        enum status st = s->sink(s->sink_ctx, slice_of(zeros, sizeof zeros));
        if (st != ST_OK) return st;
    }
    return (fail)(err, ST_SKIP, "larger than it should be");
}

static enum status lying_get(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                             enum status (*sink)(void *, struct slice), void *sink_ctx, struct buf *err) {
    struct liar *l = ctx;
    struct spoiled s = {.l = l, .ans = ans, .sink = sink, .sink_ctx = sink_ctx};
    struct transport_request asked = *req;
    bool target = strstr(req->url, "part-00000-") != NULL;
    if (target) l->requests++;
    enum lie lie = target && l->told < l->times ? l->lie : HONEST;
    if (target && l->told >= l->times && l->lie == NO_RANGES) asked.from = 0;
    if (lie != HONEST) l->told++;
    *ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    if (lie == TOO_MANY || lie == UNAVAILABLE || lie == GONE) {
        ans->status = lie == TOO_MANY ? 429 : lie == GONE ? 404 : 503;
        ans->retry_after_ms = lie == TOO_MANY ? 7000 : -1;
        return ST_OK;
    }
    if (lie == STALLED) return (fail)(err, ST_RETRY, "stalled");
    if (lie == ENDLESS) return endless(&s, req, err);
    s.half =
        lie == CUT_SHORT || lie == NO_RANGES || lie == CHANGED || lie == SHORT_LENGTH || (lie == WRONG_OFFSET && req->from == 0);
    s.wrong_length = lie == WRONG_LENGTH;
    s.flip = lie == FLIPPED || lie == CHANGED;
    if (lie == WRONG_OFFSET && req->from) asked.from -= 1;
    enum status st = l->files.get(l->files.ctx, worker, &asked, ans, spoil, &s, err);
    return lie == SHORT_LENGTH && st == ST_RETRY ? ST_OK : st;
}

static bool lying_sleep(void *ctx, int64_t ms) {
    struct liar *l = ctx;
    l->slept_ms += ms;
    return true;
}

/* ---- each lie ---- */

static const struct fixture_shard first[] = {{0, 0, 400}, {1, 400, 60}, {2, 460, 5}};
/* The second version: shard 1 lost documents, shard 3 is new. */
static const struct fixture_shard second[] = {{0, 0, 400}, {1, 405, 55}, {2, 460, 5}, {3, 465, 3}};

static const struct {
    const char *name;
    enum lie lie;
    unsigned times;
    enum status want;
    const char *error; /* a part of the message when it must fail */
} lies[] = {
    {"cut once", CUT_SHORT, 1, ST_OK, NULL},
    {"cut three times", CUT_SHORT, 3, ST_OK, NULL},
    {"429 twice", TOO_MANY, 2, ST_OK, NULL},
    {"503 twice", UNAVAILABLE, 2, ST_OK, NULL},
    {"503 for ever", UNAVAILABLE, 1000, ST_RETRY, "503"},
    {"stalled once", STALLED, 1, ST_OK, NULL},
    {"stalled for ever", STALLED, 1000, ST_RETRY, "stalled"},
    {"a flipped bit once", FLIPPED, 1, ST_OK, NULL},
    {"a flipped bit for ever", FLIPPED, 1000, ST_SKIP, "damaged"},
    {"another length", WRONG_LENGTH, 1000, ST_SKIP, "promised"},
    {"half the file, well formed", SHORT_LENGTH, 2, ST_OK, NULL},
    {"no ranges after a break", NO_RANGES, 1, ST_OK, NULL},
    {"206 from another byte", WRONG_OFFSET, 2, ST_OK, NULL},
    {"changed under the resume", CHANGED, 1, ST_OK, NULL},
    {"gone", GONE, 1000, ST_SKIP, "404"},
    {"endless", ENDLESS, 1000, ST_SKIP, "larger"},
};

struct place {
    char *root;
    struct buf source, dest;
};

static void open_place(struct place *p) {
    *p = (struct place){.root = fixture_dir()};
    path_join(&p->source, p->root, "source");
    path_join(&p->dest, p->root, "dest");
}
static void close_place(struct place *p) {
    fixture_remove(p->root);
    buf_free(&p->source);
    buf_free(&p->dest);
}

static enum status pull(struct place *p, struct liar *l, const struct sign_public *key, struct pull_report *rep, struct buf *err) {
    l->files = transport_files();
    struct transport t = {.get = lying_get, .ctx = l, .sleep = lying_sleep, .workers = 1};
    struct pull_options opt = {
        .source = buf_cstr(&p->source), .dest = buf_cstr(&p->dest), .transport = &t, .key = key, .workers = 1};
    return pull_release(&opt, rep, err);
}

static void assert_whole(struct place *p, uint64_t documents) {
    struct transport files = transport_files();
    struct verify_report rep = {0};
    struct verify_options opt = {.location = buf_cstr(&p->dest), .folder = buf_cstr(&p->dest), .transport = &files, .threads = 1};
    assert_int_equal(verify_release(&opt, &rep, NULL), ST_OK);
    for (size_t i = 0; i < rep.n_findings; i++) fail_msg("%s: %s", rep.findings[i].file, rep.findings[i].what);
    assert_int_equal(rep.documents, documents);
    verify_report_free(&rep);
}

static bool finished(struct place *p) {
    struct buf path = {0};
    path_join(&path, buf_cstr(&p->dest), RELEASE_SUCCESS_FILE);
    bool there = file_exists(buf_cstr(&path));
    buf_free(&path);
    return there;
}

static void each_lie(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct place p;
        struct liar l = {.lie = lies[i].lie, .times = lies[i].times};
        struct pull_report rep = {0};
        struct buf err = {.max = LIMIT_ERR};
        open_place(&p);
        fixture_release(buf_cstr(&p.source), "1.0.0", first, 3, NULL);
        enum status st = pull(&p, &l, NULL, &rep, &err);
        if (st != lies[i].want) fail_msg("%s: status %d, %s", lies[i].name, st, buf_cstr(&err));
        if (st == ST_OK)
            assert_whole(&p, 465);
        else {
            assert_false(finished(&p));
            if (!strstr(buf_cstr(&err), lies[i].error)) fail_msg("%s: says %s", lies[i].name, buf_cstr(&err));
        }
        if (lies[i].lie == TOO_MANY) assert_true(l.slept_ms >= 14000);
        pull_report_free(&rep);
        /* The same folder, an honest server: always whole in the end. */
        l.times = 0;
        assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_OK);
        assert_whole(&p, 465);
        pull_report_free(&rep);
        buf_free(&err);
        close_place(&p);
    }
}

static void a_break_costs_half(void **state) {
    struct place p;
    struct liar l = {.lie = CUT_SHORT, .times = 1};
    struct pull_report rep = {0};
    (void)state;
    open_place(&p);
    fixture_release(buf_cstr(&p.source), "1.0.0", first, 3, NULL);
    assert_int_equal(pull(&p, &l, NULL, &rep, NULL), ST_OK);
    assert_int_equal(l.requests, 2);
    uint64_t whole = 0;
    for (size_t i = 0; i < rep.n_items; i++)
        if (rep.items[i].bytes > 0) whole += (uint64_t)rep.items[i].bytes;
    /* What came before the break was not asked for again. */
    assert_true(rep.fetched_bytes < whole + 4096);
    pull_report_free(&rep);
    close_place(&p);
}

static void version_to_version(void **state) {
    struct place p;
    struct liar l = {.lie = HONEST};
    struct pull_report rep = {0};
    struct buf mine = {0};
    (void)state;
    open_place(&p);
    fixture_release(buf_cstr(&p.source), "1.0.0", first, 3, NULL);
    assert_int_equal(pull(&p, &l, NULL, &rep, NULL), ST_OK);
    pull_report_free(&rep);
    path_join(&mine, buf_cstr(&p.dest), "notes.txt");
    assert_int_equal(file_write(buf_cstr(&mine), slice_str("mine"), NULL), ST_OK);
    char *old = p.source.data;
    struct buf other = {0};
    path_join(&other, p.root, "source2");
    fixture_release(buf_cstr(&other), "2.0.0", second, 4, NULL);
    p.source = other;
    l.requests = 0;
    assert_int_equal(pull(&p, &l, NULL, &rep, NULL), ST_OK);
    assert_int_equal(l.requests, 0); /* shard 0 is the same file */
    assert_int_equal(rep.removed_files, 1);
    assert_true(file_exists(buf_cstr(&mine)));
    assert_int_equal(unlink(buf_cstr(&mine)), 0);
    assert_whole(&p, 463);
    pull_report_free(&rep);
    /* Damage to one file: only that file comes again. */
    struct buf readme = {0};
    path_join(&readme, buf_cstr(&p.dest), "README.md");
    assert_int_equal(file_write(buf_cstr(&readme), slice_str("spoiled"), NULL), ST_OK);
    assert_int_equal(pull(&p, &l, NULL, &rep, NULL), ST_OK);
    assert_int_equal(rep.fetched_files, 1);
    assert_whole(&p, 463);
    pull_report_free(&rep);
    free(old);
    buf_free(&mine);
    buf_free(&readme);
    close_place(&p);
}

static void keys_are_kept(void **state) {
    struct place p;
    struct liar l = {.lie = HONEST};
    struct pull_report rep = {0};
    struct sign_public pub, stranger;
    struct sign_secret sec, strange_secret;
    struct buf other = {0}, err = {.max = LIMIT_ERR};
    (void)state;
    sign_keygen(&pub, &sec);
    sign_keygen(&stranger, &strange_secret);
    open_place(&p);
    fixture_release(buf_cstr(&p.source), "1.0.0", first, 2, &sec);
    assert_int_equal(pull(&p, &l, &stranger, &rep, &err), ST_SKIP);
    pull_report_free(&rep);
    assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_OK);
    assert_true(rep.is_signed);
    pull_report_free(&rep);
    /* The next version is signed by somebody else: not taken, unless that key is given. */
    buf_free(&p.source);
    path_join(&other, p.root, "source2");
    fixture_release(buf_cstr(&other), "1.1.0", first, 3, &strange_secret);
    p.source = other;
    assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_SKIP);
    assert_non_null(strstr(buf_cstr(&err), "changed keys"));
    assert_true(finished(&p));
    pull_report_free(&rep);
    assert_int_equal(pull(&p, &l, &stranger, &rep, &err), ST_OK);
    assert_whole(&p, 465);
    pull_report_free(&rep);
    buf_free(&err);
    close_place(&p);
}

static void nothing_to_pull(void **state) {
    struct place p;
    struct liar l = {.lie = HONEST};
    struct pull_report rep = {0};
    struct buf err = {.max = LIMIT_ERR}, stray = {0};
    (void)state;
    open_place(&p);
    assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_SKIP);
    pull_report_free(&rep);
    fixture_release(buf_cstr(&p.source), "1.0.0", NULL, 0, NULL);
    assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_SKIP);
    assert_non_null(strstr(buf_cstr(&err), "empty release"));
    pull_report_free(&rep);
    /* A folder with somebody's files in it is left alone. */
    fixture_remove(strdup(buf_cstr(&p.source)));
    fixture_release(buf_cstr(&p.source), "1.0.0", first, 1, NULL);
    assert_int_equal(dir_make(buf_cstr(&p.dest), NULL), ST_OK);
    path_join(&stray, buf_cstr(&p.dest), "README.md");
    assert_int_equal(file_write(buf_cstr(&stray), slice_str("mine"), NULL), ST_OK);
    assert_int_equal(pull(&p, &l, NULL, &rep, &err), ST_FATAL);
    pull_report_free(&rep);
    buf_free(&err);
    buf_free(&stray);
    close_place(&p);
}

/* A whole file with some bytes wrong costs the blocks that differ, not the file. */
static void a_damaged_range_is_fetched_alone(void **state) {
    static const struct {
        uint64_t flips[2], size; /* bytes that are wrong in the old file, UINT64_MAX for none; size of the old file */
        uint64_t wire;
    } rows[] = {
        {{5 * MIB, UINT64_MAX}, 9 * MIB + 5, 4 * MIB},
        {{0, 8 * MIB + 1}, 9 * MIB + 5, 5 * MIB + 5},
        {{9 * MIB + 4, UINT64_MAX}, 9 * MIB + 5, MIB + 5},
        {{UINT64_MAX, UINT64_MAX}, 9 * MIB + 4, 9 * MIB + 5},
    };
    (void)state;
    struct place p;
    open_place(&p);
    struct buf good = {.max = 16 * MIB}, digits = {.max = MIB}, part = {0}, bad = {0};
    unsigned char digest[SHA256_BYTES];
    char hex[65];
    for (uint64_t i = 0; good.len < 9 * MIB; i++) {
        uint64_t word = hash64(slice_of((const char *)&i, sizeof i));
        buf_append(&good, &word, sizeof word);
    }
    buf_str(&good, "12345");
    sha256_of(buf_view(&good), digest);
    hash_hex(digest, sizeof digest, hex);
    path_join(&part, p.root, "part");
    path_join(&bad, p.root, "bad");
    assert_int_equal(file_write(buf_cstr(&p.source), buf_view(&good), NULL), ST_OK);
    assert_int_equal(blocks_of(buf_cstr(&p.source), &digits, NULL), ST_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct transport t = transport_files();
        _Atomic int64_t done = 0;
        _Atomic uint64_t wire = 0;
        struct pull_file f = {.url = buf_cstr(&p.source),
                              .part = buf_cstr(&part),
                              .sha256 = hex,
                              .bytes = (int64_t)good.len,
                              .blocks = buf_cstr(&digits),
                              .old = buf_cstr(&bad),
                              .transport = &t,
                              .done_bytes = &done,
                              .wire_bytes = &wire};
        for (size_t k = 0; k < 2; k++)
            if (rows[i].flips[k] != UINT64_MAX) good.data[rows[i].flips[k]] ^= 1;
        assert_int_equal(file_write(buf_cstr(&bad), slice_of(good.data, rows[i].size), NULL), ST_OK);
        for (size_t k = 0; k < 2; k++)
            if (rows[i].flips[k] != UINT64_MAX) good.data[rows[i].flips[k]] ^= 1;
        unlink(buf_cstr(&part));
        assert_int_equal(pull_file_fetch(&f, NULL), ST_OK);
        int64_t bytes = 0;
        char got[65];
        assert_true(pull_file_digest(buf_cstr(&part), got, &bytes));
        assert_string_equal(got, hex);
        assert_int_equal(done, bytes);
        if (rows[i].size == good.len) assert_int_equal(wire, rows[i].wire);
    }
    buf_free(&good);
    buf_free(&digits);
    buf_free(&part);
    buf_free(&bad);
    close_place(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_lie),           cmocka_unit_test(a_break_costs_half),
                                       cmocka_unit_test(version_to_version), cmocka_unit_test(keys_are_kept),
                                       cmocka_unit_test(nothing_to_pull),    cmocka_unit_test(a_damaged_range_is_fetched_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
