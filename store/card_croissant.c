#include "store/card_croissant.h"
#include "base/json.h"
#include <stdio.h>

/* The context of Croissant 1.1, word for word: readers compare it with theirs. */
static const char context[] =
    "{\"@language\":\"en\",\"@vocab\":\"https://schema.org/\",\"arrayShape\":\"cr:arrayShape\",\"citeAs\":\"cr:citeAs\",\"column\":\"cr:column\","
    "\"conformsTo\":\"dct:conformsTo\",\"containedIn\":\"cr:containedIn\",\"cr\":\"http://mlcommons.org/croissant/\","
    "\"rai\":\"http://mlcommons.org/croissant/RAI/\",\"data\":{\"@id\":\"cr:data\",\"@type\":\"@json\"},"
    "\"dataType\":{\"@id\":\"cr:dataType\",\"@type\":\"@vocab\"},\"dct\":\"http://purl.org/dc/terms/\","
    "\"description\":{\"@container\":\"@language\"},\"equivalentProperty\":\"cr:equivalentProperty\","
    "\"examples\":{\"@id\":\"cr:examples\",\"@type\":\"@json\"},\"extract\":\"cr:extract\",\"field\":\"cr:field\","
    "\"fileProperty\":\"cr:fileProperty\",\"fileObject\":\"cr:fileObject\",\"fileSet\":\"cr:fileSet\",\"format\":\"cr:format\","
    "\"includes\":\"cr:includes\",\"isArray\":\"cr:isArray\",\"isLiveDataset\":\"cr:isLiveDataset\",\"jsonPath\":\"cr:jsonPath\",\"key\":\"cr:key\","
    "\"md5\":\"cr:md5\",\"name\":{\"@container\":\"@language\"},\"parentField\":\"cr:parentField\",\"path\":\"cr:path\","
    "\"recordSet\":\"cr:recordSet\",\"references\":\"cr:references\",\"regex\":\"cr:regex\",\"repeated\":\"cr:repeated\","
    "\"replace\":\"cr:replace\",\"samplingRate\":\"cr:samplingRate\",\"sc\":\"https://schema.org/\",\"separator\":\"cr:separator\","
    "\"source\":\"cr:source\",\"subField\":\"cr:subField\",\"transform\":\"cr:transform\"}";

static void kv(struct json_out *j, const char *key, const char *value) { json_kv_str(j, key, slice_str(value)); }

/* A licence by its address when it has one, else by its name. */
static void licenses(struct json_out *j, const struct card *c) {
    json_key(j, "license");
    json_array(j);
    for (size_t i = 0; i < c->m->licenses.n; i++) {
        const char *url = card_license_url(c->m->licenses.items[i].key);
        json_cstring(j, url ? url : c->m->licenses.items[i].key);
    }
    json_array_end(j);
}

static void shard_object(struct json_out *j, const struct release_shard *s) {
    char text[96];
    json_object(j);
    kv(j, "@type", "cr:FileObject");
    snprintf(text, sizeof text, RELEASE_DATA_DIR "/%s", s->name);
    kv(j, "@id", text);
    kv(j, "name", s->name);
    kv(j, "contentUrl", text);
    snprintf(text, sizeof text, "%llu B", (unsigned long long)s->bytes);
    kv(j, "contentSize", text);
    kv(j, "encodingFormat", "application/zstd");
    kv(j, "sha256", s->sha256);
    json_object_end(j);
}

static void distribution(struct json_out *j, const struct card *c) {
    json_key(j, "distribution");
    json_array(j);
    for (size_t i = 0; i < c->m->n_shards; i++) shard_object(j, &c->m->shards[i]);
    json_object(j);
    kv(j, "@type", "cr:FileSet");
    kv(j, "@id", "shards");
    kv(j, "name", "shards");
    kv(j, "description", "Every shard: JSON lines in one zstd frame");
    kv(j, "encodingFormat", "application/jsonlines");
    kv(j, "includes", RELEASE_DATA_DIR "/*.jsonl.zst");
    json_object_end(j);
    json_array_end(j);
}

