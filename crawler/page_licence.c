/*
 * The licence of a page: meta > JSON-LD > link rel=license > a link or a statement in the footer > one in the body.  What is said of a
 * picture, a map or a piece of code is not said of the page, and two licences that disagree are none.
 */
#include "base/limits.h"
#include "crawler/licence.h"
#include "crawler/page_facts.h"

/* Candidates looked at, first lightly, then in their context: a page of nothing but licence links is read as fast as another. */
#define MAX_LOOKS 5000
#define MAX_TRIES 200
#define STATEMENT_MAX 1500 /* bytes of a paragraph that can be a licence statement */

struct finder {
    struct page_job *j;
    char spdx[LICENCE_MAX];
    struct slice evidence;
    const char *place;
    bool disagree;
};

static void found(struct finder *f, const char *spdx, struct slice evidence, const char *place) {
    if (!spdx[0] || f->disagree) return;
    if (!f->spdx[0]) {
        memcpy(f->spdx, spdx, LICENCE_MAX);
        f->evidence = page_keep(f->j, slice_sub(evidence, 0, LIMIT_META_VALUE));
        f->place = place;
    } else if (strcmp(f->spdx, spdx) != 0) {
        f->disagree = true;
        buf_clear(&f->j->scratch);
        buf_printf(&f->j->scratch, "%s: %.*s; %s: %.*s", f->place, SLICE_ARG(f->evidence), place,
                   SLICE_ARG(slice_sub(evidence, 0, LIMIT_META_VALUE)));
        f->evidence = page_keep(f->j, buf_view(&f->j->scratch));
    }
}

static bool from_address(struct page_job *j, struct slice href, char spdx[LICENCE_MAX]) {
    href = slice_trim(href);
    spdx[0] = 0;
    if (!href.len || href.len > LIMIT_URL_INPUT) return false;
    if (slice_starts_nocase(href, slice_str("http"))) return licence_from_url(href, spdx);
    buf_clear(&j->scratch);
    if (!slice_starts(href, slice_str("//"))) return false;
    buf_printf(&j->scratch, "https:%.*s", SLICE_ARG(href));
    return licence_from_url(buf_view(&j->scratch), spdx);
}

static void from_value(struct finder *f, struct slice value, const char *place) {
    char spdx[LICENCE_MAX];
    if (from_address(f->j, value, spdx) || licence_from_text(slice_sub(value, 0, LIMIT_META_VALUE), spdx))
        found(f, spdx, value, place);
}

static void read_metas(struct finder *f) {
    static const char *const names[] = {"license",   "licence",        "dcterms.license",   "dcterms:license", "dc.license",
                                        "dc.rights", "dcterms.rights", "dc.rights.license", "og:license",      "rights",
                                        "copyright", "cc:license",     "dc:rights",         "dct:license"};
    static const enum page_attr_name keys[] = {ATTR_NAME, ATTR_PROPERTY, ATTR_ITEMPROP};
    const struct page_tree *t = f->j->tree;
    for (size_t i = page_first(t, 0, t->n_nodes, TAG_meta); i != SIZE_MAX; i = page_first(t, i + 1, t->n_nodes, TAG_meta)) {
        bool ours = false;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            struct slice name = slice_trim(page_attr(t, i, keys[k]));
            for (size_t n = 0; name.len && n < sizeof names / sizeof *names; n++)
                ours |= slice_eq_nocase(name, slice_str(names[n]));
        }
        if (ours) from_value(f, slice_trim(page_attr(t, i, ATTR_CONTENT)), "meta");
    }
}

static bool is_licence_rel(struct slice rel) {
    return page_has_token(rel, "license") || page_has_token(rel, "cc:license") || page_has_token(rel, "dct:license") ||
           page_has_token(rel, "dcterms:license") || page_has_token(rel, "dcterms.license");
}

static void read_link_elements(struct finder *f) {
    const struct page_tree *t = f->j->tree;
    for (size_t i = page_first(t, 0, t->n_nodes, TAG_link); i != SIZE_MAX; i = page_first(t, i + 1, t->n_nodes, TAG_link)) {
        if (!is_licence_rel(page_attr(t, i, ATTR_REL))) continue;
        struct slice href = page_attr(t, i, ATTR_HREF);
        char spdx[LICENCE_MAX];
        if (from_address(f->j, href, spdx)) found(f, spdx, href, "link");
    }
}

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

