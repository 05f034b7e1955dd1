/*
 * What each element of a page is to its text.  Everything about the text under a node comes from running sums over the blocks, so
 * that the whole is linear.
 *
 * Prose alone does not tell the text from what stands around it: comments, teasers of other pages and sidebars are prose too, and
 * often more of it.  So the page's prose is found in three steps, each kept only when enough is left after it: without what repeats
 * (comments, cards), without what stands aside by its name, and then the elements that hold most of what remains are
 * what they hold, whatever their names.
 */
#include "base/hash.h"
#include "base/map64.h"
#include "crawler/extract_features.h"
#include <stdlib.h>

#define GOOD_BYTES 80u /* a block of so many bytes outside links, with a sentence's punctuation, is good text */
/* With less good text in all than this, a consent banner can hold most of it. */
#define MUCH_GOOD 1000u
/* A page's own prose: with less beside its comments, cards and sidebars, these are what it is about. */
#define LEFT_BY_COMMENTS 250u
#define LEFT_BY_CARDS 400u
#define OUTERMOST 2000u /* nodes before which a page's body begins */
#define LEFT_BY_ASIDES 300u

#define PLACE_BIT(name) (1u << PLACE_##name)

/* ---- sums ---- */

static bool is_good(const struct block *k, const float *r) {
    uint32_t own = k->len - k->link_bytes;
    return own >= GOOD_BYTES && r[F_is_heading] <= 0 && r[F_punct] >= 1 && k->link_bytes * 5 < k->len * 2;
}

/* A line that is no link: what a page of lists and short lines has instead of prose. */
static bool is_line(const struct block *k, const float *r) {
    return k->len >= 15 && r[F_is_heading] <= 0 && k->link_bytes * 10 < k->len * 3;
}

/* Sum again, counting as good only what of it is not in ${without}. */
static void sum_blocks(struct features *f, const struct blocks *b, uint32_t without) {
    struct block_sums at = {0};
    for (size_t i = 0; i < b->n; i++) {
        const struct block *k = &b->items[i];
        f->sums[i] = at;
        at.bytes += k->len;
        at.links += k->link_bytes;
        const float *r = features_row(f, i);
        if ((f->loose ? is_line(k, r) : is_good(k, r)) && !(f->nodes[k->node].aside & without)) at.good += k->len - k->link_bytes;
    }
    f->sums[b->n] = at;
}

uint32_t regions_under(const struct features *f, const struct page_tree *t, uint32_t node) {
    return f->nodes[t->nodes[node].end].before - f->nodes[node].before;
}

struct block_sums regions_sums(const struct features *f, const struct page_tree *t, uint32_t node) {
    const struct block_sums *a = &f->sums[f->nodes[node].before], *z = &f->sums[f->nodes[t->nodes[node].end].before];
    return (struct block_sums){z->bytes - a->bytes, z->links - a->links, z->good - a->good};
}

/* ---- names ---- */

static uint32_t places_of_tag(uint8_t tag) {
    switch (tag) {
    case TAG_nav: return PLACE_BIT(NAV);
    case TAG_aside: return PLACE_BIT(ASIDE);
    case TAG_footer: return PLACE_BIT(FOOTER);
    case TAG_header: return PLACE_BIT(HEADER);
    case TAG_form:
    case TAG_fieldset: return PLACE_BIT(FORM);
    case TAG_article: return PLACE_BIT(ARTICLE);
    case TAG_main: return PLACE_BIT(MAIN);
    case TAG_figure:
    case TAG_figcaption: return PLACE_BIT(FIGURE);
    case TAG_table: return PLACE_BIT(TABLE);
    case TAG_ul:
    case TAG_ol:
    case TAG_dl: return PLACE_BIT(LIST);
    case TAG_blockquote: return PLACE_BIT(QUOTE);
    default: return 0;
    }
}

