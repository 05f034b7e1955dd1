#ifndef VILLERS_CRAWLER_SOURCE_H
#define VILLERS_CRAWLER_SOURCE_H
/*
 * A source of the catalogue and a campaign, as read from sources/ID.yaml and campaigns/NAME.yaml by cli/config_*.c.  All
 * strings are owned by whoever loaded them and outlive the crawl.
 */
#include "base/slice.h"

enum source_scope {
    SCOPE_HOST,   /* the hosts of the seeds */
    SCOPE_DOMAIN, /* their registrable domains */
    SCOPE_PREFIX  /* URLs that begin with a seed's folder */
};

enum source_access {
    ACCESS_CRAWL,  /* pages, by links and sitemaps */
    ACCESS_DUMP,   /* archives: fetched by `crawl`, or brought in by `ingest` */
    ACCESS_OAI,    /* records of an OAI-PMH server, harvested by `crawl` */
    ACCESS_BLOCKED /* listed so that nobody adds it by mistake: never taken */
};

struct string_list {
    char **items;
    unsigned n;
};

/* A switch that a file may leave to another's word. */
enum choice { CHOICE_DEFAULT, CHOICE_YES, CHOICE_NO };

/* Which members of a JSON line hold what; a dotted path reaches inside objects.  Empty: the usual name, where there is one. */
struct source_fields {
    char *id, *url, *title, *text, *author, *date, *license, *language;
};

struct source {
    char *id;   /* [a-z0-9-]+, the file's name */
    char *name; /* for people */
    enum source_access access;
    struct string_list seeds;
    enum source_scope scope;
    struct string_list include, exclude; /* globs over path and query: '*' any run, '$' end; empty include: all */
    char *license;                       /* SPDX id; "" is refused: no licence, not taken */
    char *license_evidence;              /* URL of the terms */
    char *license_date;                  /* the day they were read, YYYY-MM-DD */
    char *attribution;                   /* credit that the licence demands */
    bool official;                       /* a public body's own site: preferred among duplicates */
    int64_t delay_ms;                    /* floor between two requests to a host; default 1000 */
    int64_t max_pages, max_bytes;        /* 0: no limit */
    int64_t max_depth;                   /* links from a seed, those within a path template aside; default 20 */
    int64_t max_page_bytes;              /* default LIMIT_BODY_WIRE */
    int64_t max_barren_pages;            /* of one path template, that say nothing new; default 100 */
    /* What refine does with its documents; 0 and CHOICE_DEFAULT: as the hub's settings say. */
    enum choice redact, quality_filters, keep_figures, drop_recurring;
    char *document_type; /* a name of store/doc_type.h for all of its documents, or "": each is looked at */
    bool ocr;            /* texts read by a machine from print */
    double min_language_score, min_french_share;
    int64_t min_words;
    int64_t drop_repeated;                  /* 0: as the hub says; 1: none */
    struct string_list quality_thresholds;  /* "NAME=VALUE" */
    char *recrawl_min, *recrawl_max;        /* how often its pages are looked at again: "12h", "30d"; "" */
    int64_t recrawl_min_ms, recrawl_max_ms; /* the same; 0: never by itself */
    int64_t priority;                       /* larger goes first when hosts compete; default 0 */
    char *format;                           /* of a dump: a reader's name (ingest_format.h), or "" to look at each file */
    struct source_fields fields;            /* of JSON lines */
    char *url_prefix;                       /* what stands before an upstream id or a member's path to make its URL, or "" */
    struct string_list namespaces;          /* of a Wikimedia dump: those taken; empty: 0 */
    bool snapshot;                          /* what is fetched together is the whole source: the rest is gone */
    int64_t fresh_days;                     /* the newest dump should not be older; 0: no expectation */
    char *oai_prefix, *oai_set;             /* of an OAI-PMH server: metadataPrefix (default oai_dc) and set, or "" */
};

struct campaign {
    char *name;    /* the file's name */
    char *purpose; /* one line, shown in reports */
    char *contact; /* URL or mail address; required: goes into the User-Agent */
    struct string_list sources;
    struct string_list hours;                  /* "HH:MM-HH:MM"; empty: always */
    char *time_zone;                           /* that the hours are told in, "Europe/Paris"; "": UTC */
    int64_t max_pages, max_bytes, max_seconds; /* 0: no limit */
    int64_t delay_ms;                          /* overrides the sources' floor when larger than 0 */
    int64_t max_hosts_at_once;                 /* connections open at a time; default 64 */
    bool warc_gzip;                            /* .warc.gz instead of .warc.zst */
};

#endif
