/*
 * Title, author, site and language of a page.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/page_read.h"

static void read_title(struct page_job *j) {
    const struct page_tree *t = j->tree;
    size_t i = page_first(t, 0, t->n_nodes, TAG_title);
    if (i == SIZE_MAX) return;
    buf_clear(&j->scratch);
    page_inner_text(t, i, &j->scratch, LIMIT_META_VALUE);
    j->page->title = page_keep(j, buf_view(&j->scratch));
}

static void read_language(struct page_job *j) {
    const struct page_tree *t = j->tree;
    size_t i = page_first(t, 0, t->n_nodes, TAG_html);
    if (i == SIZE_MAX) return;
    struct slice lang = page_attr(t, i, ATTR_LANG);
    if (!lang.len) lang = page_attr(t, i, ATTR_XML_LANG);
    j->page->declared_language = page_keep(j, lang);
}

void page_read_metadata(struct page_job *j) {
    read_title(j);
    read_language(j);
}
