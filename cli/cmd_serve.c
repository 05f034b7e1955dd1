#include "base/file.h"
#include "base/limits.h"
#include "cli/hub.h"
#include "cli/serve_http.h"
#include <stddef.h>
#include <time.h>

struct serve_args {
    const char *port; /* text: 0 is a value of its own */
    const char *bind, *port_file;
    int64_t threads, connections, timeout_s;
};

#define DEFAULT_PORT 8080
#define DEFAULT_CONNECTIONS 4096
#define DEFAULT_TIMEOUT_S 30

static void wait_for_signal(void) {
    const struct timespec nap = {0, 50000000};
    while (!cli_interrupted()) nanosleep(&nap, NULL);
}

static enum status announce(const struct serve_args *args, const char *bind, unsigned port, bool quiet, struct buf *err) {
    struct buf text = {0};
    bool v6 = strchr(bind, ':') != NULL;
    enum status st = ST_OK;
    if (args->port_file) {
        buf_printf(&text, "%u\n", port);
        st = file_write(args->port_file, buf_view(&text), err);
        buf_clear(&text);
    }
    buf_printf(&text, "http://%s%s%s:%u/\n", v6 ? "[" : "", bind, v6 ? "]" : "", port);
    if (st == ST_OK && !quiet && !cli_out(&text)) st = fail(err, ST_FATAL, "cannot write to stdout");
    buf_free(&text);
    return st;
}

static int serve(struct cli *cli, const struct serve_args *args, unsigned port, const struct hub *h) {
    struct buf err = {.max = LIMIT_ERR}, releases = {.max = LIMIT_URL_INPUT};
    const char *bind = args->bind ? args->bind : "127.0.0.1";
    struct serve_http *server = NULL;
    struct serve_options opt = {.releases = hub_path(h, &releases, "releases"),
                                .contact = h->settings->contact ? h->settings->contact : "",
                                .base = h->settings->url,
                                .bind = bind,
                                .port = port,
                                .threads = (unsigned)args->threads,
                                .max_connections = args->connections ? (unsigned)args->connections : DEFAULT_CONNECTIONS,
                                .timeout_s = args->timeout_s ? (unsigned)args->timeout_s : DEFAULT_TIMEOUT_S,
                                .log = cli->log};
    int code = EXIT_DONE;
    enum status st = serve_http_start(&opt, &server, &err);
    if (st == ST_OK) {
        st = announce(args, bind, serve_http_port(server), cli->quiet, &err);
        if (st == ST_OK) wait_for_signal();
        serve_http_stop(server);
        if (st != ST_OK) code = cli_error(EXIT_IO, "serve: %s", buf_cstr(&err));
    } else
        code = cli_error(st == ST_SKIP ? EXIT_UNAVAILABLE : EXIT_IO, "serve: %s", buf_cstr(&err));
    buf_free(&err);
    buf_free(&releases);
    return code;
}

static int run_serve(struct cli *cli, void *options, char **operands, int n) {
    struct serve_args *args = options;
    struct hub h;
    (void)operands, (void)n;
    uint64_t port = DEFAULT_PORT;
    if (args->port && (!slice_parse_u64(slice_str(args->port), &port) || port > 65535))
        return cli_error(EXIT_USAGE, "serve: '%s' is not a port", args->port);
    bool bad =
        args->threads < 0 || args->threads > 1024 || args->connections < 0 || args->connections > 100000 || args->timeout_s < 0;
    if (bad) return cli_error(EXIT_USAGE, "serve: a number is out of range");
    int code = hub_open(cli, NULL, &h);
    if (code) return code;
    code = serve(cli, args, (unsigned)port, &h);
    hub_close(&h);
    return code;
}

static const struct option serve_options[] = {
    {"port", 'p', OPTION_STRING, offsetof(struct serve_args, port), "N", "port (default 8080; 0: any free one)"},
    {"bind", 'b', OPTION_STRING, offsetof(struct serve_args, bind), "ADDR", "address to listen on (default 127.0.0.1)"},
    {"port-file", 0, OPTION_STRING, offsetof(struct serve_args, port_file), "FILE", "write the port there once it listens"},
    {"threads", 't', OPTION_INT, offsetof(struct serve_args, threads), "N", "event loops (default: one a core)"},
    {"connections", 0, OPTION_INT, offsetof(struct serve_args, connections), "N", "open at once (default 4096)"},
    {"timeout", 0, OPTION_INT, offsetof(struct serve_args, timeout_s), "S", "close a connection silent for so long (default 30 s)"},
    {0},
};

const struct command cmd_serve = {
    .name = "serve",
    .group = "release",
    .summary = "the hub's releases over HTTP: ranges, ETags, a page per dataset",
    .usage = "",
    .examples = "villers serve --hub ./hub --port 8080\nvillers serve --hub ./hub --bind 0.0.0.0\n",
    .options = serve_options,
    .options_size = sizeof(struct serve_args),
    .min_operands = 0,
    .max_operands = 0,
    .run = run_serve,
};
