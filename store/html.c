#include "store/html.h"

static const char style[] =
    ":root{color-scheme:light dark}*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem;color:#1b1b1b;background:#fff}"
    "h1,h2,h3{line-height:1.2;overflow-wrap:anywhere}a{color:#0b3d91}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #bbb;vertical-align:top}"
    "th[scope=row]{font-weight:400;min-width:8rem;overflow-wrap:break-word}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.b{width:30%;min-width:6rem}"
    "td.b svg{display:block;width:100%;height:.9rem;margin-top:.3rem}rect{fill:#0b3d91}"
    "figure{margin:1rem 0}figure svg{width:100%;height:auto;max-width:44rem}figure text{fill:currentColor;font:12px system-ui,sans-serif}"
    "pre{overflow-x:auto;background:#f2f2f2;padding:.8rem;border:1px solid #ccc;border-radius:4px}"
    "blockquote{margin:.5rem 0;padding-left:.8rem;border-left:3px solid #bbb;overflow-wrap:anywhere}"
    "p,li,dd{overflow-wrap:anywhere}footer{margin-top:3rem;border-top:1px solid #bbb;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9ec1ff}rect{fill:#9ec1ff}"
    "pre{background:#222;border-color:#444}th,td,blockquote{border-color:#444}}"
    "@media print{body{max-width:none}pre{white-space:pre-wrap}.wide{overflow:visible}rect{fill:#333}}";

void html_begin(struct buf *out, const char *title) {
    buf_str(out, "<!doctype html>\n<html lang=fr><head><meta charset=utf-8>"
                 "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>");
    html_escape(out, title);
    buf_printf(out, "</title><link rel=icon href=\"data:,\"><style>%s</style></head><body>\n<main>\n", style);
}

void html_end(struct buf *out, const struct buf *footer) {
    buf_str(out, "</main>\n<footer><p>Villers " VILLERS_VERSION);
    if (footer && footer->len) buf_slice(out, buf_view(footer));
    buf_str(out, "</p></footer></body></html>\n");
}

void html_escape_slice(struct buf *out, struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '&': buf_str(out, "&amp;"); break;
        case '<': buf_str(out, "&lt;"); break;
        case '>': buf_str(out, "&gt;"); break;
        case '"': buf_str(out, "&quot;"); break;
        case '\'': buf_str(out, "&#39;"); break;
        default: buf_char(out, s.ptr[i]);
        }
    }
}

void html_escape(struct buf *out, const char *s) { html_escape_slice(out, slice_str(s)); }

void html_href(struct buf *out, const char *s) {
    for (; *s; s++) {
        if (ascii_is_alnum(*s) || strchr("-._~", *s))
            buf_char(out, *s);
        else
            buf_printf(out, "%%%02X", (unsigned char)*s);
    }
}

void html_link(struct buf *out, const char *text) {
    struct slice s = slice_str(text);
    bool web = slice_starts_nocase(s, slice_str("https://")) || slice_starts_nocase(s, slice_str("http://"));
    bool mail = !web && strchr(text, '@') && !strchr(text, ' ');
    if (web || mail) {
        buf_printf(out, "<a href=\"%s", mail && !slice_starts_nocase(s, slice_str("mailto:")) ? "mailto:" : "");
        html_escape(out, text);
        buf_str(out, "\">");
    }
    html_escape(out, text);
    if (web || mail) buf_str(out, "</a>");
}

/* ---- numbers ---- */

void html_grouped(struct buf *out, uint64_t n) {
    char digits[24];
    int len = 0;
    do digits[len++] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    while (len-- > 0) {
        buf_char(out, digits[len]);
        if (len > 0 && len % 3 == 0) buf_str(out, "\u202f");
    }
}

/* ${tenths} of a unit: "12,3". */
static void decimal(struct buf *out, uint64_t tenths) {
    html_grouped(out, tenths / 10);
    buf_printf(out, ",%llu", (unsigned long long)(tenths % 10));
}

void html_size(struct buf *out, uint64_t bytes) {
    static const char *const units[] = {"o", "ko", "Mo", "Go", "To"};
    uint64_t unit = 1;
    size_t u = 0;
    for (; bytes / unit >= 1000 && u + 1 < sizeof units / sizeof *units; u++) unit *= 1000;
    if (u == 0)
        html_grouped(out, bytes);
    else
        decimal(out, (bytes + unit / 20) / (unit / 10));
    buf_printf(out, "\u00a0%s", units[u]);
}

