/*
 * What a page says it is: statements with a space between, each "ld:TYPE" and "microdata:TYPE" (schema.org), "generator:WORD",
 * "meta:citation" (Highwire tags of scholarly publishers), "og:TYPE", in this order.  What they are worth is decided elsewhere.
 */
#include "crawler/page_facts.h"
#include <stdio.h>

enum { STATEMENTS_MAX = 240, WORD_MAX = 40 };

/* A name of letters, digits and a few marks; "" when it is too long or holds anything else. */
static struct slice word_of(struct slice s) {
    size_t n = 0;
    s = slice_trim(s);
    while (n < s.len && (ascii_is_alnum(s.ptr[n]) || strchr("._+-", s.ptr[n]))) n++;
    return slice_sub(s, 0, n <= WORD_MAX ? n : 0);
}

/* "${where}:${word}", unless it is there already. */
static void state(struct buf *out, const char *where, struct slice word) {
    char mine[2 * WORD_MAX];
    struct slice before = buf_view(out), one;
    if (!word.len || out->len + sizeof mine > STATEMENTS_MAX) return;
    snprintf(mine, sizeof mine, "%s:%.*s", where, SLICE_ARG(word));
    while (before.len && slice_cut(&before, ' ', &one))
        if (slice_eq_str(one, mine)) return;
    if (out->len) buf_char(out, ' ');
    buf_str(out, mine);
}

bool page_type_counts(struct slice name) {
    static const char *const others[] = {"QAPage",       "Legislation",       "LegislationObject", "Thesis",
                                         "APIReference", "GovernmentService", "DefinedTerm"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (slice_eq_str(name, others[i])) return true;
    if (slice_eq_str(name, "JobPosting")) return false; /* an offer, not a text that somebody posts */
    return slice_ends(name, slice_str("Article")) || slice_ends(name, slice_str("Posting"));
}

/* itemtype="https://schema.org/BlogPosting" of the first elements that are items themselves, not properties of one. */
static void microdata(const struct page_job *j, struct buf *out) {
    const struct page_tree *t = j->tree;
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (t->nodes[i].tag == TAG_TEXT || !t->nodes[i].len) continue;
        struct slice type = slice_trim(page_attr(t, i, ATTR_ITEMTYPE));
        size_t at = slice_find(type, slice_str("schema.org/"));
        if (at == SIZE_MAX || page_attr(t, i, ATTR_ITEMPROP).len) continue;
        struct slice name = word_of(slice_sub(type, at + strlen("schema.org/"), type.len));
        if (page_type_counts(name)) state(out, "microdata", name);
    }
}

void page_read_type(struct page_job *j, const struct page_facts *f) {
    struct buf out = {.max = 4096};
    for (size_t i = 0; i < f->ld.n_types; i++) state(&out, "ld", word_of(f->ld.types[i]));
    microdata(j, &out);
    state(&out, "generator", word_of(f->meta[META_GENERATOR]));
    if (f->meta[META_CITATION].len) state(&out, "meta", slice_str("citation"));
    state(&out, "og", word_of(f->meta[META_TYPE]));
    j->page->declared_type = page_keep(j, buf_view(&out));
    buf_free(&out);
}
