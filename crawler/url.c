#include "crawler/url.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/url_host.h"
#include "crawler/url_params.h"

/* The result under construction; path and query are still WHATWG's, before the canonical steps. */
struct parsed {
    struct slice scheme;
    struct buf authority; /* user information, host and port, serialised */
    struct buf path;
    struct buf query;
    bool has_query;
};

static bool is_slash(char c) { return c == '/' || c == '\\'; }

/* WHATWG percent-encode sets, as bit masks over one table. */
enum { SET_PATH = 1, SET_QUERY = 2, SET_USERINFO = 4 };

static bool must_encode(char c, unsigned set) {
    unsigned char u = (unsigned char)c;
    if (u <= 0x20 || u >= 0x7f) return true;
    switch (c) {
    case '"':
    case '#':
    case '<':
    case '>': return true;
    case '\'': return set == SET_QUERY;
    case '?':
    case '^':
    case '`':
    case '{':
    case '}': return set != SET_QUERY;
    case '/':
    case ':':
    case ';':
    case '=':
    case '@':
    case '[':
    case '\\':
    case ']':
    case '|': return set == SET_USERINFO;
    default: return false;
    }
}

static void encode(struct slice s, unsigned set, struct buf *out) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && (ascii_is_alnum(s.ptr[i]) || !must_encode(s.ptr[i], set))) i++;
        buf_append(out, s.ptr + from, i - from);
        if (i == s.len) return;
        unsigned char u = (unsigned char)s.ptr[i++];
        char escape[3] = {'%', hex[u >> 4], hex[u & 15]};
        buf_append(out, escape, 3);
    }
}

/*
 * Leading and trailing C0 controls and spaces go, tabs and newlines anywhere too, and so does the fragment.  ${out} is used only
 * when something inside goes.
 */
static struct slice clean(struct slice s, struct buf *out) {
    while (s.len && (unsigned char)s.ptr[0] <= 0x20) s = slice_sub(s, 1, s.len);
    while (s.len && (unsigned char)s.ptr[s.len - 1] <= 0x20) s.len--;
    s = slice_sub(s, 0, slice_find_char(s, '#'));
    size_t i = 0;
    while (i < s.len && s.ptr[i] != '\t' && s.ptr[i] != '\n' && s.ptr[i] != '\r') i++;
    if (i == s.len) return s;
    for (i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\t' && s.ptr[i] != '\n' && s.ptr[i] != '\r') buf_char(out, s.ptr[i]);
    }
    return buf_view(out);
}

/* The scheme at the front of ${s}, without its colon; empty when there is none. */
static struct slice scheme_of(struct slice s) {
    if (s.len == 0 || !ascii_is_alpha(s.ptr[0])) return slice_of(s.ptr, 0);
    size_t i = 1;
    while (i < s.len && (ascii_is_alnum(s.ptr[i]) || s.ptr[i] == '+' || s.ptr[i] == '-' || s.ptr[i] == '.')) i++;
    return i < s.len && s.ptr[i] == ':' ? slice_of(s.ptr, i) : slice_of(s.ptr, 0);
}

static enum status parse_port(struct slice digits, const struct parsed *p, struct buf *out, struct buf *err) {
    if (digits.len == 0) return ST_OK;
    unsigned port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_is_digit(digits.ptr[i])) return fail(err, ST_SKIP, "bad port");
        port = port * 10 + (unsigned)(digits.ptr[i] - '0');
        if (port > 65535) return fail(err, ST_SKIP, "port over 65535");
    }
    if (port != (p->scheme.len == 5 ? 443u : 80u)) buf_printf(out, ":%u", port);
    return ST_OK;
}

static void parse_userinfo(struct slice info, struct buf *out) {
    size_t colon = slice_find_char(info, ':');
    struct slice user = slice_sub(info, 0, colon);
    struct slice password = colon == SIZE_MAX ? slice_of("", 0) : slice_sub(info, colon + 1, info.len);
    if (user.len == 0 && password.len == 0) return;
    encode(user, SET_USERINFO, out);
    if (password.len) {
        buf_char(out, ':');
        encode(password, SET_USERINFO, out);
    }
    buf_char(out, '@');
}

