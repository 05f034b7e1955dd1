#ifndef VILLERS_CLI_ENGINE_H
#define VILLERS_CLI_ENGINE_H
/*
 * What the engines share (extract, langid, quality, redact): documents from files, lists of files, stdin, lines, JSON lines and WARC
 * files, compressed or not; worked on by all cores; answers in input order on stdout.  Of a JSON line the members that an engine
 * does not answer itself are kept as they were written, so that engines join into pipes.
 */
#include "base/json.h"
#include "cli/command.h"

enum engine_form {
    ENGINE_BY_NAME, /* .jsonl, .ndjson and .warc (with .gz or .zst) are what they say, any other file is one text, its id the path */
    ENGINE_LINES,   /* each line is one text, its number from 1 across all files */
    ENGINE_JSONL,   /* each line is an object with "text", and "id", or else "url" or "file" */
    ENGINE_WARC     /* each page archived is one text, its id the address */
};

/* A page before its text is taken out. */
struct engine_page {
    struct slice url;          /* "" for a file */
    struct slice content_type; /* as the server said, or "" */
    struct slice body;         /* content coding undone */
    bool html;
};

struct engine_record {
    bool numbered; /* ENGINE_LINES: ${number} stands for the id */
    int64_t number;
    struct slice id;                     /* all borrowed for the call */
    struct slice text;                   /* of a page: its main text */
    struct slice url, declared_language; /* "" where nothing tells */
    struct slice path;                   /* of the file it comes from */
    struct slice object;                 /* the JSON line, or "" */
    const struct engine_page *page;      /* with engine.pages; text is then "" */
};

struct engine {
    enum engine_form form;
    bool pages;   /* the engine wants pages, not texts: a file that is no archive is HTML */
    char **paths; /* "-" or none: stdin */
    int n_paths;
    const char *files_from; /* a list of more paths, one a line; "-" stdin; NULL: none */
    int64_t threads;        /* 0: all cores */
    /* A worker's context; NULL ends the run with exit 70. */
    void *(*worker_new)(void *ctx);
    void (*worker_free)(void *worker);
    /* Append the answer for ${rec} with its newline to ${out}.  SKIP: the reason in ${err} is answered as "error", told on stderr,
     * and the next record has its turn.  Called concurrently with different workers. */
    enum status (*answer)(void *worker, const struct engine_record *rec, struct buf *out, struct buf *err);
    void *ctx; /* for worker_new */
};

/* The options that engines have in common, to stand in their structs, and their rows in option tables. */
struct engine_options {
    bool lines, jsonl, warc;
    const char *files_from;
    int64_t threads;
};
#define ENGINE_OPTIONS(type, member)                                                                                               \
    {"lines", 0, OPTION_FLAG, offsetof(type, member.lines), NULL, "each line of the input is a text"},                             \
        {"jsonl", 0, OPTION_FLAG, offsetof(type, member.jsonl), NULL, "each line is a JSON object with id and text"},              \
        {"warc", 0, OPTION_FLAG, offsetof(type, member.warc), NULL, "the input is WARC: each HTML page's main text"},              \
        {"files-from",  'f',                                                                                                       \
         OPTION_STRING, offsetof(type, member.files_from),                                                                         \
         "LIST",        "read the names of the files from LIST, one a line; - for stdin"},                                         \
    {                                                                                                                              \
        "threads", 'j', OPTION_INT, offsetof(type, member.threads), "N", "workers (default: every core)"                           \
    }
/** engine_choose(e, o, operands, n): fill the inputs of ${e}; 0, or 64 after a line on stderr. */
int engine_choose(struct engine *e, const struct engine_options *o, char **operands, int n);

/** engine_run(e): an exit code: 0; 65 when some records were bad or over a cap (each is named on stderr); 66, 74 for files. */
int engine_run(const struct engine *e);

/** engine_open(j, rec): begin the answer's object with its "id" or "line". */
void engine_open(struct json_out *j, const struct engine_record *rec);
/** engine_close(j, rec, own, n): the members of the JSON line that are not among the ${n} names of ${own} (nor "id"), verbatim, then
 *  the end of the object and a newline. */
void engine_close(struct json_out *j, const struct engine_record *rec, const char *const *own, size_t n);

#endif
