#include "base/limits.h"
#include "cli/engine_parts.h"
#include "crawler/charset.h"
#include "crawler/decode.h"
#include "crawler/page.h"
#include "store/warc.h"
#include <stdlib.h>

struct engine_pages {
    struct page_reader *reader;
    struct buf body, utf8;
};

struct engine_pages *engine_pages_new(void) {
    struct engine_pages *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    buf_init(&p->body, LIMIT_BODY_PLAIN);
    buf_init(&p->utf8, LIMIT_BODY_PLAIN);
    p->reader = page_reader_new();
    if (p->reader) return p;
    engine_pages_free(p);
    return NULL;
}

void engine_pages_free(struct engine_pages *p) {
    if (!p) return;
    page_reader_free(p->reader);
    buf_free(&p->body);
    buf_free(&p->utf8);
    free(p);
}

/* Header field ${name} of an HTTP head, trimmed, or "". */
static struct slice field(struct slice head, const char *name) {
    struct slice line, wanted = slice_str(name);
    while (slice_cut(&head, '\n', &line)) {
        if (line.len <= wanted.len || line.ptr[wanted.len] != ':' || !slice_starts_nocase(line, wanted)) continue;
        return slice_trim(slice_sub(line, wanted.len + 1, line.len));
    }
    return slice_of("", 0);
}

static bool is_html(struct slice type, struct slice body) {
    if (type.len == 0) { /* a server that does not say: a page shows itself by its first tag */
        struct slice start = slice_trim(slice_sub(body, 0, KIB));
        return start.len > 0 && start.ptr[0] == '<';
    }
    return slice_starts_nocase(type, slice_str("text/html")) || slice_starts_nocase(type, slice_str("application/xhtml+xml"));
}

enum status engine_pages_open(struct engine_pages *p, struct slice url, struct slice bytes, bool html, struct engine_page *page,
                              struct buf *err) {
    struct warc_http http;
    *page = (struct engine_page){.url = url, .body = bytes};
    if (!html) return ST_OK; /* WET: text already */
    if (!warc_http_split(bytes, &http)) return fail(err, ST_SKIP, "not an HTTP answer");
    page->content_type = field(http.head, "content-type");
    page->html = true;
    if (http.status != 200 || http.body.len == 0) return ST_SKIP;
    buf_clear(&p->body);
    enum decode_result d = decode_body(http.head, http.body, &p->body);
    page->body = buf_view(&p->body);
    if (d == DECODE_TOO_LARGE) return fail(err, ST_SKIP, "the body is too large");
    if (d == DECODE_BROKEN && page->body.len == 0) page->body = http.body; /* decoded already by whoever archived it */
    return is_html(page->content_type, page->body) ? ST_OK : ST_SKIP;
}

enum status engine_pages_text(struct engine_pages *p, const struct engine_page *page, struct engine_record *rec, struct buf *err) {
    struct charset_result cs;
    struct page read;
    if (!page->html) {
        rec->text = page->body;
        return ST_OK;
    }
    buf_clear(&p->utf8);
    enum status st = charset_to_utf8(page->body, page->content_type, true, &p->utf8, &cs, err);
    if (st != ST_OK) return st;
    struct page_options opt = {.url = page->url, .want_text = true};
    st = page_read(p->reader, buf_view(&p->utf8), &opt, &read, err);
    if (st != ST_OK) return st;
    rec->text = read.text;
    rec->declared_language = read.declared_language;
    return ST_OK;
}
