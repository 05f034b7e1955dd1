#include "cli/serve_pages.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/checksums.h"
#include "store/release_diff.h"
#include "store/release_manifest.h"
#include "store/release_versions.h"
#include <sys/stat.h>

static const char style[] =
    ":root{color-scheme:light dark}*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem;color:#1b1b1b;background:#fff}"
    "h1{line-height:1.2}a{color:#0b3d91}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #bbb}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "pre{overflow-x:auto;background:#f2f2f2;padding:.8rem;border:1px solid #ccc;border-radius:4px}"
    "footer{margin-top:3rem;border-top:1px solid #bbb;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9ec1ff}pre{background:#222;border-color:#444}"
    "th,td{border-color:#444}}@media print{body{max-width:none}pre{white-space:pre-wrap}}";

/* ---- pieces ---- */

static void escaped(struct buf *out, const char *s) {
    for (; *s; s++) {
        if (*s == '&')
            buf_str(out, "&amp;");
        else if (*s == '<')
            buf_str(out, "&lt;");
        else if (*s == '>')
            buf_str(out, "&gt;");
        else if (*s == '"')
            buf_str(out, "&quot;");
        else if (*s == '\'')
            buf_str(out, "&#39;");
        else
            buf_char(out, *s);
    }
}

/* A name inside an href: percent-encoded, so nothing is left to escape. */
static void href_part(struct buf *out, const char *s) {
    for (; *s; s++) {
        if (ascii_is_alnum(*s) || strchr("-._~", *s))
            buf_char(out, *s);
        else
            buf_printf(out, "%%%02X", (unsigned char)*s);
    }
}

static void grouped(struct buf *out, uint64_t n) {
    char digits[24];
    int len = 0;
    do digits[len++] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    while (len-- > 0) {
        buf_char(out, digits[len]);
        if (len > 0 && len % 3 == 0) buf_str(out, "\u202f");
    }
}

static void size_of(struct buf *out, uint64_t bytes) {
    static const char *const units[] = {"o", "ko", "Mo", "Go", "To"};
    double v = (double)bytes;
    size_t u = 0;
    for (; v >= 1000 && u + 1 < sizeof units / sizeof *units; u++) v /= 1000;
    buf_printf(out, u == 0 ? "%.0f\u00a0%s" : "%.1f\u00a0%s", v, units[u]);
}

static void number_cell(struct buf *out, uint64_t n) {
    buf_str(out, "<td class=n>");
    grouped(out, n);
    buf_str(out, "</td>");
}

static void size_cell(struct buf *out, uint64_t bytes) {
    buf_str(out, "<td class=n>");
    size_of(out, bytes);
    buf_str(out, "</td>");
}

static void begin(struct buf *out, const char *title) {
    buf_str(
        out,
        "<!doctype html>\n<html lang=fr><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><title>");
    escaped(out, title);
    buf_printf(out, "</title><link rel=icon href=\"data:,\"><style>%s</style></head><body>\n<main>\n", style);
}

static void end(struct buf *out, const struct serve_place *p) {
    buf_str(out, "</main>\n<footer><p>Villers " VILLERS_VERSION);
    if (p && p->contact[0]) {
        buf_str(out, " · demander un retrait, <span lang=en>ask for a removal</span> : ");
        escaped(out, p->contact);
    }
    buf_str(out, "</p></footer></body></html>\n");
}

static bool load_versions(const struct serve_place *p, const char *name, struct release_versions *v) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    buf_printf(&path, "%s/%s/" RELEASE_VERSIONS_FILE, p->releases, name);
    bool ok = file_exists(buf_cstr(&path)) && file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, NULL) == ST_OK &&
              release_versions_read(buf_view(&text), v, NULL) == ST_OK;
    buf_free(&path);
    buf_free(&text);
    return ok;
}

static bool load_manifest(const struct serve_place *p, const char *name, const char *version, struct release_manifest *m) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    buf_printf(&path, "%s/%s/%s", p->releases, name, version);
    bool ok = release_diff_load(buf_cstr(&path), m, NULL) == ST_OK;
    buf_free(&path);
    return ok;
}

static void keys_of(struct buf *out, const struct release_counts *c) {
    for (size_t i = 0; i < c->n; i++) {
        if (i) buf_str(out, ", ");
        escaped(out, c->items[i].key);
    }
}

/* ---- how to load ---- */

