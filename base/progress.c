#include "base/progress.h"
#include "base/buf.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REDRAW_TTY_MS 100
#define REDRAW_LOG_MS 10000

void progress_begin(struct progress *p, const char *label, bool quiet) {
    int64_t now = clock_mono_ms();
    *p = (struct progress){.label = label, .quiet = quiet, .tty = isatty(STDERR_FILENO) == 1, .started_ms = now, .drawn_ms = now};
}

void progress_text(struct progress *p, const char *line) {
    if (p->quiet) return;
    int64_t now = clock_mono_ms();
    if (now - p->drawn_ms < (p->tty ? REDRAW_TTY_MS : REDRAW_LOG_MS)) return;
    p->drawn_ms = now;
    p->drawn = true;
    fprintf(stderr, p->tty ? "\r\033[K%s: %s" : "%s: %s\n", p->label, line);
    fflush(stderr);
}

void progress_update(struct progress *p, uint64_t done, uint64_t total, const char *unit, const char *extra) {
    if (p->quiet) return;
    int64_t elapsed = clock_mono_ms() - p->started_ms;
    char line[256];
    int n = snprintf(line, sizeof line, "%llu", (unsigned long long)done);
    if (total) n += snprintf(line + n, sizeof line - (size_t)n, " / %llu", (unsigned long long)total);
    n += snprintf(line + n, sizeof line - (size_t)n, " %s", unit);
    if (total && done && done < total) {
        int64_t left_s = (int64_t)((double)elapsed * (double)(total - done) / (double)done / 1000);
        n += snprintf(line + n, sizeof line - (size_t)n, ", %lld:%02lld left", (long long)(left_s / 60), (long long)(left_s % 60));
    }
    if (extra && *extra && n < (int)sizeof line) snprintf(line + n, sizeof line - (size_t)n, ", %s", extra);
    progress_text(p, line);
}

void progress_end(struct progress *p) {
    if (p->tty && p->drawn) fprintf(stderr, "\r\033[K");
    p->drawn = false;
}
