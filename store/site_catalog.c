#include "store/site_catalog.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/card.h"
#include "store/html.h"
#include <stdio.h>
#include <stdlib.h>

#define TITLE "Villers : données d’entraînement en français"
#define ABOUT                                                                                                                      \
    "Textes en français dont la licence permet l’usage, dédoublonnés, datés et versionnés. Chaque document dit d’où il vient et sous quelle licence."
#define LANGUAGE "http://publications.europa.eu/resource/authority/language/FRA"
#define THEME "http://publications.europa.eu/resource/authority/data-theme/TECH"
#define FORMAT "http://publications.europa.eu/resource/authority/file-type/JSON"
#define MEDIA "https://www.iana.org/assignments/media-types/application/json"
#define SHA256_ALGORITHM "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"

static const char *const keywords[] = {"français", "corpus", "texte", "apprentissage automatique", "modèles de langue"};
#define N_KEYWORDS (sizeof keywords / sizeof *keywords)

/* One version as the catalogue tells it. */
struct entry {
    const char *name;
    const struct release_version *v;
    char sha256[65], license[160], text[400];
    uint64_t manifest_bytes;
};

typedef void (*entry_fn)(void *ctx, const struct entry *e);

/* One licence: its address; several: none here, each document has its own. */
static void license_of(const struct site *s, struct entry *e) {
    struct release_manifest m = {0};
    if (site_manifest(s, e->name, e->v->version, &m) && m.licenses.n == 1) {
        const char *url = card_license_url(m.licenses.items[0].key);
        if (url) snprintf(e->license, sizeof e->license, "%s", url);
    }
    release_manifest_free(&m);
}

static void give_version(const struct site *s, const char *name, const struct release_version *v, entry_fn fn, void *ctx) {
    struct entry e = {.name = name, .v = v};
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    unsigned char digest[SHA256_BYTES];
    buf_printf(&path, "%s/%s/%s/" RELEASE_MANIFEST_FILE, s->releases, name, v->path);
    if (file_exists(buf_cstr(&path)) && file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, NULL) == ST_OK) {
        sha256_of(buf_view(&text), digest);
        hash_hex(digest, sizeof digest, e.sha256);
        e.manifest_bytes = text.len;
        snprintf(e.text, sizeof e.text, "Version %s : %llu documents, %llu mots, %llu octets compressés (JSON Lines, zstd).",
                 v->version, (unsigned long long)v->documents, (unsigned long long)v->words, (unsigned long long)v->bytes);
        license_of(s, &e);
        fn(ctx, &e);
    }
    buf_free(&path);
    buf_free(&text);
}

/* Where NAME[/VERSION[/FILE]] is. */
static const char *address(struct buf *out, const struct site *s, const char *name, const char *version, const char *file) {
    buf_clear(out);
    if (s->base[0]) buf_printf(out, "%s/", s->base);
    if (name) {
        html_href(out, name);
        buf_char(out, '/');
    }
    if (version) buf_printf(out, "%s/%s", version, file);
    return buf_cstr(out);
}

static void each_dataset(const struct site *s, void (*fn)(void *ctx, const char *name, const struct release_versions *v),
                         void *ctx) {
    char **names = NULL;
    size_t n = 0;
    if (dir_list(s->releases, "", &names, &n, NULL) != ST_OK) return;
    for (size_t i = 0; i < n; i++) {
        struct release_versions v = {0};
        if (names[i][0] != '.' && site_versions(s, names[i], &v) && v.n) fn(ctx, names[i], &v);
        release_versions_free(&v);
    }
    dir_list_free(names, n);
}

static const char *first_day(const struct release_versions *v) {
    const char *day = v->items[0].date;
    for (size_t i = 1; i < v->n; i++)
        if (strcmp(v->items[i].date, day) < 0) day = v->items[i].date;
    return day;
}

static const char *last_day(const struct release_versions *v) {
    const char *day = v->items[0].date;
    for (size_t i = 1; i < v->n; i++)
        if (strcmp(v->items[i].date, day) > 0) day = v->items[i].date;
    return day;
}

static void describe(struct buf *out, const char *name, const struct release_versions *v) {
    const struct release_version *latest = &v->items[v->n - 1];
    buf_clear(out);
    buf_printf(
        out,
        "%s : textes en français sous licence ouverte, dédoublonnés. Version %s : %llu documents, %llu mots. Chaque document porte sa "
        "source et sa licence.",
        name, latest->version, (unsigned long long)latest->documents, (unsigned long long)latest->words);
}

