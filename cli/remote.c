#include "cli/remote.h"
#include "base/file.h"
#include "base/limits.h"
#include "crawler/fetch_simple.h"

bool remote_is_url(const char *location) {
    struct slice s = slice_str(location);
    return slice_starts_nocase(s, slice_str("http://")) || slice_starts_nocase(s, slice_str("https://"));
}

enum status remote_open(const char *location, unsigned workers, int64_t timeout_s, const struct option_list *connect_to,
                        struct remote *r, struct buf *err) {
    *r = (struct remote){0};
    if (!remote_is_url(location)) {
        r->transport = transport_files();
        return ST_OK;
    }
    struct fetch_simple_options opt = {.user_agent = "villers/" VILLERS_VERSION,
                                       .connect_to = connect_to->items,
                                       .n_connect_to = connect_to->n,
                                       .workers = workers,
                                       .stall_ms = timeout_s * 1000,
                                       .stop = cli_interrupted};
    enum status st = fetch_simple_new(&opt, &r->http, err);
    if (st == ST_OK) r->transport = fetch_simple_transport(r->http);
    return st;
}

void remote_close(struct remote *r) {
    fetch_simple_free(r->http);
    *r = (struct remote){0};
}

enum status remote_key(const char *text, struct sign_public *pub, struct buf *err) {
    struct buf file = {.max = LIMIT_CONFIG};
    if (!file_exists(text)) return sign_read_public(slice_str(text), pub, err);
    enum status st = file_read(text, LIMIT_CONFIG / 2, &file, err);
    if (st == ST_OK) st = sign_read_public(buf_view(&file), pub, err);
    buf_free(&file);
    return st;
}
