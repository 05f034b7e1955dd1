/* An answer's head and body as a server may send them: fields, dates, codings, chunks. */
#include "crawler/decode.h"
#include "crawler/http_head.h"
#include "crawler/http_link.h"
#include "crawler/politeness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice all = slice_of((const char *)data, size), rest, name, value;
    size_t end = slice_find(all, slice_str("\r\n\r\n"));
    struct slice head = slice_sub(all, 0, end == SIZE_MAX ? size : end + 4), body = slice_sub(all, head.len, size);
    struct buf out;
    rest = head;
    (void)http_head_status(head);
    while (http_head_next(&rest, &name, &value)) {
        struct http_link link;
        for (struct slice links = value; http_link_next(&links, &link);) (void)http_link_is_feed(link.type);
        (void)http_type_of(value);
        (void)politeness_retry_after(value, http_head_get(head, "date"), INT64_C(1700000000000));
    }
    buf_init(&out, 1 << 20);
    if (decode_body(head, body, &out) == DECODE_OK && !buf_ok(&out)) __builtin_trap();
    if (out.len > 1 << 20) __builtin_trap();
    buf_free(&out);
    return 0;
}
