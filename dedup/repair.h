#ifndef VILLERS_DEDUP_REPAIR_H
#define VILLERS_DEDUP_REPAIR_H
/*
 * What went wrong with a text on its way here, put right where there is no doubt, and counted: UTF-8 that was read as windows-1252
 * or Latin-1, once or several times (the idea of ftfy: only what decodes to a character French texts have, and only on
 * evidence); C1 codes that are windows-1252; control characters, zero-width spaces and soft hyphens; decomposed letters (NFC).
 * Of texts read by a machine from print: words parted at line ends, the long s and the f it is taken for.
 */
#include "base/buf.h"

struct repair_counts {
    uint32_t mojibake; /* characters decoded again, one for each time */
    uint32_t controls; /* characters dropped, or made a space, a newline or what windows-1252 means by them */
    uint32_t composed; /* 1: was not NFC */
    uint32_t hyphens;  /* words joined over a line end */
    uint32_t long_s;   /* letters */
};

struct repairer; /* scratch, one a worker */
struct repairer *repair_new(void);
void repair_free(struct repairer *r);
/**
 * repair_text(r, text, ocr, out, counts):
 * *${out} is ${text}, any bytes, put right: ${text} itself when nothing was wrong, else borrowed until the next call.  ${ocr} says that
 * a machine read it from print; without it only a text that shows so clearly is treated as such.  RETRY without
 * memory.  O(len).
 */
enum status repair_text(struct repairer *r, struct slice text, bool ocr, struct slice *out,
                        struct repair_counts *counts) MUST_CHECK;
/** repair_version(): changes when texts may come out otherwise; static. */
const char *repair_version(void);

#endif
