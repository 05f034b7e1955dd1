/* villers dedup: near-duplicates out of people's own JSON lines. */
#include "base/file.h"
#include "base/limits.h"
#include "cli/dedup_job.h"
#include "cli/dedup_rank.h"
#include "cli/dedup_resume.h"
#include <stdio.h>
#include <stdlib.h>

struct dedup_cli_options {
    const char *out, *id, *text, *source, *against, *order;
    struct option_list forget;
    int64_t bands, rows, ngram, groupings, memory, threads, level, lines, paragraphs;
    double similarity, floor;
    bool resume, plain, keep_figures, add, compact, annotate, rehydrate;
};

static const struct option options[] = {
    {"out", 'o', OPTION_STRING, offsetof(struct dedup_cli_options, out), "DIR", "where kept-*.jsonl.zst and duplicates.jsonl go"},
    {"against", 0, OPTION_STRING, offsetof(struct dedup_cli_options, against), "INDEX",
     "compare with what INDEX holds as well: it survives"},
    {"add", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, add), NULL, "then put what is kept into INDEX (made when absent)"},
    {"forget", 0, OPTION_LIST, offsetof(struct dedup_cli_options, forget), "ID", "first take the document ID out of INDEX"},
    {"compact", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, compact), NULL, "first merge the runs of INDEX into one"},
    {"similarity", 0, OPTION_FLOAT, offsetof(struct dedup_cli_options, similarity), "J",
     "two texts this similar are duplicates (0.7): Jaccard of word 5-grams"},
    {"floor", 0, OPTION_FLOAT, offsetof(struct dedup_cli_options, floor), "J", "no two texts of a cluster are less similar (0.5)"},
    {"keep-figures", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, keep_figures), NULL,
     "texts that differ in their numbers alone are not the same"},
    {"bands", 0, OPTION_INT, offsetof(struct dedup_cli_options, bands), "N", "bands of a signature (14)"},
    {"rows", 0, OPTION_INT, offsetof(struct dedup_cli_options, rows), "N", "minima a band (8)"},
    {"groupings", 0, OPTION_INT, offsetof(struct dedup_cli_options, groupings), "N",
     "times the minima are dealt into bands (2); 1 is the plain scheme"},
    {"ngram", 0, OPTION_INT, offsetof(struct dedup_cli_options, ngram), "N", "words of a shingle (5)"},
    {"id-key", 0, OPTION_STRING, offsetof(struct dedup_cli_options, id), "KEY",
     "the document's id (id); FILE:LINE where there is none"},
    {"text-key", 0, OPTION_STRING, offsetof(struct dedup_cli_options, text), "KEY", "the document's text (text)"},
    {"paragraphs", 0, OPTION_INT, offsetof(struct dedup_cli_options, paragraphs), "N",
     "cut paragraphs that stand in N kept documents of a source, and add repeated_share"},
    {"lines", 0, OPTION_INT, offsetof(struct dedup_cli_options, lines), "N", "cut lines that do"},
    {"source-key", 0, OPTION_STRING, offsetof(struct dedup_cli_options, source), "KEY", "the document's source (source)"},
    {"order", 0, OPTION_STRING, offsetof(struct dedup_cli_options, order), "KEYS",
     "who survives: length (longest), date (earliest), KEY or -KEY, by commas (length,date); then the id"},
    {"annotate", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, annotate), NULL,
     "remove nothing: add minhash_cluster_id, minhash_cluster_size, duplicate_of and similarity"},
    {"rehydrate", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, rehydrate), NULL,
     "add rehydration_weight, FineWeb-2's by cluster size; 0 for a duplicate"},
    {"resume", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, resume), NULL,
     "keep signatures of whole files in DIR until the end, and take up those that a killed run left"},
    {"memory", 0, OPTION_INT, offsetof(struct dedup_cli_options, memory), "BYTES", "memory to use (1G); more goes to files in DIR"},
    {"threads", 0, OPTION_INT, offsetof(struct dedup_cli_options, threads), "N", "threads (all cores)"},
    {"level", 0, OPTION_INT, offsetof(struct dedup_cli_options, level), "N", "zstd level of what is kept (1); -1 to -7 are faster"},
    {"plain", 0, OPTION_FLAG, offsetof(struct dedup_cli_options, plain), NULL, "kept-*.jsonl, not compressed"},
    {0},
};

