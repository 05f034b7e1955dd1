#ifndef VILLERS_BASE_LIMITS_H
#define VILLERS_BASE_LIMITS_H
/*
 * Every hard cap of the program, in bytes unless the name says otherwise.  Nothing that comes from the network or a
 * disk grows past one of these; each is documented where it is enforced.
 */
#include <stddef.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define LIMIT_BUF_DEFAULT (64 * MIB)
#define LIMIT_ERR (4 * KIB)
#define LIMIT_LINE (256 * MIB)                /* one JSON line */
#define LIMIT_TEXT (64 * MIB)                 /* the text of one document */
#define LIMIT_QUALITY_WORDS ((size_t)1 << 20) /* words of a text that are looked at for repetition */
#define LIMIT_REDACT_SPANS ((size_t)1 << 20)  /* personal data found in one text; a text with more is no prose and is passed over */
#define LIMIT_CONFIG (4 * MIB)                /* a YAML file */
#define LIMIT_URL ((size_t)2048)              /* a canonical URL; longer ones are traps (reference: traps) */
#define LIMIT_URL_INPUT (64 * KIB)            /* a URL as found on a page, before parsing */
#define LIMIT_ROBOTS (512 * KIB)              /* RFC 9309 2.5 asks for at least 500 KiB */
#define LIMIT_ROBOTS_SITEMAPS ((size_t)1000)
#define LIMIT_TDMREP (1 * MIB)
#define LIMIT_SITEMAP_URLS ((size_t)50000) /* sitemaps.org: entries of one file */
#define LIMIT_SITEMAP_BYTES (50 * MIB)     /* sitemaps.org: bytes of one file, gzip taken off */
#define LIMIT_HEADERS (64 * KIB)           /* all header lines of one response */
#define LIMIT_BODY_WIRE (32 * MIB)         /* a response as sent, default of a source */
#define LIMIT_BODY_PLAIN (64 * MIB)        /* a response after content decoding */
#define LIMIT_PAGE_NODES ((size_t)2000000)
#define LIMIT_PAGE_DEPTH ((size_t)512)
#define LIMIT_PAGE_ARENA (512 * MIB)
#define LIMIT_LINKS ((size_t)5000) /* links kept of one page */
#define LIMIT_JSONLD (2 * MIB)     /* one <script type=application/ld+json> */
#define LIMIT_META_VALUE (4 * KIB) /* a title, an author, a licence's evidence */
#define LIMIT_WARC_RECORD (128 * MIB)
#define LIMIT_WARC_HEADERS (256 * KIB)   /* the named fields of one WARC record */
#define LIMIT_ZSTD_DICTIONARY (32 * MIB) /* of a .warc.zst from elsewhere */
#define LIMIT_RESYNC (256 * MIB)         /* read again while looking for a whole frame after damage */
#define LIMIT_ZSTD_WINDOW_LOG 27         /* the widest window the field's readers accept */
#define LIMIT_INGEST_UNIT (32 * MIB)     /* one document's bytes in a dump, before anything is made of them */
#define LIMIT_INGEST_FLIGHT (8 * MIB)    /* of units read and not yet written, past which reading waits */
#define LIMIT_INGEST_RATIO ((size_t)500) /* a file that grows more than this when unpacked is a bomb */
#define LIMIT_INGEST_FREE (64 * MIB)     /* unpacked bytes before which no ratio is looked at */
#define LIMIT_INGEST_DEPTH ((size_t)256) /* of elements, templates, folders */
#define LIMIT_SHARD_TEXT (128 * MIB)
#define LIMIT_RELEASE_PATH ((size_t)512)      /* a path inside a release */
#define LIMIT_RELEASE_FILES ((size_t)1000000) /* files of one release */
#define LIMIT_RELEASE_ROWS ((size_t)65536)    /* sources, licences or languages that a manifest.json counts */
#define LIMIT_RELEASE_META (256 * MIB)        /* a release's SHA256SUMS or manifest.json */

#endif
