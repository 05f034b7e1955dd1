#include "dedup/tokens_chars.h"
#include "base/utf8.h"
#include <stdlib.h>

struct range {
    uint32_t first, last;
};

/* datatrove 0.10, TERMINAL_PUNCTUATION. */
static const struct range terminal[] = {
    {0x21, 0x21},       {0x2E, 0x2E},       {0x3F, 0x3F},       {0x589, 0x589},     {0x61D, 0x61F},     {0x6D4, 0x6D4},
    {0x700, 0x702},     {0x7F9, 0x7F9},     {0x837, 0x837},     {0x839, 0x839},     {0x83D, 0x83E},     {0x964, 0x965},
    {0x104A, 0x104B},   {0x1362, 0x1362},   {0x1367, 0x1368},   {0x166E, 0x166E},   {0x1735, 0x1736},   {0x17D4, 0x17D6},
    {0x17D9, 0x17DA},   {0x1803, 0x1803},   {0x1809, 0x1809},   {0x1944, 0x1945},   {0x1AA8, 0x1AAB},   {0x1B5A, 0x1B5B},
    {0x1B5E, 0x1B5F},   {0x1B7D, 0x1B7E},   {0x1C3B, 0x1C3C},   {0x1C7E, 0x1C7F},   {0x203C, 0x203D},   {0x2047, 0x2049},
    {0x2E2E, 0x2E2E},   {0x2E3C, 0x2E3C},   {0x2E53, 0x2E54},   {0x3002, 0x3002},   {0xA4FF, 0xA4FF},   {0xA60E, 0xA60F},
    {0xA6F3, 0xA6F3},   {0xA6F7, 0xA6F7},   {0xA876, 0xA877},   {0xA8CE, 0xA8CF},   {0xA92F, 0xA92F},   {0xA9C8, 0xA9C9},
    {0xAA5D, 0xAA5F},   {0xAAF0, 0xAAF1},   {0xABEB, 0xABEB},   {0xFE52, 0xFE52},   {0xFE56, 0xFE57},   {0xFF01, 0xFF01},
    {0xFF0E, 0xFF0E},   {0xFF1F, 0xFF1F},   {0xFF61, 0xFF61},   {0x10A56, 0x10A57}, {0x10F55, 0x10F59}, {0x10F86, 0x10F89},
    {0x11047, 0x11048}, {0x110BE, 0x110C1}, {0x11141, 0x11143}, {0x111C5, 0x111C6}, {0x111CD, 0x111CD}, {0x111DE, 0x111DF},
    {0x11238, 0x11239}, {0x1123B, 0x1123C}, {0x112A9, 0x112A9}, {0x1144B, 0x1144C}, {0x115C2, 0x115C3}, {0x115C9, 0x115D7},
    {0x11641, 0x11642}, {0x1173C, 0x1173E}, {0x11944, 0x11944}, {0x11946, 0x11946}, {0x11A42, 0x11A43}, {0x11A9B, 0x11A9C},
    {0x11C41, 0x11C42}, {0x11EF7, 0x11EF8}, {0x11F43, 0x11F44}, {0x16A6E, 0x16A6F}, {0x16AF5, 0x16AF5}, {0x16B37, 0x16B38},
    {0x16B44, 0x16B44}, {0x16E98, 0x16E98}, {0x1BC9F, 0x1BC9F}, {0x1DA88, 0x1DA88}};

/* datatrove 0.10, PUNCTUATION, less what stands above. */
static const struct range punctuation[] = {
    {0x0, 0x8},       {0xB, 0x1F},      {0x22, 0x2D},     {0x2F, 0x2F},     {0x3A, 0x3E},     {0x40, 0x40},     {0x5B, 0x60},
    {0x7B, 0x9F},     {0xAB, 0xAB},     {0xB4, 0xB4},     {0xBB, 0xBB},     {0x2013, 0x2014}, {0x2019, 0x2019}, {0x201C, 0x201E},
    {0x2026, 0x2026}, {0x2236, 0x2236}, {0x2501, 0x2501}, {0x25BA, 0x25BA}, {0x3001, 0x3001}, {0x3008, 0x300D}, {0x3010, 0x3011},
    {0xFF05, 0xFF05}, {0xFF08, 0xFF09}, {0xFF0C, 0xFF0C}, {0xFF11, 0xFF11}, {0xFF1A, 0xFF1B}, {0xFF5E, 0xFF5E}};

