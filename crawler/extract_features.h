#ifndef VILLERS_CRAWLER_EXTRACT_FEATURES_H
#define VILLERS_CRAWLER_EXTRACT_FEATURES_H
/*
 * Each block as a row of numbers: what it says itself, where it stands, what stands around it.  Private to crawler/extract*.c.
 */
#include "crawler/extract_blocks.h"
#include "crawler/extract_cues.h"

/* Bits of what a block stands in, by its ancestors' tags. */
/* clang-format off */
#define EXTRACT_PLACES(X)                                                                                                          \
    X(NAV) X(ASIDE) X(FOOTER) X(HEADER) X(FORM) X(ARTICLE) X(MAIN) X(FIGURE) X(TABLE) X(LIST) X(QUOTE) X(HIDDEN) X(ITEMPROP)
/* clang-format on */
enum extract_place {
#define X(name) PLACE_##name,
    EXTRACT_PLACES(X)
#undef X
        PLACE_COUNT
};

/* The block itself. */
/* clang-format off */
#define EXTRACT_OWN_FEATURES(X)                                                                                                    \
    X(bytes)                                                                                                                       \
    X(words)                                                                                                                       \
    X(link_density)                                                                                                                \
    X(links)                                                                                                                       \
    X(stops)                                                                                                                       \
    X(promo)                                                                                                                       \
    X(legal)                                                                                                                       \
    X(meta) X(punct) X(ends_sentence) X(ends_other) X(upper) X(digits) X(word_bytes) X(first_lower) X(is_p) X(is_heading)          \
        X(is_item) X(is_cell) X(is_other) X(is_pre) X(heading_level) X(same_title) X(has_copyright) X(quotes) X(breaks) X(opening) X(is_date) X(copies)
/* clang-format on */
/* Where it is. */
/* clang-format off */
#define EXTRACT_PLACE_FEATURES(X)                                                                                                  \
    X(position)                                                                                                                    \
    X(from_h1)                                                                                                                     \
    X(depth)                                                                                                                       \
    X(in_top)                                                                                                                      \
    X(in_top75)                                                                                                                    \
    X(in_top90)                                                                                                                    \
    X(top_distance)                                                                                                                \
    X(parent_share) X(parent_links) X(parent_good) X(parent_blocks) X(grand_share) X(grand_links) X(grand_good) X(group_size)      \
        X(group_bytes) X(group_links) X(page_bytes) X(good_share) X(before_good) X(after_good) X(outside_main) X(outside_article) X(in_comment) X(in_card) X(standfirst)
/* clang-format on */
/* Its neighbours. */
/* clang-format off */
#define EXTRACT_NEAR_FEATURES(X)                                                                                                   \
    X(prev_bytes) X(next_bytes) X(prev_links) X(next_links) X(prev_heading) X(next_heading) X(next_text_bytes) X(next_text_links)
/* clang-format on */
enum extract_feature {
#define X(name) F_##name,
    EXTRACT_OWN_FEATURES(X) EXTRACT_PLACE_FEATURES(X) EXTRACT_NEAR_FEATURES(X)
#undef X
        F_near_cues, /* CUE_COUNT bits: of the block's element and the two above it */
    F_path_cues = F_near_cues + CUE_COUNT,
    F_places = F_path_cues + CUE_COUNT,
    FEATURES = F_places + PLACE_COUNT
};

struct node_facts {
    uint32_t before;     /* blocks that begin before this node; those under it are [before of it, before of its end) */
    uint32_t up;         /* nearest ancestor that holds more blocks */
    uint32_t cues, path; /* its own cues, and with its ancestors' */
    uint32_t places;     /* with its ancestors' */
    uint64_t shape;      /* what two elements printed by the same template share: tag and class, hashed */
    uint8_t aside;       /* enum extract_aside bits, with its ancestors' */
    bool card;           /* a linked headline with a few words, in a row of its like */
};

/* What a region is when it is not the page's own text. */
enum extract_aside { ASIDE_COMMENT = 1, ASIDE_CARD = 2, ASIDE_NAMED = 4 };

struct block_sums { /* over the blocks before this one */
    uint32_t bytes, links, good;
};

struct block_group { /* blocks whose element and parent look alike */
    uint32_t n, bytes, links;
    float weight, score; /* room for extract.c */
};

struct features {
    struct extract_cues *cues; /* borrowed */
    float *rows;               /* owned, as all below; FEATURES a block */
    struct node_facts *nodes;  /* one more than nodes */
    struct block_sums *sums;   /* one more than blocks */
    uint32_t *group_of;        /* of each block, in groups */
    struct block_group *groups;
    size_t cap_blocks, cap_nodes, n_groups;
    uint8_t dropped; /* which kinds of enum extract_aside stand beside the page's own text, and are not it */
    bool forum;      /* known to be a page of posts; the caller says */
    bool loose;      /* the page has little prose: every line that is no link counts as good text */
    uint32_t held;   /* places (MAIN, ARTICLE) that hold half of the page's good text */
    uint32_t good;   /* bytes of good text on the page */
    uint32_t top[3]; /* the innermost nodes that hold 50, 75 and 90 % of the good text */
};

void features_init(struct features *f, struct extract_cues *cues);
void features_free(struct features *f);
/** features_read(f, t, b, title): the rows of all blocks.  ${title} is the page's, or "".  False without memory.  O(nodes + text). */
bool features_read(struct features *f, const struct page_tree *t, const struct blocks *b, struct slice title) MUST_CHECK;
static inline float *features_row(const struct features *f, size_t i) { return f->rows + i * FEATURES; }

/** regions_read(f, t, b): nodes, sums, held, good, dropped and top of ${f}, from the blocks' own features.  False without memory.  O(nodes). */
bool regions_read(struct features *f, const struct page_tree *t, const struct blocks *b) MUST_CHECK;
/** regions_under(f, t, node): how many blocks stand under ${node}. */
uint32_t regions_under(const struct features *f, const struct page_tree *t, uint32_t node);
/** regions_sums(f, t, node): the sums over the blocks under ${node}. */
struct block_sums regions_sums(const struct features *f, const struct page_tree *t, uint32_t node);

#endif
