#include "crawler/crawl_internal.h"

#include <stdlib.h>

/*
 * Whose turn it is, of the hosts that politeness lets go on: by due time, brought forward a minute for each step of the source's
 * priority.  A host whose pages stay non-French gets fewer and fewer turns: after twenty documents it waits, beyond its own delay, for as
 * many delays as a fifth of its documents so far, in the measure of what is not French, ten minutes at most.  That holds only while a host
 * that is French, or not known yet, has something to do soon: with none it goes on at its own pace, so nothing starves and nothing
 * is lost but its place.
 */
#define YIELD_MS 600000
#define YIELD_AFTER 20 /* documents */
#define YIELD_STEP 5   /* documents for one more delay */
#define KEEN_SHARE 0.25
#define KEEN_MS 60000   /* what a host does later than that keeps nobody waiting */
#define RECHECK_MS 1000 /* who yields looks again */
#define PRIORITY_MS 60000

/* ---- the heaps ---- */

static int64_t key_of(const struct crawl_slot *s) { return s->where == CRAWL_HEAP_READY ? s->turn : s->due_ms; }

static struct crawl_slot **heap_of(struct crawl *c, enum crawl_heap which, size_t **n) {
    *n = which == CRAWL_HEAP_READY ? &c->n_ready : &c->n_waiting;
    return which == CRAWL_HEAP_READY ? c->ready : c->waiting;
}

static void put_at(struct crawl_slot **heap, size_t at, struct crawl_slot *s) {
    heap[at] = s;
    s->at = at;
}

static void sift_up(struct crawl_slot **heap, size_t at) {
    struct crawl_slot *s = heap[at];
    for (; at > 0 && key_of(heap[(at - 1) / 2]) > key_of(s); at = (at - 1) / 2) put_at(heap, at, heap[(at - 1) / 2]);
    put_at(heap, at, s);
}

static void sift_down(struct crawl_slot **heap, size_t n, size_t at) {
    struct crawl_slot *s = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n) break;
        if (child + 1 < n && key_of(heap[child + 1]) < key_of(heap[child])) child++;
        if (key_of(heap[child]) >= key_of(s)) break;
        put_at(heap, at, heap[child]);
        at = child;
    }
    put_at(heap, at, s);
}

static void heap_remove(struct crawl *c, struct crawl_slot *s) {
    size_t *n, at = s->at;
    if (s->where == CRAWL_NOWHERE) return;
    struct crawl_slot **heap = heap_of(c, s->where, &n), *last = heap[--*n];
    s->where = CRAWL_NOWHERE;
    if (last == s) return;
    put_at(heap, at, last);
    sift_up(heap, at);
    sift_down(heap, *n, last->at);
}

static void heap_insert(struct crawl *c, struct crawl_slot *s, enum crawl_heap which) {
    size_t *n;
    struct crawl_slot **heap = heap_of(c, which, &n);
    s->where = which;
    put_at(heap, (*n)++, s);
    sift_up(heap, s->at);
}

/* Both heaps can hold every slot, so that moving between them never needs memory. */
static bool make_room(struct crawl *c) {
    if (c->n_slots < c->cap_waiting) return true;
    size_t cap = c->cap_waiting ? c->cap_waiting * 2 : 256;
    struct crawl_slot **w = realloc(c->waiting, cap * sizeof *w);
    if (w) c->waiting = w;
    struct crawl_slot **r = realloc(c->ready, cap * sizeof *r);
    if (r) c->ready = r;
    if (!w || !r) return false;
    c->cap_waiting = c->cap_ready = cap;
    return true;
}

/* ---- slots ---- */

struct crawl_slot *crawl_slots_get(struct crawl *c, int64_t host, struct slice name, struct buf *err) {
    uint64_t found;
    if (map64_get(&c->slots, (uint64_t)host, &found)) return (struct crawl_slot *)(uintptr_t)found;
    struct crawl_slot *s = make_room(c) ? calloc(1, sizeof *s) : NULL;
    if (s) s->name = strndup(name.ptr, name.len);
    if (!s || !s->name || !map64_put(&c->slots, (uint64_t)host, (uint64_t)(uintptr_t)s)) {
        if (s) free(s->name);
        free(s);
        fail(err, ST_FATAL, "out of memory");
        return NULL;
    }
    s->host = host;
    s->rules = (struct politeness_rules){POLITENESS_FLOOR_MS, -1, c->opt->backoff_ms};
    c->n_slots++;
    if (crawl_dispatch_hosts_begin(c, err) != ST_OK || hosts_clock(c->hosts, name, c->now_ms, &s->clock, err) != ST_OK ||
        frontier_french_get(c->frontier, host, &s->documents, &s->french, err) != ST_OK) {
        crawl_slots_forget(c, s);
        return NULL;
    }
    return s;
}

