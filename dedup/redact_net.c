/* Addresses of mailboxes (RFC 5322, as people write them) and of machines. */
#include "base/utf8.h"
#include "dedup/redact_parts.h"
#include <arpa/inet.h>

#define LOCAL_MAX 96 /* bytes; RFC 5321 has 64 characters */
#define DOMAIN_MAX 255

/* A byte of a letter past ASCII, and not of a space or a quotation mark: U+00C0 to U+024F. */
static bool letter_byte(char c) {
    return ((unsigned char)c >= 0xC3 && (unsigned char)c <= 0xC9) || ((unsigned char)c & 0xC0) == 0x80;
}

static bool local_char(char c) { return ascii_is_alnum(c) || (c != '\0' && strchr("._%+-'", c) != NULL); }

/* "l'", "d'", "qu'", and a quotation mark alone: not "o'neil". */
static bool is_elision(struct slice word) {
    if (word.len == 0) return true;
    if (word.len == 1) return strchr("cdjlmnst", ascii_lower(word.ptr[0])) != NULL;
    return slice_eq_nocase(word, slice_str("qu"));
}

/* The beginning of the local part that ends before ${at}. */
static size_t local_start(struct slice s, size_t at, size_t floor) {
    size_t i = at;
    if (at > LOCAL_MAX && floor < at - LOCAL_MAX) floor = at - LOCAL_MAX;
    while (i > floor) {
        if (local_char(s.ptr[i - 1])) {
            i--;
        } else if (i >= floor + 2 && ((unsigned char)s.ptr[i - 1] & 0xC0) == 0x80 && letter_byte(s.ptr[i - 2]) &&
                   (unsigned char)s.ptr[i - 2] >= 0xC3) {
            i -= 2;
        } else {
            break;
        }
    }
    /* An elision before the address, and marks that cannot begin it. */
    for (size_t j = i; j < at && j < i + 3; j++)
        if (s.ptr[j] == '\'' && is_elision(slice_sub(s, i, j))) i = j + 1;
    while (i < at && (s.ptr[i] == '.' || s.ptr[i] == '-' || s.ptr[i] == '\'' || s.ptr[i] == '%')) i++;
    return i;
}

static bool file_name(struct slice tld) {
    static const char *const names[] = {"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "html", "php", "pdf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_eq_nocase(tld, slice_str(names[i]))) return true;
    return false;
}

/* Where a top-level domain ends in the label [label, end) that goes on with a dash: "exemple.fr-01 99…"; SIZE_MAX for nowhere. */
static size_t before_dash(struct slice s, size_t label, size_t end) {
    size_t i = label;
    while (i < end && ascii_is_alpha(s.ptr[i])) i++;
    return i >= label + 2 && i < end && s.ptr[i] == '-' ? i : SIZE_MAX;
}

/* The end of the host name that begins at ${at}: labels and a top-level domain of two letters or more; SIZE_MAX for none. */
static size_t domain_end(struct slice s, size_t at) {
    size_t i = at, last = SIZE_MAX, good = SIZE_MAX;
    size_t stop = s.len - at > DOMAIN_MAX ? at + DOMAIN_MAX : s.len;
    while (i < stop) {
        size_t label = i;
        bool letters = true;
        while (i < stop && (ascii_is_alnum(s.ptr[i]) || s.ptr[i] == '-' || letter_byte(s.ptr[i]))) {
            if (!ascii_is_alpha(s.ptr[i]) && !letter_byte(s.ptr[i])) letters = false;
            i++;
        }
        size_t end = i;
        while (end > label && s.ptr[end - 1] == '-') end--;
        if (end == label || s.ptr[label] == '-') break;
        bool top = (letters && end - label >= 2) || slice_starts_nocase(slice_sub(s, label, end), slice_str("xn--"));
        if (last != SIZE_MAX) good = top ? end : before_dash(s, label, end) != SIZE_MAX ? before_dash(s, label, end) : good;
        if (last != SIZE_MAX && top && file_name(slice_sub(s, label, end))) good = SIZE_MAX;
        last = end;
        if (i >= stop || s.ptr[i] != '.' || end != i) break;
        i++;
    }
    return good;
}

