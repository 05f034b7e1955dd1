/*
 * Rows of features.  Everything about a node's text comes from running sums over the blocks, so that the whole is linear.
 */
#include "crawler/extract_features.h"
#include "base/hash.h"
#include "base/map64.h"
#include <stdlib.h>

#define GOOD_BYTES 80u /* a block of so many bytes outside links, with a sentence's punctuation, is good text */
/* With less good text in all than this, a consent banner can hold most of it. */
#define MUCH_GOOD 1000u

void features_init(struct features *f, const struct extract_cues *cues) {
    memset(f, 0, sizeof *f);
    f->cues = cues;
}

void features_free(struct features *f) {
    free(f->rows);
    free(f->nodes);
    free(f->sums);
    free(f->group_of);
    free(f->groups);
    features_init(f, NULL);
}

static bool resize(void **p, size_t n, size_t item) {
    void *q = realloc(*p, n * item);
    if (q) *p = q;
    return q != NULL;
}
#define RESIZE(f, field, n) resize((void **)&(f)->field, n, sizeof *(f)->field)

static bool make_room(struct features *f, size_t blocks, size_t nodes) {
    if (blocks + 1 > f->cap_blocks) {
        size_t n = (blocks + 1) * 5 / 4;
        f->cap_blocks = 0;
        if (!RESIZE(f, rows, n * FEATURES) || !RESIZE(f, sums, n) || !RESIZE(f, group_of, n) || !RESIZE(f, groups, n)) return false;
        f->cap_blocks = n;
    }
    if (nodes + 1 > f->cap_nodes) {
        size_t n = (nodes + 1) * 5 / 4;
        f->cap_nodes = 0;
        if (!RESIZE(f, nodes, n)) return false;
        f->cap_nodes = n;
    }
    memset(f->rows, 0, blocks * FEATURES * sizeof *f->rows);
    memset(f->groups, 0, blocks * sizeof *f->groups);
    return true;
}

/* What of the block's own text can be counted in one pass. */
static void read_own(struct features *f, const struct blocks *b, size_t i, struct slice title) {
    float *r = features_row(f, i);
    const struct block *k = &b->items[i];
    struct slice s = block_text(b, i);
    uint32_t punct = 0, upper = 0, digits = 0, quotes = 0, breaks = 0;
    for (size_t c = 0; c < s.len; c++) {
        char ch = s.ptr[c];
        upper += ch >= 'A' && ch <= 'Z';
        digits += ascii_is_digit(ch);
        breaks += ch == '\n';
        quotes += ch == '"' || (unsigned char)ch == 0xAB;
        /* a mark counts before a blank or the end: not the points of an address */
        bool mark = ch == ',' || ch == '.' || ch == ';' || ch == ':' || ch == '!' || ch == '?';
        if (mark && (c + 1 == s.len || ascii_is_space(s.ptr[c + 1]) || s.ptr[c + 1] == '"')) punct++;
        /* the full stops of Chinese and Japanese */
        if ((unsigned char)ch == 0xE3 && c + 2 < s.len && (unsigned char)s.ptr[c + 1] == 0x80 &&
            (unsigned char)s.ptr[c + 2] <= 0x82)
            punct++;
    }
    uint32_t lex[LEX_COUNT] = {0};
    extract_cues_lexicon(f->cues, s, lex);
    char last = s.ptr[s.len - 1];
    float words = k->words ? (float)k->words : 1.0f;
    r[F_bytes] = (float)k->len;
    r[F_words] = (float)k->words;
    r[F_link_density] = (float)k->link_bytes / (float)k->len;
    r[F_links] = k->links;
    r[F_stops] = (float)lex[LEX_STOP] / words;
    r[F_promo] = (float)lex[LEX_PROMO] / words;
    r[F_legal] = (float)lex[LEX_LEGAL] / words;
    r[F_meta] = (float)lex[LEX_META] / words;
    r[F_has_copyright] = (float)lex[LEX_LEGAL];
    r[F_punct] = (float)punct;
    r[F_ends_sentence] =
        last == '.' || last == '!' || last == '?' || last == '"' || (unsigned char)last == 0xBB || (unsigned char)last == 0x9D;
    r[F_ends_other] = last == ':' || last == '>' || last == '|';
    r[F_upper] = (float)upper / (float)k->len;
    r[F_digits] = (float)digits / (float)k->len;
    r[F_word_bytes] = (float)k->len / words;
    r[F_first_lower] = s.ptr[0] >= 'a' && s.ptr[0] <= 'z';
    r[F_quotes] = (float)quotes;
    r[F_breaks] = (float)breaks;
    r[F_same_title] = s.len >= 8 && title.len && (slice_starts_nocase(title, s) || slice_starts_nocase(s, title));
}

