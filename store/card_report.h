#ifndef VILLERS_STORE_CARD_REPORT_H
#define VILLERS_STORE_CARD_REPORT_H
/*
 * report.html: what a programme officer reads of a release.  One page, no script, no font, no network; plots are inline SVG beside their
 * figures, so that they read on a phone, in print and aloud.  French, with English beside the headings.
 */
#include "store/card_ai_act.h"

/** card_report(out, c, how): append report.html; ${how} as sorted by card_ai_act(). */
void card_report(struct buf *out, const struct card *c, const struct card_collection *how);

#endif
