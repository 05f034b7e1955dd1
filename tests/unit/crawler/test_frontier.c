#include "base/file.h"
#include "crawler/frontier.h"
#include "crawler/hosts.h"
#include "tests/unit/test.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char dir[64], path[96];
};

static int set_up(void **state) {
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/villers-frontier-XXXXXX");
    *state = p;
    return mkdtemp(p->dir) ? snprintf(p->path, sizeof p->path, "%s/c.sqlite", p->dir) < 0 : 1;
}

static int clean_up(void **state) {
    struct place *p = *state;
    char **names;
    size_t n;
    if (dir_list(p->dir, "", &names, &n, NULL) == ST_OK) {
        for (size_t i = 0; i < n; i++) {
            char path[400];
            snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
            unlink(path);
        }
        dir_list_free(names, n);
    }
    rmdir(p->dir);
    free(p);
    return 0;
}

#define OK(call) assert_int_equal(call, ST_OK)

static struct frontier *open_frontier(const struct place *p) {
    struct frontier *f;
    OK(frontier_open(p->path, 1000, &f, NULL, NULL));
    return f;
}

static int64_t add(struct frontier *f, const char *url, int64_t host, int64_t depth, enum reason refusal, bool *added) {
    struct frontier_url u = {.url = slice_str(url), .host = host, .depth = depth, .source = 1};
    OK(frontier_add(f, &u, refusal, slice_of("", 0), added, NULL));
    return u.key;
}

static void test_order_and_states(void **state) {
    struct frontier *f = open_frontier(*state);
    struct frontier_url u;
    int64_t host, due;
    bool made, added;
    OK(frontier_begin(f, NULL));
    OK(frontier_host(f, slice_str("a.fr"), &host, &made, NULL));
    assert_true(made);
    add(f, "http://a.fr/deep", host, 3, REASON_NONE, &added);
    add(f, "http://a.fr/1", host, 1, REASON_NONE, &added);
    int64_t second = add(f, "http://a.fr/2", host, 1, REASON_NONE, &added);
    assert_true(added);
    add(f, "http://a.fr/2", host, 1, REASON_NONE, &added);
    assert_false(added);
    OK(frontier_next(f, host, 0, false, &u, &due, NULL));
    assert_true(slice_eq_str(u.url, "http://a.fr/1")); /* nearest first, then first found */
    OK(frontier_sent(f, u.key, NULL));
    int64_t first = u.key;
    OK(frontier_next(f, host, 0, false, &u, &due, NULL));
    assert_int_equal(u.key, second);
    OK(frontier_retry(f, first, 5000, REASON_SERVER, 1, NULL));
    struct frontier_end end = {.reason = REASON_DOCUMENT, .status = 200, .bytes = 10, .french_share = 0.5};
    OK(frontier_finish(f, second, &end, NULL));
    OK(frontier_next(f, host, 5000, false, &u, &due, NULL)); /* a retry that is due goes first */
    assert_int_equal(u.key, first);
    assert_int_equal(u.tries, 1);
    OK(frontier_next(f, host, 5000, true, &u, &due, NULL)); /* unless the host is failing */
    assert_true(slice_eq_str(u.url, "http://a.fr/deep"));
    OK(frontier_next(f, host, 4999, false, &u, &due, NULL));
    assert_true(slice_eq_str(u.url, "http://a.fr/deep"));
    assert_int_equal(due, 5000);
    OK(frontier_hold(f, u.key, NULL));
    assert_int_equal(frontier_next(f, host, 0, false, &u, &due, NULL), ST_SKIP);
    OK(frontier_unhold(f, 1, NULL));
    OK(frontier_next(f, host, 0, false, &u, &due, NULL));
    OK(frontier_commit(f, NULL));
    frontier_free(f);
}

static void test_a_nearer_way_opens_what_was_too_deep(void **state) {
    struct frontier *f = open_frontier(*state);
    struct frontier_url u;
    int64_t host, due;
    bool made, added;
    OK(frontier_begin(f, NULL));
    OK(frontier_host(f, slice_str("a.fr"), &host, &made, NULL));
    add(f, "http://a.fr/x", 0, 21, REASON_DEPTH, &added); /* refused: no host number is given for it */
    assert_false(added);
    assert_int_equal(frontier_next(f, host, 0, false, &u, &due, NULL), ST_SKIP);
    add(f, "http://a.fr/x", host, 2, REASON_NONE, &added);
    assert_true(added);
    OK(frontier_next(f, host, 0, false, &u, &due, NULL));
    assert_int_equal(u.depth, 2);
    OK(frontier_commit(f, NULL));
    frontier_free(f);
}

static enum status detail_is_kept(void *ctx, const struct frontier_row *row) {
    (void)ctx;
    return slice_eq_str(row->detail, "Disallow: /y") ? ST_OK : ST_FATAL;
}

