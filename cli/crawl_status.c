#include "cli/crawl_status.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/crawl_report.h"
#include "crawler/hosts.h"

#define STALE_MS 15000 /* a process writes every second, and even under load within this */
#define MOST_RESTING 20

/* frontier/NAME.status, parsed. */
struct status_file {
    struct json_parser *parser;
    struct buf text;
    struct json_value root;
    int64_t age_ms;
    const char *word;
};

static const char *word_of(struct slice said, bool fresh) {
    static const char *const words[] = {"running", "paused", "out-of-hours", "draining"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_eq_str(said, words[i])) return fresh ? words[i] : "killed";
    return "";
}

static void close_status(struct status_file *s) {
    json_parser_free(s->parser);
    buf_free(&s->text);
}

static bool read_status(const struct hub *h, const char *name, struct status_file *s) {
    struct buf path = {.max = 8192};
    int64_t at = 0;
    *s = (struct status_file){.parser = json_parser_new(MIB), .text = {.max = MIB}, .word = ""};
    bool ok = s->parser && file_read(hub_path(h, &path, "frontier/%s.status", name), MIB - 1, &s->text, NULL) == ST_OK &&
              json_parse(s->parser, buf_view(&s->text), &s->root, NULL) == ST_OK;
    struct json_value v;
    ok = ok && json_get(s->root, "at_ms", &v) && json_as_int(v, &at);
    s->age_ms = clock_wall_ms() - at;
    if (ok) s->word = word_of(json_get_string(s->root, "state"), s->age_ms < STALE_MS && s->age_ms > -STALE_MS);
    buf_free(&path);
    return ok;
}

const char *crawl_status_word(const struct hub *h, const char *name) {
    struct status_file s;
    (void)read_status(h, name, &s);
    const char *word = s.word;
    close_status(&s);
    return word;
}

bool crawl_status_paused(const struct hub *h, const char *name) {
    struct buf path = {.max = 8192};
    bool paused = file_exists(hub_path(h, &path, "frontier/%s.pause", name));
    buf_free(&path);
    return paused;
}

/* ---- hosts that rest ---- */

struct resting {
    struct frontier *frontier;
    struct buf *out;
    struct json_out *j; /* NULL: text */
    int64_t now_ms;
    int n, more;
    struct buf *err;
};

static struct slice host_of(struct slice origin) {
    size_t at = slice_find(origin, slice_str("://"));
    struct slice host = at == SIZE_MAX ? origin : slice_sub(origin, at + 3, origin.len);
    size_t bracket = slice_find_char(host, ']'), from = bracket == SIZE_MAX ? 0 : bracket;
    size_t colon = slice_find_char(slice_sub(host, from, host.len), ':');
    return colon == SIZE_MAX ? host : slice_sub(host, 0, from + colon);
}

static enum status on_rest(void *ctx, const struct hosts_rest *rest) {
    struct resting *r = ctx;
    char until[ISO8601_LEN];
    int64_t left = 0;
    enum status st = frontier_host_left(r->frontier, host_of(rest->where), &left, r->err);
    if (st != ST_OK || left == 0) return st;
    if (r->n++ >= MOST_RESTING && !r->j) {
        r->more++;
        return ST_OK;
    }
    clock_iso8601(rest->until_ms, until);
    bool robots = rest->kind == HOSTS_REST_ROBOTS;
    if (r->j) {
        json_object(r->j);
        json_kv_str(r->j, "host", rest->where);
        json_kv_str(r->j, "why", slice_str(robots ? "robots.txt cannot be read" : "failing"));
        json_kv_str(r->j, "until", slice_str(until));
        json_kv_int(r->j, "urls", left);
        json_object_end(r->j);
        return ST_OK;
    }
    if (r->n == 1) buf_str(r->out, "Resting\n");
    buf_printf(r->out, "  %-40.*s until %s (in %lld s), %lld URLs; %s\n", SLICE_ARG(rest->where), until,
               (long long)((rest->until_ms - r->now_ms + 999) / 1000), (long long)left,
               robots ? "its robots.txt cannot be read" : "its last answer was a failure");
    return ST_OK;
}

static enum status list_resting(const struct hub *h, const char *name, struct buf *out, struct json_out *j, struct buf *err) {
    struct buf path = {.max = 8192};
    struct resting r = {.out = out, .j = j, .now_ms = clock_wall_ms(), .err = err};
    enum status st = frontier_open_read(hub_path(h, &path, "frontier/%s.sqlite", name), &r.frontier, NULL, err);
    if (st == ST_OK) st = hosts_each_rest(hub_path(h, &path, "frontier/hosts.sqlite"), r.now_ms, on_rest, &r, err);
    if (r.more) buf_printf(out, "  and %d more (--json lists all)\n", r.more);
    frontier_free(r.frontier);
    buf_free(&path);
    return st == ST_SKIP ? ST_OK : st;
}