static void read_tag(float *r, uint8_t tag) {
    if (tag >= TAG_h1 && tag <= TAG_h6) {
        r[F_is_heading] = 1;
        r[F_heading_level] = (float)(tag - TAG_h1 + 1);
    } else if (tag == TAG_p) {
        r[F_is_p] = 1;
    } else if (tag == TAG_li || tag == TAG_dd || tag == TAG_dt) {
        r[F_is_item] = 1;
    } else if (tag == TAG_td || tag == TAG_th || tag == TAG_tr) {
        r[F_is_cell] = 1;
    } else if (tag == TAG_pre) {
        r[F_is_pre] = 1;
    } else {
        r[F_is_other] = 1;
    }
}

static uint32_t good_bytes(const struct block *k, const float *r) {
    uint32_t own = k->len - k->link_bytes;
    bool heading = r[F_is_heading] > 0;
    return own >= GOOD_BYTES && !heading && r[F_punct] >= 1 && k->link_bytes * 5 < k->len * 2 ? own : 0;
}

static void sum_blocks(struct features *f, const struct blocks *b) {
    struct block_sums at = {0};
    for (size_t i = 0; i < b->n; i++) {
        f->sums[i] = at;
        at.bytes += b->items[i].len;
        at.links += b->items[i].link_bytes;
        at.good += good_bytes(&b->items[i], features_row(f, i));
    }
    f->sums[b->n] = at;
}

static uint32_t under(const struct features *f, const struct page_tree *t, uint32_t node) {
    return f->nodes[t->nodes[node].end].before - f->nodes[node].before;
}

static struct block_sums sums_of(const struct features *f, const struct page_tree *t, uint32_t node) {
    const struct block_sums *a = &f->sums[f->nodes[node].before], *z = &f->sums[f->nodes[t->nodes[node].end].before];
    return (struct block_sums){z->bytes - a->bytes, z->links - a->links, z->good - a->good};
}

static uint32_t places_of_tag(uint8_t tag) {
    switch (tag) {
    case TAG_nav: return 1u << PLACE_NAV;
    case TAG_aside: return 1u << PLACE_ASIDE;
    case TAG_footer: return 1u << PLACE_FOOTER;
    case TAG_header: return 1u << PLACE_HEADER;
    case TAG_form:
    case TAG_fieldset: return 1u << PLACE_FORM;
    case TAG_article: return 1u << PLACE_ARTICLE;
    case TAG_main: return 1u << PLACE_MAIN;
    case TAG_figure:
    case TAG_figcaption: return 1u << PLACE_FIGURE;
    case TAG_table: return 1u << PLACE_TABLE;
    case TAG_ul:
    case TAG_ol:
    case TAG_dl: return 1u << PLACE_LIST;
    case TAG_blockquote: return 1u << PLACE_QUOTE;
    default: return 0;
    }
}

