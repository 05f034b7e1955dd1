#ifndef VILLERS_CLI_SERVE_PAGES_H
#define VILLERS_CLI_SERVE_PAGES_H
/*
 * The pages people see: the hub's home, a dataset, a version, a folder.  HTML that needs no script, no font, no network; French first, then
 * English; readable on a phone and in print.
 */
#include "base/buf.h"

struct serve_place {
    const char *releases; /* folder */
    const char *base;     /* "http://host:port", for lines to copy; comes from the client and is escaped */
    const char *contact;  /* where to ask for a removal, or "" */
};

/** serve_pages_home(out, p): every dataset with its latest version. */
void serve_pages_home(struct buf *out, const struct serve_place *p);
/** serve_pages_folder(out, p, path): ${path} begins and ends with '/': a dataset's page, a version's, or a list of files. */
void serve_pages_folder(struct buf *out, const struct serve_place *p, const char *path);
/** serve_pages_error(out, status): the body of an error. */
void serve_pages_error(struct buf *out, int status);

#endif