static uint32_t places_of_role(struct slice role) {
    static const struct {
        struct slice role;
        uint32_t place;
    } roles[] = {{SLICE_LIT("navigation"), PLACE_BIT(NAV)},     {SLICE_LIT("complementary"), PLACE_BIT(ASIDE)},
                 {SLICE_LIT("contentinfo"), PLACE_BIT(FOOTER)}, {SLICE_LIT("banner"), PLACE_BIT(HEADER)},
                 {SLICE_LIT("search"), PLACE_BIT(FORM)},        {SLICE_LIT("main"), PLACE_BIT(MAIN)},
                 {SLICE_LIT("article"), PLACE_BIT(ARTICLE)},    {SLICE_LIT("dialog"), PLACE_BIT(HIDDEN)}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (slice_eq_nocase(role, roles[i].role)) return roles[i].place;
    return 0;
}

static bool style_hides(struct slice style) {
    size_t at = slice_find_nocase(style, slice_str("display"));
    if (at == SIZE_MAX) return false;
    struct slice rest = slice_trim(slice_sub(style, at + 7, style.len));
    return rest.len && rest.ptr[0] == ':' && slice_starts_nocase(slice_trim(slice_sub(rest, 1, rest.len)), slice_str("none"));
}

static void read_names(struct features *f, const struct page_tree *t, uint32_t i) {
    const struct page_node *n = &t->nodes[i];
    uint32_t cues = 0, places = places_of_tag(n->tag);
    struct slice class = slice_of("", 0);
    for (uint32_t a = n->at; a < n->at + n->len; a++) {
        struct slice v = slice_of(buf_cstr(&t->values) + t->attrs[a].at, t->attrs[a].len);
        switch (t->attrs[a].name) {
        case ATTR_ITEMPROP:
            if (slice_eq_nocase(v, slice_str("articleBody"))) places |= PLACE_BIT(ITEMPROP);
            cues |= extract_cues_of(f->cues, v);
            break;
        case ATTR_ROLE: places |= places_of_role(v); /* fall through */
        case ATTR_CLASS:
            if (t->attrs[a].name == ATTR_CLASS) class = v; /* fall through */
        case ATTR_ID: cues |= extract_cues_of(f->cues, v); break;
        case ATTR_HIDDEN: places |= PLACE_BIT(HIDDEN); break;
        case ATTR_ARIA_HIDDEN:
            if (slice_eq_nocase(v, slice_str("true"))) places |= PLACE_BIT(HIDDEN);
            break;
        case ATTR_STYLE:
            if (style_hides(v)) places |= PLACE_BIT(HIDDEN);
            break;
        default: break;
        }
    }
    if (n->tag == TAG_body || n->tag == TAG_html) cues = 0;
    f->nodes[i].shape = hash64_seed(class, n->tag);
    f->nodes[i].cues = cues;
    f->nodes[i].places = places;
}

static void read_elements(struct features *f, const struct page_tree *t, const struct blocks *b) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i <= t->n_nodes; i++) {
        while (seen < b->n && b->items[seen].first < i) seen++;
        f->nodes[i] = (struct node_facts){.before = seen};
    }
    for (uint32_t i = 1; i < t->n_nodes; i++) {
        uint32_t mine = t->nodes[i].tag == TAG_TEXT ? 0 : regions_under(f, t, i), up = t->nodes[i].parent;
        if (!mine) continue;
        f->nodes[i].up = regions_under(f, t, up) > mine ? up : f->nodes[up].up;
        read_names(f, t, i);
    }
}

/* ---- cards ---- */

#define CARD_BLOCKS 12u
#define CARD_GOOD 700u
#define CARDS_IN_A_ROW 3u

/* A linked headline with a few words about it. */
static bool is_card(const struct features *f, const struct page_tree *t, const struct blocks *b, uint32_t node) {
    uint32_t first = f->nodes[node].before, end = f->nodes[t->nodes[node].end].before;
    if (end - first < 2 || end - first > CARD_BLOCKS || regions_sums(f, t, node).good > CARD_GOOD) return false;
    if (f->nodes[node].cues & CUE_BIT(TEASER)) return true;
    /* its heading leads away, or, without one, its first words do */
    const struct block *head = NULL;
    for (uint32_t i = first; i < end; i++) {
        const struct block *k = &b->items[i];
        bool heading = features_row(f, i)[F_is_heading] > 0;
        if (!head && (heading || (k->words >= 3 && k->len >= 15))) head = k;
        if (heading) {
            head = k;
            break;
        }
    }
    return head && head->away && head->link_bytes * 10 >= head->len * 8 && head->len >= 15;
}

static bool can_be_card(uint8_t tag) {
    return tag == TAG_li || tag == TAG_div || tag == TAG_article || tag == TAG_section || tag == TAG_dd || tag == TAG_a;
}

/* Mark the cards that stand in a row of their like; an article within an article is one alone. */
static bool mark_cards(struct features *f, const struct page_tree *t, const struct blocks *b) {
    struct map64 rows = {0};
    bool ok = true;
    for (int pass = 0; pass < 2 && ok; pass++) {
        for (uint32_t i = 1; i < t->n_nodes && ok; i++) {
            if (!can_be_card(t->nodes[i].tag) || (pass ? !f->nodes[i].card : !is_card(f, t, b, i))) continue;
            uint64_t key = f->nodes[i].shape * 31 + t->nodes[i].parent, n = 0;
            (void)map64_get(&rows, key, &n);
            if (!pass) {
                f->nodes[i].card = true;
                ok = map64_put(&rows, key, n + 1);
            } else if (n < CARDS_IN_A_ROW) {
                f->nodes[i].card = false;
            }
        }
    }
    map64_free(&rows);
    return ok;
}

