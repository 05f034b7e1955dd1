#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "crawler/url.h"
#include <stddef.h>

struct forget_args {
    const char *url, *host, *id, *source, *reason;
    bool lift;
};

/* What the command line names: exactly one of the four. */
struct target {
    enum removal_scope scope;
    const char *word; /* for people */
    struct buf value; /* canonical */
};

static bool id_ok(struct slice id) {
    for (size_t i = 0; i < id.len; i++)
        if (!ascii_is_digit(id.ptr[i]) && !(id.ptr[i] >= 'a' && id.ptr[i] <= 'f')) return false;
    return id.len == DOC_ID_LEN - 1;
}

static bool reason_ok(const char *reason) {
    for (const char *p = reason; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && *p != '-') return false;
    return reason[0] && strlen(reason) <= 64;
}

/* A host is taken as it stands in a canonical URL: lower case, A-labels. */
static enum status canonical_host(const char *host, struct buf *out, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT}, canonical = {.max = LIMIT_URL_INPUT};
    struct url_parts parts;
    buf_printf(&url, "https://%s/", host);
    enum status st = url_canonical(buf_view(&url), slice_of("", 0), NULL, &canonical, err);
    if (st == ST_OK && (!url_split(buf_view(&canonical), &parts) || parts.path.len != 1))
        st = fail(err, ST_SKIP, "'%s' is not a host name", host);
    if (st == ST_OK) buf_slice(out, parts.host);
    buf_free(&url);
    buf_free(&canonical);
    return st;
}

static enum status canonical_url(const struct hub *h, const char *url, struct buf *out, struct buf *err) {
    const struct string_list *strip = &h->settings->strip_params;
    struct url_options opt = {(const char *const *)strip->items, strip->n};
    return url_canonical(slice_str(url), slice_of("", 0), strip->n ? &opt : NULL, out, err);
}

static enum status read_target(const struct hub *h, const struct forget_args *a, struct target *t, struct buf *err) {
    unsigned named = (a->url != NULL) + (a->host != NULL) + (a->id != NULL) + (a->source != NULL);
    if (named != 1) return fail(err, ST_SKIP, "name one of --url, --host, --id and --source");
    if (a->url) {
        *t = (struct target){.scope = REMOVAL_URL, .word = "URL"};
        return canonical_url(h, a->url, &t->value, err);
    }
    if (a->host) {
        *t = (struct target){.scope = REMOVAL_HOST, .word = "host"};
        return canonical_host(a->host, &t->value, err);
    }
    *t = (struct target){.scope = a->id ? REMOVAL_ID : REMOVAL_SOURCE, .word = a->id ? "document" : "source"};
    if (a->id && !id_ok(slice_str(a->id))) return fail(err, ST_SKIP, "'%s' is not a document's id: 32 hex digits", a->id);
    if (a->source && !config_find_source(&h->catalogue, slice_str(a->source)))
        return fail(err, ST_SKIP, "no source '%s' in the catalogue", a->source);
    buf_str(&t->value, a->id ? a->id : a->source);
    return ST_OK;
}

static enum status change(struct hub *h, const struct forget_args *a, const struct target *t, int64_t *documents, struct buf *err) {
    struct manifest_removal r = {
        .scope = t->scope, .value = buf_view(&t->value), .reason = slice_str(a->reason), .lifted_ms = MANIFEST_NONE};
    r.asked_ms = clock_wall_ms();
    enum status st = manifest_begin(h->manifest, err);
    if (st != ST_OK) return st;
    st = a->lift ? manifest_lift(h->manifest, t->scope, r.value, r.asked_ms, documents, err)
                 : manifest_forget(h->manifest, &r, documents, err);
    if (st == ST_OK) return manifest_commit(h->manifest, err);
    manifest_rollback(h->manifest);
    return st;
}

static int report(struct cli *cli, const struct forget_args *a, const struct target *t, int64_t documents) {
    struct buf out = {0};
    struct json_out j;
    if (cli->json) {
        json_out_init(&j, &out);
        json_object(&j);
        json_kv_str(&j, "scope", slice_str(t->word));
        json_kv_str(&j, "value", buf_view(&t->value));
        json_kv_bool(&j, "lifted", a->lift);
        json_kv_int(&j, "documents", documents);
        json_object_end(&j);
        buf_char(&out, '\n');
    } else if (a->lift)
        buf_printf(&out, "%s %s: the removal is lifted; %lld document%s may be published again\n", t->word, buf_cstr(&t->value),
                   (long long)documents, documents == 1 ? "" : "s");
    else
        buf_printf(&out, "%s %s: %lld document%s taken out: gone from the next version, and what comes later is refused\n", t->word,
                   buf_cstr(&t->value), (long long)documents, documents == 1 ? "" : "s");
    bool written = cli_out(&out);
    buf_free(&out);
    return written ? EXIT_DONE : EXIT_IO;
}

static int forget(struct cli *cli, struct hub *h, const struct forget_args *a) {
    struct buf err = {.max = LIMIT_ERR};
    struct target t = {0};
    int64_t documents = 0;
    int code;
    enum status st = read_target(h, a, &t, &err);
    if (st != ST_OK)
        code = cli_error(EXIT_USAGE, "forget: %s", buf_cstr(&err));
    else if ((st = change(h, a, &t, &documents, &err)) != ST_OK) {
        if (st == ST_SKIP && a->lift)
            code = cli_error(EXIT_NO_INPUT, "forget: no removal of %s %s is in force", t.word, buf_cstr(&t.value));
        else
            code = cli_fail(st, &err);
    } else
        code = report(cli, a, &t, documents);
    buf_free(&t.value);
    buf_free(&err);
    return code;
}

static int run_forget(struct cli *cli, void *options, char **operands, int n) {
    const struct forget_args *a = options;
    const enum manifest_mode mode = MANIFEST_WRITE;
    struct hub h;
    (void)operands, (void)n;
    if (!a->lift && (!a->reason || !reason_ok(a->reason)))
        return cli_error(EXIT_USAGE, "forget: --reason is a code of letters and hyphens, as gdpr-erasure, rights-holder, opt-out");
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    code = forget(cli, &h, a);
    hub_close(&h);
    return code;
}

static const struct option forget_options[] = {
    {"url", 0, OPTION_STRING, offsetof(struct forget_args, url), "U", "the document at this address, under any source"},
    {"host", 0, OPTION_STRING, offsetof(struct forget_args, host), "H", "every document of this host"},
    {"id", 0, OPTION_STRING, offsetof(struct forget_args, id), "I", "this document"},
    {"source", 0, OPTION_STRING, offsetof(struct forget_args, source), "S", "every document of this source"},
    {"reason", 'r', OPTION_STRING, offsetof(struct forget_args, reason), "CODE",
     "why, published with the id: gdpr-erasure, rights-holder, opt-out…"},
    {"lift", 0, OPTION_FLAG, offsetof(struct forget_args, lift), NULL, "end such a removal"},
    {0},
};

const struct command cmd_forget = {
    .name = "forget",
    .group = "release",
    .summary = "take documents out: a tombstone now, gone from the next version, never back without --lift",
    .usage = "(--url U | --host H | --id I | --source S) --reason CODE",
    .examples = "villers forget --url https://example.org/page --reason gdpr-erasure\nvillers forget --host example.org --lift\n",
    .options = forget_options,
    .options_size = sizeof(struct forget_args),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_forget,
};
