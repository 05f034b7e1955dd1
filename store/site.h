#ifndef VILLERS_STORE_SITE_H
#define VILLERS_STORE_SITE_H
/*
 * The pages people see: the hub's home, a dataset, a version, a folder; French first, then English.  `villers serve` makes them when asked;
 * `villers publish` writes the same ones to disk (RELEASES/index.html, NAME/index.html, NAME/VERSION/index.html) beside the catalogue that
 * data.gouv.fr harvests (site_catalog.h), so that nginx or object storage serves a hub without us.
 */
#include "store/release_manifest.h"
#include "store/release_versions.h"

struct site {
    const char *releases; /* folder */
    const char
        *base; /* address of the hub, "https://host" without a slash at the end; "" when unknown; escaped where it is written */
    const char *contact; /* where to ask for a removal, or "" */
};

/** site_home(out, s): every dataset with its latest version. */
void site_home(struct buf *out, const struct site *s);
/** site_dataset(out, s, name, v): its versions, how to load, what is in the latest. */
void site_dataset(struct buf *out, const struct site *s, const char *name, const struct release_versions *v);
/** site_version(out, s, m, dir): the version in folder ${dir}: figures, how to load, plots, a sample of documents, files. */
void site_version(struct buf *out, const struct site *s, const struct release_manifest *m, const char *dir);
/** site_folder(out, s, path): ${path}, from the root, begins and ends with '/': one of the above, or a list of files. */
void site_folder(struct buf *out, const struct site *s, const char *path);
/** site_error(out, status): the body of an error. */
void site_error(struct buf *out, int status);

/** site_write(s, name, err): RELEASES/index.html, RELEASES/NAME/index.html, catalog.xml and catalog.jsonld, as they are now. */
enum status site_write(const struct site *s, const char *name, struct buf *err) MUST_CHECK;
/** site_versions(s, name, v), site_manifest(s, name, version, m): read them into zeroed structs; false when there are none. */
bool site_versions(const struct site *s, const char *name, struct release_versions *v);
bool site_manifest(const struct site *s, const char *name, const char *version, struct release_manifest *m);

#endif
