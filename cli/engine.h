#ifndef VILLERS_CLI_ENGINE_H
#define VILLERS_CLI_ENGINE_H
/*
 * What the engines of one text at a time share (langid, quality, redact): texts from JSON lines, plain lines or whole files,
 * worked on by all cores, answers in input order on stdout.
 */
#include "base/json.h"
#include "cli/command.h"

enum engine_form {
    ENGINE_FILES, /* each file is one text, its id the path */
    ENGINE_LINES, /* each line is one text, its number from 1 across all files */
    ENGINE_JSONL  /* each line is an object with "id" and "text"; files may be .zst or .gz */
};

struct engine_record {
    bool numbered; /* ENGINE_LINES: ${number} stands for the id */
    int64_t number;
    struct slice id; /* borrowed for the call, as is text */
    struct slice text;
};

struct engine {
    enum engine_form form;
    char **paths; /* "-" or none: stdin */
    int n_paths;
    /* A worker's context; NULL ends the run with exit 70. */
    void *(*worker_new)(void *ctx);
    void (*worker_free)(void *worker);
    /* Append the answer for ${rec} with its newline to ${out}.  Called concurrently with different workers. */
    enum status (*answer)(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err);
    void *ctx; /* for worker_new */
};

/** engine_run(e): an exit code: 0; 65 when some lines were bad (each is named on stderr); 66, 74 for files. */
int engine_run(const struct engine *e);
/** engine_open(j, rec): begin the answer's object with its "id" or "line". */
void engine_open(struct json_out *j, const struct engine_record *rec);

#endif
