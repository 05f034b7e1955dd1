#include "base/file.h"
#include "cli/embedded.h"
#include "cli/hub.h"

/* An example that explains itself, beside but never among the files that are read. */
static enum status write_example(const char *dir, const char *name, struct slice text, struct buf *err) {
    struct buf path = {.max = 8192};
    path_join(&path, dir, name);
    enum status st = file_exists(buf_cstr(&path)) ? ST_OK : file_write(buf_cstr(&path), text, err);
    buf_free(&path);
    return st;
}

static int run_init(struct cli *cli, void *options, char **operands, int n) {
    (void)options;
    (void)n;
    const char *dir = operands[0];
    struct buf err = {.max = 4096}, out = {0};
    bool made = false;
    enum status st = hub_make(dir, &made, &err);
    if (st == ST_OK) st = write_example(dir, "sources/exemple.yaml.example", embedded_source_yaml(), &err);
    if (st == ST_OK) st = write_example(dir, "campaigns/exemple.yaml.example", embedded_campaign_yaml(), &err);
    int code = EXIT_DONE;
    if (st != ST_OK) {
        code = cli_error(EXIT_CANNOT_CREATE, "%s", buf_cstr(&err));
    } else if (!cli->quiet) {
        buf_printf(&out, made ? "%s is a hub now.\n" : "%s was a hub already; what was missing is there now.\n", dir);
        buf_printf(&out, "Next: copy %s/sources/exemple.yaml.example to sources/ID.yaml, and run villers --hub %s sources check\n",
                   dir, dir);
        if (!cli_out(&out)) code = EXIT_IO;
    }
    buf_free(&out);
    buf_free(&err);
    return code;
}

const struct command cmd_init = {
    .name = "init",
    .group = "hub",
    .summary = "make a hub: its folders, commented settings, an empty manifest",
    .usage = "DIR",
    .examples = "villers init ./hub\n",
    .min_operands = 1,
    .max_operands = 1,
    .run = run_init,
};
