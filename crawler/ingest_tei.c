/*
 * TEI P5 (tei-c.org), as OpenEdition, Persée's kind of corpora and the French literary editions write it: the text is <text>, without notes,
 * running heads and the readings that an editor has corrected; what it is called, who wrote it and under what licence stands in
 * <teiHeader>.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_xml.h"

static const struct ingest_xml_rule rules[] = {
    {"ab", XML_BLOCK},        {"abbr", XML_SKIP},       {"argument", XML_BLOCK},
    {"back", XML_BLOCK},      {"bibl", XML_BLOCK},      {"biblFull", XML_SKIP},
    {"biblStruct", XML_SKIP}, {"body", XML_BLOCK},      {"byline", XML_BLOCK},
    {"castItem", XML_BLOCK},  {"cb", XML_SPACE},        {"cell", XML_CELL},
    {"closer", XML_BLOCK},    {"del", XML_SKIP},        {"desc", XML_SKIP},
    {"div", XML_BLOCK},       {"docTitle", XML_BLOCK},  {"epigraph", XML_BLOCK},
    {"figDesc", XML_SKIP},    {"figure", XML_SKIP},     {"floatingText", XML_BLOCK},
    {"formula", XML_SKIP},    {"front", XML_BLOCK},     {"fw", XML_SKIP},
    {"graphic", XML_SKIP},    {"head", XML_BLOCK},      {"item", XML_BLOCK},
    {"l", XML_BLOCK},         {"label", XML_BLOCK},     {"lb", XML_SPACE},
    {"lg", XML_BLOCK},        {"list", XML_BLOCK},      {"listBibl", XML_SKIP},
    {"note", XML_SKIP},       {"opener", XML_BLOCK},    {"orig", XML_SKIP},
    {"p", XML_BLOCK},         {"pb", XML_SPACE},        {"postscript", XML_BLOCK},
    {"quote", XML_BLOCK},     {"row", XML_BLOCK},       {"salute", XML_BLOCK},
    {"sic", XML_SKIP},        {"signed", XML_BLOCK},    {"sp", XML_BLOCK},
    {"speaker", XML_BLOCK},   {"stage", XML_BLOCK},     {"table", XML_BLOCK},
    {"titlePage", XML_SKIP},  {"titlePart", XML_BLOCK}, {"trailer", XML_BLOCK},
};

static bool sniff(struct slice head, struct slice name) {
    struct slice root = ingest_xml_root(head);
    (void)name;
    return slice_eq_str(root, "TEI") || slice_eq_str(root, "TEI.2") || slice_eq_str(root, "teiCorpus");
}

/* The first address of a licence under <availability>, or what it says. */
static struct slice licence_of(const xmlNode *header, struct buf *room) {
    const xmlNode *a = ingest_xml_find(header, "availability"), *l = ingest_xml_find(a, "licence");
    struct slice target = ingest_xml_attr(l, "target");
    if (!target.len) target = ingest_xml_attr(ingest_xml_find(l, "ref"), "target");
    if (!target.len && !l) target = ingest_xml_attr(ingest_xml_find(a, "ref"), "target");
    return target.len ? target : slice_sub(ingest_xml_flat(l ? l : a, room), 0, LIMIT_META_VALUE);
}

static struct slice date_of(const xmlNode *header, struct buf *room) {
    const xmlNode *d = ingest_xml_find(ingest_xml_find(header, "publicationStmt"), "date");
    struct slice day = ingest_date_day(ingest_xml_attr(d, "when"));
    return day.len ? day : ingest_date_day(ingest_xml_flat(d, room));
}

static void authors_of(const xmlNode *stmt, struct buf *out, struct buf *room) {
    for (const xmlNode *a = ingest_xml_child(stmt, "author"); a; a = ingest_xml_next(a)) {
        struct slice s = ingest_xml_flat(a, room);
        if (out->len && s.len) buf_str(out, "; ");
        buf_slice(out, slice_sub(s, 0, LIMIT_META_VALUE));
    }
}

/* <idno>: an address, else any; else the root's xml:id. */
static void identity(const xmlNode *root, const xmlNode *header, struct buf *url, struct buf *id, struct buf *room) {
    const xmlNode *stmt = ingest_xml_find(header, "publicationStmt");
    for (const xmlNode *n = ingest_xml_find(stmt, "idno"); n; n = ingest_xml_next(n)) {
        struct slice s = ingest_xml_flat(n, room);
        if (!url->len && slice_starts(s, slice_str("http"))) buf_slice(url, s);
        if (!id->len) buf_slice(id, s);
    }
    if (!id->len) buf_slice(id, ingest_xml_attr(root, "id"));
}

static struct slice language_of(const xmlNode *root, const xmlNode *header) {
    struct slice s = ingest_xml_attr(root, "lang");
    if (!s.len) s = ingest_xml_attr(ingest_xml_child(root, "text"), "lang");
    return s.len ? s : ingest_xml_attr(ingest_xml_find(ingest_xml_find(header, "langUsage"), "language"), "ident");
}

static void one(struct ingest_tools *t, const struct ingest_unit *u, const xmlNode *root) {
    struct buf title = {.max = 64 * KIB}, date = {.max = 4096}, url = {.max = 64 * KIB}, id = {.max = 64 * KIB},
               author = {.max = 64 * KIB};
    const xmlNode *header = ingest_xml_child(root, "teiHeader"), *stmt = ingest_xml_find(header, "titleStmt");
    buf_clear(&t->text);
    const xmlNode *text = ingest_xml_child(root, "text");
    if (text) ingest_xml_text(text, rules, sizeof rules / sizeof *rules, XML_INLINE, &t->text);
    authors_of(stmt, &author, &t->scratch);
    identity(root, header, &url, &id, &t->scratch);
    if (!id.len) buf_slice(&id, ingest_unit_name(t, u));
    struct slice titled = ingest_xml_flat(ingest_xml_child(stmt, "title"), &title), day = date_of(header, &date);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = buf_view(&id),
                               .url = buf_view(&url),
                               .title = slice_sub(titled, 0, LIMIT_META_VALUE),
                               .author = slice_sub(buf_view(&author), 0, LIMIT_META_VALUE),
                               .date = day,
                               .language = language_of(root, header),
                               .text = buf_view(&t->text),
                               .license = licence_of(header, &t->more)};
    t->emit(t, &item);
    buf_free(&title);
    buf_free(&date);
    buf_free(&url);
    buf_free(&id);
    buf_free(&author);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    xmlDoc *doc = ingest_xml_parse(t, buf_view(&u->bytes));
    if (!doc) return;
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (ingest_xml_is(root, "teiCorpus"))
        for (const xmlNode *n = ingest_xml_child(root, "TEI"); n; n = ingest_xml_next(n)) one(t, u, n);
    else
        one(t, u, root);
    xmlFreeDoc(doc);
}

const struct ingest_format ingest_tei = {.name = "tei", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};
