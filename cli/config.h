#ifndef VILLERS_CLI_CONFIG_H
#define VILLERS_CLI_CONFIG_H
/*
 * The YAML files of a hub: hub.yaml, sources/ID.yaml, campaigns/NAME.yaml.  Unknown keys, wrong types and values that make no
 * sense are errors that name the file and the line; every key is optional unless the struct's comment says otherwise.
 * config_yaml.c is the one file that knows libcyaml.
 */
#include "base/buf.h"
#include "crawler/source.h"

struct settings {                    /* hub.yaml; config/hub.yaml documents each key */
    char *agent;                     /* robots product token */
    char *contact;                   /* default contact of campaigns, or "" */
    char *url;                       /* public address of the hub, without a slash at the end, or "" */
    char *warc;                      /* "zst" or "gz" */
    struct string_list ai_agents;    /* product tokens whose exclusion in robots.txt counts as a reservation */
    struct string_list strip_params; /* query parameters removed from URLs; empty: the built-in list */
    bool robots_typos;               /* robots.txt: usual typos and a missing colon are read as meant */
    bool robots_html_is_none;        /* an HTML page in place of robots.txt: there is none */
    int64_t robots_unreachable_days; /* above 0: a robots.txt out of reach for so long counts as absent */
    double min_language_score;       /* of French, below which a document is "language" */
    double min_french_share;
    int64_t min_words;
    enum choice quality_filters;           /* FineWeb-2's French thresholds decide; default: for crawled sources */
    struct string_list quality_thresholds; /* "NAME=VALUE", in place of FineWeb-2's */
    enum choice redact;                    /* personal data give way to placeholders; default yes */
    bool drop_recurring;                   /* lines that stand on most pages of a host are its template */
    int64_t drop_repeated;                 /* lines that so many documents of a source hold go from all of them; 0, 1: none */
    bool keep_figures;                     /* deduplication: documents that differ only in numbers stay apart */
    struct string_list survivor_order;     /* see cli/survivor.h; empty: SURVIVOR_DEFAULT */
    int64_t dedup_memory_bytes;
    int64_t shard_text_bytes;
    int64_t zstd_level; /* of releases */
};

/** config_settings(path, out, err): the file at ${path}, defaults filled in.  *${out} is freed by config_settings_free().  FATAL with file:line. */
enum status config_settings(const char *path, struct settings **out, struct buf *err) MUST_CHECK;
void config_settings_free(struct settings *s);

/** config_source(path, out, err): as above.  The id must be the file's name; a licence and its evidence are required unless access is blocked. */
enum status config_source(const char *path, struct source **out, struct buf *err) MUST_CHECK;
void config_source_free(struct source *s);

/** config_campaign(path, out, err): as above.  The name is the file's; sources and contact are required. */
enum status config_campaign(const char *path, struct campaign **out, struct buf *err) MUST_CHECK;
void config_campaign_free(struct campaign *c);

/* All the sources of a hub, by id. */
struct catalogue {
    struct source **items;
    size_t n;
};
/** config_catalogue(dir, out, err): every .yaml file of ${dir}.  The first bad file is the error; *${out} is then empty. */
enum status config_catalogue(const char *dir, struct catalogue *out, struct buf *err) MUST_CHECK;
void config_catalogue_free(struct catalogue *c);
/** config_find_source(c, id): NULL when there is none. */
const struct source *config_find_source(const struct catalogue *c, struct slice id);

#endif
