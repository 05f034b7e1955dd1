#include "dedup/langid_piece.h"
#include <math.h>

enum { PIECE_MIN = 48, PIECE_MAX = 400 };

static bool ends_sentence(struct slice text, size_t at) {
    char c = text.ptr[at];
    if (c == '\n') return true;
    return (c == '.' || c == '!' || c == '?' || c == ';') && (at + 1 == text.len || ascii_is_space(text.ptr[at + 1]));
}

struct slice piece_next(struct slice text, size_t *at) {
    size_t start = *at, end = start;
    while (end < text.len) {
        size_t len = end - start;
        if (len >= PIECE_MIN && ends_sentence(text, end)) break;
        if (len >= PIECE_MAX && ascii_is_space(text.ptr[end])) break;
        if (len >= 2 * PIECE_MAX && ((unsigned char)text.ptr[end] & 0xC0) != 0x80) break;
        end++;
    }
    if (end < text.len && (unsigned char)text.ptr[end] < 0x80) end++;
    if (text.len - end < PIECE_MIN / 2) end = text.len;
    *at = end;
    return slice_sub(text, start, end);
}

/* Names one after the other, part numbers, letters in a drawing: words, but no language. */
static bool no_language(const struct vote *v) {
    if (v->words == 0) return true;
    bool stubs = v->words >= 3 && v->letters < 2 * (size_t)(v->words + v->foreign);
    bool names = v->words >= 3 && v->capitals * 10 >= v->words * 7 && v->french * 7 < v->words;
    return stubs || names;
}

enum side { SIDE_FRENCH, SIDE_OTHER, SIDE_NONE };

/*
 * Log-odds wanted before the piece is French.  CLD2's word counts for much, the more so the longer the piece; where it abstains the
 * vote decides.  Set by hand: the vote's log-odds are calibrated on snippets of a few words, so about 2 is "seven to one".
 */
static double wanted(const struct vote *v, enum side side, bool reliable) {
    switch (side) {
    case SIDE_FRENCH: return reliable ? -4 : -1;
    case SIDE_OTHER: return (reliable ? 4 : 2.5) + 0.5 * v->words;
    default: return v->words <= 2 ? 2.0 : 1.4 + 0.3 * v->words;
    }
}

static bool is_french(const struct vote *v, enum side side, bool reliable, unsigned near) {
    if (v->foreign > v->words) return false;
    if (side == SIDE_FRENCH && near >= 3 && near * 2 >= v->french) return false;
    if (side == SIDE_NONE && near >= 2 && near * 2 > v->french) return false;
    if (side == SIDE_OTHER && near * 3 > v->french) return false;
    return voter_logit(v) > wanted(v, side, reliable);
}

static double french_score(const struct vote *v, enum side side) {
    double odds = voter_logit(v);
    odds = odds > 6 ? 6 : odds < -6 ? -6 : odds;
    odds = side == SIDE_FRENCH ? 0.7 * odds + 2 : side == SIDE_OTHER ? 0.5 * odds - 1.5 : 0.5 * odds;
    return 1 / (1 + exp(-odds));
}

void piece_judge(const struct voter *voter, struct slice piece, const char *cld2, bool reliable, struct piece_verdict *out) {
    struct vote v = {0};
    unsigned near = 0;
    voter_count(voter, piece, &v);
    size_t row = voter_near(&v, &near);
    enum side side = strcmp(cld2, "fra") == 0 ? SIDE_FRENCH : strcmp(cld2, "und") == 0 ? SIDE_NONE : SIDE_OTHER;
    *out = (struct piece_verdict){.language = "und", .bytes = v.bytes};
    if (v.words >= v.foreign && no_language(&v) && side != SIDE_OTHER) return;
    if (is_french(&v, side, reliable, near)) {
        memcpy(out->language, "fra", 4);
        out->score = french_score(&v, side);
        return;
    }
    if (side == SIDE_OTHER) {
        memcpy(out->language, cld2, 4);
        out->score = reliable ? 0.97 : 0.6;
    } else if (near >= 2 && near * 2 > v.french) {
        memcpy(out->language, words_near[row].language, 4);
        out->score = 0.5;
    }
}
