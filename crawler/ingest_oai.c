/*
 * Answers of an OAI-PMH 2.0 server to ListRecords: records of Dublin Core (oai_dc), with TEI or any other metadata as text.  A record whose
 * header is deleted takes its document out.  The date of a record is its datestamp.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_xml.h"
#include "crawler/licence.h"

static bool sniff(struct slice head, struct slice name) {
    (void)name;
    return slice_eq_str(ingest_xml_root(head), "OAI-PMH");
}

/* Of several dc:identifier the address; of several dc:rights the one that is a licence, else the first. */
static void pick_url(const xmlNode *dc, struct buf *out, struct buf *room) {
    for (const xmlNode *n = ingest_xml_find(dc, "identifier"); n && !out->len; n = ingest_xml_next(n)) {
        struct slice s = ingest_xml_flat(n, room);
        if (slice_starts(s, slice_str("http"))) buf_slice(out, s);
    }
}

static void pick_licence(const xmlNode *dc, struct buf *out, struct buf *room) {
    char spdx[LICENCE_MAX];
    for (const xmlNode *n = ingest_xml_find(dc, "rights"); n; n = ingest_xml_next(n)) {
        struct slice s = ingest_xml_flat(n, room);
        bool known = licence_from_url(s, spdx) || licence_from_text(s, spdx);
        if (known) buf_clear(out);
        if (known || !out->len) buf_slice(out, slice_sub(s, 0, LIMIT_META_VALUE));
        if (known) return;
    }
}

static void join(const xmlNode *dc, const char *name, const char *sep, struct buf *out, struct buf *room) {
    for (const xmlNode *n = ingest_xml_find(dc, name); n; n = ingest_xml_next(n)) {
        struct slice s = ingest_xml_flat(n, room);
        if (out->len && s.len) buf_str(out, sep);
        buf_slice(out, s);
    }
}

/* A record of Dublin Core has its descriptions for a text. */
static void text_of(const xmlNode *metadata, struct ingest_tools *t) {
    const xmlNode *n = ingest_xml_find(metadata, "description");
    buf_clear(&t->text);
    for (; n; n = ingest_xml_next(n)) {
        buf_slice(&t->text, ingest_xml_flat(n, &t->scratch));
        ingest_xml_end(&t->text);
    }
}

struct fields {
    struct buf id, url, title, author, rights, date, subject, language;
};

static void fields_free(struct fields *f) {
    struct buf *all[] = {&f->id, &f->url, &f->title, &f->author, &f->rights, &f->date, &f->subject, &f->language};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(all[i]);
}

static void document(struct ingest_tools *t, const xmlNode *record, struct ingest_item *item, struct fields *f) {
    const xmlNode *dc = ingest_xml_child(record, "metadata");
    pick_url(dc, &f->url, &t->scratch);
    pick_licence(dc, &f->rights, &t->scratch);
    join(dc, "creator", "; ", &f->author, &t->scratch);
    join(dc, "subject", ", ", &f->subject, &t->scratch);
    buf_slice(&f->title, ingest_xml_flat(ingest_xml_find(dc, "title"), &t->scratch));
    buf_slice(&f->date, ingest_xml_flat(ingest_xml_find(dc, "date"), &t->scratch));
    buf_slice(&f->language, ingest_xml_flat(ingest_xml_find(dc, "language"), &t->scratch));
    text_of(dc, t);
    buf_clear(&t->meta);
    ingest_meta(t, "subject", slice_sub(buf_view(&f->subject), 0, LIMIT_META_VALUE));
    item->url = buf_view(&f->url);
    item->title = slice_sub(buf_view(&f->title), 0, LIMIT_META_VALUE);
    item->author = slice_sub(buf_view(&f->author), 0, LIMIT_META_VALUE);
    item->date = ingest_date_day(buf_view(&f->date));
    item->language = buf_view(&f->language);
    item->license = buf_view(&f->rights);
    item->text = buf_view(&t->text);
    item->meta = buf_view(&t->meta);
}

static void record(struct ingest_tools *t, const xmlNode *r) {
    const xmlNode *header = ingest_xml_child(r, "header");
    struct fields f = {.id = {.max = 64 * KIB}};
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT};
    buf_slice(&f.id, ingest_xml_flat(ingest_xml_child(header, "identifier"), &t->scratch));
    item.upstream = buf_view(&f.id);
    item.date_ms = ingest_date_parse(ingest_xml_flat(ingest_xml_child(header, "datestamp"), &t->scratch));
    item.payload = item.upstream; /* of a record's own bytes nothing is kept: the answer is the unit */
    if (slice_eq_str(ingest_xml_attr(header, "status"), "deleted"))
        item.kind = INGEST_ITEM_DELETION;
    else
        document(t, r, &item, &f);
    t->emit(t, &item);
    fields_free(&f);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    xmlDoc *doc = ingest_xml_parse(t, buf_view(&u->bytes));
    if (!doc) return;
    const xmlNode *list = ingest_xml_child(xmlDocGetRootElement(doc), "ListRecords");
    for (const xmlNode *r = ingest_xml_child(list, "record"); r; r = ingest_xml_next(r)) record(t, r);
    xmlFreeDoc(doc);
}

const struct ingest_format ingest_oai = {.name = "oai", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};