static void load_lines(struct buf *out, const struct serve_place *p, const char *name, const char *version) {
    buf_str(out, "<h2>Charger · <span lang=en>Load</span></h2>\n<pre><code>villers pull ");
    escaped(out, p->base);
    buf_char(out, '/');
    escaped(out, name);
    buf_char(out, '@');
    escaped(out, version);
    buf_str(out, " ./");
    escaped(out, name);
    buf_str(out, "</code></pre>\n<pre><code>import json, urllib.request\nfrom datasets import load_dataset\n\nbase = \"");
    escaped(out, p->base);
    buf_printf(out, "/%s/%s/", name, version);
    buf_str(
        out,
        "\"\nmanifest = json.load(urllib.request.urlopen(base + \"manifest.json\"))\n"
        "ds = load_dataset(\"json\", data_files=[base + s[\"path\"] for s in manifest[\"shards\"]], split=\"train\")</code></pre>\n");
}

/* ---- home ---- */

static void home_row(struct buf *out, const struct serve_place *p, const char *name) {
    struct release_versions v = {0};
    struct release_manifest m = {0};
    if (!load_versions(p, name, &v) || v.n == 0) {
        release_versions_free(&v);
        return;
    }
    const struct release_version *latest = &v.items[v.n - 1];
    for (size_t i = 0; i < v.n; i++)
        if (!strcmp(v.items[i].version, v.latest)) latest = &v.items[i];
    bool known = load_manifest(p, name, latest->version, &m);
    buf_str(out, "<tr><td><a href=\"");
    href_part(out, name);
    buf_str(out, "/\">");
    escaped(out, name);
    buf_str(out, "</a></td><td>");
    escaped(out, latest->version);
    buf_str(out, "</td><td>");
    escaped(out, latest->date);
    buf_str(out, "</td>");
    number_cell(out, latest->documents);
    number_cell(out, latest->words);
    size_cell(out, latest->bytes);
    buf_str(out, "<td>");
    if (known) keys_of(out, &m.licenses);
    buf_str(out, "</td></tr>\n");
    release_manifest_free(&m);
    release_versions_free(&v);
}

void serve_pages_home(struct buf *out, const struct serve_place *p) {
    char **names = NULL;
    size_t n = 0;
    begin(out, "Villers : données en français");
    buf_str(
        out,
        "<h1>Données d’entraînement en français</h1>\n<p>Textes en français dont la licence permet l’usage, dédoublonnés, datés et versionnés. "
        "Chaque document dit d’où il vient et sous quelle licence.</p>\n<p lang=en>French-language training data: licensed, without "
        "duplicates, dated and versioned. Each document tells where it comes from and under which licence.</p>\n"
        "<h2>Jeux de données · <span lang=en>Datasets</span></h2>\n<div class=wide tabindex=0 role=region aria-label=\"Jeux de données\"><table><thead><tr><th scope=col>nom</th><th scope=col>version</th>"
        "<th scope=col>date</th><th scope=col class=n>documents</th><th scope=col class=n>mots</th><th scope=col class=n>taille</th>"
        "<th scope=col>licences</th></tr></thead><tbody>\n");
    if (dir_list(p->releases, "", &names, &n, NULL) == ST_OK) {
        for (size_t i = 0; i < n; i++)
            if (names[i][0] != '.') home_row(out, p, names[i]);
        dir_list_free(names, n);
    }
    buf_str(
        out,
        "</tbody></table></div>\n<h2>Utiliser · <span lang=en>Use</span></h2>\n<p>La page de chaque jeu donne les lignes à copier. "
        "<span lang=en>The page of each dataset has the lines to copy.</span></p>\n<pre><code>villers pull ");
    escaped(out, p->base);
    buf_str(out, "/NOM ./NOM\nvillers verify ./NOM</code></pre>\n");
    end(out, p);
}

/* ---- dataset and version ---- */

static void counts_table(struct buf *out, const struct release_counts *c, const char *title) {
    buf_printf(
        out,
        "<h2>%s</h2>\n<div class=wide tabindex=0 role=region aria-label=\"%s\"><table><thead><tr><th scope=col>&#8239;</th>"
        "<th scope=col class=n>documents</th><th scope=col class=n>mots</th><th scope=col class=n>texte</th></tr></thead><tbody>\n",
        title, title);
    for (size_t i = 0; i < c->n; i++) {
        buf_str(out, "<tr><td>");
        escaped(out, c->items[i].key);
        buf_str(out, "</td>");
        number_cell(out, c->items[i].documents);
        number_cell(out, c->items[i].words);
        size_cell(out, c->items[i].text_bytes);
        buf_str(out, "</tr>\n");
    }
    buf_str(out, "</tbody></table></div>\n");
}

static void version_tables(struct buf *out, const struct release_manifest *m) {
    counts_table(out, &m->sources, "Sources");
    counts_table(out, &m->licenses, "Licences");
    counts_table(out, &m->languages, "Langues");
}

