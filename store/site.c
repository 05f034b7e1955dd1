#include "store/site.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/checksums.h"
#include "store/html_counts.h"
#include "store/release_diff.h"
#include "store/site_catalog.h"
#include "store/site_sample.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define UNKNOWN_BASE "https://ADRESSE-DU-HUB"
#define HOME_ROWS 12 /* of a coverage table of the home page; the rest is one row */

bool site_versions(const struct site *s, const char *name, struct release_versions *v) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    buf_printf(&path, "%s/%s/" RELEASE_VERSIONS_FILE, s->releases, name);
    bool ok = file_exists(buf_cstr(&path)) && file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, NULL) == ST_OK &&
              release_versions_read(buf_view(&text), v, NULL) == ST_OK;
    buf_free(&path);
    buf_free(&text);
    return ok;
}

bool site_manifest(const struct site *s, const char *name, const char *version, struct release_manifest *m) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    buf_printf(&path, "%s/%s/%s", s->releases, name, version);
    bool ok = release_diff_load(buf_cstr(&path), m, NULL) == ST_OK;
    buf_free(&path);
    return ok;
}

static const char *base_of(const struct site *s) { return s->base[0] ? s->base : UNKNOWN_BASE; }

static void end_page(struct buf *out, const struct site *s) {
    struct buf footer = {.max = MIB};
    if (s && s->contact[0]) {
        buf_str(&footer, " · demander un retrait, <span lang=en>ask for a removal</span> : ");
        html_link(&footer, s->contact);
    }
    html_end(out, &footer);
    buf_free(&footer);
}

/* ---- how to load ---- */

static void load_lines(struct buf *out, const struct site *s, const char *name, const char *version) {
    buf_str(out, "<h2>Charger · <span lang=en>Load</span></h2>\n<pre tabindex=0><code>villers pull ");
    html_escape(out, base_of(s));
    buf_char(out, '/');
    html_escape(out, name);
    buf_char(out, '@');
    html_escape(out, version);
    buf_str(out, " ./");
    html_escape(out, name);
    buf_str(
        out,
        "</code></pre>\n<pre tabindex=0><code>import json, urllib.request\nfrom datasets import load_dataset  # pip install datasets "
        "zstandard\n\nbase = \"");
    html_escape(out, base_of(s));
    buf_printf(out, "/%s/%s/", name, version);
    buf_str(
        out,
        "\"\nmanifest = json.load(urllib.request.urlopen(base + \"manifest.json\"))\n"
        "ds = load_dataset(\"json\", data_files=[base + s[\"path\"] for s in manifest[\"shards\"]], split=\"train\")</code></pre>\n");
}

/* ---- home ---- */

static void keys_of(struct buf *out, const struct release_counts *c) {
    for (size_t i = 0; i < c->n; i++) {
        if (i) buf_str(out, ", ");
        html_escape(out, c->items[i].key);
    }
}

/* What the latest versions of all datasets hold together. */
struct coverage {
    struct release_counts sources, licenses;
    uint64_t text_bytes;
    size_t datasets;
};

static void add_counts(struct release_counts *to, const struct release_counts *from) {
    for (size_t i = 0; i < from->n; i++) {
        const struct release_count *c = &from->items[i];
        (void)!release_counts_add(to, slice_str(c->key), c->documents, c->words, c->text_bytes);
    }
}

static void home_row(struct buf *out, const struct site *s, const char *name, struct coverage *all) {
    struct release_versions v = {0};
    struct release_manifest m = {0};
    if (!site_versions(s, name, &v) || v.n == 0) {
        release_versions_free(&v);
        return;
    }
    const struct release_version *latest = &v.items[v.n - 1];
    for (size_t i = 0; i < v.n; i++)
        if (!strcmp(v.items[i].version, v.latest)) latest = &v.items[i];
    bool known = site_manifest(s, name, latest->version, &m);
    buf_str(out, "<tr><th scope=row><a href=\"");
    html_href(out, name);
    buf_str(out, "/\">");
    html_escape(out, name);
    buf_str(out, "</a></th>");
    html_cell(out, latest->version);
    html_cell(out, latest->date);
    html_cell_number(out, latest->documents);
    html_cell_number(out, latest->words);
    html_cell_size(out, latest->bytes);
    buf_str(out, "<td>");
    if (known) {
        keys_of(out, &m.licenses);
        add_counts(&all->sources, &m.sources);
        add_counts(&all->licenses, &m.licenses);
        all->text_bytes += m.text_bytes;
        all->datasets++;
    }
    buf_str(out, "</td>");
    html_row_end(out);
    release_manifest_free(&m);
    release_versions_free(&v);
}

