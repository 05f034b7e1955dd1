#include "store/release_build.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "store/blocks.h"
#include "store/release_delta.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_LEVEL 9 /* 3.7 times smaller at 29 MB/s a core; above it time grows much faster than size falls */
#define DELTA_SHARE 2   /* a delta larger than half its shard is not kept */
#define QUALITY_BANDS 10
#define PLACES_BUFFERED (64 * KIB)

static int level_of(const struct release_build *b) { return b->opt->zstd_level ? b->opt->zstd_level : DEFAULT_LEVEL; }

/* ---- places ---- */

static enum status flush_places(struct release_build *b) {
    enum status st = fd_write_all(b->places_fd, buf_view(&b->places), b->staging, b->err);
    buf_clear(&b->places);
    return st;
}

static enum status note_place(struct release_build *b, int64_t doc, int64_t shard) {
    int64_t pair[2] = {doc, shard};
    buf_append(&b->places, pair, sizeof pair);
    return b->places.len >= PLACES_BUFFERED ? flush_places(b) : ST_OK;
}

enum status release_build_each_place(struct release_build *b, enum status (*fn)(void *ctx, int64_t doc, int64_t shard), void *ctx) {
    int64_t pairs[512];
    off_t at = 0;
    enum status st = flush_places(b);
    while (st == ST_OK) {
        ssize_t n = pread(b->places_fd, pairs, sizeof pairs, at);
        if (n < 0) return fail_errno(b->err, "read back the places", b->staging);
        if (n == 0) break;
        at += n;
        for (size_t i = 0; st == ST_OK && i + 1 < (size_t)n / sizeof *pairs; i += 2) st = fn(ctx, pairs[i], pairs[i + 1]);
    }
    return st;
}

static enum status open_places(struct release_build *b) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    path_join(&path, b->staging, FILE_TMP_PREFIX "places");
    b->places_fd = open(buf_cstr(&path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status st = b->places_fd < 0 ? fail_errno(b->err, "create", buf_cstr(&path)) : ST_OK;
    if (st == ST_OK) unlink(buf_cstr(&path));
    buf_free(&path);
    return st;
}

/* ---- one shard ---- */

static const struct release_shard *previous_shard(const struct release_build *b, int64_t number) {
    for (size_t i = 0; b->previous && i < b->previous->n_shards; i++)
        if ((int64_t)b->previous->shards[i].number == number) return &b->previous->shards[i];
    return NULL;
}

static void free_tables(struct release_counts tables[3]) {
    for (size_t t = 0; t < 3; t++) release_counts_free(&tables[t]);
}

/* Takes over what the shard owns, and its tables of sources and licences. */
static enum status end_shard(struct release_build *b, struct release_shard *shard, const struct release_sums *sums) {
    struct release_manifest *m = &b->m;
    struct release_counts *into[3] = {&m->sources, &m->licenses, &m->languages};
    struct release_counts *from[3] = {sums->sources, sums->licenses, sums->languages};
    char path[96];
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < from[t]->n; i++) {
            const struct release_count *c = &from[t]->items[i];
            if (!release_counts_add(into[t], slice_str(c->key), c->documents, c->words, c->text_bytes))
                return fail(b->err, ST_FATAL, "out of memory");
        }
    struct release_shard *grown = realloc(m->shards, (m->n_shards + 1) * sizeof *grown);
    if (!grown) {
        free(shard->blocks);
        return fail(b->err, ST_FATAL, "out of memory");
    }
    m->shards = grown;
    shard->sources = *sums->sources;
    shard->licenses = *sums->licenses;
    *sums->sources = *sums->licenses = (struct release_counts){0};
    grown[m->n_shards++] = *shard;
    m->documents += shard->documents;
    m->words += shard->words;
    m->text_bytes += shard->text_bytes;
    m->bytes += shard->bytes;
    snprintf(path, sizeof path, RELEASE_DATA_DIR "/%s", shard->name);
    if (b->opt->progress) b->opt->progress(b->opt->progress_ctx, m->documents, m->text_bytes);
    return checksums_add(&b->sums, slice_str(path), slice_str(shard->sha256), b->err);
}

static enum status note_blocks(struct release_build *b, struct release_shard *shard) {
    struct buf path = {.max = LIMIT_URL_INPUT}, digits = {.max = LIMIT_RELEASE_META};
    buf_printf(&path, "%s/" RELEASE_DATA_DIR "/%s", b->staging, shard->name);
    enum status st = blocks_of(buf_cstr(&path), &digits, b->err);
    if (st == ST_OK && !(shard->blocks = strdup(buf_cstr(&digits)))) st = fail(b->err, ST_FATAL, "out of memory");
    buf_free(&path);
    buf_free(&digits);
    return st;
}

