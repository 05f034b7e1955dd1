#include "cli/command.h"
#include "base/limits.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int cli_error(int code, const char *fmt, ...) {
    struct buf text = {.max = LIMIT_ERR};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    /* over the line of progress, if one stands there */
    fprintf(stderr, "%svillers: %s\n", isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "", buf_cstr(&text));
    buf_free(&text);
    return code;
}

int cli_exit_of(enum status st) {
    switch (st) {
    case ST_OK: return EXIT_DONE;
    case ST_RETRY: return EXIT_TRY_AGAIN;
    case ST_SKIP: return EXIT_DATA;
    case ST_FATAL: return EXIT_IO;
    }
    return EXIT_BUG;
}

int cli_fail(enum status st, const struct buf *err) { return cli_error(cli_exit_of(st), "%s", buf_cstr(err)); }

bool cli_out(struct buf *b) {
    bool ok = buf_ok(b) && fwrite(buf_cstr(b), 1, b->len, stdout) == b->len && fflush(stdout) == 0;
    /* A reader that left (head, less) is not an error worth a line. */
    if (!ok && errno != EPIPE) cli_error(EXIT_IO, "standard output: %s", buf_ok(b) ? strerror(errno) : "the report is too large");
    buf_clear(b);
    return ok;
}

/* The one thing that a signal handler may set. */
static volatile sig_atomic_t interrupted;

static void on_signal(int sig) {
    (void)sig;
    interrupted = 1;
}

void cli_catch_signals(void) {
    struct sigaction a = {.sa_handler = on_signal};
    sigemptyset(&a.sa_mask);
    /* The second Ctrl-C ends the program at once: everything on disk can stand that. */
    a.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool cli_interrupted(void) { return interrupted != 0; }

static volatile sig_atomic_t hung_up;

static void on_hangup(int sig) {
    (void)sig;
    hung_up = 1;
}

void cli_catch_hangup(void) {
    struct sigaction a = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
    sigemptyset(&a.sa_mask);
    sigaction(SIGHUP, &a, NULL);
}

bool cli_hangup(void) {
    bool was = hung_up != 0;
    hung_up = 0;
    return was;
}
