#include "cli/crawl_plan.h"

#include "base/limits.h"
#include "cli/gather_sources.h"

#include <stdlib.h>

static int plan_all(struct crawl_plan *p) {
    p->campaign =
        (struct campaign){.name = (char *)(uintptr_t) "all", .purpose = (char *)(uintptr_t) "every source of the catalogue"};
    for (size_t i = 0; i < p->hub.catalogue.n; i++) p->sources[p->n_sources++] = p->hub.catalogue.items[i];
    return 0;
}

static int plan_campaign(struct crawl_plan *p, const char *name) {
    struct buf path = {.max = 8192}, err = {.max = LIMIT_ERR};
    int code = 0;
    if (config_campaign(hub_path(&p->hub, &path, "campaigns/%s.yaml", name), &p->file, &err) != ST_OK)
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    for (unsigned i = 0; code == 0 && i < p->file->sources.n; i++) {
        const struct source *s = config_find_source(&p->hub.catalogue, slice_str(p->file->sources.items[i]));
        if (s)
            p->sources[p->n_sources++] = s;
        else
            code = cli_error(EXIT_CONFIG, "%s: no source \"%s\" in the catalogue (villers sources list shows them)",
                             buf_cstr(&path), p->file->sources.items[i]);
    }
    if (code == 0) p->campaign = *p->file;
    buf_free(&path);
    buf_free(&err);
    return code;
}

void crawl_plan_close(struct crawl_plan *p) {
    if (p->file) config_campaign_free(p->file);
    free(p->sources);
    hub_close(&p->hub);
}

static int any_taken(const struct crawl_plan *p) {
    const char *why = "it names no source";
    for (size_t i = 0; i < p->n_sources; i++)
        if (crawl_taken(p->sources[i], &why) || gather_is(p->sources[i])) return 0;
    return cli_error(EXIT_CONFIG, "campaign %s: nothing can be crawled; %s%s: %s", p->campaign.name, p->n_sources ? "source " : "",
                     p->n_sources ? p->sources[p->n_sources - 1]->id : p->campaign.name, why);
}

int crawl_plan_open(struct crawl_plan *p, const struct cli *cli, const char *name) {
    *p = (struct crawl_plan){0};
    int code = hub_open(cli, NULL, &p->hub);
    if (code) return code;
    size_t room = p->hub.catalogue.n + 100001; /* a campaign names at most 100,000 */
    p->sources = calloc(room, sizeof *p->sources);
    if (!p->sources)
        code = cli_error(EXIT_IO, "out of memory");
    else if (p->hub.catalogue.n == 0)
        code = cli_error(EXIT_NO_INPUT, "%s/sources: no source yet (villers sources check says what one needs)", p->hub.dir);
    else
        code = name ? plan_campaign(p, name) : plan_all(p);
    if (code == 0 && (!p->campaign.contact || !*p->campaign.contact)) p->campaign.contact = p->hub.settings->contact;
    if (code == 0 && strcmp(p->hub.settings->warc, "gz") == 0) p->campaign.warc_gzip = true;
    if (code == 0 && (!p->campaign.contact || !*p->campaign.contact))
        code = cli_error(EXIT_CONFIG,
                         "no contact: set \"contact\" in hub.yaml or in the campaign, the address site owners can write to");
    if (code == 0) code = any_taken(p);
    if (code) crawl_plan_close(p);
    return code;
}