static uint32_t places_of_role(struct slice role) {
    static const struct {
        const char *role;
        uint32_t place;
    } roles[] = {{"navigation", PLACE_NAV},  {"complementary", PLACE_ASIDE}, {"contentinfo", PLACE_FOOTER},
                 {"banner", PLACE_HEADER},   {"search", PLACE_FORM},         {"main", PLACE_MAIN},
                 {"article", PLACE_ARTICLE}, {"dialog", PLACE_HIDDEN}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (slice_eq_nocase(role, slice_str(roles[i].role))) return 1u << roles[i].place;
    return 0;
}

static bool style_hides(struct slice style) {
    size_t at = slice_find_nocase(style, slice_str("display"));
    if (at != SIZE_MAX) {
        struct slice rest = slice_trim(slice_sub(style, at + 7, style.len));
        if (rest.len && rest.ptr[0] == ':' && slice_starts_nocase(slice_trim(slice_sub(rest, 1, rest.len)), slice_str("none")))
            return true;
    }
    return false;
}

#define SITE_CUES                                                                                                                  \
    (CUE_BIT(NAV) | CUE_BIT(HEADER) | CUE_BIT(FOOTER) | CUE_BIT(SIDE) | CUE_BIT(CONSENT) | CUE_BIT(AD) | CUE_BIT(SIGNUP) |         \
     CUE_BIT(HIDDEN) | CUE_BIT(SHARE) | CUE_BIT(RELATED) | CUE_BIT(LISTING) | CUE_BIT(CAPTION) | CUE_BIT(META) | CUE_BIT(NOTE))
#define SITE_PLACES                                                                                                                \
    (1u << PLACE_NAV | 1u << PLACE_ASIDE | 1u << PLACE_FOOTER | 1u << PLACE_HEADER | 1u << PLACE_FORM | 1u << PLACE_FIGURE |       \
     1u << PLACE_HIDDEN)

static void read_element(struct features *f, const struct page_tree *t, uint32_t i, bool holds_most) {
    const struct page_node *n = &t->nodes[i];
    struct node_facts *k = &f->nodes[i], *up = &f->nodes[n->parent];
    uint32_t cues = 0, places = places_of_tag(n->tag);
    for (uint32_t a = n->at; a < n->at + n->len; a++) {
        struct slice v = slice_of(buf_cstr(&t->values) + t->attrs[a].at, t->attrs[a].len);
        switch (t->attrs[a].name) {
        case ATTR_ITEMPROP:
            if (slice_eq_nocase(v, slice_str("articleBody"))) places |= 1u << PLACE_ITEMPROP;
            cues |= extract_cues_of(f->cues, v);
            break;
        case ATTR_ROLE: places |= places_of_role(v); /* fall through */
        case ATTR_CLASS:
        case ATTR_ID: cues |= extract_cues_of(f->cues, v); break;
        case ATTR_HIDDEN: places |= 1u << PLACE_HIDDEN; break;
        case ATTR_ARIA_HIDDEN:
            if (slice_eq_nocase(v, slice_str("true"))) places |= 1u << PLACE_HIDDEN;
            break;
        case ATTR_STYLE:
            if (style_hides(v)) places |= 1u << PLACE_HIDDEN;
            break;
        default: break;
        }
    }
    /* What holds most of the page's text is not a part of the site around it, whatever its name. */
    if (holds_most) {
        cues &= ~SITE_CUES;
        if (f->good >= MUCH_GOOD) cues &= ~CUE_BIT(COOKIE);
        places &= ~SITE_PLACES;
    }
    if (n->tag == TAG_body || n->tag == TAG_html) cues = 0;
    k->cues = cues;
    if (holds_most) f->held |= places;
    k->path = up->path | cues;
    k->places = up->places | places;
}

static void read_nodes(struct features *f, const struct page_tree *t, const struct blocks *b) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i <= t->n_nodes; i++) {
        while (seen < b->n && b->items[seen].first < i) seen++;
        f->nodes[i] = (struct node_facts){.before = seen};
    }
    uint32_t good = f->sums[b->n].good;
    f->held = 0;
    f->good = good;
    for (uint32_t i = 1; i < t->n_nodes; i++) {
        const struct page_node *n = &t->nodes[i];
        if (n->tag == TAG_TEXT) continue;
        uint32_t mine = under(f, t, i);
        if (!mine) continue;
        f->nodes[i].up = under(f, t, n->parent) > mine ? n->parent : f->nodes[n->parent].up;
        read_element(f, t, i, good && sums_of(f, t, i).good * 2 > good);
    }
}

/* Go down from the root as long as one child holds ${share} of the page's good text. */
static uint32_t find_top(const struct features *f, const struct page_tree *t, float share) {
    float want = share * (float)sums_of(f, t, 0).good;
    uint32_t at = 0;
    if (want <= 0) return 0;
    for (uint32_t c = 1; c < t->nodes[at].end;) {
        if (t->nodes[c].tag != TAG_TEXT && (float)sums_of(f, t, c).good >= want) {
            at = c;
            c = at + 1;
        } else {
            c = t->nodes[c].end;
        }
    }
    return at;
}

static uint64_t shape_of(const struct page_tree *t, uint32_t node) {
    struct slice c = page_attr(t, node, ATTR_CLASS);
    return hash64_seed(c.ptr ? c : slice_of("", 0), t->nodes[node].tag);
}

static bool group_blocks(struct features *f, const struct page_tree *t, const struct blocks *b) {
    struct map64 seen = {0};
    f->n_groups = 0;
    bool ok = true;
    for (size_t i = 0; i < b->n && ok; i++) {
        uint32_t node = b->items[i].node, p = t->nodes[node].parent;
        uint64_t key = shape_of(t, node) * 31 + shape_of(t, p) * 17 + shape_of(t, t->nodes[p].parent), g;
        if (!map64_get(&seen, key, &g)) {
            g = f->n_groups++;
            ok = map64_put(&seen, key, g);
        }
        f->group_of[i] = (uint32_t)g;
        f->groups[g].n++;
        f->groups[g].bytes += b->items[i].len;
        f->groups[g].links += b->items[i].link_bytes;
    }
    map64_free(&seen);
    return ok;
}

static float ratio(float a, float b) { return b > 0 ? a / b : 0; }

static uint32_t parent_of(const struct features *f, const struct page_tree *t, uint32_t node) {
    return under(f, t, node) > 1 ? node : f->nodes[node].up;
}

static size_t find_heading(const struct features *f, const struct blocks *b) {
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < b->n; i++) {
        const float *r = features_row(f, i);
        if (r[F_heading_level] != 1 && !(r[F_is_heading] > 0 && r[F_same_title] > 0)) continue;
        if (r[F_same_title] > 0) return i;
        if (first == SIZE_MAX) first = i;
    }
    return first;
}

