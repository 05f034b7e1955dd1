#ifndef VILLERS_CRAWLER_INGEST_XML_H
#define VILLERS_CRAWLER_INGEST_XML_H
/*
 * XML of dumps: a tree from bytes that nobody vouches for, and its text by a table of elements.  No DTD is read, no entity but the
 * five of XML and numbers is known, nothing is fetched; a document that declares entities is refused before it is parsed.
 */
#include "base/buf.h"
#include "crawler/ingest_format.h"
#include <libxml/tree.h>

/** ingest_xml_parse(t, bytes, doc): the tree, freed by xmlFreeDoc(); NULL when a refusal has been emitted instead. */
xmlDoc *ingest_xml_parse(struct ingest_tools *t, struct slice bytes);

/** ingest_xml_root(head): the local name of the first element of ${head}, or "". */
struct slice ingest_xml_root(struct slice head);

enum ingest_xml_class {
    XML_INLINE, /* its text runs on */
    XML_BLOCK,  /* begins and ends a paragraph */
    XML_CELL,   /* a cell of a table: parted from the one before by " | " */
    XML_BREAK,  /* a line break, then its content */
    XML_SPACE,  /* a space, then its content */
    XML_SKIP    /* left out with all it holds */
};
struct ingest_xml_rule {
    const char *name; /* local name; any namespace */
    enum ingest_xml_class class;
};
/**
 * ingest_xml_text(node, rules, n, other, out):
 * Append the text under ${node}: runs of white space as one space, paragraphs ended by a newline, none empty.  ${rules} are sorted by name
 * (byte order); an element that none names is ${other}.  Not deeper than LIMIT_INGEST_DEPTH: what is below is left.  O(nodes).
 */
void ingest_xml_text(const xmlNode *node, const struct ingest_xml_rule *rules, size_t n, enum ingest_xml_class other,
                     struct buf *out);
/** ingest_xml_end(out): end the paragraph, if one has begun. */
void ingest_xml_end(struct buf *out);

/** ingest_xml_child(node, name): the first child element of that local name, or NULL; ${node} may be NULL. */
const xmlNode *ingest_xml_child(const xmlNode *node, const char *name);
/** ingest_xml_find(node, name): the first element of that name at any depth below, in document order. */
const xmlNode *ingest_xml_find(const xmlNode *node, const char *name);
/** ingest_xml_next(node): the next element beside it of the same local name. */
const xmlNode *ingest_xml_next(const xmlNode *node);
/** ingest_xml_is(node, name): an element of that local name. */
bool ingest_xml_is(const xmlNode *node, const char *name);
/** ingest_xml_flat(node, out): replace ${out} by the text below, in one line; "" for NULL. */
struct slice ingest_xml_flat(const xmlNode *node, struct buf *out);
/** ingest_xml_attr(node, name): its value, borrowed from the tree; "" when absent.  Values with entities inside are not seen. */
struct slice ingest_xml_attr(const xmlNode *node, const char *name);

#endif
