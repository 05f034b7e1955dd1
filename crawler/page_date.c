/*
 * Dates, by trying each pattern at each number or word.
 */
#include "crawler/page_date.h"
#include "base/chunk.h"
#include "base/clock.h"

enum { YEAR_MIN = 1995, YEAR_MAX = 2099 };

/* Beginnings of month names, lower case, with or without their accents; the longest first where one begins another. */
static const struct {
    struct slice name;
    int month;
} months[] = {
    {SLICE_LIT("janv"), 1},      {SLICE_LIT("january"), 1},    {SLICE_LIT("januar"), 1},     {SLICE_LIT("jänner"), 1},
    {SLICE_LIT("enero"), 1},     {SLICE_LIT("gennaio"), 1},    {SLICE_LIT("janeiro"), 1},    {SLICE_LIT("jan"), 1},
    {SLICE_LIT("févr"), 2},      {SLICE_LIT("fevr"), 2},       {SLICE_LIT("february"), 2},   {SLICE_LIT("februar"), 2},
    {SLICE_LIT("febrero"), 2},   {SLICE_LIT("febbraio"), 2},   {SLICE_LIT("fever"), 2},      {SLICE_LIT("feb"), 2},
    {SLICE_LIT("fév"), 2},       {SLICE_LIT("fev"), 2},        {SLICE_LIT("mars"), 3},       {SLICE_LIT("march"), 3},
    {SLICE_LIT("märz"), 3},      {SLICE_LIT("maerz"), 3},      {SLICE_LIT("marzo"), 3},      {SLICE_LIT("março"), 3},
    {SLICE_LIT("maart"), 3},     {SLICE_LIT("mar"), 3},        {SLICE_LIT("mär"), 3},        {SLICE_LIT("mrz"), 3},
    {SLICE_LIT("avril"), 4},     {SLICE_LIT("april"), 4},      {SLICE_LIT("abril"), 4},      {SLICE_LIT("aprile"), 4},
    {SLICE_LIT("avr"), 4},       {SLICE_LIT("apr"), 4},        {SLICE_LIT("abr"), 4},        {SLICE_LIT("mai"), 5},
    {SLICE_LIT("may"), 5},       {SLICE_LIT("mayo"), 5},       {SLICE_LIT("maggio"), 5},     {SLICE_LIT("maio"), 5},
    {SLICE_LIT("mei"), 5},       {SLICE_LIT("mag"), 5},        {SLICE_LIT("juin"), 6},       {SLICE_LIT("june"), 6},
    {SLICE_LIT("juni"), 6},      {SLICE_LIT("junio"), 6},      {SLICE_LIT("giugno"), 6},     {SLICE_LIT("junho"), 6},
    {SLICE_LIT("jun"), 6},       {SLICE_LIT("giu"), 6},        {SLICE_LIT("juillet"), 7},    {SLICE_LIT("juil"), 7},
    {SLICE_LIT("july"), 7},      {SLICE_LIT("juli"), 7},       {SLICE_LIT("julio"), 7},      {SLICE_LIT("luglio"), 7},
    {SLICE_LIT("julho"), 7},     {SLICE_LIT("jul"), 7},        {SLICE_LIT("lug"), 7},        {SLICE_LIT("août"), 8},
    {SLICE_LIT("aout"), 8},      {SLICE_LIT("august"), 8},     {SLICE_LIT("agosto"), 8},     {SLICE_LIT("augustus"), 8},
    {SLICE_LIT("aug"), 8},       {SLICE_LIT("ago"), 8},        {SLICE_LIT("sept"), 9},       {SLICE_LIT("september"), 9},
    {SLICE_LIT("septembre"), 9}, {SLICE_LIT("septiembre"), 9}, {SLICE_LIT("settembre"), 9},  {SLICE_LIT("setembro"), 9},
    {SLICE_LIT("sep"), 9},       {SLICE_LIT("set"), 9},        {SLICE_LIT("octobre"), 10},   {SLICE_LIT("october"), 10},
    {SLICE_LIT("oktober"), 10},  {SLICE_LIT("octubre"), 10},   {SLICE_LIT("ottobre"), 10},   {SLICE_LIT("outubro"), 10},
    {SLICE_LIT("oct"), 10},      {SLICE_LIT("okt"), 10},       {SLICE_LIT("out"), 10},       {SLICE_LIT("ott"), 10},
    {SLICE_LIT("novembre"), 11}, {SLICE_LIT("november"), 11},  {SLICE_LIT("noviembre"), 11}, {SLICE_LIT("novembro"), 11},
    {SLICE_LIT("nov"), 11},      {SLICE_LIT("décembre"), 12},  {SLICE_LIT("decembre"), 12},  {SLICE_LIT("december"), 12},
    {SLICE_LIT("dezember"), 12}, {SLICE_LIT("diciembre"), 12}, {SLICE_LIT("dicembre"), 12},  {SLICE_LIT("dezembro"), 12},
    {SLICE_LIT("января"), 1},    {SLICE_LIT("февраля"), 2},    {SLICE_LIT("марта"), 3},      {SLICE_LIT("апреля"), 4},
    {SLICE_LIT("мая"), 5},       {SLICE_LIT("июня"), 6},       {SLICE_LIT("июля"), 7},       {SLICE_LIT("августа"), 8},
    {SLICE_LIT("сентября"), 9},  {SLICE_LIT("октября"), 10},   {SLICE_LIT("ноября"), 11},    {SLICE_LIT("декабря"), 12},
    {SLICE_LIT("déc"), 12},      {SLICE_LIT("dec"), 12},       {SLICE_LIT("dez"), 12},       {SLICE_LIT("dic"), 12},
};

