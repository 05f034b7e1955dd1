#include "store/card.h"
#include "base/json.h"
#include "store/doc_type.h"

#define BAR 20 /* characters of a whole bar */

struct license_name {
    const char *spdx; /* as documents carry it */
    const char *hub;  /* as the Hugging Face Hub's list has it, or NULL */
    const char *url;
};

static const struct license_name licenses[] = {
    {"etalab-2.0", "etalab-2.0", "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"},
    {"CC0-1.0", "cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"},
    {"CC-BY-2.0", "cc-by-2.0", "https://creativecommons.org/licenses/by/2.0/"},
    {"CC-BY-2.5", "cc-by-2.5", "https://creativecommons.org/licenses/by/2.5/"},
    {"CC-BY-3.0", "cc-by-3.0", "https://creativecommons.org/licenses/by/3.0/"},
    {"CC-BY-4.0", "cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/"},
    {"CC-BY-SA-3.0", "cc-by-sa-3.0", "https://creativecommons.org/licenses/by-sa/3.0/"},
    {"CC-BY-SA-4.0", "cc-by-sa-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
    {"GFDL-1.3-or-later", "gfdl", "https://www.gnu.org/licenses/fdl-1.3.html"},
    {"GFDL-1.2-or-later", "gfdl", "https://www.gnu.org/licenses/old-licenses/fdl-1.2.html"},
    {"GPL-2.0-only", "gpl-2.0", "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"},
    {"GPL-2.0-or-later", "gpl-2.0", "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"},
    {"GPL-3.0-only", "gpl-3.0", "https://www.gnu.org/licenses/gpl-3.0.html"},
    {"GPL-3.0-or-later", "gpl-3.0", "https://www.gnu.org/licenses/gpl-3.0.html"},
    {"Apache-2.0", "apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"},
    {"MIT", "mit", "https://spdx.org/licenses/MIT.html"},
    {"BSD-3-Clause", "bsd-3-clause", "https://spdx.org/licenses/BSD-3-Clause.html"},
    {"BSD-2-Clause", "bsd-2-clause", "https://spdx.org/licenses/BSD-2-Clause.html"},
    {"ODbL-1.0", "odbl", "https://opendatacommons.org/licenses/odbl/1-0/"},
};

static const struct card_column columns[] = {
    {"id", "string", "identifiant stable d'une version à l'autre", "identifier, stable across versions"},
    {"text", "string", "le texte, un paragraphe par ligne", "the text, a paragraph a line"},
    {"url", "string", "adresse canonique de la page", "canonical address of the page"},
    {"title", "string", "titre", "title"},
    {"author", "string", "auteur", "author"},
    {"site", "string", "nom du site", "name of the site"},
    {"source", "string", "source dans le catalogue", "source in the catalogue"},
    {"license", "string", "licence du document (SPDX)", "licence of the document (SPDX)"},
    {"date", "string", "date de publication, ou vide", "date of publication, or empty"},
    {"crawl_date", "string", "jour de la collecte (UTC)", "day of the crawl (UTC)"},
    {"language", "string", "langue (ISO 639-3)", "language (ISO 639-3)"},
    {"language_script", "string", "écriture (ISO 15924)", "script (ISO 15924)"},
    {"language_score", "float64", "confiance, de 0 à 1", "confidence, 0 to 1"},
    {"french_share", "float64", "part du texte (en octets) qui est en français", "share of the text's bytes that is French"},
    {"words", "int64", "nombre de mots", "number of words"},
    {"minhash_cluster_id", "string", "groupe de quasi-doublons", "cluster of near-duplicates"},
    {"minhash_cluster_size", "int64", "taille de ce groupe", "size of that cluster"},
    {"metadata", "string", "le reste, en JSON", "the rest, as JSON"},
};

static const struct license_name *license_of(const char *spdx) {
    for (size_t i = 0; i < sizeof licenses / sizeof *licenses; i++)
        if (slice_eq_nocase(slice_str(licenses[i].spdx), slice_str(spdx))) return &licenses[i];
    return NULL;
}

const char *card_license_url(const char *spdx) {
    const struct license_name *known = license_of(spdx);
    return known ? known->url : NULL;
}

size_t card_columns(const struct card_column **out) {
    *out = columns;
    return sizeof columns / sizeof *columns;
}

const struct release_source *card_source(const struct card *c, const char *id) {
    for (size_t i = 0; i < c->n_sources; i++)
        if (!strcmp(c->sources[i].id, id)) return &c->sources[i];
    return NULL;
}

/* ---- front matter ---- */

/* A JSON string is a YAML string. */
static void quoted(struct buf *out, const char *s) {
    struct json_out j;
    json_out_init(&j, out);
    json_cstring(&j, s);
}

static const char *size_category(uint64_t n) {
    static const struct {
        uint64_t below;
        const char *name;
    } steps[] = {{1000, "n<1K"},         {10000, "1K<n<10K"},       {100000, "10K<n<100K"},   {1000000, "100K<n<1M"},
                 {10000000, "1M<n<10M"}, {100000000, "10M<n<100M"}, {1000000000, "100M<n<1B"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (n < steps[i].below) return steps[i].name;
    return "1B<n<10B";
}

static void front_license(struct buf *out, const struct card *c) {
    const struct release_counts *l = &c->m->licenses;
    bool all_known = l->n > 0;
    for (size_t i = 0; i < l->n; i++) all_known = all_known && license_of(l->items[i].key);
    if (!all_known) {
        buf_str(out, "license: other\nlicense_name: ");
        quoted(out, l->n == 1 ? l->items[0].key : "one-licence-a-document");
        buf_str(out, "\nlicense_link: attribution.md\n");
        return;
    }
    buf_str(out, "license:\n");
    for (size_t i = 0; i < l->n; i++) {
        const char *name = license_of(l->items[i].key)->hub;
        bool said = false;
        for (size_t k = 0; k < i; k++) said = said || !strcmp(license_of(l->items[k].key)->hub, name);
        if (!said) buf_printf(out, "- %s\n", name);
    }
}

static void front_languages(struct buf *out, const struct card *c) {
    buf_str(out, "language:\n- fr\n");
    for (size_t i = 0; i < c->m->languages.n; i++) {
        const char *code = c->m->languages.items[i].key;
        if (strcmp(code, "fra") != 0 && strcmp(code, "und") != 0 && code[0]) buf_printf(out, "- %s\n", code);
    }
}

static struct release_count split_count(const struct release_manifest *m, enum release_split split) {
    struct release_count c = {0};
    for (size_t i = 0; i < m->n_shards; i++) {
        if (release_split_of_shard(m->shards[i].name) != split) continue;
        c.documents += m->shards[i].documents;
        c.text_bytes += m->shards[i].text_bytes;
    }
    return c;
}

static void front_files(struct buf *out, const struct release_manifest *m, enum release_split split) {
    bool alone = !release_splits_any(&m->splits);
    if (split != SPLIT_TRAIN && split_count(m, split).documents == 0) return;
    buf_printf(out, "  - split: %s\n    path: data/%s%s*.jsonl.zst\n", release_split_name(split),
               alone ? "" : release_split_prefix(split), alone ? "" : "-");
}

static void front_split(struct buf *out, const struct release_manifest *m, enum release_split split) {
    struct release_count c = split_count(m, split);
    if (split != SPLIT_TRAIN && c.documents == 0) return;
    buf_printf(out, "  - name: %s\n    num_bytes: %llu\n    num_examples: %llu\n", release_split_name(split),
               (unsigned long long)c.text_bytes, (unsigned long long)c.documents);
}

static void front_matter(struct buf *out, const struct card *c) {
    const struct release_manifest *m = c->m;
    buf_str(out, "---\n");
    front_languages(out, c);
    front_license(out, c);
    buf_str(out, "pretty_name: ");
    quoted(out, m->name);
    buf_printf(out, "\nversion: %s\n", m->version);
    buf_printf(out, "size_categories:\n- %s\n", size_category(m->documents));
    buf_str(out, "task_categories:\n- text-generation\n- fill-mask\ntags:\n- french\n- pretraining\n- croissant\n");
    buf_str(out, "configs:\n- config_name: default\n  data_files:\n");
    for (int i = 0; i < SPLITS; i++) front_files(out, m, (enum release_split)i);
    buf_str(out, "  default: true\n");
    buf_str(out, "dataset_info:\n  config_name: default\n  features:\n");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        buf_printf(out, "  - name: %s\n    dtype: %s\n", columns[i].name, columns[i].dtype);
    buf_str(out, "  splits:\n");
    for (int i = 0; i < SPLITS; i++) front_split(out, m, (enum release_split)i);
    buf_printf(out, "  download_size: %llu\n  dataset_size: %llu\n---\n\n", (unsigned long long)m->bytes,
               (unsigned long long)m->text_bytes);
}

/* ---- body ---- */

/* 1234567 as "1 234 567" with no-break spaces (French) or "1,234,567". */
static void grouped(struct buf *out, uint64_t n, bool french) {
    char digits[24];
    int len = 0;
    do digits[len++] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    while (len-- > 0) {
        buf_char(out, digits[len]);
        if (len > 0 && len % 3 == 0) buf_str(out, french ? "\u202f" : ",");
    }
}

/* A cell of a Markdown table: neither pipes nor line ends. */
static void cell(struct buf *out, const char *s) {
    for (; *s; s++) {
        if (*s == '|')
            buf_str(out, "\\|");
        else
            buf_char(out, *s == '\n' || *s == '\r' ? ' ' : *s);
    }
}

/* A share as a number and as a bar that any reader of Markdown shows. */
static void share(struct buf *out, uint64_t part, uint64_t whole, bool french) {
    uint64_t thousandths = whole ? (uint64_t)((double)part / (double)whole * 1000 + 0.5) : 0;
    buf_printf(out, "%u%c%u\u00a0%% ", (unsigned)(thousandths / 10), french ? ',' : '.', (unsigned)(thousandths % 10));
    for (uint64_t i = 0; i < (thousandths * BAR + 500) / 1000; i++) buf_str(out, "█");
}

static void counts_table(struct buf *out, const struct release_manifest *m, const struct release_counts *t, const char *head,
                         bool french) {
    buf_printf(out, "| %s | documents | %s | %s | %s |\n|---|---:|---:|---:|---|\n", head, french ? "mots" : "words",
               french ? "octets de texte" : "bytes of text", french ? "part des octets" : "share of the bytes");
    for (size_t i = 0; i < t->n; i++) {
        const struct release_count *c = &t->items[i];
        buf_str(out, "| ");
        cell(out, t == &m->types ? doc_type_label(c->key, !french) : c->key);
        buf_str(out, " | ");
        grouped(out, c->documents, french);
        buf_str(out, " | ");
        grouped(out, c->words, french);
        buf_str(out, " | ");
        grouped(out, c->text_bytes, french);
        buf_str(out, " | ");
        share(out, c->text_bytes, m->text_bytes, french);
        buf_str(out, " |\n");
    }
    buf_char(out, '\n');
}

/* Types only where refine told them, quality where it was measured. */
static void judgments(struct buf *out, const struct release_manifest *m, bool french) {
    bool typed = m->types.n > 1 || (m->types.n == 1 && m->types.items[0].key[0]);
    if (typed) {
        buf_str(out, french ? "## Types de document\n\n" : "## Types of document\n\n");
        counts_table(out, m, &m->types, "type", french);
    }
    if (m->qualities.n == 0 || (m->qualities.n == 1 && !m->qualities.items[0].key[0])) return;
    buf_str(
        out,
        french
            ? "`metadata` donne `document_type` et `quality_score` : la marge, de 0 à 1, que laisse le plus proche des seuils de FineWeb-2 "
              "pour le français (répétitions, listes, lignes sans ponctuation). La distribution est dans `report.html`.\n\n"
            : "`metadata` holds `document_type` and `quality_score`: the room, 0 to 1, that the nearest of FineWeb-2's limits for French "
              "leaves (repetition, lists, lines without punctuation). `report.html` has the distribution.\n\n");
}

static void columns_table(struct buf *out, bool french) {
    buf_printf(out, "| %s | type | %s |\n|---|---|---|\n", french ? "champ" : "field", french ? "sens" : "meaning");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        buf_printf(out, "| `%s` | %s | %s |\n", columns[i].name, columns[i].dtype, french ? columns[i].french : columns[i].english);
    buf_char(out, '\n');
}

static void figures(struct buf *out, const struct release_manifest *m, bool french) {
    buf_str(out, french ? "Cette version compte **" : "This version holds **");
    grouped(out, m->documents, french);
    buf_str(out, " documents**, **");
    grouped(out, m->words, french);
    buf_str(out, french ? " mots**, " : " words**, ");
    grouped(out, m->text_bytes, french);
    buf_str(out, french ? " octets de texte, en " : " bytes of text, in ");
    grouped(out, m->n_shards, french);
    buf_printf(out,
               french ? " fichier%s ; le dernier document a été collecté le %s.\n\n"
                      : " file%s; the last document was collected on %s.\n\n",
               m->n_shards > 1 ? "s" : "", m->date);
}

static void how_to_load(struct buf *out, bool french) {
    buf_str(out, french ? "## Charger\n\nDepuis ce dossier :\n\n" : "## Load\n\nFrom this folder:\n\n");
    buf_str(out, "```python\nfrom datasets import load_dataset\n\nds = load_dataset(\".\", \"default\", split=\"train\")\n```\n\n");
    buf_str(out,
            french
                ? "(`datasets` lit une colonne de jours comme des heures : `crawl_date` s'y montre en « 2024-07-01 00:00:00 ».)\n\n"
                : "(`datasets` reads a column of days as times: it shows `crawl_date` as \"2024-07-01 00:00:00\".)\n\n");
    buf_str(out, french ? "Sans rien d'autre que zstd :\n\n" : "With nothing but zstd:\n\n");
    buf_str(out, "```sh\nzstd -dc data/*.jsonl.zst | head -n 1\n```\n\n");
}

static void how_to_check(struct buf *out, const struct card *c, bool french) {
    buf_str(out, french ? "## Vérifier\n\n" : "## Check\n\n");
    buf_str(out, "```sh\nvillers verify .\nsha256sum --quiet -c SHA256SUMS\n");
    if (c->signed_) buf_str(out, "minisign -Vm SHA256SUMS -p minisign.pub\n");
    buf_str(out, "```\n\n");
    if (c->signed_)
        buf_str(
            out,
            french
                ? "La clé publique jointe ne prouve que la cohérence : comparez-la à celle que le producteur publie ailleurs.\n\n"
                : "The public key beside the files only proves that they agree: compare it with the one the producer publishes elsewhere.\n\n");
}

static void removal(struct buf *out, const struct card *c, bool french) {
    buf_str(
        out,
        french
            ? "## Retrait\n\nUn document retiré quitte la version suivante ; son identifiant est publié dans `removals.jsonl`, jamais son texte. "
              "Ceux qui ont déjà téléchargé une version doivent l'appliquer : `villers pull` le fait.\n"
            : "## Removal\n\nA removed document leaves the next version; its identifier is published in `removals.jsonl`, never its text. "
              "Whoever downloaded a version must apply it: `villers pull` does.\n");
    if (c->contact[0]) buf_printf(out, french ? "Pour demander un retrait : %s\n" : "To ask for a removal: %s\n", c->contact);
    buf_char(out, '\n');
}

static void body(struct buf *out, const struct card *c, bool french) {
    const struct release_manifest *m = c->m;
    buf_printf(out, french ? "# %s, version %s\n\n*English below.*\n\n" : "# %s, version %s (English)\n\n", m->name, m->version);
    buf_str(
        out,
        french
            ? "Textes en français, collectés auprès de sources dont la licence le permet, dédoublonnés, et dont chaque document dit "
              "sa source et sa licence.\n\n"
            : "French texts from sources whose licence allows it, without duplicates; each document names its source and its "
              "licence.\n\n");
    figures(out, m, french);
    how_to_load(out, french);
    how_to_check(out, c, french);
    buf_str(out, "## Sources\n\n");
    counts_table(out, m, &m->sources, "source", french);
    buf_str(out, french ? "Les mentions exigées par les licences sont dans `attribution.md`.\n\n## Licences\n\n"
                        : "The credits that the licences demand stand in `attribution.md`.\n\n## Licences\n\n");
    counts_table(out, m, &m->licenses, "licence", french);
    buf_str(out, french ? "## Langues\n\n" : "## Languages\n\n");
    counts_table(out, m, &m->languages, french ? "langue" : "language", french);
    judgments(out, m, french);
    buf_str(out, french ? "## Champs\n\nUn objet JSON par ligne ; toutes les clés sont toujours présentes.\n\n"
                        : "## Fields\n\nOne JSON object a line; every key is always there.\n\n");
    columns_table(out, french);
    removal(out, c, french);
}

void card_readme(struct buf *out, const struct card *c) {
    front_matter(out, c);
    body(out, c, true);
    body(out, c, false);
}

/* ---- attribution ---- */

static void line_if(struct buf *out, const char *label, const char *value) {
    if (value && value[0]) {
        buf_printf(out, "- %s", label);
        cell(out, value);
        buf_char(out, '\n');
    }
}

static void attribute(struct buf *out, const struct card *c, const struct release_count *count) {
    const struct release_source *s = card_source(c, count->key);
    buf_printf(out, "## %s\n\n", s && s->name[0] ? s->name : count->key);
    line_if(out, "source : ", count->key);
    if (s) {
        line_if(out, "mention / credit : ", s->attribution);
        line_if(out, "licence : ", s->license);
        line_if(out, "texte de la licence / licence text : ", card_license_url(s->license));
        line_if(out, "preuve / evidence : ", s->license_evidence);
        line_if(out, "conditions lues le / terms read on : ", s->license_date);
    }
    buf_str(out, "- documents : ");
    grouped(out, count->documents, true);
    buf_str(out, "\n\n");
}

void card_attribution(struct buf *out, const struct card *c) {
    buf_printf(out, "# Mentions / Credits: %s %s\n\n", c->m->name, c->m->version);
    buf_str(out,
            "Chaque document porte sa propre licence dans le champ `license`. Each document carries its own licence in the field "
            "`license`.\n\n");
    for (size_t i = 0; i < c->m->sources.n; i++) attribute(out, c, &c->m->sources.items[i]);
}
