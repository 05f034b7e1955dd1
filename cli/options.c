#include "cli/options.h"
#include <errno.h>
#include <stdlib.h>

const struct option options_common[] = {
    {"hub", 0, OPTION_STRING, offsetof(struct cli, hub), "DIR", "the hub's folder (default: this one)"},
    {"json", 0, OPTION_FLAG, offsetof(struct cli, json), NULL, "print reports as JSON"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct cli, quiet), NULL, "no progress, only errors"},
    {"verbose", 'v', OPTION_FLAG, offsetof(struct cli, verbose), NULL, "say more"},
    {0},
};

static void *field(const struct option *o, void *dest) { return (char *)dest + o->offset; }

static bool parse_int(const char *s, int64_t *out) {
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (end == s || errno) return false;
    int64_t unit = 1;
    if (*end == 'K' || *end == 'k') unit = 1024;
    if (*end == 'M' || *end == 'm') unit = 1024 * 1024;
    if (*end == 'G' || *end == 'g') unit = 1024 * 1024 * 1024;
    if (unit > 1) end++;
    return *end == 0 && !__builtin_mul_overflow((int64_t)v, unit, out);
}

static bool parse_float(const char *s, double *out) {
    char *end;
    *out = strtod(s, &end);
    return end != s && *end == 0;
}

static bool push(struct option_list *l, const char *value) {
    const char **more = realloc(l->items, (l->n + 1) * sizeof *more);
    if (!more) return false;
    l->items = more;
    l->items[l->n++] = value;
    return true;
}

static enum status store(const struct option *o, void *dest, const char *value, struct buf *err) {
    void *at = field(o, dest);
    bool ok = true;
    switch (o->kind) {
    case OPTION_FLAG: *(bool *)at = true; break;
    case OPTION_STRING: *(const char **)at = value; break;
    case OPTION_INT: ok = parse_int(value, at); break;
    case OPTION_FLOAT: ok = parse_float(value, at); break;
    case OPTION_LIST: ok = push(at, value); break;
    }
    return ok ? ST_OK
              : fail(err, ST_SKIP, "--%s takes %s, not \"%s\"", o->name, o->kind == OPTION_INT ? "a whole number" : "a number",
                     value);
}

static const struct option *find(const struct option *table, struct slice name, char letter) {
    for (const struct option *o = table; o && o->name; o++)
        if (name.len ? slice_eq_str(name, o->name) : (letter && o->letter == letter)) return o;
    return NULL;
}

struct parse {
    const struct option *table;
    void *dest;
    struct cli *common;
    int argc;
    char **argv;
};

/* One option at argv[*i]; moves *i onto its value when that is apart. */
static enum status one_option(const struct parse *p, int *i, struct buf *err) {
    const char *arg = p->argv[*i];
    bool is_long = arg[1] == '-';
    struct slice name = slice_str(is_long ? arg + 2 : "");
    const char *value = NULL;
    size_t eq = slice_find_char(name, '=');
    if (eq != SIZE_MAX) {
        value = name.ptr + eq + 1;
        name.len = eq;
    } else if (!is_long && arg[2]) {
        value = arg + 2;
    }
    const struct option *o = find(p->table, name, is_long ? 0 : arg[1]);
    void *dest = p->dest;
    if (!o) {
        o = find(options_common, name, is_long ? 0 : arg[1]);
        dest = p->common;
    }
    if (!o) return fail(err, ST_SKIP, "unknown option %s", arg);
    if (o->kind == OPTION_FLAG && value) return fail(err, ST_SKIP, "%s takes no value", arg);
    if (o->kind != OPTION_FLAG && !value) {
        if (*i + 1 >= p->argc) return fail(err, ST_SKIP, "--%s wants %s", o->name, o->arg);
        value = p->argv[++*i];
    }
    return store(o, dest, value, err);
}

enum status options_parse(const struct option *table, void *dest, struct cli *common, int argc, char **argv, char **operands,
                          int *n, struct buf *err) {
    struct parse p = {table, dest, common, argc, argv};
    *n = 0;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--") == 0) {
            while (++i < argc) operands[(*n)++] = argv[i];
            return ST_OK;
        }
        if (arg[0] != '-' || arg[1] == 0) {
            operands[(*n)++] = argv[i];
            continue;
        }
        enum status st = one_option(&p, &i, err);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

void options_release(const struct option *table, void *dest) {
    for (const struct option *o = table; o && o->name; o++)
        if (o->kind == OPTION_LIST) free(((struct option_list *)field(o, dest))->items);
}
