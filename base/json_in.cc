// The one file that knows simdjson: its DOM, seen through base/json.h, and its check of UTF-8.
#include <new>
#include <simdjson.h>

extern "C" {
#include "base/json.h"
#include "base/utf8.h"
}

namespace dom = simdjson::dom;

extern "C" bool utf8_valid(struct slice s) { return s.len == 0 || simdjson::validate_utf8(s.ptr, s.len); }

struct json_parser {
    dom::parser parser;
    dom::element root;
    explicit json_parser(size_t max_bytes) : parser(max_bytes) {}
};

// dom::element is a document pointer and a tape index, trivially copied; json_value holds one.
static_assert(sizeof(dom::element) <= sizeof(json_value), "json_value cannot hold a simdjson element");
static_assert(std::is_trivially_copyable<dom::element>::value, "simdjson elements must copy as bytes");

static json_value wrap(dom::element e) {
    json_value v = {nullptr, 0};
    memcpy(static_cast<void *>(&v), &e, sizeof e);
    return v;
}

static dom::element unwrap(json_value v) {
    dom::element e;
    memcpy(static_cast<void *>(&e), &v, sizeof e);
    return e;
}

// Numbers that fit no machine word are no reason to lose a document.
namespace {
size_t digits(const char *p, const char *end) {
    const char *q = p;
    while (q < end && *q >= '0' && *q <= '9') q++;
    return static_cast<size_t>(q - p);
}

// The length of the number at p (RFC 8259 section 6), 0 when there is none.
size_t number_len(const char *p, const char *end) {
    const char *q = p;
    if (q < end && *q == '-') q++;
    size_t n = digits(q, end);
    if (n == 0 || (n > 1 && *q == '0')) return 0;
    q += n;
    if (q < end && *q == '.') {
        n = digits(q + 1, end);
        if (n == 0) return 0;
        q += 1 + n;
    }
    if (q < end && (*q == 'e' || *q == 'E')) {
        q++;
        if (q < end && (*q == '+' || *q == '-')) q++;
        n = digits(q, end);
        if (n == 0) return 0;
        q += n;
    }
    return static_cast<size_t>(q - p);
}

// Past this an integer may be over 64 bits.
constexpr size_t SAFE_NUMBER = 18;

bool may_not_fit(const char *p, size_t n) { return n > SAFE_NUMBER || memchr(p, 'e', n) || memchr(p, 'E', n); }

// Copy text to out with the numbers that may not fit in quotes.
void quote_numbers(slice text, buf *out) {
    const char *p = text.ptr, *end = p + text.len;
    bool inside = false;
    while (p < end) {
        bool escaped = inside && *p == '\\' && p + 1 < end;
        size_t n = !inside && (*p == '-' || (*p >= '0' && *p <= '9')) ? number_len(p, end) : 0;
        bool quoted = n && may_not_fit(p, n);
        if (*p == '"') inside = !inside;
        if (n == 0) n = escaped ? 2 : 1;
        if (quoted) buf_char(out, '"');
        buf_append(out, p, n);
        if (quoted) buf_char(out, '"');
        p += n;
    }
}
} // namespace

extern "C" {

json_parser *json_parser_new(size_t max_bytes) { return new (std::nothrow) json_parser(max_bytes); }

void json_parser_free(json_parser *p) { delete p; }

enum status json_parse(json_parser *p, slice text, json_value *root, buf *err) {
    if (text.len == 0) return fail(err, ST_SKIP, "not JSON: empty");
    auto code = p->parser.parse(text.ptr, text.len, true).get(p->root);
    if (code == simdjson::NUMBER_ERROR) {
        struct buf quoted;
        buf_init(&quoted, 2 * text.len + 3);
        quote_numbers(text, &quoted);
        code = buf_ok(&quoted) ? p->parser.parse(quoted.data, quoted.len, true).get(p->root) : simdjson::MEMALLOC;
        buf_free(&quoted);
    }
    if (code == simdjson::MEMALLOC) return fail(err, ST_RETRY, "out of memory reading JSON");
    if (code) return fail(err, ST_SKIP, "not JSON: %s", simdjson::error_message(code));
    *root = wrap(p->root);
    return ST_OK;
}

enum json_type json_typeof(json_value v) {
    switch (unwrap(v).type()) {
    case dom::element_type::ARRAY: return JSON_ARRAY;
    case dom::element_type::OBJECT: return JSON_OBJECT;
    case dom::element_type::STRING: return JSON_STRING;
    case dom::element_type::BOOL: return JSON_BOOL;
    case dom::element_type::NULL_VALUE: return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

bool json_get(json_value v, const char *key, json_value *out) {
    dom::object o;
    dom::element e;
    if (unwrap(v).get(o) || o.at_key(key).get(e)) return false;
    *out = wrap(e);
    return true;
}

bool json_as_string(json_value v, slice *out) {
    std::string_view s;
    if (unwrap(v).get(s)) return false;
    *out = slice_of(s.data(), s.size());
    return true;
}

bool json_as_int(json_value v, int64_t *out) { return !unwrap(v).get(*out); }

bool json_as_float(json_value v, double *out) { return !unwrap(v).get(*out); }

bool json_as_bool(json_value v, bool *out) { return !unwrap(v).get(*out); }

struct slice json_get_string(json_value v, const char *key) {
    json_value member;
    struct slice s = slice_of("", 0);
    if (json_get(v, key, &member)) json_as_string(member, &s);
    return s;
}
}

// simdjson's iterators are a document pointer and an index too; they are rebuilt at each step from the value they stand on.
namespace {
template <class T> json_iter begin_of(T range, bool object) {
    json_iter it = {{nullptr, 0}, 0, object};
    auto begin = range.begin();
    auto end = range.end();
    json_value last = {nullptr, 0};
    static_assert(sizeof begin <= sizeof(json_value) && std::is_trivially_copyable<decltype(begin)>::value,
                  "iterator does not fit");
    memcpy(static_cast<void *>(&it.at), &begin, sizeof begin);
    memcpy(static_cast<void *>(&last), &end, sizeof end);
    it.end = last.index;
    return it;
}
template <class I> I here(const json_iter *it, I any) {
    memcpy(static_cast<void *>(&any), &it->at, sizeof any);
    return any;
}
} // namespace

extern "C" {

struct json_iter json_walk(json_value v) {
    dom::array a;
    dom::object o;
    if (!unwrap(v).get(a)) return begin_of(a, false);
    if (!unwrap(v).get(o)) return begin_of(o, true);
    return {{nullptr, 0}, 0, false};
}

bool json_next(struct json_iter *it, slice *key, json_value *val) {
    if (it->at.index == it->end) return false;
    if (it->object) {
        auto at = here(it, dom::object().begin());
        std::string_view k = at.key();
        if (key) *key = slice_of(k.data(), k.size());
        *val = wrap(at.value());
        ++at;
        memcpy(static_cast<void *>(&it->at), &at, sizeof at);
    } else {
        auto at = here(it, dom::array().begin());
        if (key) *key = slice_of("", 0);
        *val = wrap(*at);
        ++at;
        memcpy(static_cast<void *>(&it->at), &at, sizeof at);
    }
    return true;
}
}