/* The authority states: user information up to the last '@', host, port.  *${rest} moves to the path. */
static enum status parse_authority(struct parsed *p, struct slice *rest, struct buf *err) {
    while (rest->len && is_slash(rest->ptr[0])) *rest = slice_sub(*rest, 1, rest->len);
    size_t end = 0, at = SIZE_MAX;
    for (; end < rest->len && !is_slash(rest->ptr[end]) && rest->ptr[end] != '?'; end++) {
        if (rest->ptr[end] == '@') at = end;
    }
    struct slice host = slice_sub(*rest, at == SIZE_MAX ? 0 : at + 1, end), port = {"", 0};
    if (at != SIZE_MAX) parse_userinfo(slice_sub(*rest, 0, at), &p->authority);
    *rest = slice_sub(*rest, end, rest->len);
    bool bracket = false;
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '[') bracket = true;
        if (host.ptr[i] == ']') bracket = false;
        if (host.ptr[i] == ':' && !bracket) {
            port = slice_sub(host, i + 1, host.len);
            host = slice_sub(host, 0, i);
        }
    }
    if (host.len == 0) return fail(err, ST_SKIP, "no host");
    enum status st = url_host(host, &p->authority, err);
    return st == ST_OK ? parse_port(port, p, &p->authority, err) : st;
}

/* How many dots ${segment} stands for, "%2e" included: 1, 2, or 0 when it is an ordinary one. */
static unsigned dots_of(struct slice segment) {
    unsigned dots = 0;
    for (size_t i = 0; i < segment.len; dots++) {
        if (segment.ptr[i] == '.') {
            i++;
        } else if (slice_starts_nocase(slice_sub(segment, i, segment.len), slice_str("%2e"))) {
            i += 3;
        } else {
            return 0;
        }
        if (dots == 2) return 0;
    }
    return dots;
}

static void shorten(struct buf *path) {
    size_t len = path->len;
    while (len > 0 && path->data[len - 1] != '/') len--;
    buf_truncate(path, len ? len - 1 : 0);
}

/* The path state: segments of ${s} on top of what p->path holds. */
static void parse_path(struct parsed *p, struct slice s) {
    if (s.len && is_slash(s.ptr[0])) s = slice_sub(s, 1, s.len);
    for (size_t from = 0;;) {
        size_t to = from;
        while (to < s.len && !is_slash(s.ptr[to])) to++;
        bool last = to == s.len;
        struct slice segment = slice_sub(s, from, to);
        unsigned dots = dots_of(segment);
        if (dots == 2) shorten(&p->path);
        if (dots == 0 || last) buf_char(&p->path, '/');
        if (dots == 0) encode(segment, SET_PATH, &p->path);
        if (last) return;
        from = to + 1;
    }
}

static void parse_path_and_query(struct parsed *p, struct slice rest) {
    size_t mark = slice_find_char(rest, '?');
    parse_path(p, slice_sub(rest, 0, mark));
    if (mark == SIZE_MAX) return;
    p->has_query = true;
    encode(slice_sub(rest, mark + 1, rest.len), SET_QUERY, &p->query);
}

/* A base that was made here: scheme://authority/path?query, already serialised. */
static enum status base_parts(struct slice base, struct slice *scheme, struct slice *authority, struct slice *path,
                              struct slice *query) {
    *scheme = scheme_of(base);
    if (!slice_eq_str(*scheme, "http") && !slice_eq_str(*scheme, "https")) return ST_SKIP;
    struct slice rest = slice_sub(base, scheme->len, base.len);
    if (!slice_starts(rest, slice_str("://"))) return ST_SKIP;
    rest = slice_sub(rest, 3, rest.len);
    size_t slash = slice_find_char(rest, '/');
    if (slash == SIZE_MAX) return ST_SKIP;
    *authority = slice_sub(rest, 0, slash);
    rest = slice_sub(rest, slash, rest.len);
    size_t mark = slice_find_char(rest, '?');
    *path = slice_sub(rest, 0, mark);
    *query = mark == SIZE_MAX ? slice_of(NULL, 0) : slice_sub(rest, mark + 1, rest.len);
    return ST_OK;
}

