#include "store/card_report.h"
#include "base/limits.h"
#include "store/html_counts.h"

#define HOSTS_SHOWN 30
#define FRENCH_SHARE_2023 0.002 /* of AI training data, mean, by the government's communiqué of 12 December 2023 */

static void counts(struct buf *out, const struct card *c, const struct release_counts *t, const char *french, const char *english) {
    struct html_counts table = {.counts = t, .whole = c->m->text_bytes, .french = french, .english = english, .level = 2};
    html_counts(out, &table);
}

static void hosts(struct buf *out, const struct card *c, const struct card_collection *how) {
    static const char *const heads[] = {"site", "#documents", "#part du texte", "", NULL};
    html_heading(out, 2, "Sites", "Hosts");
    html_table(out, "Sites", heads);
    for (size_t i = 0; i < how->n_hosts && i < HOSTS_SHOWN; i++) {
        const struct card_host *h = &how->hosts[i];
        html_row_head(out, h->host);
        html_cell_number(out, h->documents);
        html_cell_percent(out, (double)h->text_bytes, (double)c->m->text_bytes);
        html_cell_bar(out, (double)h->text_bytes, (double)c->m->text_bytes);
        html_row_end(out);
    }
    html_table_end(out);
    if (how->n_hosts > HOSTS_SHOWN) {
        buf_str(out, "<p>Les ");
        html_grouped(out, how->n_hosts);
        buf_str(out,
                " sites sont dans <a href=\"ai-act-summary.json\">ai-act-summary.json</a>. <span lang=en>All of them stand in that "
                "file.</span></p>\n");
    }
}

/* The size of a corpus in which these words alone would be the share of 2023. */
static void reference(struct buf *out, const struct release_manifest *m) {
    uint64_t whole = (uint64_t)((double)m->words / FRENCH_SHARE_2023 + 0.5);
    html_heading(out, 2, "Repère", "Reference");
    buf_str(out,
            "<p>Le 12 décembre 2023, le gouvernement estimait à moins de 0,2\u00a0% la part moyenne du français dans les données "
            "d’entraînement. Les ");
    html_grouped(out, m->words);
    buf_str(out, " mots de cette version font à eux seuls 0,2\u00a0% d’un corpus de ");
    html_grouped(out, whole);
    buf_str(
        out,
        " mots, toutes langues comprises, code exclu.</p>\n<p lang=en>On 12 December 2023 the French government put the mean share of "
        "French in training data below 0.2\u00a0%. The words of this version alone are 0.2\u00a0% of a corpus of ");
    html_grouped(out, whole);
    buf_str(out, " words, all languages counted, code left out.</p>\n");
}

static void figures(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    bool one_day = strcmp(how->first_day, how->last_day) == 0;
    buf_str(out, "<p><strong>");
    html_grouped(out, m->documents);
    buf_str(out, "</strong> documents, <strong>");
    html_grouped(out, m->words);
    buf_str(out, "</strong> mots, <strong>");
    html_size(out, m->text_bytes);
    buf_str(out, one_day ? "</strong> de texte, collectés le " : "</strong> de texte, collectés du ");
    html_day(out, how->first_day);
    if (!one_day) {
        buf_str(out, " au ");
        html_day(out, how->last_day);
    }
    buf_str(out, " auprès de ");
    html_grouped(out, m->sources.n);
    buf_printf(out, " source%s. Les parts sont celles des octets de texte.</p>\n<p lang=en>Collected ",
               m->sources.n > 1 ? "s" : "");
    if (one_day)
        buf_printf(out, "on %s", how->last_day);
    else
        buf_printf(out, "from %s to %s", how->first_day, how->last_day);
    buf_str(out, "; shares are of the bytes of text.</p>\n");
}

void card_report(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    struct buf title = {.max = LIMIT_ERR};
    buf_printf(&title, "%s, version %s", m->name, m->version);
    html_begin(out, buf_cstr(&title));
    buf_str(out, "<p><a href=\"./index.html\">page de la version · <span lang=en>this version’s page</span></a></p>\n<h1>");
    html_escape(out, buf_cstr(&title));
    buf_str(out, "</h1>\n");
    buf_free(&title);
    figures(out, c, how);
    counts(out, c, &m->sources, "Sources", "Sources");
    counts(out, c, &m->licenses, "Licences", "Licences");
    counts(out, c, &m->languages, "Langues (ISO 639-3)", "Languages");
    html_judgments(out, m, 2);
    hosts(out, c, how);
    reference(out, m);
    buf_str(
        out,
        "<p><a href=\"README.md\">README.md</a> · <a href=\"attribution.md\">attribution.md</a> · <a href=\"manifest.json\">manifest.json</a></p>\n");
    html_end(out, NULL);
}
