#include "base/clock.h"
#include "base/file.h"
#include "cli/embedded.h"
#include "cli/hub.h"
#include <stdio.h>

static const char *const access_names[] = {
    [ACCESS_CRAWL] = "crawl", [ACCESS_DUMP] = "dump", [ACCESS_OAI] = "oai", [ACCESS_BLOCKED] = "blocked"};
static const char *const scope_names[] = {[SCOPE_HOST] = "host", [SCOPE_DOMAIN] = "domain", [SCOPE_PREFIX] = "prefix"};

static void json_list(struct json_out *j, const char *key, const struct string_list *l) {
    json_key(j, key);
    json_array(j);
    for (unsigned i = 0; i < l->n; i++) json_cstring(j, l->items[i]);
    json_array_end(j);
}

static void print_json(struct buf *out, const struct source *s) {
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "id", slice_str(s->id));
    json_kv_str(&j, "name", slice_str(s->name));
    json_kv_str(&j, "access", slice_str(access_names[s->access]));
    json_kv_str(&j, "license", slice_str(s->license));
    json_kv_str(&j, "license_evidence", slice_str(s->license_evidence));
    json_kv_str(&j, "license_date", slice_str(s->license_date));
    json_kv_str(&j, "attribution", slice_str(s->attribution));
    json_kv_bool(&j, "official", s->official);
    json_kv_str(&j, "scope", slice_str(scope_names[s->scope]));
    json_list(&j, "seeds", &s->seeds);
    json_list(&j, "include", &s->include);
    json_list(&j, "exclude", &s->exclude);
    json_kv_int(&j, "delay_ms", s->delay_ms);
    json_kv_int(&j, "max_pages", s->max_pages);
    json_kv_int(&j, "max_bytes", s->max_bytes);
    json_kv_int(&j, "max_depth", s->max_depth);
    json_object_end(&j);
    buf_char(out, '\n');
}

static void print_source(struct buf *out, const struct source *s) {
    buf_printf(out, "%s: %s\n  access      %s, scope %s, at least %lld ms between requests\n", s->id, s->name,
               access_names[s->access], scope_names[s->scope], (long long)s->delay_ms);
    buf_printf(out, "  licence     %s, by %s%s%s\n", *s->license ? s->license : "none",
               *s->license_evidence ? s->license_evidence : "no evidence", *s->license_date ? ", read on " : "", s->license_date);
    buf_printf(out, "  attribution %s\n", *s->attribution ? s->attribution : "none asked for");
    for (unsigned i = 0; i < s->seeds.n; i++) buf_printf(out, "  seed        %s\n", s->seeds.items[i]);
}

/* ---- how fresh ---- */

struct freshness {
    char upstream[11], ingested[21]; /* "" when it was never brought in */
    int64_t gap_days;                /* since the newest dump was made; -1 */
    bool stale;
};

/* The manifest's stamp "ingested:ID" is "UPSTREAM-DAY INGESTED-ON". */
static struct freshness freshness_of(const struct hub *h, const struct source *s) {
    struct freshness f = {.gap_days = -1};
    struct buf key = {.max = 256}, value = {.max = 256};
    int y, m, d;
    buf_printf(&key, "ingested:%s", s->id);
    if (h->manifest && manifest_read_stamp(h->manifest, buf_cstr(&key), &value, NULL) == ST_OK && value.len > 11 &&
        sscanf(buf_cstr(&value), "%4d-%2d-%2d", &y, &m, &d) == 3 && clock_civil_valid(y, m, d)) {
        snprintf(f.upstream, sizeof f.upstream, "%.10s", buf_cstr(&value));
        snprintf(f.ingested, sizeof f.ingested, "%.20s", buf_cstr(&value) + 11);
        f.gap_days = (clock_wall_ms() - clock_from_civil(y, m, d, 0, 0, 0)) / 86400000;
        if (f.gap_days < 0) f.gap_days = 0;
        f.stale = s->fresh_days > 0 && f.gap_days > s->fresh_days;
    }
    buf_free(&key);
    buf_free(&value);
    return f;
}

static void json_source(struct buf *out, const struct hub *h, const struct source *s) {
    struct freshness f = freshness_of(h, s);
    size_t end;
    print_json(out, s);
    end = out->len - 2; /* before "}" and the newline */
    buf_truncate(out, end);
    buf_printf(out, ",\"fresh_days\":%lld,\"upstream_date\":\"%s\",\"ingested\":\"%s\",\"gap_days\":%lld,\"stale\":%s}\n",
               (long long)s->fresh_days, f.upstream, f.ingested, (long long)f.gap_days, f.stale ? "true" : "false");
}

/* How many are stale. */
static size_t list(struct buf *out, const struct hub *h, bool json) {
    size_t stale = 0;
    if (!json)
        buf_printf(out, "%-22s %-8s %-20s %-11s %-11s %-10s %s\n", "SOURCE", "ACCESS", "LICENCE", "UPSTREAM", "INGESTED", "GAP",
                   "NAME");
    for (size_t i = 0; i < h->catalogue.n; i++) {
        const struct source *s = h->catalogue.items[i];
        struct freshness f = freshness_of(h, s);
        char gap[32] = "-";
        stale += f.stale;
        if (f.gap_days >= 0) snprintf(gap, sizeof gap, "%lld d%s", (long long)f.gap_days, f.stale ? " STALE" : "");
        if (json)
            json_source(out, h, s);
        else
            buf_printf(out, "%-22s %-8s %-20s %-11s %-11.10s %-10s %s\n", s->id, access_names[s->access],
                       *s->license ? s->license : "-", *f.upstream ? f.upstream : "-", *f.ingested ? f.ingested : "-", gap,
                       s->name);
    }
    return stale;
}