/* The relative state. */
static enum status parse_relative(struct parsed *p, struct slice rest, struct slice base, struct buf *err) {
    struct slice authority, path, query;
    if (base_parts(base, &p->scheme, &authority, &path, &query) != ST_OK)
        return fail(err, ST_SKIP, "the base is not a canonical URL");
    if (rest.len >= 2 && is_slash(rest.ptr[0]) && is_slash(rest.ptr[1])) {
        enum status st = parse_authority(p, &rest, err);
        if (st == ST_OK) parse_path_and_query(p, rest);
        return st;
    }
    buf_slice(&p->authority, authority);
    if (rest.len && is_slash(rest.ptr[0])) {
        parse_path_and_query(p, rest);
        return ST_OK;
    }
    buf_slice(&p->path, path);
    if (rest.len == 0) {
        p->has_query = query.ptr != NULL;
        buf_slice(&p->query, query);
    } else if (rest.ptr[0] == '?') {
        p->has_query = true;
        encode(slice_sub(rest, 1, rest.len), SET_QUERY, &p->query);
    } else {
        shorten(&p->path);
        parse_path_and_query(p, rest);
    }
    return ST_OK;
}

static enum status parse(struct parsed *p, struct slice input, struct slice base, struct buf *err) {
    struct slice scheme = scheme_of(input);
    if (scheme.len == 0) {
        if (base.len == 0) return fail(err, ST_SKIP, "a relative URL without a base");
        return parse_relative(p, input, base, err);
    }
    bool https = slice_eq_nocase(scheme, slice_str("https"));
    if (!https && !slice_eq_nocase(scheme, slice_str("http"))) return fail(err, ST_SKIP, "not http or https");
    p->scheme = slice_str(https ? "https" : "http");
    struct slice rest = slice_sub(input, scheme.len + 1, input.len);
    bool authority = rest.len >= 2 && rest.ptr[0] == '/' && rest.ptr[1] == '/';
    if (!authority && slice_eq(scheme_of(base), p->scheme)) return parse_relative(p, rest, base, err);
    enum status st = parse_authority(p, &rest, err);
    if (st == ST_OK) parse_path_and_query(p, rest);
    return st;
}

