#include "cli/judge.h"
#include "base/limits.h"
#include "dedup/langid.h"
#include <stdio.h>
#include <stdlib.h>

struct judge {
    const struct settings *settings;
    struct json_parser *parser;
    struct langid *langid;
    struct signer *signer;
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
    j->parser = json_parser_new(LIMIT_LINE);
    j->langid = langid_new();
    j->signer = signer_new(&signature);
    if (!j->parser || !j->langid || !j->signer) {
        judge_free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j) {
    if (!j) return;
    json_parser_free(j->parser);
    langid_free(j->langid);
    signer_free(j->signer);
    free(j);
}

static const char *reason_of(const struct judge *j, const struct doc *doc, const struct langid_result *lang) {
    const struct settings *s = j->settings;
    if (doc->license.len == 0) return "licence";
    if (doc->words == 0) return "empty";
    if (strcmp(lang->language, "fra") != 0 || lang->score < s->min_language_score || lang->french_share < s->min_french_share)
        return "language";
    return doc->words < s->min_words ? "short" : "";
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

    doc.reason = slice_str(reason_of(j, &doc, &lang));
    snprintf(out->reason, sizeof out->reason, "%.*s", SLICE_ARG(doc.reason));
    remember(&doc, out);
    doc_write(refined, &doc, DOC_REFINED);
    signature_pack(signature, &sig);
    return buf_ok(refined) && buf_ok(signature) ? ST_OK : fail(err, ST_SKIP, "document %s is too large", out->id);
}
