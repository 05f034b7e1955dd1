#include "store/card_report.h"

#define HOSTS_SHOWN 30
#define FRENCH_SHARE_2023 0.002 /* of AI training data, mean, by the government's communiqué of 12 December 2023 */

static const char style[] =
    ":root{color-scheme:light dark}*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1b1b1b;background:#fff}"
    "h1,h2{line-height:1.2}a{color:#0b3d91}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #bbb}"
    "th[scope=row]{font-weight:400;overflow-wrap:anywhere}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "td.b{width:35%;min-width:6rem}svg{display:block;width:100%;height:.9rem}rect{fill:#0b3d91}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9ec1ff}rect{fill:#9ec1ff}th,td{border-color:#444}}"
    "@media print{body{max-width:none}rect{fill:#333}}";

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
        else
            buf_char(out, *s);
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

/* "12,3 %": tenths of a percent, by whole numbers, so that no locale has a say. */
static void percent(struct buf *out, uint64_t part, uint64_t whole) {
    uint64_t tenths = whole ? (uint64_t)((double)part / (double)whole * 1000 + 0.5) : 0;
    buf_printf(out, "%llu,%llu\u00a0%%", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
}

static void begin_table(struct buf *out, const char *title, const char *first) {
    buf_printf(
        out,
        "<div class=wide tabindex=0 role=region aria-label=\"%s\"><table><thead><tr><th scope=col>%s</th><th scope=col class=n>documents</th>",
        title, first);
    buf_str(out, "<th scope=col class=n>part du texte</th><th scope=col>&#8239;</th></tr></thead><tbody>\n");
}

static void row(struct buf *out, const char *label, uint64_t documents, uint64_t bytes, uint64_t whole) {
    uint64_t thousandths = whole ? (uint64_t)((double)bytes / (double)whole * 1000 + 0.5) : 0;
    buf_str(out, "<tr><th scope=row>");
    escaped(out, label);
    buf_str(out, "</th><td class=n>");
    grouped(out, documents);
    buf_str(out, "</td><td class=n>");
    percent(out, bytes, whole);
    buf_printf(out, "</td><td class=b><svg aria-hidden=true><rect width=\"%llu.%llu%%\" height=\"100%%\"/></svg></td></tr>\n",
               (unsigned long long)(thousandths / 10), (unsigned long long)(thousandths % 10));
}

static void counts(struct buf *out, const struct card *c, const struct release_counts *t, const char *title, const char *english,
                   const char *first) {
    buf_printf(out, "<h2>%s · <span lang=en>%s</span></h2>\n", title, english);
    begin_table(out, title, first);
    for (size_t i = 0; i < t->n; i++) row(out, t->items[i].key, t->items[i].documents, t->items[i].text_bytes, c->m->text_bytes);
    buf_str(out, "</tbody></table></div>\n");
}

static void hosts(struct buf *out, const struct card *c, const struct card_collection *how) {
    buf_str(out, "<h2>Sites · <span lang=en>Hosts</span></h2>\n");
    begin_table(out, "Sites", "site");
    for (size_t i = 0; i < how->n_hosts && i < HOSTS_SHOWN; i++)
        row(out, how->hosts[i].host, how->hosts[i].documents, how->hosts[i].text_bytes, c->m->text_bytes);
    buf_str(out, "</tbody></table></div>\n");
    if (how->n_hosts > HOSTS_SHOWN) {
        buf_str(out, "<p>Les ");
        grouped(out, how->n_hosts);
        buf_str(out, " sites sont dans <a href=\"ai-act-summary.json\">ai-act-summary.json</a>.</p>\n");
    }
}

/* The size of a corpus in which these words alone would be the share of 2023. */
static void reference(struct buf *out, const struct release_manifest *m) {
    buf_str(
        out,
        "<h2>Repère · <span lang=en>Reference</span></h2>\n<p>Le 12 décembre 2023, le gouvernement estimait à moins de 0,2\u00a0% la part moyenne du "
        "français dans les données d’entraînement. Les ");
    grouped(out, m->words);
    buf_str(out, " mots de cette version font à eux seuls 0,2\u00a0% d’un corpus de ");
    grouped(out, (uint64_t)((double)m->words / FRENCH_SHARE_2023 + 0.5));
    buf_str(out, " mots (toutes langues, code exclu).</p>\n");
}

static void figures(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    buf_str(out, "<p><strong>");
    grouped(out, m->documents);
    buf_str(out, "</strong> documents, <strong>");
    grouped(out, m->words);
    buf_str(out, "</strong> mots, <strong>");
    grouped(out, m->text_bytes);
    buf_printf(out, "</strong> octets de texte, collectés du %s au %s auprès de ", how->first_day, how->last_day);
    grouped(out, m->sources.n);
    buf_str(out, m->sources.n > 1 ? " sources.</p>\n" : " source.</p>\n");
}

void card_report(struct buf *out, const struct card *c, const struct card_collection *how) {
    const struct release_manifest *m = c->m;
    buf_str(
        out,
        "<!doctype html>\n<html lang=fr><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><title>");
    escaped(out, m->name);
    buf_printf(out, " %s</title><link rel=icon href=\"data:,\"><style>%s</style></head><body><main>\n<h1>", m->version, style);
    escaped(out, m->name);
    buf_printf(out, ", version %s</h1>\n", m->version);
    figures(out, c, how);
    counts(out, c, &m->sources, "Sources", "Sources", "source");
    counts(out, c, &m->licenses, "Licences", "Licences", "licence");
    counts(out, c, &m->languages, "Langues", "Languages", "langue (ISO 639-3)");
    hosts(out, c, how);
    reference(out, m);
    buf_str(
        out,
        "<p><a href=\"README.md\">README.md</a> · <a href=\"attribution.md\">attribution.md</a> · <a href=\"manifest.json\">manifest.json</a></p>\n");
    buf_str(out, "</main></body></html>\n");
}
