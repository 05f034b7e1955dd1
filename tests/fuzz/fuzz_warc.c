/*
 * Any bytes as a WARC file, plain or compressed.  A record's slices can be read, offsets never go back, and reading ends.
 */
#include "store/warc.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum_of(struct slice s) {
    uint64_t sum = 0;
    for (size_t i = 0; i < s.len; i++) sum = sum * 31 + (unsigned char)s.ptr[i];
    return sum;
}

static void look(const struct warc_record *r) {
    struct warc_http http;
    struct slice v;
    uint64_t sum = sum_of(r->headers) + sum_of(r->block) + sum_of(r->type) + sum_of(r->target_uri) + sum_of(r->version);
    if (warc_http_split(r->block, &http)) sum += sum_of(http.head) + sum_of(http.body);
    if (warc_field(r->headers, "X", &v)) sum += sum_of(v);
    if (!r->cut && r->block.len != r->length) abort();
    if (sum == 42) putchar('\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    int fd = memfd_create("warc", 0);
    struct warc_reader *r = NULL;
    struct warc_record rec;
    enum status st;
    uint64_t last = 0;
    size_t calls = 0;
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (warc_reader_open(path, &r, NULL) == ST_OK) {
        while ((st = warc_reader_next(r, &rec, NULL)) != ST_RETRY && st != ST_FATAL) {
            if (++calls > size + 16) abort(); /* each call moves on */
            if (st != ST_OK) continue;
            if (rec.offset < last) abort();
            last = rec.offset;
            look(&rec);
        }
        warc_reader_free(r);
    }
    close(fd);
    return 0;
}
