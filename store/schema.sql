-- The manifest: what a hub holds, where each document came from, what was decided and why.  SQLite 3, WAL, foreign keys on.
-- This file is the specification of user_version 5; manifest.c runs it on an empty database and brings an older one up
-- to it step by step.  A database of a newer user_version is refused.
--
-- Made for 100 million documents.  Strings that repeat (source, campaign, licence, language, reason, host) are numbers of
-- `terms`; shares and similarities are integers in ten-thousandths; days are days since 1970-01-01; digests and document ids
-- are blobs.  Bytes a document, page overhead included, as `make bench-manifest` prints them: documents 73 and 27 for the index on id,
-- captures 121 and 13 for the index on doc (paths of about 45 bytes, digests of 32), placements 13 a dataset; so about 25 GB for 100
-- million documents in one dataset.
--
-- Measured with 10 million documents of 50 bytes on two cores, processor time and largest memory: 2.0 GB; `villers stats` 0.06 s, 16 MB;
-- `villers explain` 0.01 s, 16 MB; `publish` to its last file 331 s, 331 MB (a shard's list of 500,000 documents; sorting spills to disk); the next
-- version, 5,000 documents less, 202 s, 296 MB; `verify` 38 s, 131 MB; `diff` 2 s, 78 MB; version 4 brought up to 5 in 0.04 s.
--
-- Nothing is deleted from captures and documents: a removal marks, so that a tombstone keeps its evidence.

-- What is true of the whole hub: 'created' (ISO 8601), 'code' (version that made it), 'clusters' ('stale' while verdicts are newer).
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Every text that repeats.  kind: 1 source, 2 campaign, 3 licence (SPDX), 4 language (ISO 639-3), 5 reason, 6 host, 7 dataset,
-- 8 variety of French (BCP 47: fr-CA), 9 type of document (store/doc_type.h).
CREATE TABLE terms (
    term INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (kind, text)
);

-- Where documents are grouped: a source on a host.
CREATE TABLE sites (
    site INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES terms,
    host INTEGER NOT NULL REFERENCES terms,
    UNIQUE (source, host)
);

-- The settings that judged, by the hash that segments and runs name: kept whole so that a verdict can be made again.
CREATE TABLE settings (
    settings INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE, -- hex
    text TEXT NOT NULL
);

-- Each time a stage ran: with which code and settings, when, how it ended.
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    stage TEXT NOT NULL, -- 'crawl', 'ingest', 'refine', 'publish', 'forget'
    subject TEXT NOT NULL, -- the campaign, source, dataset… it was about
    code TEXT NOT NULL,
    settings INTEGER REFERENCES settings,
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER, -- NULL: still running, or killed
    outcome TEXT NOT NULL DEFAULT '' -- JSON
);

-- Finished files.  kind: 1 warc, 2 raw, 3 refined, 4 signature, 5 signals.  A derived segment is made again under its own name when
-- the settings change; its row is then replaced, number kept.  A refined segment's settings are those that make texts and signals,
-- a signals segment's those that judge them: thresholds change without the texts.
CREATE TABLE segments (
    segment INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL, -- of the file in its folder
    bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    sealed_ms INTEGER NOT NULL,
    settings INTEGER REFERENCES settings, -- that made it; NULL for warc
    run INTEGER REFERENCES runs,
    derived_from INTEGER REFERENCES segments, -- its raw segment
    UNIQUE (kind, name)
);
CREATE INDEX segments_by_origin ON segments (derived_from) WHERE derived_from IS NOT NULL;

-- What `forget` was told, for what is here and for what may come.  scope: 1 id, 2 url, 3 host, 4 source.  And what the crawler found:
-- scope 5, one row a reason and day (value 'gone 2024-07-01'), for pages that are gone or whose rights are reserved now; a new capture of
-- such a document brings it back.
CREATE TABLE removals (
    removal INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    value TEXT NOT NULL, -- 32 hex digits, canonical URL, host or source id
    reason TEXT NOT NULL,
    asked_ms INTEGER NOT NULL,
    lifted_ms INTEGER -- NULL while it holds
);
CREATE UNIQUE INDEX removals_in_force ON removals (scope, value) WHERE lifted_ms IS NULL;

