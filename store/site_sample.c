#include "store/site_sample.h"
#include "base/limits.h"
#include "store/doc.h"
#include "store/html.h"
#include "store/jsonl.h"

enum { SAMPLES = 5, SAMPLED = 2000, EXCERPT_BYTES = 400 };

/* ${s} cut before ${max} bytes, at a character. */
static struct slice excerpt(struct slice s, size_t max) {
    if (s.len <= max) return s;
    size_t end = max;
    while (end > 0 && ((unsigned char)s.ptr[end] & 0xC0) == 0x80) end--;
    return slice_sub(s, 0, end);
}

static void one(struct buf *out, const struct doc *d) {
    buf_str(out, "<article><h3>");
    html_escape_slice(out, d->title.len ? excerpt(d->title, 120) : d->id);
    buf_str(out, "</h3><blockquote>");
    html_escape_slice(out, excerpt(d->text, EXCERPT_BYTES));
    buf_str(out, d->text.len > EXCERPT_BYTES ? " …</blockquote><p>" : "</blockquote><p>");
    bool web = slice_starts(d->url, slice_str("https://")) || slice_starts(d->url, slice_str("http://"));
    if (web) {
        buf_str(out, "<a rel=nofollow href=\"");
        html_escape_slice(out, d->url);
        buf_str(out, "\">");
    }
    html_escape_slice(out, d->url);
    buf_str(out, web ? "</a><br>" : "<br>");
    buf_str(out, "source ");
    html_escape_slice(out, d->source);
    buf_str(out, ", licence ");
    html_escape_slice(out, d->license);
    buf_str(out, d->date.len ? ", publié le " : "");
    html_escape_slice(out, excerpt(d->date, 10));
    buf_str(out, ", collecté le ");
    html_escape_slice(out, excerpt(d->crawl_date, 10));
    buf_str(out, ", id <code>");
    html_escape_slice(out, d->id);
    buf_str(out, "</code></p></article>\n");
}

/* ${want} documents of a shard, spread over its first SAMPLED: its lines come source by source. */
static void some(struct buf *out, const char *path, size_t documents, size_t want, struct json_parser *p) {
    struct jsonl_reader *r = NULL;
    struct buf err = {.max = LIMIT_ERR};
    struct slice line;
    struct doc d;
    enum status st = jsonl_open(path, &r, &err);
    size_t step = (documents < SAMPLED ? documents : SAMPLED) / (want ? want : 1);
    for (size_t i = 0, given = 0; st == ST_OK && given < want; i++) {
        st = jsonl_next(r, &line, &err);
        if (st != ST_OK || (step && i % step != 0)) continue;
        if (doc_read(p, line, &d, &err) == ST_OK) one(out, &d);
        given++;
    }
    jsonl_free(r);
    buf_free(&err);
}

void site_sample(struct buf *out, const struct release_manifest *m, const char *dir) {
    struct json_parser *p = json_parser_new(LIMIT_LINE);
    struct buf path = {.max = LIMIT_URL_INPUT};
    size_t shards = m->n_shards < SAMPLES ? m->n_shards : SAMPLES, given = 0;
    if (!p || shards == 0) {
        json_parser_free(p);
        return;
    }
    html_heading(out, 2, "Quelques documents", "Some documents");
    for (size_t i = 0; i < shards; i++) {
        size_t want = (SAMPLES * (i + 1)) / shards - given;
        given += want;
        buf_clear(&path);
        const struct release_shard *s = &m->shards[i * m->n_shards / shards];
        buf_printf(&path, "%s/" RELEASE_DATA_DIR "/%s", dir, s->name);
        some(out, buf_cstr(&path), s->documents, want, p);
    }
    json_parser_free(p);
    buf_free(&path);
}
