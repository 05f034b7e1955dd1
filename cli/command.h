#ifndef VILLERS_CLI_COMMAND_H
#define VILLERS_CLI_COMMAND_H
/*
 * A command of the program.  There are 4 things to do to add one: write cli/cmd_NAME.c with its option table and its run
 * function; name it in cli/commands.def; add its tests to tests/cli; run `make check`.  Help, man page and completions come
 * from the tables.
 */
#include "base/buf.h"
#include "base/log.h"

/* sysexits(3) and the two of the design. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_NEGATIVE = 1, /* done, with a negative answer */
    EXIT_USAGE = 64,
    EXIT_DATA = 65,
    EXIT_NO_INPUT = 66,
    EXIT_UNAVAILABLE = 69,
    EXIT_BUG = 70,
    EXIT_CANNOT_CREATE = 73,
    EXIT_IO = 74,
    EXIT_TRY_AGAIN = 75,
    EXIT_CONFIG = 78
};

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_STRING, /* const char * */
    OPTION_INT,    /* int64_t, decimal, with K M G suffixes (powers of 1024) */
    OPTION_FLOAT,  /* double */
    OPTION_LIST    /* struct option_list, repeatable */
};
struct option_list {
    const char **items; /* owned; the strings are argv's */
    size_t n;
};
struct option {
    const char *name; /* without dashes */
    char letter;      /* 0 for none */
    enum option_kind kind;
    size_t offset;    /* of the destination in the command's options struct */
    const char *arg;  /* shown in help; NULL for a flag */
    const char *help; /* one line */
};

struct cli {
    const char *hub; /* --hub DIR, default "." */
    bool quiet, verbose, json;
    struct log log; /* to stderr */
};

struct command {
    const char *name;
    const char *group;              /* "hub", "engine" or "release" : the heading in --help */
    const char *summary;            /* one line */
    const char *usage;              /* operands: "[--lines|--jsonl] [FILE…]" */
    const char *examples;           /* lines ready to paste */
    const struct option *options;   /* ended by a zeroed entry; may be NULL */
    size_t options_size;            /* of the struct that offset points into */
    int min_operands, max_operands; /* max -1: any number */
    /* ${options} is zeroed and then filled from the command line; returns an exit code. */
    int (*run)(struct cli *cli, void *options, char **operands, int n);
};

/** cli_error(code, fmt, …): one line "villers: …" on stderr; returns ${code}. */
int cli_error(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** cli_exit_of(st): the exit code for a library's status: RETRY 75, SKIP 65, FATAL 74. */
int cli_exit_of(enum status st);
/** cli_fail(st, err): print ${err} and give cli_exit_of(${st}). */
int cli_fail(enum status st, const struct buf *err);
/** cli_out(b): write ${b} to stdout and clear it; false (message printed) when stdout is closed or full. */
bool cli_out(struct buf *b);
/** cli_interrupted(): SIGINT or SIGTERM has been seen (handlers are installed by main). */
bool cli_interrupted(void);
/** cli_catch_signals(): from now on SIGINT and SIGTERM are noted (once), SIGPIPE ignored.  Called by main. */
void cli_catch_signals(void);

/** cli_catch_hangup(): from now on SIGHUP is noted; cli_hangup(): one came since the last call. */
void cli_catch_hangup(void);
bool cli_hangup(void);

#endif