/* ---- RDF/XML ---- */

struct xml {
    struct buf *out;
    const struct site *s;
    struct buf iri, text;
};

static void element(struct buf *out, const char *tag, const char *attributes, const char *text) {
    buf_printf(out, "<%s%s>", tag, attributes);
    html_escape(out, text);
    buf_printf(out, "</%s>\n", tag);
}

static void resource(struct buf *out, const char *tag, const char *iri) {
    buf_printf(out, "<%s rdf:resource=\"", tag);
    html_escape(out, iri);
    buf_str(out, "\"/>\n");
}

static void day(struct buf *out, const char *tag, const char *date) {
    element(out, tag, " rdf:datatype=\"http://www.w3.org/2001/XMLSchema#date\"", date);
}

static void xml_version(void *ctx, const struct entry *e) {
    struct xml *x = ctx;
    char number[32];
    buf_str(x->out, "<dcat:distribution><dcat:Distribution rdf:about=\"");
    html_escape(x->out, address(&x->iri, x->s, e->name, e->v->path, RELEASE_MANIFEST_FILE));
    buf_printf(x->out, "\">\n");
    buf_clear(&x->text);
    buf_printf(&x->text, "%s %s", e->name, e->v->version);
    element(x->out, "dct:title", " xml:lang=\"fr\"", buf_cstr(&x->text));
    element(x->out, "dct:description", " xml:lang=\"fr\"", e->text);
    resource(x->out, "dcat:accessURL", address(&x->iri, x->s, e->name, e->v->path, ""));
    resource(x->out, "dcat:downloadURL", address(&x->iri, x->s, e->name, e->v->path, RELEASE_MANIFEST_FILE));
    resource(x->out, "dcat:mediaType", MEDIA);
    resource(x->out, "dct:format", FORMAT);
    snprintf(number, sizeof number, "%llu", (unsigned long long)e->manifest_bytes);
    element(x->out, "dcat:byteSize", " rdf:datatype=\"http://www.w3.org/2001/XMLSchema#nonNegativeInteger\"", number);
    buf_str(x->out, "<spdx:checksum><spdx:Checksum>\n");
    resource(x->out, "spdx:algorithm", SHA256_ALGORITHM);
    element(x->out, "spdx:checksumValue", " rdf:datatype=\"http://www.w3.org/2001/XMLSchema#hexBinary\"", e->sha256);
    buf_str(x->out, "</spdx:Checksum></spdx:checksum>\n");
    if (e->license[0]) resource(x->out, "dct:license", e->license);
    day(x->out, "dct:issued", e->v->date);
    day(x->out, "dct:modified", e->v->date);
    buf_str(x->out, "</dcat:Distribution></dcat:distribution>\n");
}

static void xml_publisher(struct buf *out) {
    buf_str(out, "<dct:publisher><foaf:Agent><foaf:name>Villers</foaf:name></foaf:Agent></dct:publisher>\n");
}

static void xml_contact(struct xml *x) {
    const char *contact = x->s->contact;
    if (!contact[0]) return;
    bool web = strstr(contact, "://") != NULL;
    buf_str(x->out, "<dcat:contactPoint><vcard:Kind><vcard:fn>Villers</vcard:fn>");
    buf_clear(&x->text);
    buf_printf(&x->text, "%s%s", web || slice_starts_nocase(slice_str(contact), slice_str("mailto:")) ? "" : "mailto:", contact);
    resource(x->out, web ? "vcard:hasURL" : "vcard:hasEmail", buf_cstr(&x->text));
    buf_str(x->out, "</vcard:Kind></dcat:contactPoint>\n");
}