/* spaCy 3.8, _quotes. */
static const struct range quotes[] = {{0x22, 0x22},     {0x27, 0x27},     {0x2C, 0x2C},     {0x60, 0x60},     {0xAB, 0xAB},
                                      {0xB4, 0xB4},     {0xBB, 0xBB},     {0x2018, 0x201A}, {0x201C, 0x201E}, {0x2329, 0x232A},
                                      {0x27E6, 0x27E7}, {0x3008, 0x3011}, {0x3014, 0x3015}, {0xFF08, 0xFF09}};

/* spaCy 3.8, _punct. */
static const struct range marks[] = {
    {0x21, 0x21},     {0x23, 0x23},     {0x26, 0x26},     {0x28, 0x2A},     {0x2C, 0x2C},     {0x3A, 0x3C},     {0x3E, 0x3F},
    {0x5B, 0x5B},     {0x5D, 0x5D},     {0x5F, 0x5F},     {0x7B, 0x7B},     {0x7D, 0x7D},     {0xA1, 0xA1},     {0xB7, 0xB7},
    {0xBF, 0xBF},     {0x60C, 0x60C},   {0x61B, 0x61B},   {0x61F, 0x61F},   {0x66A, 0x66A},   {0x6D4, 0x6D4},   {0x964, 0x964},
    {0x2026, 0x2026}, {0x3001, 0x3002}, {0xFF01, 0xFF01}, {0xFF0C, 0xFF0C}, {0xFF1A, 0xFF1B}, {0xFF1F, 0xFF1F}, {0xFF5E, 0xFF5E}};

/* spaCy 3.8, _currency, single signs. */
static const struct range currencies[] = {{0x24, 0x24},   {0xA3, 0xA3},     {0xA5, 0xA5},
                                          {0xE3F, 0xE3F}, {0x20A0, 0x20BF}, {0xFDFC, 0xFDFC}};

/* spaCy 3.8, _units in Latin letters; pronouns of its French rules.  In byte order. */
static const struct slice units[] = {
    SLICE_LIT("G"),   SLICE_LIT("GB"),  SLICE_LIT("K"),   SLICE_LIT("KB"),   SLICE_LIT("M"),    SLICE_LIT("MB"),  SLICE_LIT("Pa"),
    SLICE_LIT("T"),   SLICE_LIT("TB"),  SLICE_LIT("cm"),  SLICE_LIT("cm²"),  SLICE_LIT("cm³"),  SLICE_LIT("dm"),  SLICE_LIT("dm²"),
    SLICE_LIT("dm³"), SLICE_LIT("ft"),  SLICE_LIT("g"),   SLICE_LIT("gb"),   SLICE_LIT("hPa"),  SLICE_LIT("ha"),  SLICE_LIT("in"),
    SLICE_LIT("kb"),  SLICE_LIT("kg"),  SLICE_LIT("km"),  SLICE_LIT("km/h"), SLICE_LIT("kmh"),  SLICE_LIT("km²"), SLICE_LIT("km³"),
    SLICE_LIT("lb"),  SLICE_LIT("m"),   SLICE_LIT("m/s"), SLICE_LIT("mb"),   SLICE_LIT("mbar"), SLICE_LIT("mg"),  SLICE_LIT("mm"),
    SLICE_LIT("mm²"), SLICE_LIT("mm³"), SLICE_LIT("mph"), SLICE_LIT("m²"),   SLICE_LIT("m³"),   SLICE_LIT("nm"),  SLICE_LIT("oz"),
    SLICE_LIT("t"),   SLICE_LIT("tb"),  SLICE_LIT("yd"),  SLICE_LIT("µg"),   SLICE_LIT("µm")};
static const struct slice pronouns[] = {
    SLICE_LIT("CE"),   SLICE_LIT("CLÉS"), SLICE_LIT("ELLE"), SLICE_LIT("EN"), SLICE_LIT("IL"),  SLICE_LIT("ILS"),  SLICE_LIT("JE"),
    SLICE_LIT("LÀ"),   SLICE_LIT("MOI"),  SLICE_LIT("NOUS"), SLICE_LIT("ON"), SLICE_LIT("T"),   SLICE_LIT("VOUS"), SLICE_LIT("ce"),
    SLICE_LIT("clés"), SLICE_LIT("elle"), SLICE_LIT("en"),   SLICE_LIT("il"), SLICE_LIT("ils"), SLICE_LIT("je"),   SLICE_LIT("là"),
    SLICE_LIT("moi"),  SLICE_LIT("nous"), SLICE_LIT("on"),   SLICE_LIT("t"),  SLICE_LIT("vous")};

