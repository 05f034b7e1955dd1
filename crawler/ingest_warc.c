/*
 * WARC records of any writer, and Common Crawl's WET.  A response is decoded (chunked, gzip, br, zstd) and read as a crawl reads a
 * page; a conversion record (WET) is plain text under its target address; a resource record is a page without headers.  An
 * HTTP/2 or HTTP/3 status line is one like another.  A revisit names bytes that stand elsewhere.
 */
#include "base/limits.h"
#include "crawler/decode.h"
#include "crawler/http_head.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_page.h"
#include "store/warc.h"

#include <stdio.h>

static bool sniff(struct slice head, struct slice name) {
    (void)name;
    return slice_starts(head, slice_str("WARC/"));
}

/* The address, canonical, in t->more; wget before 1.20 wrote it between angle brackets. */
static struct slice target(struct ingest_tools *t, const struct ingest_unit *u) {
    struct slice s = slice_of("", 0);
    buf_clear(&t->more);
    if (!warc_field(buf_view(&u->head), "WARC-Target-URI", &s)) return slice_of("", 0);
    if (s.len > 1 && s.ptr[0] == '<' && s.ptr[s.len - 1] == '>') s = slice_sub(s, 1, s.len - 1);
    if (url_canonical(s, slice_of("", 0), t->opt->urls, &t->more, &t->err) != ST_OK) buf_clear(&t->more);
    return buf_view(&t->more);
}

/* Text, as far as its type says. */
static bool readable(struct slice type, bool *html) {
    enum http_type k = http_type_of(type);
    *html = k == HTTP_TYPE_HTML;
    return *html || (k == HTTP_TYPE_TEXT && slice_starts_nocase(type, slice_str("text/plain")));
}

static void response(struct ingest_tools *t, const struct ingest_unit *u, struct slice url) {
    struct warc_http http;
    struct ingest_page p = {.url = url};
    char why[32];
    if (!warc_http_split(buf_view(&u->bytes), &http)) {
        ingest_refuse(t, INGEST_BAD, url, "the record does not hold an HTTP answer");
        return;
    }
    if (http.status != 200) {
        snprintf(why, sizeof why, "%d", http.status);
        ingest_refuse(t, INGEST_STATUS, url, why);
        return;
    }
    p.head = http.head;
    p.type = http_head_get(http.head, "content-type");
    if (!readable(p.type, &p.html)) {
        ingest_refuse(t, INGEST_TYPE, url, "");
        return;
    }
    buf_clear(&t->text);
    enum decode_result d = decode_body(http.head, http.body, &t->text);
    if (d == DECODE_BROKEN && !t->text.len) { /* some writers store the body decoded under the fields of the coding */
        buf_slice(&t->text, http.body);
        d = ingest_is_binary(slice_sub(http.body, 0, 512)) ? DECODE_BROKEN : DECODE_OK;
    }
    p.body = buf_view(&t->text);
    if (d == DECODE_OK)
        ingest_page(t, &p);
    else
        ingest_refuse(t, d == DECODE_TOO_LARGE ? INGEST_LARGE : INGEST_BAD, url, "the body cannot be decoded");
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct slice fields = buf_view(&u->head), type = slice_of("", 0), content = slice_of("", 0);
    (void)warc_field(fields, "WARC-Type", &type);
    (void)warc_field(fields, "Content-Type", &content);
    if (slice_eq_str(type, "revisit")) {
        ingest_refuse(t, INGEST_REVISIT, slice_of("", 0), "");
        return;
    }
    bool is_response = slice_eq_str(type, "response"), resource = slice_eq_str(type, "resource"),
         text = slice_eq_str(type, "conversion");
    struct slice url = is_response || resource || text ? target(t, u) : slice_of("", 0);
    struct ingest_page p = {.url = url, .type = content, .body = buf_view(&u->bytes)};
    if (!url.len)
        ingest_refuse(t, INGEST_RECORD, slice_of("", 0), "");
    else if (is_response && slice_starts_nocase(content, slice_str("application/http")))
        response(t, u, url);
    else if (!readable(content, &p.html))
        ingest_refuse(t, INGEST_TYPE, url, "");
    else
        ingest_page(t, &p);
}

const struct ingest_format ingest_warc = {.name = "warc", .split = INGEST_WARC, .sniff = sniff, .convert = convert};