/* ---- which prose is the page's ---- */

#define ASIDE_PLACES (PLACE_BIT(NAV) | PLACE_BIT(ASIDE) | PLACE_BIT(FOOTER) | PLACE_BIT(HIDDEN))
#define ASIDE_CUES                                                                                                                 \
    (CUE_BIT(SIDE) | CUE_BIT(RELATED) | CUE_BIT(COOKIE) | CUE_BIT(NAV) | CUE_BIT(FOOTER) | CUE_BIT(SIGNUP) | CUE_BIT(AUTHOR))

/* The block that is the page's heading, or SIZE_MAX: what is around it is not around the text. */
static size_t find_heading(const struct features *f, const struct blocks *b) {
    for (size_t i = 0; i < b->n; i++) {
        const float *r = features_row(f, i);
        if (r[F_is_heading] > 0 && r[F_same_title] > 0) return i;
    }
    return SIZE_MAX;
}

static bool holds(const struct features *f, const struct page_tree *t, uint32_t node, size_t block) {
    return block != SIZE_MAX && block >= f->nodes[node].before && block < f->nodes[t->nodes[node].end].before;
}

#define SIBLINGS 100u /* looked at */

/* A box among paragraphs, as manuals and magazines have them, is of the text: a site's sidebar stands beside a column, not beside its lines. */
static bool is_inset(const struct features *f, const struct page_tree *t, uint32_t node) {
    uint32_t up = t->nodes[node].parent, lines = 0, seen = 0;
    struct block_sums own = regions_sums(f, t, node);
    if (own.links * 4 > own.bytes) return false;
    for (uint32_t c = up + 1; c < t->nodes[up].end && seen < SIBLINGS && lines < 2; c = t->nodes[c].end, seen++)
        lines += c != node && t->nodes[c].tag != TAG_TEXT && regions_under(f, t, c) == 1 && regions_sums(f, t, c).good > 0;
    return lines >= 2;
}

/* What each node is beside the text, as far as names and rows tell, with its ancestors'. */
static void mark_asides(struct features *f, const struct page_tree *t, size_t heading) {
    uint32_t all = f->sums[f->nodes[t->n_nodes].before].good;
    for (uint32_t i = 1; i < t->n_nodes; i++) {
        struct node_facts *k = &f->nodes[i];
        k->aside = f->nodes[t->nodes[i].parent].aside;
        if (t->nodes[i].tag == TAG_TEXT || !regions_under(f, t, i)) continue;
        if (k->card) k->aside |= ASIDE_CARD;
        if (holds(f, t, i, heading) || t->nodes[i].tag == TAG_main) continue;
        if (k->cues & CUE_BIT(SIDE) && is_inset(f, t, i)) k->cues &= ~CUE_BIT(SIDE);
        if (k->cues & CUE_BIT(COMMENT)) k->aside |= ASIDE_COMMENT;
        bool most = regions_sums(f, t, i).good * 10 > all * 9;
        if (!most && (k->places & ASIDE_PLACES || k->cues & ASIDE_CUES)) k->aside |= ASIDE_NAMED;
    }
}

/* Leave ${kind} out of the good text when at least ${least} bytes and one part in ${part} of it are left. */
static void leave_out(struct features *f, const struct blocks *b, uint32_t kind, uint32_t least, uint32_t part) {
    uint32_t before = f->sums[b->n].good;
    sum_blocks(f, b, f->dropped | kind);
    uint32_t left = f->sums[b->n].good;
    if (left < before && left >= least && (uint64_t)left * part >= before)
        f->dropped |= kind;
    else
        sum_blocks(f, b, f->dropped);
}

/* The page's own names, which stand on its outermost elements. */
static bool says_forum(const struct features *f, const struct page_tree *t) {
    for (uint32_t i = 1; i < t->n_nodes && i < OUTERMOST; i++) {
        if (t->nodes[i].tag != TAG_html && t->nodes[i].tag != TAG_body) continue;
        uint32_t cues = extract_cues_of(f->cues, page_attr(t, i, ATTR_CLASS)) | extract_cues_of(f->cues, page_attr(t, i, ATTR_ID));
        if (cues & CUE_BIT(FORUM)) return true;
        if (t->nodes[i].tag == TAG_body) break;
    }
    return false;
}

static bool is_post(struct slice type) { return slice_find(type, slice_str("DiscussionForumPosting")) != SIZE_MAX; }

static bool marks_post(const struct page_tree *t) {
    for (uint32_t i = 1; i < t->n_nodes; i++)
        if (t->nodes[i].tag != TAG_TEXT && t->nodes[i].len && is_post(page_attr(t, i, ATTR_ITEMTYPE))) return true;
    return false;
}

