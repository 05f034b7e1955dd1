/*
 * WARC read: 0.17 to 1.1, one record a frame as it should be, or many, or a plain file.  A record's first byte decides its offset.
 * After damage the reader looks for the next line that begins a record; what it looked at once is not looked at again, so any
 * bytes are read in linear time.
 */
#include "base/limits.h"
#include "store/unpack.h"
#include "store/warc.h"
#include <stdlib.h>

enum { CHUNK = 64 * 1024, DROP = 4 * CHUNK, MAGIC = 5 };
static const char magic[] = "WARC/";

struct warc_reader {
    struct unpack *u;
    struct buf b;       /* the record given out, and what was read beyond it */
    struct buf scratch; /* what is read past the cap of a block */
    size_t at;          /* where the next record is looked for in b */
    uint64_t base;      /* of a plain file: where b begins */
    uint64_t frame;     /* that the last bytes of b came from */
    size_t fresh;       /* where in b that frame begins; 0 also when it is gone */
    bool over;          /* nothing more to read */
    bool torn;          /* the frame being read is damaged */
};

enum status warc_reader_open(const char *path, struct warc_reader **out, struct buf *err) {
    struct warc_reader *r = calloc(1, sizeof *r);
    if (!r) return fail(err, ST_FATAL, "no memory to read %s", path);
    buf_init(&r->b, LIMIT_WARC_RECORD + LIMIT_WARC_HEADERS + 16 * (size_t)CHUNK);
    enum status st = unpack_open(path, &r->u, err);
    if (st != ST_OK) {
        warc_reader_free(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

void warc_reader_free(struct warc_reader *r) {
    if (!r) return;
    unpack_free(r->u);
    buf_free(&r->b);
    buf_free(&r->scratch);
    free(r);
}

static size_t left(const struct warc_reader *r) { return r->b.len - r->at; }

static void drop(struct warc_reader *r) {
    if (r->at == 0) return;
    memmove(r->b.data, r->b.data + r->at, left(r) + 1);
    r->b.len -= r->at;
    r->base += r->at;
    r->fresh = r->fresh > r->at ? r->fresh - r->at : 0;
    r->at = 0;
}

static enum status more(struct warc_reader *r, struct buf *err) {
    size_t had = r->b.len;
    enum status st = r->over ? ST_RETRY : unpack_read(r->u, &r->b, CHUNK, err);
    if (st == ST_OK && r->frame != unpack_frame(r->u)) {
        r->frame = unpack_frame(r->u);
        r->fresh = had;
    }
    if (st == ST_RETRY) r->over = true;
    r->torn = st == ST_SKIP;
    return st;
}

/* Leave a damaged frame behind.  OK, or RETRY when none follows. */
static enum status leave_frame(struct warc_reader *r, struct buf *err) {
    r->at = r->b.len;
    drop(r);
    enum status st = unpack_resync(r->u, err);
    if (st == ST_RETRY) r->over = true;
    return st;
}

static bool begins_record(const struct warc_reader *r, size_t at) {
    return memcmp(r->b.data + at, magic, MAGIC) == 0 && (at == 0 || at == r->fresh || r->b.data[at - 1] == '\n');
}

/* After a bad record: go to where one may begin, the bad bytes dropped. */
static enum status look_for_record(struct warc_reader *r, struct buf *err) {
    for (;;) {
        for (; left(r) >= MAGIC; r->at++) {
            const char *w = memchr(r->b.data + r->at, 'W', left(r) - MAGIC + 1);
            if (!w) {
                r->at = r->b.len - MAGIC + 1;
                break;
            }
            r->at = (size_t)(w - r->b.data);
            if (begins_record(r, r->at)) return ST_OK;
        }
        if (r->at > 1) { /* the byte before stays: it may be the newline that a record begins after */
            r->at--;
            drop(r);
            r->at = 1;
        }
        enum status st = more(r, err);
        if (st == ST_SKIP) st = leave_frame(r, err);
        if (st == ST_RETRY) r->at = r->b.len;
        if (st != ST_OK) return st;
    }
}

/* To the first byte of the next record, past the empty lines between two.  RETRY at the end. */
static enum status to_record(struct warc_reader *r, struct buf *err) {
    for (;;) {
        while (left(r) && (r->b.data[r->at] == '\r' || r->b.data[r->at] == '\n')) r->at++;
        if (left(r) == 0 || r->at > DROP) drop(r);
        if (left(r)) return ST_OK;
        enum status st = more(r, err);
        if (st != ST_OK) return st;
    }
}

static bool fields_line(struct slice line) {
    if (line.len == 0) return false;
    return line.ptr[0] == ' ' || line.ptr[0] == '\t' || slice_find_char(line, ':') != SIZE_MAX;
}

/* The head of the record at b[at]: its first line ends at *${first} and its block begins at *${end}.  SKIP when it is no head, with
   ${r}->at past what was seen. */
static enum status read_head(struct warc_reader *r, size_t *first, size_t *end, struct buf *err) {
    size_t start = r->at;
    for (size_t at = start; at - start <= LIMIT_WARC_HEADERS;) {
        const char *nl = r->b.len > at ? memchr(r->b.data + at, '\n', r->b.len - at) : NULL;
        if (!nl) {
            if (r->b.len - start > LIMIT_WARC_HEADERS) break;
            enum status st = more(r, err);
            if (st == ST_RETRY) return fail(err, ST_RETRY, "the file ends inside a record's head");
            if (st != ST_OK) return st;
            continue;
        }
        size_t next = (size_t)(nl - r->b.data) + 1;
        struct slice line = slice_of(r->b.data + at, next - at);
        bool empty = slice_trim(line).len == 0;
        if (at == start) {
            *first = r->at = next;
            if (line.len < MAGIC + 3 || memcmp(line.ptr, magic, MAGIC) != 0) return fail(err, ST_SKIP, "not a WARC record");
        } else if (!empty && !fields_line(line)) {
            r->at = at;
            return fail(err, ST_SKIP, "a line of a record's head is no field");
        }
        at = next;
        if (!empty) continue;
        *end = at;
        return ST_OK;
    }
    r->at = r->b.len;
    return fail(err, ST_SKIP, "a record's head is longer than %zu bytes", LIMIT_WARC_HEADERS);
}

/* Read a block of ${length} bytes that begins at b[from]; *${cut} when it is not all kept. */
static enum status read_block(struct warc_reader *r, size_t from, uint64_t length, bool *cut, struct buf *err) {
    uint64_t want = length < LIMIT_WARC_RECORD ? length : LIMIT_WARC_RECORD;
    *cut = want < length;
    while (r->b.len - from < want) {
        enum status st = more(r, err);
        if (st == ST_RETRY || (st == ST_SKIP && unpack_cut(r->u))) {
            *cut = r->over = true;
            return ST_OK;
        }
        if (st != ST_OK) return st;
    }
    uint64_t beyond = length - want;
    size_t have = r->b.len - from - (size_t)want;
    size_t skip = have < beyond ? have : (size_t)beyond;
    if (skip) { /* already read, but past the cap */
        char *to = r->b.data + from + want;
        memmove(to, to + skip, have - skip + 1);
        r->b.len -= skip;
        r->base += skip;
    }
    for (beyond -= skip; beyond;) {
        buf_clear(&r->scratch);
        enum status st = unpack_read(r->u, &r->scratch, beyond < CHUNK ? (size_t)beyond : CHUNK, err);
        if (st == ST_RETRY || (st == ST_SKIP && unpack_cut(r->u))) {
            r->over = true;
            return ST_OK;
        }
        if (st != ST_OK) return st;
        beyond -= r->scratch.len;
        r->base += r->scratch.len;
    }
    return ST_OK;
}

/* What stands after a record in its frame: nothing but line ends, or the next record. */
static bool goes_on(const struct warc_reader *r, size_t end) {
    while (end < r->b.len && (r->b.data[end] == '\r' || r->b.data[end] == '\n')) end++;
    size_t n = r->b.len - end < MAGIC ? r->b.len - end : MAGIC;
    return memcmp(r->b.data + end, magic, n) == 0;
}

/* A frame's checksum comes last: see it before its record, which ends at b[end], is handed on.  A frame of many records is followed for a
   chunk at most; one whose end is lost and that runs on into rubbish is damaged. */
static enum status see_checksum(struct warc_reader *r, size_t end, bool *cut, struct buf *err) {
    static const size_t crlfs = 4;
    bool ended = true;
    while (ended && unpack_inside(r->u) && r->b.len < end + CHUNK) {
        enum status st = more(r, err);
        if (st == ST_RETRY) return ST_OK;
        if (st == ST_SKIP && unpack_cut(r->u))
            ended = false;
        else if (st != ST_OK)
            return st;
    }
    if (ended && !unpack_inside(r->u)) return ST_OK;
    *cut = !ended && r->b.len <= end + crlfs;
    if (*cut || goes_on(r, end)) return ST_OK;
    r->torn = true;
    return fail(err, ST_SKIP, "the frame of a record does not end");
}

static struct slice named(struct slice headers, const char *name) {
    struct slice v;
    return warc_field(headers, name, &v) ? v : slice_str("");
}

static void fill(struct warc_record *rec, struct slice version, struct slice headers) {
    struct slice h = rec->headers = headers;
    rec->version = slice_trim(slice_sub(version, MAGIC, version.len));
    rec->type = named(h, "WARC-Type");
    rec->target_uri = named(h, "WARC-Target-URI");
    if (rec->target_uri.len >= 2 && rec->target_uri.ptr[0] == '<') /* an erratum of WARC 1.0 */
        rec->target_uri = slice_sub(rec->target_uri, 1, rec->target_uri.len - 1);
    rec->date = named(h, "WARC-Date");
    rec->record_id = named(h, "WARC-Record-ID");
    rec->content_type = named(h, "Content-Type");
    rec->payload_digest = named(h, "WARC-Payload-Digest");
    rec->block_digest = named(h, "WARC-Block-Digest");
    rec->refers_to_uri = named(h, "WARC-Refers-To-Target-URI");
    rec->truncated = named(h, "WARC-Truncated");
    rec->ip = named(h, "WARC-IP-Address");
}

/* The record at b[at].  SKIP and RETRY as warc_reader_next(). */
static enum status read_record(struct warc_reader *r, struct warc_record *rec, struct buf *err) {
    size_t start = r->at, first = 0, from = 0;
    uint64_t length = 0;
    *rec = (struct warc_record){.offset = unpack_codec(r->u) == UNPACK_PLAIN ? r->base + start : r->frame};
    enum status st = read_head(r, &first, &from, err);
    if (st != ST_OK) return st;
    r->at = from;
    if (!slice_parse_u64(named(slice_of(r->b.data + first, from - first), "Content-Length"), &length))
        return fail(err, ST_SKIP, "a record has no Content-Length");
    uint64_t kept = length < LIMIT_WARC_RECORD ? length : LIMIT_WARC_RECORD;
    st = read_block(r, from, length, &rec->cut, err);
    if (st == ST_OK && !r->over) st = see_checksum(r, from + (size_t)kept, &rec->cut, err);
    if (st != ST_OK) return st;
    size_t have = r->b.len - from < kept ? r->b.len - from : (size_t)kept;
    fill(rec, slice_of(r->b.data + start, first - start), slice_of(r->b.data + first, from - first));
    rec->block = slice_of(r->b.data + from, have);
    rec->length = length;
    r->at = from + have;
    return ST_OK;
}

enum status warc_reader_next(struct warc_reader *r, struct warc_record *rec, struct buf *err) {
    r->torn = false;
    enum status st = to_record(r, err);
    if (st == ST_OK) st = read_record(r, rec, err);
    if (st == ST_OK || st == ST_FATAL) return st;
    if (st == ST_RETRY) { /* the clean end, or inside a head: say that once */
        st = left(r) ? ST_SKIP : ST_RETRY;
        r->at = r->b.len;
        return st;
    }
    struct buf why = {.max = LIMIT_ERR};
    if (err) buf_slice(&why, buf_view(err));
    st = r->torn ? leave_frame(r, err) : ST_OK;
    if (st == ST_OK) st = look_for_record(r, err);
    if (st != ST_FATAL) st = fail(err, ST_SKIP, "%s", buf_cstr(&why));
    buf_free(&why);
    return st;
}

enum status warc_reader_seek(struct warc_reader *r, uint64_t offset, struct buf *err) {
    enum status st = unpack_seek(r->u, offset, err);
    if (st != ST_OK) return st;
    buf_clear(&r->b);
    r->at = 0;
    r->base = offset;
    r->over = false;
    return ST_OK;
}

uint64_t warc_bytes_read(const struct warc_reader *r) { return unpack_bytes_read(r->u); }
uint64_t warc_bytes_total(const struct warc_reader *r) { return unpack_bytes_total(r->u); }
