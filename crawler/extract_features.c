/*
 * Rows of features.  Everything about a node's text comes from running sums over the blocks, so that the whole is linear.
 */
#include "crawler/extract_features.h"
#include "base/chunk.h"
#include "base/hash.h"
#include "base/map64.h"
#include "crawler/page_date.h"
#include <stdlib.h>

void features_init(struct features *f, struct extract_cues *cues) {
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

/* A line that says little more than a day. */
static bool is_date_line(struct slice s, uint32_t digits) {
    struct page_day day;
    if (digits < 5 || s.len > 60) return false;
    size_t end = page_date_find(s, false, 0, &day);
    if (end == SIZE_MAX) return false;
    uint32_t letters = 0;
    for (size_t i = 0; i < s.len; i++) letters += ascii_is_alpha(s.ptr[i]);
    return letters <= 24;
}

struct byte_counts {
    uint32_t punct, upper, digits, quotes, breaks;
};

#define CHUNKS_SUMMED 255 /* a lane counts so far */

/* The full stops of Chinese and Japanese: U+3000 to U+3002. */
static uint32_t count_wide_stops(struct slice s) {
    uint32_t n = 0;
    for (size_t c = 0; c + 2 < s.len; c++)
        n += (unsigned char)s.ptr[c] == 0xE3 && (unsigned char)s.ptr[c + 1] == 0x80 && (unsigned char)s.ptr[c + 2] <= 0x82;
    return n;
}

/* At most CHUNKS_SUMMED chunks from ${at} on; the blank past the end ends a sentence there too. */
static size_t count_some(struct slice s, size_t at, struct byte_counts *n, chunk *wide) {
    chunk punct = {0}, upper = {0}, digits = {0}, quotes = {0}, breaks = {0};
    for (unsigned k = 0; k < CHUNKS_SUMMED && at < s.len; k++, at += CHUNK) {
        chunk c = chunk_at(s, at, ' '), next = chunk_at(s, at + 1, ' ');
        chunk mark =
            (chunk)(c == ',') | (chunk)(c == '.') | (chunk)(c == ';') | (chunk)(c == ':') | (chunk)(c == '!') | (chunk)(c == '?');
        /* a mark counts before a blank or the end: not the points of an address */
        punct -= mark & (chunk_is_space(next) | (chunk)(next == '"'));
        upper -= (chunk)(c >= 'A') & (chunk)(c <= 'Z');
        digits -= (chunk)(c >= '0') & (chunk)(c <= '9');
        quotes -= (chunk)(c == '"') | (chunk)(c == 0xAB);
        breaks -= (chunk)(c == '\n');
        *wide |= (chunk)(c == 0xE3);
    }
    n->punct += chunk_sum(punct);
    n->upper += chunk_sum(upper);
    n->digits += chunk_sum(digits);
    n->quotes += chunk_sum(quotes);
    n->breaks += chunk_sum(breaks);
    return at;
}

static struct byte_counts count_bytes(struct slice s) {
    struct byte_counts n = {0};
    chunk wide = {0};
    for (size_t at = 0; at < s.len;) at = count_some(s, at, &n, &wide);
    if (chunk_any(wide)) n.punct += count_wide_stops(s);
    return n;
}

/* What of the block's own text can be counted in one pass. */
static void read_own(struct features *f, const struct blocks *b, size_t i, struct slice title) {
    float *r = features_row(f, i);
    const struct block *k = &b->items[i];
    struct slice s = block_text(b, i);
    struct byte_counts n = count_bytes(s);
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
    r[F_punct] = (float)n.punct;
    r[F_ends_sentence] =
        last == '.' || last == '!' || last == '?' || last == '"' || (unsigned char)last == 0xBB || (unsigned char)last == 0x9D;
    r[F_ends_other] = last == ':' || last == '>' || last == '|';
    r[F_upper] = (float)n.upper / (float)k->len;
    r[F_digits] = (float)n.digits / (float)k->len;
    r[F_word_bytes] = (float)k->len / words;
    r[F_first_lower] = s.ptr[0] >= 'a' && s.ptr[0] <= 'z';
    r[F_quotes] = (float)n.quotes;
    r[F_breaks] = (float)n.breaks;
    r[F_opening] = extract_cues_opening(f->cues, s);
    r[F_is_date] = is_date_line(s, n.digits);
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

static bool group_blocks(struct features *f, const struct page_tree *t, const struct blocks *b) {
    struct map64 seen = {0};
    f->n_groups = 0;
    bool ok = true;
    for (size_t i = 0; i < b->n && ok; i++) {
        uint32_t node = b->items[i].node, p = t->nodes[node].parent;
        uint64_t key = f->nodes[node].shape * 31 + f->nodes[p].shape * 17 + f->nodes[t->nodes[p].parent].shape, g;
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

#define COPY_BYTES 25u /* shorter lines recur in any text */

/* Count the other places where the same words stand: a notice before each picture, a box shown twice.  A refrain's copies stand in one place. */
static bool count_copies(struct features *f, const struct page_tree *t, const struct blocks *b) {
    struct map64 seen = {0};
    bool ok = true;
    for (size_t i = 0; i < b->n && ok; i++) {
        if (b->items[i].len < COPY_BYTES) continue;
        uint64_t key = hash64(block_text(b, i)), first;
        if (!map64_get(&seen, key, &first))
            ok = map64_put(&seen, key, i);
        else if (t->nodes[b->items[i].node].parent != t->nodes[b->items[first].node].parent)
            features_row(f, i)[F_copies] = features_row(f, first)[F_copies] += 1;
    }
    map64_free(&seen);
    return ok;
}

static float ratio(float a, float b) { return b > 0 ? a / b : 0; }

static uint32_t parent_of(const struct features *f, const struct page_tree *t, uint32_t node) {
    return regions_under(f, t, node) > 1 ? node : f->nodes[node].up;
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
    struct block_sums s1 = regions_sums(f, t, p1), s2 = regions_sums(f, t, p2);
    const struct block_group *g = &f->groups[f->group_of[i]];
    r[F_position] = (float)i / (float)b->n;
    r[F_from_h1] = h1 == SIZE_MAX ? -1000.0f : (float)((double)i - (double)h1);
    r[F_depth] = t->nodes[k->node].depth;
    for (unsigned c = 0; c < 3; c++) r[F_in_top + c] = k->first >= f->top[c] && k->first < t->nodes[f->top[c]].end;
    r[F_top_distance] = r[F_in_top75] > 0 ? (float)t->nodes[k->node].depth - (float)t->nodes[f->top[1]].depth : -1.0f;
    r[F_parent_share] = ratio((float)s1.bytes, (float)all->bytes);
    r[F_parent_links] = ratio((float)s1.links, (float)s1.bytes);
    r[F_parent_good] = ratio((float)s1.good, (float)s1.bytes);
    r[F_parent_blocks] = (float)regions_under(f, t, p1);
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
    uint8_t dropped = n0->aside & f->dropped;
    r[F_in_comment] = (dropped & ASIDE_COMMENT) != 0;
    r[F_in_card] = (dropped & ASIDE_CARD) != 0;
    uint32_t outside = f->held & ~n0->places;
    r[F_outside_main] = (float)(outside >> PLACE_MAIN & 1);
    r[F_outside_article] = (float)(outside >> PLACE_ARTICLE & 1);
    for (unsigned c = 0; c < PLACE_COUNT; c++) r[F_places + c] = (float)(n0->places >> c & 1);
}

/* Lines between the page's heading and its text that sum it up, unlinked and not named as something else. */
static void mark_standfirst(struct features *f, const struct page_tree *t, const struct blocks *b, size_t h1) {
    static const enum extract_cue others[] = {CUE_META,    CUE_AUTHOR,  CUE_CAPTION, CUE_SHARE, CUE_SIGNUP, CUE_NAV,
                                              CUE_RELATED, CUE_COMMENT, CUE_AD,      CUE_SIDE,  CUE_TEASER};
    if (h1 == SIZE_MAX) return;
    size_t text = f->nodes[f->top[2]].before;
    bool within = h1 >= text && h1 < f->nodes[t->nodes[f->top[2]].end].before;
    for (size_t i = h1 + 1; i < b->n && i < h1 + 10 && (within || i < text); i++) {
        float *r = features_row(f, i);
        bool sums_up = r[F_bytes] >= 60 && r[F_link_density] < 0.2f &&
                       (r[F_ends_sentence] > 0 || r[F_bytes] >= 90 || r[F_near_cues + CUE_LEAD] > 0);
        for (size_t k = 0; k < sizeof others / sizeof *others; k++) sums_up &= r[F_near_cues + others[k]] <= 0;
        if (sums_up && r[F_places + PLACE_FIGURE] <= 0 && r[F_places + PLACE_NAV] <= 0) r[F_standfirst] = 1;
        if (sums_up && r[F_is_p] > 0 && within) return;
    }
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
    if (!regions_read(f, t, b)) return false;
    if (!group_blocks(f, t, b) || !count_copies(f, t, b)) return false;
    size_t h1 = find_heading(f, b);
    for (size_t i = 0; i < b->n; i++) place_block(f, t, b, i, h1);
    mark_standfirst(f, t, b, h1);
    read_neighbours(f, b);
    return true;
}
