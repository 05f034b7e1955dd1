#ifndef VILLERS_CLI_GATHER_SOURCES_H
#define VILLERS_CLI_GATHER_SOURCES_H
/*
 * The sources of a campaign that are dumps or OAI-PMH servers: fetched politely, then ingested.
 */
#include "cli/hub.h"
#include "crawler/crawl.h"

/** gather_is(s): whether ${s} is such a source, with an address to fetch from. */
bool gather_is(const struct source *s);
/** gather_sources(cli, h, opt): each one of ${opt}->sources in turn, under the crawl's options; a line a source on stderr, reports on stdout.
 *  An exit code: 75 when something rests or was stopped. */
int gather_sources(struct cli *cli, struct hub *h, const struct crawl_options *opt);

#endif
