/* See the header.  What is said is judged by the words around it: those for texts ("contenus", "article") against those for things. */
#include "crawler/page_statement.h"
#include "base/limits.h"
#include "crawler/page_read.h"

static bool is_text_block(uint8_t tag) {
    switch (tag) {
    case TAG_p:
    case TAG_li:
    case TAG_div:
    case TAG_td:
    case TAG_dd:
    case TAG_footer:
    case TAG_aside:
    case TAG_section:
    case TAG_article:
    case TAG_body:
    case TAG_address:
    case TAG_blockquote:
    case TAG_figure:
    case TAG_figcaption:
    case TAG_main:
    case TAG_h1:
    case TAG_h2:
    case TAG_h3:
    case TAG_h4: return true;
    default: return false;
    }
}

static size_t block_of(const struct page_tree *t, size_t i) {
    while (i && !is_text_block(t->nodes[i].tag)) i = t->nodes[i].parent;
    return i;
}

static bool has_word_at(struct slice s, size_t at, struct slice word) {
    if (!slice_starts_nocase(slice_sub(s, at, s.len), word)) return false;
    return at == 0 || (!ascii_is_alnum(s.ptr[at - 1]) && (unsigned char)s.ptr[at - 1] < 0x80) ||
           (unsigned char)s.ptr[at - 1] >= 0x80;
}

size_t statement_first_word(struct slice s, const char *const *words) {
    bool begins[256] = {false};
    for (const char *const *w = words; *w; w++) begins[(unsigned char)**w] = begins[(unsigned char)ascii_upper(**w)] = true;
    for (size_t at = 0; at < s.len; at++) {
        if (!begins[(unsigned char)s.ptr[at]] || (at && ascii_is_alnum(s.ptr[at - 1]))) continue;
        for (const char *const *w = words; *w; w++)
            if (has_word_at(s, at, slice_str(*w))) return at;
    }
    return SIZE_MAX;
}

static const char *const things[] = {
    "photo",      "image",         "icon",    "icône",    "icone",         "pictogramme", "illustration",
    "carte",      "fond de carte", "map",     "tuile",    "tile",          "code",        "logo",
    "police",     "font",          "vidéo",   "video",    "musique",       "music",       "crédit",
    "credit",     "dessin",        "visuel",  "picture",  "thème",         "theme",       "template",
    "logiciel",   "software",      "plan ©",  "leaflet",  "openstreetmap", "bannière",    "infographie",
    "son ",       "extrait",       "reprend", "citation", "propulsé",      "powered",     "généré",
    "built with", "wordpress",     "drupal",  "spip",     "dokuwiki",      "mediawiki",   "wikimedia commons",
    NULL};
static const char *const texts[] = {"contenu",   "texte",    "article",    "site",        "document", "page",     "billet",
                                    "œuvre",     "oeuvre",   "wiki ",      "publication", "donnée",   "content",  "text",
                                    "work",      "material", "blog",       "revue",       "ouvrage",  "chapitre", "cours ",
                                    "ressource", "poème",    "traduction", NULL};
/* Of a whole paragraph these tell too that it speaks of the page. */
static const char *const general[] = {"this ", "except where", "sauf", "licence ", "tous les", "toutes les", NULL};

struct about {
    size_t thing, text;
};

static struct about about(struct slice s) {
    return (struct about){statement_first_word(s, things), statement_first_word(s, texts)};
}

static bool ends_sentence(struct slice s, size_t i) {
    if (strchr(";|!?", s.ptr[i])) return true;
    if (s.ptr[i] == '.') return i + 1 == s.len || s.ptr[i + 1] == ' ';
    /* U+00B7, U+2022 */
    return slice_starts(slice_sub(s, i, s.len), slice_str("\xC2\xB7")) ||
           slice_starts(slice_sub(s, i, s.len), slice_str("\xE2\x80\xA2"));
}

static bool ends_clause(struct slice s, size_t i) { return s.ptr[i] == ',' || ends_sentence(s, i); }

static struct slice part(struct slice s, size_t from, size_t to, bool (*ends)(struct slice s, size_t i)) {
    size_t end = to;
    while (from > 0 && !ends(s, from - 1)) from--;
    while (end < s.len && !ends(s, end)) end++;
    return slice_sub(s, from, end);
}

struct slice statement_sentence(struct slice s, size_t at) {
    return part(s, at, at, ends_sentence);
}

bool statement_is_credit(struct slice whole, size_t at, size_t to, bool code) {
    struct slice levels[3] = {part(whole, at, to, ends_clause), part(whole, at, to, ends_sentence), whole};
    for (unsigned i = 0; i < 3; i++) {
        struct about a = about(levels[i]);
        if (i == 1 && code && a.text == SIZE_MAX) return true;
        if (a.thing == SIZE_MAX && a.text == SIZE_MAX) continue;
        if (i < 2) return a.thing < a.text;
        size_t at_large = statement_first_word(whole, general);
        return a.thing < a.text && a.thing < at_large;
    }
    return false;
}

bool statement_offers(struct slice before) {
    static const char *const words[] = {"sous", "under", "selon les termes", "unter", "bajo", NULL};
    static const char *const labels[] = {"licence", "license", "droits", "rights"};
    struct slice tail = slice_sub(before, before.len > 60 ? before.len - 60 : 0, before.len);
    if (statement_first_word(tail, words) != SIZE_MAX) return true;
    tail = slice_trim(tail);
    if (!slice_ends(tail, slice_str(":"))) return false;
    tail = slice_trim(slice_sub(tail, 0, tail.len - 1));
    if (slice_ends(tail, slice_str("\xC2\xA0"))) tail.len -= 2;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        size_t n = strlen(labels[i]);
        if (tail.len >= n && slice_eq_nocase(slice_sub(tail, tail.len - n, tail.len), slice_str(labels[i]))) return true;
    }
    return false;
}

