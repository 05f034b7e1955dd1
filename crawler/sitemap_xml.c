/*
 * What counts, by root element and by parent, namespaces aside:
 *
 *   urlset        url/loc, url/lastmod, url/link[@rel=alternate]/@href   (image:loc and the like have other parents)
 *   sitemapindex  sitemap/loc, sitemap/lastmod
 *   rss, RDF      item/link, else item/guid unless isPermaLink=false; item/pubDate, item/date
 *   feed          entry/link[@rel=alternate or none]/@href; entry/updated
 */
#include "base/limits.h"
#include "crawler/sitemap_parts.h"
#include <libxml/parser.h>
#include <stdlib.h>

#define DEPTH_MAX 16 /* the forms above are at most 5 deep; what lies deeper is counted, not named */

enum element { EL_OTHER, EL_URL, EL_SITEMAP, EL_ITEM, EL_ENTRY, EL_LOC, EL_LASTMOD, EL_LINK, EL_GUID, EL_DATE, EL_ROOT };

struct sitemap_xml {
    struct sitemap_run *run;
    xmlParserCtxtPtr parser;
    enum element stack[DEPTH_MAX];
    unsigned depth;
    struct buf text;            /* of the element that is open, when it is one of ours */
    struct buf loc, guid, date; /* of the entry that is open */
    bool collect, permalink, emitted;
    bool damaged; /* XML broke inside the open entry: half an address is no address */
};

static const struct {
    const char *name;
    enum element element;
} names[] = {
    {"url", EL_URL},      {"sitemap", EL_SITEMAP}, {"item", EL_ITEM}, {"entry", EL_ENTRY},
    {"loc", EL_LOC},      {"lastmod", EL_LASTMOD}, {"link", EL_LINK}, {"guid", EL_GUID},
    {"pubDate", EL_DATE}, {"updated", EL_DATE},    {"date", EL_DATE},
};

static const struct {
    const char *name;
    enum sitemap_kind kind;
} roots[] = {{"urlset", SITEMAP_URLSET},
             {"sitemapindex", SITEMAP_INDEX},
             {"rss", SITEMAP_RSS},
             {"RDF", SITEMAP_RSS},
             {"feed", SITEMAP_ATOM}};

static enum element element_of(const xmlChar *name) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp((const char *)name, names[i].name) == 0) return names[i].element;
    }
    return EL_OTHER;
}

static bool is_entry(enum element e) { return e == EL_URL || e == EL_SITEMAP || e == EL_ITEM || e == EL_ENTRY; }

/* The value of attribute ${name} without regard to namespace; SAX2 hands out (name, prefix, URI, value, end) quintuples. */
static struct slice attribute(const xmlChar **attrs, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        const xmlChar **a = attrs + 5 * (ptrdiff_t)i;
        if (strcmp((const char *)a[0], name) == 0) return slice_of((const char *)a[3], (size_t)(a[4] - a[3]));
    }
    return slice_of(NULL, 0);
}

static void root(struct sitemap_xml *x, const xmlChar *name) {
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (strcmp((const char *)name, roots[i].name) == 0) x->run->stats->kind = roots[i].kind;
    }
    if (x->run->stats->kind == SITEMAP_NONE) xmlStopParser(x->parser);
}

static void entry_begin(struct sitemap_xml *x) {
    buf_clear(&x->loc);
    buf_clear(&x->guid);
    buf_clear(&x->date);
    x->emitted = x->damaged = false;
    x->permalink = true;
}

static void entry_emit(struct sitemap_xml *x) {
    struct buf *address = x->loc.len ? &x->loc : &x->guid;
    if (x->emitted || (address == &x->guid && (!x->permalink || x->guid.len == 0))) return;
    x->emitted = true;
    if (x->damaged) {
        x->run->stats->bad++;
        return;
    }
    struct slice date = slice_sub(slice_trim(buf_view(&x->date)), 0, 40);
    sitemap_emit(x->run, buf_view(address), date, x->run->stats->kind == SITEMAP_INDEX, false);
}

