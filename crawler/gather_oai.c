/*
 * Harvesting by OAI-PMH 2.0 (openarchives.org/OAI/openarchivesprotocol.html).  Each answer to ListRecords is kept as STAMP-NNNNNN.oai.xml, STAMP the
 * beginning of the harvest.  `.harvest` (JSON) says how far it is: {"stamp", "from" of this one, "next" of the one after it, "token" to go on
 * with, "page"}; it is written after the page, so a page may come twice and none is lost.  `from` is the day of the server's own
 * responseDate at the last harvest's beginning, so that no clock but the server's counts and nothing falls between two harvests.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "crawler/gather_parts.h"
#include "crawler/ingest_date.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE_MAX = 32 << 20, PAGES_MAX = 1000000 };

struct harvest {
    char stamp[24], from[16], next[16];
    struct buf token;
    int64_t page;
    bool running; /* the last run did not end */
};

static void state_path(const struct gather *g, struct buf *out) {
    buf_clear(out);
    buf_printf(out, "%s/.harvest", buf_cstr(&g->folder));
}

static void copy(char *out, size_t size, struct slice s) { snprintf(out, size, "%.*s", SLICE_ARG(slice_sub(s, 0, size - 1))); }

static void read_state(const struct gather *g, struct harvest *h) {
    struct buf path = {.max = 8192}, text = {.max = MIB};
    struct json_parser *p = json_parser_new(MIB);
    struct json_value root, page;
    state_path(g, &path);
    if (p && file_read(buf_cstr(&path), MIB, &text, NULL) == ST_OK && json_parse(p, buf_view(&text), &root, NULL) == ST_OK) {
        copy(h->stamp, sizeof h->stamp, json_get_string(root, "stamp"));
        copy(h->from, sizeof h->from, json_get_string(root, "from"));
        copy(h->next, sizeof h->next, json_get_string(root, "next"));
        buf_slice(&h->token, json_get_string(root, "token"));
        if (json_get(root, "page", &page)) (void)json_as_int(page, &h->page);
        h->running = h->token.len > 0;
    }
    json_parser_free(p);
    buf_free(&path);
    buf_free(&text);
}

static enum status write_state(const struct gather *g, const struct harvest *h, struct buf *err) {
    struct buf path = {.max = 8192}, text = {.max = MIB};
    struct json_out j;
    state_path(g, &path);
    json_out_init(&j, &text);
    json_object(&j);
    json_kv_str(&j, "stamp", slice_str(h->stamp));
    json_kv_str(&j, "from", slice_str(h->from));
    json_kv_str(&j, "next", slice_str(h->next));
    json_kv_str(&j, "token", buf_view(&h->token));
    json_kv_int(&j, "page", h->page);
    json_object_end(&j);
    buf_char(&text, '\n');
    enum status st = file_write(buf_cstr(&path), buf_view(&text), err);
    buf_free(&path);
    buf_free(&text);
    return st;
}

static void escape(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len; i++)
        if (ascii_is_alnum(s.ptr[i]) || strchr("-._~", s.ptr[i]))
            buf_char(out, s.ptr[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)s.ptr[i]);
}

static void request_url(const struct gather *g, const struct harvest *h, struct buf *out) {
    const struct source *s = g->opt->polite.source;
    const char *base = s->seeds.items[0];
    buf_clear(out);
    buf_printf(out, "%s%cverb=ListRecords", base, strchr(base, '?') ? '&' : '?');
    if (h->token.len) {
        buf_str(out, "&resumptionToken=");
        escape(buf_view(&h->token), out);
        return;
    }
    buf_str(out, "&metadataPrefix=");
    escape(slice_str(*s->oai_prefix ? s->oai_prefix : "oai_dc"), out);
    if (*s->oai_set) buf_str(out, "&set=");
    escape(slice_str(s->oai_set), out);
    if (h->from[0]) buf_printf(out, "&from=%s", h->from);
}

/* The content of the first element of that name, whatever its prefix; "" when there is none or it is empty. */
static struct slice element(struct slice xml, const char *name) {
    size_t n = strlen(name);
    for (size_t at = 0; at < xml.len;) {
        size_t found = slice_find(slice_sub(xml, at, xml.len), slice_str(name));
        if (found == SIZE_MAX) break;
        found += at;
        at = found + n;
        char before = found ? xml.ptr[found - 1] : 0, after = at < xml.len ? xml.ptr[at] : 0;
        if ((before != '<' && before != ':') || (after != '>' && after != '/' && !ascii_is_space(after))) continue;
        size_t gt = slice_find_char(slice_sub(xml, at, xml.len), '>');
        if (gt == SIZE_MAX || (gt && xml.ptr[at + gt - 1] == '/')) break;
        struct slice rest = slice_sub(xml, at + gt + 1, xml.len);
        return slice_trim(slice_sub(rest, 0, slice_find_char(rest, '<')));
    }
    return slice_of("", 0);
}