static void home_coverage(struct buf *out, struct coverage *all) {
    if (!all->text_bytes) return;
    buf_str(out, "<h2>Couverture · <span lang=en>Coverage</span></h2>\n<p>Part du texte (");
    html_size(out, all->text_bytes);
    buf_str(out, "). <span lang=en>Share of the text.</span></p>\n");
    if (all->datasets > 1)
        buf_str(out, "<p>Somme des dernières versions ; un document de deux jeux compte deux fois. <span lang=en>Sum of the latest "
                     "versions; a document of two datasets counts twice.</span></p>\n");
    struct html_counts table = {.counts = &all->sources,
                                .whole = all->text_bytes,
                                .french = "Sources",
                                .english = "Sources",
                                .level = 3,
                                .rows = HOME_ROWS,
                                .brief = true};
    html_counts(out, &table);
    table.counts = &all->licenses;
    table.french = table.english = "Licences";
    html_counts(out, &table);
}

/* What the contact in the foot of every page is for, in full. */
static void removal_address(struct buf *out, const struct site *s) {
    if (!s->contact[0]) return;
    buf_str(
        out,
        "<h2 id=retrait>Demander un retrait · <span lang=en>Ask for a removal</span></h2>\n<p>Donnez l’adresse de la page, du site, ou "
        "l’identifiant du document : il sort de la version suivante, les copies tenues à jour le retirent, et il ne revient pas. "
        "<span lang=en>Give the address of the page or the site, or the document’s id: it leaves with the next version, copies kept up to date "
        "drop it, and it does not come back.</span></p>\n<p>");
    html_link(out, s->contact);
    buf_str(out, "</p>\n");
}

void site_home(struct buf *out, const struct site *s) {
    static const char *const heads[] = {"nom", "version", "date", "#documents", "#mots", "#taille", "licences", NULL};
    char **names = NULL;
    size_t n = 0;
    struct coverage all = {0};
    html_begin(out, "Villers : données en français");
    buf_str(
        out,
        "<h1>Données d’entraînement en français</h1>\n<p>Textes en français dont la licence permet l’usage, dédoublonnés, datés et versionnés. "
        "Chaque document dit d’où il vient et sous quelle licence.</p>\n<p lang=en>French-language training data: licensed, without "
        "duplicates, dated and versioned. Each document tells where it comes from and under which licence.</p>\n"
        "<h2>Jeux de données · <span lang=en>Datasets</span></h2>\n");
    html_table(out, "Jeux de données", heads);
    if (dir_list(s->releases, "", &names, &n, NULL) == ST_OK) {
        for (size_t i = 0; i < n; i++)
            if (names[i][0] != '.') home_row(out, s, names[i], &all);
        dir_list_free(names, n);
    }
    html_table_end(out);
    home_coverage(out, &all);
    buf_str(out, "<h2>Utiliser · <span lang=en>Use</span></h2>\n<p>La page de chaque jeu donne les lignes à copier. "
                 "<span lang=en>The page of each dataset has the lines to copy.</span></p>\n<pre tabindex=0><code>villers pull ");
    html_escape(out, base_of(s));
    buf_str(out, "/NOM ./NOM\nvillers verify ./NOM</code></pre>\n<p>Catalogue : <a href=\"catalog.xml\">DCAT-AP (RDF/XML)</a>, "
                 "<a href=\"catalog.jsonld\">DCAT-AP (JSON-LD)</a></p>\n");
    removal_address(out, s);
    release_counts_free(&all.sources);
    release_counts_free(&all.licenses);
    end_page(out, s);
}

/* ---- dataset and version ---- */

static void coverage(struct buf *out, const struct release_manifest *m) {
    const struct {
        const struct release_counts *counts;
        const char *french, *english;
    } tables[] = {
        {&m->sources, "Sources", "Sources"}, {&m->licenses, "Licences", "Licences"}, {&m->languages, "Langues", "Languages"}};
    html_heading(out, 2, "Couverture", "Coverage");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct html_counts t = {.counts = tables[i].counts,
                                .whole = m->text_bytes,
                                .french = tables[i].french,
                                .english = tables[i].english,
                                .level = 3};
        html_counts(out, &t);
    }
    html_judgments(out, m, 3);
}

/* Words by version: how the dataset grew. */
static void growth(struct buf *out, const struct release_versions *v) {
    const char **labels = calloc(v->n + 1, sizeof *labels);
    double *values = calloc(v->n + 1, sizeof *values);
    if (labels && values && v->n > 1 && v->n <= 60) {
        for (size_t i = 0; i < v->n; i++) {
            labels[i] = v->items[i].version;
            values[i] = (double)v->items[i].words;
        }
        html_columns(out, "Mots par version", "mots", labels, values, v->n);
    }
    free(labels);
    free(values);
}