enum verdict redact_email(struct slice text, size_t at, size_t floor, bool in_url, struct found *out) {
    size_t start = local_start(text, at, floor);
    if (start == at || text.ptr[at - 1] == '.') return FOUND_NONE;
    char before = start > 0 ? text.ptr[start - 1] : ' ';
    /* "@user@instance" names an account; user:secret@host belongs to a URL. */
    if (before == '@' || (in_url && before != '=')) return FOUND_NONE;
    size_t end = domain_end(text, at + 1);
    if (end == SIZE_MAX) return FOUND_NONE;
    *out = (struct found){REDACT_EMAIL, start, end};
    return FOUND;
}

/* The byte behind "(word)" at ${at}, in any brackets and with a blank on either side of the word; 0 when none of ${words} stands there. */
static size_t bracketed(struct slice s, size_t at, const char *const *words) {
    static const char open[] = "([{", close[] = ")]}";
    const char *kind = at < s.len && s.ptr[at] ? strchr(open, s.ptr[at]) : NULL;
    if (!kind) return 0;
    size_t from = at + 1;
    if (from < s.len && s.ptr[from] == ' ') from++;
    if (from >= s.len || !strchr("aAdDpP@.\xC3", s.ptr[from])) return 0; /* how the words begin */
    for (; *words; words++) {
        size_t to = from + strlen(*words);
        if (!slice_starts_nocase(slice_sub(s, from, s.len), slice_str(*words))) continue;
        if (to < s.len && s.ptr[to] == ' ') to++;
        if (to < s.len && s.ptr[to] == close[kind - open]) return to + 1;
    }
    return 0;
}

static size_t one_blank(struct slice s, size_t at) { return at < s.len && s.ptr[at] == ' ' ? at + 1 : at; }

/* As domain_end(), where a point may be written "[point]" or "(dot)" too. */
static size_t hidden_domain_end(struct slice s, size_t at) {
    static const char *const points[] = {"point", "dot", ".", NULL};
    size_t i = at, good = SIZE_MAX, stop = s.len - at > DOMAIN_MAX ? at + DOMAIN_MAX : s.len;
    for (bool first = true; i < stop; first = false) {
        size_t label = i;
        bool letters = true;
        for (; i < stop && (ascii_is_alnum(s.ptr[i]) || s.ptr[i] == '-'); i++) letters = letters && ascii_is_alpha(s.ptr[i]);
        if (i == label) break;
        if (!first && letters && i - label >= 2) good = i;
        size_t point = bracketed(s, one_blank(s, i), points);
        if (point) {
            i = one_blank(s, point);
        } else if (i < stop && s.ptr[i] == '.') {
            i++;
        } else {
            break;
        }
    }
    return good;
}

enum verdict redact_email_hidden(struct slice text, size_t at, size_t floor, struct found *out) {
    static const char *const signs[] = {"at", "arobase", "arobas", "@", NULL}, *const bare[] = {"a", "\xC3\xA0", NULL};
    size_t behind = bracketed(text, at, signs), name = at;
    if (behind) {
        if (name > floor && text.ptr[name - 1] == ' ') name--;
        behind = one_blank(text, behind);
    } else {
        /* A letter in brackets is one only where nothing parts it from the name and the host. */
        behind = bracketed(text, at, bare);
    }
    if (!behind || behind >= text.len || !ascii_is_alnum(text.ptr[behind])) return FOUND_NONE;
    size_t start = local_start(text, name, floor), end = hidden_domain_end(text, behind);
    if (start == name || end == SIZE_MAX || text.ptr[name - 1] == '.') return FOUND_NONE;
    *out = (struct found){REDACT_EMAIL, start, end};
    return FOUND;
}

/* RFC 6890 and its registry: what no machine on the public Internet has.  The ranges for documentation stand for public ones. */
static bool public_ipv4(const unsigned char a[4]) {
    if (a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224) return false;
    if (a[0] == 100 && (a[1] & 0xC0) == 64) return false;
    if (a[0] == 169 && a[1] == 254) return false;
    if (a[0] == 172 && (a[1] & 0xF0) == 16) return false;
    if (a[0] == 192 && (a[1] == 168 || (a[1] == 0 && a[2] == 0))) return false;
    return !(a[0] == 198 && (a[1] & 0xFE) == 18);
}

