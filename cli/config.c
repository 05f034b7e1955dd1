#include "cli/config.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/config_yaml.h"
#include "cli/survivor.h"
#include "dedup/quality.h"
#include "store/doc_type.h"
#include <stdio.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
#define OPT CYAML_FLAG_OPTIONAL
#define TEXT(type, key) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | OPT, struct type, key, 0, 65536)
#define INT(type, key) CYAML_FIELD_INT(#key, OPT, struct type, key)
#define BOOL(type, key) CYAML_FIELD_BOOL(#key, OPT, struct type, key)
#define FLOAT(type, key) CYAML_FIELD_FLOAT(#key, OPT, struct type, key)
#define LIST(type, key)                                                                                                            \
    CYAML_FIELD_SEQUENCE_COUNT(#key, CYAML_FLAG_POINTER | OPT, struct type, key.items, key.n, &one_string, 0, 100000)

static const cyaml_schema_value_t one_string = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, 65536)};

/* As libcyaml reads booleans, with one more value: absent. */
static const cyaml_strval_t choices[] = {{"true", CHOICE_YES}, {"yes", CHOICE_YES}, {"on", CHOICE_YES}, {"1", CHOICE_YES},
                                         {"false", CHOICE_NO}, {"no", CHOICE_NO},   {"off", CHOICE_NO}, {"0", CHOICE_NO}};
#define CHOICE(type, key) CYAML_FIELD_ENUM(#key, OPT | CYAML_FLAG_STRICT, struct type, key, choices, CYAML_ARRAY_LEN(choices))

static const cyaml_schema_field_t settings_fields[] = {TEXT(settings, agent),
                                                       TEXT(settings, contact),
                                                       TEXT(settings, url),
                                                       TEXT(settings, warc),
                                                       LIST(settings, ai_agents),
                                                       LIST(settings, strip_params),
                                                       BOOL(settings, robots_typos),
                                                       BOOL(settings, robots_html_is_none),
                                                       INT(settings, robots_unreachable_days),
                                                       FLOAT(settings, min_language_score),
                                                       FLOAT(settings, min_french_share),
                                                       INT(settings, min_words),
                                                       CHOICE(settings, quality_filters),
                                                       LIST(settings, quality_thresholds),
                                                       CHOICE(settings, redact),
                                                       BOOL(settings, drop_recurring),
                                                       INT(settings, drop_repeated),
                                                       BOOL(settings, keep_figures),
                                                       LIST(settings, survivor_order),
                                                       INT(settings, dedup_memory_bytes),
                                                       INT(settings, shard_text_bytes),
                                                       INT(settings, zstd_level),
                                                       CYAML_FIELD_END};
static const cyaml_schema_value_t settings_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct settings, settings_fields)};

static const cyaml_strval_t scopes[] = {{"host", SCOPE_HOST}, {"domain", SCOPE_DOMAIN}, {"prefix", SCOPE_PREFIX}};
static const cyaml_strval_t accesses[] = {
    {"crawl", ACCESS_CRAWL}, {"dump", ACCESS_DUMP}, {"oai", ACCESS_OAI}, {"blocked", ACCESS_BLOCKED}};

static const cyaml_schema_field_t mapping_fields[] = {
    TEXT(source_fields, id),      TEXT(source_fields, url),      TEXT(source_fields, title),
    TEXT(source_fields, text),    TEXT(source_fields, author),   TEXT(source_fields, date),
    TEXT(source_fields, license), TEXT(source_fields, language), CYAML_FIELD_END};

