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
    if (e != CYAML_OK)
        st = fail(err, ST_FATAL, "%s:%u: %s", path, c.line ? c.line : 1, c.what.len ? buf_cstr(&c.what) : cyaml_strerror(e));
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
    unsigned line = 0, found = 1;
    if (file_read(path, LIMIT_CONFIG - 1, &text, NULL) == ST_OK) {
        struct slice rest = buf_view(&text), one;
        while (found == 1 && slice_cut(&rest, '\n', &one)) {
            line++;
            if (slice_starts(one, slice_str(key)) && one.len > strlen(key) && one.ptr[strlen(key)] == ':') found = line;
        }
    }
    buf_free(&text);
    return found;
}
