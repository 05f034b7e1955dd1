/* The figures for machines: JSON, and CSV (RFC 4180) with a row a key of each table. */
#include "base/json.h"
#include "cli/stats.h"

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

static void funnel_json(struct json_out *j, const struct stats *s) {
    json_key(j, "funnel");
    json_array(j);
    for (size_t i = 0; i < s->n_funnel; i++) {
        json_object(j);
        json_kv_str(j, "stage", slice_str(s->funnel[i].stage));
        json_kv_str(j, "reason", slice_str(s->funnel[i].reason));
        json_kv_int(j, "gone", s->funnel[i].gone);
        json_kv_int(j, "left", s->funnel[i].left);
        json_object_end(j);
    }
    json_array_end(j);
}

static void fresh_json(struct json_out *j, const struct stats *s) {
    json_key(j, "freshness");
    json_array(j);
    for (size_t i = 0; i < s->n_fresh; i++) {
        json_object(j);
        json_kv_str(j, "source", slice_str(s->fresh[i].source));
        json_kv_str(j, "first_month", slice_str(s->fresh[i].first));
        json_kv_str(j, "last_month", slice_str(s->fresh[i].last));
        json_kv_int(j, "documents", s->fresh[i].documents);
        json_object_end(j);
    }
    json_array_end(j);
}

static void releases_json(struct json_out *j, const struct stats *s) {
    json_key(j, "releases");
    json_array(j);
    for (size_t i = 0; i < s->n_releases; i++) {
        json_object(j);
        json_kv_str(j, "dataset", slice_str(s->releases[i].dataset));
        json_kv_str(j, "version", slice_str(s->releases[i].version));
        json_kv_str(j, "date", slice_str(s->releases[i].date));
        json_kv_int(j, "documents", s->releases[i].documents);
        json_kv_int(j, "words", s->releases[i].words);
        json_kv_int(j, "text_bytes", s->releases[i].text_bytes);
        json_object_end(j);
    }
    json_array_end(j);
}

void stats_json(struct buf *out, const struct stats *s, const struct stats_mix *mix) {
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
    funnel_json(&j, s);
    fresh_json(&j, s);
    releases_json(&j, s);
    references_json(&j);
    if (mix->words > 0)
        json_kv_float(&j, "mixture_percent",
                      100 * stats_mixture(mix->words, mix->share, (double)s->total.kept_words,
                                          stats_share(s->total.kept_french_bytes, s->total.kept_bytes)),
                      6);
    json_object_end(&j);
    buf_char(out, '\n');
}

/* RFC 4180: quoted when it must be. */
static void csv_field(struct buf *out, const char *s) {
    bool quote = strpbrk(s, ",\"\r\n") != NULL;
    if (quote) buf_char(out, '"');
    for (; *s; s++) {
        if (*s == '"') buf_char(out, '"');
        buf_char(out, *s);
    }
    if (quote) buf_char(out, '"');
}

static void csv_row(struct buf *out, const char *table, const char *key, const struct manifest_tally *t) {
    buf_printf(out, "%s,", table);
    csv_field(out, key);
    buf_printf(out, ",%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld\r\n", (long long)t->documents, (long long)t->bytes,
               (long long)t->words, (long long)t->french_bytes, (long long)t->kept_documents, (long long)t->kept_bytes,
               (long long)t->kept_words, (long long)t->kept_french_bytes);
}

void stats_csv(struct buf *out, const struct stats *s) {
    buf_str(out, "table,key,documents,bytes,words,french_bytes,kept_documents,kept_bytes,kept_words,kept_french_bytes\r\n");
    csv_row(out, "total", "", &s->total);
    for (size_t i = 0; i < s->n_tables; i++)
        for (size_t k = 0; k < s->tables[i].n; k++)
            csv_row(out, s->tables[i].name, s->tables[i].rows[k].key, &s->tables[i].rows[k].t);
    for (size_t i = 0; i < s->n_refusals; i++) {
        struct manifest_tally t = {.documents = s->refusals[i].captures};
        csv_row(out, "refusal", s->refusals[i].reason, &t);
    }
}