static int compare_range(const void *key, const void *entry) {
    uint32_t cp = *(const uint32_t *)key;
    const struct range *r = entry;
    return cp < r->first ? -1 : cp > r->last;
}

static int compare_word(const void *a, const void *b) { return slice_cmp(*(const struct slice *)a, *(const struct slice *)b); }

#define IN_RANGES(table, cp) (bsearch(&(cp), table, sizeof table / sizeof *table, sizeof *table, compare_range) != NULL)
#define IN_WORDS(table, word) (bsearch(&(word), table, sizeof table / sizeof *table, sizeof *table, compare_word) != NULL)

bool tokens_chars_terminal(uint32_t cp) { return IN_RANGES(terminal, cp); }
bool tokens_chars_unit(struct slice word) { return IN_WORDS(units, word); }
bool tokens_chars_pronoun(struct slice word) { return IN_WORDS(pronouns, word); }

unsigned tokens_chars_class(uint32_t cp) {
    unsigned c = 0;
    if (unicode_is_space(cp)) c |= CHAR_SPACE;
    if (unicode_is_letter(cp)) {
        c |= CHAR_LETTER;
        if (cp != 0xAA && cp != 0xB5 && cp != 0xBA) c |= CHAR_ALPHA | (unicode_is_upper(cp) ? CHAR_UPPER : CHAR_LOWER);
    }
    if (cp >= '0' && cp <= '9') c |= CHAR_DIGIT;
    if (IN_RANGES(quotes, cp)) c |= CHAR_AFFIX | CHAR_QUOTE;
    if (IN_RANGES(marks, cp)) c |= CHAR_AFFIX;
    if (cp == 0xA7 || cp == '%' || cp == '=' || cp == 0x2014 || cp == 0x2013) c |= CHAR_PREFIX;
    if (IN_RANGES(currencies, cp)) c |= CHAR_CURRENCY;
    if (unicode_is_icon(cp)) c |= CHAR_ICON;
    if (cp == '-' || (cp >= 0x2010 && cp <= 0x2014 && cp != 0x2012)) c |= CHAR_HYPHEN;
    if (cp == '\'' || cp == 0x2019) c |= CHAR_APOSTROPHE;
    if (cp == 0xB2 || cp == 0xB3) c |= CHAR_SUPERSCRIPT;
    if (tokens_chars_terminal(cp) || IN_RANGES(punctuation, cp)) c |= CHAR_MARK;
    return c;
}

/* Letters and figures of a host name; any byte past ASCII counts as one. */
static bool host_char(char c) { return ascii_is_alnum(c) || (unsigned char)c >= 0x80; }

/* host.tld, then nothing, or a port, a path, a query or a fragment. */
static bool host_and_path(struct slice s) {
    size_t end = 0, dots = 0, last = 0;
    while (end < s.len && (host_char(s.ptr[end]) || s.ptr[end] == '-' || s.ptr[end] == '_' || s.ptr[end] == '.')) {
        if (s.ptr[end] == '.') {
            if (end == 0 || !host_char(s.ptr[end - 1])) return false;
            dots++;
            last = end;
        }
        end++;
    }
    if (dots == 0 || end < last + 3) return false;
    for (size_t i = last + 1; i < end; i++)
        if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && (unsigned char)s.ptr[i] < 0x80) return false;
    if (end < s.len && s.ptr[end] == ':') {
        size_t port = ++end;
        while (end < s.len && ascii_is_digit(s.ptr[end])) end++;
        if (end < port + 2 || end > port + 5) return false;
    }
    return end == s.len || s.ptr[end] == '/' || s.ptr[end] == '?' || s.ptr[end] == '#';
}

bool tokens_chars_address(struct slice word) {
    if (slice_find_char(word, '.') == SIZE_MAX) return false;
    size_t scheme = slice_find(word, slice_str("://"));
    if (scheme != SIZE_MAX && scheme >= 2 && host_and_path(slice_sub(word, scheme + 3, word.len))) return true;
    if (host_and_path(word)) return true;
    size_t mailbox = slice_find_char(word, '@');
    return mailbox != SIZE_MAX && mailbox > 0 && host_and_path(slice_sub(word, mailbox + 1, word.len));
}
