#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/progress.h"
#include "cli/hub.h"
#include "cli/refine.h"
#include "store/release.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct publish_args {
    const char *key, *split, *since, *until, *crawled_since, *crawled_until;
    struct option_list source, license, language, variety, host, campaign, type;
    double min_french_share, min_language_score, min_quality;
    int64_t threads, min_words, max_words;
    bool unsigned_;
};

static void show_progress(void *ctx, uint64_t documents, uint64_t text_bytes) {
    char extra[64];
    snprintf(extra, sizeof extra, "%llu MB of text", (unsigned long long)(text_bytes / 1000000));
    progress_update(ctx, documents, 0, "documents", extra);
}

/* The catalogue as the release wants it; freed with free(). */
static struct release_source *sources_of(const struct hub *h) {
    struct release_source *list = calloc(h->catalogue.n + 1, sizeof *list);
    for (size_t i = 0; list && i < h->catalogue.n; i++) {
        const struct source *s = h->catalogue.items[i];
        list[i] = (struct release_source){.id = s->id,
                                          .name = s->name ? s->name : "",
                                          .license = s->license ? s->license : "",
                                          .license_evidence = s->license_evidence ? s->license_evidence : "",
                                          .license_date = s->license_date ? s->license_date : "",
                                          .attribution = s->attribution ? s->attribution : ""};
    }
    return list;
}

/* The hub's own key, or the one named.  No key is no error; a bad one is. */
static enum status load_key(const struct hub *h, const struct publish_args *args, struct sign_secret *key, bool *have,
                            struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_CONFIG};
    const char *password = getenv("VILLERS_KEY_PASSWORD");
    const char *file = args->key ? args->key : hub_path(h, &path, "%s", SIGN_SECRET_FILE);
    enum status st = ST_OK;
    *have = !args->unsigned_ && (args->key || file_exists(file));
    if (*have) {
        st = file_read(file, LIMIT_CONFIG / 2, &text, err);
        if (st == ST_OK) st = sign_read_secret(buf_view(&text), slice_str(password), key, err);
        if (st == ST_RETRY) st = fail(err, ST_SKIP, "%s: give its password in the environment variable VILLERS_KEY_PASSWORD", file);
    }
    buf_free(&path);
    buf_free(&text);
    return st;
}

static void print_text(struct buf *out, const struct release_options *o, const struct release_outcome *r) {
    buf_printf(out, "%s/%s/%s: %llu documents, %llu words, %llu bytes of text in %llu shards (%llu bytes)\n", o->releases, o->name,
               o->version, (unsigned long long)r->documents, (unsigned long long)r->words, (unsigned long long)r->text_bytes,
               (unsigned long long)r->shards, (unsigned long long)r->bytes);
    if (r->previous[0])
        buf_printf(out, "since %s: %llu added, %llu removed, %llu changed; %llu shards are the same files\n", r->previous,
                   (unsigned long long)r->added, (unsigned long long)r->removed, (unsigned long long)r->changed,
                   (unsigned long long)r->shards_reused);
    if (r->unlicensed) buf_printf(out, "%llu documents without a licence were left out\n", (unsigned long long)r->unlicensed);
}

static void print_json(struct buf *out, const struct release_options *o, const struct release_outcome *r) {
    struct json_out j;
    struct buf path = {.max = LIMIT_URL_INPUT};
    buf_printf(&path, "%s/%s/%s", o->releases, o->name, o->version);
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "name", slice_str(o->name));
    json_kv_str(&j, "version", slice_str(o->version));
    json_kv_str(&j, "path", buf_view(&path));
    json_kv_str(&j, "date", slice_str(r->date));
    json_kv_int(&j, "documents", (int64_t)r->documents);
    json_kv_int(&j, "words", (int64_t)r->words);
    json_kv_int(&j, "text_bytes", (int64_t)r->text_bytes);
    json_kv_int(&j, "bytes", (int64_t)r->bytes);
    json_kv_int(&j, "shards", (int64_t)r->shards);
    json_kv_int(&j, "shards_reused", (int64_t)r->shards_reused);
    json_kv_str(&j, "previous", slice_str(r->previous));
    json_kv_int(&j, "added", (int64_t)r->added);
    json_kv_int(&j, "removed", (int64_t)r->removed);
    json_kv_int(&j, "changed", (int64_t)r->changed);
    json_kv_int(&j, "unlicensed", (int64_t)r->unlicensed);
    json_object_end(&j);
    buf_char(out, '\n');
    buf_free(&path);
}

