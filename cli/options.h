#ifndef VILLERS_CLI_OPTIONS_H
#define VILLERS_CLI_OPTIONS_H
/*
 * A command line read by a command's table.  "--name value", "--name=value", "-n value"; "--" ends options; operands may stand
 * between options.
 */
#include "cli/command.h"

/* Options that every command takes. */
extern const struct option options_common[];

/**
 * options_parse(table, dest, common, argc, argv, operands, n, err):
 * Fill ${dest} by ${table} (may be NULL) and ${common} by options_common.  The operands are collected into ${operands}, which has
 * room for ${argc}.  SKIP with a message on a bad command line.  Strings stay argv's.
 */
enum status options_parse(const struct option *table, void *dest, struct cli *common, int argc, char **argv, char **operands,
                          int *n, struct buf *err) MUST_CHECK;
/** options_release(table, dest): free what lists hold. */
void options_release(const struct option *table, void *dest);

/** options_help(out, c): the text of `villers c --help`. */
void options_help(struct buf *out, const struct command *c);
/** options_man(out, commands, n), options_completion(…): the man page (troff) and a bash completion script. */
void options_man(struct buf *out, const struct command *const *commands, size_t n);
void options_completion(struct buf *out, const struct command *const *commands, size_t n);

#endif
