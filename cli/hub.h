#ifndef VILLERS_CLI_HUB_H
#define VILLERS_CLI_HUB_H
/*
 * The folder of a hub: its settings, its catalogue, its manifest.
 */
#include "cli/command.h"
#include "cli/config.h"
#include "store/manifest.h"

struct hub {
    char *dir;
    struct settings *settings;
    struct catalogue catalogue;
    struct manifest *manifest; /* NULL when not asked for */
    bool locked;
    int lock; /* descriptor, when locked */
};

/** hub_make(dir, err): make the folders, a commented hub.yaml, an empty manifest.  What is there already stays.  *${made} false when
 *  it was a hub before. */
enum status hub_make(const char *dir, bool *made, struct buf *err) MUST_CHECK;

/**
 * hub_open(cli, mode, h):
 * Open the hub of ${cli}; ${mode} NULL leaves the manifest closed.  0, or an exit code after a line on stderr: 66 no hub there, 78
 * a bad hub.yaml, a bad source or a newer manifest, 74.  Then ${h} holds nothing.
 */
int hub_open(const struct cli *cli, const enum manifest_mode *mode, struct hub *h) MUST_CHECK;
void hub_close(struct hub *h);

/**
 * hub_lock(cli, h):
 * From here to hub_close() nobody else refines or publishes in this hub; waits for the one who does, telling so on stderr.  What refine
 * replaces under its own name publish reads, and both sweep what a crash left.  0, or an exit code after a line on stderr: 75 interrupted, 74.
 */
int hub_lock(const struct cli *cli, struct hub *h) MUST_CHECK;

/** hub_path(h, out, fmt, …): "DIR/…" into ${out}; returns its C string. */
const char *hub_path(const struct hub *h, struct buf *out, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
