#ifndef VILLERS_STORE_DOC_TYPE_H
#define VILLERS_STORE_DOC_TYPE_H
/*
 * The kinds of documents that reports count and `publish --type` selects by: a short closed list, so that figures of different years
 * and hubs can be set side by side.  What decides is in dedup/doctype.h.
 */
#include "base/slice.h"

enum doc_type {
    DOC_TYPE_OTHER, /* nothing tells, or something else */
    DOC_TYPE_ARTICLE,
    DOC_TYPE_SCHOLARLY,
    DOC_TYPE_BOOK,
    DOC_TYPE_ENCYCLOPEDIA,
    DOC_TYPE_LEGAL,
    DOC_TYPE_FICHE,
    DOC_TYPE_DEBATE,
    DOC_TYPE_FORUM,
    DOC_TYPE_MANUAL,
    DOC_TYPES
};

/** doc_type_name(t): "article", "legal", … "other": as files and options write it.  Static. */
const char *doc_type_name(enum doc_type t);
/** doc_type_find(name, t): false for a word that is none of them. */
bool doc_type_find(struct slice name, enum doc_type *t);
/** doc_type_label(name, english): for people; ${name} itself when it is none of them. */
const char *doc_type_label(const char *name, bool english);
/** doc_type_names(): all of them, ", " between; static. */
const char *doc_type_names(void);

#endif
