/*
 * Pages and plain text.  A page's rights and licence are judged as a crawl judges them, by what stands in it; a text has none of its own.
 * Books of Project Gutenberg come with a header and a licence of theirs, which are cut: the text between the two marks is the book.
 */
#include "base/limits.h"
#include "crawler/charset.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_page.h"
#include "crawler/ingest_xml.h"

#include <stdio.h>

/* ---- HTML ---- */

static bool sniff_html(struct slice head, struct slice name) {
    struct slice s = slice_trim(head);
    if (slice_starts(s, slice_str("\xef\xbb\xbf"))) s = slice_trim(slice_sub(s, 3, s.len));
    return slice_starts_nocase(s, slice_str("<!doctype html")) || slice_starts_nocase(s, slice_str("<html")) ||
           ((ingest_name_has(name, ".html") || ingest_name_has(name, ".htm") || ingest_name_has(name, ".xhtml")) &&
            !ingest_is_binary(head)) ||
           (slice_starts(s, slice_str("<?xml")) && slice_eq_str(ingest_xml_root(s), "html"));
}

static void convert_html(struct ingest_tools *t, const struct ingest_unit *u) {
    struct ingest_page p = {.body = buf_view(&u->bytes), .html = true, .upstream = ingest_unit_name(t, u)};
    ingest_page(t, &p);
}

const struct ingest_format ingest_html = {.name = "html", .split = INGEST_WHOLE, .sniff = sniff_html, .convert = convert_html};

/* ---- text ---- */

static bool sniff_text(struct slice head, struct slice name) {
    (void)name;
    struct slice s = slice_trim(head);
    return s.len && !ingest_is_binary(head) && s.ptr[0] != '<' && !ingest_name_has(name, ".xml") &&
           !ingest_name_has(name, ".dtd") && !ingest_name_has(name, ".xsd");
}

/* Lines that a hard margin broke run on: a line that is followed by another one without an empty line between them and is nearly
   as long as the longest. */
static void unwrap(struct slice text, struct buf *out) {
    struct slice rest = text, line;
    bool begun = false;
    while (slice_cut(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (!line.len) {
            if (begun) buf_char(out, '\n');
            begun = false;
            continue;
        }
        if (begun) buf_char(out, ' ');
        buf_slice(out, line);
        begun = true;
    }
}

static bool to_utf8(struct ingest_tools *t, const struct ingest_unit *u) {
    struct charset_result charset;
    buf_clear(&t->scratch);
    if (charset_to_utf8(buf_view(&u->bytes), slice_of("", 0), false, &t->scratch, &charset, &t->err) == ST_OK) return true;
    ingest_refuse(t, INGEST_LARGE, slice_of("", 0), buf_cstr(&t->err));
    return false;
}

static void convert_text(struct ingest_tools *t, const struct ingest_unit *u) {
    if (!to_utf8(t, u)) return;
    struct slice text = slice_trim(buf_view(&t->scratch)), line = text, rest = text;
    (void)slice_cut(&rest, '\n', &line);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = ingest_unit_name(t, u),
                               .title = line.len <= 200 ? slice_trim(line) : slice_of("", 0),
                               .text = text};
    t->emit(t, &item);
}

const struct ingest_format ingest_text = {.name = "text", .split = INGEST_WHOLE, .sniff = sniff_text, .convert = convert_text};

/* ---- Project Gutenberg ---- */

static bool sniff_gutenberg(struct slice head, struct slice name) {
    (void)name;
    return slice_find(head, slice_str("Project Gutenberg")) != SIZE_MAX &&
           (slice_find(head, slice_str("*** START OF")) != SIZE_MAX || slice_find(head, slice_str("***START OF")) != SIZE_MAX ||
            slice_find(head, slice_str("*END*THE SMALL PRINT")) != SIZE_MAX || slice_find(head, slice_str("\nTitle:")) != SIZE_MAX);
}

