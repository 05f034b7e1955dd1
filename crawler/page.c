/*
 * page_read(): the order in which a page is read.
 */
#include "crawler/page.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/extract.h"
#include "crawler/page_facts.h"
#include "crawler/page_strip.h"
#include <limits.h>
#include <stdlib.h>

#define DEFAULT_BUDGET_MS 200
#define UNITS_A_MS 1000

struct page_reader {
    struct page_tree tree;
    struct arena *arena;
    struct json_parser *json;
    struct extractor *extractor;
    struct page_stripped stripped;
    struct buf repaired; /* the page's bytes, when they had to be put right */
    struct buf scratch;
    struct buf text; /* page->text */
};

struct page_reader *page_reader_new(void) {
    struct page_reader *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    page_tree_init(&r->tree);
    page_stripped_init(&r->stripped);
    buf_init(&r->repaired, 3 * LIMIT_BODY_PLAIN);
    buf_init(&r->scratch, 3 * LIMIT_BODY_PLAIN);
    r->arena = arena_new(LIMIT_PAGE_ARENA);
    buf_init(&r->text, LIMIT_TEXT);
    r->json = json_parser_new(LIMIT_JSONLD);
    r->extractor = extractor_new();
    if (r->arena && r->json && r->extractor) return r;
    page_reader_free(r);
    return NULL;
}

void page_reader_free(struct page_reader *r) {
    if (!r) return;
    page_tree_free(&r->tree);
    arena_free(r->arena);
    json_parser_free(r->json);
    extractor_free(r->extractor);
    buf_free(&r->text);
    page_stripped_free(&r->stripped);
    buf_free(&r->repaired);
    buf_free(&r->scratch);
    free(r);
}

/* libxml2 takes a NUL for the end of the page, and one bad byte for a reason to read the rest as Latin-1. */
static enum status make_clean(struct page_reader *r, struct slice in, struct buf *err) {
    buf_clear(&r->repaired);
    if (!utf8_valid(in)) {
        (void)utf8_repair(&r->repaired, in);
        in = buf_view(&r->repaired);
    }
    page_strip(&r->stripped, in);
    const struct buf *html = &r->stripped.html;
    if (!buf_ok(html) || !buf_ok(&r->repaired)) return fail(err, ST_SKIP, "page is over the cap of %zu bytes", html->max);
    return ST_OK;
}

static void set_empty(struct page *p) {
    memset(p, 0, sizeof *p);
    struct slice none = slice_of("", 0);
    p->canonical = p->refresh = none;
    p->licence = (struct page_licence){none, none, ""};
    p->title = p->author = p->site = p->date = p->declared_language = p->declared_type = p->text = none;
}

enum status page_read(struct page_reader *r, struct slice utf8, const struct page_options *opt, struct page *page,
                      struct buf *err) {
    set_empty(page);
    arena_reset(r->arena);
    if (utf8.len > LIMIT_BODY_PLAIN)
        return fail(err, ST_SKIP, "page of %zu bytes is over the cap of %zu", utf8.len, LIMIT_BODY_PLAIN);
    enum status st = make_clean(r, utf8, err);
    if (st != ST_OK) return st;
    uint64_t budget = (uint64_t)(opt->budget_ms > 0 ? opt->budget_ms : DEFAULT_BUDGET_MS) * UNITS_A_MS;
    st = page_tree_build(&r->tree, &r->stripped, budget, err);
    if (st != ST_OK) return st;
    page->coarse = r->tree.cut;
    struct page_job j = {.tree = &r->tree,
                         .opt = opt,
                         .arena = r->arena,
                         .page = page,
                         .json = r->json,
                         .address = slice_of("", 0),
                         .label = slice_of("", 0),
                         .cues = extractor_cues(r->extractor),
                         .bytes = utf8,
                         .scratch = r->scratch};
    page_read_links(&j);
    struct page_facts facts;
    page_read_metadata(&j, &facts);
    page_read_licence(&j, &facts);
    r->scratch = j.scratch;
    if (opt->want_text) {
        buf_clear(&r->text);
        if (!extract_text(r->extractor, &r->tree, facts.html_title, facts.ld.forum, &r->text))
            return fail(err, ST_SKIP, "the page's text is over the cap of %zu bytes", LIMIT_TEXT);
        page->text = buf_view(&r->text);
    }
    if (arena_failed(r->arena)) return fail(err, ST_SKIP, "page needs more than %zu bytes of memory", LIMIT_PAGE_ARENA);
    return ST_OK;
}
