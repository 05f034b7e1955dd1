/*
 * One walk over the tree: a block-level element's start or end, and two <br> in a row, end a block.
 */
#include "crawler/extract_blocks.h"
#include "base/limits.h"
#include <stdlib.h>

enum { IS_BLOCK = 1, IS_VOID = 2 };

static const uint8_t tag_class[TAG_COUNT] = {
    [TAG_address] = IS_BLOCK, [TAG_article] = IS_BLOCK,  [TAG_aside] = IS_BLOCK,      [TAG_blockquote] = IS_BLOCK,
    [TAG_body] = IS_BLOCK,    [TAG_caption] = IS_BLOCK,  [TAG_center] = IS_BLOCK,     [TAG_dd] = IS_BLOCK,
    [TAG_details] = IS_BLOCK, [TAG_dialog] = IS_BLOCK,   [TAG_div] = IS_BLOCK,        [TAG_dl] = IS_BLOCK,
    [TAG_dt] = IS_BLOCK,      [TAG_fieldset] = IS_BLOCK, [TAG_figcaption] = IS_BLOCK, [TAG_figure] = IS_BLOCK,
    [TAG_footer] = IS_BLOCK,  [TAG_form] = IS_BLOCK,     [TAG_h1] = IS_BLOCK,         [TAG_h2] = IS_BLOCK,
    [TAG_h3] = IS_BLOCK,      [TAG_h4] = IS_BLOCK,       [TAG_h5] = IS_BLOCK,         [TAG_h6] = IS_BLOCK,
    [TAG_header] = IS_BLOCK,  [TAG_hgroup] = IS_BLOCK,   [TAG_hr] = IS_BLOCK,         [TAG_html] = IS_BLOCK,
    [TAG_legend] = IS_BLOCK,  [TAG_li] = IS_BLOCK,       [TAG_main] = IS_BLOCK,       [TAG_menu] = IS_BLOCK,
    [TAG_nav] = IS_BLOCK,     [TAG_ol] = IS_BLOCK,       [TAG_p] = IS_BLOCK,          [TAG_pre] = IS_BLOCK,
    [TAG_section] = IS_BLOCK, [TAG_summary] = IS_BLOCK,  [TAG_table] = IS_BLOCK,      [TAG_tbody] = IS_BLOCK,
    [TAG_td] = IS_BLOCK,      [TAG_tfoot] = IS_BLOCK,    [TAG_th] = IS_BLOCK,         [TAG_thead] = IS_BLOCK,
    [TAG_tr] = IS_BLOCK,      [TAG_ul] = IS_BLOCK,       [TAG_audio] = IS_VOID,       [TAG_button] = IS_VOID,
    [TAG_canvas] = IS_VOID,   [TAG_embed] = IS_VOID,     [TAG_frame] = IS_VOID,       [TAG_frameset] = IS_VOID,
    [TAG_iframe] = IS_VOID,   [TAG_input] = IS_VOID,     [TAG_map] = IS_VOID,         [TAG_noscript] = IS_VOID,
    [TAG_object] = IS_VOID,   [TAG_option] = IS_VOID,    [TAG_script] = IS_VOID,      [TAG_select] = IS_VOID,
    [TAG_style] = IS_VOID,    [TAG_svg] = IS_VOID,       [TAG_template] = IS_VOID,    [TAG_textarea] = IS_VOID,
    [TAG_video] = IS_VOID,    [TAG_title] = IS_VOID,
};

bool page_tag_is_block(uint8_t tag) { return tag_class[tag] == IS_BLOCK; }
bool page_tag_is_void(uint8_t tag) { return tag_class[tag] == IS_VOID; }

struct builder {
    struct blocks *out;
    const struct page_tree *t;
    uint32_t context;  /* innermost open block-level element */
    uint32_t link_end; /* inside an <a href> up to this node */
    uint32_t first;    /* text node that began the block */
    size_t begun;      /* where the block under way starts in the text */
    uint32_t words, link_bytes, breaks;
    uint32_t links;
    bool in_word, blank, ok;
    bool away; /* a link of the block leads to another page */
};