static void place_block(struct features *f, const struct page_tree *t, const struct blocks *b, size_t i, size_t h1) {
    float *r = features_row(f, i);
    const struct block *k = &b->items[i];
    const struct block_sums *all = &f->sums[b->n];
    uint32_t p1 = parent_of(f, t, k->node), p2 = f->nodes[p1].up;
    struct block_sums s1 = sums_of(f, t, p1), s2 = sums_of(f, t, p2);
    const struct block_group *g = &f->groups[f->group_of[i]];
    r[F_position] = (float)i / (float)b->n;
    r[F_from_h1] = h1 == SIZE_MAX ? -1000.0f : (float)((double)i - (double)h1);
    r[F_depth] = t->nodes[k->node].depth;
    for (unsigned c = 0; c < 3; c++) r[F_in_top + c] = k->first >= f->top[c] && k->first < t->nodes[f->top[c]].end;
    r[F_top_distance] = r[F_in_top75] > 0 ? (float)t->nodes[k->node].depth - (float)t->nodes[f->top[1]].depth : -1.0f;
    r[F_parent_share] = ratio((float)s1.bytes, (float)all->bytes);
    r[F_parent_links] = ratio((float)s1.links, (float)s1.bytes);
    r[F_parent_good] = ratio((float)s1.good, (float)s1.bytes);
    r[F_parent_blocks] = (float)under(f, t, p1);
    r[F_grand_share] = ratio((float)s2.bytes, (float)all->bytes);
    r[F_grand_links] = ratio((float)s2.links, (float)s2.bytes);
    r[F_grand_good] = ratio((float)s2.good, (float)s2.bytes);
    r[F_group_size] = (float)g->n;
    r[F_group_bytes] = ratio((float)g->bytes, (float)g->n);
    r[F_group_links] = ratio((float)g->links, (float)g->bytes);
    r[F_page_bytes] = (float)all->bytes;
    r[F_good_share] = ratio((float)all->good, (float)all->bytes);
    r[F_before_good] = ratio((float)f->sums[i].good, (float)all->good);
    r[F_after_good] = ratio((float)(all->good - f->sums[i + 1].good), (float)all->good);
    const struct node_facts *n0 = &f->nodes[k->node], *n1 = &f->nodes[t->nodes[k->node].parent];
    const struct node_facts *n2 = &f->nodes[t->nodes[t->nodes[k->node].parent].parent];
    uint32_t near = n0->cues | n1->cues | n2->cues;
    for (unsigned c = 0; c < CUE_COUNT; c++) {
        r[F_near_cues + c] = (float)(near >> c & 1);
        r[F_path_cues + c] = (float)(n0->path >> c & 1);
    }
    uint32_t outside = f->held & ~n0->places;
    r[F_outside_main] = (float)(outside >> PLACE_MAIN & 1);
    r[F_outside_article] = (float)(outside >> PLACE_ARTICLE & 1);
    for (unsigned c = 0; c < PLACE_COUNT; c++) r[F_places + c] = (float)(n0->places >> c & 1);
}

static void read_neighbours(struct features *f, const struct blocks *b) {
    float text_bytes = 0, text_links = 0;
    for (size_t k = b->n; k-- > 0;) {
        float *r = features_row(f, k);
        r[F_next_text_bytes] = text_bytes;
        r[F_next_text_links] = text_links;
        if (k + 1 < b->n) {
            const float *n = features_row(f, k + 1);
            r[F_next_bytes] = n[F_bytes];
            r[F_next_links] = n[F_link_density];
            r[F_next_heading] = n[F_is_heading];
        }
        if (k) {
            const float *p = features_row(f, k - 1);
            r[F_prev_bytes] = p[F_bytes];
            r[F_prev_links] = p[F_link_density];
            r[F_prev_heading] = p[F_is_heading];
        }
        if (r[F_is_heading] > 0) continue;
        text_bytes = r[F_bytes];
        text_links = r[F_link_density];
    }
}

bool features_read(struct features *f, const struct page_tree *t, const struct blocks *b, struct slice title) {
    if (!make_room(f, b->n, t->n_nodes)) return false;
    for (size_t i = 0; i < b->n; i++) {
        read_own(f, b, i, title);
        read_tag(features_row(f, i), b->items[i].tag);
    }
    sum_blocks(f, b);
    read_nodes(f, t, b);
    f->top[0] = find_top(f, t, 0.5f);
    f->top[1] = find_top(f, t, 0.75f);
    f->top[2] = find_top(f, t, 0.9f);
    if (!group_blocks(f, t, b)) return false;
    size_t h1 = find_heading(f, b);
    for (size_t i = 0; i < b->n; i++) place_block(f, t, b, i, h1);
    read_neighbours(f, b);
    return true;
}
