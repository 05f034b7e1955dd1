/*
 * The licence of a page: meta > JSON-LD > link rel=license > a link or a statement in the footer > one in the body.  What is said of a
 * picture, a map or a piece of code is not said of the page, and two licences that disagree are none.
 */
#include "base/chunk.h"
#include "base/limits.h"
#include "crawler/licence.h"
#include "crawler/page_facts.h"
#include "crawler/page_statement.h"

/* Candidates looked at, first lightly, then in their context: a page of nothing but licence links is read as fast as another. */
#define MAX_LOOKS 5000
#define MAX_TRIES 200

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
    return page_has_token(rel, "license") || page_has_token(rel, "dc.rights") || page_has_token(rel, "dcterms.rights") ||
           page_has_token(rel, "cc:license") || page_has_token(rel, "dct:license") || page_has_token(rel, "dcterms:license") ||
           page_has_token(rel, "dcterms.license");
}

static void read_link_elements(struct finder *f) {
    const struct page_tree *t = f->j->tree;
    for (size_t i = page_first(t, 0, t->n_nodes, TAG_link); i != SIZE_MAX; i = page_first(t, i + 1, t->n_nodes, TAG_link)) {
        bool item = page_has_token(page_attr(t, i, ATTR_ITEMPROP), "license") && !statement_of_picture(t, i);
        if (!item && !is_licence_rel(page_attr(t, i, ATTR_REL))) continue;
        struct slice href = page_attr(t, i, ATTR_HREF);
        char spdx[LICENCE_MAX];
        if (from_address(f->j, href, spdx)) found(f, spdx, href, "link");
    }
}

/* Licences written for programs: on a page they mostly speak of one. */
static bool is_for_code(const char *spdx) {
    static const char *const names[] = {"GPL-", "AGPL-", "LGPL-", "MIT",    "Apache-", "BSD-",
                                        "MPL-", "ISC",   "Zlib",  "CECILL", "0BSD"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(spdx, names[i], strlen(names[i])) == 0) return true;
    return false;
}

/* The licence of a link: its address, or what it says itself where it is marked as the licence. */
static bool anchor_licence(struct finder *f, size_t i, bool rel, char spdx[LICENCE_MAX]) {
    const struct page_tree *t = f->j->tree;
    if (from_address(f->j, page_attr(t, i, ATTR_HREF), spdx)) return true;
    if (!rel) return false;
    struct buf text = {0};
    page_inner_text(t, i, &text, LIMIT_META_VALUE);
    bool known = licence_from_text(buf_view(&text), spdx);
    buf_free(&text);
    return known;
}

static void read_anchor(struct finder *f, size_t i) {
    const struct page_tree *t = f->j->tree;
    char spdx[LICENCE_MAX];
    bool rel = is_licence_rel(page_attr(t, i, ATTR_REL)) || page_has_token(page_attr(t, i, ATTR_ITEMPROP), "license") ||
               page_has_token(page_attr(t, i, ATTR_PROPERTY), "cc:license") ||
               page_has_token(page_attr(t, i, ATTR_PROPERTY), "dct:license");
    enum statement_place place = statement_place(t, i);
    if (place == STATEMENT_ELSEWHERE || !anchor_licence(f, i, rel, spdx)) return;
    struct statement said;
    statement_read(t, i, &said);
    struct slice whole = buf_view(&said.whole);
    bool counts = !statement_is_credit(whole, said.at, said.to, is_for_code(spdx)) &&
                  (rel || place == STATEMENT_FOOTER || statement_offers(slice_sub(whole, 0, said.at)));
    buf_free(&said.whole);
    if (counts) found(f, spdx, page_attr(t, i, ATTR_HREF), place == STATEMENT_FOOTER ? "footer" : "body");
}