static bool in_range(int64_t v, int64_t max) { return v >= 0 && v <= max; }

static int check(const struct dedup_cli_options *o, struct dedup_job *job) {
    if (!o->against && (o->add || o->compact || o->forget.n))
        return cli_error(EXIT_USAGE, "--add, --forget and --compact want --against INDEX");
    if (!job->n_paths && !o->compact && !o->forget.n) return cli_error(EXIT_USAGE, "no file given");
    if (job->n_paths && !o->out) return cli_error(EXIT_USAGE, "--out DIR is missing: where the kept documents go");
    if (!in_range(o->bands, SIGNATURE_MAX_KEYS) || !in_range(o->rows, SIGNATURE_MAX_HASHES) || !in_range(o->ngram, 16) ||
        !in_range(o->groupings, 4) || !in_range(o->threads, 1024) || o->level < -7 || o->level > 19 || o->memory < 0)
        return cli_error(EXIT_USAGE, "a number is out of its range");
    if (o->lines < 0 || o->lines == 1 || o->lines > INT32_MAX || o->paragraphs < 0 || o->paragraphs == 1 ||
        o->paragraphs > INT32_MAX)
        return cli_error(EXIT_USAGE, "--lines and --paragraphs take 2 or more documents");
    if (o->order && !dedup_rank_valid(o->order))
        return cli_error(EXIT_USAGE, "--order takes 1 to %d keys, separated by commas", DEDUP_RANK_WORDS);
    if (o->similarity < 0 || o->similarity > 1 || o->floor < 0 || o->floor > 1)
        return cli_error(EXIT_USAGE, "--similarity and --floor are between 0 and 1");
    job->engine.signature = (struct signature_options){.bands = (unsigned)o->bands,
                                                       .rows = (unsigned)o->rows,
                                                       .ngram = (unsigned)o->ngram,
                                                       .groupings = (unsigned)o->groupings,
                                                       .keep_figures = o->keep_figures};
    if (!signature_options_valid(&job->engine.signature))
        return cli_error(EXIT_USAGE, "bands × rows is over %d, or bands × groupings over %d", SIGNATURE_MAX_HASHES,
                         SIGNATURE_MAX_KEYS);
    return EXIT_DONE;
}

static void report(const struct dedup_job *job) {
    struct dedup_counts c;
    dedup_counts(job->dedup, &c);
    fprintf(stderr, "%llu documents: %llu kept, %llu duplicates in %llu clusters (%llu exact copies)\n",
            (unsigned long long)c.documents, (unsigned long long)(c.documents - c.duplicates), (unsigned long long)c.duplicates,
            (unsigned long long)c.clusters, (unsigned long long)c.exact_copies);
    if (job->repeats)
        fprintf(stderr, "repeated lines and paragraphs: %llu bytes cut of %llu (%.2f %%)\n", (unsigned long long)job->cut_bytes,
                (unsigned long long)job->cut_of, job->cut_of ? 100.0 * (double)job->cut_bytes / (double)job->cut_of : 0.0);
}

/* What is asked of the index itself, before documents are compared with it. */
static enum status tend_index(const struct dedup_cli_options *o, struct dedup_job *job, struct buf *err) {
    uint64_t version = signature_version(&job->engine.signature);
    struct hash128 *names = calloc(o->forget.n + 1, sizeof *names);
    enum status st = names ? index_open(o->against, version, o->add, &job->index, err) : fail(err, ST_FATAL, "out of memory");
    for (size_t i = 0; st == ST_OK && i < o->forget.n; i++) names[i] = hash128(slice_str(o->forget.items[i]));
    if (st == ST_OK && o->forget.n) st = index_remove(job->index, names, o->forget.n, err);
    if (st == ST_OK && o->compact) st = index_compact(job->index, err);
    free(names);
    job->engine.against = job->index;
    job->engine.remember = job->add = o->add;
    return st;
}

