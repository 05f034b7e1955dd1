#include "cli/hub.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/embedded.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const folders[] = {"sources", "campaigns", "frontier", "warc", "raw", "refined", "index", "releases"};

const char *hub_path(const struct hub *h, struct buf *out, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_clear(out);
    buf_str(out, h->dir);
    buf_char(out, '/');
    buf_vprintf(out, fmt, ap);
    va_end(ap);
    return buf_cstr(out);
}

static enum status make_manifest(const char *dir, struct buf *err) {
    struct buf path = {.max = 8192};
    path_join(&path, dir, "manifest.sqlite");
    struct manifest *m = NULL;
    enum status st = manifest_open(buf_cstr(&path), MANIFEST_CREATE, &m, NULL, err);
    manifest_free(m);
    buf_free(&path);
    return st;
}

enum status hub_make(const char *dir, bool *made, struct buf *err) {
    struct buf path = {.max = 8192};
    enum status st = dir_make(dir, err);
    for (size_t i = 0; st == ST_OK && i < sizeof folders / sizeof *folders; i++) {
        path_join(&path, dir, folders[i]);
        st = dir_make(buf_cstr(&path), err);
    }
    path_join(&path, dir, "hub.yaml");
    *made = st == ST_OK && !file_exists(buf_cstr(&path));
    if (st == ST_OK) st = make_manifest(dir, err);
    /* hub.yaml comes last: a folder that has one is a whole hub. */
    if (*made && st == ST_OK) st = file_write(buf_cstr(&path), embedded_hub_yaml(), err);
    buf_free(&path);
    return st;
}

static int open_manifest(struct hub *h, enum manifest_mode mode, struct buf *path, struct buf *err) {
    bool newer = false;
    enum status st = manifest_open(hub_path(h, path, "manifest.sqlite"), mode, &h->manifest, &newer, err);
    if (st == ST_OK) return 0;
    if (newer) return cli_error(EXIT_CONFIG, "%s", buf_cstr(err));
    if (st == ST_SKIP) return cli_error(EXIT_NO_INPUT, "%s (run villers init %s again to make it)", buf_cstr(err), h->dir);
    return cli_fail(st, err);
}

int hub_open(const struct cli *cli, const enum manifest_mode *mode, struct hub *h) {
    struct buf err = {.max = 4096}, path = {.max = 8192};
    int code = 0;
    *h = (struct hub){.dir = strdup(cli->hub)};
    if (!h->dir)
        code = cli_error(EXIT_IO, "out of memory");
    else if (!file_exists(hub_path(h, &path, "hub.yaml")))
        code = cli_error(EXIT_NO_INPUT, "%s: no hub here (no hub.yaml): make one with villers init, or name one with --hub DIR",
                         h->dir);
    else if (config_settings(buf_cstr(&path), &h->settings, &err) != ST_OK)
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    else if (config_catalogue(hub_path(h, &path, "sources"), &h->catalogue, &err) != ST_OK)
        code = cli_error(EXIT_CONFIG, "%s", buf_cstr(&err));
    else if (mode)
        code = open_manifest(h, *mode, &path, &err);
    if (code) hub_close(h);
    buf_free(&path);
    buf_free(&err);
    return code;
}

int hub_lock(const struct cli *cli, struct hub *h) {
    struct buf path = {.max = 8192};
    int code = 0, got = -1;
    h->lock = open(hub_path(h, &path, "refined/.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    h->locked = h->lock >= 0;
    if (h->locked) got = flock(h->lock, LOCK_EX | LOCK_NB);
    if (h->locked && got != 0 && errno == EWOULDBLOCK) {
        if (!cli->quiet) fprintf(stderr, "villers: waiting for another refine or publish of this hub to end\n");
        do got = flock(h->lock, LOCK_EX);
        while (got != 0 && errno == EINTR && !cli_interrupted());
    }
    if (got != 0)
        code = cli_interrupted() ? cli_error(EXIT_TRY_AGAIN, "interrupted")
                                 : cli_error(EXIT_IO, "%s: cannot lock: %s", buf_cstr(&path), strerror(errno));
    buf_free(&path);
    return code;
}

void hub_close(struct hub *h) {
    if (h->locked) close(h->lock);
    manifest_free(h->manifest);
    config_catalogue_free(&h->catalogue);
    if (h->settings) config_settings_free(h->settings);
    free(h->dir);
    *h = (struct hub){0};
}
