#include "crawler/ingest_xml.h"
#include "base/limits.h"

#include <libxml/parser.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void init(void) { xmlInitParser(); }

/* Errors are answered, not printed. */
static void quiet(void *ctx, xmlErrorPtr e) { (void)ctx, (void)e; }

xmlDoc *ingest_xml_parse(struct ingest_tools *t, struct slice bytes) {
    pthread_once(&once, init);
    if (slice_find(bytes, slice_str("<!ENTITY")) != SIZE_MAX) {
        ingest_refuse(t, INGEST_ENTITIES, slice_of("", 0), "");
        return NULL;
    }
    xmlParserCtxt *c = xmlNewParserCtxt();
    xmlDoc *doc = NULL;
    char why[160] = "out of memory";
    if (c) {
        xmlSetStructuredErrorFunc(NULL, quiet);
        doc = xmlCtxtReadMemory(c, bytes.ptr, (int)bytes.len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        const xmlError *e = xmlCtxtGetLastError(c);
        if (!doc && e && e->message) {
            buf_clear(&t->err);
            buf_printf(&t->err, "line %d: %s", e->line, e->message);
            struct slice line = slice_trim(slice_sub(buf_view(&t->err), 0, sizeof why - 1));
            memcpy(why, line.ptr, line.len);
            why[line.len] = '\0';
        }
        xmlFreeParserCtxt(c);
    }
    if (doc && xmlDocGetRootElement(doc)) return doc;
    xmlFreeDoc(doc);
    ingest_refuse(t, INGEST_BAD, slice_of("", 0), why);
    return NULL;
}

struct slice ingest_xml_root(struct slice head) {
    struct slice rest = head;
    for (;;) {
        size_t at = slice_find_char(rest, '<');
        if (at == SIZE_MAX || at + 1 >= rest.len) return slice_of("", 0);
        rest = slice_sub(rest, at + 1, rest.len);
        if (rest.ptr[0] == '?' || rest.ptr[0] == '!') {
            bool comment = slice_starts(rest, slice_str("!--"));
            size_t end = comment ? slice_find(rest, slice_str("-->")) : slice_find_char(rest, '>');
            if (end == SIZE_MAX) return slice_of("", 0);
            rest = slice_sub(rest, end, rest.len);
            continue;
        }
        size_t n = 0, from = 0;
        while (n < rest.len && !ascii_is_space(rest.ptr[n]) && rest.ptr[n] != '>' && rest.ptr[n] != '/') {
            if (rest.ptr[n] == ':') from = n + 1;
            n++;
        }
        return slice_sub(rest, from, n);
    }
}

/* ---- text ---- */

static enum ingest_xml_class class_of(const xmlNode *node, const struct ingest_xml_rule *rules, size_t n,
                                      enum ingest_xml_class other) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = strcmp((const char *)node->name, rules[mid].name);
        if (c == 0) return rules[mid].class;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return other;
}

void ingest_xml_end(struct buf *out) {
    while (out->len && out->data[out->len - 1] == ' ') buf_truncate(out, out->len - 1);
    if (out->len && out->data[out->len - 1] != '\n') buf_char(out, '\n');
}

/* A run of white space is one space, and none at the beginning of a line. */
static void add_text(struct buf *out, const char *s) {
    for (size_t i = 0; s[i];) {
        size_t n = 0;
        while (s[i + n] && !ascii_is_space(s[i + n])) n++;
        buf_append(out, s + i, n);
        i += n;
        bool space = false;
        for (; s[i] && ascii_is_space(s[i]); i++) space = true;
        char last = out->len ? out->data[out->len - 1] : '\n';
        if (space && last != '\n' && last != ' ') buf_char(out, ' ');
    }
}

static bool enter(const xmlNode *node, enum ingest_xml_class class, struct buf *out) {
    if (class == XML_SKIP) return false;
    if (class == XML_BLOCK || class == XML_BREAK) ingest_xml_end(out);
    if (class == XML_SPACE) add_text(out, " ");
    if (class == XML_CELL && out->len && out->data[out->len - 1] != '\n') {
        while (out->data[out->len - 1] == ' ') buf_truncate(out, out->len - 1);
        buf_str(out, " | ");
    }
    return node->children != NULL;
}

void ingest_xml_text(const xmlNode *top, const struct ingest_xml_rule *rules, size_t n, enum ingest_xml_class other,
                     struct buf *out) {
    const xmlNode *node = top;
    size_t depth = 0;
    while (node) {
        bool down = false;
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
            if (node->content) add_text(out, (const char *)node->content);
        } else if (node->type == XML_ELEMENT_NODE) {
            down = enter(node, class_of(node, rules, n, other), out) && depth < LIMIT_INGEST_DEPTH;
        }
        if (down) {
            node = node->children;
            depth++;
            continue;
        }
        while (node != top && !node->next) {
            node = node->parent;
            depth--;
            if (class_of(node, rules, n, other) == XML_BLOCK) ingest_xml_end(out);
        }
        if (node == top) break;
        if (node->type == XML_ELEMENT_NODE && !node->children && class_of(node, rules, n, other) == XML_BLOCK) ingest_xml_end(out);
        node = node->next;
    }
    if (class_of(top, rules, n, other) == XML_BLOCK) ingest_xml_end(out);
}

/* ---- looking around ---- */

bool ingest_xml_is(const xmlNode *node, const char *name) {
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

const xmlNode *ingest_xml_child(const xmlNode *node, const char *name) {
    for (const xmlNode *c = node ? node->children : NULL; c; c = c->next)
        if (ingest_xml_is(c, name)) return c;
    return NULL;
}

const xmlNode *ingest_xml_next(const xmlNode *node) {
    for (const xmlNode *c = node ? node->next : NULL; c; c = c->next)
        if (ingest_xml_is(c, (const char *)node->name)) return c;
    return NULL;
}

const xmlNode *ingest_xml_find(const xmlNode *top, const char *name) {
    const xmlNode *node = top ? top->children : NULL;
    while (node) {
        if (ingest_xml_is(node, name)) return node;
        if (node->type == XML_ELEMENT_NODE && node->children) {
            node = node->children;
            continue;
        }
        while (node && node != top && !node->next) node = node->parent;
        if (!node || node == top) break;
        node = node->next;
    }
    return NULL;
}

struct slice ingest_xml_flat(const xmlNode *node, struct buf *out) {
    buf_clear(out);
    if (node) ingest_xml_text(node, NULL, 0, XML_INLINE, out);
    return slice_trim(buf_view(out));
}

struct slice ingest_xml_attr(const xmlNode *node, const char *name) {
    for (const xmlAttr *a = node && node->type == XML_ELEMENT_NODE ? node->properties : NULL; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0)
            return slice_str(a->children && a->children->content ? (const char *)a->children->content : "");
    return slice_of("", 0);
}
