#include "base/file.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "store/sign.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A secret is never readable by others, not for a moment, and never overwritten. */
static enum status write_secret(const char *path, struct slice text, struct buf *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) return fail(err, ST_SKIP, "%s is there already: a key is never overwritten", path);
    if (fd < 0) return fail_errno(err, "create", path);
    enum status st = fd_write_all(fd, text, path, err);
    if (st == ST_OK && fsync(fd) != 0) st = fail_errno(err, "sync", path);
    close(fd);
    if (st != ST_OK) unlink(path);
    return st;
}

static int run_keygen(struct cli *cli, void *options, char **operands, int n) {
    struct hub h;
    struct sign_public pub;
    struct sign_secret sec;
    struct buf err = {.max = LIMIT_ERR}, secret = {.max = LIMIT_CONFIG}, public = {.max = LIMIT_CONFIG},
               path = {.max = LIMIT_URL_INPUT}, out = {0};
    const char *password = getenv("VILLERS_KEY_PASSWORD");
    char id[17];
    (void)options, (void)operands, (void)n;
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    sign_keygen(&pub, &sec);
    sign_id_hex(pub.id, id);
    enum status st = sign_write_secret(&secret, &sec, slice_str(password), &err);
    sign_wipe(&sec);
    sign_write_public(&public, &pub);
    if (st == ST_OK) st = write_secret(hub_path(&h, &path, "%s", SIGN_SECRET_FILE), buf_view(&secret), &err);
    if (st == ST_OK) st = file_write(hub_path(&h, &path, "%s", SIGN_PUBLIC_FILE), buf_view(&public), &err);
    if (st == ST_OK) {
        buf_printf(&out,
                   "key %s: %s/" SIGN_SECRET_FILE " signs every version from now on (%s); %s/" SIGN_PUBLIC_FILE
                   " is for the world:\n%s",
                   id, h.dir,
                   password && password[0] ? "its password is read from VILLERS_KEY_PASSWORD"
                                           : "not encrypted: keep it as you keep a password",
                   h.dir, buf_cstr(&public));
        if (!cli_out(&out)) code = EXIT_IO;
    } else
        code = cli_error(st == ST_SKIP ? EXIT_CANNOT_CREATE : EXIT_IO, "keygen: %s", buf_cstr(&err));
    if (secret.data) memset(secret.data, 0, secret.len);
    hub_close(&h);
    buf_free(&err);
    buf_free(&secret);
    buf_free(&public);
    buf_free(&path);
    buf_free(&out);
    return code;
}

const struct command cmd_keygen = {
    .name = "keygen",
    .group = "release",
    .summary = "make the hub's signing key (Ed25519, minisign's format)",
    .usage = "",
    .examples = "villers keygen --hub ./hub\n",
    .min_operands = 0,
    .max_operands = 0,
    .run = run_keygen,
};
