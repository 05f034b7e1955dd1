#ifndef VILLERS_BASE_JSON_H
#define VILLERS_BASE_JSON_H
/*
 * JSON (RFC 8259) out and in.
 *
 * Out: a writer over a struct buf; commas and quotes are its work.  Strings must be UTF-8; bad bytes come out as
 * U+FFFD.  Errors stick in the buffer.  In: a thin view of simdjson's document, which lives until the parser's next
 * parse; json_in.cc is the one file that knows simdjson.
 */
#include "base/buf.h"

struct json_out {
    struct buf *b;
    unsigned depth; /* at most 32 */
    uint32_t begun; /* bit d: level d has a value, so the next one wants a comma */
};

/** json_out_init(j, b): write to the end of ${b}, borrowed until the last call. */
void json_out_init(struct json_out *j, struct buf *b);
void json_object(struct json_out *j);
void json_object_end(struct json_out *j);
void json_array(struct json_out *j);
void json_array_end(struct json_out *j);
/** json_key(j, key): the name of the next value; ${key} is plain ASCII of ours, or any UTF-8. */
void json_key(struct json_out *j, const char *key);
void json_key_slice(struct json_out *j, struct slice key);
void json_string(struct json_out *j, struct slice s);
void json_cstring(struct json_out *j, const char *s);
void json_int(struct json_out *j, int64_t v);
/** json_float(j, v, decimals): fixed-point, trailing zeros dropped but one ("0.5", "1.0"); not finite gives 0.0. */
void json_float(struct json_out *j, double v, int decimals);
void json_bool(struct json_out *j, bool v);
void json_null(struct json_out *j);
/** json_raw(j, s): ${s} is already JSON. */
void json_raw(struct json_out *j, struct slice s);

/* Key and value at once, for the common cases. */
void json_kv_str(struct json_out *j, const char *key, struct slice v);
void json_kv_int(struct json_out *j, const char *key, int64_t v);
void json_kv_float(struct json_out *j, const char *key, double v, int decimals);
void json_kv_bool(struct json_out *j, const char *key, bool v);

struct json_parser;
struct json_value { /* opaque; a value of the parser's current document */
    const void *doc;
    size_t index;
};
enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/** json_parser_new(max_bytes): one a worker; documents past ${max_bytes} are refused.  NULL without memory. */
struct json_parser *json_parser_new(size_t max_bytes);
void json_parser_free(struct json_parser *p);
/**
 * json_parse(p, text, root, err):
 * Parse the whole of ${text}, borrowed for this call.  On OK *${root} and all that is reached from it, strings
 * included, live until the next json_parse() on ${p}.  SKIP when it is not JSON.  O(len).  A text with a number that fits neither 64 bits
 * nor a double has its long numbers (over 18 characters, or with an exponent) as strings of the same characters.
 */
enum status json_parse(struct json_parser *p, struct slice text, struct json_value *root, struct buf *err) MUST_CHECK;
enum json_type json_typeof(struct json_value v);
/** json_get(v, key, out): the member of object ${v} named ${key}; false when absent or not an object.  O(members). */
bool json_get(struct json_value v, const char *key, struct json_value *out);
bool json_as_string(struct json_value v, struct slice *out);
bool json_as_int(struct json_value v, int64_t *out);
bool json_as_float(struct json_value v, double *out);
bool json_as_bool(struct json_value v, bool *out);
/** json_get_string(v, key): the string member, or the empty slice. */
struct slice json_get_string(struct json_value v, const char *key);

/** Walk an array or an object: `struct json_iter it = json_walk(v); while (json_next(&it, &key, &val)) …`; key may be NULL. */
struct json_iter {
    struct json_value at;
    size_t end;
    bool object;
};
struct json_iter json_walk(struct json_value v);
bool json_next(struct json_iter *it, struct slice *key, struct json_value *val);

#endif