/* <link href> of Atom, and of hreflang alternates in a urlset. */
static void link_element(struct sitemap_xml *x, enum element parent, const xmlChar **attrs, int n) {
    struct slice rel = attribute(attrs, n, "rel"), href = attribute(attrs, n, "href");
    bool alternate = slice_eq_nocase(slice_trim(rel), slice_str("alternate"));
    if (href.len == 0 || (rel.ptr && !alternate)) return;
    if (parent == EL_ENTRY && x->loc.len == 0) buf_slice(&x->loc, href);
    if (parent != EL_URL || !alternate || !attribute(attrs, n, "hreflang").ptr) return;
    entry_emit(x);
    sitemap_emit(x->run, href, slice_of("", 0), false, true);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns, const xmlChar **ns,
                     int n_attrs, int n_defaulted, const xmlChar **attrs) {
    (void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_defaulted;
    struct sitemap_xml *x = ctx;
    enum element e = x->depth == 0 ? EL_ROOT : element_of(name);
    enum element parent = x->depth > 0 && x->depth <= DEPTH_MAX ? x->stack[x->depth - 1] : EL_OTHER;
    if (x->depth == 0) root(x, name);
    if (x->depth < DEPTH_MAX) x->stack[x->depth] = e;
    x->depth++;
    if (is_entry(e)) entry_begin(x);
    x->collect = is_entry(parent) && e != EL_OTHER && !is_entry(e);
    if (!x->collect) return;
    buf_clear(&x->text);
    if (e == EL_LINK) link_element(x, parent, attrs, n_attrs);
    if (e == EL_GUID) x->permalink = !slice_eq_nocase(attribute(attrs, n_attrs, "isPermaLink"), slice_str("false"));
    if (sitemap_over(x->run)) xmlStopParser(x->parser);
}

static void on_text(void *ctx, const xmlChar *text, int len) {
    struct sitemap_xml *x = ctx;
    if (x->collect) buf_append(&x->text, text, (size_t)len);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
    (void)name, (void)prefix, (void)uri;
    struct sitemap_xml *x = ctx;
    if (x->depth == 0) return;
    x->depth--;
    enum element e = x->depth < DEPTH_MAX ? x->stack[x->depth] : EL_OTHER;
    if (x->collect && buf_ok(&x->text)) {
        bool address = e == EL_LOC || (e == EL_LINK && x->run->stats->kind == SITEMAP_RSS);
        if (address && x->loc.len == 0) buf_slice(&x->loc, slice_trim(buf_view(&x->text)));
        if (e == EL_GUID) buf_slice(&x->guid, slice_trim(buf_view(&x->text)));
        if ((e == EL_LASTMOD || e == EL_DATE) && x->date.len == 0) buf_slice(&x->date, slice_trim(buf_view(&x->text)));
    }
    x->collect = false;
    if (is_entry(e)) entry_emit(x);
    if (sitemap_over(x->run)) xmlStopParser(x->parser);
}

static void on_error(void *ctx, xmlErrorPtr error) {
    struct sitemap_xml *x = ctx;
    if (error->level == XML_ERR_FATAL) x->damaged = true;
}

struct sitemap_xml *sitemap_xml_new(struct sitemap_run *run) {
    struct sitemap_xml *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->run = run;
    buf_init(&x->text, LIMIT_URL_INPUT);
    buf_init(&x->loc, LIMIT_URL_INPUT);
    buf_init(&x->guid, LIMIT_URL_INPUT);
    buf_init(&x->date, LIMIT_URL_INPUT);
    /* No callback for declarations: no entity is ever known but XML's own five, whatever a document type says. */
    xmlSAXHandler sax;
    memset(&sax, 0, sizeof sax);
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = on_start;
    sax.endElementNs = on_end;
    sax.characters = on_text;
    sax.cdataBlock = on_text;
    sax.serror = on_error;
    x->parser = xmlCreatePushParserCtxt(&sax, x, NULL, 0, NULL);
    if (!x->parser) {
        free(x);
        return NULL;
    }
    /* NOENT writes "&amp;" of attributes as '&'; without it SAX2 hands out "&#38;". */
    xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_RECOVER);
    return x;
}

void sitemap_xml_feed(struct sitemap_xml *x, struct slice piece) { xmlParseChunk(x->parser, piece.ptr, (int)piece.len, 0); }

bool sitemap_xml_end(struct sitemap_xml *x) {
    if (!sitemap_over(x->run)) xmlParseChunk(x->parser, NULL, 0, 1);
    bool whole = x->parser->wellFormed && x->depth == 0;
    if (x->parser->myDoc) xmlFreeDoc(x->parser->myDoc);
    xmlFreeParserCtxt(x->parser);
    buf_free(&x->text);
    buf_free(&x->loc);
    buf_free(&x->guid);
    buf_free(&x->date);
    free(x);
    return whole;
}
