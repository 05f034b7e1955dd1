#include "base/hash_file.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/nettle-meta.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, CONTEXT_MAX = 1024 };

enum status hash_file(const char *path, size_t digits, char hex[HASH_FILE_HEX], struct buf *err) {
    static const struct nettle_hash *const known[] = {&nettle_md5, &nettle_sha1, &nettle_sha256, &nettle_sha512};
    const struct nettle_hash *h = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i]->digest_size * 2 == digits && known[i]->context_size <= CONTEXT_MAX) h = known[i];
    if (!h) return fail(err, ST_SKIP, "a digest of %zu hex digits is of no kind known here", digits);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, ST_SKIP, "%s: %s", path, strerror(errno));
    unsigned char sum[64], *block = malloc(BLOCK);
    void *context = malloc(CONTEXT_MAX);
    enum status st = block && context ? ST_OK : fail(err, ST_RETRY, "out of memory");
    if (st == ST_OK) h->init(context);
    for (ssize_t n = 1; st == ST_OK && n != 0;) {
        n = read(fd, block, BLOCK);
        if (n < 0 && errno != EINTR) st = fail(err, ST_FATAL, "%s: %s", path, strerror(errno));
        if (n > 0) h->update(context, (size_t)n, block);
    }
    if (st == ST_OK) {
        h->digest(context, h->digest_size, sum);
        hash_hex(sum, h->digest_size, hex);
    }
    close(fd);
    free(block);
    free(context);
    return st;
}