static void xml_dataset(void *ctx, const char *name, const struct release_versions *v) {
    struct xml *x = ctx;
    buf_str(x->out, "<dcat:dataset><dcat:Dataset rdf:about=\"");
    html_escape(x->out, address(&x->iri, x->s, name, NULL, NULL));
    buf_str(x->out, "\">\n");
    element(x->out, "dct:identifier", "", name);
    element(x->out, "dct:title", " xml:lang=\"fr\"", name);
    describe(&x->text, name, v);
    element(x->out, "dct:description", " xml:lang=\"fr\"", buf_cstr(&x->text));
    for (size_t i = 0; i < N_KEYWORDS; i++) element(x->out, "dcat:keyword", " xml:lang=\"fr\"", keywords[i]);
    resource(x->out, "dcat:theme", THEME);
    resource(x->out, "dct:language", LANGUAGE);
    resource(x->out, "dcat:landingPage", address(&x->iri, x->s, name, NULL, NULL));
    day(x->out, "dct:issued", first_day(v));
    day(x->out, "dct:modified", last_day(v));
    element(x->out, "owl:versionInfo", "", v->latest);
    xml_publisher(x->out);
    xml_contact(x);
    for (size_t i = v->n; i-- > 0;) give_version(x->s, name, &v->items[i], xml_version, x);
    buf_str(x->out, "</dcat:Dataset></dcat:dataset>\n");
}

void site_catalog_xml(struct buf *out, const struct site *s) {
    struct xml x = {.out = out, .s = s, .iri = {.max = LIMIT_URL_INPUT}, .text = {.max = LIMIT_URL_INPUT}};
    buf_str(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
        "xmlns:dcat=\"http://www.w3.org/ns/dcat#\" xmlns:dct=\"http://purl.org/dc/terms/\" xmlns:foaf=\"http://xmlns.com/foaf/0.1/\" "
        "xmlns:owl=\"http://www.w3.org/2002/07/owl#\" xmlns:spdx=\"http://spdx.org/rdf/terms#\" "
        "xmlns:vcard=\"http://www.w3.org/2006/vcard/ns#\">\n<dcat:Catalog rdf:about=\"");
    html_escape(out, address(&x.iri, s, NULL, NULL, NULL));
    buf_str(out, "\">\n");
    element(out, "dct:title", " xml:lang=\"fr\"", TITLE);
    element(out, "dct:description", " xml:lang=\"fr\"", ABOUT);
    resource(out, "dct:language", LANGUAGE);
    if (s->base[0]) resource(out, "foaf:homepage", address(&x.iri, s, NULL, NULL, NULL));
    xml_publisher(out);
    each_dataset(s, xml_dataset, &x);
    buf_str(out, "</dcat:Catalog>\n</rdf:RDF>\n");
    buf_free(&x.iri);
    buf_free(&x.text);
}

/* ---- JSON-LD ---- */

static const char context[] =
    "{\"dcat\":\"http://www.w3.org/ns/dcat#\",\"dct\":\"http://purl.org/dc/terms/\",\"foaf\":\"http://xmlns.com/foaf/0.1/\","
    "\"owl\":\"http://www.w3.org/2002/07/owl#\",\"spdx\":\"http://spdx.org/rdf/terms#\",\"vcard\":\"http://www.w3.org/2006/vcard/ns#\","
    "\"xsd\":\"http://www.w3.org/2001/XMLSchema#\"}";

struct jsonld {
    struct json_out j;
    const struct site *s;
    struct buf iri, text;
};

static void kv(struct json_out *j, const char *key, const char *value) { json_kv_str(j, key, slice_str(value)); }

/* A value with one mark beside it: {"@value": v, MARK: of}. */
static void marked(struct json_out *j, const char *mark, const char *of, const char *value) {
    json_object(j);
    kv(j, mark, of);
    kv(j, "@value", value);
    json_object_end(j);
}

static void french(struct json_out *j, const char *key, const char *value) {
    json_key(j, key);
    marked(j, "@language", "fr", value);
}

static void typed(struct json_out *j, const char *key, const char *type, const char *value) {
    json_key(j, key);
    marked(j, "@type", type, value);
}

static void node(struct json_out *j, const char *key, const char *iri) {
    json_key(j, key);
    json_object(j);
    kv(j, "@id", iri);
    json_object_end(j);
}

