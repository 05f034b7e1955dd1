#ifndef VILLERS_CLI_CRAWL_STATUS_H
#define VILLERS_CLI_CRAWL_STATUS_H
/* villers crawl NAME --status: what a campaign does at this moment, seen from another terminal. */
#include "cli/hub.h"

/** crawl_status_print(cli, h, name): 0; 66 when the campaign has never run, after a line on stderr. */
int crawl_status_print(const struct cli *cli, const struct hub *h, const char *name) MUST_CHECK;
/** crawl_status_word(h, name): "running", "paused", "out-of-hours", "draining", "killed" or "" when no process has it; static. */
const char *crawl_status_word(const struct hub *h, const char *name);
/** crawl_status_paused(h, name): `villers campaigns pause` was asked for it. */
bool crawl_status_paused(const struct hub *h, const char *name);

#endif
