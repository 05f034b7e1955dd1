#include "cli/hub.h"
#include "cli/stats.h"
#include <stddef.h>
#include <stdlib.h>

#define HOSTS_SHOWN 20 /* on a terminal; --json has them all */

struct stats_options {
    double mix_share;
    int64_t mix_words;
};

static const struct option options[] = {
    {"mix-words", 0, OPTION_INT, offsetof(struct stats_options, mix_words), "N",
     "words of a corpus that the kept documents would join"},
    {"mix-share", 0, OPTION_FLOAT, offsetof(struct stats_options, mix_share), "P", "its share of French, in percent"},
    {0},
};

/* 1 234 567 with the narrow no-break spaces of French typography. */
static void grouped(struct buf *out, int64_t v) {
    char digits[24];
    int n = 0;
    uint64_t u = v < 0 ? 0 : (uint64_t)v;
    do {
        digits[n++] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    for (int i = n - 1; i >= 0; i--) {
        buf_char(out, digits[i]);
        if (i > 0 && i % 3 == 0) buf_str(out, "\u202f");
    }
}

/* Columns count characters, not bytes: both UTF-8 keys and the spaces above are wider in bytes than on the screen. */
static size_t width_of(struct slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void pad(struct buf *out, struct slice s, size_t width, bool right) {
    size_t n = width_of(s), fill = n < width ? width - n : 0;
    if (!right) buf_slice(out, s);
    while (fill--) buf_char(out, ' ');
    if (right) buf_slice(out, s);
}

static void number(struct buf *out, int64_t v, size_t width) {
    struct buf b = {.max = 64};
    grouped(&b, v);
    pad(out, buf_view(&b), width, true);
    buf_free(&b);
}

static void percent(struct buf *out, double share) {
    struct buf b = {.max = 64};
    buf_printf(&b, "%.1f %%", 100 * share);
    size_t dot = slice_find_char(buf_view(&b), '.');
    if (dot != SIZE_MAX) b.data[dot] = ',';
    pad(out, buf_view(&b), 9, true);
    buf_free(&b);
}

static void line(struct buf *out, const char *key, const struct manifest_tally *t) {
    pad(out, slice_str(*key ? key : "(aucune)"), 30, false);
    number(out, t->documents, 12);
    number(out, t->kept_documents, 12);
    number(out, t->kept_words, 15);
    number(out, t->bytes, 16);
    percent(out, stats_share(t->french_bytes, t->bytes));
    buf_char(out, '\n');
}

static int by_bytes(const void *a, const void *b) {
    const struct stats_row *x = a, *y = b;
    if (x->t.bytes != y->t.bytes) return x->t.bytes < y->t.bytes ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void table(struct buf *out, const struct stats_table *t) {
    static const char *const heads[] = {"Documents", "Gardés", "Mots gardés", "Octets lus", "Français"};
    static const size_t widths[] = {12, 12, 15, 16, 9};
    buf_char(out, '\n');
    pad(out, slice_str(t->label), 30, false);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) pad(out, slice_str(heads[i]), widths[i], true);
    buf_char(out, '\n');
    size_t shown = t->n < HOSTS_SHOWN ? t->n : HOSTS_SHOWN;
    for (size_t i = 0; i < shown; i++) line(out, t->rows[i].key, &t->rows[i].t);
    if (shown < t->n) buf_printf(out, "… et %zu autres (--json les donne tous)\n", t->n - shown);
}

static void references(struct buf *out, const struct stats *s) {
    size_t n;
    const struct stats_reference *r = stats_references(&n);
    buf_str(out, "\nPart de français, en regard des corpus de référence\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "  %s%5.2f %%  %s (%s ; dénominateur : %s)\n", r[i].below ? "< " : "  ", r[i].percent, r[i].corpus,
                   r[i].unit, r[i].denominator);
    buf_printf(out, "    %5.2f %%  ce hub, documents lus (octets ; dénominateur : %lld documents, toutes langues)\n",
               100 * stats_share(s->total.french_bytes, s->total.bytes), (long long)s->total.documents);
    buf_printf(out, "    %5.2f %%  ce hub, documents gardés (octets ; dénominateur : %lld documents)\n",
               100 * stats_share(s->total.kept_french_bytes, s->total.kept_bytes), (long long)s->total.kept_documents);
}

static void mixture(struct buf *out, const struct stats *s, const struct stats_options *o) {
    double share = stats_share(s->total.kept_french_bytes, s->total.kept_bytes);
    double q = stats_mixture((double)o->mix_words, o->mix_share / 100, (double)s->total.kept_words, share);
    buf_str(out, "\nMélange : ");
    grouped(out, s->total.kept_words);
    buf_str(out, " mots gardés, ajoutés à ");
    grouped(out, o->mix_words);
    buf_printf(out, " mots dont %.4g %% de français, donnent %.4g %% de français\n", o->mix_share, 100 * q);
}

static void text_report(struct buf *out, const struct stats *s, const struct stats_options *o) {
    for (size_t i = 0; i < s->n_tables; i++) {
        if (s->tables[i].n) qsort(s->tables[i].rows, s->tables[i].n, sizeof *s->tables[i].rows, by_bytes);
        table(out, &s->tables[i]);
    }
    line(out, "Total", &s->total);
    if (s->n_refusals) buf_str(out, "\nAdresses qui n'ont pas donné de document, par motif\n");
    for (size_t i = 0; i < s->n_refusals; i++) {
        buf_str(out, "  ");
        pad(out, slice_str(s->refusals[i].reason), 28, false);
        number(out, s->refusals[i].captures, 12);
        buf_char(out, '\n');
    }
    references(out, s);
    if (o->mix_words > 0) mixture(out, s, o);
}

static void tally_json(struct json_out *j, const struct manifest_tally *t) {
    json_kv_int(j, "documents", t->documents);
    json_kv_int(j, "bytes", t->bytes);
    json_kv_int(j, "words", t->words);
    json_kv_int(j, "french_bytes", t->french_bytes);
    json_kv_float(j, "french_share", stats_share(t->french_bytes, t->bytes), 4);
    json_kv_int(j, "kept_documents", t->kept_documents);
    json_kv_int(j, "kept_bytes", t->kept_bytes);
    json_kv_int(j, "kept_words", t->kept_words);
    json_kv_float(j, "kept_french_share", stats_share(t->kept_french_bytes, t->kept_bytes), 4);
}

static void table_json(struct json_out *j, const struct stats_table *t) {
    json_key(j, t->name);
    json_array(j);
    for (size_t i = 0; i < t->n; i++) {
        json_object(j);
        json_kv_str(j, t->name, slice_str(t->rows[i].key));
        tally_json(j, &t->rows[i].t);
        json_object_end(j);
    }
    json_array_end(j);
}

static void references_json(struct json_out *j) {
    size_t n;
    const struct stats_reference *r = stats_references(&n);
    json_key(j, "references");
    json_array(j);
    for (size_t i = 0; i < n; i++) {
        json_object(j);
        json_kv_str(j, "corpus", slice_str(r[i].corpus));
        json_kv_float(j, "percent", r[i].percent, 2);
        json_kv_bool(j, "below", r[i].below);
        json_kv_str(j, "unit", slice_str(r[i].unit));
        json_kv_str(j, "denominator", slice_str(r[i].denominator));
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_report(struct buf *out, const struct stats *s, const struct stats_options *o) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_key(&j, "total");
    json_object(&j);
    tally_json(&j, &s->total);
    json_object_end(&j);
    for (size_t i = 0; i < s->n_tables; i++) table_json(&j, &s->tables[i]);
    json_key(&j, "refusals");
    json_object(&j);
    for (size_t i = 0; i < s->n_refusals; i++) json_kv_int(&j, s->refusals[i].reason, s->refusals[i].captures);
    json_object_end(&j);
    references_json(&j);
    if (o->mix_words > 0)
        json_kv_float(&j, "mixture_percent",
                      100 * stats_mixture((double)o->mix_words, o->mix_share / 100, (double)s->total.kept_words,
                                          stats_share(s->total.kept_french_bytes, s->total.kept_bytes)),
                      6);
    json_object_end(&j);
    buf_char(out, '\n');
}

static int run_stats(struct cli *cli, void *opt, char **operands, int n) {
    static const enum manifest_mode mode = MANIFEST_READ;
    const struct stats_options *o = opt;
    (void)operands;
    (void)n;
    if (o->mix_share < 0 || o->mix_share > 100) return cli_error(EXIT_USAGE, "stats: --mix-share takes a percentage, 0 to 100");
    struct hub h;
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    struct buf err = {.max = 4096}, out = {0};
    struct stats s;
    enum status st = stats_read(h.manifest, &s, &err);
    if (st != ST_OK) {
        code = cli_fail(st, &err);
    } else {
        if (cli->json)
            json_report(&out, &s, o);
        else
            text_report(&out, &s, o);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    stats_free(&s);
    buf_free(&out);
    buf_free(&err);
    hub_close(&h);
    return code;
}

const struct command cmd_stats = {
    .name = "stats",
    .group = "hub",
    .summary = "French-share coverage by source, campaign, licence, language, host, month, beside the reference corpora",
    .usage = "",
    .examples = "villers stats\nvillers stats --json | jq .source\nvillers stats --mix-words 300000000000 --mix-share 0.16\n",
    .options = options,
    .options_size = sizeof(struct stats_options),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_stats,
};
