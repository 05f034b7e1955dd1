#include "base/limits.h"
#include "crawler/licence.h"

#define URL_MAX 512 /* no licence's address comes near */

/* An address in lower case: host without "www.", path without its leading slash, query and fragment. */
struct address {
    char text[URL_MAX];
    struct slice host, path;
};

static bool take_address(struct slice url, struct address *a) {
    url = slice_trim(url);
    static const char *const schemes[] = {"https://", "http://", "//"};
    bool web = false;
    for (size_t i = 0; i < 3 && !web; i++) {
        web = slice_starts_nocase(url, slice_str(schemes[i]));
        if (web) url = slice_sub(url, strlen(schemes[i]), url.len);
    }
    /* An address that forgot its scheme, where it can be no other. */
    web = web || slice_starts_nocase(url, slice_str("creativecommons.org/")) ||
          slice_starts_nocase(url, slice_str("www.creativecommons.org/"));
    if (!web || url.len >= URL_MAX) return false;
    size_t n = 0;
    while (n < url.len && url.ptr[n] != '?' && url.ptr[n] != '#') {
        a->text[n] = ascii_lower(url.ptr[n]);
        n++;
    }
    struct slice s = slice_of(a->text, n);
    size_t slash = slice_find_char(s, '/');
    a->host = slice_sub(s, 0, slash);
    a->path = slash == SIZE_MAX ? slice_of("", 0) : slice_sub(s, slash + 1, s.len);
    if (slice_starts(a->host, slice_str("www."))) a->host = slice_sub(a->host, 4, a->host.len);
    size_t port = slice_find_char(a->host, ':');
    a->host = slice_sub(a->host, 0, port);
    return true;
}

static bool has(struct slice s, const char *part) { return slice_find(s, slice_str(part)) != SIZE_MAX; }

static bool is_version(struct slice s) {
    return s.len == 3 && ascii_is_digit(s.ptr[0]) && s.ptr[1] == '.' && ascii_is_digit(s.ptr[2]);
}

/* The identifier with the port's code where SPDX has such a one, else without. */
static bool creative_commons_id(struct slice code, struct slice version, struct slice port, char spdx[LICENCE_MAX]) {
    char id[LICENCE_MAX];
    size_t n = 0;
    if (code.len > 8 || port.len > 8) return false;
    static const char head[] = "CC-";
    memcpy(id, head, 3);
    n = 3;
    for (size_t i = 0; i < code.len; i++) id[n++] = ascii_upper(code.ptr[i]);
    id[n++] = '-';
    memcpy(id + n, version.ptr, version.len);
    n += version.len;
    size_t plain = n;
    if (port.len) id[n++] = '-';
    for (size_t i = 0; i < port.len; i++) id[n++] = ascii_upper(port.ptr[i]);
    return (port.len && licence_normal(slice_of(id, n), spdx)) || licence_normal(slice_of(id, plain), spdx);
}

/* /licenses/CODE/VERSION[/PORT][/deed.fr|legalcode…] and /publicdomain/{zero,mark}/1.0 */
static bool creative_commons(struct slice path, char spdx[LICENCE_MAX]) {
    struct slice kind = {0}, code = {0}, version = {0}, port = {0};
    slice_cut(&path, '/', &kind);
    slice_cut(&path, '/', &code);
    slice_cut(&path, '/', &version);
    if (path.ptr) slice_cut(&path, '/', &port);
    if (slice_starts(port, slice_str("deed")) || slice_starts(port, slice_str("legalcode")) || slice_eq_str(port, "rdf"))
        port.len = 0;
    if (slice_eq_str(kind, "licenses") && slice_eq_str(code, "publicdomain")) return licence_normal(slice_str("CC-PDDC"), spdx);
    if (!is_version(version)) return false;
    if (slice_eq_str(kind, "licenses") && slice_eq_str(code, "zero")) return licence_normal(slice_str("CC0-1.0"), spdx);
    if (slice_eq_str(code, "sa")) return licence_normal(slice_str("CC-SA-1.0"), spdx);
    if (slice_eq_str(kind, "publicdomain")) {
        if (slice_eq_str(code, "zero")) return licence_normal(slice_str("CC0-1.0"), spdx);
        return slice_eq_str(code, "mark") && licence_normal(slice_str("LicenseRef-CC-PDM-1.0"), spdx);
    }
    if (!slice_eq_str(kind, "licenses") && !slice_eq_str(kind, "licences")) return false;
    if (slice_eq_str(code, "by-nd-nc")) code = slice_str("by-nc-nd"); /* how version 1.0 was written */
    return creative_commons_id(code, version, port, spdx);
}

/*
 * The state's licence: pages of Etalab and its heirs, and the text on GitHub.  Version 2.0 is what these pages have shown since
 * 2017; the PDF files of 2011 and 2014 are version 1.0.
 */
