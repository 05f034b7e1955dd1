/*
 * /.well-known/tdmrep.json (TDM Reservation Protocol, section 6.1): an array of rules
 * {"location": pattern, "tdm-reservation": 0 or 1, "tdm-policy": URL}; the first that says something and whose location matches
 * decides: a rule with another value is unset, and what is unset never hides a reservation behind it.
 */
#include "base/limits.h"
#include "crawler/rights_parts.h"
#include "crawler/robots.h"
#include <stdlib.h>

struct tdm_rule {
    size_t pattern, pattern_len; /* in patterns */
    size_t text, text_len;       /* in texts */
    enum rights_tdm value;
};

struct rights_tdmrep {
    struct buf patterns, texts;
    struct tdm_rule *rules;
    size_t n, cap;
    bool unreadable;
};

enum rights_tdm rights_tdm_value(struct slice value) {
    enum rights_tdm all = RIGHTS_TDM_OPEN;
    struct slice rest = value, part;
    while (slice_cut(&rest, ',', &part)) {
        part = slice_trim(part);
        if (slice_eq_str(part, "1")) return RIGHTS_TDM_RESERVED;
        if (!slice_eq_str(part, "0")) all = RIGHTS_TDM_UNSET;
    }
    return all;
}

/* A "1" between quotes is no value of the protocol, but who wrote it did not mean to give leave. */
static enum rights_tdm reservation(struct json_value rule) {
    struct json_value v;
    struct slice s;
    if (!json_get(rule, "tdm-reservation", &v)) return RIGHTS_TDM_UNSET;
    if (json_as_string(v, &s)) return slice_eq_str(slice_trim(s), "1") ? RIGHTS_TDM_UNREADABLE : RIGHTS_TDM_UNSET;
    double d;
    if (json_typeof(v) != JSON_NUMBER || !json_as_float(v, &d)) return RIGHTS_TDM_UNSET;
    return d == 1 ? RIGHTS_TDM_RESERVED : d == 0 ? RIGHTS_TDM_OPEN : RIGHTS_TDM_UNSET;
}

/* The rule's members that count, written anew: what stands between them in the file decides nothing. */
static void write_rule(struct json_value rule, struct slice location, enum rights_tdm value, struct buf *out) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "location", location);
    if (value == RIGHTS_TDM_UNREADABLE) json_kv_str(&j, "tdm-reservation", slice_str("1"));
    if (value == RIGHTS_TDM_OPEN || value == RIGHTS_TDM_RESERVED) json_kv_int(&j, "tdm-reservation", value == RIGHTS_TDM_RESERVED);
    struct slice policy = json_get_string(rule, "tdm-policy");
    if (policy.len) json_kv_str(&j, "tdm-policy", policy);
    json_object_end(&j);
}

/* Append the path that ${location} means: of an absolute address its own, and one without its first slash has it. */
static void add_pattern(struct rights_tdmrep *t, struct slice location) {
    location = slice_trim(location);
    if (slice_starts_nocase(location, slice_str("http://")) || slice_starts_nocase(location, slice_str("https://"))) {
        size_t host = slice_find(location, slice_str("//")) + 2;
        struct slice rest = slice_sub(location, host, location.len);
        location = slice_sub(rest, slice_find_char(rest, '/'), rest.len);
    }
    if (location.len && location.ptr[0] != '/' && location.ptr[0] != '*') buf_char(&t->patterns, '/');
    robots_normalise(location, true, &t->patterns);
}

/*
 * A rule without a location that can be read says nothing, unless it reserves: then its author meant something, and everything
 * is in doubt.
 */
