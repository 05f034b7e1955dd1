#ifndef VILLERS_CRAWLER_PAGE_STATEMENT_H
#define VILLERS_CRAWLER_PAGE_STATEMENT_H
/*
 * What a licence on a page is said of: the page, or a picture, some code, another's text, a reader's comment.
 * Private to crawler/page*.c.
 */
#include "crawler/page_tree.h"

#define STATEMENT_MAX 1500 /* bytes of a paragraph that can be a licence statement */

enum statement_place {
    STATEMENT_BODY,
    STATEMENT_FOOTER,   /* where a site speaks of itself */
    STATEMENT_ELSEWHERE /* a picture's legend, a quotation, a comment, a list of other pages: never said of this one */
};
/** statement_place(t, i): where node ${i} stands.  O(depth). */
enum statement_place statement_place(const struct page_tree *t, size_t i);
/** statement_of_picture(t, i): node ${i} is in a figure, or in an element that speaks of a picture, a film or a recording. */
bool statement_of_picture(const struct page_tree *t, size_t i);

/* The paragraph around a node, white space collapsed; [at, to) is the node's own text. */
struct statement {
    struct buf whole;
    size_t at, to;
};
/** statement_read(t, i, s): initialise ${s} with the block around node ${i}; s->whole is the caller's to free.  O(STATEMENT_MAX). */
void statement_read(const struct page_tree *t, size_t i, struct statement *s);
/**
 * statement_is_credit(whole, at, to, code):
 * Whether what is said at [at, to) of the paragraph ${whole} is said of a thing on the page and not of its text: looked at in its clause,
 * then its sentence, then the paragraph.  ${code}: a licence for programs, which is one unless the sentence names a text.  O(length).
 */
bool statement_is_credit(struct slice whole, size_t at, size_t to, bool code);
/** statement_offers(before): "… sous licence", "… under the terms of", "Licence :": the words just before a link offer something. */
bool statement_offers(struct slice before);
/** statement_sentence(s, at): the sentence of ${s} around byte ${at}; ends where the next begins or at the end. */
struct slice statement_sentence(struct slice s, size_t at);
/** statement_first_word(s, words): offset of the first word that begins like one of ${words} (NULL at the end), or SIZE_MAX. */
size_t statement_first_word(struct slice s, const char *const *words);

#endif
