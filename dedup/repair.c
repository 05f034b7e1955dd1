#include "dedup/repair.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "dedup/repair_parts.h"
#include <stdlib.h>

/* UTF-8 read wrongly more often than this is not worth reading. */
enum { MOST_LAYERS = 4 };

struct repairer {
    struct buf a, b; /* each repair reads one and writes the other */
    bool failed;
};

struct repairer *repair_new(void) {
    struct repairer *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    buf_init(&r->a, 3 * LIMIT_TEXT + KIB);
    buf_init(&r->b, 3 * LIMIT_TEXT + KIB);
    return r;
}

void repair_free(struct repairer *r) {
    if (!r) return;
    buf_free(&r->a);
    buf_free(&r->b);
    free(r);
}

struct look {
    bool control, mark, lead;
};

/* One pass over the bytes: which repairs may find something. */
static struct look look_at(struct slice s) {
    struct look l = {false, false, false};
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = p[i];
        if (c >= ' ' && c < 0x7F) continue;
        unsigned char next = i + 1 < s.len ? p[i + 1] : 0;
        if (c < 0x80)
            l.control |= c != '\n' && c != '\t';
        else if (c == 0xC2)
            l.control |= next < 0xA0 || next == 0xAD;
        else if (c == 0xC3)
            l.lead |= (next >= 0x82 && next <= 0x85) || next == 0xA2 || next == 0xAF;
        else if (c == 0xE2)
            l.control |= next == 0x80; /* may be U+200B, U+2028 */
        else if (c == 0xEF)
            l.control |= next == 0xBB || next == 0xBF;
        else if (c == 0xCC || c == 0xCD)
            l.mark = true;
    }
    return l;
}

#define DROP UINT32_MAX

/* What to write for ${cp}: itself, another, or nothing. */
static uint32_t settle(uint32_t cp, size_t at, struct slice s) {
    if (cp == '\r') return at < s.len && s.ptr[at] == '\n' ? DROP : '\n';
    if (cp == 0x0B || cp == 0x0C || cp == 0x85 || cp == 0x2028 || cp == 0x2029) return '\n';
    if ((cp < ' ' && cp != '\n' && cp != '\t') || cp == 0x7F) return DROP;
    if (cp >= 0x80 && cp < 0xA0) return repair_cp1252(cp) ? repair_cp1252(cp) : DROP;
    if (cp == 0xAD || cp == 0x200B || cp == 0x2060 || cp == 0xFEFF || (cp & 0xFFFE) == 0xFFFE) return DROP;
    return cp;
}

static uint32_t controls(struct buf *out, struct slice s) {
    uint32_t done = 0;
    for (size_t at = 0; at < s.len;) {
        size_t end = at;
        while (end < s.len && s.ptr[end] >= ' ' && s.ptr[end] != 0x7F) end++; /* plain ASCII */
        buf_slice(out, slice_sub(s, at, end));
        if (end == s.len) break;
        at = end;
        uint32_t cp = utf8_decode(s, &at), instead = settle(cp, at, s);
        if (instead == cp)
            buf_slice(out, slice_sub(s, end, at));
        else if (instead != DROP)
            utf8_encode(out, instead);
        done += instead != cp;
    }
    return done;
}

/* The repaired text becomes the current one; the buffer it was in is free for the next repair. */
static void step(struct repairer *r, struct slice *text) {
    struct buf spare = r->a;
    r->a = r->b;
    r->b = spare;
    buf_clear(&r->b);
    *text = buf_view(&r->a);
}

typedef uint32_t (*repair_fn)(struct buf *out, struct slice s);

static uint32_t apply(struct repairer *r, repair_fn fn, struct slice *text) {
    buf_clear(&r->b);
    uint32_t done = fn(&r->b, *text);
    r->failed |= !buf_ok(&r->b);
    if (r->failed || !done) return 0;
    step(r, text);
    return done;
}

static uint32_t bad_bytes(struct buf *out, struct slice s) { return (uint32_t)utf8_repair(out, s); }

static void compose(struct repairer *r, struct slice *text, struct repair_counts *c) {
    buf_clear(&r->b);
    if (unicode_nfc(&r->b, *text) != ST_OK || !buf_ok(&r->b) || slice_eq(buf_view(&r->b), *text)) return;
    step(r, text);
    c->composed = 1;
}

enum status repair_text(struct repairer *r, struct slice text, bool ocr, struct slice *out, struct repair_counts *c) {
    *c = (struct repair_counts){0};
    *out = text;
    r->failed = false;
    if (text.len > LIMIT_TEXT) return ST_OK;
    buf_clear(&r->a);
    buf_clear(&r->b);
    struct look l = look_at(text);
    if (!utf8_valid(text)) c->controls += apply(r, bad_bytes, out);
    for (uint32_t layer = 0, done = 1; l.lead && done && layer < MOST_LAYERS; layer++)
        c->mojibake += done = apply(r, repair_mojibake, out);
    if (l.control || c->mojibake) c->controls += apply(r, controls, out);
    if (l.mark || c->mojibake) compose(r, out, c);
    if (ocr || repair_hyphens_shown(*out)) c->hyphens = apply(r, repair_hyphens, out);
    if (ocr || repair_long_s_shown(*out)) c->long_s = apply(r, repair_long_s, out);
    return r->failed ? ST_RETRY : ST_OK;
}

const char *repair_version(void) { return "1"; }