/* Names of elements in which a site speaks of itself. */
static bool is_footer(const struct page_tree *t, size_t i) {
    static const char *const names[] = {"footer", "colophon", "copyright", "pied", "licen", "mentions", "bottom", "credits"};
    if (t->nodes[i].tag == TAG_footer || page_has_token(page_attr(t, i, ATTR_ROLE), "contentinfo")) return true;
    struct slice c = page_attr(t, i, ATTR_CLASS), id = page_attr(t, i, ATTR_ID);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (slice_find_nocase(c, slice_str(names[k])) != SIZE_MAX || slice_find_nocase(id, slice_str(names[k])) != SIZE_MAX)
            return true;
    return false;
}

/* Comments of readers and lists of other pages, by the names that content managers give them. */
static bool is_of_others(const struct page_tree *t, size_t i) {
    static const char *const names[] = {
        "comment",      "comments",        "commentaire",  "commentaires", "commentlist",   "comment-list",     "comments-area",
        "comment-body", "comment-content", "comment-text", "related",      "related-posts", "related-articles", NULL};
    for (const char *const *n = names; *n; n++)
        if (page_has_token(page_attr(t, i, ATTR_CLASS), *n) || page_has_token(page_attr(t, i, ATTR_ID), *n)) return true;
    return false;
}

/* One name of an element that holds a picture with its legend: "wp-caption", "gallery-item", "photo-credit", but not "has-thumbnail". */
static bool names_picture(struct slice name) {
    static const char *const parts[] = {"caption", "legend",  "gallery", "galerie", "thumb",
                                        "photo",   "picture", "image-",  "-image",  "illustration"};
    if (slice_starts_nocase(name, slice_str("has-")) || slice_starts_nocase(name, slice_str("with-"))) return false;
    if (slice_eq_nocase(name, slice_str("credit")) || slice_eq_nocase(name, slice_str("image"))) return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (slice_find_nocase(name, slice_str(parts[i])) != SIZE_MAX) return true;
    return false;
}

static bool has_picture_name(const struct page_tree *t, size_t i) {
    struct slice rest = page_attr(t, i, ATTR_CLASS), name;
    while (rest.ptr && slice_cut(&rest, ' ', &name))
        if (names_picture(name)) return true;
    return false;
}

static bool is_media_type(struct slice type) {
    static const char *const names[] = {"ImageObject", "VideoObject", "AudioObject", "MediaObject", "Photograph", "ImageGallery"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_ends(slice_trim(type), slice_str(names[i]))) return true;
    return false;
}

static bool is_media_file(struct slice address) {
    static const char *const ends[] = {".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".mp3", ".mp4", ".ogg", ".webm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (address.len > n && slice_eq_nocase(slice_sub(address, address.len - n, address.len), slice_str(ends[i]))) return true;
    }
    return false;
}

bool statement_of_picture(const struct page_tree *t, size_t i) {
    bool typed = false;
    for (; i; i = t->nodes[i].parent) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_figure || tag == TAG_figcaption || is_media_file(page_attr(t, i, ATTR_ABOUT))) return true;
        struct slice type = page_attr(t, i, ATTR_ITEMTYPE);
        if (type.ptr && !typed && is_media_type(type)) return true;
        typed = typed || type.ptr;
    }
    return false;
}

#define LEGEND_DEPTH 4 /* elements above a credit in which its picture's name is looked for */

enum statement_place statement_place(const struct page_tree *t, size_t i) {
    if (statement_of_picture(t, i)) return STATEMENT_ELSEWHERE;
    bool footer = false, legend = false;
    for (unsigned up = 0; i; i = t->nodes[i].parent, up++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_body || tag == TAG_html) break;
        if (tag == TAG_template || tag == TAG_textarea || tag == TAG_blockquote || tag == TAG_q || is_of_others(t, i))
            return STATEMENT_ELSEWHERE;
        bool whole = tag == TAG_article || tag == TAG_main || tag == TAG_section;
        footer = footer || is_footer(t, i);
        legend = legend || (!footer && !whole && up < LEGEND_DEPTH && has_picture_name(t, i));
    }
    if (legend) return STATEMENT_ELSEWHERE;
    return footer ? STATEMENT_FOOTER : STATEMENT_BODY;
}

void statement_read(const struct page_tree *t, size_t node, struct statement *s) {
    size_t block = block_of(t, node), end = t->nodes[block].end;
    buf_init(&s->whole, 2 * LIMIT_TEXT);
    s->at = SIZE_MAX;
    s->to = 0;
    for (size_t i = block; i < end && s->whole.len < STATEMENT_MAX; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (i >= node && s->at == SIZE_MAX) s->at = s->whole.len;
        if (tag == TAG_script || tag == TAG_style) {
            i = t->nodes[i].end - 1;
            continue;
        }
        if (tag == TAG_TEXT) page_append_collapsed(&s->whole, page_node_text(t, i));
        if (i < t->nodes[node].end || s->to == 0) s->to = s->whole.len;
    }
    if (s->at == SIZE_MAX) s->at = s->whole.len;
    if (s->to < s->at) s->to = s->at;
}
