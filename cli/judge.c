#include "cli/judge.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crawler/url.h"
#include "dedup/doctype.h"
#include "dedup/host_blocks.h"
#include "dedup/langid.h"
#include "dedup/redact.h"
#include "dedup/repair.h"
#include <stdio.h>
#include <stdlib.h>

struct judge {
    const struct policies *policies;
    struct json_parser *parser, *inner; /* of the record; of the metadata in it */
    struct repairer *repairer;
    struct langid *langid;
    struct quality *quality;
    struct redactor *redactor;
    struct signer *signers[2]; /* the second keeps figures */
    struct langid_result lang; /* of the document at hand */
    struct buf text, stripped, title, author, metadata;
};

struct signature_options judge_signature_options(const struct settings *settings) {
    return (struct signature_options){.keep_figures = settings->keep_figures};
}

struct judge *judge_new(const struct settings *settings, const struct policies *policies) {
    struct judge *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    j->policies = policies;
    j->parser = json_parser_new(LIMIT_LINE);
    j->inner = json_parser_new(LIMIT_LINE);
    j->repairer = repair_new();
    j->langid = langid_new();
    j->quality = quality_new();
    j->redactor = redact_new();
    for (int keep = 0; keep < 2; keep++) {
        struct signature_options signature = judge_signature_options(settings);
        signature.keep_figures = keep;
        j->signers[keep] = signer_new(&signature);
    }
    buf_init(&j->text, LIMIT_TEXT);
    buf_init(&j->stripped, LIMIT_TEXT);
    buf_init(&j->title, MIB);
    buf_init(&j->author, MIB);
    buf_init(&j->metadata, LIMIT_TEXT);
    if (!j->parser || !j->inner || !j->repairer || !j->langid || !j->quality || !j->redactor || !j->signers[0] || !j->signers[1]) {
        judge_free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j) {
    if (!j) return;
    json_parser_free(j->parser);
    json_parser_free(j->inner);
    repair_free(j->repairer);
    langid_free(j->langid);
    quality_free(j->quality);
    redact_free(j->redactor);
    signer_free(j->signers[0]);
    signer_free(j->signers[1]);
    buf_free(&j->text);
    buf_free(&j->stripped);
    buf_free(&j->title);
    buf_free(&j->author);
    buf_free(&j->metadata);
    free(j);
}

static void add_counts(struct repair_counts *sum, const struct repair_counts *c) {
    sum->mojibake += c->mojibake;
    sum->controls += c->controls;
    sum->composed |= c->composed;
    sum->hyphens += c->hyphens;
    sum->long_s += c->long_s;
}

/* ${field}, put right, into ${copy}: the repairer's own buffers are needed for the text. */
static enum status repair_field(struct judge *j, struct slice *field, struct buf *copy, struct repair_counts *sum) {
    struct repair_counts c;
    struct slice fixed;
    enum status st = repair_text(j->repairer, *field, false, &fixed, &c);
    if (st != ST_OK || fixed.ptr == field->ptr) return st;
    buf_clear(copy);
    buf_slice(copy, fixed);
    add_counts(sum, &c);
    *field = buf_view(copy);
    return buf_ok(copy) ? ST_OK : ST_SKIP;
}

static void tell_repairs(struct json_out *m, const struct repair_counts *c) {
    const struct {
        const char *name;
        uint32_t n;
    } each[] = {{"mojibake", c->mojibake},
                {"controls", c->controls},
                {"composed", c->composed},
                {"hyphens", c->hyphens},
                {"long_s", c->long_s}};
    bool begun = false;
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        if (!each[i].n) continue;
        if (!begun) {
            json_key(m, "repaired");
            json_object(m);
            begun = true;
        }
        json_kv_int(m, each[i].name, each[i].n);
    }
    if (begun) json_object_end(m);
}

