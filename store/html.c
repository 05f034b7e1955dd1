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
    "figure path{stroke:#ccc;stroke-width:1}"
    "@media(max-width:600px){h1{font-size:1.6rem}h2{font-size:1.3rem}th,td{padding:.3rem .35rem}th.n{white-space:normal}td.b{width:20%;min-width:3rem}"
    "figure text{font-size:18px}"
    ".h2 tr>:nth-child(2),.h3 tr>:nth-child(3),.h4 tr>:nth-child(4),.h5 tr>:nth-child(5),.h6 tr>:nth-child(6){display:none}}"
    "p,li,dd{overflow-wrap:anywhere}footer{margin-top:3rem;border-top:1px solid #bbb;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9ec1ff}rect{fill:#9ec1ff}"
    "pre{background:#222;border-color:#444}th,td,blockquote{border-color:#444}figure path{stroke:#444}}"
    "@media print{body{max-width:none}pre{white-space:pre-wrap}tr,figure{break-inside:avoid}h2,h3{break-after:avoid}.wide{overflow:visible}rect{fill:#333}}";

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

void html_heading(struct buf *out, unsigned level, const char *french, const char *english) {
    buf_printf(out, "<h%u>", level);
    html_escape(out, french);
    if (strcmp(french, english) != 0) {
        buf_str(out, " · <span lang=en>");
        html_escape(out, english);
        buf_str(out, "</span>");
    }
    buf_printf(out, "</h%u>\n", level);
}

void html_day(struct buf *out, const char *iso) {
    static const char *const months[] = {"janvier", "février", "mars",      "avril",   "mai",      "juin",
                                         "juillet", "août",    "septembre", "octobre", "novembre", "décembre"};
    struct slice s = slice_str(iso);
    uint64_t year, month, day;
    bool ok = s.len == 10 && slice_parse_u64(slice_sub(s, 0, 4), &year) && slice_parse_u64(slice_sub(s, 5, 7), &month) &&
              slice_parse_u64(slice_sub(s, 8, 10), &day) && month >= 1 && month <= 12;
    if (ok)
        buf_printf(out, "%u%s %s %u", (unsigned)day, day == 1 ? "er" : "", months[month - 1], (unsigned)year);
    else
        html_escape(out, iso);
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
    buf_str(out, "\"><table class=\"");
    for (unsigned i = 1; heads[i - 1]; i++)
        if (heads[i - 1][0] == '~') buf_printf(out, "h%u ", i);
    buf_str(out, "\"><thead><tr>");
    for (; *heads; heads++) {
        bool number = heads[0][heads[0][0] == '~'] == '#';
        if (!**heads) { /* over bars: the number beside them has the name */
            buf_str(out, "<td></td>");
            continue;
        }
        buf_printf(out, "<th scope=col%s>", number ? " class=n" : "");
        html_escape(out, *heads + number + (heads[0][0] == '~'));
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

enum {
    PLOT_WIDTH = 640,
    PLOT_HEIGHT = 240,
    PLOT_TOP = 16,
    PLOT_BOTTOM = 36,
    PLOT_LEFT = 76,
    COLUMN_MAX = 72,
    LABELS = 8,
    TICKS = 4
};

/* The least of 1, 2, 5 × 10ⁿ that ${most} is at most TICKS of. */
static uint64_t tick_of(double most) {
    uint64_t unit = 1;
    while ((double)unit * 5 * TICKS < most) unit *= 10;
    if ((double)unit * TICKS >= most) return unit;
    return (double)unit * 2 * TICKS >= most ? 2 * unit : 5 * unit;
}

/* "250 000", or "2,5 M" when that would not fit beside the axis. */
static void tick_label(struct buf *out, uint64_t n) {
    static const struct {
        uint64_t unit;
        const char *name;
    } units[] = {{UINT64_C(1000000000000), "\u00a0Bn"}, {1000000000, "\u00a0Md"}, {1000000, "\u00a0M"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (n >= units[i].unit) {
            uint64_t tenths = n / (units[i].unit / 10);
            html_grouped(out, tenths / 10);
            if (tenths % 10) buf_printf(out, ",%u", (unsigned)(tenths % 10));
            buf_str(out, units[i].name);
            return;
        }
    html_grouped(out, n);
}

static void plot_axis(struct buf *out, uint64_t tick, unsigned room, unsigned width) {
    for (unsigned i = 0; i <= TICKS; i++) {
        unsigned y = PLOT_TOP + room - room * i / TICKS;
        buf_printf(out, "<path d=\"M%d %uH%u\"/><text x=\"%d\" y=\"%u\" text-anchor=end>", PLOT_LEFT, y, width, PLOT_LEFT - 6,
                   y + 4);
        tick_label(out, tick * i);
        buf_str(out, "</text>");
    }
}

void html_columns(struct buf *out, const char *title, const char *unit, const char *const *labels, const double *values, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (values[i] > most) most = values[i];
    if (n < 2 || n > PLOT_WIDTH || most <= 0) return;
    unsigned step = (PLOT_WIDTH - PLOT_LEFT) / (unsigned)n, room = PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM;
    unsigned every = ((unsigned)n + LABELS - 1) / LABELS;
    if (step > COLUMN_MAX) step = COLUMN_MAX;
    if (step < 2) step = 2;
    unsigned gap = step > 8 ? step / 8 : 0, width = PLOT_LEFT + step * (unsigned)n;
    uint64_t tick = tick_of(most);
    buf_str(out, "<figure><figcaption>");
    html_escape(out, title);
    buf_str(out, " (");
    html_escape(out, unit);
    buf_printf(out, ")</figcaption><svg viewBox=\"0 0 %d %d\" role=img aria-label=\"", width > PLOT_WIDTH ? (int)width : PLOT_WIDTH,
               PLOT_HEIGHT);
    html_escape(out, title);
    buf_str(out, "\">");
    plot_axis(out, tick, room, width);
    for (size_t i = 0; i < n; i++) {
        unsigned height = (unsigned)(values[i] / ((double)tick * TICKS) * room + 0.5), x = PLOT_LEFT + step * (unsigned)i;
        if (height == 0 && values[i] > 0) height = 1;
        buf_printf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"><title>", x + gap, PLOT_TOP + room - height,
                   step - 2 * gap, height);
        html_escape(out, labels[i]);
        buf_str(out, " : ");
        html_grouped(out, (uint64_t)(values[i] + 0.5));
        buf_str(out, "</title></rect>");
        if (i % every == 0) {
            buf_printf(out, "<text x=\"%u\" y=\"%d\" text-anchor=middle>", x + step / 2, PLOT_HEIGHT - 14);
            html_escape(out, labels[i]);
            buf_str(out, "</text>");
        }
    }
    buf_str(out, "</svg></figure>\n");
}
