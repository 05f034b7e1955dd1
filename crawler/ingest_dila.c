/*
 * DILA's legal XML (the DTDs of echanges.dila.gouv.fr/OPENDATA): codes and laws (LEGI: ARTICLE, TEXTE_VERSION), the official journal
 * (JORF), collective agreements (KALI), case law (JADE, CASS, CAPP, INCA: TEXTE_JURI_ADMI, TEXTE_JURI_JUDI; CONSTIT: TEXTE_JURI_CONSTIT) and
 * CNIL (TEXTE_CNIL).  Sections, tables of contents and containers describe others and are no documents.
 *
 * Each version of an article has its own id and dates: DATE_DEBUT is the document's date, ETAT and DATE_FIN stand in metadata.
 * An id leads to one address whatever the file says of it, because a list of deletions holds nothing but ids.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_xml.h"

static const struct ingest_xml_rule rules[] = {
    {"a", XML_INLINE},      {"abbr", XML_INLINE}, {"b", XML_INLINE},   {"br", XML_BREAK},    {"em", XML_INLINE},
    {"font", XML_INLINE},   {"i", XML_INLINE},    {"img", XML_SKIP},   {"script", XML_SKIP}, {"span", XML_INLINE},
    {"strong", XML_INLINE}, {"style", XML_SKIP},  {"sub", XML_INLINE}, {"sup", XML_INLINE},  {"td", XML_CELL},
    {"th", XML_CELL},       {"u", XML_INLINE},
};

static const struct {
    const char *prefix, *url;
} addresses[] = {
    {"LEGIARTI", "https://www.legifrance.gouv.fr/codes/article_lc/"},  {"LEGITEXT", "https://www.legifrance.gouv.fr/loda/id/"},
    {"JORFARTI", "https://www.legifrance.gouv.fr/jorf/article_jo/"},   {"JORFTEXT", "https://www.legifrance.gouv.fr/jorf/id/"},
    {"KALIARTI", "https://www.legifrance.gouv.fr/conv_coll/article/"}, {"KALITEXT", "https://www.legifrance.gouv.fr/conv_coll/id/"},
    {"KALICONT", "https://www.legifrance.gouv.fr/conv_coll/id/"},      {"CETATEXT", "https://www.legifrance.gouv.fr/ceta/id/"},
    {"JURITEXT", "https://www.legifrance.gouv.fr/juri/id/"},           {"CONSTEXT", "https://www.legifrance.gouv.fr/cons/id/"},
    {"CNILTEXT", "https://www.legifrance.gouv.fr/cnil/id/"},
};

static void address(struct slice id, struct buf *out) {
    buf_clear(out);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (slice_starts(id, slice_str(addresses[i].prefix))) {
            buf_str(out, addresses[i].url);
            buf_slice(out, id);
        }
}

static const char *const documents[] = {"ARTICLE",          "TEXTE_VERSION",      "TEXTE_JURI_JUDI", "TEXTE_JURI_ADMI",
                                        "TEXTE_JURI_ADMIN", "TEXTE_JURI_CONSTIT", "TEXTE_CNIL"};
static const char *const structures[] = {"SECTION_TA", "TEXTELR",  "TEXTEKALI", "TEXTE_STRUCT",   "IDCC",
                                         "JO",         "VERSIONS", "ELI",       "SECTION_TA_KALI"};

static bool one_of(struct slice name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (slice_eq_str(name, list[i])) return true;
    return false;
}

static bool sniff(struct slice head, struct slice name) {
    struct slice root = ingest_xml_root(head);
    (void)name;
    return one_of(root, documents, sizeof documents / sizeof *documents) ||
           one_of(root, structures, sizeof structures / sizeof *structures);
}

/* ---- what an article stands in ---- */

/* CONTEXTE: the text's title, then the sections down to the article. */
static void section_of(const xmlNode *root, struct ingest_tools *t, struct buf *title) {
    const xmlNode *context = ingest_xml_find(root, "CONTEXTE"), *text = ingest_xml_find(context, "TITRE_TXT");
    const xmlNode *tm = ingest_xml_find(context, "TM");
    struct slice s = ingest_xml_attr(text, "c_titre_court");
    if (!s.len) s = ingest_xml_flat(text, &t->scratch);
    while (s.len && s.ptr[s.len - 1] == '.') s.len--;
    buf_slice(title, s);
    buf_clear(&t->more);
    for (; tm; tm = ingest_xml_child(tm, "TM")) {
        s = ingest_xml_flat(ingest_xml_child(tm, "TITRE_TM"), &t->scratch);
        if (t->more.len && s.len) buf_str(&t->more, " > ");
        buf_slice(&t->more, s);
    }
    ingest_meta(t, "section", buf_view(&t->more));
}