static const cyaml_schema_field_t source_fields[] = {
    TEXT(source, id),
    TEXT(source, name),
    CYAML_FIELD_ENUM("access", OPT | CYAML_FLAG_STRICT, struct source, access, accesses, CYAML_ARRAY_LEN(accesses)),
    LIST(source, seeds),
    CYAML_FIELD_ENUM("scope", OPT | CYAML_FLAG_STRICT, struct source, scope, scopes, CYAML_ARRAY_LEN(scopes)),
    LIST(source, include),
    LIST(source, exclude),
    TEXT(source, license),
    TEXT(source, license_evidence),
    TEXT(source, license_date),
    TEXT(source, attribution),
    BOOL(source, official),
    INT(source, delay_ms),
    INT(source, max_pages),
    INT(source, max_bytes),
    INT(source, max_depth),
    INT(source, max_page_bytes),
    INT(source, max_barren_pages),
    CHOICE(source, redact),
    CHOICE(source, quality_filters),
    CHOICE(source, keep_figures),
    CHOICE(source, drop_recurring),
    INT(source, drop_repeated),
    TEXT(source, document_type),
    BOOL(source, ocr),
    FLOAT(source, min_language_score),
    FLOAT(source, min_french_share),
    INT(source, min_words),
    LIST(source, quality_thresholds),
    TEXT(source, recrawl_min),
    TEXT(source, recrawl_max),
    INT(source, priority),
    TEXT(source, format),
    CYAML_FIELD_MAPPING("fields", OPT, struct source, fields, mapping_fields),
    TEXT(source, url_prefix),
    LIST(source, namespaces),
    BOOL(source, snapshot),
    INT(source, fresh_days),
    TEXT(source, oai_prefix),
    TEXT(source, oai_set),
    CYAML_FIELD_END};
static const cyaml_schema_value_t source_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct source, source_fields)};

static const cyaml_schema_field_t campaign_fields[] = {TEXT(campaign, name),
                                                       TEXT(campaign, purpose),
                                                       TEXT(campaign, contact),
                                                       LIST(campaign, sources),
                                                       LIST(campaign, hours),
                                                       TEXT(campaign, time_zone),
                                                       INT(campaign, max_pages),
                                                       INT(campaign, max_bytes),
                                                       INT(campaign, max_seconds),
                                                       INT(campaign, delay_ms),
                                                       INT(campaign, max_hosts_at_once),
                                                       BOOL(campaign, warc_gzip),
                                                       CYAML_FIELD_END};
static const cyaml_schema_value_t campaign_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct campaign, campaign_fields)};

/* libcyaml allocates with malloc and frees with free, so a default may be a plain copy. */
static bool default_text(char **field, const char *value) {
    if (!*field) *field = strdup(value);
    return *field != NULL;
}

static void default_int(int64_t *field, int64_t value) {
    if (*field == 0) *field = value;
}

#define REPEATED_TAKES "takes 0 to 65535"

static enum status wrong(struct buf *err, const char *path, const char *key, const char *what) {
    return fail(err, ST_FATAL, "%s:%u: %s: %s", path, config_yaml_line(path, key), key, what);
}

/* Each "NAME=VALUE" of a quality threshold. */
static bool good_thresholds(const struct string_list *list) {
    struct quality_settings scratch;
    for (unsigned i = 0; i < list->n; i++)
        if (!quality_set_text(&scratch, slice_str(list->items[i]))) return false;
    return true;
}
#define THRESHOLDS_TAKE "takes NAME=VALUE, as \"max_char_dup=0.2\""

