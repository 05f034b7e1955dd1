/* The one file that knows CLD2; its headers want <cstdio> before them. */
#include "dedup/langid_cld2.h"

#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

namespace {
/* The full tables say this; the small ones, which are linked silently when the order is wrong, another date. */
const char full_tables[] = "20140204";
const size_t max_text = size_t(1) << 30;

uint16_t number_of(CLD2::Language lang) {
    return lang == CLD2::UNKNOWN_LANGUAGE || lang == CLD2::TG_UNKNOWN_LANGUAGE ? CLD2_UNKNOWN : static_cast<uint16_t>(lang);
}

const char *tables_date() {
    /* "V2.0 - 20140204": the date follows the last space. */
    const char *version = CLD2::DetectLanguageVersion();
    const char *space = std::strrchr(version, ' ');
    return space ? space + 1 : version;
}
} // namespace

struct cld2 {
    CLD2::ResultChunkVector chunks;
    std::vector<cld2_span> spans;
};

struct cld2 *cld2_new(void) {
    if (std::strcmp(tables_date(), full_tables) != 0) return nullptr;
    return new (std::nothrow) cld2;
}

void cld2_free(struct cld2 *c) { delete c; }

static void copy_answer(struct cld2 *c, const CLD2::Language *lang, const int *percent, const double *score, bool reliable,
                        struct cld2_answer *out) {
    for (int i = 0; i < 3; i++) {
        out->lang[i] = number_of(lang[i]);
        out->share[i] = percent[i] / 100.0;
        out->score[i] = score[i];
    }
    out->reliable = reliable;
    for (const CLD2::ResultChunk &chunk : c->chunks)
        c->spans.push_back({static_cast<uint32_t>(chunk.offset), static_cast<uint32_t>(chunk.bytes),
                            number_of(static_cast<CLD2::Language>(chunk.lang1))});
    out->spans = c->spans.data();
    out->n_spans = c->spans.size();
}

enum status cld2_detect(struct cld2 *c, struct slice text, bool force, const char *hint, struct cld2_answer *out) {
    *out = cld2_answer{{CLD2_UNKNOWN, CLD2_UNKNOWN, CLD2_UNKNOWN}, {0, 0, 0}, {0, 0, 0}, false, nullptr, 0};
    c->chunks.clear();
    c->spans.clear();
    if (text.len == 0 || text.len > max_text) return ST_OK;
    CLD2::CLDHints hints = {hint, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
    CLD2::Language lang[3];
    int percent[3], letters = 0, valid = 0;
    double score[3];
    bool reliable = false;
    try {
        CLD2::ExtDetectLanguageSummaryCheckUTF8(text.ptr, static_cast<int>(text.len), true, &hints,
                                                force ? CLD2::kCLDFlagBestEffort : 0, lang, percent, score, &c->chunks, &letters,
                                                &reliable, &valid);
        if (static_cast<size_t>(valid) < text.len) return ST_OK;
        copy_answer(c, lang, percent, score, reliable, out);
    } catch (const std::bad_alloc &) {
        return ST_RETRY;
    }
    return ST_OK;
}

const char *cld2_code(uint16_t lang) { return lang == CLD2_UNKNOWN ? "un" : CLD2::LanguageCode(static_cast<CLD2::Language>(lang)); }

const char *cld2_tables(void) { return tables_date(); }
