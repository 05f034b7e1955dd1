/* What a command's table says, as help, man page and completion. */
#include "cli/options.h"

static void option_line(struct buf *out, const struct option *o) {
    struct buf left = {.max = 256};
    if (o->letter)
        buf_printf(&left, "-%c, ", o->letter);
    else
        buf_str(&left, "    ");
    buf_printf(&left, "--%s", o->name);
    if (o->arg) buf_printf(&left, " %s", o->arg);
    buf_printf(out, "  %-32s %s%s\n", buf_cstr(&left), o->help, o->kind == OPTION_LIST ? " (repeatable)" : "");
    buf_free(&left);
}

void options_help(struct buf *out, const struct command *c) {
    buf_printf(out, "villers %s %s\n\n%s\n", c->name, c->usage, c->summary);
    if (c->options && c->options->name) {
        buf_str(out, "\nOptions:\n");
        for (const struct option *o = c->options; o->name; o++) option_line(out, o);
    }
    buf_str(out, "\nOptions of every command:\n");
    for (const struct option *o = options_common; o->name; o++) option_line(out, o);
    if (c->examples && *c->examples) {
        buf_str(out, "\nExamples:\n");
        struct slice rest = slice_str(c->examples), line;
        while (slice_cut(&rest, '\n', &line))
            if (line.len) buf_printf(out, "  %.*s\n", SLICE_ARG(line));
    }
}

/* Text for troff: a leading dot or quote and every hyphen and backslash are protected. */
static void troff(struct buf *out, struct slice s) {
    if (s.len && (s.ptr[0] == '.' || s.ptr[0] == '\'')) buf_str(out, "\\&");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '-' || s.ptr[i] == '\\') buf_char(out, '\\');
        buf_char(out, s.ptr[i]);
    }
}

static void man_options(struct buf *out, const struct option *table) {
    for (const struct option *o = table; o && o->name; o++) {
        buf_str(out, ".TP\n\\fB");
        if (o->letter) buf_printf(out, "\\-%c\\fR, \\fB", o->letter);
        buf_str(out, "\\-\\-");
        troff(out, slice_str(o->name));
        buf_str(out, "\\fR ");
        if (o->arg) buf_printf(out, "\\fI%s\\fR", o->arg);
        buf_char(out, '\n');
        troff(out, slice_str(o->help));
        buf_char(out, '\n');
    }
}

static void man_command(struct buf *out, const struct command *c) {
    buf_printf(out, ".SS villers %s ", c->name);
    troff(out, slice_str(c->usage));
    buf_char(out, '\n');
    troff(out, slice_str(c->summary));
    buf_char(out, '\n');
    man_options(out, c->options);
    if (!c->examples || !*c->examples) return;
    buf_str(out, ".PP\n.nf\n");
    struct slice rest = slice_str(c->examples), line;
    while (slice_cut(&rest, '\n', &line)) {
        troff(out, line);
        buf_char(out, '\n');
    }
    buf_str(out, ".fi\n");
}

void options_man(struct buf *out, const struct command *const *commands, size_t n) {
    buf_str(out, ".TH VILLERS 1 \"\" \"Villers " VILLERS_VERSION
                 "\" \"User commands\"\n.SH NAME\nvillers \\- a hub of French-language training data\n"
                 ".SH SYNOPSIS\n.B villers\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n.SH COMMANDS\n");
    for (size_t i = 0; i < n; i++) man_command(out, commands[i]);
    buf_str(out, ".SH OPTIONS OF EVERY COMMAND\n");
    man_options(out, options_common);
    buf_str(
        out,
        ".SH EXIT STATUS\n0 done; 1 done with a negative answer; 64 usage; 65 bad data; 66 no such input; 69 unavailable; 70 bug; "
        "73 cannot create; 74 input or output failed; 75 try again; 78 bad configuration.\n");
}

static void completion_words(struct buf *out, const struct option *table) {
    for (const struct option *o = table; o && o->name; o++) buf_printf(out, " --%s", o->name);
}

void options_completion(struct buf *out, const struct command *const *commands, size_t n) {
    buf_str(out, "# bash completion for villers\n_villers() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (size_t i = 0; i < n; i++) buf_printf(out, "%s%s", i ? " " : "", commands[i]->name);
    buf_str(out, "\"\n    elif [[ $cur == -* ]]; then\n        case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "        %s) words=\"", commands[i]->name);
        completion_words(out, commands[i]->options);
        buf_str(out, "\" ;;\n");
    }
    buf_str(out, "        esac\n        words+=\"");
    completion_words(out, options_common);
    buf_str(
        out,
        " --help\"\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -o filenames -F _villers villers\n");
}
