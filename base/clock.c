#include "base/clock.h"
#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void) { return read_ms(CLOCK_MONOTONIC); }

int64_t clock_wall_ms(void) { return read_ms(CLOCK_REALTIME); }

/* Days since the epoch of a proleptic Gregorian date, and back: Howard Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d) {
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

static void civil_from_days(int64_t z, int *y, unsigned *m, unsigned *d) {
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = (int)((int64_t)yoe + era * 400 + (*m <= 2));
}

#define YEAR_1_S (-62135596800LL)
#define YEAR_9999_S 253402300799LL

void clock_iso8601(int64_t wall_ms, char out[ISO8601_LEN]) {
    int64_t s = wall_ms >= 0 ? wall_ms / 1000 : -((-wall_ms + 999) / 1000);
    if (s < YEAR_1_S) s = YEAR_1_S;
    if (s > YEAR_9999_S) s = YEAR_9999_S;
    int64_t days = s >= 0 ? s / 86400 : -((-s + 86399) / 86400);
    unsigned in_day = (unsigned)(s - days * 86400);
    int y;
    unsigned m, d;
    civil_from_days(days, &y, &m, &d);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02uZ", y, m, d, in_day / 3600, in_day / 60 % 60, in_day % 60);
    for (int i = 0; i < ISO8601_LEN; i++) out[i] = text[i];
}

void clock_day(int64_t wall_ms, char out[11]) {
    char text[ISO8601_LEN];
    clock_iso8601(wall_ms, text);
    for (int i = 0; i < 10; i++) out[i] = text[i];
    out[10] = 0;
}

int64_t clock_from_civil(int y, int m, int d, int h, int mi, int s) {
    return ((days_from_civil(y, (unsigned)m, (unsigned)d) * 24 + h) * 60 + mi) * 60000 + (int64_t)s * 1000;
}

bool clock_civil_valid(int y, int m, int d) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return d <= days[m - 1] + (m == 2 && leap);
}