static int hex_value(char c) {
    if (ascii_is_digit(c)) return c - '0';
    char l = ascii_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool unreserved(char c) { return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

/*
 * RFC 3986 6.2.2: unreserved characters decoded, hex digits upper case.  An escape stays when its character would complete
 * a stray '%' before it to an escape that nobody wrote: so the canonical form of a canonical URL is itself.
 */
static void normalise_escapes(struct slice s, struct buf *out) {
    size_t stray = SIZE_MAX;
    for (size_t i = 0; i < s.len;) {
        const char *next = memchr(s.ptr + i, '%', s.len - i);
        size_t at = next ? (size_t)(next - s.ptr) : s.len;
        buf_append(out, s.ptr + i, at - i);
        if (!next) return;
        bool escape = at + 2 < s.len && hex_value(s.ptr[at + 1]) >= 0 && hex_value(s.ptr[at + 2]) >= 0;
        i = at + (escape ? 3 : 1);
        if (!escape) {
            stray = out->len;
            buf_char(out, '%');
            continue;
        }
        char c = (char)(hex_value(s.ptr[at + 1]) * 16 + hex_value(s.ptr[at + 2]));
        if (unreserved(c) && (stray == SIZE_MAX || out->len - stray > 2)) {
            buf_char(out, c);
        } else {
            char upper[3] = {'%', ascii_upper(s.ptr[at + 1]), ascii_upper(s.ptr[at + 2])};
            buf_append(out, upper, 3);
        }
    }
}

/* What is left of a last segment whose parameter is gone may be dots, which mean a folder. */
static void settle_dots(struct buf *path) {
    size_t from = path->len;
    while (from > 0 && path->data[from - 1] != '/') from--;
    unsigned dots = dots_of(slice_sub(buf_view(path), from, path->len));
    if (dots == 0 || from == 0) return;
    buf_truncate(path, from - 1);
    if (dots == 2) shorten(path);
    buf_char(path, '/');
}

/* Servlet containers write the session as ";name=value" at the end of the path. */
static void strip_path_params(const struct url_options *opt, struct buf *path) {
    for (;;) {
        size_t semi = path->len;
        while (semi > 0 && path->data[semi - 1] != ';' && path->data[semi - 1] != '/') semi--;
        if (semi == 0 || path->data[semi - 1] != ';') return;
        struct slice param = slice_sub(buf_view(path), semi, path->len);
        size_t eq = slice_find_char(param, '=');
        if (eq == SIZE_MAX || !url_param_stripped(opt, slice_sub(param, 0, eq), slice_sub(param, eq + 1, param.len))) return;
        buf_truncate(path, semi - 1);
        settle_dots(path);
    }
}

/* Append "?" and what is left of ${query}, or nothing. */
static void write_query(const struct url_options *opt, struct slice query, struct buf *out) {
    char lead = '?';
    size_t start = out->len;
    struct slice rest = query, param;
    if (query.len == 0) return;
    while (slice_cut(&rest, '&', &param)) {
        size_t eq = slice_find_char(param, '=');
        struct slice value = eq == SIZE_MAX ? slice_of("", 0) : slice_sub(param, eq + 1, param.len);
        if (param.len && url_param_stripped(opt, slice_sub(param, 0, eq), value)) continue;
        buf_char(out, lead);
        buf_slice(out, param);
        lead = '&';
    }
    /* Parameters gone, "?" alone may be left: an empty query, which is dropped. */
    if (out->len == start + 1) buf_truncate(out, start);
}

static void serialise(const struct parsed *p, const struct url_options *opt, struct buf *part, struct buf *out) {
    buf_slice(out, p->scheme);
    buf_str(out, "://");
    buf_slice(out, buf_view(&p->authority));
    normalise_escapes(buf_view(&p->path), part);
    strip_path_params(opt, part);
    buf_slice(out, buf_view(part));
    if (!buf_ok(part)) out->failed = true;
    buf_clear(part);
    if (!p->has_query) return;
    normalise_escapes(buf_view(&p->query), part);
    write_query(opt, buf_view(part), out);
    if (!buf_ok(part)) out->failed = true;
}

enum status url_canonical(struct slice input, struct slice base, const struct url_options *opt, struct buf *out, struct buf *err) {
    if (input.len > LIMIT_URL_INPUT) return fail(err, ST_SKIP, "URL longer than %zu bytes", (size_t)LIMIT_URL_INPUT);
    struct parsed p = {.has_query = false};
    struct buf cleaned, valid, part, result;
    buf_init(&cleaned, LIMIT_URL_INPUT);
    buf_init(&valid, 4 * LIMIT_URL_INPUT);
    buf_init(&part, 16 * LIMIT_URL_INPUT);
    buf_init(&result, 32 * LIMIT_URL_INPUT);
    buf_init(&p.authority, 4 * LIMIT_URL_INPUT);
    buf_init(&p.path, 16 * LIMIT_URL_INPUT);
    buf_init(&p.query, 16 * LIMIT_URL_INPUT);
    struct slice text = clean(input, &cleaned);
    if (!utf8_valid(text)) {
        utf8_repair(&valid, text);
        text = buf_view(&valid);
    }
    enum status st = parse(&p, text, base, err);
    if (st == ST_OK) {
        serialise(&p, opt, &part, &result);
        bool fits =
            buf_ok(&result) && buf_ok(&cleaned) && buf_ok(&valid) && buf_ok(&p.authority) && buf_ok(&p.path) && buf_ok(&p.query);
        if (!fits || result.len > LIMIT_URL) st = fail(err, ST_SKIP, "URL longer than %zu bytes", (size_t)LIMIT_URL);
    }
    if (st == ST_OK) {
        buf_slice(out, buf_view(&result));
        if (!buf_ok(out)) st = fail(err, ST_SKIP, "no room for the URL");
    }
    buf_free(&cleaned);
    buf_free(&valid);
    buf_free(&part);
    buf_free(&result);
    buf_free(&p.authority);
    buf_free(&p.path);
    buf_free(&p.query);
    return st;
}

bool url_split(struct slice url, struct url_parts *parts) {
    struct slice authority, path, query, scheme;
    if (base_parts(url, &scheme, &authority, &path, &query) != ST_OK) return false;
    if (authority.len == 0 || memchr(authority.ptr, '@', authority.len) || memchr(url.ptr, '#', url.len)) return false;
    parts->scheme = scheme;
    parts->port = scheme.len == 5 ? 443 : 80;
    parts->host = authority;
    size_t colon = authority.len;
    while (colon > 0 && ascii_is_digit(authority.ptr[colon - 1])) colon--;
    if (colon > 0 && authority.ptr[colon - 1] == ':') {
        uint64_t port;
        if (!slice_parse_u64(slice_sub(authority, colon, authority.len), &port) || port > 65535) return false;
        parts->port = (unsigned)port;
        parts->host = slice_sub(authority, 0, colon - 1);
    }
    parts->origin = slice_of(url.ptr, (size_t)(authority.ptr + authority.len - url.ptr));
    parts->path = path;
    parts->query = query;
    parts->target = slice_of(path.ptr, (size_t)(url.ptr + url.len - path.ptr));
    return parts->host.len > 0;
}
