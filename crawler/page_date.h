#ifndef VILLERS_CRAWLER_PAGE_DATE_H
#define VILLERS_CRAWLER_PAGE_DATE_H
/*
 * Days written for people and for machines: ISO 8601, "le 1er juillet 2024", "July 1, 2024", "1. Juli 2024", 01/07/2024.
 * Private to crawler/page*.c.
 */
#include "base/slice.h"

struct page_day {
    int y, m, d;
};

/**
 * page_date_find(s, month_first, from, day):
 * The first whole date in ${s} at or after byte ${from}; months by name in French, English, German, Spanish, Italian, Portuguese, Dutch and Russian.
 * ${month_first}: 01/02/2024 is the second of January.  Years 1995, when pages began to be dated, to 2099.  Returns the offset just past it, or SIZE_MAX.  O(length).
 */
size_t page_date_find(struct slice s, bool month_first, size_t from, struct page_day *day);

/** page_date_in_url(url, day): /2024/07/01/, /2024-07-01-, /20240701/ in the path of ${url}. */
bool page_date_in_url(struct slice url, struct page_day *day);

#endif
