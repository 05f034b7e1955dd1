/*
 * WARC 1.1 (ISO 28500:2017) written.
 *
 *   WARC/1.1 CRLF  named fields CRLF…  CRLF  block  CRLF CRLF
 *
 * Every record has WARC-Type, WARC-Record-ID, WARC-Date (to the millisecond), Content-Length and WARC-Block-Digest; those of
 * an exchange also WARC-Target-URI, WARC-Warcinfo-ID, WARC-IP-Address, WARC-Protocol (the field crawlers agreed on) and
 * WARC-Concurrent-To.
 */
#include "store/warc.h"
#include "base/clock.h"
#include "base/hash.h"
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static const char profile_same[] = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
static const char profile_304[] = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

/* ${n} ids for one call of the kernel. */
static void new_ids(char out[][WARC_ID_LEN], size_t n) {
    unsigned char random[3][16];
    size_t have = 0, want = n * sizeof *random;
    while (have < want) { /* fewer than 256 bytes are never refused, only interrupted */
        ssize_t got = getrandom(&random[0][0] + have, want - have, 0);
        if (got > 0)
            have += (size_t)got;
        else if (errno != EINTR)
            break;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char *u = random[i];
        char hex[33];
        u[6] = (unsigned char)((u[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 10 */
        u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
        hash_hex(u, 16, hex);
        snprintf(out[i], WARC_ID_LEN, "<urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s>", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    }
}

void warc_new_id(char out[WARC_ID_LEN]) {
    char id[1][WARC_ID_LEN];
    new_ids(id, 1);
    memcpy(out, id[0], WARC_ID_LEN);
}

static void payload_digest(const unsigned char sum[SHA256_BYTES], struct buf *out) {
    buf_str(out, "sha256:");
    hash_base32(out, sum, SHA256_BYTES);
}

void warc_payload_digest(struct slice body, struct buf *out) {
    unsigned char sum[SHA256_BYTES];
    sha256_of(body, sum);
    payload_digest(sum, out);
}

/* One named field.  A control byte would end the line early: it is left out. */
static void field(struct buf *out, const char *name, struct slice value) {
    buf_str(out, name);
    buf_str(out, ": ");
    for (size_t from = 0, i = 0; i <= value.len; i++) {
        if (i < value.len && (unsigned char)value.ptr[i] >= 0x20 && value.ptr[i] != 0x7f) continue;
        buf_slice(out, slice_sub(value, from, i));
        from = i + 1;
    }
    buf_str(out, "\r\n");
}
static void field_str(struct buf *out, const char *name, const char *value) { field(out, name, slice_str(value)); }

static void field_date(struct buf *out, const char *name, int64_t wall_ms) {
    char iso[ISO8601_LEN];
    clock_iso8601(wall_ms, iso);
    int64_t ms = wall_ms % 1000;
    buf_printf(out, "%s: %.19s.%03dZ\r\n", name, iso, (int)(ms < 0 ? ms + 1000 : ms));
}

static void begin(struct buf *out, const char *type, const char *id, int64_t wall_ms) {
    buf_str(out, "WARC/1.1\r\n");
    field_str(out, "WARC-Type", type);
    field_str(out, "WARC-Record-ID", id);
    field_date(out, "WARC-Date", wall_ms);
}

/* The block is ${a} followed by ${b}. */
static void end(struct buf *out, const char *content_type, struct slice a, struct slice b) {
    struct sha256 h;
    unsigned char sum[SHA256_BYTES];
    sha256_init(&h);
    sha256_update(&h, a.ptr, a.len);
    sha256_update(&h, b.ptr, b.len);
    sha256_final(&h, sum);
    buf_str(out, "WARC-Block-Digest: sha256:");
    hash_base32(out, sum, sizeof sum);
    buf_printf(out, "\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", content_type, a.len + b.len);
    buf_slice(out, a);
    buf_slice(out, b);
    buf_str(out, "\r\n\r\n");
}

void warc_format_info(struct buf *out, const char *id, const char *filename, int64_t wall_ms, struct slice fields) {
    begin(out, "warcinfo", id, wall_ms);
    field_str(out, "WARC-Filename", filename);
    end(out, "application/warc-fields", fields, slice_str(""));
}

static void begin_of_exchange(struct buf *out, const char *type, const char *id, const char *warcinfo_id,
                              const struct warc_exchange *ex) {
    begin(out, type, id, ex->wall_ms);
    field(out, "WARC-Target-URI", ex->url);
    if (warcinfo_id) field_str(out, "WARC-Warcinfo-ID", warcinfo_id);
    if (ex->ip) field_str(out, "WARC-IP-Address", ex->ip);
    if (ex->protocol) field_str(out, "WARC-Protocol", ex->protocol);
}

static void response(struct buf *out, const struct warc_exchange *ex) {
    struct buf digest = {0};
    if (ex->sha256)
        payload_digest(ex->sha256, &digest);
    else
        warc_payload_digest(ex->body, &digest);
    field(out, "WARC-Payload-Digest", buf_view(&digest));
    buf_free(&digest);
    if (ex->truncated) field_str(out, "WARC-Truncated", ex->truncated);
    end(out, "application/http;msgtype=response", ex->head, ex->body);
}

static void revisit(struct buf *out, const struct warc_exchange *ex) {
    const struct warc_revisit *v = ex->revisit;
    field_str(out, "WARC-Profile", v->not_modified ? profile_304 : profile_same);
    field(out, "WARC-Refers-To-Target-URI", v->target_uri);
    field_date(out, "WARC-Refers-To-Date", v->wall_ms);
    if (v->payload_digest.len) field(out, "WARC-Payload-Digest", v->payload_digest);
    if (ex->body.len) field_str(out, "WARC-Truncated", "length");
    end(out, "application/http;msgtype=response", ex->head, slice_str(""));
}

unsigned warc_format_exchange(struct buf *out, const char *warcinfo_id, const struct warc_exchange *ex, size_t ends[3]) {
    char ids[3][WARC_ID_LEN];
    new_ids(ids, 3);
    const char *request_id = ids[0], *response_id = ids[1], *metadata_id = ids[2];

    begin_of_exchange(out, "request", request_id, warcinfo_id, ex);
    field_str(out, "WARC-Concurrent-To", response_id);
    end(out, "application/http;msgtype=request", ex->request, slice_str(""));
    ends[0] = out->len;

    begin_of_exchange(out, ex->revisit ? "revisit" : "response", response_id, warcinfo_id, ex);
    if (ex->revisit)
        revisit(out, ex);
    else
        response(out, ex);
    ends[1] = out->len;
    if (ex->metadata.len == 0) return 2;

    begin(out, "metadata", metadata_id, ex->wall_ms);
    field(out, "WARC-Target-URI", ex->url);
    if (warcinfo_id) field_str(out, "WARC-Warcinfo-ID", warcinfo_id);
    field_str(out, "WARC-Concurrent-To", response_id);
    end(out, "application/warc-fields", ex->metadata, slice_str(""));
    ends[2] = out->len;
    return 3;
}
