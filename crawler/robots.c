/*
 * Reading.  A line is a name, a colon and a value; '#' begins a comment.  User-agent lines in a row open a group, the first
 * rule closes the row.  Two rows are followed at once: for Allow and Disallow only these two close it (RFC 9309 2.2.4: other
 * records must not interfere), for Content-Usage and Content-Signal they close it too (AIPREF makes them rules of a group).
 * Lines of groups that name us and of '*' groups are kept until the end says which hold.
 */
#include "crawler/robots.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <stdlib.h>

#define DELAY_MAX_MS ((int64_t)86400 * 1000)

struct rule {
    struct slice pattern; /* normalised; in robots.patterns once reading is over */
    size_t at;            /* its offset there while reading */
    struct slice text;
    unsigned line;
    bool allow, named, star;
};

struct robots {
    struct buf body;     /* the file as UTF-8 */
    struct buf patterns; /* normalised patterns, one behind the other */
    struct rule *rules;  /* sorted: the first that matches decides */
    size_t n_rules, cap_rules;
    struct robots_extra *extras;
    size_t n_extras, cap_extras;
    struct slice *sitemaps;
    size_t n_sitemaps, cap_sitemaps;
    int64_t delay_ms;
    bool named, html, grouped;
};

/* Where reading stands in the rows of user-agent lines; see the head. */
struct row {
    bool named, star, closed, open;
};
struct reader {
    struct robots *r;
    struct slice agent;
    bool tolerant;
    struct row rules, extras;
    int64_t delay_named, delay_star;
    unsigned line;
};

enum field { FIELD_OTHER, FIELD_AGENT, FIELD_ALLOW, FIELD_DISALLOW, FIELD_SITEMAP, FIELD_DELAY, FIELD_EXTRA, FIELD_LICENSE };

static const struct {
    const char *name;
    enum field field;
    bool typo;
} field_names[] = {
    {"user-agent", FIELD_AGENT, false},     {"allow", FIELD_ALLOW, false},           {"disallow", FIELD_DISALLOW, false},
    {"sitemap", FIELD_SITEMAP, false},      {"crawl-delay", FIELD_DELAY, false},     {"content-usage", FIELD_EXTRA, false},
    {"content-signal", FIELD_EXTRA, false}, {"content-signals", FIELD_EXTRA, false}, {"license", FIELD_LICENSE, false},
    {"useragent", FIELD_AGENT, true},       {"user agent", FIELD_AGENT, true},       {"dissallow", FIELD_DISALLOW, true},
    {"dissalow", FIELD_DISALLOW, true},     {"disalow", FIELD_DISALLOW, true},       {"diasllow", FIELD_DISALLOW, true},
    {"disallaw", FIELD_DISALLOW, true},     {"desallow", FIELD_DISALLOW, true},      {"site-map", FIELD_SITEMAP, true},
    {"crawldelay", FIELD_DELAY, true},
};

static enum field field_of(struct slice name, bool tolerant) {
    for (size_t i = 0; i < sizeof field_names / sizeof *field_names; i++) {
        if ((tolerant || !field_names[i].typo) && slice_eq_nocase(name, slice_str(field_names[i].name)))
            return field_names[i].field;
    }
    return FIELD_OTHER;
}

/* Room for one more element of ${size} bytes in *${items}; false without memory. */
static bool grow(void **items, size_t n, size_t *cap, size_t size) {
    if (n < *cap) return true;
    size_t next = *cap ? *cap * 2 : 16;
    void *p = realloc(*items, next * size);
    if (!p) return false;
    *items = p;
    *cap = next;
    return true;
}

static bool token_char(char c) { return ascii_is_alpha(c) || c == '-' || c == '_'; }

static struct slice token_of(struct slice s) {
    size_t n = 0;
    while (n < s.len && token_char(s.ptr[n])) n++;
    return slice_sub(s, 0, n);
}

static struct slice word_of(struct slice s) {
    size_t n = 0;
    while (n < s.len && !ascii_is_space(s.ptr[n]) && s.ptr[n] != '/') n++;
    return slice_sub(s, 0, n);
}

