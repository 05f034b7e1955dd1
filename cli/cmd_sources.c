#include "cli/hub.h"

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

static void list(struct buf *out, const struct hub *h, bool json) {
    if (!json) buf_printf(out, "%-28s %-8s %-16s %s\n", "SOURCE", "ACCESS", "LICENCE", "NAME");
    for (size_t i = 0; i < h->catalogue.n; i++) {
        const struct source *s = h->catalogue.items[i];
        if (json)
            print_json(out, s);
        else
            buf_printf(out, "%-28s %-8s %-16s %s\n", s->id, access_names[s->access], *s->license ? s->license : "-", s->name);
    }
}

static int run_sources(struct cli *cli, void *options, char **operands, int n) {
    (void)options;
    const char *verb = n > 0 ? operands[0] : "list";
    bool show = strcmp(verb, "show") == 0;
    if (!show && strcmp(verb, "list") != 0 && strcmp(verb, "check") != 0)
        return cli_error(EXIT_USAGE, "sources: \"%s\" is not list, check or show", verb);
    if (show != (n == 2)) return cli_error(EXIT_USAGE, "sources: show takes the id of one source, list and check take none");
    struct hub h;
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    struct buf out = {0};
    const struct source *s = show ? config_find_source(&h.catalogue, slice_str(operands[1])) : NULL;
    if (h.catalogue.n == 0) {
        code = cli_error(EXIT_NO_INPUT, "%s/sources: no source yet (copy sources/exemple.yaml.example to sources/ID.yaml)", h.dir);
    } else if (show && !s) {
        code = cli_error(EXIT_NO_INPUT, "no source \"%s\" (villers sources list shows them)", operands[1]);
    } else {
        if (s && cli->json)
            print_json(&out, s);
        else if (s)
            print_source(&out, s);
        else if (strcmp(verb, "list") == 0)
            list(&out, &h, cli->json);
        else
            buf_printf(&out, "%zu source%s, all well formed\n", h.catalogue.n, h.catalogue.n == 1 ? "" : "s");
        if (!cli_out(&out)) code = EXIT_IO;
    }
    buf_free(&out);
    hub_close(&h);
    return code;
}

const struct command cmd_sources = {
    .name = "sources",
    .group = "hub",
    .summary = "the catalogue: licence, access, limits of each source",
    .usage = "[list | check | show ID]",
    .examples = "villers sources check\nvillers sources show service-public --json\n",
    .min_operands = 0,
    .max_operands = 2,
    .run = run_sources,
};