/* ---- the screen ---- */

static int64_t number(const struct status_file *s, const char *key) {
    struct json_value v;
    int64_t n = 0;
    return json_get(s->root, key, &v) && json_as_int(v, &n) ? n : 0;
}

static double decimal(const struct status_file *s, const char *key) {
    struct json_value v;
    double x = 0;
    return json_get(s->root, key, &v) && json_as_float(v, &x) ? x : 0;
}

static void counts(const struct status_file *s, const char *key, const char *title, enum reason_kind kind, struct buf *out) {
    struct json_value v, one;
    struct slice name;
    int64_t n;
    bool any = false;
    if (!json_get(s->root, key, &v)) return;
    for (struct json_iter it = json_walk(v); json_next(&it, &name, &one);) {
        enum reason r = reason_from_name(name);
        if (r == REASON_N || reason_kind(r) != kind || !json_as_int(one, &n)) continue;
        buf_printf(out, "%s%.*s %lld", any ? ", " : title, SLICE_ARG(name), (long long)n);
        any = true;
    }
    if (any) buf_char(out, '\n');
}

static void headline(const struct status_file *s, const char *name, struct buf *out) {
    struct slice began = json_get_string(s->root, "began"), at = json_get_string(s->root, "at");
    if (strcmp(s->word, "killed") == 0)
        buf_printf(out, "Campaign %s: its process was last seen at %.*s; go on with: villers crawl %s\n", name, SLICE_ARG(at),
                   name);
    else if (!*s->word)
        buf_printf(out, "Campaign %s: not running; its last run began %.*s and ended %.*s\n", name, SLICE_ARG(began),
                   SLICE_ARG(at));
    else
        buf_printf(out, "Campaign %s: %s since %.*s (process %lld)\n", name, s->word, SLICE_ARG(began),
                   (long long)number(s, "pid"));
}

static void text(const struct status_file *s, const char *name, struct buf *out) {
    headline(s, name, out);
    buf_printf(out, "  %lld pages, %.1f a second lately, ", (long long)number(s, "pages"), decimal(s, "pages_per_second"));
    crawl_report_bytes(out, number(s, "received_bytes"));
    buf_printf(out, "; %lld documents", (long long)number(s, "documents"));
    if (number(s, "text_bytes")) buf_printf(out, ", French about %.0f %% of their text", 100 * decimal(s, "french_share"));
    buf_char(out, '\n');
    if (number(s, "unchanged"))
        buf_printf(out, "  %lld looked at again and unchanged (%lld answers 304), %lld documents withdrawn\n",
                   (long long)number(s, "unchanged"), (long long)number(s, "not_modified"), (long long)number(s, "withdrawn"));
    buf_printf(out, "  %lld URLs queued; %lld hosts, %lld of them resting; %lld requests open\n", (long long)number(s, "queued"),
               (long long)number(s, "hosts"), (long long)number(s, "hosts_resting"), (long long)number(s, "open"));
    counts(s, "settled", "  refused: ", REASON_KIND_REFUSED, out);
    counts(s, "errors", "  errors: ", REASON_KIND_FAILED, out);
}

static enum status print(const struct cli *cli, const struct hub *h, const char *name, const struct status_file *s, struct buf *out,
                         struct buf *err) {
    if (!cli->json) {
        text(s, name, out);
        return list_resting(h, name, out, NULL, err);
    }
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "campaign", slice_str(name));
    json_kv_str(&j, "state", slice_str(*s->word ? s->word : "ended"));
    json_kv_bool(&j, "pause_asked", crawl_status_paused(h, name));
    json_key(&j, "run");
    json_raw(&j, slice_trim(buf_view(&s->text)));
    json_key(&j, "resting");
    json_array(&j);
    enum status st = list_resting(h, name, out, &j, err);
    json_array_end(&j);
    json_object_end(&j);
    buf_char(out, '\n');
    return st;
}

int crawl_status_print(const struct cli *cli, const struct hub *h, const char *name) {
    struct status_file s;
    struct buf out = {0}, err = {.max = LIMIT_ERR};
    int code = EXIT_DONE;
    if (!read_status(h, name, &s)) {
        code = cli_error(EXIT_NO_INPUT, "campaign %s has not run yet in this hub (villers campaigns lists what there is)", name);
    } else {
        enum status st = print(cli, h, name, &s, &out, &err);
        if (st != ST_OK)
            code = cli_fail(st, &err);
        else if (!cli_out(&out))
            code = EXIT_IO;
    }
    close_status(&s);
    buf_free(&out);
    buf_free(&err);
    return code;
}
