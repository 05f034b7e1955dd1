/* What `villers dedup` adds to a line. */
#include "base/json.h"
#include "cli/dedup_job.h"

enum status dedup_job_name(const struct dedup_job *job, uint64_t kept, char scratch[DEDUP_NAME_MAX], struct slice *name,
                           struct buf *err) {
    return kept < DEDUP_OLD ? dedup_names_get(job->names, kept, scratch, name, err)
                            : dedup_old_name(job->dedup, kept, scratch, name, err);
}

/* FineWeb-2's weights: how often a text that was found this many times should be repeated. */
static int rehydration_weight(uint32_t cluster_size) {
    static const struct {
        uint32_t from;
        int weight;
    } steps[] = {{191, 1}, {107, 3}, {88, 4}, {76, 5}, {62, 6}, {52, 7}, {40, 8}, {29, 9}, {17, 10},
                 {13, 9},  {10, 8},  {8, 7},  {7, 6},  {6, 5},  {4, 4},  {3, 3},  {1, 1}};
    size_t i = 0;
    while (cluster_size < steps[i].from) i++;
    return steps[i].weight;
}

enum status dedup_job_annotate(const struct dedup_job *job, struct slice line, const struct dedup_verdict *v, double share,
                               struct buf *out, struct buf *err) {
    char scratch[DEDUP_NAME_MAX];
    struct slice name;
    struct json_out j;
    struct buf more;
    enum status st = dedup_job_name(job, v->kept, scratch, &name, err);
    if (st != ST_OK) return st;
    line = slice_trim(line);
    buf_init(&more, 0);
    json_out_init(&j, &more);
    json_object(&j);
    if (job->annotate) {
        json_kv_str(&j, "minhash_cluster_id", name);
        json_kv_int(&j, "minhash_cluster_size", v->cluster_size);
        json_kv_str(&j, "duplicate_of", v->kept == v->doc ? slice_of("", 0) : name);
        json_kv_float(&j, "similarity", v->similarity, 4);
    }
    if (job->rehydrate) json_kv_int(&j, "rehydration_weight", v->kept == v->doc ? rehydration_weight(v->cluster_size) : 0);
    if (job->repeats) json_kv_float(&j, "repeated_share", share, 4);
    json_object_end(&j);
    /* The object goes on where it ended; it has a text at least, so a comma is due. */
    buf_slice(out, slice_sub(line, 0, line.len - 1));
    buf_char(out, ',');
    buf_slice(out, slice_sub(buf_view(&more), 1, more.len));
    buf_free(&more);
    return ST_OK;
}
