#include "cli/command.h"
#include "cli/options.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMAND(name) extern const struct command cmd_##name;
#include "cli/commands.def"
#undef COMMAND

#define COMMAND(name) &cmd_##name,
static const struct command *const commands[] = {
#include "cli/commands.def"
};
#undef COMMAND
#define N_COMMANDS (sizeof commands / sizeof *commands)

static const struct {
    const char *group, *title;
} groups[] = {{"hub", "The hub"}, {"release", "Releases"}, {"engine", "The engines alone: files or stdin to JSON lines"}};

static void help(struct buf *out) {
    buf_str(out, "villers: a hub of French-language training data\n\nusage: villers COMMAND [OPTION]… [OPERAND]…\n");
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        buf_printf(out, "\n%s\n", groups[g].title);
        for (size_t i = 0; i < N_COMMANDS; i++)
            if (strcmp(commands[i]->group, groups[g].group) == 0)
                buf_printf(out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
    }
    buf_str(out,
            "\n`villers COMMAND --help` shows a command's options and examples.\n"
            "A first hub: villers init my-hub && cd my-hub && villers crawl && villers refine && villers publish NAME 1.0.0\n");
}

static void emit(void *ctx, enum log_level level, const char *line) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    (void)ctx;
    /* over the line of progress, if one stands there */
    fprintf(stderr, "%svillers: %s: %s\n", isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "", names[level], line);
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static bool wants_help(int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static int check_operands(const struct command *c, int n) {
    if (n < c->min_operands) return cli_error(EXIT_USAGE, "%s: too few operands; usage: villers %s %s", c->name, c->name, c->usage);
    if (c->max_operands >= 0 && n > c->max_operands)
        return cli_error(EXIT_USAGE, "%s: too many operands; usage: villers %s %s", c->name, c->name, c->usage);
    return 0;
}

static int run(const struct command *c, int argc, char **argv) {
    struct cli cli = {.hub = ".", .log = {.emit = emit, .level = LOG_WARN}};
    struct buf err = {.max = 4096};
    void *options = calloc(1, c->options_size + 1);
    char **operands = calloc((size_t)argc + 1, sizeof *operands);
    int n = 0, code = EXIT_IO;
    if (!options || !operands) {
        cli_error(code, "out of memory");
    } else if (options_parse(c->options, options, &cli, argc, argv, operands, &n, &err) != ST_OK) {
        code = cli_error(EXIT_USAGE, "%s: %s (see villers %s --help)", c->name, buf_cstr(&err), c->name);
    } else if ((code = check_operands(c, n)) == 0) {
        cli.log.level = cli.verbose ? LOG_INFO : cli.quiet ? LOG_ERROR : LOG_WARN;
        code = c->run(&cli, options, operands, n);
    }
    if (options) options_release(c->options, options);
    free(operands);
    free(options);
    buf_free(&err);
    return code;
}

/* Texts made from the tables, for `make install`: not commands of the program. */
static bool generated(const char *what, struct buf *out) {
    if (strcmp(what, "--man-page") == 0)
        options_man(out, commands, N_COMMANDS);
    else if (strcmp(what, "--bash-completion") == 0)
        options_completion(out, commands, N_COMMANDS);
    else if (strcmp(what, "--version") == 0)
        buf_str(out, "villers " VILLERS_VERSION "\n");
    else if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0 || strcmp(what, "help") == 0)
        help(out);
    else
        return false;
    return true;
}

int main(int argc, char **argv) {
    /* UTF-8 for libraries that ask the locale; numbers stay the C locale's, so that no report depends on the user's. */
    setlocale(LC_CTYPE, "C.UTF-8");
    cli_catch_signals();
    struct buf out = {0};
    int code = EXIT_DONE;
    if (argc < 2) {
        help(&out);
        fputs(buf_cstr(&out), stderr);
        code = EXIT_USAGE;
    } else if (generated(argv[1], &out)) {
        if (!cli_out(&out)) code = EXIT_IO;
    } else {
        const struct command *c = find_command(argv[1]);
        if (!c) {
            code = cli_error(EXIT_USAGE, "no command \"%s\" (villers --help lists them)", argv[1]);
        } else if (wants_help(argc - 2, argv + 2)) {
            options_help(&out, c);
            if (!cli_out(&out)) code = EXIT_IO;
        } else {
            code = run(c, argc - 2, argv + 2);
        }
    }
    buf_free(&out);
    return code;
}
