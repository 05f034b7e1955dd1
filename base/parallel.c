#include "base/parallel.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/*
 * A ring of `window` slots.  The caller's thread fills slots (next) and empties them in order (done); workers take the oldest
 * slot that waits.  slot states: FREE → WAITING (filled) → BUSY (taken) → READY (worked) → FREE (handed back).
 */
enum slot_state { FREE, WAITING, BUSY, READY };

struct slot {
    void *item;
    enum slot_state state;
};

struct pool {
    const struct parallel_ops *ops;
    void *ctx;
    struct slot *ring;
    size_t window, head, taken, tail; /* counts since the start: handed back ≤ taken by workers ≤ filled */
    bool closing;
    pthread_mutex_t lock;
    pthread_cond_t work_ready, item_ready;
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    unsigned number;
};

static void *worker_main(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->taken == p->tail && !p->closing) pthread_cond_wait(&p->work_ready, &p->lock);
        if (p->taken == p->tail) break;
        struct slot *s = &p->ring[p->taken++ % p->window];
        s->state = BUSY;
        pthread_mutex_unlock(&p->lock);
        p->ops->work(p->ctx, s->item, w->number);
        pthread_mutex_lock(&p->lock);
        s->state = READY;
        pthread_cond_signal(&p->item_ready);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void submit(struct pool *p, void *item) {
    pthread_mutex_lock(&p->lock);
    p->ring[p->tail % p->window] = (struct slot){item, WAITING};
    p->tail++;
    pthread_cond_signal(&p->work_ready);
    pthread_mutex_unlock(&p->lock);
}

static void *take_oldest(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    struct slot *s = &p->ring[p->head % p->window];
    while (s->state != READY) pthread_cond_wait(&p->item_ready, &p->lock);
    void *item = s->item;
    s->state = FREE;
    p->head++;
    pthread_mutex_unlock(&p->lock);
    return item;
}

static enum status drive(struct pool *p) {
    enum status st = ST_OK;
    bool more = true;
    for (;;) {
        while (more && st == ST_OK && p->tail - p->head < p->window) {
            void *item = p->ops->next(p->ctx);
            if (item == PARALLEL_LATER) break;
            if (item)
                submit(p, item);
            else
                more = false;
        }
        if (p->head == p->tail) return st;
        void *item = take_oldest(p);
        enum status now = p->ops->done(p->ctx, item, st != ST_OK);
        if (st == ST_OK) st = now;
    }
}

static void stop_workers(struct pool *p, struct worker *workers, unsigned started) {
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work_ready);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
}

enum status parallel_run(const struct parallel_ops *ops, void *ctx, unsigned threads, size_t window) {
    if (threads == 0) threads = parallel_cores();
    if (window == 0) window = 4 * (size_t)threads;
    struct pool p = {.ops = ops, .ctx = ctx, .window = window};
    struct worker *workers = calloc(threads, sizeof *workers);
    p.ring = calloc(window, sizeof *p.ring);
    enum status st = ST_FATAL;
    if (!workers || !p.ring) goto out;
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.work_ready, NULL);
    pthread_cond_init(&p.item_ready, NULL);
    unsigned started = 0;
    for (; started < threads; started++) {
        workers[started] = (struct worker){.pool = &p, .number = started};
        if (pthread_create(&workers[started].thread, NULL, worker_main, &workers[started]) != 0) break;
    }
    if (started) st = drive(&p);
    stop_workers(&p, workers, started);
    pthread_cond_destroy(&p.item_ready);
    pthread_cond_destroy(&p.work_ready);
    pthread_mutex_destroy(&p.lock);
out:
    free(workers);
    free(p.ring);
    return st;
}

struct for_job {
    enum status (*fn)(void *ctx, size_t i, unsigned worker);
    void *ctx;
    size_t n, next;
    struct for_task {
        size_t i;
        enum status st;
    } * tasks;
};

static void *for_next(void *ctx) {
    struct for_job *j = ctx;
    if (j->next == j->n) return NULL;
    struct for_task *t = &j->tasks[j->next];
    t->i = j->next++;
    return t;
}

static void for_work(void *ctx, void *item, unsigned worker) {
    struct for_job *j = ctx;
    struct for_task *t = item;
    t->st = j->fn(j->ctx, t->i, worker);
}

static enum status for_done(void *ctx, void *item, bool drop) {
    (void)ctx;
    (void)drop;
    return ((struct for_task *)item)->st;
}

enum status parallel_for(size_t n, unsigned threads, enum status (*fn)(void *ctx, size_t i, unsigned worker), void *ctx) {
    static const struct parallel_ops ops = {for_next, for_work, for_done};
    enum status all = ST_OK;
    if (threads == 1) {
        for (size_t i = 0; all == ST_OK && i < n; i++) all = fn(ctx, i, 0);
        return all;
    }
    if (n == 0) return ST_OK;
    struct for_job j = {.fn = fn, .ctx = ctx, .n = n, .tasks = calloc(n, sizeof *j.tasks)};
    if (!j.tasks) return ST_FATAL;
    enum status st = parallel_run(&ops, &j, threads, 0);
    free(j.tasks);
    return st;
}

unsigned parallel_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}
