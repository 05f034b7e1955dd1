/*
 * Pages of a Wikimedia dump (export-0.10, 0.11): <page> with its title, namespace, id and last revision.  Redirects and pages outside the
 * namespaces taken (the articles, unless the source says otherwise) are counted, not read.  Of several revisions the last stands.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/wikitext.h"

static bool sniff(struct slice head, struct slice name) {
    (void)name;
    return slice_find(slice_sub(head, 0, 1024), slice_str("<mediawiki")) != SIZE_MAX;
}

/* What stands between ${open} and ${close}, from *${at} on; *${at} moves behind it.  False when there is none. */
static bool between(struct slice s, size_t *at, const char *open, const char *close, struct slice *out) {
    size_t from = slice_find(slice_sub(s, *at, s.len), slice_str(open));
    if (from == SIZE_MAX) return false;
    from += *at + strlen(open);
    size_t n = slice_find(slice_sub(s, from, s.len), slice_str(close));
    if (n == SIZE_MAX) return false;
    *out = slice_sub(s, from, from + n);
    *at = from + n + strlen(close);
    return true;
}

static struct slice first(struct slice s, const char *open, const char *close) {
    struct slice out = slice_of("", 0);
    size_t at = 0;
    (void)between(s, &at, open, close, &out);
    return out;
}

/* The five entities of XML and numbers, as the exporter writes them. */
static void unescape(struct slice s, struct buf *out) {
    static const struct {
        const char *name;
        char c;
    } known[] = {{"&lt;", '<'},    {"&gt;", '>'},    {"&amp;", '&'}, {"&quot;", '"'},
                 {"&apos;", '\''}, {"&#039;", '\''}, {"&#39;", '\''}};
    for (size_t i = 0; i < s.len;) {
        const char *p = memchr(s.ptr + i, '&', s.len - i);
        size_t at = p ? (size_t)(p - s.ptr) : s.len, k = 0;
        buf_append(out, s.ptr + i, at - i);
        if (!p) return;
        struct slice here = slice_sub(s, at, s.len);
        while (k < sizeof known / sizeof *known && !slice_starts(here, slice_str(known[k].name))) k++;
        bool found = k < sizeof known / sizeof *known;
        buf_char(out, found ? known[k].c : '&');
        i = at + (found ? strlen(known[k].name) : 1);
    }
}

static bool taken(const struct source *src, struct slice ns) {
    if (src->namespaces.n == 0) return slice_eq_str(ns, "0");
    for (unsigned i = 0; i < src->namespaces.n; i++)
        if (slice_eq_str(ns, src->namespaces.items[i])) return true;
    return false;
}

/* The folder of pages: of <base> all up to its last slash. */
static void page_url(struct slice head, struct slice title, struct buf *out) {
    struct slice base = first(head, "<base>", "</base>");
    size_t n = base.len;
    while (n && base.ptr[n - 1] != '/') n--;
    if (!n) return;
    buf_slice(out, slice_sub(base, 0, n));
    for (size_t i = 0; i < title.len; i++) {
        char c = title.ptr[i];
        if (c == ' ')
            buf_char(out, '_');
        else if (c == '?' || c == '%' || c == '#' || c == '"' || c == '\\')
            buf_printf(out, "%%%02X", (unsigned char)c);
        else
            buf_char(out, c);
    }
}

/* The last <text …>…</text>; a self-closed one is empty. */
static struct slice last_text(struct slice page) {
    struct slice text = slice_of("", 0), rest;
    size_t at = 0;
    while (between(page, &at, "<text", ">", &rest)) {
        if (rest.len && rest.ptr[rest.len - 1] == '/') {
            text = slice_of("", 0);
            continue;
        }
        size_t n = slice_find(slice_sub(page, at, page.len), slice_str("</text>"));
        if (n == SIZE_MAX) break;
        text = slice_sub(page, at, at + n);
        at += n;
    }
    return text;
}

static void page(struct ingest_tools *t, const struct ingest_unit *u, struct wikitext *w, struct slice source) {
    struct slice p = buf_view(&u->bytes), head = buf_view(&u->head);
    struct buf title = {.max = 64 * KIB}, url = {.max = LIMIT_URL_INPUT};
    unescape(first(p, "<title>", "</title>"), &title);
    page_url(head, buf_view(&title), &url);
    buf_clear(&t->text);
    buf_clear(&t->meta);
    ingest_meta(t, "revision", first(slice_sub(p, slice_find(p, slice_str("<revision>")), p.len), "<id>", "</id>"));
    struct slice stamp = first(p, "<timestamp>", "</timestamp>");
    ingest_meta(t, "revised", stamp);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = first(p, "<id>", "</id>"),
                               .url = buf_view(&url),
                               .title = buf_view(&title),
                               .site = first(head, "<sitename>", "</sitename>"),
                               .date = ingest_date_day(stamp),
                               .meta = buf_view(&t->meta)};
    if (wikitext_text(w, source, &t->text)) {
        item.text = buf_view(&t->text);
        t->emit(t, &item);
    } else {
        ingest_refuse(t, INGEST_LARGE, buf_view(&url), "the page passes a cap of the wikitext reader");
    }
    buf_free(&title);
    buf_free(&url);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct slice p = buf_view(&u->bytes), before = slice_sub(p, 0, slice_find(p, slice_str("<revision>")));
    if (!taken(t->opt->source, slice_trim(first(before, "<ns>", "</ns>")))) {
        ingest_refuse(t, INGEST_NAMESPACE, slice_of("", 0), "");
        return;
    }
    struct slice text = last_text(p), model = first(p, "<model>", "</model>");
    buf_clear(&t->scratch);
    unescape(text, &t->scratch);
    if (slice_find(before, slice_str("<redirect")) != SIZE_MAX || wikitext_is_redirect(buf_view(&t->scratch))) {
        ingest_refuse(t, INGEST_REDIRECT, slice_of("", 0), "");
        return;
    }
    if (model.len && !slice_eq_str(model, "wikitext") && !slice_eq_str(model, "proofread-page")) {
        ingest_refuse(t, INGEST_TYPE, slice_of("", 0), "");
        return;
    }
    if (!t->wikitext) t->wikitext = wikitext_new();
    if (t->wikitext)
        page(t, u, t->wikitext, buf_view(&t->scratch));
    else
        ingest_refuse(t, INGEST_LARGE, slice_of("", 0), "out of memory");
}

const struct ingest_format ingest_wikimedia = {.name = "wikimedia", .split = INGEST_PAGES, .sniff = sniff, .convert = convert};