/* Offset of the first word that begins like one of ${words}, or SIZE_MAX. */
static size_t first_word(struct slice s, const char *const *words) {
    bool begins[256] = {false};
    for (const char *const *w = words; *w; w++) begins[(unsigned char)**w] = begins[(unsigned char)ascii_upper(**w)] = true;
    for (size_t at = 0; at < s.len; at++) {
        if (!begins[(unsigned char)s.ptr[at]] || (at && ascii_is_alnum(s.ptr[at - 1]))) continue;
        for (const char *const *w = words; *w; w++)
            if (has_word_at(s, at, slice_str(*w))) return at;
    }
    return SIZE_MAX;
}

/* A statement about a picture, an icon, a map, a font or code, and not first about the texts. */
static bool is_credit(struct slice s) {
    static const char *const things[] = {
        "photo",         "image",    "icon",        "icône",    "icone",    "pictogramme", "illustration", "carte",
        "fond de carte", "map",      "tuile",       "tile",     "code",     "logo",        "police",       "font",
        "vidéo",         "video",    "musique",     "music",    "crédit",   "credit",      "dessin",       "visuel",
        "picture",       "thème",    "theme",       "template", "logiciel", "software",    "plan ©",       "leaflet",
        "openstreetmap", "bannière", "infographie", "son ",     "extrait",  NULL};
    static const char *const works[] = {"contenu",  "texte",    "article",    "site",        "document",     "page",
                                        "billet",   "œuvre",    "oeuvre",     "publication", "donnée",       "content",
                                        "text",     "work",     "this ",      "material",    "except where", "sauf",
                                        "licence ", "tous les", "toutes les", NULL};
    size_t thing = first_word(s, things);
    return thing != SIZE_MAX && thing < first_word(s, works);
}

/* "… sous licence", "… under the terms of": the words just before the link offer something. */
static bool offers(struct slice before) {
    static const char *const words[] = {"sous", "under", "selon les termes", "unter", "bajo", NULL};
    struct slice tail = slice_sub(before, before.len > 60 ? before.len - 60 : 0, before.len);
    return first_word(tail, words) != SIZE_MAX;
}

/* Names of elements in which a site speaks of itself. */
static bool in_footer(const struct page_tree *t, size_t i) {
    static const char *const names[] = {"footer", "colophon", "copyright", "pied", "licen", "mentions", "bottom", "credits"};
    for (; i; i = t->nodes[i].parent) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_body || tag == TAG_html) return false;
        if (tag == TAG_footer || page_has_token(page_attr(t, i, ATTR_ROLE), "contentinfo")) return true;
        struct slice c = page_attr(t, i, ATTR_CLASS), id = page_attr(t, i, ATTR_ID);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (slice_find_nocase(c, slice_str(names[k])) != SIZE_MAX || slice_find_nocase(id, slice_str(names[k])) != SIZE_MAX)
                return true;
    }
    return false;
}

static bool in_picture(const struct page_tree *t, size_t i) {
    for (; i; i = t->nodes[i].parent)
        if (t->nodes[i].tag == TAG_figure || t->nodes[i].tag == TAG_figcaption) return true;
    return false;
}

/* Text of block ${block} up to node ${stop}, and whole. */
static void read_statement(const struct page_tree *t, size_t block, size_t stop, struct buf *before, struct buf *whole) {
    size_t end = t->nodes[block].end;
    for (size_t i = block; i < end && whole->len < STATEMENT_MAX; i++) {
        uint8_t tag = t->nodes[i].tag;
        if (tag == TAG_script || tag == TAG_style) {
            i = t->nodes[i].end - 1;
            continue;
        }
        if (tag != TAG_TEXT) continue;
        if (i < stop) page_append_collapsed(before, page_node_text(t, i));
        page_append_collapsed(whole, page_node_text(t, i));
    }
}

static void read_anchor(struct finder *f, size_t i) {
    const struct page_tree *t = f->j->tree;
    struct slice href = page_attr(t, i, ATTR_HREF);
    char spdx[LICENCE_MAX];
    if (!from_address(f->j, href, spdx) || in_picture(t, i)) return;
    bool rel = is_licence_rel(page_attr(t, i, ATTR_REL)) || page_has_token(page_attr(t, i, ATTR_ITEMPROP), "license") ||
               page_has_token(page_attr(t, i, ATTR_PROPERTY), "cc:license") ||
               page_has_token(page_attr(t, i, ATTR_PROPERTY), "dct:license");
    bool footer = in_footer(t, i);
    struct buf before, whole;
    buf_init(&before, 2 * LIMIT_TEXT);
    buf_init(&whole, 2 * LIMIT_TEXT);
    read_statement(t, block_of(t, i), i, &before, &whole);
    bool counts = !is_credit(buf_view(&whole)) && (rel || footer || offers(buf_view(&before)));
    buf_free(&before);
    buf_free(&whole);
    if (counts) found(f, spdx, href, footer ? "footer" : "body");
}