enum status config_settings(const char *path, struct settings **out, struct buf *err) {
    void *data;
    enum status st = config_yaml_load(path, &settings_schema, &data, err);
    if (st != ST_OK) return st;
    struct settings *s = data;
    *out = s;
    bool ok = default_text(&s->agent, "villers") && default_text(&s->contact, "") && default_text(&s->url, "") &&
              default_text(&s->warc, "zst");
    if (!ok) st = fail(err, ST_RETRY, "%s: out of memory", path);
    if (s->min_language_score == 0) s->min_language_score = 0.5;
    if (s->min_french_share == 0) s->min_french_share = 0.5;
    for (size_t n = s->url ? strlen(s->url) : 0; n > 0 && s->url[n - 1] == '/';) s->url[--n] = 0;
    default_int(&s->min_words, 1);
    default_int(&s->dedup_memory_bytes, (int64_t)GIB);
    default_int(&s->shard_text_bytes, (int64_t)LIMIT_SHARD_TEXT);
    default_int(&s->zstd_level, 9);
    if (st == ST_OK && strcmp(s->warc, "zst") != 0 && strcmp(s->warc, "gz") != 0) st = wrong(err, path, "warc", "takes zst or gz");
    if (st == ST_OK && (s->zstd_level < 1 || s->zstd_level > 19)) st = wrong(err, path, "zstd_level", "takes 1 to 19");
    if (st == ST_OK && (s->min_language_score < 0 || s->min_language_score > 1))
        st = wrong(err, path, "min_language_score", "takes 0 to 1");
    if (st == ST_OK && (s->drop_repeated < 0 || s->drop_repeated > UINT16_MAX))
        st = wrong(err, path, "drop_repeated", REPEATED_TAKES);
    if (st == ST_OK && (s->min_french_share < 0 || s->min_french_share > 1))
        st = wrong(err, path, "min_french_share", "takes 0 to 1");
    if (st == ST_OK && s->shard_text_bytes < (int64_t)KIB) st = wrong(err, path, "shard_text_bytes", "takes 1024 or more");
    if (st == ST_OK && !survivor_order_valid(&s->survivor_order)) st = wrong(err, path, "survivor_order", SURVIVOR_TAKES);
    if (st == ST_OK && !good_thresholds(&s->quality_thresholds)) st = wrong(err, path, "quality_thresholds", THRESHOLDS_TAKE);
    if (st != ST_OK) {
        config_settings_free(s);
        *out = NULL;
    }
    return st;
}

void config_settings_free(struct settings *s) { config_yaml_free(&settings_schema, s); }

/* The file's name without folder and ".yaml". */
static struct slice stem_of(const char *path) {
    const char *slash = strrchr(path, '/');
    struct slice s = slice_str(slash ? slash + 1 : path);
    struct slice ext = SLICE_LIT(".yaml");
    return slice_ends(s, ext) ? slice_sub(s, 0, s.len - ext.len) : s;
}

static bool good_id(struct slice id) {
    for (size_t i = 0; i < id.len; i++)
        if (!ascii_is_digit(id.ptr[i]) && id.ptr[i] != '-' && !(id.ptr[i] >= 'a' && id.ptr[i] <= 'z')) return false;
    return id.len > 0 && id.len <= 64;
}

static bool is_day(const char *s) {
    int y, m, d;
    char extra;
    return strlen(s) == 10 && sscanf(s, "%4d-%2d-%2d%c", &y, &m, &d, &extra) == 3 && clock_civil_valid(y, m, d);
}

/* "90s", "12h", "30d", "4w": milliseconds, or -1. */
static int64_t duration_ms(const char *text) {
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    struct slice s = slice_str(text);
    uint64_t n;
    if (s.len < 2 || !slice_parse_u64(slice_sub(s, 0, s.len - 1), &n) || n == 0 || n > 1000000) return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (s.ptr[s.len - 1] == units[i].unit) return (int64_t)n * units[i].ms;
    return -1;
}

/* One bound alone sets the other: once a day at most, every ninety days at least. */
static enum status read_recrawl(const char *path, struct source *s, struct buf *err) {
    static const char what[] = "takes a number and s, m, h, d or w: 12h, 30d";
    int64_t least = *s->recrawl_min ? duration_ms(s->recrawl_min) : 0, most = *s->recrawl_max ? duration_ms(s->recrawl_max) : 0;
    if (least < 0) return wrong(err, path, "recrawl_min", what);
    if (most < 0) return wrong(err, path, "recrawl_max", what);
    if (least && !most) most = least > 90 * DAY_MS ? least : 90 * DAY_MS;
    if (most && !least) least = most < DAY_MS ? most : DAY_MS;
    if (least > most) return wrong(err, path, "recrawl_min", "is longer than recrawl_max");
    s->recrawl_min_ms = least;
    s->recrawl_max_ms = most;
    return ST_OK;
}

