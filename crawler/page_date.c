/*
 * Dates, by trying each pattern at each number or word.
 */
#include "crawler/page_date.h"
#include "base/clock.h"

enum { YEAR_MIN = 1990, YEAR_MAX = 2099 };

/* Beginnings of month names, lower case, with or without their accents; the longest first where one begins another. */
static const struct {
    const char *name;
    int month;
} months[] = {
    {"janv", 1},      {"january", 1},   {"januar", 1},     {"jänner", 1},    {"enero", 1},     {"gennaio", 1},   {"janeiro", 1},
    {"jan", 1},       {"févr", 2},      {"fevr", 2},       {"february", 2},  {"februar", 2},   {"febrero", 2},   {"febbraio", 2},
    {"fever", 2},     {"feb", 2},       {"fév", 2},        {"fev", 2},       {"mars", 3},      {"march", 3},     {"märz", 3},
    {"maerz", 3},     {"marzo", 3},     {"março", 3},      {"maart", 3},     {"mar", 3},       {"mär", 3},       {"mrz", 3},
    {"avril", 4},     {"april", 4},     {"abril", 4},      {"aprile", 4},    {"avr", 4},       {"apr", 4},       {"abr", 4},
    {"mai", 5},       {"may", 5},       {"mayo", 5},       {"maggio", 5},    {"maio", 5},      {"mei", 5},       {"mag", 5},
    {"juin", 6},      {"june", 6},      {"juni", 6},       {"junio", 6},     {"giugno", 6},    {"junho", 6},     {"jun", 6},
    {"giu", 6},       {"juillet", 7},   {"juil", 7},       {"july", 7},      {"juli", 7},      {"julio", 7},     {"luglio", 7},
    {"julho", 7},     {"jul", 7},       {"lug", 7},        {"août", 8},      {"aout", 8},      {"august", 8},    {"agosto", 8},
    {"augustus", 8},  {"aug", 8},       {"ago", 8},        {"sept", 9},      {"september", 9}, {"septembre", 9}, {"septiembre", 9},
    {"settembre", 9}, {"setembro", 9},  {"sep", 9},        {"set", 9},       {"octobre", 10},  {"october", 10},  {"oktober", 10},
    {"octubre", 10},  {"ottobre", 10},  {"outubro", 10},   {"oct", 10},      {"okt", 10},      {"out", 10},      {"ott", 10},
    {"novembre", 11}, {"november", 11}, {"noviembre", 11}, {"novembro", 11}, {"nov", 11},      {"décembre", 12}, {"decembre", 12},
    {"december", 12}, {"dezember", 12}, {"diciembre", 12}, {"dicembre", 12}, {"dezembro", 12}, {"déc", 12},      {"dec", 12},
    {"dez", 12},      {"dic", 12},
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
    if (w.len < 3 || w.len > 14) return false;
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        struct slice name = slice_str(months[i].name);
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

size_t page_date_find(struct slice s, bool month_first, size_t from, struct page_day *day) {
    struct cursor c = {s, from};
    while (c.at < s.len) {
        char ch = s.ptr[c.at];
        if (ascii_is_digit(ch)) {
            if (match_year_first(&c, day) || match_day_month(&c, day) || match_numbers(&c, month_first, day)) return c.at;
            while (c.at < s.len && ascii_is_digit(s.ptr[c.at])) c.at++;
        } else if (is_word(ch)) {
            if (match_month_day(&c, day)) return c.at;
            while (c.at < s.len && (is_word(s.ptr[c.at]) || (unsigned char)s.ptr[c.at] >= 0x80)) c.at++;
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