static void test_a_nearer_way_keeps_the_evidence(void **state) {
    struct frontier *f = open_frontier(*state);
    int64_t host;
    bool made, added;
    OK(frontier_begin(f, NULL));
    OK(frontier_host(f, slice_str("a.fr"), &host, &made, NULL));
    int64_t key = add(f, "http://a.fr/y", host, 3, REASON_NONE, &added);
    struct frontier_end end = {.reason = REASON_ROBOTS, .detail = slice_str("Disallow: /y"), .french_share = -1};
    OK(frontier_finish(f, key, &end, NULL));
    add(f, "http://a.fr/y", host, 1, REASON_NONE, &added);
    assert_false(added);
    OK(frontier_commit(f, NULL));
    OK(frontier_find(f, slice_str("http://a.fr/y"), detail_is_kept, NULL, NULL));
    frontier_free(f);
}

/* What was sent and never answered is in the queue again; what was not committed never happened. */
static void test_recovery(void **state) {
    struct frontier *f = open_frontier(*state);
    struct frontier_url u;
    int64_t host, due;
    bool made, added;
    OK(frontier_begin(f, NULL));
    OK(frontier_host(f, slice_str("a.fr"), &host, &made, NULL));
    int64_t key = add(f, "http://a.fr/sent", host, 0, REASON_NONE, &added);
    OK(frontier_sent(f, key, NULL));
    OK(frontier_commit(f, NULL));
    OK(frontier_begin(f, NULL));
    add(f, "http://a.fr/lost", host, 0, REASON_NONE, &added);
    frontier_free(f); /* as a crash: no commit */
    f = open_frontier(*state);
    OK(frontier_next(f, host, 0, false, &u, &due, NULL));
    assert_int_equal(u.key, key);
    OK(frontier_begin(f, NULL));
    OK(frontier_sent(f, key, NULL));
    assert_int_equal(frontier_next(f, host, 0, false, &u, &due, NULL), ST_SKIP);
    frontier_rollback(f);
    frontier_free(f);
}

static void test_one_process_a_campaign(void **state) {
    const struct place *p = *state;
    struct frontier *f = open_frontier(p), *other;
    struct buf err = {0};
    assert_int_equal(frontier_open(p->path, 0, &other, NULL, &err), ST_RETRY);
    assert_non_null(strstr(buf_cstr(&err), "another process"));
    OK(frontier_open_read(p->path, &other, NULL, &err)); /* reading is always possible */
    frontier_free(other);
    frontier_free(f);
    buf_free(&err);
}

static void test_newer_format(void **state) {
    const struct place *p = *state;
    frontier_free(open_frontier(p));
    sqlite3 *db;
    bool newer = false;
    struct frontier *f;
    struct buf err = {0};
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(frontier_open(p->path, 0, &f, &newer, &err), ST_FATAL);
    assert_true(newer);
    buf_free(&err);
}

static struct hosts *open_hosts(const struct place *p, const char *campaign, int64_t now_ms) {
    struct hosts *h;
    OK(hosts_open(p->path, campaign, now_ms, &h, NULL, NULL));
    return h;
}

/* Two campaigns, one host: the second waits for the lease; a crash leaves the clock at its delay from the restart. */
static void test_leases(void **state) {
    const struct place *p = *state;
    struct slice host = slice_str("a.fr");
    struct politeness_clock mine = {.due_ms = 2000}, theirs;
    struct hosts *a = open_hosts(p, "a", 1000), *b = open_hosts(p, "b", 1000);
    OK(hosts_begin(a, NULL));
    OK(hosts_claim(a, host, &mine, 1000, 1000, NULL));
    OK(hosts_commit(a, NULL));
    OK(hosts_clock(b, host, 60000, &theirs, NULL));
    assert_true(theirs.due_ms > 60000); /* still held */
    OK(hosts_clock(a, host, 60000, &theirs, NULL));
    assert_int_equal(theirs.due_ms, 2000);
    hosts_free(a); /* as a crash */
    a = open_hosts(p, "a", 100000);
    OK(hosts_clock(a, host, 100000, &theirs, NULL));
    assert_int_equal(theirs.due_ms, 101000);
    OK(hosts_clock(b, host, 200000, &theirs, NULL));
    assert_int_equal(theirs.due_ms, 101000); /* free again */
    hosts_free(a);
    hosts_free(b);
}

