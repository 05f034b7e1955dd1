#ifndef VILLERS_CLI_CRAWL_PREVIEW_H
#define VILLERS_CLI_CRAWL_PREVIEW_H
/* villers crawl --dry-run: what would be fetched, refused, waited for, and why. */
#include "cli/crawl_plan.h"

/** crawl_preview_print(cli, p, o): 0, or an exit code after a line on stderr.  Nothing is sent or written. */
int crawl_preview_print(const struct cli *cli, const struct crawl_plan *p, const struct crawl_options *o) MUST_CHECK;

#endif