static void json_version(void *ctx, const struct entry *e) {
    struct jsonld *x = ctx;
    struct json_out *j = &x->j;
    char number[32];
    json_object(j);
    kv(j, "@id", address(&x->iri, x->s, e->name, e->v->path, RELEASE_MANIFEST_FILE));
    kv(j, "@type", "dcat:Distribution");
    buf_clear(&x->text);
    buf_printf(&x->text, "%s %s", e->name, e->v->version);
    french(j, "dct:title", buf_cstr(&x->text));
    french(j, "dct:description", e->text);
    node(j, "dcat:accessURL", address(&x->iri, x->s, e->name, e->v->path, ""));
    node(j, "dcat:downloadURL", address(&x->iri, x->s, e->name, e->v->path, RELEASE_MANIFEST_FILE));
    node(j, "dcat:mediaType", MEDIA);
    node(j, "dct:format", FORMAT);
    snprintf(number, sizeof number, "%llu", (unsigned long long)e->manifest_bytes);
    typed(j, "dcat:byteSize", "xsd:nonNegativeInteger", number);
    json_key(j, "spdx:checksum");
    json_object(j);
    kv(j, "@type", "spdx:Checksum");
    node(j, "spdx:algorithm", SHA256_ALGORITHM);
    typed(j, "spdx:checksumValue", "xsd:hexBinary", e->sha256);
    json_object_end(j);
    if (e->license[0]) node(j, "dct:license", e->license);
    typed(j, "dct:issued", "xsd:date", e->v->date);
    typed(j, "dct:modified", "xsd:date", e->v->date);
    json_object_end(j);
}

static void json_publisher(struct json_out *j) {
    json_key(j, "dct:publisher");
    json_object(j);
    kv(j, "@type", "foaf:Agent");
    kv(j, "foaf:name", "Villers");
    json_object_end(j);
}

static void json_contact(struct jsonld *x) {
    const char *contact = x->s->contact;
    if (!contact[0]) return;
    bool web = strstr(contact, "://") != NULL;
    json_key(&x->j, "dcat:contactPoint");
    json_object(&x->j);
    kv(&x->j, "@type", "vcard:Kind");
    kv(&x->j, "vcard:fn", "Villers");
    buf_clear(&x->text);
    buf_printf(&x->text, "%s%s", web || slice_starts_nocase(slice_str(contact), slice_str("mailto:")) ? "" : "mailto:", contact);
    node(&x->j, web ? "vcard:hasURL" : "vcard:hasEmail", buf_cstr(&x->text));
    json_object_end(&x->j);
}

static void json_dataset(void *ctx, const char *name, const struct release_versions *v) {
    struct jsonld *x = ctx;
    struct json_out *j = &x->j;
    json_object(j);
    kv(j, "@id", address(&x->iri, x->s, name, NULL, NULL));
    kv(j, "@type", "dcat:Dataset");
    kv(j, "dct:identifier", name);
    french(j, "dct:title", name);
    describe(&x->text, name, v);
    french(j, "dct:description", buf_cstr(&x->text));
    json_key(j, "dcat:keyword");
    json_array(j);
    for (size_t i = 0; i < N_KEYWORDS; i++) marked(j, "@language", "fr", keywords[i]);
    json_array_end(j);
    node(j, "dcat:theme", THEME);
    node(j, "dct:language", LANGUAGE);
    node(j, "dcat:landingPage", address(&x->iri, x->s, name, NULL, NULL));
    typed(j, "dct:issued", "xsd:date", first_day(v));
    typed(j, "dct:modified", "xsd:date", last_day(v));
    kv(j, "owl:versionInfo", v->latest);
    json_publisher(j);
    json_contact(x);
    json_key(j, "dcat:distribution");
    json_array(j);
    for (size_t i = v->n; i-- > 0;) give_version(x->s, name, &v->items[i], json_version, x);
    json_array_end(j);
    json_object_end(j);
}

void site_catalog_jsonld(struct buf *out, const struct site *s) {
    struct jsonld x = {.s = s, .iri = {.max = LIMIT_URL_INPUT}, .text = {.max = LIMIT_URL_INPUT}};
    struct json_out *j = &x.j;
    json_out_init(j, out);
    json_object(j);
    json_key(j, "@context");
    json_raw(j, slice_str(context));
    kv(j, "@id", address(&x.iri, s, NULL, NULL, NULL));
    kv(j, "@type", "dcat:Catalog");
    french(j, "dct:title", TITLE);
    french(j, "dct:description", ABOUT);
    node(j, "dct:language", LANGUAGE);
    if (s->base[0]) node(j, "foaf:homepage", address(&x.iri, s, NULL, NULL, NULL));
    json_publisher(j);
    json_key(j, "dcat:dataset");
    json_array(j);
    each_dataset(s, json_dataset, &x);
    json_array_end(j);
    json_object_end(j);
    buf_char(out, '\n');
    buf_free(&x.iri);
    buf_free(&x.text);
}
