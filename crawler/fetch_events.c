#include "crawler/fetch_events.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 128
#define NEVER INT64_MAX

struct fetch_events {
    CURLM *multi;
    fetch_events_socket *socket;
    int set, waker; /* epoll, eventfd */
    int64_t due_ms; /* monotonic: when libcurl wants to be called; NEVER */
};

/* ${known} is what curl_multi_assign() keeps with a socket: NULL until it is in the set. */
static int on_change(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known) {
    struct fetch_events *e = ctx;
    struct epoll_event ev = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(e->set, EPOLL_CTL_DEL, fd, &ev); /* may be closed already: then it has left by itself */
        return 0;
    }
    e->socket(easy, fd);
    if (what & CURL_POLL_IN) ev.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) ev.events |= EPOLLOUT;
    if (known && epoll_ctl(e->set, EPOLL_CTL_MOD, fd, &ev) == 0) return 0;
    if (epoll_ctl(e->set, EPOLL_CTL_ADD, fd, &ev) != 0 && epoll_ctl(e->set, EPOLL_CTL_MOD, fd, &ev) != 0) return -1;
    curl_multi_assign(e->multi, fd, e);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx) {
    struct fetch_events *e = ctx;
    (void)multi;
    e->due_ms = timeout_ms < 0 ? NEVER : clock_mono_ms() + timeout_ms;
    return 0;
}

enum status fetch_events_new(CURLM *multi, fetch_events_socket *socket, struct fetch_events **out, struct buf *err) {
    struct fetch_events *e = calloc(1, sizeof *e);
    if (!e) return fail(err, ST_FATAL, "out of memory");
    *e = (struct fetch_events){multi, socket, epoll_create1(EPOLL_CLOEXEC), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), NEVER};
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = e->waker};
    if (e->set < 0 || e->waker < 0 || epoll_ctl(e->set, EPOLL_CTL_ADD, e->waker, &ev) != 0) {
        enum status r = fail_errno(err, "epoll", "");
        fetch_events_free(e);
        return r;
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_change);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, e);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, e);
    *out = e;
    return ST_OK;
}

void fetch_events_free(struct fetch_events *e) {
    if (!e) return;
    if (e->set >= 0) close(e->set);
    if (e->waker >= 0) close(e->waker);
    free(e);
}

static void act(struct fetch_events *e, const struct epoll_event *ev) {
    uint64_t wakes;
    int running;
    if (ev->data.fd == e->waker) {
        if (read(e->waker, &wakes, sizeof wakes) < 0) return; /* another wake was read with it */
        return;
    }
    int mask = (ev->events & EPOLLIN ? CURL_CSELECT_IN : 0) | (ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (ev->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(e->multi, ev->data.fd, mask, &running);
}

/* One round; false when nothing came within ${timeout_ms}. */
static bool round_of(struct fetch_events *e, int64_t timeout_ms) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t now = clock_mono_ms();
    int running, left_ms = (int)timeout_ms;
    if (e->due_ms != NEVER && e->due_ms - now < timeout_ms) left_ms = e->due_ms > now ? (int)(e->due_ms - now) : 0;
    int n = epoll_wait(e->set, events, EVENTS_AT_ONCE, left_ms);
    for (int i = 0; i < n; i++) act(e, &events[i]);
    bool due = e->due_ms <= clock_mono_ms();
    if (due) {
        e->due_ms = NEVER;
        curl_multi_socket_action(e->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return n > 0 || due;
}

void fetch_events_wait(struct fetch_events *e, int64_t timeout_ms, int64_t gather_ms) {
    if (timeout_ms > 60000) timeout_ms = 60000;
    int64_t until = clock_mono_ms() + timeout_ms, left = timeout_ms;
    while (!round_of(e, left)) { /* nothing yet */
        left = until - clock_mono_ms();
        if (left <= 0) return;
    }
    int64_t end = clock_mono_ms() + gather_ms;
    for (left = gather_ms; left > 0; left = end - clock_mono_ms()) (void)round_of(e, left);
}

void fetch_events_wake(struct fetch_events *e) {
    uint64_t one = 1;
    if (write(e->waker, &one, sizeof one) < 0) return; /* full: it is awake */
}