static void title_of(const xmlNode *root, struct ingest_tools *t, struct buf *title) {
    static const char *const names[] = {"TITREFULL", "TITRE_TXT", "TITRE"};
    buf_clear(title);
    if (ingest_xml_is(root, "ARTICLE")) {
        section_of(root, t, title);
        struct slice num = ingest_xml_flat(ingest_xml_find(root, "NUM"), &t->scratch);
        if (num.len) buf_printf(title, "%sarticle %.*s", title->len ? ", " : "Article ", SLICE_ARG(num));
        if (slice_starts(buf_view(title), slice_str("Article article"))) {
            buf_clear(title);
            buf_printf(title, "Article %.*s", SLICE_ARG(num));
        }
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names && !title->len; i++)
        buf_slice(title, ingest_xml_flat(ingest_xml_find(root, names[i]), &t->scratch));
}

/* The blocks that are text, in the document's order; a decision's summary comes before it. */
static void text_of(const xmlNode *root, struct ingest_tools *t) {
    static const char *const blocks[] = {"VISAS", "SOMMAIRE", "BLOC_TEXTUEL", "NOTA", "SIGNATAIRES", "ABRO", "RECT"};
    buf_clear(&t->text);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        const xmlNode *n = ingest_xml_find(root, blocks[i]);
        if (n) ingest_xml_text(n, rules, sizeof rules / sizeof *rules, XML_BLOCK, &t->text);
    }
}

static void meta_of(const xmlNode *root, struct ingest_tools *t) {
    static const struct {
        const char *element, *key;
    } kept[] = {{"NATURE", "nature"}, {"ETAT", "state"},        {"DATE_FIN", "date_end"}, {"NOR", "nor"},
                {"CID", "cid"},       {"JURIDICTION", "court"}, {"NUMERO", "number"},     {"SOLUTION", "outcome"},
                {"ECLI", "ecli"},     {"FORMATION", "chamber"}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        ingest_meta(t, kept[i].key, ingest_xml_flat(ingest_xml_find(root, kept[i].element), &t->scratch));
}

static struct slice date_of(const xmlNode *root, struct buf *room) {
    static const char *const names[] = {"DATE_DEBUT", "DATE_DEC", "DATE_TEXTE", "DATE_PUBLI", "DATE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice day = ingest_date_day(ingest_xml_flat(ingest_xml_find(root, names[i]), room));
        if (day.len) return day;
    }
    return slice_of("", 0);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct buf title = {.max = 64 * KIB}, date = {.max = 4096}, url = {.max = 4096}, id = {.max = 4096};
    xmlDoc *doc = ingest_xml_parse(t, buf_view(&u->bytes));
    if (!doc) return;
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (!one_of(slice_str((const char *)root->name), documents, sizeof documents / sizeof *documents)) {
        ingest_refuse(t, INGEST_STRUCTURE, slice_of("", 0), "");
    } else {
        buf_slice(&id, ingest_xml_flat(ingest_xml_find(root, "ID"), &t->scratch));
        address(buf_view(&id), &url);
        text_of(root, t);
        buf_clear(&t->meta);
        title_of(root, t, &title);
        meta_of(root, t);
        struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                                   .upstream = buf_view(&id),
                                   .url = buf_view(&url),
                                   .title = slice_sub(buf_view(&title), 0, LIMIT_META_VALUE),
                                   .site = slice_str("Légifrance"),
                                   .date = date_of(root, &date),
                                   .language = slice_str("fr"),
                                   .text = buf_view(&t->text),
                                   .meta = buf_view(&t->meta)};
        t->emit(t, &item);
    }
    buf_free(&title);
    buf_free(&date);
    buf_free(&url);
    buf_free(&id);
    xmlFreeDoc(doc);
}

const struct ingest_format ingest_dila = {.name = "dila", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};

/* ---- lists of deletions ---- */

/* liste_suppression_legi.dat: a path a line, without extension; its last part is the id. */
static bool sniff_list(struct slice head, struct slice name) {
    (void)head;
    return slice_starts_nocase(ingest_path_base(name), slice_str("liste_suppression")) && !ingest_name_has(name, ".xml");
}

static void convert_list(struct ingest_tools *t, const struct ingest_unit *u) {
    struct buf url = {.max = 4096};
    struct slice line = slice_trim(buf_view(&u->bytes)), id = ingest_path_stem(line);
    address(id, &url);
    struct ingest_item item = {.kind = INGEST_ITEM_DELETION, .url = buf_view(&url), .upstream = url.len ? id : line};
    if (line.len) t->emit(t, &item);
    buf_free(&url);
}

const struct ingest_format ingest_dila_list = {
    .name = "dila-deletions", .split = INGEST_LINES, .sniff = sniff_list, .convert = convert_list};
