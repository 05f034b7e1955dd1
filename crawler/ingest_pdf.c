/*
 * PDF, by poppler's pdftotext in a child without rights (ingest_child.h).  Lines that the page broke are joined again, words parted at a
 * line's end too.  A score tells how far the text layer is made of words: a scan has none, a bad OCR or a font without a map has noise.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/ingest_child.h"
#include "crawler/ingest_formats.h"

#define PDFTOTEXT "/usr/bin/pdftotext"
enum { CPU_S = 20, WALL_FACTOR = 3, LEAST_WORDS = 5 };
static const double least_score = 0.5;

static bool sniff(struct slice head, struct slice name) {
    (void)name;
    return slice_find(slice_sub(head, 0, 1024), slice_str("%PDF-")) != SIZE_MAX;
}

/* ---- pdftotext -htmlmeta: <title>, <meta name content>, the text escaped in <pre> ---- */

static void unescape(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len; i++) {
        struct slice here = slice_sub(s, i, i + 6);
        if (s.ptr[i] == '&' && slice_starts(here, slice_str("&lt;"))) {
            buf_char(out, '<');
            i += 3;
        } else if (s.ptr[i] == '&' && slice_starts(here, slice_str("&gt;"))) {
            buf_char(out, '>');
            i += 3;
        } else if (s.ptr[i] == '&' && slice_starts(here, slice_str("&amp;"))) {
            buf_char(out, '&');
            i += 4;
        } else if (s.ptr[i] == '&' && slice_starts(here, slice_str("&quot;"))) {
            buf_char(out, '"');
            i += 5;
        } else
            buf_char(out, s.ptr[i]);
    }
}

static struct slice cut(struct slice s, const char *open, const char *close, bool last) {
    size_t at = slice_find(s, slice_str(open)), end = SIZE_MAX;
    if (at == SIZE_MAX) return slice_of("", 0);
    s = slice_sub(s, at + strlen(open), s.len);
    if (last)
        for (size_t i = s.len; i-- > 0 && end == SIZE_MAX;)
            end = slice_starts(slice_sub(s, i, s.len), slice_str(close)) ? i : SIZE_MAX;
    else
        end = slice_find(s, slice_str(close));
    return slice_sub(s, 0, end);
}

/* ISO 8601, or as in the file ("D:20200131120000+01'00'"), to YYYY-MM-DD. */
static struct slice day_of(struct slice s, struct buf *room) {
    if (ingest_date_day(s).len) return ingest_date_day(s);
    if (slice_starts(s, slice_str("D:"))) s = slice_sub(s, 2, s.len);
    buf_clear(room);
    if (s.len >= 8) buf_printf(room, "%.4s-%.2s-%.2s", s.ptr, s.ptr + 4, s.ptr + 6);
    return ingest_date_day(buf_view(room));
}

/* ---- lines to paragraphs ---- */

static bool begins_lower(struct slice s) {
    size_t at = 0;
    if (!s.len) return false;
    uint32_t c = utf8_decode(s, &at);
    return unicode_is_letter(c) && !unicode_is_upper(c);
}

static void paragraphs(struct slice text, struct buf *out) {
    struct slice rest = text, line;
    bool begun = false;
    while (slice_cut(&rest, '\n', &line)) {
        line = slice_trim(line);
        while (line.len && line.ptr[0] == '\f') line = slice_trim(slice_sub(line, 1, line.len));
        if (!line.len) {
            if (begun) buf_char(out, '\n');
            begun = false;
            continue;
        }
        bool parted =
            begun && out->len > 1 && out->data[out->len - 1] == '-' && out->data[out->len - 2] != ' ' && begins_lower(line);
        if (parted) buf_truncate(out, out->len - 1);
        if (begun && !parted) buf_char(out, ' ');
        buf_slice(out, line);
        begun = true;
    }
}

/* ---- the text layer ---- */

struct word {
    size_t letters, odd, vowels, digits;
};

static bool is_vowel(uint32_t c) {
    uint32_t base[4];
    (void)unicode_decompose(unicode_lower(c), base);
    return base[0] < 0x80 && strchr("aeiouy", (int)base[0]) && base[0] != 0;
}

static bool is_word(const struct word *w) {
    return w->letters > 0 && w->odd == 0 && (w->digits == 0 || w->letters < 3) && w->letters <= 30 &&
           (w->vowels > 0 || w->letters <= 4);
}

