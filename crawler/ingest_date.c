#include "crawler/ingest_date.h"
#include "base/clock.h"

enum { FIRST_YEAR = 1990, LAST_YEAR = 2199, NO_END_YEAR = 2200 };

/* ${n} digits at ${at}, or -1. */
static int digits(struct slice s, size_t at, size_t n) {
    int v = 0;
    if (at + n > s.len) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!ascii_is_digit(s.ptr[at + i])) return -1;
        v = v * 10 + (s.ptr[at + i] - '0');
    }
    return v;
}

/* The time of day behind a date: HHMMSS or HH:MM:SS after one character that parts them; none is midnight. */
static int64_t with_time(struct slice s, size_t at, int y, int m, int d) {
    int h = -1, mi = -1, se = -1;
    if (at < s.len && strchr("-_T ", s.ptr[at])) {
        bool colons = at + 3 < s.len && s.ptr[at + 3] == ':';
        h = digits(s, at + 1, 2);
        mi = digits(s, at + (colons ? 4 : 3), 2);
        se = digits(s, at + (colons ? 7 : 5), 2);
    }
    if (h < 0 || h > 23 || mi < 0 || mi > 59) h = mi = se = 0;
    if (se < 0 || se > 59) se = 0;
    return clock_from_civil(y, m, d, h, mi, se);
}

int64_t ingest_date_in_name(struct slice s) {
    for (size_t i = 0; i + 8 <= s.len; i++) {
        if (i && ascii_is_digit(s.ptr[i - 1])) continue;
        bool dashes = i + 10 <= s.len && s.ptr[i + 4] == '-' && s.ptr[i + 7] == '-';
        int y = digits(s, i, 4), m = digits(s, i + (dashes ? 5 : 4), 2), d = digits(s, i + (dashes ? 8 : 6), 2);
        size_t end = i + (dashes ? 10 : 8);
        if (y < FIRST_YEAR || y > LAST_YEAR || m < 0 || d < 0 || !clock_civil_valid(y, m, d)) continue;
        bool stamp = !dashes && digits(s, end, 6) >= 0 && (end + 6 >= s.len || !ascii_is_digit(s.ptr[end + 6]));
        if (stamp && digits(s, end, 2) < 24 && digits(s, end + 2, 2) < 60 && digits(s, end + 4, 2) < 60)
            return clock_from_civil(y, m, d, digits(s, end, 2), digits(s, end + 2, 2), digits(s, end + 4, 2));
        if (end < s.len && ascii_is_digit(s.ptr[end])) continue;
        return with_time(s, end, y, m, d);
    }
    return INGEST_NO_DATE;
}

int64_t ingest_date_parse(struct slice s) {
    int y = digits(s, 0, 4), m = digits(s, 5, 2), d = digits(s, 8, 2);
    if (y < 1 || m < 0 || d < 0 || s.ptr[4] != '-' || s.ptr[7] != '-' || !clock_civil_valid(y, m, d)) return INGEST_NO_DATE;
    return with_time(s, 10, y, m, d);
}

struct slice ingest_date_day(struct slice s) {
    s = slice_trim(s);
    int y = digits(s, 0, 4);
    return ingest_date_parse(s) == INGEST_NO_DATE || y >= NO_END_YEAR ? slice_of("", 0) : slice_sub(s, 0, 10);
}