static void field(struct json_out *j, const char *name, const char *dtype, const char *description) {
    char id[64];
    bool whole = !strcmp(dtype, "int64"), real = !strcmp(dtype, "float64");
    snprintf(id, sizeof id, "documents/%s", name);
    json_object(j);
    kv(j, "@type", "cr:Field");
    kv(j, "@id", id);
    kv(j, "name", name);
    kv(j, "description", description);
    kv(j, "dataType", whole ? "sc:Integer" : real ? "sc:Float" : "sc:Text");
    json_key(j, "source");
    json_object(j);
    json_key(j, "fileSet");
    json_object(j);
    kv(j, "@id", "shards");
    json_object_end(j);
    json_key(j, "extract");
    json_object(j);
    kv(j, "column", name);
    json_object_end(j);
    json_object_end(j);
    json_object_end(j);
}

static void record_set(struct json_out *j) {
    const struct card_column *columns;
    size_t n = card_columns(&columns);
    json_key(j, "recordSet");
    json_array(j);
    json_object(j);
    kv(j, "@type", "cr:RecordSet");
    kv(j, "@id", "documents");
    kv(j, "name", "documents");
    json_key(j, "key");
    json_object(j);
    kv(j, "@id", "documents/id");
    json_object_end(j);
    json_key(j, "field");
    json_array(j);
    for (size_t i = 0; i < n; i++) field(j, columns[i].name, columns[i].dtype, columns[i].english);
    json_array_end(j);
    json_object_end(j);
    json_array_end(j);
}

/* Croissant's responsible-AI part (RAI 1.0): how it was collected, what was done to it, what to mind. */
static void responsible(struct json_out *j, const struct card *c) {
    kv(j, "rai:dataCollection",
       "Pages and dumps of sources whose licence allows reuse, named in attribution.md; robots.txt (RFC 9309) and rights reservations are obeyed, and "
       "what has no licence is not taken.");
    kv(j, "rai:dataPreprocessingProtocol",
       "Main text extracted from HTML, language identified by spans, near-duplicates removed by MinHash; each decision is kept in the hub's manifest.");
    kv(j, "rai:personalSensitiveInformation",
       "Public pages may name persons. Documents are taken out on request; removals.jsonl lists the ids that whoever holds an earlier version must drop.");
    if (c->contact[0]) kv(j, "rai:dataReleaseMaintenancePlan", c->contact);
}

void card_croissant(struct buf *out, const struct card *c) {
    const struct release_manifest *m = c->m;
    struct json_out j;
    struct buf text = {0};
    json_out_init(&j, out);
    json_object(&j);
    json_key(&j, "@context");
    json_raw(&j, slice_str(context));
    kv(&j, "@type", "sc:Dataset");
    json_key(&j, "conformsTo");
    json_array(&j);
    json_cstring(&j, "http://mlcommons.org/croissant/1.1");
    json_cstring(&j, "http://mlcommons.org/croissant/RAI/1.0");
    json_array_end(&j);
    kv(&j, "name", m->name);
    buf_printf(&text, "French texts under open licences: %llu documents, %llu words, from %zu sources.",
               (unsigned long long)m->documents, (unsigned long long)m->words, m->sources.n);
    kv(&j, "description", buf_cstr(&text));
    buf_clear(&text);
    licenses(&j, c);
    kv(&j, "url", "./");
    json_key(&j, "creator");
    json_object(&j);
    kv(&j, "@type", "sc:Organization");
    kv(&j, "name", "Villers");
    json_object_end(&j);
    kv(&j, "datePublished", m->date);
    kv(&j, "version", m->version);
    json_key(&j, "inLanguage");
    json_array(&j);
    json_cstring(&j, "fr");
    json_array_end(&j);
    buf_printf(&text, "%s, version %s (%s)", m->name, m->version, m->date);
    kv(&j, "citeAs", buf_cstr(&text));
    responsible(&j, c);
    distribution(&j, c);
    record_set(&j);
    json_object_end(&j);
    buf_char(out, '\n');
    buf_free(&text);
}
