#include "store/verify_shard.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum frame_state { FRAME_HEAD, FRAME_BODY, FRAME_ENDED, FRAME_BROKEN };

struct verify_shard {
    ZSTD_DCtx *zstd;
    struct json_parser *json;
    char *plain; /* decompressed bytes, owned */
    size_t plain_cap;
    struct buf head;     /* the frame's first bytes, until the header can be judged */
    struct buf line;     /* a line whose end has not come yet */
    struct buf keys;     /* of the first line */
    struct buf got_keys; /* of the line being checked */
    struct buf ids;      /* struct verify_id after one another */
    enum frame_state state;
    uint64_t lines;
    struct verify_counts counts;
    verify_finding_fn *found;
    void *ctx;
};

struct verify_shard *verify_shard_new(void) {
    struct verify_shard *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->zstd = ZSTD_createDCtx();
    v->json = json_parser_new(LIMIT_LINE);
    v->plain_cap = ZSTD_DStreamOutSize();
    v->plain = malloc(v->plain_cap);
    v->line.max = LIMIT_LINE;
    v->ids.max = LIMIT_RELEASE_META;
    if (!v->zstd || !v->json || !v->plain ||
        ZSTD_isError(ZSTD_DCtx_setParameter(v->zstd, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG))) {
        verify_shard_free(v);
        return NULL;
    }
    return v;
}

void verify_shard_free(struct verify_shard *v) {
    if (!v) return;
    ZSTD_freeDCtx(v->zstd);
    json_parser_free(v->json);
    free(v->plain);
    buf_free(&v->head);
    buf_free(&v->line);
    buf_free(&v->keys);
    buf_free(&v->got_keys);
    buf_free(&v->ids);
    free(v);
}

void verify_shard_begin(struct verify_shard *v, verify_finding_fn *found, void *ctx) {
    ZSTD_DCtx_reset(v->zstd, ZSTD_reset_session_only);
    buf_clear(&v->head);
    buf_clear(&v->line);
    buf_clear(&v->keys);
    buf_clear(&v->ids);
    v->state = FRAME_HEAD;
    v->lines = 0;
    v->counts = (struct verify_counts){0};
    v->found = found;
    v->ctx = ctx;
}

struct slice verify_shard_keys(const struct verify_shard *v) {
    return buf_view(&v->keys);
}

const struct verify_id *verify_shard_ids(const struct verify_shard *v, size_t *n) {
    *n = v->ids.len / sizeof(struct verify_id);
    return (const struct verify_id *)(const void *)v->ids.data;
}

static void break_frame(struct verify_shard *v, const char *what) {
    v->found(v->ctx, 0, what);
    v->state = FRAME_BROKEN;
}

static void bad_line(struct verify_shard *v, const char *what) {
    v->counts.bad_lines++;
    if (v->counts.bad_lines <= VERIFY_LINES_SHOWN) v->found(v->ctx, v->lines, what);
}

/* "key:type" of each member, in order. */
static void describe(struct json_value root, struct buf *out) {
    static const char *const type[] = {"null", "boolean", "number", "string", "array", "object"};
    struct json_iter it = json_walk(root);
    struct json_value value;
    struct slice key;
    buf_clear(out);
    while (json_next(&it, &key, &value)) {
        buf_slice(out, key);
        buf_printf(out, ":%s,", type[json_typeof(value)]);
    }
}

static void count_document(struct verify_shard *v, struct json_value root) {
    struct json_value value;
    int64_t words = 0;
    struct verify_id id = {.id = hash128(json_get_string(root, "id")), .line = v->lines};
    buf_append(&v->ids, &id, sizeof id);
    v->counts.documents++;
    v->counts.text_bytes += json_get_string(root, "text").len;
    if (json_get(root, "words", &value) && json_as_int(value, &words) && words > 0) v->counts.words += (uint64_t)words;
}