void blocks_init(struct blocks *b) {
    memset(b, 0, sizeof *b);
    buf_init(&b->text, LIMIT_TEXT);
}

void blocks_free(struct blocks *b) {
    free(b->items);
    buf_free(&b->text);
    blocks_init(b);
}

static void flush(struct builder *w) {
    struct blocks *o = w->out;
    size_t end = o->text.len;
    while (end > w->begun && ascii_is_space(o->text.data[end - 1])) end--;
    buf_truncate(&o->text, end);
    bool any = end > w->begun;
    if (any && o->n == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 256;
        struct block *p = cap <= LIMIT_PAGE_NODES * 2 ? realloc(o->items, cap * sizeof *p) : NULL;
        if (p) {
            o->items = p;
            o->cap = cap;
        } else {
            w->ok = any = false;
        }
    }
    if (any) {
        uint32_t link = w->link_bytes < end - w->begun ? w->link_bytes : (uint32_t)(end - w->begun);
        o->items[o->n++] = (struct block){.node = w->context,
                                          .first = w->first,
                                          .at = (uint32_t)w->begun,
                                          .len = (uint32_t)(end - w->begun),
                                          .words = w->words,
                                          .link_bytes = link,
                                          .links = (uint16_t)(w->links > UINT16_MAX ? UINT16_MAX : w->links),
                                          .away = w->away,
                                          .tag = w->t->nodes[w->context].tag};
    }
    w->begun = o->text.len;
    w->words = w->link_bytes = w->breaks = w->links = 0;
    w->in_word = w->blank = w->away = false;
}

/* White space is written late, before the next word, so that none ends a block. */
static void append_word(struct builder *w, uint32_t node, const char *s, size_t n) {
    struct buf *b = &w->out->text;
    if (b->len == w->begun) {
        w->first = node;
    } else {
        if (w->breaks)
            buf_char(b, '\n');
        else if (w->blank)
            buf_char(b, ' ');
    }
    if (!w->in_word) w->words++;
    buf_append(b, s, n);
    if (node < w->link_end) w->link_bytes += (uint32_t)n + 1;
    w->in_word = true;
    w->blank = false;
    w->breaks = 0;
}

/* The words from ${i} on, which follow a blank and a word of the block: as append_word() would. */
static void add_words(struct builder *w, uint32_t node, struct slice s, size_t i) {
    struct buf *b = &w->out->text;
    if (!buf_reserve(b, s.len - i + 1)) return;
    char *to = b->data + b->len;
    uint32_t words = 0, bytes = 0;
    while (i < s.len) {
        *to++ = ' ';
        char *word = to;
        while (i < s.len && !ascii_is_space(s.ptr[i])) *to++ = s.ptr[i++];
        words++;
        bytes += (uint32_t)(to - word) + 1;
        w->blank = i < s.len;
        while (i < s.len && ascii_is_space(s.ptr[i])) i++;
    }
    *to = 0;
    b->len = (size_t)(to - b->data);
    w->words += words;
    if (node < w->link_end) w->link_bytes += bytes;
    w->in_word = !w->blank;
}

static void add_text(struct builder *w, uint32_t node) {
    struct slice s = page_node_text(w->t, node);
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && !ascii_is_space(s.ptr[i])) i++;
        if (i > from) append_word(w, node, s.ptr + from, i - from);
        if (i == s.len) break;
        while (i < s.len && ascii_is_space(s.ptr[i])) i++;
        w->blank = true;
        w->in_word = false;
        if (i > from && i < s.len && w->out->text.len > w->begun && !w->breaks) {
            add_words(w, node, s, i);
            return;
        }
    }
}

