#include "base/log.h"
#include "base/buf.h"
#include "base/limits.h"

void log_line(const struct log *l, enum log_level level, const char *fmt, ...) {
    if (!l || !l->emit || level > l->level) return;
    struct buf b = {.max = LIMIT_ERR};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    l->emit(l->ctx, level, buf_cstr(&b));
    buf_free(&b);
}
