#ifndef VILLERS_CRAWLER_EXTRACT_WEIGH_H
#define VILLERS_CRAWLER_EXTRACT_WEIGH_H
/*
 * How likely a block is main text: points for and against, added up, by a table that a reader can argue with.  The points were
 * set by hand from what is known of pages (text and link density: C. Kohlschütter et al., "Boilerplate Detection using Shallow Text
 * Features", 2010; stop words and neighbours: J. Pomikálek, "Removing Boilerplate and Duplicate Content from Web Corpora", 2011;
 * class names: Arc90's Readability); chosen by comparing scores of whole sets of pages, never fitted to one.  Private to crawler/extract*.c.
 */
#include "crawler/extract_features.h"

/** extract_weigh(row): the chance, 0 to 1, that the block with these features is main text.  Pure.  O(rules). */
float extract_weigh(const float *row);

#endif
