#include "cli/judge.h"
#include "base/limits.h"
#include "dedup/langid.h"
#include "dedup/quality.h"
#include "dedup/redact.h"
#include <stdio.h>
#include <stdlib.h>

struct judge {
    const struct settings *settings;
    struct quality_settings thresholds;
    struct json_parser *parser;
    struct langid *langid;
    struct quality *quality;
    struct redactor *redactor;
    struct signer *signer;
    struct buf text, metadata;
};

struct signature_options judge_signature_options(const struct settings *settings) {
    return (struct signature_options){.keep_figures = settings->keep_figures};
}

void judge_settings(const struct settings *settings, struct buf *text) {
    struct signature_options signature = judge_signature_options(settings);
    struct json_out j;
    json_out_init(&j, text);
    json_object(&j);
    json_kv_str(&j, "code", slice_str(VILLERS_VERSION));
    json_kv_str(&j, "langid", slice_str(langid_version()));
    json_kv_float(&j, "min_language_score", settings->min_language_score, 4);
    json_kv_float(&j, "min_french_share", settings->min_french_share, 4);
    json_kv_int(&j, "min_words", settings->min_words);
    json_kv_bool(&j, "quality_filters", settings->quality_filters);
    json_kv_bool(&j, "redact", settings->redact);
    json_kv_bool(&j, "keep_figures", settings->keep_figures);
    json_key(&j, "signature");
    buf_printf(text, "\"%016llx\"", (unsigned long long)signature_version(&signature));
    json_object_end(&j);
}

struct judge *judge_new(const struct settings *settings) {
    struct judge *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    struct signature_options signature = judge_signature_options(settings);
    j->settings = settings;
    quality_defaults(&j->thresholds);
    j->parser = json_parser_new(LIMIT_LINE);
    j->langid = langid_new();
    j->quality = quality_new();
    j->redactor = redact_new();
    j->signer = signer_new(&signature);
    buf_init(&j->text, LIMIT_TEXT);
    buf_init(&j->metadata, LIMIT_TEXT);
    if (!j->parser || !j->langid || !j->quality || !j->redactor || !j->signer) {
        judge_free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j) {
    if (!j) return;
    json_parser_free(j->parser);
    langid_free(j->langid);
    quality_free(j->quality);
    redact_free(j->redactor);
    signer_free(j->signer);
    buf_free(&j->text);
    buf_free(&j->metadata);
    free(j);
}

/* The raw record's own metadata, to be followed by more members. */
static void begin_metadata(struct buf *out, struct slice raw) {
    raw = slice_trim(raw);
    buf_clear(out);
    if (raw.len < 2 || raw.ptr[0] != '{' || raw.ptr[raw.len - 1] != '}') raw = slice_str("{}");
    buf_slice(out, slice_sub(raw, 0, raw.len - 1));
    if (slice_trim(slice_sub(raw, 1, raw.len - 1)).len) buf_char(out, ',');
}

/* Mask personal data in ${text}; what was masked is told in the metadata, by kind and bytes of the text as extracted. */
static enum status redact(struct judge *j, struct slice *text, struct buf *err) {
    struct redact_result found;
    buf_clear(&j->text);
    enum status st = redact_text(j->redactor, *text, &j->text, &found);
    if (st != ST_OK) return fail(err, ST_SKIP, "personal data: the text is too large");
    if (found.n_masked == 0) return ST_OK;
    buf_str(&j->metadata, "\"redacted\":");
    struct json_out out;
    json_out_init(&out, &j->metadata);
    json_array(&out);
    for (size_t i = 0; i < found.n_masked; i++) {
        json_object(&out);
        json_kv_str(&out, "kind", slice_str(redact_name(found.masked[i].kind)));
        json_kv_int(&out, "start", (int64_t)found.masked[i].start);
        json_kv_int(&out, "end", (int64_t)found.masked[i].end);
        json_object_end(&out);
    }
    json_array_end(&out);
    buf_char(&j->metadata, ',');
    *text = buf_view(&j->text);
    return ST_OK;
}

static void reason_of(const struct judge *j, const struct doc *doc, const struct langid_result *lang,
                      const struct quality_signals *signals, char out[48]) {
    const struct settings *s = j->settings;
    const char *quality = s->quality_filters ? quality_verdict(signals, &j->thresholds) : "";
    const char *why = "";
    if (doc->license.len == 0)
        why = "licence";
    else if (doc->words == 0)
        why = "empty";
    else if (strcmp(lang->language, "fra") != 0 || lang->score < s->min_language_score || lang->french_share < s->min_french_share)
        why = "language";
    else if (doc->words < s->min_words)
        why = "short";
    else if (*quality) {
        snprintf(out, 48, "quality:%s", quality);
        return;
    }
    snprintf(out, 48, "%s", why);
}

static void remember(const struct doc *doc, struct judged *out) {
    snprintf(out->id, sizeof out->id, "%.*s", SLICE_ARG(doc->id));
    snprintf(out->license, sizeof out->license, "%.*s", SLICE_ARG(doc->license));
    snprintf(out->language, sizeof out->language, "%.*s", SLICE_ARG(doc->language));
    snprintf(out->date, sizeof out->date, "%.*s", SLICE_ARG(doc->date));
    out->language_score = doc->language_score;
    out->french_share = doc->french_share;
    out->bytes = (int64_t)doc->text.len;
    out->words = doc->words;
}

enum status judge_line(struct judge *j, struct slice line, struct buf *refined, struct buf *signature, struct judged *out,
                       struct buf *err) {
    struct doc doc;
    enum status st = doc_read(j->parser, line, &doc, err);
    if (st != ST_OK) return st;
    begin_metadata(&j->metadata, doc.metadata);
    if (j->settings->redact) st = redact(j, &doc.text, err);
    if (st != ST_OK) return st;

    struct langid_hints hints = {.declared_language = doc.declared_language};
    struct langid_result lang;
    langid_detect(j->langid, doc.text, &hints, &lang);
    doc.language = slice_str(lang.language);
    doc.language_script = slice_str(lang.script);
    doc.language_score = lang.score;
    doc.french_share = lang.french_share;

    struct signature sig;
    st = signer_sign(j->signer, doc.text, &sig, err);
    if (st != ST_OK) return st;
    doc.words = sig.words;

    struct quality_signals signals;
    if (quality_measure(j->quality, doc.text, &signals) != ST_OK) return fail(err, ST_SKIP, "quality: the text is too large");
    buf_str(&j->metadata, "\"quality\":");
    struct json_out meta;
    json_out_init(&meta, &j->metadata);
    quality_json(&meta, &signals);
    buf_char(&j->metadata, '}');
    doc.metadata = buf_view(&j->metadata);

    reason_of(j, &doc, &lang, &signals, out->reason);
    doc.reason = slice_str(out->reason);
    remember(&doc, out);
    doc_write(refined, &doc, DOC_REFINED);
    signature_pack(signature, &sig);
    return buf_ok(refined) && buf_ok(signature) && buf_ok(&j->metadata) ? ST_OK
                                                                        : fail(err, ST_SKIP, "document %s is too large", out->id);
}