/* Does ${s} hold one of ${parts} (lower case, of two bytes or more; ASCII case folded)?  Looks at each byte once. */
static bool holds_part(struct slice s, const struct slice *parts, size_t n) {
    /* by the low five bits of a letter, which are its place in the alphabet in either case */
    uint32_t first = 0, second = 0;
    for (size_t k = 0; k < n; k++) {
        first |= 1u << (parts[k].ptr[0] & 31);
        second |= 1u << (parts[k].ptr[1] & 31);
    }
    for (size_t at = 0; at + 1 < s.len; at++) {
        if (!(first >> (s.ptr[at] & 31) & second >> (s.ptr[at + 1] & 31) & 1)) continue;
        for (size_t k = 0; k < n; k++)
            if (slice_starts_nocase(slice_sub(s, at, s.len), parts[k])) return true;
    }
    return false;
}

/* A quick look before the slow one: every licence's address has one of these, or the link says what it is. */
static bool may_lead(const struct page_tree *t, size_t i) {
    static const struct slice parts[] = {SLICE_LIT("icen"), SLICE_LIT("commons"), SLICE_LIT("copyleft"), SLICE_LIT("opendata")};
    struct slice href = page_attr(t, i, ATTR_HREF);
    return href.ptr && (holds_part(href, parts, sizeof parts / sizeof *parts) || holds_part(page_attr(t, i, ATTR_REL), parts, 1));
}

/* Those in the footer first, then the others. */
static void read_anchors(struct finder *f) {
    const struct page_tree *t = f->j->tree;
    uint32_t rest[MAX_TRIES];
    unsigned tries = 0, looks = 0, n = 0;
    for (size_t i = page_first(t, 0, t->n_nodes, TAG_a); i != SIZE_MAX && tries < MAX_TRIES && looks < MAX_LOOKS;
         i = page_first(t, i + 1, t->n_nodes, TAG_a)) {
        if (!may_lead(t, i)) continue;
        looks++;
        if (in_footer(t, i)) {
            tries++;
            read_anchor(f, i);
        } else if (n < MAX_TRIES) {
            rest[n++] = (uint32_t)i;
        }
    }
    for (unsigned k = 0; k < n; k++) read_anchor(f, rest[k]);
}

static bool may_name(struct slice s) {
    static const struct slice parts[] = {SLICE_LIT("licen"), SLICE_LIT("creative"), SLICE_LIT("cc by"), SLICE_LIT("cc-by")};
    return holds_part(s, parts, sizeof parts / sizeof *parts);
}

/* "Sauf mention contraire, les contenus de ce site sont proposés sous licence etalab-2.0", without a link. */
static void read_footer_text(struct finder *f) {
    const struct page_tree *t = f->j->tree;
    static const char *const words[] = {"licen", "creative commons", "cc by", "cc-by", NULL};
    unsigned tries = 0;
    for (size_t i = 1; i < t->n_nodes && !f->spdx[0] && tries < MAX_TRIES; i++) {
        if (t->nodes[i].tag != TAG_TEXT || t->nodes[i].len > STATEMENT_MAX || !may_name(page_node_text(t, i))) continue;
        if (first_word(page_node_text(t, i), words) == SIZE_MAX) continue;
        tries++;
        size_t block = block_of(t, i);
        if (!in_footer(t, i) || in_picture(t, i)) continue;
        struct buf before, whole;
        buf_init(&before, 2 * LIMIT_TEXT);
        buf_init(&whole, 2 * LIMIT_TEXT);
        read_statement(t, block, i, &before, &whole);
        char spdx[LICENCE_MAX];
        if (whole.len < STATEMENT_MAX && !is_credit(buf_view(&whole)) && licence_from_text(buf_view(&whole), spdx))
            found(f, spdx, buf_view(&whole), "footer");
        buf_free(&before);
        buf_free(&whole);
    }
}

void page_read_licence(struct page_job *j, const struct page_facts *facts) {
    struct finder f = {.j = j, .evidence = slice_of("", 0), .place = ""};
    read_metas(&f);
    for (size_t i = 0; i < facts->ld.n_licences; i++) from_value(&f, facts->ld.licences[i], "json-ld");
    read_link_elements(&f);
    read_anchors(&f);
    if (!f.spdx[0]) read_footer_text(&f);
    if (!f.spdx[0]) return;
    j->page->licence.spdx = f.disagree ? slice_of("", 0) : page_keep(j, slice_str(f.spdx));
    j->page->licence.evidence = f.evidence;
    j->page->licence.place = f.place;
}