/*
 * Whether the value of a user-agent line names ${agent}: product tokens ([A-Za-z_-]+, RFC 9309 2.2.1) are equal without
 * regard to case; a version may follow, but letters and digits after the line's token make another name of it.
 */
static bool names_agent(struct slice value, struct slice agent) {
    struct slice word = word_of(value), token = token_of(value);
    if (word.len && slice_eq_nocase(word, word_of(agent))) return true;
    if (token.len == 0 || !slice_eq_nocase(token, token_of(agent))) return false;
    return word.len <= token.len || !(ascii_is_digit(word.ptr[token.len]) || (unsigned char)word.ptr[token.len] >= 0x80);
}

static bool is_star(struct slice value) {
    return value.len && value.ptr[0] == '*' && (value.len == 1 || ascii_is_space(value.ptr[1]));
}

static void row_agent(struct row *row, bool named, bool star) {
    if (row->closed) row->named = row->star = row->closed = false;
    row->open = true;
    row->named |= named;
    row->star |= star;
}

static bool add_rule(struct reader *rd, struct slice value, struct slice text, bool allow) {
    struct robots *r = rd->r;
    if (value.len == 0 || (!rd->rules.named && !rd->rules.star)) return true;
    if (!grow((void **)&r->rules, r->n_rules, &r->cap_rules, sizeof *r->rules)) return false;
    struct rule *rule = &r->rules[r->n_rules++];
    *rule = (struct rule){
        .at = r->patterns.len, .text = text, .line = rd->line, .allow = allow, .named = rd->rules.named, .star = rd->rules.star};
    robots_normalise(value, true, &r->patterns);
    rule->pattern.len = r->patterns.len - rule->at;
    return buf_ok(&r->patterns);
}

static bool add_extra(struct reader *rd, struct slice name, struct slice value, struct slice text, bool everywhere) {
    struct robots *r = rd->r;
    bool in_group = rd->extras.open && !everywhere;
    if (in_group && !rd->extras.named && !rd->extras.star) return true;
    if (!grow((void **)&r->extras, r->n_extras, &r->cap_extras, sizeof *r->extras)) return false;
    r->extras[r->n_extras++] = (struct robots_extra){.name = name,
                                                     .value = value,
                                                     .whole = text,
                                                     .line = rd->line,
                                                     .in_group = in_group,
                                                     .named = rd->extras.named || !in_group,
                                                     .star = rd->extras.star || !in_group};
    return true;
}

static bool add_sitemap(struct robots *r, struct slice value) {
    if (value.len == 0 || r->n_sitemaps == LIMIT_ROBOTS_SITEMAPS) return true;
    if (!grow((void **)&r->sitemaps, r->n_sitemaps, &r->cap_sitemaps, sizeof *r->sitemaps)) return false;
    r->sitemaps[r->n_sitemaps++] = value;
    return true;
}

/* Seconds with an optional fraction ("10", "0.5") to milliseconds, or -1. */
static int64_t delay_of(struct slice s) {
    int64_t ms = 0, unit = 1000;
    size_t i = 0;
    for (; i < s.len && ascii_is_digit(s.ptr[i]); i++) {
        ms = ms * 10 + (s.ptr[i] - '0') * 1000;
        if (ms > DELAY_MAX_MS) ms = DELAY_MAX_MS;
    }
    if (i == 0 && (s.len < 2 || s.ptr[0] != '.')) return -1;
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && ascii_is_digit(s.ptr[i]); i++) ms += (s.ptr[i] - '0') * (unit /= 10);
    }
    if (i < s.len && !ascii_is_space(s.ptr[i])) return -1;
    return ms > DELAY_MAX_MS ? DELAY_MAX_MS : ms;
}

static void set_delay(struct reader *rd, struct slice value) {
    int64_t ms = delay_of(value);
    if (rd->rules.named && ms > rd->delay_named) rd->delay_named = ms;
    if (rd->rules.star && ms > rd->delay_star) rd->delay_star = ms;
}