void site_dataset(struct buf *out, const struct site *s, const char *name, const struct release_versions *v) {
    static const char *const heads[] = {"version", "date", "#documents", "#mots", "#taille", NULL};
    struct release_manifest m = {0};
    html_begin(out, name);
    buf_str(out, "<p><a href=\"../\">tous les jeux · <span lang=en>all datasets</span></a></p>\n<h1>");
    html_escape(out, name);
    buf_str(out, "</h1>\n<h2>Versions</h2>\n");
    html_table(out, "Versions", heads);
    for (size_t i = v->n; i-- > 0;) {
        const struct release_version *it = &v->items[i];
        buf_str(out, "<tr><th scope=row><a href=\"");
        html_escape(out, it->path);
        buf_str(out, "/\">");
        html_escape(out, it->version);
        buf_str(out, "</a></th>");
        html_cell(out, it->date);
        html_cell_number(out, it->documents);
        html_cell_number(out, it->words);
        html_cell_size(out, it->bytes);
        html_row_end(out);
    }
    html_table_end(out);
    growth(out, v);
    buf_str(out, "<p><a href=\"versions.json\">versions.json</a></p>\n");
    load_lines(out, s, name, v->latest);
    if (site_manifest(s, name, v->latest, &m)) coverage(out, &m);
    release_manifest_free(&m);
    end_page(out, s);
}

static void figures(struct buf *out, const struct release_manifest *m) {
    buf_str(out, "<p><strong>");
    html_grouped(out, m->documents);
    buf_str(out, "</strong> documents, <strong>");
    html_grouped(out, m->words);
    buf_str(out, "</strong> mots, <strong>");
    html_size(out, m->text_bytes);
    buf_str(out, "</strong> de texte, <strong>");
    html_size(out, m->bytes);
    buf_str(out, "</strong> à télécharger ; dernier jour de collecte : ");
    html_day(out, m->date);
    buf_str(out, ".</p>\n");
}

