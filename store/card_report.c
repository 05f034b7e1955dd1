#include "store/card_report.h"
#include "base/limits.h"
#include "store/html.h"

#define HOSTS_SHOWN 30
#define FRENCH_SHARE_2023 0.002 /* of AI training data, mean, by the government's communiqué of 12 December 2023 */

static void begin_table(struct buf *out, const char *title, const char *first) {
    const char *heads[] = {first, "#documents", "#part du texte", "", NULL};
    html_table(out, title, heads);
}

static void row(struct buf *out, const char *label, uint64_t documents, uint64_t bytes, uint64_t whole) {
    html_row_head(out, label);
    html_cell_number(out, documents);
    html_cell_percent(out, (double)bytes, (double)whole);
    html_cell_bar(out, (double)bytes, (double)whole);
    html_row_end(out);
}

static void counts(struct buf *out, const struct card *c, const struct release_counts *t, const char *title, const char *english,
                   const char *first) {
    buf_printf(out, "<h2>%s · <span lang=en>%s</span></h2>\n", title, english);
    begin_table(out, title, first);
    for (size_t i = 0; i < t->n; i++) row(out, t->items[i].key, t->items[i].documents, t->items[i].text_bytes, c->m->text_bytes);
    html_table_end(out);
}

static void hosts(struct buf *out, const struct card *c, const struct card_collection *how) {
    buf_str(out, "<h2>Sites · <span lang=en>Hosts</span></h2>\n");
    begin_table(out, "Sites", "site");
    for (size_t i = 0; i < how->n_hosts && i < HOSTS_SHOWN; i++)
        row(out, how->hosts[i].host, how->hosts[i].documents, how->hosts[i].text_bytes, c->m->text_bytes);
    html_table_end(out);
    if (how->n_hosts > HOSTS_SHOWN) {
        buf_str(out, "<p>Les ");
        html_grouped(out, how->n_hosts);
        buf_str(out, " sites sont dans <a href=\"ai-act-summary.json\">ai-act-summary.json</a>.</p>\n");
    }
}

/* The size of a corpus in which these words alone would be the share of 2023. */
static void reference(struct buf *out, const struct release_manifest *m) {
    buf_str(
        out,
        "<h2>Repère · <span lang=en>Reference</span></h2>\n<p>Le 12 décembre 2023, le gouvernement estimait à moins de 0,2\u00a0% la part moyenne du "
        "français dans les données d’entraînement. Les ");
    html_grouped(out, m->words);
    buf_str(out, " mots de cette version font à eux seuls 0,2\u00a0% d’un corpus de ");
    html_grouped(out, (uint64_t)((double)m->words / FRENCH_SHARE_2023 + 0.5));
    buf_str(out, " mots (toutes langues, code exclu).</p>\n");
}

static void figures(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    buf_str(out, "<p><strong>");
    html_grouped(out, m->documents);
    buf_str(out, "</strong> documents, <strong>");
    html_grouped(out, m->words);
    buf_str(out, "</strong> mots, <strong>");
    html_grouped(out, m->text_bytes);
    buf_printf(out, "</strong> octets de texte, collectés du %s au %s auprès de ", how->first_day, how->last_day);
    html_grouped(out, m->sources.n);
    buf_str(out, m->sources.n > 1 ? " sources.</p>\n" : " source.</p>\n");
}

void card_report(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    struct buf title = {.max = LIMIT_ERR};
    buf_printf(&title, "%s, version %s", m->name, m->version);
    html_begin(out, buf_cstr(&title));
    buf_str(out, "<h1>");
    html_escape(out, buf_cstr(&title));
    buf_str(out, "</h1>\n");
    buf_free(&title);
    figures(out, c, how);
    counts(out, c, &m->sources, "Sources", "Sources", "source");
    counts(out, c, &m->licenses, "Licences", "Licences", "licence");
    counts(out, c, &m->languages, "Langues", "Languages", "langue (ISO 639-3)");
    hosts(out, c, how);
    reference(out, m);
    buf_str(
        out,
        "<p><a href=\"README.md\">README.md</a> · <a href=\"attribution.md\">attribution.md</a> · <a href=\"manifest.json\">manifest.json</a></p>\n");
    html_end(out, NULL);
}
