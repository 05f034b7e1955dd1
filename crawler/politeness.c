#include "crawler/politeness.h"

#include "base/clock.h"

#define DAY_MS INT64_C(86400000)

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Up to a tenth more, never less: hosts of one campaign drift apart instead of beating together. */
static int64_t jittered(int64_t ms, uint64_t dice) { return ms + (int64_t)(dice % (uint64_t)(ms / 10 + 1)); }

int64_t politeness_delay_ms(const struct politeness_clock *c, const struct politeness_rules *r, uint64_t dice) {
    int64_t adaptive = min64(c->latency_us * POLITENESS_LATENCY_FACTOR / 1000, POLITENESS_LATENCY_MAX_MS);
    int64_t ms = max64(max64(r->floor_ms, adaptive), max64(r->crawl_delay_ms, 0));
    return jittered(min64(ms, DAY_MS), dice);
}

void politeness_start(struct politeness_clock *c, const struct politeness_rules *r, int64_t now_ms, uint64_t dice) {
    c->due_ms = max64(c->due_ms, now_ms + politeness_delay_ms(c, r, dice));
}

static void learn_latency(struct politeness_clock *c, const struct politeness_answer *a) {
    if (a->latency_us <= 0) return;
    if (c->latency_us == 0)
        c->latency_us = a->latency_us;
    else if (a->ok || a->latency_us > c->latency_us)
        c->latency_us += (a->latency_us - c->latency_us) / 8;
}

static int64_t back_off(struct politeness_clock *c, const struct politeness_rules *r, const struct politeness_answer *a,
                        uint64_t dice) {
    int64_t first = r->backoff_first_ms > 0 ? r->backoff_first_ms : POLITENESS_BACKOFF_FIRST_MS;
    bool forgiven = c->last_failure_ms == 0 || a->now_ms - c->last_failure_ms - c->backoff_ms >= POLITENESS_FORGIVE_MS;
    c->last_failure_ms = a->now_ms;
    if (a->retry_after_ms >= 0) return jittered(min64(a->retry_after_ms, DAY_MS), dice);
    if (c->backoff_ms == 0 || forgiven)
        c->backoff_ms = first;
    else if (c->failing)
        c->backoff_ms = min64(c->backoff_ms * 2, POLITENESS_BACKOFF_MAX_MS);
    return jittered(c->backoff_ms, dice);
}

int64_t politeness_read_ms(const struct politeness_answer *a) {
    if (a->first_ms > 0) return a->first_ms + 1;
    return a->latency_us > 0 ? a->sent_ms + (a->latency_us + 999) / 1000 : max64(a->sent_ms, a->now_ms);
}

void politeness_end(struct politeness_clock *c, const struct politeness_rules *r, const struct politeness_answer *a,
                    uint64_t dice) {
    learn_latency(c, a);
    c->due_ms = max64(c->due_ms, politeness_read_ms(a) + politeness_delay_ms(c, r, dice));
    if (a->failure)
        c->due_ms = max64(c->due_ms, a->now_ms + back_off(c, r, a, dice));
    else if (a->retry_after_ms > 0)
        c->due_ms = max64(c->due_ms, a->now_ms + jittered(min64(a->retry_after_ms, DAY_MS), dice));
    c->failing = a->failure;
    c->calm = a->ok ? c->calm + 1 : 0;
    int64_t first = r->backoff_first_ms > 0 ? r->backoff_first_ms : POLITENESS_BACKOFF_FIRST_MS;
    if (c->calm == POLITENESS_CALM) {
        c->calm = 0;
        if (c->backoff_ms > first) c->backoff_ms = max64(c->backoff_ms / 2, first);
    }
}

static bool number(struct slice s, int *out) {
    uint64_t v;
    if (!slice_parse_u64(s, &v) || v > 9999) return false;
    *out = (int)v;
    return true;
}

static int month_of(struct slice s) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (s.len != 3) return 0;
    for (int m = 0; m < 12; m++)
        if (slice_eq_nocase(s, slice_of(names + 3 * m, 3))) return m + 1;
    return 0;
}

struct civil {
    int y, m, d, h, mi, s;
};

static bool time_of(struct slice s, struct civil *c) {
    struct slice h, mi;
    return slice_cut(&s, ':', &h) && slice_cut(&s, ':', &mi) && number(h, &c->h) && number(mi, &c->mi) && number(s, &c->s) &&
           c->h < 24 && c->mi < 60 && c->s < 61;
}

/* The words of the date after the weekday: "06 Nov 1994 08:49:37 GMT", "06-Nov-94 08:49:37 GMT" or "Nov 6 08:49:37 1994". */
static bool date_words(struct slice w[], unsigned n, struct civil *c) {
    if (n == 4 && month_of(w[0])) {
        c->m = month_of(w[0]);
        return number(w[1], &c->d) && time_of(w[2], c) && number(w[3], &c->y);
    }
    if (n == 5) {
        c->m = month_of(w[1]);
        return c->m && number(w[0], &c->d) && number(w[2], &c->y) && time_of(w[3], c);
    }
    struct slice d, m, y;
    if (n != 3) return false;
    y = w[0];
    if (!slice_cut(&y, '-', &d) || !slice_cut(&y, '-', &m) || !number(d, &c->d) || !number(y, &c->y)) return false;
    c->m = month_of(m);
    c->y += c->y < 70 ? 2000 : c->y < 100 ? 1900 : 0;
    return c->m && time_of(w[1], c);
}

int64_t politeness_http_date(struct slice s) {
    struct slice words[6], word;
    unsigned n = 0;
    s = slice_trim(s);
    if (s.len == 0 || s.len > 64) return -1;
    for (bool weekday = true; slice_cut(&s, ' ', &word);) {
        if (word.len == 0) continue;
        if (weekday) {
            weekday = false;
            continue;
        }
        if (n == 5) return -1;
        words[n++] = word;
    }
    struct civil c = {0};
    if (!date_words(words, n, &c) || !clock_civil_valid(c.y, c.m, c.d)) return -1;
    return clock_from_civil(c.y, c.m, c.d, c.h, c.mi, c.s);
}

int64_t politeness_retry_after(struct slice value, struct slice date, int64_t now_ms) {
    uint64_t seconds;
    value = slice_trim(value);
    if (slice_parse_u64(value, &seconds)) return seconds > 86400 ? DAY_MS : (int64_t)seconds * 1000;
    int64_t until = politeness_http_date(value);
    if (until < 0) return -1;
    int64_t theirs = politeness_http_date(date);
    int64_t wait = until - (theirs >= 0 ? theirs : now_ms) + 1000;
    return min64(max64(wait, 0), DAY_MS);
}

static bool minute_of_day(struct slice s, int *out) {
    int h, m;
    struct slice hour;
    s = slice_trim(s);
    if (!slice_cut(&s, ':', &hour) || !number(hour, &h) || !number(s, &m) || h > 24 || m > 59) return false;
    *out = h * 60 + m;
    return true;
}

bool politeness_in_hours(char *const *hours, size_t n, int64_t wall_ms) {
    int now = (int)(wall_ms % DAY_MS / 60000);
    for (size_t i = 0; i < n; i++) {
        struct slice to = slice_str(hours[i]), from;
        int a, b;
        if (!slice_cut(&to, '-', &from) || !minute_of_day(from, &a) || !minute_of_day(to, &b)) continue;
        if (a <= b ? (now >= a && now < b) : (now >= a || now < b)) return true;
    }
    return n == 0;
}