static void check_line(struct verify_shard *v, struct slice line) {
    struct json_value root;
    struct buf err = {.max = LIMIT_ERR};
    v->lines++;
    if (!utf8_valid(line))
        bad_line(v, "not UTF-8");
    else if (json_parse(v->json, line, &root, &err) != ST_OK)
        bad_line(v, buf_cstr(&err));
    else if (json_typeof(root) != JSON_OBJECT)
        bad_line(v, "not a JSON object");
    else {
        describe(root, &v->got_keys);
        if (v->keys.len == 0) buf_slice(&v->keys, buf_view(&v->got_keys));
        if (!slice_eq(buf_view(&v->keys), buf_view(&v->got_keys)))
            bad_line(v, "not the keys and types of the first line");
        else if (json_get_string(root, "id").len == 0 || json_get_string(root, "text").len == 0)
            bad_line(v, "no id or no text");
        else if (json_get_string(root, "license").len == 0)
            bad_line(v, "no licence");
        count_document(v, root);
    }
    buf_free(&err);
}

static void take_plain(struct verify_shard *v, struct slice bytes) {
    while (bytes.len) {
        size_t end = slice_find_char(bytes, '\n');
        if (end == SIZE_MAX) {
            buf_slice(&v->line, bytes);
            if (!buf_ok(&v->line)) break_frame(v, "a line over the limit");
            return;
        }
        struct slice line = slice_sub(bytes, 0, end);
        if (v->line.len) {
            buf_slice(&v->line, line);
            line = buf_view(&v->line);
        }
        check_line(v, line);
        buf_clear(&v->line);
        bytes = slice_sub(bytes, end + 1, bytes.len);
    }
}

/* RFC 8878 3.1.1.1: magic number, then the frame header descriptor. */
static void check_head(struct verify_shard *v, struct slice head) {
    const unsigned char *b = (const unsigned char *)head.ptr;
    if (memcmp(b, "\x28\xb5\x2f\xfd", 4) != 0) {
        break_frame(v, "not a zstd frame");
        return;
    }
    v->state = FRAME_BODY;
    if (!(b[4] & 4)) v->found(v->ctx, 0, "the zstd frame has no content checksum");
    if (b[4] & 3) v->found(v->ctx, 0, "the zstd frame asks for a dictionary");
}

static void inflate(struct verify_shard *v, struct slice bytes) {
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    bool more = true;
    while (v->state == FRAME_BODY && (in.pos < in.size || more)) {
        ZSTD_outBuffer out = {v->plain, v->plain_cap, 0};
        size_t left = ZSTD_decompressStream(v->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            break_frame(v, ZSTD_getErrorName(left));
            return;
        }
        take_plain(v, slice_of(v->plain, out.pos));
        more = out.pos == out.size;
        if (left == 0 && v->state == FRAME_BODY) v->state = FRAME_ENDED;
    }
    if (v->state == FRAME_ENDED && in.pos < in.size) break_frame(v, "bytes after the zstd frame: readers would lose them");
}

void verify_shard_feed(struct verify_shard *v, struct slice bytes) {
    if (bytes.len == 0 || v->state == FRAME_BROKEN) return;
    if (v->state == FRAME_HEAD) {
        buf_slice(&v->head, bytes);
        if (v->head.len < 5) return;
        check_head(v, buf_view(&v->head));
        if (v->state == FRAME_BODY) inflate(v, buf_view(&v->head));
        buf_clear(&v->head);
        return;
    }
    if (v->state == FRAME_ENDED)
        break_frame(v, "bytes after the zstd frame: readers would lose them");
    else
        inflate(v, bytes);
}

void verify_shard_end(struct verify_shard *v, struct verify_counts *counts) {
    char text[64];
    if (v->state == FRAME_HEAD || v->state == FRAME_BODY) v->found(v->ctx, 0, "the zstd frame is cut short");
    if (v->state == FRAME_ENDED && v->line.len) {
        check_line(v, buf_view(&v->line));
        bad_line(v, "the last line has no end");
    }
    if (v->counts.bad_lines > VERIFY_LINES_SHOWN) {
        snprintf(text, sizeof text, "%llu bad lines in all", (unsigned long long)v->counts.bad_lines);
        v->found(v->ctx, 0, text);
    }
    *counts = v->counts;
}
