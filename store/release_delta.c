#include "store/release_delta.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map64.h"
#include "store/jsonl.h"
#include "store/segment.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC "villers-delta 1"

void release_delta_name(struct buf *out, unsigned long long number, const char *old_sha256, const char *new_sha256) {
    buf_clear(out);
    buf_printf(out, RELEASE_DELTA_DIR "/part-%05llu-%.12s-%.12s.zst", number, old_sha256, new_sha256);
}

/* ---- make ---- */

struct script {
    struct buf text;
    struct buf added; /* lines not yet told */
    uint64_t n_added, n_copy;
};

static void end_run(struct script *s) {
    if (s->n_copy) buf_printf(&s->text, "=%llu\n", (unsigned long long)s->n_copy);
    if (s->n_added) {
        buf_printf(&s->text, "+%llu\n", (unsigned long long)s->n_added);
        buf_slice(&s->text, buf_view(&s->added));
    }
    s->n_copy = s->n_added = 0;
    buf_clear(&s->added);
}

static void say_copy(struct script *s, uint64_t skip) {
    if (skip || s->n_added) end_run(s);
    if (skip) buf_printf(&s->text, "-%llu\n", (unsigned long long)skip);
    s->n_copy++;
}

static void say_add(struct script *s, struct slice line) {
    if (s->n_copy) end_run(s);
    buf_slice(&s->added, line);
    buf_char(&s->added, '\n');
    s->n_added++;
}

/* Where each line of the old shard stands, by its hash. */
static enum status index_old(const char *path, struct map64 *where, struct buf *err) {
    struct jsonl_reader *r = NULL;
    struct slice line;
    uint64_t n = 0;
    enum status st = jsonl_open(path, &r, err);
    while (st == ST_OK && (st = jsonl_next(r, &line, err)) == ST_OK)
        if (!map64_put(where, hash64(line), n++)) st = fail(err, ST_FATAL, "out of memory");
    jsonl_free(r);
    return st == ST_RETRY ? ST_OK : st;
}

/* Lines that both shards have stand in the same order in both, so one walk over the new one is enough.  (Were two lines to share a hash,
   the SHA-256 of the result would not fit, and the delta would not be used.) */
static enum status write_script(const char *path, const struct map64 *where, struct script *s, struct buf *err) {
    struct jsonl_reader *r = NULL;
    struct slice line;
    uint64_t at = 0, found = 0;
    enum status st = jsonl_open(path, &r, err);
    while (st == ST_OK && (st = jsonl_next(r, &line, err)) == ST_OK) {
        if (map64_get(where, hash64(line), &found) && found >= at) {
            say_copy(s, found - at);
            at = found + 1;
        } else
            say_add(s, line);
        if (!buf_ok(&s->text) || !buf_ok(&s->added)) st = ST_SKIP;
    }
    jsonl_free(r);
    end_run(s);
    if (!buf_ok(&s->text)) return ST_SKIP;
    return st == ST_RETRY ? ST_OK : st;
}

enum status release_delta_make(const char *old_path, const char *old_sha256, const char *new_path, const char *new_sha256,
                               int level, struct buf *out, struct buf *err) {
    struct map64 where = {0};
    struct script s = {.text = {.max = RELEASE_DELTA_MAX}, .added = {.max = RELEASE_DELTA_MAX}};
    buf_printf(&s.text, MAGIC " %s %s %d\n", old_sha256, new_sha256, level);
    enum status st = index_old(old_path, &where, err);
    if (st == ST_OK) st = write_script(new_path, &where, &s, err);
    if (st == ST_OK) st = segment_pack(SEGMENT_ZSTD, level, buf_view(&s.text), out, err);
    map64_free(&where);
    buf_free(&s.text);
    buf_free(&s.added);
    return st;
}

/* ---- apply ---- */

struct apply {
    struct jsonl_reader *old, *delta;
    struct shard_writer *w;
    struct buf line;
    struct buf *err;
};