static enum status check_source(const char *path, const struct source *s, struct buf *err) {
    enum doc_type type;
    if (!slice_eq(slice_str(s->id), stem_of(path))) return wrong(err, path, "id", "must be the file's name without .yaml");
    if (!good_id(slice_str(s->id))) return wrong(err, path, "id", "takes lower-case letters, digits and hyphens, at most 64");
    if (s->delay_ms < 0 || s->max_pages < 0 || s->max_bytes < 0 || s->max_depth < 0 || s->max_page_bytes < 0 ||
        s->max_barren_pages < 0)
        return fail(err, ST_FATAL, "%s:1: delay_ms and the max_… limits take no negative number", path);
    if (s->min_language_score < 0 || s->min_language_score > 1 || s->min_french_share < 0 || s->min_french_share > 1 ||
        s->min_words < 0)
        return fail(err, ST_FATAL, "%s:1: min_language_score and min_french_share take 0 to 1, min_words no negative number", path);
    if (s->drop_repeated < 0 || s->drop_repeated > UINT16_MAX) return wrong(err, path, "drop_repeated", REPEATED_TAKES);
    if (!good_thresholds(&s->quality_thresholds)) return wrong(err, path, "quality_thresholds", THRESHOLDS_TAKE);
    if (*s->document_type && !doc_type_find(slice_str(s->document_type), &type))
        return fail(err, ST_FATAL, "%s:%u: document_type: takes one of %s", path, config_yaml_line(path, "document_type"),
                    doc_type_names());
    if (s->access == ACCESS_BLOCKED) return ST_OK;
    if (!*s->license)
        return wrong(err, path, "license",
                     "missing: a source without a licence is never taken; give its SPDX id (etalab-2.0, CC-BY-4.0…)");
    if (!*s->license_evidence) return wrong(err, path, "license_evidence", "missing: give the URL of the terms that say so");
    if (*s->license_date && !is_day(s->license_date))
        return wrong(err, path, "license_date", "takes the day the terms were read, YYYY-MM-DD");
    if (s->fresh_days < 0) return wrong(err, path, "fresh_days", "takes a number of days, or 0 for no expectation");
    if (s->access == ACCESS_OAI && s->seeds.n != 1) return wrong(err, path, "seeds", "takes the base URL of one OAI-PMH server");
    if (s->access == ACCESS_CRAWL && s->seeds.n == 0)
        return wrong(err, path, "seeds", "missing: give at least one URL to begin with");
    return ST_OK;
}

static bool default_mapping(struct source *s) {
    struct source_fields *f = &s->fields;
    char **all[] = {&s->format, &s->url_prefix, &s->oai_prefix, &s->oai_set, &f->id,      &f->url,
                    &f->title,  &f->text,       &f->author,     &f->date,    &f->license, &f->language};
    bool ok = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) ok = ok && default_text(all[i], "");
    return ok;
}

enum status config_source(const char *path, struct source **out, struct buf *err) {
    void *data;
    *out = NULL;
    enum status st = config_yaml_load(path, &source_schema, &data, err);
    if (st != ST_OK) return st;
    struct source *s = data;
    bool ok = default_text(&s->id, "") && default_text(&s->name, s->id) && default_text(&s->license, "") &&
              default_text(&s->license_evidence, "") && default_text(&s->license_date, "") && default_text(&s->attribution, "") &&
              default_text(&s->recrawl_min, "") && default_text(&s->recrawl_max, "") && default_text(&s->document_type, "");
    ok = ok && default_mapping(s);
    st = ok ? check_source(path, s, err) : fail(err, ST_RETRY, "%s: out of memory", path);
    if (st == ST_OK) st = read_recrawl(path, s, err);
    default_int(&s->delay_ms, 1000);
    default_int(&s->max_depth, 20);
    default_int(&s->max_barren_pages, 100);
    default_int(&s->max_page_bytes, (int64_t)LIMIT_BODY_WIRE);
    if (s->max_page_bytes > (int64_t)LIMIT_BODY_WIRE) s->max_page_bytes = (int64_t)LIMIT_BODY_WIRE;
    if (st == ST_OK)
        *out = s;
    else
        config_source_free(s);
    return st;
}

