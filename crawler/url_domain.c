#include "crawler/url.h"
#include <libpsl.h>

#define DOMAIN_MAX 255

/* Canonical hosts that end in a digit-only label are IPv4 addresses (see url_host.h). */
static bool is_address(struct slice host) {
    if (host.len && host.ptr[0] == '[') return true;
    size_t from = host.len;
    while (from > 0 && ascii_is_digit(host.ptr[from - 1])) from--;
    return from < host.len && (from == 0 || host.ptr[from - 1] == '.');
}

struct slice url_domain(struct slice host) {
    const psl_ctx_t *psl = psl_builtin();
    if (!psl || host.len == 0 || host.len > DOMAIN_MAX || is_address(host)) return host;
    char name[DOMAIN_MAX + 1];
    memcpy(name, host.ptr, host.len);
    name[host.len] = 0;
    const char *domain = psl_registrable_domain(psl, name);
    return domain ? slice_sub(host, (size_t)(domain - name), host.len) : host;
}
