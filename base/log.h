#ifndef VILLERS_BASE_LOG_H
#define VILLERS_BASE_LOG_H
/*
 * Where libraries send what is worth saying.  They never print: cli/ binds the sink.  A NULL log is silent.
 */
#include "base/status.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    void (*emit)(void *ctx, enum log_level level, const char *line); /* one line, no newline; may be called from any thread */
    void *ctx;
    enum log_level level; /* lines above this are dropped before formatting */
};

void log_line(const struct log *l, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
