#include "crawler/sitemap.h"
#include "base/limits.h"
#include "crawler/sitemap_parts.h"
#include <zlib.h>

#define PIECE_BYTES ((size_t)64 * 1024)

bool sitemap_over(const struct sitemap_run *run) { return run->status != ST_OK || run->full; }

void sitemap_emit(struct sitemap_run *run, struct slice raw, struct slice lastmod, bool is_sitemap, bool alternate) {
    if (sitemap_over(run)) return;
    struct url_parts parts;
    buf_clear(&run->url);
    const struct url_options *urls = run->opt ? run->opt->urls : NULL;
    if (url_canonical(slice_trim(raw), run->base, urls, &run->url, NULL) != ST_OK || !url_split(buf_view(&run->url), &parts)) {
        run->stats->bad++;
        return;
    }
    if (run->stats->entries == run->max_entries) {
        run->full = true;
        return;
    }
    struct sitemap_entry e = {.url = buf_view(&run->url),
                              .lastmod = lastmod,
                              .is_sitemap = is_sitemap,
                              .alternate = alternate,
                              .same_host = slice_eq(parts.origin, run->origin)};
    run->stats->entries++;
    run->status = run->on_entry(run->ctx, &e);
}

/* What takes the bytes once gzip is off: XML or lines, known from the first piece. */
struct reader {
    struct sitemap_run *run;
    struct sitemap_xml *xml;
    struct buf line; /* what a piece left of a line of text */
    bool started, refused, no_memory;
};

static void text_line(struct reader *rd, struct slice line) {
    line = slice_trim(line);
    if (line.len) sitemap_emit(rd->run, line, slice_of("", 0), false, false);
}

/* A line longer than any address is dropped whole. */
static void text_feed(struct reader *rd, struct slice piece, bool last) {
    struct slice line;
    while (!sitemap_over(rd->run)) {
        size_t end = slice_find_char(piece, '\n');
        line = slice_sub(piece, 0, end);
        buf_slice(&rd->line, line);
        if (end == SIZE_MAX && !last) return;
        if (buf_ok(&rd->line)) {
            text_line(rd, buf_view(&rd->line));
        } else {
            rd->run->stats->bad++;
        }
        buf_clear(&rd->line);
        if (end == SIZE_MAX) return;
        piece = slice_sub(piece, end + 1, piece.len);
    }
}

static bool looks_like_text(struct slice s) {
    struct slice first = slice_sub(s, 0, slice_find_char(s, '\n'));
    return slice_starts_nocase(first, slice_str("http://")) || slice_starts_nocase(first, slice_str("https://"));
}

static void begin(struct reader *rd, struct slice piece) {
    rd->started = true;
    struct slice s = piece;
    if (slice_starts(s, slice_str("\xef\xbb\xbf"))) s = slice_sub(s, 3, s.len);
    while (s.len && ascii_is_space(s.ptr[0])) s = slice_sub(s, 1, s.len);
    bool utf16 = slice_starts(piece, slice_str("\xff\xfe")) || slice_starts(piece, slice_str("\xfe\xff"));
    if (utf16 || (s.len && s.ptr[0] == '<')) {
        rd->xml = sitemap_xml_new(rd->run);
        rd->no_memory = rd->xml == NULL;
    } else if (looks_like_text(s)) {
        rd->run->stats->kind = SITEMAP_TEXT;
    } else {
        rd->refused = true;
    }
}

/* White space before "<?xml" is an error to XML and common on sites: it goes. */
static struct slice drop_lead(struct slice piece) {
    if (slice_starts(piece, slice_str("\xef\xbb\xbf"))) piece = slice_sub(piece, 3, piece.len);
    while (piece.len && ascii_is_space(piece.ptr[0])) piece = slice_sub(piece, 1, piece.len);
    return piece;
}

/* False when nothing more is wanted. */
static bool feed(struct reader *rd, struct slice piece) {
    if (!rd->started) {
        piece = drop_lead(piece);
        if (piece.len == 0) return true;
        begin(rd, piece);
    }
    if (rd->refused || rd->no_memory) return false;
    if (rd->xml) {
        sitemap_xml_feed(rd->xml, piece);
        return !sitemap_over(rd->run) && rd->run->stats->kind != SITEMAP_NONE;
    }
    text_feed(rd, piece, false);
    return !sitemap_over(rd->run);
}

static void feed_plain(struct reader *rd, struct slice body, size_t max, bool *cut) {
    *cut = body.len > max;
    body = slice_sub(body, 0, max);
    for (size_t at = 0; at < body.len; at += PIECE_BYTES) {
        if (!feed(rd, slice_sub(body, at, at + PIECE_BYTES))) return;
    }
}

static void feed_gzip(struct reader *rd, struct slice body, size_t max, bool *cut) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)body.ptr, .avail_in = (uInt)body.len};
    char piece[PIECE_BYTES];
    size_t total = 0;
    int rc = inflateInit2(&z, 15 + 16);
    *cut = rc != Z_OK;
    while (rc == Z_OK) {
        z.next_out = (Bytef *)piece;
        z.avail_out = sizeof piece;
        rc = inflate(&z, Z_NO_FLUSH);
        size_t n = sizeof piece - z.avail_out;
        total += n;
        *cut = total > max || (rc != Z_OK && rc != Z_STREAM_END);
        if (total > max) n -= total - max < n ? total - max : n;
        if ((n && !feed(rd, slice_of(piece, n))) || total > max) break;
        /* Members one behind the other are one file (RFC 1952 2.2). */
        if (rc == Z_STREAM_END && z.avail_in > 2 && z.next_in[0] == 0x1f && z.next_in[1] == 0x8b) rc = inflateReset(&z);
    }
    inflateEnd(&z);
}

enum status sitemap_parse(struct slice body, struct slice base, const struct sitemap_options *opt,
                          enum status (*on_entry)(void *ctx, const struct sitemap_entry *entry), void *ctx,
                          struct sitemap_stats *stats, struct buf *err) {
    memset(stats, 0, sizeof *stats);
    struct url_parts parts;
    if (!url_split(base, &parts)) return fail(err, ST_SKIP, "the list's address is not canonical");
    struct sitemap_run run = {.base = base, .origin = parts.origin, .opt = opt, .on_entry = on_entry, .ctx = ctx, .stats = stats};
    run.max_entries = opt && opt->max_entries ? opt->max_entries : LIMIT_SITEMAP_URLS;
    size_t max_bytes = opt && opt->max_bytes ? opt->max_bytes : LIMIT_SITEMAP_BYTES;
    struct reader rd = {.run = &run};
    bool cut = false;
    buf_init(&run.url, LIMIT_URL_INPUT);
    buf_init(&rd.line, LIMIT_URL_INPUT);
    if (slice_starts(body, slice_str("\x1f\x8b"))) {
        feed_gzip(&rd, body, max_bytes, &cut);
    } else {
        feed_plain(&rd, body, max_bytes, &cut);
    }
    /* A cut may have gone through the last line. */
    if (stats->kind == SITEMAP_TEXT && !cut && !sitemap_over(&run)) text_feed(&rd, slice_of("", 0), true);
    if (rd.xml && !sitemap_xml_end(rd.xml)) cut = true;
    stats->cut = cut || run.full;
    buf_free(&run.url);
    buf_free(&rd.line);
    if (rd.no_memory) return fail(err, ST_FATAL, "no memory for a sitemap");
    if (run.status != ST_OK) return run.status;
    return stats->kind == SITEMAP_NONE ? fail(err, ST_SKIP, "neither sitemap nor feed") : ST_OK;
}