-- One row a document id, made at its first capture.
CREATE TABLE documents (
    doc INTEGER PRIMARY KEY, -- the number by which everything here names it; of no meaning outside
    id BLOB NOT NULL UNIQUE, -- 16 bytes: doc_id(source, canonical URL or upstream id)
    site INTEGER NOT NULL REFERENCES sites,
    capture INTEGER NOT NULL REFERENCES captures, -- the one it stands on: its text is the document's
    campaign INTEGER NOT NULL REFERENCES terms,
    license INTEGER NOT NULL REFERENCES terms,
    crawl_day INTEGER NOT NULL, -- of the best capture
    date_day INTEGER, -- publication, when known
    -- The verdict, from the refined record of the best capture; NULL segment: not yet refined.
    segment INTEGER REFERENCES segments,
    offset INTEGER, -- of the record's frame in the refined segment
    language INTEGER REFERENCES terms,
    language_score INTEGER, -- ten-thousandths
    french_share INTEGER, -- ten-thousandths of the text's bytes
    bytes INTEGER NOT NULL DEFAULT 0, -- of text
    words INTEGER NOT NULL DEFAULT 0,
    reason INTEGER REFERENCES terms, -- NULL: passes; else why it is out
    variety INTEGER REFERENCES terms, -- of French, a hint; NULL: nothing tells it, or not French
    -- The cluster.  Its id is the id of the kept document.
    duplicate_of INTEGER REFERENCES documents, -- NULL: alone or kept
    similarity INTEGER, -- ten-thousandths, with duplicate_of
    cluster_size INTEGER NOT NULL DEFAULT 1,
    removed INTEGER REFERENCES removals, -- the removal that took it out
    fresh INTEGER REFERENCES captures, -- a better capture that refine has not judged yet: until then the document stays as it was; else NULL
    quality INTEGER, -- ten-thousandths of the room that FineWeb-2's limits leave (dedup/quality.h); NULL: judged before it was measured
    type INTEGER REFERENCES terms -- NULL: judged before types were told
);
CREATE INDEX documents_by_kept ON documents (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX documents_removed ON documents (removed) WHERE removed IS NOT NULL;

-- Every archived response or ingested record, taken or refused.  A URL is stored from its path when it begins with
-- "https://" and the site's host, whole otherwise; fetched_url is NULL when it is the url.
CREATE TABLE captures (
    capture INTEGER PRIMARY KEY,
    doc INTEGER REFERENCES documents, -- NULL: refused
    site INTEGER NOT NULL REFERENCES sites,
    campaign INTEGER NOT NULL REFERENCES terms,
    url TEXT NOT NULL, -- canonical
    fetched_url TEXT,
    url_hash INTEGER, -- XXH3-64 of the fetched URL; NULL when the document's id already leads here
    status INTEGER NOT NULL, -- HTTP; 0 when there was none
    captured_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- payload
    digest BLOB, -- SHA-256 of the payload
    warc INTEGER REFERENCES segments,
    warc_offset INTEGER, -- of the response record
    raw INTEGER REFERENCES segments,
    raw_offset INTEGER,
    refusal INTEGER REFERENCES terms,
    evidence TEXT -- what decided a refusal, verbatim
);
CREATE INDEX captures_by_doc ON captures (doc) WHERE doc IS NOT NULL;
CREATE INDEX captures_by_url ON captures (url_hash) WHERE url_hash IS NOT NULL;

-- The documents added up, kept exact in the transaction that changes them, so that reports do not read 100 million rows.
-- outcome: 0 kept, or the term of the reason; the reasons 'pending', 'duplicate' and 'removed' are the manifest's own.
CREATE TABLE tallies (
    site INTEGER NOT NULL REFERENCES sites,
    campaign INTEGER NOT NULL REFERENCES terms,
    license INTEGER NOT NULL REFERENCES terms,
    language INTEGER NOT NULL, -- a term, or 0 while unknown
    outcome INTEGER NOT NULL,
    month INTEGER NOT NULL, -- of the crawl: year × 12 + month - 1
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    words INTEGER NOT NULL,
    french_bytes INTEGER NOT NULL,
    PRIMARY KEY (site, campaign, license, language, outcome, month)
) WITHOUT ROWID;

-- Refined documents added up by one quality each, in the same transaction.  spread: 1 variety of French (a term, 0 unknown), 2 month of
-- publication (year × 12 + month - 1, -1 unknown), 3 share of French (tenths, 0 to 10), 4 score of the language (tenths), 5 length in words (band
-- 0 below 100, 1 300, 2 1,000, 3 3,000, 4 10,000, 5 the rest), 6 quality (tenths, -1 unknown), 7 type of document (a term, 0 unknown).
CREATE TABLE spreads (
    spread INTEGER NOT NULL,
    value INTEGER NOT NULL,
    kept INTEGER NOT NULL, -- 1: the documents a release takes; 0: the others
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    words INTEGER NOT NULL,
    french_bytes INTEGER NOT NULL,
    PRIMARY KEY (spread, value, kept)
) WITHOUT ROWID;

-- The refused captures added up in the same way.
CREATE TABLE refusals (
    site INTEGER NOT NULL REFERENCES sites,
    campaign INTEGER NOT NULL REFERENCES terms,
    reason INTEGER NOT NULL REFERENCES terms,
    captures INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (site, campaign, reason)
) WITHOUT ROWID;

-- Published versions.  Immutable once _SUCCESS is there; a row is written in the transaction that ends `publish`.
CREATE TABLE releases (
    release INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES terms,
    version TEXT NOT NULL, -- semantic
    date_day INTEGER NOT NULL, -- the largest crawl_day of its documents
    documents INTEGER NOT NULL,
    words INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- compressed
    manifest_sha256 TEXT NOT NULL, -- of its manifest.json
    settings INTEGER REFERENCES settings,
    run INTEGER REFERENCES runs,
    UNIQUE (dataset, version)
);

CREATE TABLE shards (
    release INTEGER NOT NULL REFERENCES releases,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    words INTEGER NOT NULL,
    PRIMARY KEY (release, number)
) WITHOUT ROWID;

-- In which shard of a dataset a document stays, from version to version, even while it is out.
CREATE TABLE placements (
    dataset INTEGER NOT NULL REFERENCES terms,
    doc INTEGER NOT NULL REFERENCES documents,
    shard INTEGER NOT NULL,
    PRIMARY KEY (dataset, doc)
) WITHOUT ROWID;