/* Rows written while the clock was a year ahead: nothing waits a year for them. */
static void test_times_of_a_clock_that_was_wrong(void **state) {
    const struct place *p = *state;
    const int64_t year = INT64_C(31536000000), now = 1000;
    struct slice host = slice_str("a.fr"), origin = slice_str("http://a.fr");
    struct politeness_clock wrong = {.due_ms = year, .last_failure_ms = year}, mended;
    struct hosts_file f = {0};
    int64_t due;
    struct hosts *h = open_hosts(p, "a", year);
    OK(hosts_claim(h, host, &wrong, 700, year, NULL));
    OK(hosts_address_claim(h, "192.0.2.1", year, NULL));
    hosts_file_settle(&f, 404, slice_of("", 0), year);
    OK(hosts_file_put(h, origin, HOSTS_ROBOTS, &f, NULL));
    hosts_free(h);
    h = open_hosts(p, "b", now);
    OK(hosts_clock(h, host, now, &mended, NULL));
    assert_int_equal(mended.due_ms, now + 700);
    assert_int_equal(mended.last_failure_ms, 0);
    OK(hosts_address_due(h, "192.0.2.1", &due, NULL));
    assert_int_equal(due, now);
    OK(hosts_file_get(h, origin, HOSTS_ROBOTS, &f, NULL));
    assert_int_equal(f.next_ms, now); /* asked again */
    hosts_file_free(&f);
    hosts_free(h);
}

static void test_a_retry_put_off_by_a_wrong_clock(void **state) {
    struct frontier *f = open_frontier(*state);
    struct frontier_url u;
    int64_t host, due;
    bool made, added;
    OK(frontier_begin(f, NULL));
    OK(frontier_host(f, slice_str("a.fr"), &host, &made, NULL));
    int64_t key = add(f, "http://a.fr/x", host, 0, REASON_NONE, &added);
    OK(frontier_retry(f, key, INT64_C(31536000000), REASON_SERVER, 1, NULL));
    OK(frontier_commit(f, NULL));
    frontier_free(f);
    f = open_frontier(*state);
    OK(frontier_next(f, host, 1000, false, &u, &due, NULL));
    assert_int_equal(u.key, key);
    frontier_free(f);
}

/* Campaigns that start at once in a new hub all open the file that the first one makes. */
static void test_made_by_several_processes_at_once(void **state) {
    const struct place *p = *state;
    for (int round = 0; round < 20; round++) {
        char path[200];
        pid_t child[4];
        snprintf(path, sizeof path, "%s/hosts-%d.sqlite", p->dir, round);
        for (int i = 0; i < 4; i++) {
            struct hosts *h;
            if ((child[i] = fork()) == 0) _exit(hosts_open(path, "a", 1000, &h, NULL, NULL) == ST_OK ? 0 : 1);
        }
        for (int i = 0; i < 4; i++) {
            int ended = -1;
            assert_int_equal(waitpid(child[i], &ended, 0), child[i]);
            assert_int_equal(ended, 0);
        }
    }
}

static void test_files(void **state) {
    struct hosts *h = open_hosts(*state, "a", 0);
    struct hosts_file f = {0};
    struct slice origin = slice_str("http://a.fr");
    OK(hosts_file_get(h, origin, HOSTS_ROBOTS, &f, NULL));
    assert_int_equal(f.state, HOSTS_FILE_NEVER);
    hosts_file_settle(&f, 200, slice_str("User-agent: *\n"), 1000);
    OK(hosts_file_put(h, origin, HOSTS_ROBOTS, &f, NULL));
    OK(hosts_file_get(h, origin, HOSTS_ROBOTS, &f, NULL));
    assert_int_equal(f.state, HOSTS_FILE_FOUND);
    assert_int_equal(f.next_ms, 1000 + 86400000);
    assert_string_equal(buf_cstr(&f.body), "User-agent: *\n");
    assert_int_equal(strlen(f.digest), 64);
    int64_t wait = 60000;
    for (int i = 0; i < 14; i++, wait = wait * 2 < 86400000 ? wait * 2 : 86400000) {
        hosts_file_fail(&f, 503, 60000, 5000);
        assert_int_equal(f.next_ms - 5000, wait);
    }
    assert_int_equal(f.state, HOSTS_FILE_UNREACHABLE);
    assert_int_equal(f.body.len, 0); /* what was known lapses */
    hosts_file_settle(&f, 404, slice_of("", 0), 9000);
    assert_int_equal(f.state, HOSTS_FILE_ABSENT);
    OK(hosts_file_get(h, origin, HOSTS_TDMREP, &f, NULL));
    assert_int_equal(f.state, HOSTS_FILE_NEVER);
    hosts_file_free(&f);
    hosts_free(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order_and_states),
        TEST(test_a_nearer_way_opens_what_was_too_deep),
        TEST(test_a_nearer_way_keeps_the_evidence),
        TEST(test_recovery),
        TEST(test_one_process_a_campaign),
        TEST(test_newer_format),
        TEST(test_leases),
        TEST(test_made_by_several_processes_at_once),
        TEST(test_times_of_a_clock_that_was_wrong),
        TEST(test_a_retry_put_off_by_a_wrong_clock),
        TEST(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