static enum status repair(struct judge *j, const struct policy *policy, struct doc *doc, struct json_out *m, struct buf *err) {
    struct repair_counts sum = {0}, c;
    enum status st = repair_field(j, &doc->title, &j->title, &sum);
    if (st == ST_OK) st = repair_field(j, &doc->author, &j->author, &sum);
    if (st == ST_OK) st = repair_text(j->repairer, doc->text, policy->ocr, &doc->text, &c);
    if (st != ST_OK) return fail(err, ST_SKIP, "repair: the text is too large");
    add_counts(&sum, &c);
    tell_repairs(m, &sum);
    return ST_OK;
}

/* Mask personal data in ${text}; what was masked is told in the metadata, by kind and bytes of the text before. */
static enum status redact(struct judge *j, struct slice *text, struct json_out *m, struct buf *err) {
    struct redact_result found;
    buf_clear(&j->text);
    enum status st = redact_text(j->redactor, *text, &j->text, &found);
    if (st != ST_OK) return fail(err, ST_SKIP, "personal data: the text is too large, or holds too much of it");
    if (found.n_masked == 0) return ST_OK;
    json_key(m, "redacted");
    json_array(m);
    for (size_t i = 0; i < found.n_masked; i++) {
        json_object(m);
        json_kv_str(m, "kind", slice_str(redact_name(found.masked[i].kind)));
        json_kv_int(m, "start", (int64_t)found.masked[i].start);
        json_kv_int(m, "end", (int64_t)found.masked[i].end);
        json_object_end(m);
    }
    json_array_end(m);
    *text = buf_view(&j->text);
    return ST_OK;
}

/* A title or an author's name; what is masked there is not worth an account. */
static enum status redact_field(struct judge *j, struct slice *field, struct buf *copy, struct buf *err) {
    struct redact_result found;
    struct buf masked = {.max = MIB};
    enum status st = redact_text(j->redactor, *field, &masked, &found);
    if (st == ST_OK && found.n_masked) {
        buf_free(copy);
        *copy = masked;
        *field = buf_view(copy);
        return ST_OK;
    }
    buf_free(&masked);
    return st == ST_OK ? ST_OK : fail(err, ST_SKIP, "personal data: a title is too large");
}

static enum status redact_all(struct judge *j, struct doc *doc, struct json_out *m, struct buf *err) {
    enum status st = redact_field(j, &doc->title, &j->title, err);
    if (st == ST_OK) st = redact_field(j, &doc->author, &j->author, err);
    return st == ST_OK ? redact(j, &doc->text, m, err) : st;
}

static void identify(struct judge *j, struct doc *doc, struct langid_result *lang, struct verdict_facts *facts) {
    struct langid_hints hints = {.declared_language = doc->declared_language};
    langid_detect(j->langid, doc->text, &hints, lang);
    doc->language = slice_str(lang->language);
    doc->language_script = slice_str(lang->script);
    doc->language_score = lang->score;
    doc->french_share = lang->french_share;
    facts->licensed = doc->license.len > 0;
    facts->french = strcmp(lang->language, "fra") == 0;
    facts->language_score = lang->score;
    facts->french_share = lang->french_share;
}

static void tell_variety(const struct doc *doc, struct judged *out, struct json_out *m) {
    struct variety v;
    out->variety[0] = '\0';
    if (!slice_eq_str(doc->language, "fra")) return;
    variety_of(doc->text, doc->url, doc->declared_language, &v);
    if (!v.tag[0]) return;
    json_key(m, "variety");
    variety_json(m, &v);
    memcpy(out->variety, v.tag, sizeof out->variety);
}