/* The share of the words that look like words of a language in Latin letters; figures and marks alone count for nothing. */
static double score_of(struct slice s, size_t *words) {
    struct word w = {0};
    size_t good = 0, all = 0;
    for (size_t at = 0; at <= s.len;) {
        uint32_t c = at < s.len ? utf8_decode(s, &at) : (at++, ' ');
        if (c == ' ' || c == '\n' || c == 0xa0) {
            if (w.letters + w.odd) all++;
            good += is_word(&w);
            w = (struct word){0};
        } else if (unicode_is_letter(c)) {
            w.letters++;
            w.vowels += is_vowel(c);
            w.odd += c > 0x24f && c < 0x1e00;
        } else if (unicode_is_decimal(c)) {
            w.digits++;
        } else if (c == 0xfffd || c < 0x20 || (c >= 0xe000 && c < 0xf900))
            w.odd++;
    }
    *words = all;
    return all ? (double)good / (double)all : 0;
}

static void emit(struct ingest_tools *t, const struct ingest_unit *u, struct slice html) {
    struct buf title = {.max = 64 * KIB}, author = {.max = 64 * KIB}, date = {.max = 64}, score = {.max = 64};
    size_t words = 0;
    struct slice head = slice_sub(html, 0, slice_find(html, slice_str("<pre>")));
    unescape(slice_sub(cut(head, "<title>", "</title>", false), 0, LIMIT_META_VALUE), &title);
    unescape(slice_sub(cut(head, "name=\"Author\" content=\"", "\"/>", false), 0, LIMIT_META_VALUE), &author);
    struct slice day = day_of(cut(head, "name=\"CreationDate\" content=\"", "\"/>", false), &date);
    buf_clear(&t->more);
    buf_clear(&t->text);
    unescape(cut(html, "<pre>", "</pre>", true), &t->more);
    paragraphs(buf_view(&t->more), &t->text);
    buf_printf(&score, "%.2f", score_of(buf_view(&t->text), &words));
    bool scan = words < LEAST_WORDS || score_of(buf_view(&t->text), &words) < least_score;
    buf_clear(&t->meta);
    ingest_meta(t, "text_layer_score", buf_view(&score));
    struct ingest_item item = {.kind = scan ? INGEST_ITEM_REFUSAL : INGEST_ITEM_DOCUMENT,
                               .upstream = ingest_unit_name(t, u),
                               .title = buf_view(&title),
                               .author = buf_view(&author),
                               .date = day,
                               .text = buf_view(&t->text),
                               .meta = buf_view(&t->meta),
                               .reason = INGEST_SCAN,
                               .why = buf_view(&score)};
    t->emit(t, &item);
    buf_free(&title);
    buf_free(&author);
    buf_free(&date);
    buf_free(&score);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    static const char *const argv[] = {PDFTOTEXT, "-q", "-enc", "UTF-8", "-htmlmeta", "/dev/stdin", "-", NULL};
    struct ingest_child child = {.argv = argv,
                                 .input = buf_view(&u->bytes),
                                 .memory_bytes = GIB,
                                 .cpu_s = t->opt->pdf_seconds > 0 ? t->opt->pdf_seconds : CPU_S};
    child.wall_ms = WALL_FACTOR * 1000 * child.cpu_s;
    buf_clear(&t->scratch);
    buf_clear(&t->err);
    switch (ingest_child_run(&child, &t->scratch, &t->err)) {
    case INGEST_CHILD_OK: emit(t, u, buf_view(&t->scratch)); return;
    case INGEST_CHILD_TIMEOUT: ingest_refuse(t, INGEST_TIMEOUT, slice_of("", 0), "pdftotext took too long"); return;
    case INGEST_CHILD_TOO_MUCH: ingest_refuse(t, INGEST_LARGE, slice_of("", 0), "its text passes a cap"); return;
    case INGEST_CHILD_CANNOT:
    case INGEST_CHILD_FAILED: break;
    }
    bool locked = slice_find(buf_view(&u->bytes), slice_str("/Encrypt")) != SIZE_MAX;
    ingest_refuse(t, locked ? INGEST_LOCKED : INGEST_BAD, slice_of("", 0), buf_cstr(&t->err));
}

const struct ingest_format ingest_pdf = {.name = "pdf", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};