/* The file of the version before, checked and linked; SKIP when it cannot serve. */
static enum status link_shard(struct release_build *b, const struct release_shard *old) {
    struct buf from = {.max = LIMIT_URL_INPUT}, to = {.max = LIMIT_URL_INPUT};
    struct sha256 hash;
    unsigned char digest[SHA256_BYTES], chunk[65536];
    char hex[2 * SHA256_BYTES + 1] = "";
    enum status st = ST_SKIP;
    buf_printf(&from, "%s/" RELEASE_DATA_DIR "/%s", b->previous_dir, old->name);
    buf_printf(&to, "%s/" RELEASE_DATA_DIR "/%s", b->staging, old->name);
    int fd = open(buf_cstr(&from), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    sha256_init(&hash);
    while (n > 0 && (n = read(fd, chunk, sizeof chunk)) > 0) sha256_update(&hash, chunk, (size_t)n);
    if (n == 0) {
        sha256_final(&hash, digest);
        hash_hex(digest, sizeof digest, hex);
    }
    if (fd >= 0) close(fd);
    if (!strcmp(hex, old->sha256) && link(buf_cstr(&from), buf_cstr(&to)) == 0) st = ST_OK;
    buf_free(&from);
    buf_free(&to);
    return st;
}

/* When the lines are those of the version before, take its file.  SKIP: write the shard. */
static enum status reuse_shard(struct release_build *b, const struct release_lines *in, struct release_sums *sums,
                               struct release_shard *shard) {
    const struct release_shard *old = previous_shard(b, b->list_number);
    char lines[33];
    if (!old || old->documents != b->list.n || old->text_bytes != b->list.text_bytes || !old->lines[0]) return ST_SKIP;
    enum status st = release_shard_sum(in, &b->list, sums, b->err);
    if (st != ST_OK) return st == ST_SKIP ? ST_FATAL : st;
    hash128_hex(sums->lines, lines);
    if (strcmp(lines, old->lines) != 0 || link_shard(b, old) != ST_OK) return ST_SKIP;
    b->out->shards_reused++;
    *shard = *old;
    shard->sources = shard->licenses = (struct release_counts){0};
    shard->blocks = NULL;
    return note_blocks(b, shard);
}

static enum status write_shard(struct release_build *b, const struct release_lines *in, struct release_sums *sums,
                               struct release_shard *shard) {
    struct buf dir = {.max = LIMIT_URL_INPUT};
    struct shard_writer *w = NULL;
    struct shard_info info = {0};
    path_join(&dir, b->staging, RELEASE_DATA_DIR);
    enum status st =
        shard_create(buf_cstr(&dir), release_split_prefix(b->split), (unsigned)b->list_number, level_of(b), &w, b->err);
    buf_free(&dir);
    if (st != ST_OK) return st;
    st = release_shard_write(in, &b->list, w, sums, b->err);
    if (st != ST_OK) {
        shard_abort(w);
        return st;
    }
    st = shard_finish(w, &info, b->err);
    if (st != ST_OK) return st;
    *shard = (struct release_shard){.number = (uint64_t)b->list_number,
                                    .documents = sums->documents,
                                    .words = sums->words,
                                    .text_bytes = sums->text_bytes,
                                    .bytes = info.bytes};
    memcpy(shard->name, info.name, sizeof shard->name);
    memcpy(shard->sha256, info.sha256, sizeof shard->sha256);
    hash128_hex(sums->lines, shard->lines);
    return note_blocks(b, shard);
}

/* Beside a shard that took the place of another: how to get from that one to this.  Only when it is much smaller than the shard. */
static enum status write_delta(struct release_build *b, const struct release_shard *shard) {
    const struct release_shard *old = previous_shard(b, b->list_number);
    struct buf old_path = {.max = LIMIT_URL_INPUT}, new_path = {.max = LIMIT_URL_INPUT}, name = {.max = LIMIT_URL_INPUT};
    struct buf delta = {.max = RELEASE_DELTA_MAX}, why = {.max = LIMIT_ERR};
    enum status st = ST_SKIP;
    if (old && strcmp(old->sha256, shard->sha256) != 0) {
        buf_printf(&old_path, "%s/" RELEASE_DATA_DIR "/%s", b->previous_dir, old->name);
        buf_printf(&new_path, "%s/" RELEASE_DATA_DIR "/%s", b->staging, shard->name);
        st = release_delta_make(buf_cstr(&old_path), old->sha256, buf_cstr(&new_path), shard->sha256, level_of(b), &delta, &why);
    }
    if (st == ST_OK && delta.len <= shard->bytes / DELTA_SHARE) {
        release_delta_name(&name, shard->number, old->sha256, shard->sha256);
        st = release_build_put(b, buf_cstr(&name), &delta);
    } else
        st = ST_OK; /* a shard that cannot be reached from the old one is fetched whole */
    buf_free(&old_path);
    buf_free(&new_path);
    buf_free(&name);
    buf_free(&delta);
    buf_free(&why);
    return st;
}

static enum status flush_list(struct release_build *b) {
    struct release_lines in = {.refined = b->opt->refined, .threads = b->opt->threads};
    struct release_counts tables[3] = {{0}};
    struct release_sums sums = {.sources = &tables[0], .licenses = &tables[1], .languages = &tables[2]}, fresh = sums;
    struct release_shard shard = {0};
    if (b->list.n == 0) return ST_OK;
    release_list_sort(&b->list);
    enum status st = reuse_shard(b, &in, &sums, &shard);
    if (st == ST_SKIP) {
        free_tables(tables);
        sums = fresh;
        st = write_shard(b, &in, &sums, &shard);
        if (st == ST_OK) st = write_delta(b, &shard);
    }
    if (st == ST_OK) st = end_shard(b, &shard, &sums);
    free_tables(tables);
    release_list_clear(&b->list);
    return st;
}

/* ---- the walk ---- */

static int by_host(const void *a, const void *b) {
    return strcmp(((const struct card_host *)a)->host, ((const struct card_host *)b)->host);
}

void release_build_merge_hosts(struct release_build *b) {
    size_t kept = 0;
    if (b->n_hosts == 0) return;
    qsort(b->hosts, b->n_hosts, sizeof *b->hosts, by_host);
    for (size_t i = 1; i < b->n_hosts; i++) {
        if (strcmp(b->hosts[kept].host, b->hosts[i].host) != 0) {
            b->hosts[++kept] = b->hosts[i];
            continue;
        }
        b->hosts[kept].documents += b->hosts[i].documents;
        b->hosts[kept].text_bytes += b->hosts[i].text_bytes;
        free(b->hosts[i].host);
    }
    b->n_hosts = kept + 1;
}

static bool chosen(const struct release_build *b, const struct manifest_document *d) {
    const struct release_options *o = b->opt;
    if (release_split_of(&o->splits, d->id) != b->split || !release_select_takes(&o->select, d)) return false;
    if (d->license.len == 0) b->out->unlicensed++;
    return d->license.len > 0;
}

static bool list_full(const struct release_build *b, int64_t more_bytes) {
    return b->list.n >= RELEASE_SHARD_DOCUMENTS || (b->list.n && b->list.text_bytes + (uint64_t)more_bytes > b->shard_text_bytes);
}

/* The first document without a place: go on with the last shard, or begin a new one. */
static enum status begin_placing(struct release_build *b) {
    bool refill = b->list.n && b->list.text_bytes * RELEASE_REFILL < b->placed_bytes;
    b->placing = true;
    if (refill) return ST_OK;
    enum status st = flush_list(b);
    b->list_number = b->next_number++;
    return st;
}

static enum status take_placed(struct release_build *b, const struct manifest_document *d) {
    enum status st = ST_OK;
    if (d->shard != b->list_number) st = flush_list(b);
    b->list_number = d->shard;
    if (d->shard >= b->next_number) b->next_number = d->shard + 1;
    b->placed_bytes += (uint64_t)d->bytes;
    return st;
}

static enum status take_new(struct release_build *b, const struct manifest_document *d) {
    enum status st = b->placing ? ST_OK : begin_placing(b);
    if (st == ST_OK && list_full(b, d->bytes)) {
        st = flush_list(b);
        b->list_number = b->next_number++;
    }
    return st == ST_OK ? note_place(b, d->doc, b->list_number) : st;
}

/* Documents come host by host within a shard, so the last entry is nearly always the one. */
static enum status count_host(struct release_build *b, const struct manifest_document *d) {
    struct card_host *last = b->n_hosts ? &b->hosts[b->n_hosts - 1] : NULL;
    if (!last || !slice_eq_str(d->host, last->host)) {
        if (b->n_hosts == b->cap_hosts) release_build_merge_hosts(b);
        if (2 * b->n_hosts >= b->cap_hosts) {
            size_t cap = b->cap_hosts ? 2 * b->cap_hosts : 1024;
            struct card_host *grown = realloc(b->hosts, cap * sizeof *grown);
            if (!grown) return fail(b->err, ST_FATAL, "out of memory");
            b->hosts = grown;
            b->cap_hosts = cap;
        }
        last = &b->hosts[b->n_hosts];
        *last = (struct card_host){.host = strndup(d->host.len ? d->host.ptr : "", d->host.len)};
        if (!last->host) return fail(b->err, ST_FATAL, "out of memory");
        b->n_hosts++;
    }
    last->documents++;
    last->text_bytes += (uint64_t)d->bytes;
    return ST_OK;
}

static enum status count_judgment(struct release_build *b, const struct manifest_document *d) {
    char band[8] = "";
    if (d->quality >= 0) snprintf(band, sizeof band, "%02d", (int)(d->quality * QUALITY_BANDS + 1e-9));
    bool ok = release_counts_add(&b->m.types, d->type, 1, (uint64_t)d->words, (uint64_t)d->bytes) &&
              release_counts_add(&b->m.qualities, slice_str(band), 1, (uint64_t)d->words, (uint64_t)d->bytes);
    return ok ? ST_OK : fail(b->err, ST_FATAL, "out of memory");
}

static enum status take_document(void *ctx, const struct manifest_document *d) {
    struct release_build *b = ctx;
    if (!chosen(b, d)) return ST_OK;
    enum status st = d->shard != MANIFEST_NONE ? take_placed(b, d) : take_new(b, d);
    if (st == ST_OK) st = release_list_add(&b->list, d, b->err);
    if (st == ST_OK) st = count_host(b, d);
    if (st == ST_OK) st = count_judgment(b, d);
    if (d->crawl_day > b->max_day) b->max_day = d->crawl_day;
    if (d->crawl_day < b->min_day) b->min_day = d->crawl_day;
    return st;
}

/* A split has shards of its own, and is walked for alone: one list is open at a time. */
static enum status build_split(struct release_build *b) {
    const struct release_select *wanted = &b->opt->select;
    struct manifest_select sel = {.which = MANIFEST_KEPT,
                                  .order = MANIFEST_BY_SHARD,
                                  .dataset = b->opt->name,
                                  .source = wanted->sources.n == 1 ? wanted->sources.items[0] : NULL,
                                  .license = wanted->licenses.n == 1 ? wanted->licenses.items[0] : NULL,
                                  .min_french_share = wanted->min_french_share};
    b->list_number = -1;
    b->placed_bytes = 0;
    b->placing = false;
    enum status st = manifest_each_document(b->opt->manifest, &sel, take_document, b, b->err);
    return st == ST_OK ? flush_list(b) : st;
}

static int by_number(const void *a, const void *b) {
    const struct release_shard *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

enum status release_build_shards(struct release_build *b) {
    const struct release_options *o = b->opt;
    b->shard_text_bytes = o->shard_text_bytes ? o->shard_text_bytes : LIMIT_SHARD_TEXT;
    b->max_day = INT64_MIN;
    b->min_day = INT64_MAX;
    enum status st = open_places(b);
    int last = release_splits_any(&o->splits) ? SPLITS - 1 : SPLIT_TRAIN;
    for (int split = 0; st == ST_OK && split <= last; split++) {
        b->split = (enum release_split)split;
        st = build_split(b);
    }
    if (b->m.n_shards) qsort(b->m.shards, b->m.n_shards, sizeof *b->m.shards, by_number);
    if (st == ST_OK && b->m.documents == 0)
        st = fail(b->err, ST_SKIP, "no document to publish%s",
                  b->out->unlicensed ? ": those kept have no licence"
                                     : "; run `villers refine`, and see `villers stats` for what was left out");
    return st;
}

void release_build_free(struct release_build *b) {
    release_manifest_free(&b->m);
    checksums_free(&b->sums);
    release_list_free(&b->list);
    buf_free(&b->places);
    for (size_t i = 0; i < b->n_hosts; i++) free(b->hosts[i].host);
    free(b->hosts);
    if (b->places_fd >= 0) close(b->places_fd);
}
