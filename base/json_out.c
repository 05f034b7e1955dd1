#include "base/json.h"
#include "base/utf8.h"
#include <math.h>
#include <stdio.h>

#define MAX_DEPTH 32

void json_out_init(struct json_out *j, struct buf *b) { *j = (struct json_out){.b = b}; }

/* The comma that the next value or key wants. */
static void separate(struct json_out *j) {
    uint32_t bit = 1u << (j->depth < MAX_DEPTH ? j->depth : MAX_DEPTH - 1);
    if (j->depth && (j->begun & bit)) buf_char(j->b, ',');
    j->begun |= bit;
}

static void open_level(struct json_out *j, char c) {
    separate(j);
    buf_char(j->b, c);
    if (++j->depth >= MAX_DEPTH)
        j->b->failed = true;
    else
        j->begun &= ~(1u << j->depth);
}

static void close_level(struct json_out *j, char c) {
    if (j->depth) j->depth--;
    buf_char(j->b, c);
}

void json_object(struct json_out *j) { open_level(j, '{'); }
void json_object_end(struct json_out *j) { close_level(j, '}'); }
void json_array(struct json_out *j) { open_level(j, '['); }
void json_array_end(struct json_out *j) { close_level(j, ']'); }

/* Bytes that may stand in a string as they are: all but controls, quote, backslash and, so that bad UTF-8 is seen, none above. */
static void escape_char(struct buf *b, char c) {
    switch (c) {
    case '"': buf_str(b, "\\\""); break;
    case '\\': buf_str(b, "\\\\"); break;
    case '\n': buf_str(b, "\\n"); break;
    case '\r': buf_str(b, "\\r"); break;
    case '\t': buf_str(b, "\\t"); break;
    default: {
        static const char hex[] = "0123456789abcdef";
        const char escape[] = {'\\', 'u', '0', '0', hex[(unsigned char)c >> 4], hex[c & 0xF]};
        buf_append(b, escape, sizeof escape);
    }
    }
}

/* Whether one of eight bytes is a control, a quote, a backslash or DEL: exact as a whole, whichever byte it is (Mycroft's zero-byte test). */
static bool any_special(uint64_t w) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\', del = w ^ ones * 0x7F;
    return (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((del - ones) & ~del)) & highs;
}

static void escape_valid(struct buf *b, struct slice s) {
    size_t from = 0;
    uint64_t word;
    for (size_t i = 0; i < s.len; i++) {
        for (; i + 8 <= s.len; i += 8) {
            memcpy(&word, s.ptr + i, 8);
            if (any_special(word)) break;
        }
        if (i == s.len) break;
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        buf_append(b, s.ptr + from, i - from);
        escape_char(b, s.ptr[i]);
        from = i + 1;
    }
    buf_append(b, s.ptr + from, s.len - from);
}

static void quoted(struct buf *b, struct slice s) {
    buf_char(b, '"');
    while (s.len) {
        size_t good = utf8_valid_prefix(s);
        escape_valid(b, slice_sub(s, 0, good));
        if (good == s.len) break;
        size_t at = good;
        utf8_encode(b, utf8_decode(s, &at));
        s = slice_sub(s, at, s.len);
    }
    buf_char(b, '"');
}

void json_key_slice(struct json_out *j, struct slice key) {
    separate(j);
    quoted(j->b, key);
    buf_char(j->b, ':');
    /* The value that follows is the same member: it takes no comma of its own. */
    j->begun &= ~(1u << j->depth);
}

void json_key(struct json_out *j, const char *key) { json_key_slice(j, slice_str(key)); }

void json_string(struct json_out *j, struct slice s) {
    separate(j);
    quoted(j->b, s);
}

void json_cstring(struct json_out *j, const char *s) { json_string(j, slice_str(s)); }

void json_int(struct json_out *j, int64_t v) {
    separate(j);
    buf_printf(j->b, "%lld", (long long)v);
}

void json_float(struct json_out *j, double v, int decimals) {
    separate(j);
    char text[400];
    if (!isfinite(v)) v = 0;
    snprintf(text, sizeof text, "%.*f", decimals < 1 ? 1 : decimals, v);
    /* printf takes the locale's decimal separator; JSON knows the point alone. */
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (text[i] == ',') text[i] = '.';
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.') n--;
    buf_append(j->b, text, n);
}

void json_bool(struct json_out *j, bool v) {
    separate(j);
    buf_str(j->b, v ? "true" : "false");
}

void json_null(struct json_out *j) {
    separate(j);
    buf_str(j->b, "null");
}

void json_raw(struct json_out *j, struct slice s) {
    separate(j);
    buf_slice(j->b, s);
}

void json_kv_str(struct json_out *j, const char *key, struct slice v) {
    json_key(j, key);
    json_string(j, v);
}

void json_kv_int(struct json_out *j, const char *key, int64_t v) {
    json_key(j, key);
    json_int(j, v);
}

void json_kv_float(struct json_out *j, const char *key, double v, int decimals) {
    json_key(j, key);
    json_float(j, v, decimals);
}

void json_kv_bool(struct json_out *j, const char *key, bool v) {
    json_key(j, key);
    json_bool(j, v);
}
