#include "base/progress.h"
#include "base/buf.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_TTY_MS 100
#define REDRAW_LOG_MS 10000

void progress_begin(struct progress *p, const char *label, bool quiet) {
    int64_t now = clock_mono_ms();
    *p = (struct progress){.label = label, .quiet = quiet, .tty = isatty(STDERR_FILENO) == 1, .started_ms = now, .drawn_ms = now};
}

static int columns(void) {
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

/* The bytes of ${line} that ${room} columns hold: a line that wraps could not be drawn over. */
static int fitting(const char *line, int room) {
    int at = 0;
    for (; line[at] && room > 0; room--) {
        at++;
        while (((unsigned char)line[at] & 0xC0) == 0x80) at++; /* the rest of a UTF-8 sequence */
    }
    return at;
}

void progress_text(struct progress *p, const char *line) {
    if (p->quiet) return;
    int64_t now = clock_mono_ms();
    if (now - p->drawn_ms < (p->tty ? REDRAW_TTY_MS : REDRAW_LOG_MS)) return;
    p->drawn_ms = now;
    p->drawn = true;
    if (p->tty)
        fprintf(stderr, "\r\033[K%s: %.*s", p->label, fitting(line, columns() - (int)strlen(p->label) - 3), line);
    else
        fprintf(stderr, "%s: %s\n", p->label, line);
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
