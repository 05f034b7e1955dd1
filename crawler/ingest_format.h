#ifndef VILLERS_CRAWLER_INGEST_FORMAT_H
#define VILLERS_CRAWLER_INGEST_FORMAT_H
/*
 * A format of upstream data: how it is recognised, how a member is split into units, and what documents a unit holds.  There
 * are 3 things to do to add one: write crawler/ingest_NAME.c with a `const struct ingest_format ingest_NAME`, name it in
 * the table of ingest_format.c, and add its tests (with a fuzz target, for it reads what strangers wrote).
 */
#include "crawler/ingest.h"
#include "crawler/ingest_date.h"
#include "crawler/page.h"

/* How the bytes of a member become units. */
enum ingest_split {
    INGEST_WHOLE, /* the member is one unit */
    INGEST_LINES, /* a line is one */
    INGEST_PAGES, /* <page>…</page> is one; what stands before the first is unit->head of all */
    INGEST_WARC   /* a WARC record is one; the file is read by store/warc.h */
};

struct ingest_format;
struct ingest_unit {
    const struct ingest_format *format;
    struct buf bytes;  /* as upstream, unpacked */
    struct buf member; /* path in the archive or folder; "" when the file is the only one */
    struct buf head;   /* INGEST_PAGES: the first 2 KiB of what stands before the first page; INGEST_WARC: the record's fields */
    uint64_t offset;   /* in the member; for a WARC in the file as stored */
    int64_t date_ms;   /* of the member or record, or INGEST_NO_DATE */
    enum ingest_reason refused; /* INGEST_NEW: not refused by the splitter */
    char why[160];
};

enum ingest_item_kind { INGEST_ITEM_DOCUMENT, INGEST_ITEM_DELETION, INGEST_ITEM_REFUSAL };
/* What a format found in a unit.  Slices are borrowed during the call that hands it over. */
struct ingest_item {
    enum ingest_item_kind kind;
    struct slice upstream; /* id upstream; a document needs this or a URL */
    struct slice url;      /* as written; made canonical by the receiver; "" takes url_prefix and the upstream id */
    struct slice title, author, site, date, language;
    struct slice text;         /* UTF-8 paragraphs, a newline each; put into NFC by the receiver */
    struct slice license;      /* what the document itself says of its licence, as written; "" for nothing */
    struct slice meta;         /* JSON members, each followed by a comma, to be stored with the document; or "" */
    int64_t date_ms;           /* of this version, upstream, or INGEST_NO_DATE (not 0: set it) */
    bool html_rights;          /* rights were decided by the format; license is an SPDX id that holds */
    struct slice payload;      /* the upstream bytes when a unit holds several documents; else the whole unit */
    enum ingest_reason reason; /* of a refusal */
    struct slice why;
};

/* What a worker lends to a format: parsers and buffers, one a thread.  Buffers are the format's between two units. */
struct ingest_tools {
    const struct ingest_options *opt;
    struct page_reader *page;
    struct json_parser *json;
    struct wikitext *wikitext; /* made by the first page of a dump */
    struct buf text, meta, scratch, more, err;
    void (*emit)(struct ingest_tools *t, const struct ingest_item *item);
    const struct ingest_unit *unit; /* being converted */
    const char *file_name;          /* the base name of the file or folder it comes from */
    void *sink;                     /* of emit's owner */
};
/** ingest_refuse(t, reason, url, why): emit a refusal; ${url} may be empty. */
void ingest_refuse(struct ingest_tools *t, enum ingest_reason reason, struct slice url, const char *why);
/** ingest_unit_name(t, u): the member's path, or the file's name when it is the only one: an upstream id of last resort. */
struct slice ingest_unit_name(const struct ingest_tools *t, const struct ingest_unit *u);
/** ingest_meta(t, key, value): add "key":"value", to t->meta unless ${value} is empty. */
void ingest_meta(struct ingest_tools *t, const char *key, struct slice value);

struct ingest_format {
    const char *name;
    enum ingest_split split;
    /** sniff(head, name): ${head} is the first bytes of a member (up to 4 KiB), ${name} its path or the file's name. */
    bool (*sniff)(struct slice head, struct slice name);
    /** convert(t, unit): emit what the unit holds, in order.  Pure: what comes out depends on the unit and t->opt->source alone.
     *  Thread-safe for different ${t}.  Any bytes are answered with items. */
    void (*convert)(struct ingest_tools *t, const struct ingest_unit *unit);
};

/** ingest_format_of(head, name, wanted): the format named ${wanted} ("" for any), or the first that knows ${head}; NULL when none does. */
const struct ingest_format *ingest_format_of(struct slice head, struct slice name, const char *wanted);
/** ingest_format_named(name): NULL when there is none. */
const struct ingest_format *ingest_format_named(const char *name);
/** ingest_formats(n): the table; static. */
const struct ingest_format *const *ingest_formats(size_t *n);

/** ingest_path_base(path), ingest_path_stem(path): the last component; without its last extension too.  Borrowed. */
struct slice ingest_path_base(struct slice path);
struct slice ingest_path_stem(struct slice path);
/** ingest_name_has(name, ext): ${name} ends in ${ext}, in any case. */
bool ingest_name_has(struct slice name, const char *ext);
/** ingest_is_binary(s): holds a NUL, or more control bytes than text has. */
bool ingest_is_binary(struct slice s);

#endif
