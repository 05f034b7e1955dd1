#include "store/blocks.h"
#include "base/hash.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool read_block(int fd, char *block, size_t *len) {
    *len = 0;
    while (*len < BLOCK_BYTES) {
        ssize_t n = read(fd, block + *len, BLOCK_BYTES - *len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        *len += (size_t)n;
    }
    return true;
}

enum status blocks_of(const char *path, struct buf *out, struct buf *err) {
    struct buf block = {.max = BLOCK_BYTES + 1};
    char hex[BLOCK_DIGITS + 1];
    size_t len = BLOCK_BYTES;
    buf_clear(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, "open", path);
    enum status st = buf_reserve(&block, BLOCK_BYTES) ? ST_OK : fail(err, ST_FATAL, "out of memory");
    while (st == ST_OK && len == BLOCK_BYTES) {
        if (!read_block(fd, block.data, &len)) st = fail_errno(err, "read", path);
        if (st != ST_OK || len == 0) break;
        hash128_hex(hash128(slice_of(block.data, len)), hex);
        buf_str(out, hex);
    }
    close(fd);
    buf_free(&block);
    return st == ST_OK && !buf_ok(out) ? fail(err, ST_FATAL, "out of memory") : st;
}

bool blocks_fit(const char *digits, uint64_t bytes) {
    size_t n = digits ? strlen(digits) : 0;
    return n > 0 && n % BLOCK_DIGITS == 0 && n / BLOCK_DIGITS == (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

bool blocks_right(const char *digits, size_t i, struct slice block) {
    char hex[BLOCK_DIGITS + 1];
    hash128_hex(hash128(block), hex);
    return memcmp(hex, digits + i * BLOCK_DIGITS, BLOCK_DIGITS) == 0;
}
