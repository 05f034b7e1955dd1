/*
 * Office documents: ODT (OpenDocument 1.x: content.xml, meta.xml) and DOCX (ECMA-376: word/document.xml, docProps/core.xml).  Notes, comments, deleted text
 * and field codes are left out.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_input.h"
#include "crawler/ingest_xml.h"

static const struct ingest_xml_rule odt[] = {
    {"annotation", XML_SKIP},
    {"h", XML_BLOCK},
    {"line-break", XML_BREAK},
    {"note", XML_SKIP},
    {"p", XML_BLOCK},
    {"s", XML_SPACE},
    {"sequence-decls", XML_SKIP},
    {"tab", XML_SPACE},
    {"table-row", XML_BLOCK},
    {"tracked-changes", XML_SKIP},
};
static const struct ingest_xml_rule docx[] = {
    {"br", XML_BREAK}, {"del", XML_SKIP},    {"delText", XML_SKIP}, {"instrText", XML_SKIP},
    {"p", XML_BLOCK},  {"sectPr", XML_SKIP}, {"tab", XML_SPACE},    {"tr", XML_BLOCK},
};

static bool sniff(struct slice head, struct slice name) {
    if (!slice_starts(head, slice_of("PK\3\4", 4))) return false;
    return ingest_name_has(name, ".docx") || ingest_name_has(name, ".odt") ||
           slice_find(slice_sub(head, 0, 100), slice_str("mimetypeapplication/vnd.oasis.opendocument.text")) != SIZE_MAX;
}

static enum status read_member(struct ingest_input *in, struct buf *out, struct buf *err) {
    struct slice block;
    enum status st;
    buf_clear(out);
    while ((st = ingest_input_block(in, &block, err)) == ST_OK) {
        if (out->len + block.len > LIMIT_INGEST_UNIT) return fail(err, ST_FATAL, "its content passes a cap");
        buf_slice(out, block);
    }
    return st == ST_RETRY ? ST_OK : st;
}

struct office {
    xmlDoc *content, *meta;
    bool is_odt, refused;
};

/* Both parts, whatever their order. */
static enum status read_parts(struct ingest_tools *t, struct ingest_input *in, struct office *o) {
    struct ingest_member m;
    enum status st;
    while (!o->refused && (st = ingest_input_next(in, &m, &t->err)) == ST_OK) {
        bool content_odt = slice_eq_str(m.path, "content.xml"), content = content_odt || slice_eq_str(m.path, "word/document.xml");
        bool meta = slice_eq_str(m.path, "meta.xml") || slice_eq_str(m.path, "docProps/core.xml");
        xmlDoc **into = content ? &o->content : &o->meta;
        if ((!content && !meta) || m.refused || *into) continue;
        st = read_member(in, &t->scratch, &t->err);
        if (st != ST_OK) return st;
        if (content) o->is_odt = content_odt;
        *into = ingest_xml_parse(t, buf_view(&t->scratch));
        o->refused = !*into;
    }
    return o->refused || st == ST_RETRY ? ST_OK : st;
}

static void emit(struct ingest_tools *t, const struct ingest_unit *u, const struct office *o) {
    struct buf title = {.max = 64 * KIB}, author = {.max = 64 * KIB}, date = {.max = 4096};
    const xmlNode *root = xmlDocGetRootElement(o->content), *meta = o->meta ? xmlDocGetRootElement(o->meta) : NULL;
    const xmlNode *body = ingest_xml_find(root, o->is_odt ? "text" : "body");
    buf_clear(&t->text);
    if (body && o->is_odt) ingest_xml_text(body, odt, sizeof odt / sizeof *odt, XML_INLINE, &t->text);
    if (body && !o->is_odt) ingest_xml_text(body, docx, sizeof docx / sizeof *docx, XML_INLINE, &t->text);
    struct slice day = ingest_date_day(ingest_xml_flat(ingest_xml_find(meta, o->is_odt ? "date" : "modified"), &date));
    struct slice titled = ingest_xml_flat(ingest_xml_find(meta, "title"), &title),
                 by = ingest_xml_flat(ingest_xml_find(meta, "creator"), &author);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = ingest_unit_name(t, u),
                               .title = slice_sub(titled, 0, LIMIT_META_VALUE),
                               .author = slice_sub(by, 0, LIMIT_META_VALUE),
                               .date = day,
                               .text = buf_view(&t->text)};
    t->emit(t, &item);
    buf_free(&title);
    buf_free(&author);
    buf_free(&date);
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct ingest_input *in = NULL;
    struct office o = {.content = NULL};
    enum status st = ingest_input_memory(buf_view(&u->bytes), &in, &t->err);
    if (st == ST_OK) st = read_parts(t, in, &o);
    if (st != ST_OK)
        ingest_refuse(t, in && ingest_input_bomb(in) ? INGEST_BOMB : INGEST_BAD, slice_of("", 0), buf_cstr(&t->err));
    else if (!o.refused && o.content)
        emit(t, u, &o);
    else if (!o.refused)
        ingest_refuse(t, INGEST_TYPE, slice_of("", 0), "a zip that holds no text document");
    xmlFreeDoc(o.content);
    xmlFreeDoc(o.meta);
    ingest_input_free(in);
}

const struct ingest_format ingest_office = {.name = "office", .split = INGEST_WHOLE, .sniff = sniff, .convert = convert};