static void dataset_page(struct buf *out, const struct serve_place *p, const char *name, const struct release_versions *v) {
    struct release_manifest m = {0};
    begin(out, name);
    buf_str(out, "<p><a href=\"../\">tous les jeux · <span lang=en>all datasets</span></a></p>\n<h1>");
    escaped(out, name);
    buf_str(
        out,
        "</h1>\n<h2>Versions</h2>\n<div class=wide tabindex=0 role=region aria-label=Versions><table><thead><tr><th scope=col>version</th><th scope=col>date</th>"
        "<th scope=col class=n>documents</th><th scope=col class=n>mots</th><th scope=col class=n>taille</th></tr></thead><tbody>\n");
    for (size_t i = v->n; i-- > 0;) {
        const struct release_version *it = &v->items[i];
        buf_str(out, "<tr><td><a href=\"");
        escaped(out, it->path);
        buf_str(out, "/\">");
        escaped(out, it->version);
        buf_str(out, "</a></td><td>");
        escaped(out, it->date);
        buf_str(out, "</td>");
        number_cell(out, it->documents);
        number_cell(out, it->words);
        size_cell(out, it->bytes);
        buf_str(out, "</tr>\n");
    }
    buf_str(out, "</tbody></table></div>\n<p><a href=\"versions.json\">versions.json</a></p>\n");
    load_lines(out, p, name, v->latest);
    if (load_manifest(p, name, v->latest, &m)) version_tables(out, &m);
    release_manifest_free(&m);
    end(out, p);
}

static void file_rows(struct buf *out, const char *dir) {
    char **names = NULL;
    size_t n = 0;
    struct buf path = {.max = LIMIT_URL_INPUT};
    struct stat sb;
    if (dir_list(dir, "", &names, &n, NULL) != ST_OK) return;
    for (size_t i = 0; i < n; i++) {
        path_join(&path, dir, names[i]);
        if (names[i][0] == '.' || stat(buf_cstr(&path), &sb) != 0) continue;
        const char *slash = S_ISDIR(sb.st_mode) ? "/" : "";
        buf_str(out, "<tr><td><a href=\"");
        href_part(out, names[i]);
        buf_printf(out, "%s\">", slash);
        escaped(out, names[i]);
        buf_printf(out, "%s</a></td>", slash);
        if (S_ISDIR(sb.st_mode))
            buf_str(out, "<td class=n></td>");
        else
            size_cell(out, (uint64_t)sb.st_size);
        buf_str(out, "</tr>\n");
    }
    dir_list_free(names, n);
    buf_free(&path);
}

static void list_page(struct buf *out, const struct serve_place *p, const char *path, const struct release_manifest *m) {
    struct buf dir = {.max = LIMIT_URL_INPUT};
    buf_printf(&dir, "%s%s", p->releases, path);
    begin(out, path);
    buf_str(out, "<p><a href=\"../\">dossier parent · <span lang=en>parent folder</span></a></p>\n<h1>");
    escaped(out, path);
    buf_str(
        out,
        "</h1>\n<div class=wide tabindex=0 role=region aria-label=Fichiers><table><thead><tr><th scope=col>fichier</th><th scope=col class=n>taille</th></tr></thead><tbody>\n");
    file_rows(out, buf_cstr(&dir));
    buf_str(out, "</tbody></table></div>\n");
    if (m) {
        load_lines(out, p, m->name, m->version);
        version_tables(out, m);
    }
    end(out, p);
    buf_free(&dir);
}

void serve_pages_folder(struct buf *out, const struct serve_place *p, const char *path) {
    struct slice rest = slice_str(path), first = {"", 0}, second = {"", 0};
    struct release_versions v = {0};
    struct release_manifest m = {0};
    char name[256] = "", version[256] = "";
    rest = slice_sub(rest, 1, rest.len ? rest.len - 1 : 0);
    if (slice_cut(&rest, '/', &first) && first.len < sizeof name) memcpy(name, first.ptr, first.len);
    if (rest.ptr && slice_cut(&rest, '/', &second) && second.len < sizeof version) memcpy(version, second.ptr, second.len);
    if (second.len == 0 && load_versions(p, name, &v))
        dataset_page(out, p, name, &v);
    else if (second.len && rest.ptr == NULL && load_manifest(p, name, version, &m))
        list_page(out, p, path, &m);
    else
        list_page(out, p, path, NULL);
    release_versions_free(&v);
    release_manifest_free(&m);
}

void serve_pages_error(struct buf *out, int status) {
    const char *what = status == 404   ? "Rien à cette adresse. / Nothing at this address."
                       : status == 405 ? "Seuls GET et HEAD sont admis. / Only GET and HEAD are allowed."
                       : status == 416 ? "Hors du fichier. / Outside the file."
                                       : "La requête n’a pas abouti. / The request did not succeed.";
    begin(out, what);
    buf_printf(out, "<h1>%d</h1>\n<p>%s</p>\n", status, what);
    end(out, NULL);
}
