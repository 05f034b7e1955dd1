/*
 * The practical sheets of service-public.fr as DILA publishes them: XML of schema 3.3, roots Publication (the sheets) and
 * ServiceComplementaire (online services, forms, simulators).  The address is that of the audience whose folder
 * a sheet stands in and of its ID, or spUrl.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_xml.h"

/* What is no text of the sheet: paths to elsewhere, lists of other sheets, who to ask, machinery of the conditions. */
static const struct ingest_xml_rule rules[] = {
    {"Abreviation", XML_SKIP},    {"AutreNumero", XML_INLINE},
    {"Avertissement", XML_BLOCK}, {"BlocCas", XML_BLOCK},
    {"Cas", XML_BLOCK},           {"Cellule", XML_CELL},
    {"Chapitre", XML_BLOCK},      {"Cible", XML_SKIP},
    {"Citation", XML_INLINE},     {"Complement", XML_BLOCK},
    {"Condition", XML_SKIP},      {"Credits", XML_SKIP},
    {"Exposant", XML_INLINE},     {"Expression", XML_INLINE},
    {"Fiche", XML_BLOCK},         {"Image", XML_SKIP},
    {"Indice", XML_INLINE},       {"Item", XML_BLOCK},
    {"LienExterne", XML_INLINE},  {"LienInterne", XML_INLINE},
    {"LienIntra", XML_INLINE},    {"MiseEnEvidence", XML_INLINE},
    {"OuSAdresser", XML_SKIP},    {"PivotLocal", XML_SKIP},
    {"Rang", XML_BLOCK},          {"Reference", XML_SKIP},
    {"RessourceWeb", XML_SKIP},   {"ServiceEnLigne", XML_SKIP},
    {"Source", XML_SKIP},         {"TermeEtranger", XML_INLINE},
    {"Valeur", XML_INLINE},       {"Variable", XML_SKIP},
    {"affecteFaux", XML_SKIP},    {"affecteVrai", XML_SKIP},
    {"estIndefini", XML_SKIP},    {"estVrai", XML_SKIP},
};

/* The parts of a sheet that are its text, in the document's order. */
static const char *const parts[] = {"Avertissement", "Introduction", "Texte",           "ListeSituations", "SousDossier",
                                    "Dossier",       "Definition",   "ContenuIllustre", "Questionnaire",   "RechercheGuidee"};

static bool is_part(const xmlNode *n) {
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (ingest_xml_is(n, parts[i])) return true;
    return false;
}

static bool sniff(struct slice head, struct slice name) {
    struct slice root = ingest_xml_root(head);
    (void)name;
    return (slice_eq_str(root, "Publication") || slice_eq_str(root, "ServiceComplementaire")) &&
           slice_find(head, slice_str("purl.org/dc/elements")) != SIZE_MAX;
}

/* "created 2009-03-12" or "modified 2020-06-12". */
static struct slice date_of(const xmlNode *root, struct buf *room) {
    struct slice best = slice_of("", 0);
    const xmlNode *n = ingest_xml_child(root, "date");
    for (; n; n = ingest_xml_next(n)) {
        struct slice s = ingest_xml_flat(n, room), last = slice_sub(s, s.len > 10 ? s.len - 10 : 0, s.len);
        if (ingest_date_day(last).len) {
            best = last;
            if (slice_starts(s, slice_str("modified"))) break;
        }
    }
    return best;
}

/* A sheet without a body of its own (a link to a form) is what its description says. */
static void text_of(const xmlNode *root, struct ingest_tools *t) {
    buf_clear(&t->text);
    for (const xmlNode *n = root->children; n; n = n->next)
        if (is_part(n)) ingest_xml_text(n, rules, sizeof rules / sizeof *rules, XML_BLOCK, &t->text);
    if (!slice_trim(buf_view(&t->text)).len) {
        buf_clear(&t->text);
        buf_slice(&t->text, ingest_xml_flat(ingest_xml_child(root, "description"), &t->scratch));
    }
    if (!slice_trim(buf_view(&t->text)).len) buf_slice(&t->text, ingest_xml_flat(ingest_xml_child(root, "title"), &t->scratch));
}

static const struct {
    const char *folder, *url;
} audiences[] = {
    {"associations", "https://www.service-public.fr/associations/vosdroits/"},
    {"particuliers", "https://www.service-public.fr/particuliers/vosdroits/"},
    {"professionnels", "https://www.service-public.fr/professionnels-entreprises/vosdroits/"},
};

/* The folder that a member stands in: its audience, where the archive is so ordered. */
static struct slice folder_of(const struct ingest_unit *u) {
    struct slice path = buf_view(&u->member), base = ingest_path_base(path);
    return path.len > base.len ? ingest_path_base(slice_sub(path, 0, path.len - base.len)) : slice_of("", 0);
}

/* The same ID may stand in two audiences' folders, as two sheets, one of which may name the other's address. */
static void identity(const xmlNode *root, const struct ingest_unit *u, struct buf *upstream, struct buf *url) {
    struct slice folder = folder_of(u), id = ingest_xml_attr(root, "ID"), sp = ingest_xml_attr(root, "spUrl");
    if (!id.len) id = ingest_path_stem(buf_view(&u->member));
    for (size_t i = 0; i < sizeof audiences / sizeof *audiences; i++)
        if (slice_eq_str(folder, audiences[i].folder)) {
            buf_printf(upstream, "%s/%.*s", audiences[i].folder, SLICE_ARG(id));
            buf_printf(url, "%s%.*s", audiences[i].url, SLICE_ARG(id));
            return;
        }
    buf_slice(upstream, id);
    buf_slice(url, sp);
    if (!sp.len && id.len) buf_printf(url, "%s%.*s", audiences[1].url, SLICE_ARG(id));
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct buf title = {.max = 64 * KIB}, date = {.max = 256}, id = {.max = 4096}, url = {.max = 4096}, audience = {.max = 4096};
    xmlDoc *doc = ingest_xml_parse(t, buf_view(&u->bytes));
    if (!doc) return;
    const xmlNode *root = xmlDocGetRootElement(doc);
    text_of(root, t);
    identity(root, u, &id, &url);
    buf_clear(&t->meta);
    ingest_meta(t, "type", ingest_xml_attr(root, "type"));
    for (const xmlNode *n = ingest_xml_child(root, "Audience"); n; n = ingest_xml_next(n)) {
        if (audience.len) buf_str(&audience, ", ");
        buf_slice(&audience, ingest_xml_flat(n, &t->scratch));
    }
    ingest_meta(t, "audience", buf_view(&audience));
    ingest_meta(t, "subject", ingest_xml_flat(ingest_xml_child(root, "subject"), &t->scratch));
    struct slice title_text = ingest_xml_flat(ingest_xml_child(root, "title"), &title);
    struct slice author = ingest_xml_flat(ingest_xml_child(root, "creator"), &t->more);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = buf_view(&id),
                               .url = buf_view(&url),
                               .title = slice_sub(title_text, 0, LIMIT_META_VALUE),
                               .author = slice_sub(author, 0, LIMIT_META_VALUE),
                               .site = slice_str("service-public.fr"),
                               .date = date_of(root, &date),
                               .language = slice_str("fr"),
                               .text = buf_view(&t->text),
                               .meta = buf_view(&t->meta)};
    t->emit(t, &item);
    buf_free(&title);
    buf_free(&date);
    buf_free(&id);
    buf_free(&url);
    buf_free(&audience);
    xmlFreeDoc(doc);
}

const struct ingest_format ingest_service_public = {
    .name = "service-public", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};