/* "Title: …" of the header, in one line; a field goes on over lines that are indented. */
static struct slice field(struct slice header, const char *name, struct buf *out) {
    struct slice rest = header, line;
    buf_clear(out);
    while (slice_cut(&rest, '\n', &line)) {
        if (!slice_starts_nocase(line, slice_str(name))) continue;
        buf_slice(out, slice_trim(slice_sub(line, strlen(name), line.len)));
        while (slice_cut(&rest, '\n', &line) && line.len > 1 && line.ptr[0] == ' ' && slice_trim(line).len) {
            buf_char(out, ' ');
            buf_slice(out, slice_trim(line));
        }
        break;
    }
    return buf_view(out);
}

/* The end of the line in which ${mark} stands, or SIZE_MAX. */
static size_t after_line(struct slice s, const char *mark) {
    size_t at = slice_find(s, slice_str(mark));
    if (at == SIZE_MAX) return SIZE_MAX;
    size_t nl = slice_find_char(slice_sub(s, at, s.len), '\n');
    return nl == SIZE_MAX ? s.len : at + nl + 1;
}

static void book_bounds(struct slice s, size_t *from, size_t *to) {
    static const char *const begins[] = {"*** START OF", "***START OF", "*END*THE SMALL PRINT", "*END THE SMALL PRINT"};
    static const char *const ends[] = {"*** END OF", "***END OF", "End of the Project Gutenberg", "End of Project Gutenberg",
                                       "End of The Project Gutenberg"};
    *from = 0;
    *to = s.len;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        size_t at = after_line(s, begins[i]);
        if (at != SIZE_MAX && at > *from) *from = at;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t at = slice_find(slice_sub(s, *from, s.len), slice_str(ends[i]));
        if (at != SIZE_MAX && *from + at < *to) *to = *from + at;
    }
}

/* "[eBook #13951]", "Etext #13951", or the digits of the file's name. */
static void number_of(struct slice header, struct slice name, struct buf *out) {
    size_t at = slice_find_nocase(header, slice_str("book #"));
    if (at != SIZE_MAX) at += 6;
    if (at == SIZE_MAX && (at = slice_find_nocase(header, slice_str("etext #"))) != SIZE_MAX) at += 7;
    struct slice digits = at == SIZE_MAX ? ingest_path_base(name) : slice_sub(header, at, header.len);
    size_t i = 0;
    while (at == SIZE_MAX && i < digits.len && !ascii_is_digit(digits.ptr[i])) i++;
    buf_clear(out);
    for (; i < digits.len && ascii_is_digit(digits.ptr[i]) && out->len < 9; i++) buf_char(out, digits.ptr[i]);
}

static void convert_gutenberg(struct ingest_tools *t, const struct ingest_unit *u) {
    struct buf title = {.max = 8192}, author = {.max = 8192}, language = {.max = 256}, id = {.max = 64}, url = {.max = 256};
    size_t from, to;
    if (!to_utf8(t, u)) return;
    struct slice all = buf_view(&t->scratch);
    book_bounds(all, &from, &to);
    struct slice header = slice_sub(all, 0, from ? from : 4096);
    buf_clear(&t->text);
    unwrap(slice_sub(all, from, to), &t->text);
    number_of(header, ingest_unit_name(t, u), &id);
    if (id.len) buf_printf(&url, "https://www.gutenberg.org/ebooks/%s", buf_cstr(&id));
    struct slice lang = field(header, "Language:", &language);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = id.len ? buf_view(&id) : ingest_unit_name(t, u),
                               .url = buf_view(&url),
                               .title = field(header, "Title:", &title),
                               .author = field(header, "Author:", &author),
                               .site = slice_str("Project Gutenberg"),
                               .language = slice_starts_nocase(lang, slice_str("French"))    ? slice_str("fr")
                                           : slice_starts_nocase(lang, slice_str("English")) ? slice_str("en")
                                                                                             : slice_of("", 0),
                               .text = buf_view(&t->text)};
    t->emit(t, &item);
    buf_free(&title);
    buf_free(&author);
    buf_free(&language);
    buf_free(&id);
    buf_free(&url);
}

const struct ingest_format ingest_gutenberg = {
    .name = "gutenberg", .split = INGEST_WHOLE, .sniff = sniff_gutenberg, .convert = convert_gutenberg};