/* Comments below an article are not of it; the posts of a forum, which some name so too, are what its page is about. */
static void leave_out_comments(struct features *f, const struct page_tree *t, const struct blocks *b) {
    uint32_t before = f->sums[b->n].good;
    leave_out(f, b, ASIDE_COMMENT, LEFT_BY_COMMENTS, 50);
    bool most = f->sums[b->n].good < before / 2;
    if (!(f->dropped & ASIDE_COMMENT) || !most || !(f->forum || says_forum(f, t) || marks_post(t))) return;
    f->dropped &= (uint8_t)~ASIDE_COMMENT;
    sum_blocks(f, b, f->dropped);
    for (uint32_t i = 1; i < t->n_nodes; i++) f->nodes[i].cues &= ~CUE_BIT(COMMENT);
}

#define SITE_CUES                                                                                                                  \
    (CUE_BIT(NAV) | CUE_BIT(HEADER) | CUE_BIT(FOOTER) | CUE_BIT(SIDE) | CUE_BIT(CONSENT) | CUE_BIT(AD) | CUE_BIT(SIGNUP) |         \
     CUE_BIT(HIDDEN) | CUE_BIT(SHARE) | CUE_BIT(RELATED) | CUE_BIT(LISTING) | CUE_BIT(CAPTION) | CUE_BIT(META) | CUE_BIT(NOTE) |   \
     CUE_BIT(AUTHOR))
#define SITE_PLACES                                                                                                                \
    (PLACE_BIT(NAV) | PLACE_BIT(ASIDE) | PLACE_BIT(FOOTER) | PLACE_BIT(HEADER) | PLACE_BIT(FORM) | PLACE_BIT(FIGURE) |             \
     PLACE_BIT(HIDDEN))

/* What holds most of the page's text is not a part of the site around it, whatever its name; nor is what holds its heading. */
static void pass_down(struct features *f, const struct page_tree *t, size_t heading) {
    uint32_t good = f->good;
    f->held = 0;
    for (uint32_t i = 1; i < t->n_nodes; i++) {
        if (t->nodes[i].tag == TAG_TEXT || !regions_under(f, t, i)) continue;
        struct node_facts *k = &f->nodes[i], *up = &f->nodes[t->nodes[i].parent];
        bool most = good && regions_sums(f, t, i).good * 2 > good;
        if (most) {
            k->cues &= ~SITE_CUES;
            if (good >= MUCH_GOOD) k->cues &= ~CUE_BIT(COOKIE);
            k->places &= ~SITE_PLACES;
            f->held |= k->places;
        } else if (holds(f, t, i, heading) && t->nodes[i].tag != TAG_header) {
            k->cues &= ~(SITE_CUES & ~CUE_BIT(HEADER));
        }
        k->path = up->path | k->cues;
        k->places |= up->places;
    }
}

/* Go down from the root as long as one child holds ${share} of the page's good text. */
static uint32_t find_top(const struct features *f, const struct page_tree *t, float share) {
    float want = share * (float)regions_sums(f, t, 0).good;
    uint32_t at = 0;
    if (want <= 0) return 0;
    for (uint32_t c = 1; c < t->nodes[at].end;) {
        /* a block alone is not a place where others can stand */
        if (t->nodes[c].tag != TAG_TEXT && regions_under(f, t, c) > 1 && (float)regions_sums(f, t, c).good >= want) {
            at = c;
            c = at + 1;
        } else {
            c = t->nodes[c].end;
        }
    }
    return at;
}

bool regions_read(struct features *f, const struct page_tree *t, const struct blocks *b) {
    f->dropped = 0;
    f->loose = false;
    read_elements(f, t, b);
    sum_blocks(f, b, 0);
    if (!mark_cards(f, t, b)) return false;
    size_t heading = find_heading(f, b);
    mark_asides(f, t, heading);
    leave_out_comments(f, t, b);
    leave_out(f, b, ASIDE_CARD, LEFT_BY_CARDS, 8);
    leave_out(f, b, ASIDE_NAMED, LEFT_BY_ASIDES, 4);
    if (!(f->dropped & ASIDE_NAMED)) {
        f->loose = true;
        sum_blocks(f, b, f->dropped);
        leave_out(f, b, ASIDE_NAMED, LEFT_BY_ASIDES, 4);
        f->loose = f->dropped & ASIDE_NAMED;
        sum_blocks(f, b, f->dropped);
    }
    f->good = f->sums[b->n].good;
    pass_down(f, t, heading);
    f->top[0] = find_top(f, t, 0.5f);
    f->top[1] = find_top(f, t, 0.75f);
    f->top[2] = find_top(f, t, 0.9f);
    return true;
}