/* ${raw}: the metadata as the crawler left them. */
static void tell_type(struct judge *j, const struct doc *doc, struct slice raw, struct verdict_facts *facts, struct json_out *m) {
    static const char key[] = "declared_type";
    struct json_value root;
    struct doctype t;
    struct doctype_facts f = {.declared = slice_str(""), .url = doc->url, .text = doc->text};
    if (slice_find(raw, slice_str(key)) != SIZE_MAX && json_parse(j->inner, raw, &root, NULL) == ST_OK)
        f.declared = json_get_string(root, key);
    doctype_of(&f, &t);
    facts->type = t.type;
    if (*t.by) json_kv_str(m, "type_told_by", slice_str(t.by));
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

/* Without the lines that its host or its source repeats; the part that went is told. */
static enum status drop_lines(struct judge *j, const struct policy *policy, struct doc *doc, struct json_out *m, struct buf *err) {
    struct url_parts parts;
    const struct host_blocks *lines = policies_recurring(j->policies);
    if (!lines || !url_split(doc->url, &parts)) return ST_OK;
    buf_clear(&j->stripped);
    struct host_blocks_page page = {.host = hash64(parts.host),
                                    .source = policies_key(doc->source),
                                    .by_host = policy->drop_recurring,
                                    .repeated = policy->drop_repeated};
    size_t removed = host_blocks_strip(lines, &page, doc->text, &j->stripped);
    if (!buf_ok(&j->stripped)) return fail(err, ST_SKIP, "recurring lines: the text is too large");
    if (removed == 0) return ST_OK;
    json_kv_float(m, "recurring_share", (double)removed / (double)doc->text.len, 4);
    doc->text = buf_view(&j->stripped);
    return ST_OK;
}

/* Text, language, signature and signals of ${doc}; what the metadata tell of them goes to ${m}. */
static enum status measure(struct judge *j, const struct policy *policy, struct doc *doc, struct judge_answer *out,
                           struct json_out *m, struct buf *err) {
    struct verdict_facts *facts = &out->signals.facts;
    struct signature sig;
    enum status st = policy->drop_recurring || policy->drop_repeated ? drop_lines(j, policy, doc, m, err) : ST_OK;
    if (st == ST_OK) st = repair(j, policy, doc, m, err);
    if (st == ST_OK && policy->redact) st = redact_all(j, doc, m, err);
    if (st != ST_OK) return st;
    identify(j, doc, &j->lang, facts);
    st = signer_sign(j->signers[policy->keep_figures], doc->text, &sig, err);
    if (st != ST_OK) return st;
    signature_pack(&out->signature, &sig);
    doc->words = facts->words = sig.words;
    if (quality_measure(j->quality, doc->text, &facts->quality) != ST_OK)
        return fail(err, ST_SKIP, "quality: the text is too large");
    tell_variety(doc, &out->judged, m);
    tell_type(j, doc, doc->metadata, facts, m);
    out->judged.quality = quality_score(&facts->quality);
    json_key(m, "quality");
    quality_json(m, &facts->quality);
    return ST_OK;
}

/* The raw record's own metadata, to be followed by more members. */
static void begin_metadata(struct json_out *m, struct buf *out, struct slice raw) {
    raw = slice_trim(raw);
    buf_clear(out);
    json_out_init(m, out);
    json_object(m);
    if (raw.len < 2 || raw.ptr[0] != '{' || raw.ptr[raw.len - 1] != '}') return;
    struct slice members = slice_trim(slice_sub(raw, 1, raw.len - 1));
    buf_slice(out, members);
    if (members.len) m->begun |= 1u << m->depth; /* the next member wants a comma */
}

enum status judge_line(struct judge *j, struct slice line, struct judge_answer *out, struct buf *err) {
    struct doc doc;
    struct json_out m;
    enum status st = doc_read(j->parser, line, &doc, err);
    if (st != ST_OK) return st;
    out->signals.source = policies_key(doc.source);
    const struct policy *policy = policies_of(j->policies, out->signals.source);
    begin_metadata(&m, &j->metadata, doc.metadata);
    st = measure(j, policy, &doc, out, &m, err);
    if (st != ST_OK) return st;
    json_object_end(&m);
    doc.metadata = buf_view(&j->metadata);
    verdict_of(&out->signals.facts, policy, out->judged.reason);
    snprintf(out->judged.type, sizeof out->judged.type, "%s", verdict_type(&out->signals.facts, policy));
    doc.reason = slice_str(out->judged.reason);
    remember(&doc, &out->judged);
    memcpy(out->signals.id, out->judged.id, sizeof out->signals.id);
    doc_write(&out->refined, &doc, DOC_REFINED);
    return buf_ok(&out->refined) && buf_ok(&out->signature) && buf_ok(&j->metadata)
               ? ST_OK
               : fail(err, ST_SKIP, "document %s is too large", out->judged.id);
}