struct cursor {
    struct slice s;
    size_t at;
};

static bool is_word(char c) { return ascii_is_alpha(c) || (unsigned char)c >= 0xC3; }

/* A number of ${lo} to ${hi} digits that no digit follows. */
static bool take_number(struct cursor *c, unsigned lo, unsigned hi, int *out) {
    size_t i = c->at;
    int v = 0;
    while (i < c->s.len && ascii_is_digit(c->s.ptr[i]) && i - c->at < 9) v = v * 10 + (c->s.ptr[i++] - '0');
    size_t n = i - c->at;
    if (n < lo || n > hi || (i < c->s.len && ascii_is_digit(c->s.ptr[i]))) return false;
    c->at = i;
    *out = v;
    return true;
}

static bool take_char(struct cursor *c, char want) {
    if (c->at >= c->s.len || c->s.ptr[c->at] != want) return false;
    c->at++;
    return true;
}

/* Blanks, no-break spaces, commas and points between the parts of a date in words. */
static void skip_gap(struct cursor *c) {
    while (c->at < c->s.len) {
        unsigned char ch = (unsigned char)c->s.ptr[c->at];
        if (ascii_is_space((char)ch) || ch == ',' || ch == '.' || ch == '-' || ch == '/')
            c->at++;
        else if (ch == 0xC2 && c->at + 1 < c->s.len && (unsigned char)c->s.ptr[c->at + 1] == 0xA0)
            c->at += 2;
        else if (ch == 0xE2 && c->at + 2 < c->s.len && (unsigned char)c->s.ptr[c->at + 1] == 0x80)
            c->at += 3;
        else
            return;
    }
}

static struct slice peek_word(const struct cursor *c) {
    size_t i = c->at;
    while (i < c->s.len && (is_word(c->s.ptr[i]) || (i > c->at && (unsigned char)c->s.ptr[i] >= 0x80))) i++;
    return slice_sub(c->s, c->at, i);
}

static bool take_word(struct cursor *c, const char *const *words) {
    struct slice w = peek_word(c);
    for (; *words; words++) {
        if (!slice_eq_nocase(w, slice_str(*words))) continue;
        c->at += w.len;
        return true;
    }
    return false;
}

static bool take_month(struct cursor *c, int *month) {
    struct slice w = peek_word(c);
    if (w.len < 3 || w.len > 18) return false;
    char first = ascii_lower(w.ptr[0]);
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        struct slice name = months[i].name;
        if (name.ptr[0] != first) continue;
        /* a short form stands alone; a long one may go on ("janvier" after "janv") */
        if (!slice_eq_nocase(w, name) && (name.len < 4 || !slice_starts_nocase(w, name))) continue;
        c->at += w.len;
        *month = months[i].month;
        return true;
    }
    return false;
}

static bool is_day(int y, int m, int d) { return y >= YEAR_MIN && y <= YEAR_MAX && clock_civil_valid(y, m, d); }

static bool set_day(struct page_day *day, int y, int m, int d) {
    if (!is_day(y, m, d)) return false;
    *day = (struct page_day){y, m, d};
    return true;
}

/* 2024-07-01, 2024/7/1, 2024.07.01, 20240701, 2024年7月1日 */
static bool match_year_first(struct cursor *c, struct page_day *day) {
    struct cursor k = *c;
    int y, m, d;
    if (take_number(&k, 8, 8, &y)) {
        if (!set_day(day, y / 10000, y / 100 % 100, y % 100)) return false;
    } else {
        if (!take_number(&k, 4, 4, &y) || k.at >= k.s.len) return false;
        char sep = k.s.ptr[k.at];
        bool kanji = slice_starts(slice_sub(k.s, k.at, k.s.len), slice_str("年"));
        if (!kanji && sep != '-' && sep != '/' && sep != '.') return false;
        k.at += kanji ? 3 : 1;
        if (!take_number(&k, 1, 2, &m)) return false;
        if (kanji ? !slice_starts(slice_sub(k.s, k.at, k.s.len), slice_str("月")) : k.at >= k.s.len || k.s.ptr[k.at] != sep)
            return false;
        k.at += kanji ? 3 : 1;
        if (!take_number(&k, 1, 2, &d) || !set_day(day, y, m, d)) return false;
    }
    *c = k;
    return true;
}

