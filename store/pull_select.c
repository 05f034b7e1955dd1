#include "base/file.h"
#include "base/limits.h"
#include "store/pull_internal.h"
#include "store/release_delta.h"
#include <stdio.h>
#include <unistd.h>

enum status pull_select_load(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_CONFIG};
    enum status st = selection_check(&p->opt->selection, p->err);
    p->selection = p->opt->selection;
    if (st == ST_OK && p->opt->dest && !p->opt->everything && !selection_any(&p->selection) &&
        file_exists(pull_path(p, &path, SELECTION_FILE))) {
        st = file_read(buf_cstr(&path), LIMIT_CONFIG / 2, &text, p->err);
        if (st == ST_OK) st = selection_read(buf_view(&text), &p->remembered, p->err);
        p->selection = p->remembered;
    }
    buf_free(&path);
    buf_free(&text);
    return st;
}

/* A delta leads from one shard to another of the same number: wanted with that one. */
static bool delta_wanted(const struct pull *p, const char *path) {
    static const char start[] = RELEASE_DELTA_DIR "/part-";
    struct slice rest = slice_str(path), digits;
    uint64_t number = 0;
    if (!slice_starts(rest, slice_str(start))) return false;
    rest = slice_sub(rest, sizeof start - 1, rest.len);
    if (!slice_cut(&rest, '-', &digits) || !slice_parse_u64(digits, &number)) return false;
    const struct release_shard *shard = pull_shard_numbered(p, number);
    return shard && selection_takes(&p->selection, shard);
}

enum status pull_select_mark(struct pull *p) {
    size_t shards = 0;
    for (size_t i = 0; i < p->report->n_items; i++) {
        struct pull_item *it = &p->report->items[i];
        if (it->shard)
            it->wanted = selection_takes(&p->selection, it->shard);
        else
            it->wanted = !selection_any(&p->selection) || !slice_starts(slice_str(it->path), slice_str(RELEASE_DELTA_DIR "/")) ||
                         delta_wanted(p, it->path);
        if (!it->shard) continue;
        shards += it->wanted;
        if (it->wanted)
            p->total_bytes += (uint64_t)it->bytes; /* may wrap for a lying manifest: only shown */
        else
            p->report->left_out++;
    }
    return shards ? ST_OK
                  : fail(p->err, ST_SKIP, "%s: no shard holds what was selected; --list tells what there is", p->report->base);
}

enum status pull_select_save(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_CONFIG};
    enum status st = ST_OK;
    pull_path(p, &path, SELECTION_FILE);
    if (selection_any(&p->selection)) {
        selection_write(&text, &p->selection);
        st = buf_ok(&text) ? file_write(buf_cstr(&path), buf_view(&text), p->err) : fail(p->err, ST_FATAL, "out of memory");
    } else
        unlink(buf_cstr(&path));
    buf_free(&path);
    buf_free(&text);
    return st;
}