void config_source_free(struct source *s) { config_yaml_free(&source_schema, s); }

static bool good_hours(const char *s) {
    int h1, m1, h2, m2;
    char extra;
    return sscanf(s, "%2d:%2d-%2d:%2d%c", &h1, &m1, &h2, &m2, &extra) == 4 && h1 >= 0 && h1 < 25 && h2 >= 0 && h2 < 25 && m1 >= 0 &&
           m1 < 60 && m2 >= 0 && m2 < 60;
}

/* A name of the zone database, whose files stand under one folder. */
static bool good_zone(const char *name) {
    struct buf path = {.max = 8192};
    bool ok = name[0] != '/' && !strstr(name, "..");
    path_join(&path, "/usr/share/zoneinfo", name);
    ok = ok && file_size(buf_cstr(&path)) > 0;
    buf_free(&path);
    return ok;
}

static enum status check_campaign(const char *path, const struct campaign *c, struct buf *err) {
    if (!slice_eq(slice_str(c->name), stem_of(path))) return wrong(err, path, "name", "must be the file's name without .yaml");
    if (!good_id(slice_str(c->name))) return wrong(err, path, "name", "takes lower-case letters, digits and hyphens, at most 64");
    if (c->sources.n == 0) return wrong(err, path, "sources", "missing: name at least one source of the catalogue");
    for (unsigned i = 0; i < c->hours.n; i++)
        if (!good_hours(c->hours.items[i])) return wrong(err, path, "hours", "takes \"HH:MM-HH:MM\"");
    if (*c->time_zone && !good_zone(c->time_zone))
        return wrong(err, path, "time_zone", "is no zone this machine knows: Europe/Paris, America/Montreal…");
    if (c->max_pages < 0 || c->max_bytes < 0 || c->max_seconds < 0 || c->delay_ms < 0 || c->max_hosts_at_once < 0)
        return fail(err, ST_FATAL, "%s:1: limits take no negative number", path);
    return ST_OK;
}

enum status config_campaign(const char *path, struct campaign **out, struct buf *err) {
    void *data;
    *out = NULL;
    enum status st = config_yaml_load(path, &campaign_schema, &data, err);
    if (st != ST_OK) return st;
    struct campaign *c = data;
    struct slice stem = stem_of(path);
    if (!c->name) c->name = strndup(stem.ptr, stem.len);
    bool ok = c->name && default_text(&c->purpose, "") && default_text(&c->time_zone, "") && default_text(&c->contact, "");
    st = ok ? check_campaign(path, c, err) : fail(err, ST_RETRY, "%s: out of memory", path);
    default_int(&c->max_hosts_at_once, 64);
    if (st == ST_OK)
        *out = c;
    else
        config_campaign_free(c);
    return st;
}

void config_campaign_free(struct campaign *c) { config_yaml_free(&campaign_schema, c); }

enum status config_catalogue(const char *dir, struct catalogue *out, struct buf *err) {
    char **names;
    size_t n;
    *out = (struct catalogue){0};
    enum status st = dir_list(dir, ".yaml", &names, &n, err);
    if (st != ST_OK) return st;
    out->items = calloc(n + 1, sizeof *out->items);
    if (!out->items) st = fail(err, ST_RETRY, "%s: out of memory", dir);
    struct buf path = {.max = 8192};
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        path_join(&path, dir, names[i]);
        st = config_source(buf_cstr(&path), &out->items[out->n], err);
        if (st == ST_OK) out->n++;
    }
    buf_free(&path);
    dir_list_free(names, n);
    if (st != ST_OK) config_catalogue_free(out);
    return st;
}

void config_catalogue_free(struct catalogue *c) {
    for (size_t i = 0; i < c->n; i++) config_source_free(c->items[i]);
    free(c->items);
    *c = (struct catalogue){0};
}

const struct source *config_find_source(const struct catalogue *c, struct slice id) {
    for (size_t i = 0; i < c->n; i++)
        if (slice_eq(slice_str(c->items[i]->id), id)) return c->items[i];
    return NULL;
}
