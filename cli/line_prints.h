#ifndef VILLERS_CLI_LINE_PRINTS_H
#define VILLERS_CLI_LINE_PRINTS_H
/*
 * index/NAME.lines: the lines of a raw segment's documents, as hashes, so that what recurs is counted without the texts.  Made the first
 * time it is asked for, again when it is damaged or of another version, and never changed: raw segments do not.  Format: an index_file
 * (dedup/index_file.h) with the head "villers-lines 1", of documents one after the other as little-endian u64: hashes of host, of
 * source and of the document's id, how many lines, and their hashes (host_blocks_read()).
 */
#include "cli/hub.h"
#include "dedup/host_blocks.h"

struct line_prints;
/** line_prints_open(h, name, out, err): of raw segment ${name}.  RETRY on a full disk, or when interrupted. */
enum status line_prints_open(struct hub *h, struct slice name, struct line_prints **out, struct buf *err) MUST_CHECK;
void line_prints_free(struct line_prints *p);
/** line_prints_next(p, page, lines, err): ${page} but what is done with it.  RETRY, nothing in ${err}, at the end; FATAL when damaged. */
enum status line_prints_next(struct line_prints *p, struct host_blocks_page *page, struct host_blocks_lines *lines,
                             struct buf *err) MUST_CHECK;

#endif
