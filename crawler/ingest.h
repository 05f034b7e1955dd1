#ifndef VILLERS_CRAWLER_INGEST_H
#define VILLERS_CRAWLER_INGEST_H
/*
 * From dumps and archives to raw documents.
 *
 *   PATH ─ input (a file, an archive, a folder) ─ members ─ splitter ─ units ─ format's convert ─ items ─ raw/ + manifest
 *          ingest_archive.c, ingest_warc.c        ingest_split.c       ingest_format.h            ingest_store.c
 *
 * One thread reads and splits, all cores convert, and the results are written in the order of the file.  What was taken is
 * committed, with how many units of the file are done, to frontier/ingest/SOURCE.sqlite (ingest_state.h); a run that was
 * killed goes on after the last committed unit.  A document is new, changed, or unchanged by a hash of what it says, so
 * that the same archive twice adds nothing, whatever its name.  Memory does not depend on the size of a file.
 *
 * A document's date of capture is that of its record or, failing that, of its file: the date in the file's name, else
 * that of the member, else that of the file.  An older file never replaces what a newer one said.
 */
#include "base/buf.h"
#include "base/log.h"
#include "crawler/source.h"
#include "crawler/url.h"
#include "store/manifest.h"

/* What became of a unit, an item, or a whole file.  Names are stored and printed: new ones are added, none changes. */
#define INGEST_LIST(X)                                                                                                             \
    X(NEW, "new", "a document that was not there")                                                                                 \
    X(CHANGED, "changed", "a new version of a document")                                                                           \
    X(UNCHANGED, "unchanged", "a document that says what it said before")                                                          \
    X(DELETED, "deleted", "taken out upstream: gone from the next version")                                                        \
    X(UNKNOWN, "deleted-unknown", "taken out upstream, and never taken here")                                                      \
    X(OLDER, "older", "a newer version is here already")                                                                           \
    X(FORGOTTEN, "forgotten", "its removal was asked for")                                                                         \
    X(STRUCTURE, "structure", "describes others: no document")                                                                     \
    X(REDIRECT, "redirect", "leads to another page")                                                                               \
    X(NAMESPACE, "namespace", "a page outside the namespaces taken")                                                               \
    X(REVISIT, "revisit", "its bytes stand in another record")                                                                     \
    X(RECORD, "record", "a record that holds no answer: request, metadata, warcinfo")                                              \
    X(STATUS, "http-status", "an answer other than 200")                                                                           \
    X(TYPE, "type", "not a kind of text that is read")                                                                             \
    X(EMPTY, "empty", "no text in it")                                                                                             \
    X(LICENCE, "licence", "its own licence is closed")                                                                             \
    X(CONFLICT, "licence-conflict", "its licence disagrees with the source's: set aside")                                          \
    X(UNLICENSED, "no-licence", "neither the source nor the document states a licence")                                            \
    X(RESERVED, "reserved", "rights are reserved for text and data mining")                                                        \
    X(NOINDEX, "noindex", "the page asks not to be indexed")                                                                       \
    X(UNSURE, "rights-unknown", "the signals of rights cannot be read: set aside")                                                 \
    X(BAD, "bad-data", "not what its format says")                                                                                 \
    X(NO_ID, "no-id", "neither a URL nor an upstream id")                                                                          \
    X(LARGE, "too-large", "passes a cap")                                                                                          \
    X(ENTITIES, "xml-entities", "declares XML entities: refused unread")                                                           \
    X(SCAN, "no-text-layer", "a scan without text, or with text that nobody can read")                                             \
    X(TIMEOUT, "timeout", "took too long to read")                                                                                 \
    X(LOCKED, "encrypted", "encrypted")                                                                                            \
    X(UNSAFE, "unsafe-path", "a member whose path leads out of the archive, a link, a device")                                     \
    X(BOMB, "expands-too-much", "grows too much when unpacked: the rest is left")                                                  \
    X(DAMAGED, "damaged", "the file is damaged or cut short: the rest is left")

enum ingest_reason {
#define INGEST_ENUM(id, name, text) INGEST_##id,
    INGEST_LIST(INGEST_ENUM)
#undef INGEST_ENUM
        INGEST_N
};
/** ingest_reason_name(r), ingest_reason_text(r): the stored word, a line for people; static. */
const char *ingest_reason_name(enum ingest_reason r);
const char *ingest_reason_text(enum ingest_reason r);

enum ingest_outcome {
    INGEST_READ,       /* to its end */
    INGEST_KNOWN,      /* was read before: not read again */
    INGEST_BROKEN,     /* damaged, or a bomb: what came before it is taken */
    INGEST_UNREADABLE, /* no format that is known */
    INGEST_STOPPED     /* told to: goes on there next time */
};
/** ingest_outcome_name(o): "read", "known", "damaged", "unknown-format", "stopped"; static. */
const char *ingest_outcome_name(enum ingest_outcome o);

struct ingest_file_report {
    const char *path, *format; /* format "" when no unit was read */
    const char *digest;        /* SHA-256, hex; "" for a folder */
    int64_t date_ms;           /* of the file, upstream; INT64_MIN: unknown */
    enum ingest_outcome outcome;
    const char *why;         /* of a broken one, else "" */
    uint64_t units, resumed; /* read in all; of them before this run */
    uint64_t bytes;          /* unpacked, of the units read by this run */
};

struct ingest_report {
    uint64_t files, units, documents, bytes, text_bytes; /* documents: raw records written by this run */
    uint64_t counts[INGEST_N];
    uint64_t broken, known, unreadable;
    bool stopped;
    int64_t newest_ms; /* the newest date of a file that is whole; INT64_MIN: none */
};

struct ingest_progress {
    const char *path;
    uint64_t units, done_bytes, total_bytes; /* of the file as stored */
    const struct ingest_report *report;
};

struct ingest_options {
    const char *hub;
    const struct source *source;
    struct manifest *manifest;      /* open for writing, used by this thread only */
    const struct url_options *urls; /* NULL: the built-in parameters are removed */
    const char *agent;              /* robots product token, for what WARCs say of rights; NULL: "villers" */
    const char *const *paths;
    size_t n_paths;
    int64_t date_ms;      /* INT64_MIN, or the date of all files */
    bool again;           /* files read before are read again */
    bool whole;           /* these files together are the whole source: what they do not hold is gone */
    bool checkpoint_each; /* commit after each unit: for tests */
    uint64_t raw_bytes;   /* at which raw segments are sealed; 0: 256 MiB */
    int pdf_seconds;      /* of processor time for one PDF; 0: 20 */
    unsigned workers;     /* 0: one a core, at most 8 */
    const struct log *log;
    void *ctx;
    bool (*stop)(void *ctx);                                             /* may be NULL */
    void (*progress)(void *ctx, const struct ingest_progress *p);        /* may be NULL */
    void (*file_done)(void *ctx, const struct ingest_file_report *file); /* may be NULL */
};

/**
 * ingest_run(opt, report, newer, err):
 * Bring in every path.  RETRY: the disk is full, or another process ingests this source; all that was committed stays.  SKIP: a
 * path is not there, or the source may not be taken.  FATAL with *${newer}: a newer Villers made the state (exit 78).
 */
enum status ingest_run(const struct ingest_options *opt, struct ingest_report *report, bool *newer, struct buf *err) MUST_CHECK;

#endif
