#ifndef VILLERS_DEDUP_LANGID_PIECE_H
#define VILLERS_DEDUP_LANGID_PIECE_H
/*
 * A document is judged by pieces, a sentence or so each: what CLD2's spans say of the piece, and the second vote.
 */
#include "dedup/langid_cld2.h"
#include "dedup/langid_vote.h"

struct piece_verdict {
    char language[4]; /* ISO 639-3, "und" when neither is sure */
    double score;     /* 0 to 1 */
    size_t bytes;     /* of its words */
};

/** piece_next(text, at): the next piece from *${at}, which moves past it; empty at the end.  Cuts at sentence ends and newlines. */
struct slice piece_next(struct slice text, size_t *at);
/**
 * piece_judge(voter, piece, cld2, reliable, out):
 * ${cld2} is the ISO code that CLD2 gives the piece ("und" when none), ${reliable} whether it is sure.  O(len).
 */
void piece_judge(const struct voter *voter, struct slice piece, const char *cld2, bool reliable, struct piece_verdict *out);

#endif
