#include "crawler/crawl_internal.h"

#include "base/limits.h"
#include "base/parallel.h"

#include <stdlib.h>

void crawl_work_push(struct crawl_queue *q, struct crawl_job *job) {
    job->next = NULL;
    if (!q->first) q->last = &q->first;
    *q->last = job;
    q->last = &job->next;
}

struct crawl_job *crawl_work_pop(struct crawl_queue *q) {
    struct crawl_job *job = q->first;
    if (job) q->first = job->next;
    return job;
}

void crawl_work_job_free(struct crawl_job *job) {
    if (!job) return;
    crawl_control_free(job->control);
    crawl_control_rights_free(job->rights);
    fetch_answer_free(job->answer);
    buf_free(&job->detail);
    buf_free(&job->warc);
    buf_free(&job->strings);
    free(job->links);
    free(job->before);
    free(job->url);
    free(job);
}

static void *worker(void *arg) {
    struct crawl *c = arg;
    bool gzip = c->opt->campaign->warc_gzip;
    struct crawl_page_tools t = {.reader = page_reader_new(),
                                 .packer = segment_packer_new(gzip ? SEGMENT_GZIP : SEGMENT_ZSTD, gzip ? 0 : CRAWL_PACK_LEVEL)};
    buf_init(&t.plain, LIMIT_BODY_PLAIN);
    buf_init(&t.utf8, LIMIT_BODY_PLAIN);
    buf_init(&t.err, LIMIT_ERR);
    buf_init(&t.link, LIMIT_URL_INPUT);
    buf_init(&t.canonical, LIMIT_URL_INPUT);
    pthread_mutex_lock(&c->lock);
    t.number = c->n_begun++;
    for (;;) {
        while (!c->todo.first && !c->quit) pthread_cond_wait(&c->work_ready, &c->lock);
        struct crawl_job *job = crawl_work_pop(&c->todo);
        if (!job) break;
        pthread_mutex_unlock(&c->lock);
        if (t.reader && t.packer)
            crawl_page_read(c, job, &t);
        else
            job->failure = ST_FATAL;
        pthread_mutex_lock(&c->lock);
        bool first = !c->done.first;
        crawl_work_push(&c->done, job);
        if (first) fetch_multi_wake(c->net);
    }
    pthread_mutex_unlock(&c->lock);
    page_reader_free(t.reader);
    segment_packer_free(t.packer);
    buf_free(&t.plain);
    buf_free(&t.utf8);
    buf_free(&t.err);
    buf_free(&t.link);
    buf_free(&t.canonical);
    return NULL;
}

enum status crawl_work_start(struct crawl *c, struct buf *err) {
    unsigned n = c->opt->workers ? c->opt->workers : parallel_cores();
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work_ready, NULL);
    c->threads = calloc(n, sizeof *c->threads);
    if (!c->threads) return fail(err, ST_FATAL, "out of memory");
    for (; c->n_threads < n; c->n_threads++)
        if (pthread_create(&c->threads[c->n_threads], NULL, worker, c) != 0)
            return fail(err, ST_FATAL, "cannot start a worker thread");
    return ST_OK;
}

void crawl_work_stop(struct crawl *c) {
    if (!c->threads) return;
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    pthread_cond_broadcast(&c->work_ready);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->n_threads; i++) pthread_join(c->threads[i], NULL);
    free(c->threads);
    c->threads = NULL;
    struct crawl_job *job;
    while ((job = crawl_work_pop(&c->todo)) || (job = crawl_work_pop(&c->done))) crawl_work_job_free(job);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->work_ready);
}

void crawl_work_give(struct crawl *c, struct crawl_job *job) {
    memcpy(job->info_id, c->archive.info_id, sizeof job->info_id);
    c->n_jobs++; /* before a worker has it */
    c->bytes_jobs += job->answer->body.len;
    pthread_mutex_lock(&c->lock);
    crawl_work_push(&c->todo, job);
    pthread_cond_signal(&c->work_ready);
    pthread_mutex_unlock(&c->lock);
}

struct crawl_job *crawl_work_take(struct crawl *c) {
    pthread_mutex_lock(&c->lock);
    struct crawl_job *job = crawl_work_pop(&c->done);
    pthread_mutex_unlock(&c->lock);
    if (!job) return NULL;
    c->n_jobs--;
    c->bytes_jobs -= job->answer->body.len;
    return job;
}

bool crawl_work_done(struct crawl *c) {
    pthread_mutex_lock(&c->lock);
    bool any = c->done.first != NULL;
    pthread_mutex_unlock(&c->lock);
    return any;
}

/* What is finished and not yet taken counts too: it holds more memory than what waits. */
bool crawl_work_full(const struct crawl *c) {
    return c->n_jobs >= (size_t)c->n_threads * CRAWL_JOBS_PER_WORKER || c->bytes_jobs >= CRAWL_JOBS_BYTES;
}