static bool etalab(const struct address *a, char spdx[LICENCE_MAX]) {
    static const char *const hosts[] = {"etalab.gouv.fr", "alliance.numerique.gouv.fr", "data.gouv.fr", "wiki.data.gouv.fr",
                                        "ddata.over-blog.com"};
    bool host = (slice_eq_str(a->host, "github.com") || slice_eq_str(a->host, "raw.githubusercontent.com")) &&
                slice_starts(a->path, slice_str("etalab/licence-ouverte"));
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts && !host; i++) host = slice_eq_str(a->host, hosts[i]);
    if (!host || !has(a->path, "licence")) return false;
    if (!has(a->path, "ouverte") && !has(a->path, "etalab") && !has(a->path, "open-licence")) return false;
    bool first = has(a->path, "v1") || has(a->path, "1.0") || has(a->path, "/2011/") || has(a->path, "/2014/") ||
                 slice_eq_str(a->host, "ddata.over-blog.com") || slice_eq_str(a->host, "wiki.data.gouv.fr");
    bool second = has(a->path, "v2") || has(a->path, "2.0") || has(a->path, "2-0");
    return licence_normal(slice_str(first && !second ? "LicenseRef-etalab-1.0" : "etalab-2.0"), spdx);
}

/* One page, one licence: host and a part of the path. */
static const struct {
    const char *host, *part, *spdx;
} pages[] = {
    {"gnu.org", "fdl-1.1", "GFDL-1.1-only"},
    {"gnu.org", "fdl-1.2", "GFDL-1.2-only"},
    {"gnu.org", "fdl-1.3", "GFDL-1.3-only"},
    {"gnu.org", "/fdl.", "GFDL-1.3-or-later"},
    {"gnu.org", "agpl-3.0", "AGPL-3.0-only"},
    {"gnu.org", "lgpl-2.1", "LGPL-2.1-only"},
    {"gnu.org", "lgpl-3.0", "LGPL-3.0-only"},
    {"gnu.org", "gpl-2.0", "GPL-2.0-only"},
    {"gnu.org", "gpl-3.0", "GPL-3.0-only"},
    {"opendatacommons.org", "licenses/odbl", "ODbL-1.0"},
    {"opendatacommons.org", "licenses/by", "ODC-By-1.0"},
    {"opendatacommons.org", "licenses/pddl", "PDDL-1.0"},
    {"vvlibri.org", "licence/odbl", "ODbL-1.0"},
    {"artlibre.org", "licence", "LAL-1.3"},
    {"artlibre.org", "lal", "LAL-1.3"},
    {"apache.org", "licenses/license-2.0", "Apache-2.0"},
    {"unlicense.org", "", "Unlicense"},
    {"wtfpl.net", "", "WTFPL"},
    {"nationalarchives.gov.uk", "open-government-licence/version/3", "OGL-UK-3.0"},
    {"open.canada.ca", "licence-du-gouvernement-ouvert-canada", "OGL-Canada-2.0"},
    {"ouvert.canada.ca", "licence-du-gouvernement-ouvert-canada", "OGL-Canada-2.0"},
    {"open.canada.ca", "open-government-licence-canada", "OGL-Canada-2.0"},
    {"govdata.de", "dl-de/by-2-0", "DL-DE-BY-2.0"},
    {"govdata.de", "dl-de/zero-2-0", "DL-DE-ZERO-2.0"},
    {"mozilla.org", "mpl/2.0", "MPL-2.0"},
    {"cecill.info", "cecill_v2.1", "CECILL-2.1"},
};

/* Registries whose last segment is the identifier: spdx.org/licenses/X.html, opensource.org/license(s)/x. */
static bool registry(const struct address *a, char spdx[LICENCE_MAX]) {
    if (!slice_eq_str(a->host, "spdx.org") && !slice_eq_str(a->host, "opensource.org")) return false;
    struct slice dir = {0}, id = {0}, path = a->path;
    slice_cut(&path, '/', &dir);
    if (path.ptr) slice_cut(&path, '/', &id);
    if (!slice_eq_str(dir, "licenses") && !slice_eq_str(dir, "license")) return false;
    if (slice_ends(id, slice_str(".html")) || slice_ends(id, slice_str(".json"))) id.len -= 5;
    return licence_normal(id, spdx);
}

bool licence_from_url(struct slice url, char spdx[LICENCE_MAX]) {
    struct address a;
    spdx[0] = 0;
    if (!take_address(url, &a)) return false;
    if (slice_eq_str(a.host, "creativecommons.org")) return creative_commons(a.path, spdx);
    if (etalab(&a, spdx) || registry(&a, spdx)) return true;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (slice_eq_str(a.host, pages[i].host) && has(a.path, pages[i].part))
            return licence_normal(slice_str(pages[i].spdx), spdx);
    }
    return false;
}