void html_percent(struct buf *out, double part, double whole) {
    decimal(out, whole > 0 ? (uint64_t)(part / whole * 1000 + 0.5) : 0);
    buf_str(out, "\u00a0%");
}

/* ---- tables ---- */

void html_table(struct buf *out, const char *label, const char *const *heads) {
    buf_str(out, "<div class=wide tabindex=0 role=region aria-label=\"");
    html_escape(out, label);
    buf_str(out, "\"><table><thead><tr>");
    for (; *heads; heads++) {
        bool number = **heads == '#';
        if (!**heads) { /* over bars: the number beside them has the name */
            buf_str(out, "<td></td>");
            continue;
        }
        buf_printf(out, "<th scope=col%s>", number ? " class=n" : "");
        html_escape(out, *heads + number);
        buf_str(out, "</th>");
    }
    buf_str(out, "</tr></thead><tbody>\n");
}

void html_table_end(struct buf *out) { buf_str(out, "</tbody></table></div>\n"); }

void html_cell(struct buf *out, const char *text) {
    buf_str(out, "<td>");
    html_escape(out, text);
    buf_str(out, "</td>");
}

void html_cell_number(struct buf *out, uint64_t n) {
    buf_str(out, "<td class=n>");
    html_grouped(out, n);
    buf_str(out, "</td>");
}

void html_cell_size(struct buf *out, uint64_t bytes) {
    buf_str(out, "<td class=n>");
    html_size(out, bytes);
    buf_str(out, "</td>");
}

void html_cell_percent(struct buf *out, double part, double whole) {
    buf_str(out, "<td class=n>");
    html_percent(out, part, whole);
    buf_str(out, "</td>");
}

void html_row_head(struct buf *out, const char *text) {
    buf_str(out, "<tr><th scope=row>");
    html_escape(out, text);
    buf_str(out, "</th>");
}

void html_row_end(struct buf *out) { buf_str(out, "</tr>\n"); }

void html_cell_bar(struct buf *out, double part, double whole) {
    uint64_t thousandths = whole > 0 ? (uint64_t)(part / whole * 1000 + 0.5) : 0;
    if (thousandths > 1000) thousandths = 1000;
    buf_printf(out, "<td class=b><svg aria-hidden=true><rect width=\"%llu.%llu%%\" height=\"100%%\"/></svg></td>",
               (unsigned long long)(thousandths / 10), (unsigned long long)(thousandths % 10));
}

/* ---- plots ---- */

enum { PLOT_WIDTH = 640, PLOT_HEIGHT = 220, PLOT_TOP = 12, PLOT_BOTTOM = 32 };

void html_columns(struct buf *out, const char *title, const char *unit, const char *const *labels, const double *values, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (values[i] > most) most = values[i];
    if (n == 0 || most <= 0) return;
    unsigned step = PLOT_WIDTH / (unsigned)n, room = PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM, every = 1 + (unsigned)n / 11;
    if (step < 2) step = 2;
    unsigned gap = step > 8 ? step / 8 : 0;
    buf_str(out, "<figure><figcaption>");
    html_escape(out, title);
    buf_str(out, " (");
    html_escape(out, unit);
    buf_printf(out, ")</figcaption><svg viewBox=\"0 0 %u %d\" role=img aria-label=\"", step * (unsigned)n, PLOT_HEIGHT);
    html_escape(out, title);
    buf_str(out, "\">");
    for (size_t i = 0; i < n; i++) {
        unsigned height = (unsigned)(values[i] / most * room + 0.5), x = step * (unsigned)i;
        buf_printf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"><title>", x + gap, PLOT_TOP + room - height,
                   step - 2 * gap, height);
        html_escape(out, labels[i]);
        buf_str(out, " : ");
        html_grouped(out, (uint64_t)(values[i] + 0.5));
        buf_str(out, "</title></rect>");
        if (i % every == 0) {
            buf_printf(out, "<text x=\"%u\" y=\"%d\" text-anchor=middle>", x + step / 2, PLOT_HEIGHT - 12);
            html_escape(out, labels[i]);
            buf_str(out, "</text>");
        }
    }
    buf_str(out, "</svg></figure>\n");
}
