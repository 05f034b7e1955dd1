#ifndef VILLERS_STORE_WARC_H
#define VILLERS_STORE_WARC_H
/*
 * WARC 1.1 (ISO 28500:2017) records: formatting (here) is apart from writing (segment.h).  One record a frame or member, as
 * the IIPC's WARC-zstd specification and WARC 1.1 annex D ask.  Digests are "sha256:" + base 32.
 */
#include "base/buf.h"

#define WARC_ID_LEN 48 /* "<urn:uuid:…>" and its NUL */
/** warc_new_id(out): a fresh random record id (UUID version 4, the kernel's generator). */
void warc_new_id(char out[WARC_ID_LEN]);

/** warc_format_info(out, id, filename, wall_ms, fields): a warcinfo record; ${fields} are "key: value" lines ended by CRLF. */
void warc_format_info(struct buf *out, const char *id, const char *filename, int64_t wall_ms, struct slice fields);

/* Why the payload is not stored again (WARC 1.1, 6.7): the response becomes a revisit record. */
struct warc_revisit {
    bool not_modified;           /* profile server-not-modified (a 304); else identical-payload-digest */
    struct slice target_uri;     /* of the earlier capture */
    int64_t wall_ms;             /* its WARC-Date */
    struct slice payload_digest; /* its WARC-Payload-Digest */
};

struct warc_exchange {
    struct slice url;                   /* canonical URL requested */
    int64_t wall_ms;                    /* when the request was sent */
    const char *ip;                     /* the address connected to, or NULL */
    const char *protocol;               /* "http/1.1" or "h2" */
    struct slice request;               /* request line and headers, verbatim, ended by an empty line */
    struct slice head;                  /* status line (HTTP/2's rewritten to 1.1) and headers, verbatim, ended by an empty line */
    struct slice body;                  /* as sent: neither content nor transfer decoding undone; not stored with a revisit */
    const unsigned char *sha256;        /* of body, where the caller has it; NULL: worked out here */
    const char *truncated;              /* NULL, or "length", "time", "disconnect" */
    struct slice metadata;              /* body of a metadata record ("key: value" CRLF lines), or empty for none */
    const struct warc_revisit *revisit; /* NULL: a response */
};
/**
 * warc_format_exchange(out, warcinfo_id, ex, ends):
 * Append the request, response (or revisit) and (if asked) metadata records of ${ex} to ${out}, concurrent to each other.  ends[i]
 * is the length of ${out} after record i, so that each can be compressed on its own; returns how many records (2 or 3).  The
 * payload digest is that of ${body} as stored, transfer coding included, as warcio and the crawlers around it count it.  ${warcinfo_id} may be NULL.  Thread-safe.
 */
unsigned warc_format_exchange(struct buf *out, const char *warcinfo_id, const struct warc_exchange *ex, size_t ends[3]);
/** warc_payload_digest(body, out): append "sha256:" and the base 32 of ${body}'s digest, as WARC-Payload-Digest holds it. */
void warc_payload_digest(struct slice body, struct buf *out);

/* Reading: any WARC 0.18 to 1.1, .warc, .warc.gz, .warc.zst (with a dictionary frame too), from any writer. */
struct warc_reader;
struct warc_record {
    struct slice version; /* "1.1" */
    struct slice type, target_uri, date, record_id, content_type, payload_digest, block_digest, refers_to_uri, truncated, ip;
    struct slice headers; /* all named fields, verbatim */
    struct slice block;   /* the record's content, at most LIMIT_WARC_RECORD bytes of it */
    uint64_t length;      /* Content-Length */
    uint64_t offset;      /* of its frame or member in the file; of the record itself in a plain .warc */
    bool cut;             /* the block was longer than the cap, or the file ends inside it */
};
/** warc_reader_open(path, out, err): "-" is stdin. */
enum status warc_reader_open(const char *path, struct warc_reader **out, struct buf *err) MUST_CHECK;
void warc_reader_free(struct warc_reader *r);
/** warc_reader_next(r, rec, err): the next record, alive until the next call.  RETRY at the clean end; SKIP for a damaged record (the
 *  reader stands on the next one it can find); FATAL when nothing more can be read. */
enum status warc_reader_next(struct warc_reader *r, struct warc_record *rec, struct buf *err) MUST_CHECK;
/** warc_reader_seek(r, offset, err): go on with the record whose frame begins at ${offset}.  Not on a pipe. */
enum status warc_reader_seek(struct warc_reader *r, uint64_t offset, struct buf *err) MUST_CHECK;
/** warc_field(headers, name, value): the first named field ${name} (any case), trimmed, borrowed; false when absent. */
bool warc_field(struct slice headers, const char *name, struct slice *value);
/** warc_bytes_read(r), warc_bytes_total(r): of the file as stored, for progress; total 0 when unknown. */
uint64_t warc_bytes_read(const struct warc_reader *r);
uint64_t warc_bytes_total(const struct warc_reader *r);

/* The HTTP message in the block of a request or response record. */
struct warc_http {
    int status;        /* of a response; 0 for a request or when there is none */
    struct slice head; /* start line and headers with their empty line */
    struct slice body; /* as stored: transfer and content coding still on */
};
/** warc_http_split(block, http): false when ${block} does not begin like HTTP.  Borrows ${block}. */
bool warc_http_split(struct slice block, struct warc_http *http);

#endif
