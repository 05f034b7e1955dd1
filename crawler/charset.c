#include "crawler/charset.h"
#include "base/limits.h"
#include "crawler/charset_parts.h"

#define PRESCAN_BYTES 1024      /* WHATWG HTML: how far a declaration counts before anything else is known */
#define PRESCAN_LATE (64 * KIB) /* browsers change encoding for a later one; so do we when nothing else says */

static size_t bom(struct slice s, charset_id *id) {
    static const struct {
        const char *bytes;
        size_t n;
        const char *name;
    } marks[] = {{"\xef\xbb\xbf", 3, "utf-8"}, {"\xff\xfe", 2, "utf-16le"}, {"\xfe\xff", 2, "utf-16be"}};
    for (size_t i = 0; i < 3; i++) {
        if (!slice_starts(s, slice_of(marks[i].bytes, marks[i].n))) continue;
        *id = charset_find(slice_str(marks[i].name));
        return marks[i].n;
    }
    return 0;
}

/*
 * Whether the bytes bear ${id} out.  UTF-8 may be damaged, but must be UTF-8.  Another encoding loses against bytes that are UTF-8 from
 * end to end: no text in a one-byte encoding looks like that by chance, and two sequences are enough to know.
 */
static bool plausible(charset_id id, struct charset_utf8 u) {
    if (charset_is(id, "utf-8")) return u.bad == 0 || charset_mostly_utf8(u);
    if (charset_is_single(id)) return u.bad > 0 || u.good < 1;
    return u.bad > 0 || u.good < CHARSET_ENOUGH;
}

static charset_id choose(struct slice body, struct slice content_type, bool is_html, enum charset_origin *origin) {
    struct charset_utf8 u = charset_utf8_scan(body);
    charset_id id = charset_from_type(content_type);
    *origin = CHARSET_HTTP;
    if (id && plausible(id, u)) return id;
    *origin = CHARSET_META;
    if (is_html) {
        id = charset_prescan(slice_sub(body, 0, PRESCAN_BYTES));
        if (!id) id = charset_prescan(slice_sub(body, 0, PRESCAN_LATE));
        if (id && plausible(id, u)) return id;
    }
    *origin = CHARSET_DETECTED;
    return charset_detect(body, u);
}

enum status charset_to_utf8(struct slice body, struct slice content_type, bool is_html, struct buf *out, struct charset_result *res,
                            struct buf *err) {
    charset_id id = CHARSET_NONE;
    memset(res, 0, sizeof *res);
    body = slice_sub(body, bom(body, &id), body.len);
    if (!id) id = choose(body, content_type, is_html, &res->origin);
    const char *name = charset_name(id);
    memcpy(res->name, name, strlen(name) + 1);
    charset_decode(id, body, out, &res->replaced);
    if (buf_ok(out)) return ST_OK;
    return fail(err, ST_SKIP, "page too large once decoded from %s", res->name);
}