static void file_row(struct buf *out, const char *href, uint64_t bytes, bool sized) {
    buf_str(out, "<tr><th scope=row><a href=\"");
    for (const char *p = href; *p; p++) { /* slashes stay: a path, not a name */
        if (ascii_is_alnum(*p) || strchr("-._~/", *p))
            buf_char(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
    buf_str(out, "\">");
    html_escape(out, href);
    buf_str(out, "</a></th>");
    if (sized)
        html_cell_size(out, bytes);
    else
        buf_str(out, "<td class=n></td>");
    html_row_end(out);
}

static void folder_rows(struct buf *out, const char *dir) {
    char **names = NULL;
    size_t n = 0;
    struct buf path = {.max = LIMIT_URL_INPUT}, name = {.max = LIMIT_URL_INPUT};
    struct stat sb;
    if (dir_list(dir, "", &names, &n, NULL) != ST_OK) return;
    for (size_t i = 0; i < n; i++) {
        path_join(&path, dir, names[i]);
        if (names[i][0] == '.' || stat(buf_cstr(&path), &sb) != 0) continue;
        bool folder = S_ISDIR(sb.st_mode);
        buf_clear(&name);
        buf_printf(&name, "%s%s", names[i], folder ? "/" : "");
        file_row(out, buf_cstr(&name), (uint64_t)sb.st_size, !folder);
    }
    dir_list_free(names, n);
    buf_free(&path);
    buf_free(&name);
}

/* Shards from the manifest, the files beside them from the folder: what is being written is not listed, so that the page does not change
 * with the moment at which it is made. */
static void version_files(struct buf *out, const struct release_manifest *m) {
    static const char *const heads[] = {"fichier", "#taille", NULL};
    static const char *const beside[] = {"README.md",      "report.html",         "attribution.md", RELEASE_MANIFEST_FILE,
                                         "croissant.json", "ai-act-summary.json", "removals.jsonl", CHECKSUMS_FILE};
    struct buf path = {.max = LIMIT_URL_INPUT};
    buf_str(out, "<h2>Fichiers · <span lang=en>Files</span></h2>\n");
    html_table(out, "Fichiers", heads);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) file_row(out, beside[i], 0, false);
    for (size_t i = 0; i < m->n_shards; i++) {
        buf_clear(&path);
        buf_printf(&path, RELEASE_DATA_DIR "/%s", m->shards[i].name);
        file_row(out, buf_cstr(&path), m->shards[i].bytes, true);
    }
    html_table_end(out);
    buf_free(&path);
}

void site_version(struct buf *out, const struct site *s, const struct release_manifest *m, const char *dir) {
    struct buf title = {.max = LIMIT_ERR};
    buf_printf(&title, "%s, version %s", m->name, m->version);
    html_begin(out, buf_cstr(&title));
    buf_str(out, "<p><a href=\"../\">toutes les versions · <span lang=en>all versions</span></a></p>\n<h1>");
    html_escape(out, buf_cstr(&title));
    buf_str(out, "</h1>\n");
    figures(out, m);
    buf_str(
        out,
        "<p><a href=\"report.html\">rapport · <span lang=en>report</span></a>, <a href=\"README.md\">fiche · <span lang=en>card</span></a>, "
        "<a href=\"attribution.md\">mentions · <span lang=en>credits</span></a>, <a href=\"removals.jsonl\">retraits · <span lang=en>removals"
        "</span></a></p>\n");
    load_lines(out, s, m->name, m->version);
    coverage(out, m);
    site_sample(out, m, dir);
    version_files(out, m);
    end_page(out, s);
    buf_free(&title);
}

static void list_page(struct buf *out, const struct site *s, const char *path) {
    static const char *const heads[] = {"fichier", "#taille", NULL};
    struct buf dir = {.max = LIMIT_URL_INPUT};
    buf_printf(&dir, "%s%s", s->releases, path);
    html_begin(out, path);
    buf_str(out, "<p><a href=\"../\">dossier parent · <span lang=en>parent folder</span></a></p>\n<h1>");
    html_escape(out, path);
    buf_str(out, "</h1>\n");
    html_table(out, "Fichiers", heads);
    folder_rows(out, buf_cstr(&dir));
    html_table_end(out);
    end_page(out, s);
    buf_free(&dir);
}

void site_folder(struct buf *out, const struct site *s, const char *path) {
    struct slice rest = slice_str(path), first = {"", 0}, second = {"", 0};
    struct release_versions v = {0};
    struct release_manifest m = {0};
    struct buf dir = {.max = LIMIT_URL_INPUT};
    char name[256] = "", version[256] = "";
    rest = slice_sub(rest, 1, rest.len ? rest.len - 1 : 0);
    if (rest.len && slice_cut(&rest, '/', &first) && first.len < sizeof name) memcpy(name, first.ptr, first.len);
    if (rest.ptr && slice_cut(&rest, '/', &second) && second.len < sizeof version) memcpy(version, second.ptr, second.len);
    buf_printf(&dir, "%s%s", s->releases, path);
    if (!name[0])
        site_home(out, s);
    else if (second.len == 0 && site_versions(s, name, &v))
        site_dataset(out, s, name, &v);
    else if (second.len && rest.ptr == NULL && site_manifest(s, name, version, &m))
        site_version(out, s, &m, buf_cstr(&dir));
    else
        list_page(out, s, path);
    release_versions_free(&v);
    release_manifest_free(&m);
    buf_free(&dir);
}

void site_error(struct buf *out, int status) {
    const char *what = status == 404   ? "Rien à cette adresse. / Nothing at this address."
                       : status == 405 ? "Seuls GET et HEAD sont admis. / Only GET and HEAD are allowed."
                       : status == 416 ? "Hors du fichier. / Outside the file."
                                       : "La requête n’a pas abouti. / The request did not succeed.";
    html_begin(out, what);
    buf_printf(out, "<h1>%d</h1>\n<p>%s</p>\n", status, what);
    html_end(out, NULL);
}

/* ---- on disk ---- */

static enum status put(const char *dir, const char *name, const struct buf *text, struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    path_join(&path, dir, name);
    enum status st = buf_ok(text) ? file_write(buf_cstr(&path), buf_view(text), err) : fail(err, ST_FATAL, "%s: too large", name);
    buf_free(&path);
    return st;
}

enum status site_write(const struct site *s, const char *name, struct buf *err) {
    struct buf page = {.max = LIMIT_RELEASE_META}, dir = {.max = LIMIT_URL_INPUT};
    struct release_versions v = {0};
    enum status st = ST_OK;
    path_join(&dir, s->releases, name);
    if (site_versions(s, name, &v)) {
        site_dataset(&page, s, name, &v);
        st = put(buf_cstr(&dir), "index.html", &page, err);
    }
    buf_clear(&page);
    site_home(&page, s);
    if (st == ST_OK) st = put(s->releases, "index.html", &page, err);
    buf_clear(&page);
    site_catalog_xml(&page, s);
    if (st == ST_OK) st = put(s->releases, "catalog.xml", &page, err);
    buf_clear(&page);
    site_catalog_jsonld(&page, s);
    if (st == ST_OK) st = put(s->releases, "catalog.jsonld", &page, err);
    release_versions_free(&v);
    buf_free(&page);
    buf_free(&dir);
    return st;
}
