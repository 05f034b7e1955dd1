#ifndef VILLERS_BASE_CLOCK_H
#define VILLERS_BASE_CLOCK_H
/*
 * Time.  Logic never reads a clock: it takes `now_ms` from its caller; only cli/ and event loops call these.
 */
#include <stdbool.h>
#include <stdint.h>

/** clock_mono_ms(): milliseconds on a clock that never goes back; its zero means nothing. */
int64_t clock_mono_ms(void);
/** clock_wall_ms(): milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

#define ISO8601_LEN 21 /* "2024-07-01T12:34:56Z" and its NUL */
/** clock_iso8601(wall_ms, out): ISO 8601 in UTC to the second.  Years 1 to 9999; others are clamped. */
void clock_iso8601(int64_t wall_ms, char out[ISO8601_LEN]);
/** clock_day(wall_ms, out): the date alone, "2024-07-01". */
void clock_day(int64_t wall_ms, char out[11]);
/** clock_from_civil(y, m, d, h, mi, s): milliseconds since the epoch of that UTC time, proleptic Gregorian. */
int64_t clock_from_civil(int y, int m, int d, int h, int mi, int s);
/** clock_civil_valid(y, m, d): a day of the calendar, year 1 to 9999. */
bool clock_civil_valid(int y, int m, int d);

#endif