static enum status work(struct dedup_job *job, struct buf *err) {
    enum status st = dedup_job_read(job, err);
    if (st == ST_OK) {
        progress_text(&job->progress, "comparing");
        st = dedup_job_decide(job, err);
    }
    if (st == ST_OK) st = dedup_job_count_repeats(job, err);
    if (st == ST_OK) {
        progress_text(&job->progress, "writing what is kept");
        st = dedup_job_write(job, err);
    }
    if (st == ST_OK) st = dedup_job_remember(job, err);
    if (st == ST_OK) dedup_resume_sweep(job->out);
    return st;
}

static int run(struct cli *cli, void *opts, char **operands, int n) {
    const struct dedup_cli_options *o = opts;
    struct dedup_job job = {.paths = operands, .n_paths = n, .out = o->out};
    int code = check(o, &job);
    if (code != EXIT_DONE) return code;
    for (int i = 0; i < n; i++)
        if (strcmp(operands[i], "-") != 0 && !file_exists(operands[i]))
            return cli_error(EXIT_NO_INPUT, "%s: no such file", operands[i]);
    job.engine.similarity = o->similarity;
    job.engine.floor = o->floor;
    job.engine.memory_bytes = o->memory ? (size_t)o->memory : GIB;
    job.engine.work_dir = o->out;
    job.engine.stop = cli_interrupted;
    job.engine.threads = job.threads = (unsigned)o->threads;
    job.id_key = o->id ? o->id : "id";
    job.source_key = o->source ? o->source : "source";
    job.cut_lines = (unsigned)o->lines;
    job.cut_paragraphs = (unsigned)o->paragraphs;
    job.text_key = o->text ? o->text : "text";
    job.level = o->plain ? 0 : o->level ? (int)o->level : 1;
    job.order = o->order ? o->order : DEDUP_ORDER_DEFAULT;
    job.resume = o->resume;
    job.annotate = o->annotate;
    job.rehydrate = o->rehydrate;
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    enum status st = n ? dir_make(o->out, &err) : ST_OK;
    if (st != ST_OK) {
        code = st == ST_FATAL ? cli_error(EXIT_CANNOT_CREATE, "%s", buf_cstr(&err)) : cli_fail(st, &err);
        buf_free(&err);
        return code;
    }
    progress_begin(&job.progress, "dedup", cli->quiet);
    st = o->against ? tend_index(o, &job, &err) : ST_OK;
    if (st == ST_OK && n) st = work(&job, &err);
    progress_end(&job.progress);
    if (st != ST_OK)
        code = cli_fail(st, &err);
    else {
        if (!cli->quiet && n) report(&job);
        if (job.bad)
            code = cli_error(EXIT_DATA, "%llu lines were no documents and are not among what is kept", (unsigned long long)job.bad);
    }
    dedup_job_free(&job);
    buf_free(&err);
    return code;
}

const struct command cmd_dedup = {
    .name = "dedup",
    .group = "engine",
    .summary = "near-duplicates out of JSON lines",
    .usage = "--out DIR FILE…  (- is stdin)  |  --against INDEX [--forget ID]… [--compact]",
    .examples =
        "villers dedup --out clean docs-*.jsonl.zst\nproduce | villers dedup --out clean -\nvillers dedup --out new --against index --add docs-2025-06.jsonl.zst\nvillers dedup --out clean --keep-figures --memory 4G law.jsonl.gz",
    .options = options,
    .options_size = sizeof(struct dedup_cli_options),
    .min_operands = 0,
    .max_operands = -1,
    .run = run,
};
