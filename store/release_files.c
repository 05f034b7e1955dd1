#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/card.h"
#include "store/card_ai_act.h"
#include "store/card_croissant.h"
#include "store/card_report.h"
#include "store/release_build.h"
#include "store/site.h"
#include <stdio.h>
#include <stdlib.h>

#define MS_A_DAY 86400000

static enum status put_apart(struct release_build *b, const char *name, struct slice bytes) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    path_join(&path, b->staging, name);
    enum status st = file_write(buf_cstr(&path), bytes, b->err);
    buf_free(&path);
    return st;
}

enum status release_build_put(struct release_build *b, const char *name, struct buf *text) {
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    if (!buf_ok(text)) return fail(b->err, ST_FATAL, "%s: larger than the limit, or out of memory", name);
    sha256_of(buf_view(text), digest);
    hash_hex(digest, sizeof digest, hex);
    enum status st = put_apart(b, name, buf_view(text));
    if (st == ST_OK) st = checksums_add(&b->sums, slice_str(name), slice_str(hex), b->err);
    buf_clear(text);
    return st;
}

/* ---- removals.jsonl ---- */

struct tombstone {
    int64_t number, asked_ms;
    char *reason;
};
struct tombstones {
    struct tombstone *items; /* by number */
    size_t n;
    struct buf *text;
};

static enum status keep_removal(void *ctx, const struct manifest_removal *r) {
    struct tombstones *t = ctx;
    struct tombstone *grown = realloc(t->items, (t->n + 1) * sizeof *grown);
    if (!grown) return ST_FATAL;
    t->items = grown;
    grown[t->n] = (struct tombstone){r->number, r->asked_ms, strndup(r->reason.len ? r->reason.ptr : "", r->reason.len)};
    return grown[t->n++].reason ? ST_OK : ST_FATAL;
}

static int by_number(const void *a, const void *b) {
    int64_t x = ((const struct tombstone *)a)->number, y = ((const struct tombstone *)b)->number;
    return (x > y) - (x < y);
}

/* Only what an earlier version of this dataset may have held: nobody else has to forget it. */
static enum status write_tombstone(void *ctx, const struct manifest_document *d) {
    struct tombstones *t = ctx;
    struct tombstone key = {.number = d->removal};
    struct json_out j;
    char day[11] = "";
    if (d->shard == MANIFEST_NONE) return ST_OK;
    const struct tombstone *found = t->n ? bsearch(&key, t->items, t->n, sizeof *t->items, by_number) : NULL;
    if (found) clock_day(found->asked_ms, day);
    json_out_init(&j, t->text);
    json_object(&j);
    json_kv_str(&j, "id", slice_str(d->id));
    json_kv_str(&j, "reason", slice_str(found ? found->reason : ""));
    json_kv_str(&j, "date", slice_str(day));
    json_object_end(&j);
    buf_char(t->text, '\n');
    return ST_OK;
}

static enum status write_removals(struct release_build *b, struct buf *text) {
    struct tombstones t = {.text = text};
    struct manifest_select sel = {.which = MANIFEST_REMOVED, .order = MANIFEST_BY_SITE, .dataset = b->opt->name};
    enum status st = manifest_each_removal(b->opt->manifest, keep_removal, &t, b->err);
    if (st == ST_OK) st = manifest_each_document(b->opt->manifest, &sel, write_tombstone, &t, b->err);
    for (size_t i = 0; i < t.n; i++) free(t.items[i].reason);
    free(t.items);
    return st == ST_OK ? release_build_put(b, "removals.jsonl", text) : st;
}

/* What is told of the collection: for the law, and for people. */
static enum status write_reports(struct release_build *b, const struct card *card, struct buf *text) {
    char first[11], last[11];
    clock_day(b->min_day * MS_A_DAY, first);
    clock_day(b->max_day * MS_A_DAY, last);
    release_build_merge_hosts(b);
    struct card_collection how = {
        .hosts = b->hosts, .n_hosts = b->n_hosts, .first_day = first, .last_day = last, .agent = b->opt->agent};
    card_ai_act(text, card, &how);
    enum status st = release_build_put(b, "ai-act-summary.json", text);
    if (st != ST_OK) return st;
    card_report(text, card, &how);
    return release_build_put(b, "report.html", text);
}

/* The version's own page, for servers that make none. */
static enum status write_page(struct release_build *b, struct buf *text) {
    struct site site = {.releases = b->opt->releases, .base = b->opt->base, .contact = b->opt->contact};
    site_version(text, &site, &b->m, b->staging);
    return release_build_put(b, "index.html", text);
}

/* ---- the end ---- */

static enum status write_sums(struct release_build *b, struct buf *text) {
    checksums_sort(&b->sums);
    checksums_write(text, &b->sums);
    if (!buf_ok(text)) return fail(b->err, ST_FATAL, "out of memory");
    enum status st = put_apart(b, CHECKSUMS_FILE, buf_view(text));
    if (st == ST_OK && b->opt->key) {
        struct buf sig = {.max = LIMIT_CONFIG}, comment = {.max = LIMIT_ERR};
        /* The comment is signed too: it ties the list to this dataset and version. */
        buf_printf(&comment, "villers %s %s %s", b->m.name, b->m.version, b->m.date);
        sign_bytes(&sig, b->opt->key, buf_view(text), buf_cstr(&comment));
        st = buf_ok(&sig) ? put_apart(b, CHECKSUMS_FILE SIGN_SUFFIX, buf_view(&sig)) : fail(b->err, ST_FATAL, "out of memory");
        buf_free(&sig);
        buf_free(&comment);
    }
    return st == ST_OK ? put_apart(b, RELEASE_SUCCESS_FILE, slice_of("", 0)) : st;
}

enum status release_build_files(struct release_build *b) {
    struct card card = {.m = &b->m,
                        .sources = b->opt->sources,
                        .n_sources = b->opt->n_sources,
                        .contact = b->opt->contact,
                        .signed_ = b->opt->key != NULL};
    struct buf text = {.max = LIMIT_RELEASE_META};
    card_readme(&text, &card);
    enum status st = release_build_put(b, "README.md", &text);
    if (st == ST_OK) {
        card_attribution(&text, &card);
        st = release_build_put(b, "attribution.md", &text);
    }
    if (st == ST_OK) {
        card_croissant(&text, &card);
        st = release_build_put(b, "croissant.json", &text);
    }
    if (st == ST_OK) st = write_reports(b, &card, &text);
    if (st == ST_OK) st = write_removals(b, &text);
    if (st == ST_OK) st = write_page(b, &text);
    if (st == ST_OK) {
        release_manifest_write(&text, &b->m);
        st = release_build_put(b, RELEASE_MANIFEST_FILE, &text);
    }
    if (st == ST_OK && b->opt->key) {
        struct sign_public pub = sign_public_of(b->opt->key);
        sign_write_public(&text, &pub);
        st = release_build_put(b, SIGN_PUBLIC_FILE, &text);
    }
    if (st == ST_OK) st = write_sums(b, &text);
    buf_free(&text);
    return st;
}