/* Name and value of a line; without a colon only the tolerant reader finds them, in two words. */
static bool split_line(const struct reader *rd, struct slice line, struct slice *name, struct slice *value) {
    size_t colon = slice_find_char(line, ':');
    if (colon != SIZE_MAX) {
        *name = slice_trim(slice_sub(line, 0, colon));
        *value = slice_trim(slice_sub(line, colon + 1, line.len));
        return true;
    }
    size_t n = 0;
    while (n < line.len && !ascii_is_space(line.ptr[n])) n++;
    *name = slice_sub(line, 0, n);
    *value = slice_trim(slice_sub(line, n, line.len));
    return rd->tolerant && value->len && field_of(*name, true) != FIELD_OTHER;
}

static bool read_line(struct reader *rd, struct slice line) {
    struct slice name, value, text = slice_trim(slice_sub(line, 0, slice_find_char(line, '#')));
    if (!split_line(rd, text, &name, &value)) return true;
    bool named, star;
    switch (field_of(name, rd->tolerant)) {
    case FIELD_AGENT:
        rd->r->grouped = true;
        named = names_agent(value, rd->agent);
        star = is_star(value);
        rd->r->named |= named;
        row_agent(&rd->rules, named, star);
        row_agent(&rd->extras, named, star);
        return true;
    case FIELD_ALLOW:
    case FIELD_DISALLOW:
        rd->rules.closed = rd->extras.closed = true;
        return add_rule(rd, value, text, field_of(name, rd->tolerant) == FIELD_ALLOW);
    case FIELD_EXTRA: rd->extras.closed = true; return add_extra(rd, name, value, text, false);
    case FIELD_LICENSE: return add_extra(rd, name, value, text, true);
    case FIELD_SITEMAP: return add_sitemap(rd->r, value);
    case FIELD_DELAY: set_delay(rd, value); return true;
    case FIELD_OTHER: return true;
    }
    return true;
}

/* Longest first; Allow before Disallow on a tie; then as in the file. */
static int rule_order(const void *a, const void *b) {
    const struct rule *x = a, *y = b;
    if (x->pattern.len != y->pattern.len) return x->pattern.len > y->pattern.len ? -1 : 1;
    if (x->allow != y->allow) return x->allow ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Keep what holds for us: the groups that name us, or else those of '*'. */
static void choose(struct robots *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_rules; i++) {
        if (r->named ? r->rules[i].named : r->rules[i].star) r->rules[n++] = r->rules[i];
    }
    r->n_rules = n;
    for (size_t i = 0; i < n; i++) r->rules[i].pattern.ptr = r->patterns.data + r->rules[i].at;
    if (n) qsort(r->rules, n, sizeof *r->rules, rule_order);
    n = 0;
    for (size_t i = 0; i < r->n_extras; i++) {
        if (r->named ? r->extras[i].named : r->extras[i].star) r->extras[n++] = r->extras[i];
    }
    r->n_extras = n;
}

static void decode_utf16(struct slice s, bool big, struct buf *out) {
    for (size_t i = 0; i + 1 < s.len; i += 2) {
        unsigned hi = (unsigned char)s.ptr[i + !big], lo = (unsigned char)s.ptr[i + big];
        uint32_t unit = hi << 8 | lo;
        if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < s.len) {
            uint32_t next = (uint32_t)(unsigned char)s.ptr[i + 2 + !big] << 8 | (unsigned char)s.ptr[i + 2 + big];
            if (next >= 0xdc00 && next < 0xe000) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
                i += 2;
            }
        }
        utf8_encode(out, unit);
    }
}

