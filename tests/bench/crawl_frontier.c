/*
 * A frontier of N URLs over H hosts, filled as a crawl fills it, then dispatched in turn by the engine's own heaps: rates, resident memory
 * and bytes a URL.
 *
 *   crawl_frontier FOLDER URLS HOSTS DISPATCHES      (URLS 0: a folder that was filled before)
 */
#include "base/clock.h"
#include "base/file.h"
#include "crawler/crawl_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 10000
#define FOLD_EVERY 4 /* batches: a crawl folds when it has forced its archives */
#define DISPATCH_BATCH 512
#define DELAY_MS 1000

static void check(enum status r, struct buf *err) {
    if (r == ST_OK) return;
    fprintf(stderr, "%s\n", buf_cstr(err));
    exit(1);
}

static double seconds(void) { return (double)clock_mono_ms() / 1000; }

static double cpu_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Resident now, MB. */
static double resident(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * 4096 / 1e6;
}

/* Hosts in an order that jumps about, as links do; addresses as long as real ones. */
static void fill(struct crawl *c, int64_t urls, int64_t hosts, struct buf *err) {
    char name[64], url[256];
    double began = seconds(), cpu = cpu_seconds();
    for (int64_t i = 0; i < urls; i++) {
        int64_t h = (i * 7919 + i / hosts) % hosts;
        struct frontier_url u = {.url = slice_of(url, 0), .source = 1, .depth = 1 + i % 7, .via = 1};
        bool made, added;
        snprintf(name, sizeof name, "www.site-%06lld.example", (long long)h);
        int n =
            snprintf(url, sizeof url, "https://%s/rubrique/article-%llx-un-titre-de-page.html", name, (long long)(i * 2654435761));
        u.url.len = (size_t)n;
        if (i % BATCH == 0) check(frontier_begin(c->frontier, err), err);
        check(frontier_host(c->frontier, slice_str(name), &u.host, &made, err), err);
        check(frontier_add(c->frontier, &u, REASON_NONE, slice_of("", 0), &added, err), err);
        if (i % BATCH != BATCH - 1 && i != urls - 1) continue;
        check(frontier_commit(c->frontier, err), err);
        if (i / BATCH % FOLD_EVERY == 0 || i == urls - 1) check(frontier_fold(c->frontier, err), err);
        if (i % 1000000 == 999999)
            fprintf(stderr, "%lld M: %.0f URLs/s, %.0f MB resident\n", (long long)(i + 1) / 1000000,
                    (double)i / (seconds() - began), resident());
    }
    printf("fill      %8.0f URLs/s  %6.1f µs CPU/URL  %6.0f MB resident\n", (double)urls / (seconds() - began),
           1e6 * (cpu_seconds() - cpu) / (double)urls, resident());
}

static enum status wake(void *ctx, int64_t host, struct slice name) { return crawl_slots_wake(ctx, host, name, NULL); }

static enum status one(struct crawl *c, struct crawl_slot *s, int64_t *sent, struct buf *err) {
    struct frontier_url u;
    int64_t due;
    enum status r = frontier_next(c->frontier, s->host, c->now_ms, false, &u, &due, err);
    if (r == ST_SKIP) {
        crawl_slots_forget(c, s);
        return ST_OK;
    }
    if (r == ST_OK) r = frontier_sent(c->frontier, u.key, err);
    s->clock.due_ms = c->now_ms + DELAY_MS;
    if (r == ST_OK) r = hosts_claim(c->hosts, slice_str(s->name), &s->clock, DELAY_MS, c->now_ms, err);
    ++*sent;
    return r == ST_OK ? crawl_slots_schedule(c, s, 0, err) : r;
}

/* Each host in its turn, its clock and the URL's state committed by the batch, as before sending. */
static void dispatch(struct crawl *c, int64_t wanted, struct buf *err) {
    int64_t sent = 0, slowest = 0;
    double began = seconds(), cpu = cpu_seconds();
    while (sent < wanted) {
        int64_t before = clock_mono_ms(), batch = sent + DISPATCH_BATCH;
        c->now_ms = clock_wall_ms();
        check(frontier_begin(c->frontier, err), err);
        check(crawl_dispatch_hosts_begin(c, err), err);
        struct crawl_slot *s;
        while (sent < batch && (s = crawl_slots_pop(c))) check(one(c, s, &sent, err), err);
        check(hosts_commit(c->hosts, err), err);
        c->hosts_open = false;
        check(frontier_commit(c->frontier, err), err);
        if (sent / DISPATCH_BATCH % 64 == 0) check(frontier_fold(c->frontier, err), err);
        if (clock_mono_ms() - before > slowest) slowest = clock_mono_ms() - before;
        if (sent < batch && crawl_slots_next_due(c) > c->now_ms) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    printf("dispatch  %8.0f URLs/s  %6.1f µs CPU/URL  %6.0f MB resident  slowest turn of %d: %lld ms\n",
           (double)sent / (seconds() - began), 1e6 * (cpu_seconds() - cpu) / (double)sent, resident(), DISPATCH_BATCH,
           (long long)slowest);
}

int main(int argc, char **argv) {
    if (argc < 5) return 64;
    struct buf err = {0}, path = {0}, other = {0};
    int64_t urls = atoll(argv[2]), hosts = atoll(argv[3]), wanted = atoll(argv[4]);
    struct crawl_options opt = {.hub = argv[1]};
    struct crawl c = {.opt = &opt, .now_ms = clock_wall_ms()};
    buf_printf(&path, "%s/bench.sqlite", argv[1]);
    buf_printf(&other, "%s/hosts.sqlite", argv[1]);
    check(frontier_open(buf_cstr(&path), c.now_ms, &c.frontier, NULL, &err), &err);
    check(hosts_open(buf_cstr(&other), "bench", c.now_ms, &c.hosts, NULL, &err), &err);
    if (urls > 0) {
        fill(&c, urls, hosts, &err);
        printf("on disk   %8.1f bytes a URL\n", (double)file_size(buf_cstr(&path)) / (double)urls);
    }
    frontier_free(c.frontier); /* as a crawl that resumes */
    double began = seconds();
    check(frontier_open(buf_cstr(&path), c.now_ms, &c.frontier, NULL, &err), &err);
    check(crawl_dispatch_hosts_begin(&c, &err), &err);
    check(frontier_each_host(c.frontier, wake, &c, &err), &err);
    check(hosts_commit(c.hosts, &err), &err);
    c.hosts_open = false;
    printf("resume    %8u hosts in %.1f s  %6.0f MB resident\n", c.n_slots, seconds() - began, resident());
    dispatch(&c, wanted, &err);
    crawl_slots_free(&c);
    frontier_free(c.frontier);
    hosts_free(c.hosts);
    buf_free(&err);
    buf_free(&path);
    buf_free(&other);
    return 0;
}