static enum status put_line(struct apply *a, struct slice line) {
    buf_clear(&a->line);
    buf_slice(&a->line, line);
    buf_char(&a->line, '\n');
    if (!buf_ok(&a->line)) return fail(a->err, ST_SKIP, "delta: a line over the limit");
    return shard_append(a->w, buf_view(&a->line), 0, 0, a->err);
}

/* The next line of a reader that must have one. */
static enum status must_read(struct apply *a, struct jsonl_reader *r, struct slice *line) {
    enum status st = jsonl_next(r, line, a->err);
    return st == ST_RETRY ? fail(a->err, ST_SKIP, "delta: it asks for more lines than there are") : st;
}

static enum status obey(struct apply *a, struct slice order) {
    uint64_t n = 0;
    struct slice line;
    enum status st = ST_OK;
    char what = order.len ? order.ptr[0] : '\0';
    bool known = what == '=' || what == '-' || what == '+';
    if (!known || !slice_parse_u64(slice_sub(order, 1, order.len), &n)) return fail(a->err, ST_SKIP, "delta: not an order");
    while (st == ST_OK && n-- > 0) {
        st = must_read(a, what == '+' ? a->delta : a->old, &line);
        if (st == ST_OK && what != '-') st = put_line(a, line);
    }
    return st;
}

static bool read_head(struct slice head, const char *old_sha256, char new_sha256[65], int *level) {
    struct slice word;
    uint64_t number = 0;
    if (!slice_starts(head, slice_str(MAGIC " "))) return false;
    head = slice_sub(head, sizeof MAGIC, head.len);
    if (!slice_cut(&head, ' ', &word) || !slice_eq_str(word, old_sha256)) return false;
    if (!slice_cut(&head, ' ', &word) || word.len != 64 || !slice_parse_u64(head, &number) || number < 1 || number > 22)
        return false;
    memcpy(new_sha256, word.ptr, 64);
    new_sha256[64] = '\0';
    *level = (int)number;
    return true;
}

static enum status rebuild(struct apply *a, const char *dir, int level, struct shard_info *info) {
    struct slice order;
    enum status st = shard_create(dir, "part", 0, level, &a->w, a->err);
    if (st != ST_OK) return st;
    while (st == ST_OK && (st = jsonl_next(a->delta, &order, a->err)) == ST_OK) st = obey(a, order);
    if (st != ST_RETRY) {
        shard_abort(a->w);
        return st;
    }
    return shard_finish(a->w, info, a->err);
}

static enum status apply_open(struct apply *a, const char *old_sha256, const char *dir, const char *new_path) {
    struct slice head;
    struct shard_info info = {0};
    struct buf made = {.max = LIMIT_URL_INPUT};
    char want[65];
    int level = 0;
    enum status st = must_read(a, a->delta, &head);
    if (st == ST_OK && !read_head(head, old_sha256, want, &level)) st = fail(a->err, ST_SKIP, "delta: not of this shard");
    if (st == ST_OK) st = rebuild(a, dir, level, &info);
    if (st != ST_OK) return st;
    buf_printf(&made, "%s/%s", dir, info.name);
    if (strcmp(info.sha256, want) != 0) st = fail(a->err, ST_SKIP, "delta: made %.12s instead of %.12s", info.sha256, want);
    if (st == ST_OK && rename(buf_cstr(&made), new_path) != 0) st = fail_errno(a->err, "rename to", new_path);
    if (st != ST_OK) unlink(buf_cstr(&made));
    buf_free(&made);
    return st;
}

enum status release_delta_apply(const char *old_path, const char *old_sha256, const char *delta_path, const char *dir,
                                const char *new_path, struct buf *err) {
    struct apply a = {.line = {.max = LIMIT_LINE}, .err = err};
    enum status st = jsonl_open(old_path, &a.old, err);
    if (st == ST_OK) st = jsonl_open(delta_path, &a.delta, err);
    if (st == ST_OK) st = apply_open(&a, old_sha256, dir, new_path);
    jsonl_free(a.old);
    jsonl_free(a.delta);
    buf_free(&a.line);
    return st;
}
