#ifndef VILLERS_DEDUP_DOCTYPE_H
#define VILLERS_DEDUP_DOCTYPE_H
/*
 * What kind of document it is (store/doc_type.h), in this order: what the page states of itself when that is precise (a forum's posting, a
 * scholarly article, the program that makes manuals); the text's structure, for law; the address, for forums; a page that calls itself an
 * article; the address again.  A source's file may say it for all its documents (cli/verdict.h).  When nothing tells, it is "other": no
 * guess is made.
 */
#include "store/doc_type.h"

struct doctype_facts {     /* all may be "" */
    struct slice declared; /* the page's statements (page.h: declared_type) */
    struct slice url, text;
};
struct doctype {
    enum doc_type type;
    const char *by; /* "page", "text", "address", or "" for other; static */
};

/** doctype_of(facts, out): any bytes.  O(text), of which the first 256 KiB. */
void doctype_of(const struct doctype_facts *facts, struct doctype *out);
/** doctype_version(): changes when the same document may get another type; static. */
const char *doctype_version(void);

#endif