static void set_keen(struct crawl *c, struct crawl_slot *s, bool keen) {
    c->n_keen += keen && !s->keen;
    c->n_keen -= !keen && s->keen;
    s->keen = keen;
}

static int64_t yield_of(const struct crawl_slot *s) {
    if (s->controls || s->documents < YIELD_AFTER || s->french >= KEEN_SHARE) return 0;
    double delays = (double)s->documents / YIELD_STEP * (1 - s->french) * (1 - s->french);
    double ms = delays * (double)(s->rules.floor_ms > 0 ? s->rules.floor_ms : POLITENESS_FLOOR_MS);
    return ms < YIELD_MS ? (int64_t)ms : YIELD_MS;
}

static int64_t priority_of(const struct crawl *c, const struct crawl_slot *s) {
    return s->origins && s->origins->source < c->n_sources ? c->sources[s->origins->source].src->priority : 0;
}

enum status crawl_slots_schedule(struct crawl *c, struct crawl_slot *s, int64_t due_ms, struct buf *err) {
    (void)err;
    heap_remove(c, s);
    if (s->busy) return ST_OK;
    s->due_ms = due_ms > s->clock.due_ms ? due_ms : s->clock.due_ms;
    s->held_ms = s->due_ms + yield_of(s);
    s->turn = s->held_ms - priority_of(c, s) * PRIORITY_MS;
    set_keen(c, s, s->held_ms == s->due_ms && !s->clock.failing && s->due_ms - c->now_ms < KEEN_MS);
    heap_insert(c, s, CRAWL_HEAP_WAITING);
    return ST_OK;
}

enum status crawl_slots_wake(struct crawl *c, int64_t host, struct slice name, struct buf *err) {
    struct crawl_slot *s = crawl_slots_get(c, host, name, err);
    if (!s) return ST_FATAL;
    if (s->busy || s->where == CRAWL_HEAP_READY || (s->where == CRAWL_HEAP_WAITING && s->due_ms <= s->clock.due_ms)) return ST_OK;
    return crawl_slots_schedule(c, s, 0, err);
}

struct crawl_slot *crawl_slots_pop(struct crawl *c) {
    while (c->n_waiting && c->waiting[0]->due_ms <= c->now_ms) {
        struct crawl_slot *s = c->waiting[0];
        heap_remove(c, s);
        heap_insert(c, s, CRAWL_HEAP_READY);
    }
    while (c->n_ready) {
        struct crawl_slot *s = c->ready[0];
        heap_remove(c, s);
        if (s->held_ms <= c->now_ms || c->n_keen == 0) return s;
        s->due_ms = s->held_ms < c->now_ms + RECHECK_MS ? s->held_ms : c->now_ms + RECHECK_MS;
        heap_insert(c, s, CRAWL_HEAP_WAITING);
    }
    return NULL;
}

int64_t crawl_slots_next_due(const struct crawl *c) {
    if (c->n_ready) return c->now_ms;
    return c->n_waiting ? c->waiting[0]->due_ms : INT64_MAX;
}

static void slot_free(struct crawl_slot *s) {
    while (s->controls) {
        struct crawl_control *next = s->controls->next;
        crawl_control_free(s->controls);
        s->controls = next;
    }
    while (s->origins) {
        struct crawl_origin *next = s->origins->next;
        crawl_control_origin_free(s->origins);
        s->origins = next;
    }
    free(s->name);
    free(s);
}

void crawl_slots_forget(struct crawl *c, struct crawl_slot *s) {
    heap_remove(c, s);
    set_keen(c, s, false);
    map64_del(&c->slots, (uint64_t)s->host);
    c->n_slots--;
    slot_free(s);
}

void crawl_slots_free(struct crawl *c) {
    for (size_t i = 0; i < c->slots.cap; i++)
        if (c->slots.used[i]) slot_free((struct crawl_slot *)(uintptr_t)c->slots.slots[2 * i + 1]);
    map64_free(&c->slots);
    free(c->waiting);
    free(c->ready);
}
