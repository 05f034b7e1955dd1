#include "cli/config_yaml.h"
#include "base/file.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

/* What libcyaml says of an error: its first line, then a backtrace whose innermost level comes first. */
struct complaint {
    struct buf what;
    unsigned line;
};

PRINTF_LIKE(3, 0)
static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args) {
    struct complaint *c = ctx;
    if (level < CYAML_LOG_ERROR) return;
    struct buf text = {.max = LIMIT_ERR};
    buf_vprintf(&text, fmt, args);
    struct slice s = slice_trim(buf_view(&text));
    static const char load[] = "Load: ";
    if (slice_starts(s, slice_str(load))) s = slice_sub(s, sizeof load - 1, s.len);
    size_t at = slice_find(s, slice_str("line: "));
    if (at != SIZE_MAX && c->line == 0) c->line = (unsigned)strtoul(s.ptr + at + 6, NULL, 10);
    if (c->what.len == 0) buf_slice(&c->what, s);
    buf_free(&text);
}

static cyaml_config_t config_for(struct complaint *c) {
    return (cyaml_config_t){.log_fn = on_log, .log_ctx = c, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
}

/* The key that begins line ${line} of ${text}, or the empty slice. */
static struct slice key_at(struct slice text, unsigned line) {
    struct slice one = slice_of("", 0);
    for (unsigned i = 0; i < line; i++)
        if (!slice_cut(&text, '\n', &one)) return slice_of("", 0);
    size_t colon = slice_find_char(one, ':');
    return colon == SIZE_MAX ? slice_of("", 0) : slice_trim(slice_sub(one, 0, colon));
}

/* The line of ${text} on which top-level ${key} stands, or 1. */
static unsigned line_of(struct slice text, struct slice key) {
    struct slice one;
    for (unsigned line = 1; slice_cut(&text, '\n', &one); line++)
        if (slice_starts(one, key) && one.len > key.len && one.ptr[key.len] == ':') return line;
    return 1;
}

/* libcyaml names either the key or the place, and for a key the line before it: together they make one sentence. */
static enum status complain(const char *path, struct slice text, struct complaint *c, cyaml_err_t code, struct buf *err) {
    static const char unexpected[] = "Unexpected key: ";
    struct slice what = c->what.len ? buf_view(&c->what) : slice_str(cyaml_strerror(code));
    if (slice_starts(what, slice_str(unexpected))) {
        struct slice key = slice_sub(what, sizeof unexpected - 1, what.len);
        return fail(err, ST_FATAL, "%s:%u: unknown key %.*s (the commented example lists those there are)", path,
                    line_of(text, key), SLICE_ARG(key));
    }
    struct slice key = key_at(text, c->line);
    return fail(err, ST_FATAL, "%s:%u: %.*s%s%.*s", path, c->line ? c->line : 1, SLICE_ARG(key), key.len ? ": " : "",
                SLICE_ARG(what));
}

enum status config_yaml_load(const char *path, const cyaml_schema_value_t *schema, void **out, struct buf *err) {
    struct buf text = {.max = LIMIT_CONFIG};
    struct complaint c = {.what = {.max = LIMIT_ERR}};
    *out = NULL;
    enum status st = file_read(path, LIMIT_CONFIG - 1, &text, err);
    if (st != ST_OK) {
        buf_free(&text);
        return ST_FATAL;
    }
    cyaml_config_t config = config_for(&c);
    cyaml_err_t e = cyaml_load_data((const uint8_t *)buf_cstr(&text), text.len, &config, schema, out, NULL);
    if (e != CYAML_OK) st = complain(path, buf_view(&text), &c, e, err);
    /* A file without any key is a struct without any value; libcyaml makes none, but frees this one as its own. */
    if (st == ST_OK && !*out && !(*out = calloc(1, schema->data_size))) st = fail(err, ST_RETRY, "%s: out of memory", path);
    buf_free(&c.what);
    buf_free(&text);
    return st;
}

void config_yaml_free(const cyaml_schema_value_t *schema, void *data) {
    struct complaint c = {.what = {.max = LIMIT_ERR}};
    cyaml_config_t config = config_for(&c);
    cyaml_free(&config, schema, data, 0);
    buf_free(&c.what);
}

unsigned config_yaml_line(const char *path, const char *key) {
    struct buf text = {.max = LIMIT_CONFIG};
    unsigned line = file_read(path, LIMIT_CONFIG - 1, &text, NULL) == ST_OK ? line_of(buf_view(&text), slice_str(key)) : 1;
    buf_free(&text);
    return line;
}
