#ifndef VILLERS_CLI_CRAWL_PLAN_H
#define VILLERS_CLI_CRAWL_PLAN_H
/* What a campaign is to crawl: its file, the hub's settings, its sources of the catalogue. */
#include "cli/hub.h"
#include "crawler/crawl.h"

struct crawl_plan {
    struct hub hub;
    struct campaign *file; /* as loaded, or NULL: all sources */
    struct campaign campaign;
    const struct source **sources;
    size_t n_sources;
};

/** crawl_plan_open(p, cli, name): 0, or an exit code after a line on stderr; then ${p} holds nothing.  ${name} NULL: all sources, as "all". */
int crawl_plan_open(struct crawl_plan *p, const struct cli *cli, const char *name) MUST_CHECK;
void crawl_plan_close(struct crawl_plan *p);

#endif
