#ifndef VILLERS_CRAWLER_EXTRACT_CUES_H
#define VILLERS_CRAWLER_EXTRACT_CUES_H
/*
 * What the words of an element's class, id and other names tell of its role, in the languages of the web's templates: English and
 * French first, then German, Spanish and Italian.  A cue is a hint to be weighed, never a verdict.  Private to crawler/extract*.c.
 */
#include "base/slice.h"

#define EXTRACT_CUES(X)                                                                                                            \
    X(CORE)    /* entry-content, article-body: a name of both the whole and its text */                                            \
    X(BODY)    /* content, body, texte */                                                                                          \
    X(ARTICLE) /* article, post, story */                                                                                          \
    X(LEAD)    /* chapo, standfirst */                                                                                             \
    X(TITLE)   /* headline, titre */                                                                                               \
    X(META)    /* date, tags, reading time */                                                                                      \
    X(AUTHOR)  /* byline, about the author */                                                                                      \
    X(CAPTION) /* legend, credit, gallery */                                                                                       \
    X(COMMENT) /* comments, replies */                                                                                             \
    X(SHARE)   /* social buttons */                                                                                                \
    X(RELATED) /* read also, most read */                                                                                          \
    X(LISTING) /* cards, teasers, feeds */                                                                                         \
    X(TEASER)  /* teaser, preview */                                                                                               \
    X(NAV)     /* menus, breadcrumbs, pagers */                                                                                    \
    X(HEADER)  /* masthead, banner */                                                                                              \
    X(FOOTER)  /* footer, legal */                                                                                                 \
    X(SIDE)    /* sidebar, rail */                                                                                                 \
    X(SLOT)    /* box, widget, column: a place of a template */                                                                    \
    X(COOKIE)  /* consent to cookies */                                                                                            \
    X(CONSENT) /* modal, overlay, alert */                                                                                         \
    X(AD)      /* advertisement, sponsor */                                                                                        \
    X(SIGNUP)  /* newsletter, subscribe, login, search */                                                                          \
    X(HIDDEN)  /* hidden, screen-reader only */                                                                                    \
    X(NOTE)    /* footnotes, references, infobox */                                                                                \
    X(FORUM)   /* of the whole page: its posts are its text */

enum extract_cue {
#define X(name) CUE_##name,
    EXTRACT_CUES(X)
#undef X
        CUE_COUNT
};
#define CUE_BIT(name) (1u << CUE_##name)

struct extract_cues; /* a hash table of words, and what was lately asked of it; one a reader, not thread-safe */
struct extract_cues *extract_cues_new(void);
void extract_cues_free(struct extract_cues *c);
/** extract_cues_of(c, names): the cues of all words in ${names}; words end at a non-letter and where "camelCase" turns.  O(length). */
uint32_t extract_cues_of(struct extract_cues *c, struct slice names);

/* What the words of a text tell: three counts over a hash table of common words. */
enum extract_lexicon {
    LEX_STOP,  /* function words of French, English, German, Spanish, Italian, Dutch, Portuguese */
    LEX_PROMO, /* cookies, newsletter, subscribe, partager */
    LEX_LEGAL, /* copyright, reserved, réservés */
    LEX_META,  /* published, publié, updated, photo, credit */
    LEX_COUNT
};
/** extract_cues_lexicon(c, text, counts): add to ${counts} how many words of ${text} are in each list.  O(length). */
void extract_cues_lexicon(const struct extract_cues *c, struct slice text, uint32_t counts[LEX_COUNT]);

/* What a line's first words announce. */
enum extract_opening {
    OPENING_NONE,
    OPENING_INVITES, /* another page, a subscription: "Lire aussi", "Read more", "Abonnez-vous" */
    OPENING_CREDITS  /* a picture's maker: "Photo :", "Crédit", "©" */
};
enum extract_opening extract_cues_opening(const struct extract_cues *c, struct slice text);

#endif