static bool read_ipv4(struct slice s, size_t at, unsigned char a[4], size_t *end) {
    for (unsigned i = 0; i < 4; i++) {
        unsigned v = 0, n = 0;
        if (i && (at >= s.len || s.ptr[at++] != '.')) return false;
        while (n < 4 && at < s.len && ascii_is_digit(s.ptr[at])) {
            v = v * 10 + (unsigned)(s.ptr[at++] - '0');
            n++;
        }
        if (n == 0 || n > 3 || v > 255 || (n > 1 && s.ptr[at - n] == '0')) return false;
        a[i] = (unsigned char)v;
    }
    *end = at;
    return true;
}

/* Numbers of sections and versions have four parts too, small ones: then a word, a port or a prefix length must tell an address. */
static bool outline(struct slice s, size_t at, size_t end, const unsigned char a[4]) {
    static const char *const words[] = {"version", "article",  "art.",     "section",      "chapitre", "paragraphe", "annexe",
                                        "release", "point",    "titre",    "rubrique",     "\xC2\xA7", "v.",         "oid",
                                        "figure",  "logiciel", "tableau",  "nomenclature", "code",     "position",   "chap",
                                        "alin",    "exercice", "fig.",     "norme",        "iso",      "partie",     "clause",
                                        "item",    "build",    "firmware", "noyau",        "pilote",   "chrome",     "firefox",
                                        "android", "ios",      "macos",    "windows",      "openssl",  "java",       NULL};
    static const char *const ip_words[] = {"ip",          "ipv4",      "serveur",    "adresse", "dns",
                                           "h\xC3\xB4te", "connexion", "passerelle", "ping",    "r\xC3\xA9solveur",
                                           "host",        "server",    NULL};
    if (redact_context(s, at, ip_words)) return false;
    if (redact_context(s, at, words)) return true;
    bool tail = end + 1 < s.len && (s.ptr[end] == ':' || s.ptr[end] == '/') && ascii_is_digit(s.ptr[end + 1]);
    return !tail && a[0] < 32 && a[1] < 32 && a[2] < 32 && a[3] < 32;
}

enum verdict redact_ipv4(struct slice text, size_t at, struct found *out) {
    unsigned char a[4];
    size_t end;
    if (!read_ipv4(text, at, a, &end) || !redact_ends(text, end)) return FOUND_NONE;
    if (end + 1 < text.len && text.ptr[end] == '-' && ascii_is_alnum(text.ptr[end + 1])) return FOUND_NONE;
    if (!public_ipv4(a) || outline(text, at, end, a)) return PASSED;
    *out = (struct found){REDACT_IP, at, end};
    return FOUND;
}

static bool ipv6_char(char c) {
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f') || c == ':' || c == '.';
}

enum verdict redact_ipv6(struct slice text, size_t at, size_t floor, struct found *out) {
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[16];
    size_t start = at, end = at;
    while (start > floor && at - start < 5 && ipv6_char(text.ptr[start - 1])) start--;
    while (end < text.len && end - start < sizeof copy && ipv6_char(text.ptr[end])) end++;
    while (end > at && text.ptr[end - 1] == '.') end--;
    /* A full stop's colon: "2001:db8::1:" */
    if (end - start > 2 && text.ptr[end - 1] == ':' && text.ptr[end - 2] != ':') end--;
    if (end - start < 3 || end - start >= sizeof copy) return FOUND_NONE;
    if (start > 0 && (ascii_is_alnum(text.ptr[start - 1]) || text.ptr[start - 1] == '_')) return FOUND_NONE;
    memcpy(copy, text.ptr + start, end - start);
    copy[end - start] = '\0';
    if (!redact_ends(text, end) || inet_pton(AF_INET6, copy, address) != 1) return FOUND_NONE;
    *out = (struct found){REDACT_IP, start, end};
    return (address[0] & 0xE0) == 0x20 ? FOUND : PASSED; /* 2000::/3, global unicast (RFC 4291) */
}