static int exit_of(enum status st, const struct release_outcome *r) {
    if (st == ST_OK) return EXIT_DONE;
    if (st == ST_SKIP) return r->existed ? EXIT_CANNOT_CREATE : r->wrong_version || r->wrong_selection ? EXIT_USAGE : EXIT_DATA;
    return st == ST_RETRY ? EXIT_TRY_AGAIN : EXIT_IO;
}

static struct release_words words_of(const struct option_list *list) { return (struct release_words){list->items, list->n}; }

static struct release_select selection_of(const struct publish_args *args) {
    return (struct release_select){.sources = words_of(&args->source),
                                   .licenses = words_of(&args->license),
                                   .languages = words_of(&args->language),
                                   .varieties = words_of(&args->variety),
                                   .hosts = words_of(&args->host),
                                   .campaigns = words_of(&args->campaign),
                                   .types = words_of(&args->type),
                                   .min_quality = args->min_quality,
                                   .min_french_share = args->min_french_share,
                                   .min_language_score = args->min_language_score,
                                   .min_words = args->min_words,
                                   .max_words = args->max_words,
                                   .since = args->since,
                                   .until = args->until,
                                   .crawled_since = args->crawled_since,
                                   .crawled_until = args->crawled_until};
}

static int publish(struct cli *cli, struct hub *h, const struct publish_args *args, char **operands) {
    struct buf err = {.max = LIMIT_ERR}, out = {0}, releases = {.max = LIMIT_URL_INPUT}, refined = {.max = LIMIT_URL_INPUT};
    struct sign_secret key;
    struct release_outcome done = {0};
    struct progress progress;
    bool have_key = false;
    struct refine_settings settings;
    struct release_source *sources = sources_of(h);
    enum status st = refine_settings_init(&settings, h, &err);
    if (st == ST_OK) st = sources ? load_key(h, args, &key, &have_key, &err) : fail(&err, ST_FATAL, "out of memory");
    struct release_options opt = {.releases = hub_path(h, &releases, "releases"),
                                  .refined = hub_path(h, &refined, "refined"),
                                  .name = operands[0],
                                  .version = operands[1],
                                  .manifest = h->manifest,
                                  .sources = sources,
                                  .n_sources = h->catalogue.n,
                                  .key = have_key ? &key : NULL,
                                  .code_version = VILLERS_VERSION,
                                  .settings_hash = settings.judging,
                                  .settings_text = buf_cstr(&settings.judging_text),
                                  .contact = h->settings->contact ? h->settings->contact : "",
                                  .agent = h->settings->agent ? h->settings->agent : "villers",
                                  .base = h->settings->url,
                                  .select = selection_of(args),
                                  .shard_text_bytes = (uint64_t)h->settings->shard_text_bytes,
                                  .zstd_level = (int)h->settings->zstd_level,
                                  .threads = (unsigned)args->threads,
                                  .now_ms = clock_wall_ms,
                                  .progress = show_progress,
                                  .progress_ctx = &progress};
    progress_begin(&progress, "publish", cli->quiet);
    if (st == ST_OK && args->split) {
        st = release_splits_parse(args->split, &opt.splits, &err);
        done.wrong_selection = st == ST_SKIP;
    }
    if (st == ST_OK) st = release_publish(&opt, &done, &err);
    progress_end(&progress);
    int code = exit_of(st, &done);
    if (st != ST_OK)
        cli_error(code, "publish: %s", buf_cstr(&err));
    else {
        if (cli->json)
            print_json(&out, &opt, &done);
        else
            print_text(&out, &opt, &done);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    if (have_key) sign_wipe(&key);
    free(sources);
    refine_settings_free(&settings);
    buf_free(&err);
    buf_free(&out);
    buf_free(&releases);
    buf_free(&refined);
    return code;
}

/* A refine that was killed between the verdicts and the duplicates leaves copies that look kept. */
static int check_clusters(const struct hub *h) {
    struct buf err = {.max = LIMIT_ERR}, state = {.max = 64};
    enum status st = manifest_read_stamp(h->manifest, REFINE_CLUSTERS, &state, &err);
    int code = 0;
    if (st == ST_OK && !slice_eq_str(buf_view(&state), REFINE_WHOLE))
        code = cli_error(EXIT_TRY_AGAIN, "publish: the last refine ended before its duplicates were decided: run villers refine");
    else if (st != ST_OK && st != ST_SKIP)
        code = cli_fail(st, &err);
    buf_free(&state);
    buf_free(&err);
    return code;
}

static int run_publish(struct cli *cli, void *options, char **operands, int n) {
    const struct publish_args *args = options;
    const enum manifest_mode mode = MANIFEST_WRITE;
    struct hub h;
    (void)n;
    if (args->threads < 0 || args->threads > 1024) return cli_error(EXIT_USAGE, "publish: --threads is from 1 to 1024");
    int code = hub_open(cli, &mode, &h);
    if (code) return code;
    code = hub_lock(cli, &h);
    if (!code) code = check_clusters(&h);
    if (!code) code = publish(cli, &h, args, operands);
    hub_close(&h);
    return code;
}

static const struct option publish_options[] = {
    {"source", 0, OPTION_LIST, offsetof(struct publish_args, source), "ID",
     "only documents of this source; repeatable, as the next six"},
    {"license", 0, OPTION_LIST, offsetof(struct publish_args, license), "SPDX", "only documents under this licence"},
    {"language", 0, OPTION_LIST, offsetof(struct publish_args, language), "CODE", "only documents in this language (ISO 639-3)"},
    {"variety", 0, OPTION_LIST, offsetof(struct publish_args, variety), "TAG", "only documents in this variety of French (fr-CA)"},
    {"host", 0, OPTION_LIST, offsetof(struct publish_args, host), "HOST", "only documents of this host"},
    {"campaign", 0, OPTION_LIST, offsetof(struct publish_args, campaign), "NAME", "only documents of this campaign"},
    {"type", 0, OPTION_LIST, offsetof(struct publish_args, type), "TYPE",
     "only documents of this type: article, scholarly, book, encyclopedia, legal, fiche, debate, forum, manual, other"},
    {"min-french-share", 0, OPTION_FLOAT, offsetof(struct publish_args, min_french_share), "X",
     "only documents with at least this share of French, 0 to 1"},
    {"min-language-score", 0, OPTION_FLOAT, offsetof(struct publish_args, min_language_score), "X",
     "only documents whose language is at least this sure, 0 to 1"},
    {"min-quality", 0, OPTION_FLOAT, offsetof(struct publish_args, min_quality), "X",
     "only documents that leave at least this part of each of FineWeb-2's limits unused, 0 to 1: 0.2 draws all of them in by a fifth"},
    {"min-words", 0, OPTION_INT, offsetof(struct publish_args, min_words), "N", "only documents of at least so many words"},
    {"max-words", 0, OPTION_INT, offsetof(struct publish_args, max_words), "N", "only documents of at most so many words"},
    {"since", 0, OPTION_STRING, offsetof(struct publish_args, since), "DAY",
     "only documents published on this day (YYYY-MM-DD) or later"},
    {"until", 0, OPTION_STRING, offsetof(struct publish_args, until), "DAY", "only documents published on this day or before"},
    {"crawled-since", 0, OPTION_STRING, offsetof(struct publish_args, crawled_since), "DAY",
     "only documents collected on this day or later"},
    {"crawled-until", 0, OPTION_STRING, offsetof(struct publish_args, crawled_until), "DAY",
     "only documents collected on this day or before"},
    {"split", 0, OPTION_STRING, offsetof(struct publish_args, split), "SHARES",
     "part the documents by a stable hash of their id: validation=PERCENT,test=PERCENT; the rest is train"},
    {"key", 'k', OPTION_STRING, offsetof(struct publish_args, key), "FILE",
     "secret key to sign with (default: the hub's minisign.key, if any)"},
    {"unsigned", 0, OPTION_FLAG, offsetof(struct publish_args, unsigned_), NULL, "do not sign, even if the hub has a key"},
    {"threads", 't', OPTION_INT, offsetof(struct publish_args, threads), "N",
     "workers (default: one a core); the bytes are the same"},
    {0},
};

const struct command cmd_publish = {
    .name = "publish",
    .group = "release",
    .summary = "make an immutable version of a dataset from the kept documents",
    .usage = "NAME VERSION",
    .examples = "villers publish demo 1.0.0\nvillers publish loi 2.1.0 --license etalab-2.0 --since 2000-01-01\n"
                "villers publish corpus 1.0.0 --split validation=1,test=1\n",
    .options = publish_options,
    .options_size = sizeof(struct publish_args),
    .min_operands = 2,
    .max_operands = 2,
    .run = run_publish,
};