/* Preformatted text keeps its lines and its indentation. */
static void add_preformatted(struct builder *w, uint32_t node) {
    struct slice rest = page_node_text(w->t, node), line;
    bool first = true;
    while (slice_cut(&rest, '\n', &line)) {
        if (!first) w->breaks = 1;
        first = false;
        size_t end = line.len;
        while (end && ascii_is_space(line.ptr[end - 1])) end--;
        if (!end) continue;
        append_word(w, node, line.ptr, end);
        for (size_t i = 1; i < end; i++)
            if (ascii_is_space(line.ptr[i - 1]) && !ascii_is_space(line.ptr[i])) w->words++;
        w->in_word = !ascii_is_space(line.ptr[line.len - 1]);
    }
}

static bool is_cell(uint8_t tag) { return tag == TAG_td || tag == TAG_th; }

/* A table row whose cells hold no block of their own is one line. */
static bool is_plain_row(const struct page_tree *t, size_t row) {
    size_t end = t->nodes[row].end, cells = 0;
    if (end - row > 400) return false;
    for (size_t i = row + 1; i < end; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (is_cell(tag)) {
            cells++;
        } else if (tag_class[tag] == IS_BLOCK && tag != TAG_p && tag != TAG_div) {
            return false;
        }
    }
    return cells > 1;
}

/* A button inside a sentence (a word that opens its definition) is a part of it. */
static bool is_word_button(const struct page_tree *t, uint32_t node) {
    uint32_t p = t->nodes[node].parent, text = 0, children = 0;
    if (t->nodes[node].tag != TAG_button || (t->nodes[p].tag != TAG_p && t->nodes[p].tag != TAG_li && t->nodes[p].tag != TAG_td))
        return false;
    for (uint32_t i = p + 1; i < t->nodes[p].end && children < 100; i = t->nodes[i].end, children++)
        if (t->nodes[i].tag == TAG_TEXT) text += (uint32_t)slice_trim(page_node_text(t, i)).len;
    return text >= 20;
}

struct walk {
    uint32_t pre_end, row_end;
};

static void enter(struct builder *w, struct walk *at, uint32_t i) {
    const struct page_node *n = &w->t->nodes[i];
    struct buf *b = &w->out->text;
    if (n->tag == TAG_br) {
        if (++w->breaks > 1) flush(w);
        w->in_word = false;
    } else if (i < at->row_end && tag_class[n->tag] == IS_BLOCK) {
        if (is_cell(n->tag) && b->len > w->begun) buf_char(b, '\t');
        w->blank = !is_cell(n->tag);
        w->in_word = false;
    } else if (tag_class[n->tag] == IS_BLOCK) {
        flush(w);
        w->context = i;
        if (n->tag == TAG_pre) at->pre_end = n->end;
        if (n->tag == TAG_tr && is_plain_row(w->t, i)) at->row_end = n->end;
    } else if (n->tag == TAG_a && page_attr(w->t, i, ATTR_HREF).ptr) {
        struct slice href = slice_trim(page_attr(w->t, i, ATTR_HREF));
        w->links++;
        w->away |= href.len && href.ptr[0] != '#';
        if (n->end > w->link_end) w->link_end = n->end;
    }
}

bool blocks_build(struct blocks *b, const struct page_tree *t) {
    b->n = 0;
    buf_clear(&b->text);
    struct builder w = {.out = b, .t = t, .ok = true};
    struct walk at = {0, 0};
    for (uint32_t i = 0; i < t->n_nodes && w.ok;) {
        const struct page_node *n = &t->nodes[i];
        while (w.context && i >= t->nodes[w.context].end) {
            flush(&w);
            do w.context = t->nodes[w.context].parent;
            while (w.context && tag_class[t->nodes[w.context].tag] != IS_BLOCK);
        }
        if (tag_class[n->tag] == IS_VOID && !is_word_button(t, i)) {
            i = n->end;
            continue;
        }
        if (n->tag == TAG_TEXT) {
            if (i < at.pre_end)
                add_preformatted(&w, i);
            else
                add_text(&w, i);
        } else {
            enter(&w, &at, i);
        }
        i++;
    }
    flush(&w);
    return w.ok && buf_ok(&b->text);
}