static bool add_rule(struct rights_tdmrep *t, struct json_value rule) {
    struct json_value location;
    struct slice where = {"", 0};
    enum rights_tdm value = reservation(rule);
    if (value == RIGHTS_TDM_UNSET) return true;
    if (!json_get(rule, "location", &location) || !json_as_string(location, &where)) {
        if (value == RIGHTS_TDM_OPEN) return true;
        value = RIGHTS_TDM_UNREADABLE;
    }
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 16;
        struct tdm_rule *p = realloc(t->rules, cap * sizeof *p);
        if (!p) return false;
        t->rules = p;
        t->cap = cap;
    }
    struct tdm_rule *r = &t->rules[t->n++];
    *r = (struct tdm_rule){.pattern = t->patterns.len, .text = t->texts.len, .value = value};
    add_pattern(t, where);
    write_rule(rule, where, r->value, &t->texts);
    r->pattern_len = t->patterns.len - r->pattern;
    r->text_len = t->texts.len - r->text;
    return buf_ok(&t->patterns) && buf_ok(&t->texts);
}

static enum status add_rules(struct rights_tdmrep *t, struct json_value root, struct buf *err) {
    struct json_iter it = json_walk(root);
    struct json_value rule;
    while (json_next(&it, NULL, &rule)) {
        if (json_typeof(rule) == JSON_OBJECT && !add_rule(t, rule)) return fail(err, ST_FATAL, "no memory for a tdmrep.json");
    }
    return ST_OK;
}

/* Whether ${body} set out to be a TDMRep file, and not an error page or another kind of JSON. */
static bool meant(struct slice body) {
    if (slice_starts(body, slice_str("\xef\xbb\xbf"))) body = slice_sub(body, 3, body.len);
    body = slice_trim(body);
    return body.len &&
           (body.ptr[0] == '[' || (body.ptr[0] == '{' && slice_find(body, slice_str("\"tdm-reservation\"")) != SIZE_MAX));
}

enum status rights_tdmrep_parse(struct slice body, struct rights_tdmrep **out, struct buf *err) {
    *out = NULL;
    if (!meant(body)) return ST_OK;
    struct rights_tdmrep *t = calloc(1, sizeof *t);
    struct json_parser *p = json_parser_new(LIMIT_TDMREP);
    if (!t || !p) {
        free(t);
        json_parser_free(p);
        return fail(err, ST_FATAL, "no memory for a tdmrep.json");
    }
    buf_init(&t->patterns, 4 * LIMIT_TDMREP);
    buf_init(&t->texts, 8 * LIMIT_TDMREP);
    struct json_value root;
    if (slice_starts(body, slice_str("\xef\xbb\xbf"))) body = slice_sub(body, 3, body.len);
    enum status st = json_parse(p, body, &root, err);
    if (st == ST_OK && json_typeof(root) == JSON_ARRAY) {
        st = add_rules(t, root, err);
    } else if (st != ST_FATAL) {
        t->unreadable = true;
        buf_slice(&t->texts, slice_sub(slice_trim(body), 0, 200));
        st = ST_OK;
    }
    json_parser_free(p);
    if (st != ST_OK) {
        rights_tdmrep_free(t);
        return st;
    }
    *out = t;
    return ST_OK;
}

void rights_tdmrep_free(struct rights_tdmrep *t) {
    if (!t) return;
    buf_free(&t->patterns);
    buf_free(&t->texts);
    free(t->rules);
    free(t);
}

enum rights_tdm rights_tdmrep_match(const struct rights_tdmrep *t, struct slice target, struct slice *evidence) {
    *evidence = slice_of("", 0);
    if (!t) return RIGHTS_TDM_UNSET;
    if (t->unreadable) {
        *evidence = buf_view(&t->texts);
        return RIGHTS_TDM_UNREADABLE;
    }
    struct buf normal;
    buf_init(&normal, 3 * LIMIT_URL_INPUT);
    robots_normalise(target, false, &normal);
    enum rights_tdm value = buf_ok(&normal) ? RIGHTS_TDM_UNSET : RIGHTS_TDM_UNREADABLE;
    for (size_t i = 0; i < t->n && value == RIGHTS_TDM_UNSET; i++) {
        const struct tdm_rule *r = &t->rules[i];
        struct slice pattern = slice_sub(buf_view(&t->patterns), r->pattern, r->pattern + r->pattern_len);
        if (!robots_pattern_matches(pattern, buf_view(&normal))) continue;
        value = r->value;
        *evidence = slice_sub(buf_view(&t->texts), r->text, r->text + r->text_len);
        break;
    }
    buf_free(&normal);
    return value;
}