/* 01/07/2024, 1.7.2024, 1-7-24 */
static bool match_numbers(struct cursor *c, bool month_first, struct page_day *day) {
    struct cursor k = *c;
    int a, b, y;
    if (!take_number(&k, 1, 2, &a) || k.at >= k.s.len) return false;
    char sep = k.s.ptr[k.at];
    if ((sep != '/' && sep != '.' && sep != '-') || !take_char(&k, sep)) return false;
    if (sep == '.' && k.at < k.s.len && k.s.ptr[k.at] == ' ') k.at++;
    if (!take_number(&k, 1, 2, &b) || !take_char(&k, sep)) return false;
    if (sep == '.' && k.at < k.s.len && k.s.ptr[k.at] == ' ') k.at++;
    size_t year_at = k.at;
    if (!take_number(&k, 2, 4, &y) || k.at - year_at == 3) return false;
    if (k.at - year_at == 2) y += y < 70 ? 2000 : 1900;
    bool swap = b > 12 || (month_first && a <= 12);
    if (!set_day(day, y, swap ? a : b, swap ? b : a)) return false;
    *c = k;
    return true;
}

/* 1er juillet 2024, 1 July 2024, 1. Juli 2024, 1 de julio de 2024, 1st of July, 2024 */
static bool match_day_month(struct cursor *c, struct page_day *day) {
    static const char *const ordinals[] = {"er", "st", "nd", "rd", "th", "º", NULL};
    static const char *const of[] = {"de", "of", "du", "d", NULL};
    struct cursor k = *c;
    int y, m, d;
    if (!take_number(&k, 1, 2, &d)) return false;
    (void)take_word(&k, ordinals);
    skip_gap(&k);
    if (take_word(&k, of)) skip_gap(&k);
    if (!take_month(&k, &m)) return false;
    skip_gap(&k);
    if (take_word(&k, of)) skip_gap(&k);
    if (!take_number(&k, 4, 4, &y) || !set_day(day, y, m, d)) return false;
    *c = k;
    return true;
}

/* July 1st, 2024 */
static bool match_month_day(struct cursor *c, struct page_day *day) {
    static const char *const ordinals[] = {"st", "nd", "rd", "th", NULL};
    struct cursor k = *c;
    int y, m, d;
    if (!take_month(&k, &m)) return false;
    skip_gap(&k);
    if (!take_number(&k, 1, 2, &d)) return false;
    (void)take_word(&k, ordinals);
    skip_gap(&k);
    if (!take_number(&k, 4, 4, &y) || !set_day(day, y, m, d)) return false;
    *c = k;
    return true;
}

static bool digit_within(struct slice s, size_t from, size_t n) {
    for (size_t i = from; i < s.len && i < from + n; i++)
        if (ascii_is_digit(s.ptr[i])) return true;
    return false;
}

/* No day is written without one, and most texts of a page have none. */
static bool holds_digit(struct slice s, size_t from) {
    for (; from < s.len; from += CHUNK)
        if (chunk_any((chunk)(chunk_at(s, from, 0) - '0' < 10))) return true;
    return false;
}

size_t page_date_find(struct slice s, bool month_first, size_t from, struct page_day *day) {
    struct cursor c = {s, from};
    if (!holds_digit(s, from)) return SIZE_MAX;
    while (c.at < s.len) {
        char ch = s.ptr[c.at];
        if (ascii_is_digit(ch)) {
            if (match_year_first(&c, day) || match_day_month(&c, day) || match_numbers(&c, month_first, day)) return c.at;
            while (c.at < s.len && ascii_is_digit(s.ptr[c.at])) c.at++;
        } else if (is_word(ch)) {
            size_t end = c.at;
            while (end < s.len && (is_word(s.ptr[end]) || (unsigned char)s.ptr[end] >= 0x80)) end++;
            if (digit_within(s, end, 4) && match_month_day(&c, day)) return c.at;
            c.at = end;
        } else {
            c.at++;
        }
    }
    return SIZE_MAX;
}

bool page_date_in_url(struct slice url, struct page_day *day) {
    size_t path = slice_find(url, slice_str("://"));
    size_t from = path == SIZE_MAX ? 0 : path + 3;
    for (size_t i = from; i < url.len; i++) {
        if (!ascii_is_digit(url.ptr[i]) || (i && ascii_is_digit(url.ptr[i - 1]))) continue;
        struct cursor c = {url, i};
        if (match_year_first(&c, day)) {
            /* /2023/10/3-questions is a month and a title */
            bool title = !ascii_is_digit(url.ptr[c.at - 2]) && c.at + 1 < url.len && url.ptr[c.at] == '-' &&
                         ascii_is_alpha(url.ptr[c.at + 1]);
            if (!title) return true;
        }
        size_t n = i;
        while (n < url.len && ascii_is_digit(url.ptr[n])) n++;
        if (n - i <= 2 && n + 8 <= url.len && ascii_is_digit(url.ptr[n + 7]) && match_numbers(&c, false, day)) return true;
    }
    return false;
}