/* ---- the catalogue that the program carries ---- */

/* The entry of ${id}, or with an empty ${id} the list of them all into ${out}. */
static struct slice catalogue_entry(const char *id, struct buf *out) {
    struct slice rest = embedded_catalogue(), line, found = {"", 0};
    bool inside = false;
    while (slice_cut(&rest, '\n', &line)) {
        bool head = slice_starts(line, slice_str("=== "));
        struct slice name = head ? slice_sub(line, 4, line.len) : line;
        if (head && inside) return slice_of(found.ptr, (size_t)(line.ptr - found.ptr));
        if (head && out) buf_printf(out, "%.*s\n", SLICE_ARG(name));
        inside = inside || (head && slice_eq_str(name, id));
        if (head && inside) found.ptr = rest.ptr;
    }
    return inside ? slice_of(found.ptr, (size_t)(embedded_catalogue().ptr + embedded_catalogue().len - found.ptr)) : found;
}

static int add(struct cli *cli, const char *id) {
    struct hub h;
    struct buf out = {0}, path = {.max = 8192}, err = {.max = 4096};
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    struct slice text = id ? catalogue_entry(id, NULL) : catalogue_entry("", &out);
    if (!id) {
        code = cli_out(&out) ? EXIT_DONE : EXIT_IO;
    } else if (!text.len) {
        code = cli_error(EXIT_NO_INPUT, "the catalogue has no source \"%s\" (villers sources add names them all)", id);
    } else if (file_exists(hub_path(&h, &path, "sources/%s.yaml", id))) {
        code = cli_error(EXIT_CANNOT_CREATE, "%s is there already", buf_cstr(&path));
    } else if (file_write(buf_cstr(&path), text, &err) != ST_OK) {
        code = cli_error(EXIT_CANNOT_CREATE, "%s", buf_cstr(&err));
    } else if (!cli->quiet) {
        buf_printf(&out, "%s: read its terms and its traps, then run villers sources show %s\n", buf_cstr(&path), id);
        code = cli_out(&out) ? EXIT_DONE : EXIT_IO;
    }
    buf_free(&out);
    buf_free(&path);
    buf_free(&err);
    hub_close(&h);
    return code;
}

static int run_sources(struct cli *cli, void *options, char **operands, int n) {
    (void)options;
    const char *verb = n > 0 ? operands[0] : "list";
    bool show = strcmp(verb, "show") == 0;
    const enum manifest_mode mode = MANIFEST_READ;
    if (strcmp(verb, "add") == 0) return add(cli, n > 1 ? operands[1] : NULL);
    if (!show && strcmp(verb, "list") != 0 && strcmp(verb, "check") != 0)
        return cli_error(EXIT_USAGE, "sources: \"%s\" is not list, check, show or add", verb);
    if (show != (n == 2)) return cli_error(EXIT_USAGE, "sources: show takes the id of one source, list and check take none");
    struct hub h;
    size_t stale = 0;
    int code = hub_open(cli, strcmp(verb, "check") == 0 ? NULL : &mode, &h);
    if (code) return code;
    struct buf out = {0};
    const struct source *s = show ? config_find_source(&h.catalogue, slice_str(operands[1])) : NULL;
    if (h.catalogue.n == 0) {
        code = cli_error(
            EXIT_NO_INPUT,
            "%s/sources: no source yet (villers sources add names those of the catalogue; or copy sources/exemple.yaml.example to sources/ID.yaml)",
            h.dir);
    } else if (show && !s) {
        code = cli_error(EXIT_NO_INPUT, "no source \"%s\" (villers sources list shows them)", operands[1]);
    } else {
        if (s && cli->json)
            json_source(&out, &h, s);
        else if (s)
            print_source(&out, s);
        else if (strcmp(verb, "list") == 0)
            stale = list(&out, &h, cli->json);
        else
            buf_printf(&out, "%zu source%s, all well formed\n", h.catalogue.n, h.catalogue.n == 1 ? "" : "s");
        if (!cli_out(&out)) code = EXIT_IO;
    }
    if (code == EXIT_DONE && stale)
        code = cli_error(EXIT_TRY_AGAIN, "%zu source%s older than expected: fetch and ingest the newest dump", stale,
                         stale == 1 ? " is" : "s are");
    buf_free(&out);
    hub_close(&h);
    return code;
}

const struct command cmd_sources = {
    .name = "sources",
    .group = "hub",
    .summary = "the catalogue: licence, access, freshness of each source; add one that Villers knows",
    .usage = "[list | check | show ID | add [ID]]",
    .examples = "villers sources add dila-legi\nvillers sources check\nvillers sources show service-public --json\n",
    .min_operands = 0,
    .max_operands = 2,
    .run = run_sources,
};