/* The code of <error code="…">, or "". */
static struct slice error_code(struct slice xml) {
    size_t at = slice_find(xml, slice_str("<error"));
    if (at == SIZE_MAX) return slice_of("", 0);
    struct slice rest = slice_sub(xml, at, xml.len);
    at = slice_find(rest, slice_str("code="));
    if (at == SIZE_MAX || at + 6 > rest.len) return slice_of("", 0);
    char quote = rest.ptr[at + 5];
    rest = slice_sub(rest, at + 6, rest.len);
    return slice_sub(rest, 0, slice_find_char(rest, quote));
}

static void unescape(struct slice s, struct buf *out) {
    static const struct {
        const char *name;
        char c;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < s.len; i++) {
        size_t k = 0;
        while (k < 5 && !slice_starts(slice_sub(s, i, s.len), slice_str(known[k].name))) k++;
        buf_char(out, k < 5 ? known[k].c : s.ptr[i]);
        if (k < 5) i += strlen(known[k].name) - 1;
    }
}

static void begin(struct harvest *h) {
    char iso[ISO8601_LEN];
    size_t n = 0;
    clock_iso8601(clock_wall_ms(), iso);
    for (const char *p = iso; *p; p++)
        if (ascii_is_digit(*p)) {
            if (n == 8) h->stamp[n++] = '-';
            h->stamp[n++] = *p;
        }
    h->stamp[n] = '\0';
    copy(h->from, sizeof h->from, slice_str(h->next));
    h->next[0] = '\0';
    h->page = 0;
    buf_clear(&h->token);
}

/* Keep the answer, then where to go on.  *${more}: there is a token. */
static enum status keep_page(struct gather *g, struct harvest *h, struct slice xml, bool *more, struct buf *err) {
    struct buf path = {.max = 8192}, token = {.max = 64 * KIB};
    if (!h->next[0]) copy(h->next, sizeof h->next, ingest_date_day(element(xml, "responseDate")));
    unescape(element(xml, "resumptionToken"), &token);
    bool same = token.len && slice_eq(buf_view(&token), buf_view(&h->token));
    buf_printf(&path, "%s/%s-%06lld.oai.xml", buf_cstr(&g->folder), h->stamp, (long long)++h->page);
    enum status st = file_write(buf_cstr(&path), xml, err);
    buf_clear(&h->token);
    if (!same) buf_slice(&h->token, buf_view(&token));
    *more = h->token.len > 0 && h->page < PAGES_MAX;
    if (st == ST_OK) st = write_state(g, h, err);
    if (st == ST_OK && same) st = fail(err, ST_SKIP, "the server gives the same resumption token again");
    g->report->fetched++;
    g->report->bytes += xml.len;
    buf_free(&path);
    buf_free(&token);
    return st;
}

static enum status one_page(struct gather *g, struct harvest *h, bool *more, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT}, xml = {.max = PAGE_MAX};
    struct fetch_file_answer ans;
    request_url(g, h, &url);
    g->report->requested++;
    *more = false;
    enum status st = polite_read(g->polite, buf_cstr(&url), PAGE_MAX, &xml, &ans, err);
    struct slice code = st == ST_OK ? error_code(slice_sub(buf_view(&xml), 0, 64 * KIB)) : slice_of("", 0);
    bool records = slice_find(buf_view(&xml), slice_str("ListRecords>")) != SIZE_MAX;
    if (st == ST_OK && slice_eq_str(code, "noRecordsMatch") && !records) {
        if (!h->next[0]) copy(h->next, sizeof h->next, ingest_date_day(element(buf_view(&xml), "responseDate")));
        buf_clear(&h->token);
        st = write_state(g, h, err);
    } else if (st == ST_OK && slice_eq_str(code, "badResumptionToken") && h->running) {
        /* it lapsed while we were away: this harvest begins again */
        h->running = false;
        copy(h->next, sizeof h->next, slice_str(h->from));
        begin(h);
        *more = true;
    } else if (st == ST_OK && (code.len || !records)) {
        st = fail(err, ST_SKIP, "%s: %.*s", buf_cstr(&url), SLICE_ARG(code.len ? code : slice_str("not an answer of OAI-PMH")));
    } else if (st == ST_OK)
        st = keep_page(g, h, buf_view(&xml), more, err);
    buf_free(&url);
    buf_free(&xml);
    return st;
}

enum status gather_oai(struct gather *g, struct buf *err) {
    struct harvest h = {.page = 0};
    enum status st;
    bool more = true;
    read_state(g, &h);
    if (!h.running) begin(&h);
    do {
        st = one_page(g, &h, &more, err);
        const struct gather_options *o = g->opt;
        if (o->progress) o->progress(o->polite.ctx, "OAI-PMH", g->report->bytes, -1);
    } while (st == ST_OK && more);
    buf_free(&h.token);
    if (st == ST_FATAL || st == ST_OK) return st;
    if (g->opt->polite.stop && g->opt->polite.stop(g->opt->polite.ctx)) return st;
    log_line(g->opt->log, LOG_WARN, "%s", buf_cstr(err));
    if (st == ST_SKIP)
        g->report->refused++;
    else
        g->report->waiting = true;
    return ST_OK;
}