/* The body as UTF-8 without its byte-order mark (a mark cut short goes too), cut at a whole line. */
static void take_body(struct robots *r, struct slice body) {
    static const unsigned char bom[3] = {0xef, 0xbb, 0xbf};
    bool le = slice_starts(body, slice_str("\xff\xfe")), be = slice_starts(body, slice_str("\xfe\xff"));
    if (le || be) {
        decode_utf16(slice_sub(body, 2, 2 * LIMIT_ROBOTS), be, &r->body);
    } else {
        size_t skip = 0;
        while (skip < 3 && skip < body.len && (unsigned char)body.ptr[skip] == bom[skip]) skip++;
        buf_slice(&r->body, slice_sub(body, skip, skip + LIMIT_ROBOTS + 1));
    }
    if (r->body.len <= LIMIT_ROBOTS) return;
    size_t cut = LIMIT_ROBOTS;
    while (cut > 0 && r->body.data[cut - 1] != '\n' && r->body.data[cut - 1] != '\r') cut--;
    buf_truncate(&r->body, cut);
}

static bool read_lines(struct reader *rd, struct slice body) {
    for (size_t at = 0; at < body.len;) {
        size_t end = at;
        while (end < body.len && body.ptr[end] != '\n' && body.ptr[end] != '\r') end++;
        rd->line++;
        if (!read_line(rd, slice_sub(body, at, end))) return false;
        at = end + (end + 1 < body.len && body.ptr[end] == '\r' && body.ptr[end + 1] == '\n' ? 2 : 1);
    }
    return true;
}

enum status robots_parse(struct slice body, struct slice agent, const struct robots_options *opt, struct robots **out,
                         struct buf *err) {
    struct robots *r = calloc(1, sizeof *r);
    if (!r) return fail(err, ST_FATAL, "no memory for a robots.txt");
    buf_init(&r->body, 4 * LIMIT_ROBOTS);
    buf_init(&r->patterns, 4 * LIMIT_ROBOTS);
    take_body(r, body);
    struct reader rd = {
        .r = r, .agent = slice_trim(agent), .tolerant = opt && opt->tolerate_typos, .delay_named = -1, .delay_star = -1};
    if (!buf_ok(&r->body) || !read_lines(&rd, buf_view(&r->body))) {
        robots_free(r);
        return fail(err, ST_FATAL, "no memory for a robots.txt");
    }
    struct slice start = slice_trim(buf_view(&r->body));
    r->html = start.len && start.ptr[0] == '<';
    r->delay_ms = r->named ? rd.delay_named : rd.delay_star;
    choose(r);
    *out = r;
    return ST_OK;
}

void robots_free(struct robots *r) {
    if (!r) return;
    buf_free(&r->body);
    buf_free(&r->patterns);
    free(r->rules);
    free(r->extras);
    free(r->sitemaps);
    free(r);
}

struct robots_match robots_match(const struct robots *r, struct slice target) {
    struct robots_match m = {.allowed = true, .rule = {"", 0}, .line = 0};
    size_t mark = slice_find_char(target, '?');
    if (r->n_rules == 0 || slice_eq_str(slice_sub(target, 0, mark), "/robots.txt")) return m;
    struct buf normal;
    buf_init(&normal, 3 * LIMIT_URL_INPUT);
    robots_normalise(target, false, &normal);
    /* A target too long to compare is not taken. */
    if (!buf_ok(&normal)) m.allowed = false;
    for (size_t i = 0; i < r->n_rules && m.allowed; i++) {
        const struct rule *rule = &r->rules[i];
        if (!robots_pattern_matches(rule->pattern, buf_view(&normal))) continue;
        m = (struct robots_match){.allowed = rule->allow, .rule = rule->text, .line = rule->line};
        break;
    }
    buf_free(&normal);
    return m;
}

int64_t robots_delay_ms(const struct robots *r) { return r->delay_ms; }

const struct slice *robots_sitemaps(const struct robots *r, size_t *n) {
    *n = r->n_sitemaps;
    return r->sitemaps;
}

const struct robots_extra *robots_extras(const struct robots *r, size_t *n) {
    *n = r->n_extras;
    return r->extras;
}

bool robots_named(const struct robots *r) { return r->named; }

bool robots_is_html(const struct robots *r) { return r->html; }

bool robots_readable(const struct robots *r) { return !r->html || r->grouped; }