/* Does ${s} hold one of ${parts} (lower case, of three bytes or more; ASCII case folded)?  O(length). */
static bool holds_part(struct slice s, const struct slice *parts, size_t n) {
    for (size_t at = 0; at + 1 < s.len; at += CHUNK) {
        chunk one = chunk_at(s, at, 0) | 0x20, two = chunk_at(s, at + 1, 0) | 0x20, begins = {0};
        chunk three = chunk_at(s, at + 2 < s.len ? at + 2 : s.len, 0) | 0x20;
        for (size_t k = 0; k < n; k++)
            begins |= (chunk)(one == (uint8_t)parts[k].ptr[0]) & (chunk)(two == (uint8_t)parts[k].ptr[1]) &
                      (chunk)(three == (uint8_t)parts[k].ptr[2]);
        if (!chunk_any(begins)) continue;
        for (size_t i = at; i < at + CHUNK && i < s.len; i++)
            for (size_t k = 0; k < n; k++)
                if (slice_starts_nocase(slice_sub(s, i, s.len), parts[k])) return true;
    }
    return false;
}

/* A quick look before the slow one: every licence's address has one of these, or the link says what it is. */
static bool may_lead(const struct page_tree *t, size_t i) {
    static const struct slice parts[] = {SLICE_LIT("icen"), SLICE_LIT("commons"), SLICE_LIT("copyleft"), SLICE_LIT("opendata")};
    struct slice href = page_attr(t, i, ATTR_HREF);
    return href.ptr && (holds_part(href, parts, sizeof parts / sizeof *parts) ||
                        slice_find_nocase(page_attr(t, i, ATTR_REL), parts[0]) != SIZE_MAX);
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
        if (statement_place(t, i) == STATEMENT_FOOTER) {
            tries++;
            read_anchor(f, i);
        } else if (n < MAX_TRIES) {
            rest[n++] = (uint32_t)i;
        }
    }
    for (unsigned k = 0; k < n; k++) read_anchor(f, rest[k]);
}

static bool may_name(struct slice s) {
    static const struct slice parts[] = {SLICE_LIT("licen"), SLICE_LIT("creative"), SLICE_LIT("cc by"),
                                         SLICE_LIT("cc-by"), SLICE_LIT("cc0"),      SLICE_LIT("etalab")};
    return holds_part(s, parts, sizeof parts / sizeof *parts);
}

/* What the sentences of ${whole} say of the texts, each for itself: "Textes : CC BY 4.0. Photos : tous droits réservés." */
static void read_sentences(struct finder *f, struct slice whole) {
    char spdx[LICENCE_MAX];
    if (!statement_is_credit(whole, 0, whole.len, false) && licence_from_text(whole, spdx)) {
        found(f, spdx, whole, "footer");
        return;
    }
    for (size_t at = 0; at < whole.len;) {
        struct slice one = statement_sentence(whole, at);
        if (!statement_is_credit(one, 0, one.len, false) && licence_from_text(one, spdx)) found(f, spdx, whole, "footer");
        at = (size_t)(one.ptr - whole.ptr) + one.len + 1;
    }
}

/* "Sauf mention contraire, les contenus de ce site sont proposés sous licence etalab-2.0", without a link. */
static void read_footer_text(struct finder *f) {
    const struct page_tree *t = f->j->tree;
    static const char *const words[] = {"licen", "creative commons", "cc by", "cc-by", "cc0", "etalab", NULL};
    unsigned tries = 0;
    for (size_t i = 1; i < t->n_nodes && !f->spdx[0] && tries < MAX_TRIES; i++) {
        if (t->nodes[i].tag != TAG_TEXT || t->nodes[i].len > STATEMENT_MAX || !may_name(page_node_text(t, i))) continue;
        if (statement_first_word(page_node_text(t, i), words) == SIZE_MAX) continue;
        tries++;
        if (statement_place(t, i) != STATEMENT_FOOTER) continue;
        struct statement said;
        statement_read(t, i, &said);
        if (said.whole.len < STATEMENT_MAX) read_sentences(f, buf_view(&said.whole));
        buf_free(&said.whole);
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
