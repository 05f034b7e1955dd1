#include "crawler/url_host.h"
#include "base/utf8.h"
#include <unicode/uidna.h>

/* A domain past 253 octets cannot be resolved (RFC 1035 2.3.4); four times that leaves room for escapes and mapping. */
#define HOST_MAX 1024

static int hex_value(char c) {
    if (ascii_is_digit(c)) return c - '0';
    char l = ascii_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static void percent_decode(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%' && i + 2 < s.len && hex_value(s.ptr[i + 1]) >= 0 && hex_value(s.ptr[i + 2]) >= 0) {
            buf_char(out, (char)(hex_value(s.ptr[i + 1]) * 16 + hex_value(s.ptr[i + 2])));
            i += 2;
        } else {
            buf_char(out, s.ptr[i]);
        }
    }
}

/* WHATWG "forbidden domain code point". */
static bool forbidden(char c) {
    unsigned char u = (unsigned char)c;
    return u <= 0x20 || u == 0x7f || strchr("#%/:<>?@[\\]^|", c) != NULL;
}

/* One part of an IPv4 address: decimal, 0 octal, 0x hex.  An empty "0x" is 0.  Values past 2^32 saturate. */
static bool ipv4_number(struct slice s, uint64_t *value) {
    if (s.len == 0) return false;
    unsigned base = 10;
    if (s.len >= 2 && s.ptr[0] == '0' && ascii_lower(s.ptr[1]) == 'x') {
        base = 16;
        s = slice_sub(s, 2, s.len);
    } else if (s.len >= 2 && s.ptr[0] == '0') {
        base = 8;
        s = slice_sub(s, 1, s.len);
    }
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        int d = hex_value(s.ptr[i]);
        if (d < 0 || (unsigned)d >= base) return false;
        v = v * base + (unsigned)d;
        if (v > UINT32_MAX) v = (uint64_t)UINT32_MAX + 1;
    }
    *value = v;
    return true;
}

/* WHATWG "ends in a number checker": such a domain is an IPv4 address or nothing. */
static bool ends_in_number(struct slice host) {
    if (host.len && host.ptr[host.len - 1] == '.') host.len--;
    size_t from = host.len;
    while (from > 0 && host.ptr[from - 1] != '.') from--;
    struct slice last = slice_sub(host, from, host.len);
    if (last.len == 0) return false;
    size_t digits = 0;
    while (digits < last.len && ascii_is_digit(last.ptr[digits])) digits++;
    uint64_t v;
    return digits == last.len || ipv4_number(last, &v);
}

static enum status ipv4(struct slice host, struct buf *out, struct buf *err) {
    if (host.len && host.ptr[host.len - 1] == '.') host.len--;
    uint64_t part[4], address = 0;
    unsigned n = 0;
    struct slice rest = host, piece;
    while (slice_cut(&rest, '.', &piece)) {
        if (n == 4 || !ipv4_number(piece, &part[n])) return fail(err, ST_SKIP, "bad IPv4 address");
        n++;
    }
    for (unsigned i = 0; i + 1 < n; i++) {
        if (part[i] > 255) return fail(err, ST_SKIP, "bad IPv4 address: a part over 255");
        address |= part[i] << (8 * (3 - i));
    }
    if (part[n - 1] >= (uint64_t)1 << (8 * (5 - n))) return fail(err, ST_SKIP, "bad IPv4 address: too large");
    address |= part[n - 1];
    buf_printf(out, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
               (unsigned)(address & 255));
    return ST_OK;
}

/* The dotted tail of an IPv6 address: exactly four decimal parts without leading zeros, into two pieces. */
static bool ipv6_tail(struct slice s, uint16_t piece[2]) {
    unsigned n = 0, bytes[4];
    struct slice rest = s, part;
    while (slice_cut(&rest, '.', &part)) {
        uint64_t v;
        if (n == 4 || part.len > 3 || !slice_parse_u64(part, &v) || v > 255 || (part.len > 1 && part.ptr[0] == '0')) return false;
        bytes[n++] = (unsigned)v;
    }
    if (n != 4) return false;
    piece[0] = (uint16_t)(bytes[0] << 8 | bytes[1]);
    piece[1] = (uint16_t)(bytes[2] << 8 | bytes[3]);
    return true;
}

/* The pieces of ${s} (no brackets) as written, and where "::" stands (or -1). */
static bool ipv6_pieces(struct slice s, uint16_t piece[8], unsigned *n, int *gap) {
    size_t i = 0;
    *n = 0;
    *gap = -1;
    if (s.len && s.ptr[0] == ':') {
        if (s.len < 2 || s.ptr[1] != ':') return false;
        i = 2;
        *gap = 0;
    }
    while (i < s.len) {
        if (*n == 8) return false;
        if (s.ptr[i] == ':') {
            if (*gap >= 0) return false;
            *gap = (int)*n;
            i++;
            continue;
        }
        size_t from = i;
        unsigned v = 0;
        while (i < s.len && i - from < 4 && hex_value(s.ptr[i]) >= 0) v = v * 16 + (unsigned)hex_value(s.ptr[i++]);
        if (i < s.len && s.ptr[i] == '.') {
            if (i == from || *n > 6 || !ipv6_tail(slice_sub(s, from, s.len), piece + *n)) return false;
            *n += 2;
            return true;
        }
        if (i == from) return false;
        if (i < s.len && (s.ptr[i++] != ':' || i == s.len)) return false;
        piece[(*n)++] = (uint16_t)v;
    }
    return true;
}

/* RFC 5952: the first longest run of two or more zero pieces becomes "::". */
static void ipv6_write(const uint16_t piece[8], struct buf *out) {
    int best = -1, best_len = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && piece[i + run] == 0) run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run;
    }
    buf_char(out, '[');
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            buf_str(out, i == 0 ? "::" : ":");
            i += best_len - 1;
            continue;
        }
        buf_printf(out, "%x%s", piece[i], i < 7 ? ":" : "");
    }
    buf_char(out, ']');
}

static enum status ipv6(struct slice s, struct buf *out, struct buf *err) {
    uint16_t piece[8], whole[8] = {0};
    unsigned n;
    int gap;
    if (!ipv6_pieces(s, piece, &n, &gap) || (gap < 0 ? n != 8 : n > 7)) return fail(err, ST_SKIP, "bad IPv6 address");
    unsigned head = gap < 0 ? n : (unsigned)gap;
    for (unsigned i = 0; i < head; i++) whole[i] = piece[i];
    for (unsigned i = head; i < n; i++) whole[8 - n + i] = piece[i];
    ipv6_write(whole, out);
    return ST_OK;
}

/*
 * WHATWG "domain to ASCII", beStrict false, for a domain that is not plain ASCII: UTS #46 processing, not
 * transitional, CheckBidi and CheckJoiners, but neither CheckHyphens nor VerifyDnsLength, whose errors are passed over.  IDNA 2008 is
 * narrower (it has no emoji), and browsers do not hold to it.
 */
static enum status domain_to_ascii(struct slice domain, struct buf *out, struct buf *err) {
    static const uint32_t lenient = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG |
                                    UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;
    static const uint32_t options = UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII;
    char ascii[8 * HOST_MAX];
    if (domain.len > HOST_MAX) return fail(err, ST_SKIP, "bad host name: too long");
    UErrorCode code = U_ZERO_ERROR;
    UIDNA *idna = uidna_openUTS46(options, &code);
    if (U_FAILURE(code)) return fail(err, ST_FATAL, "host names: %s", u_errorName(code));
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    int32_t n = uidna_nameToASCII_UTF8(idna, domain.ptr, (int32_t)domain.len, ascii, (int32_t)sizeof ascii, &info, &code);
    uidna_close(idna);
    if (code == U_MEMORY_ALLOCATION_ERROR) return fail(err, ST_FATAL, "no memory for a host name");
    if (U_FAILURE(code) || n < 0 || (size_t)n > sizeof ascii) return fail(err, ST_SKIP, "bad host name: %s", u_errorName(code));
    if (info.errors & ~lenient) return fail(err, ST_SKIP, "bad host name: UTS #46 errors %#x", (unsigned)(info.errors & ~lenient));
    buf_append(out, ascii, (size_t)n);
    return ST_OK;
}

/* An ASCII domain is only put in lower case, whatever its "xn--" labels hold (WHATWG URL since June 2026): it resolves or does not. */
static bool needs_idna(struct slice domain) {
    for (size_t i = 0; i < domain.len; i++)
        if ((unsigned char)domain.ptr[i] >= 0x80) return true;
    return false;
}

static enum status domain_check(struct slice domain, struct buf *out, struct buf *err) {
    if (domain.len == 0) return fail(err, ST_SKIP, "empty host");
    for (size_t i = 0; i < domain.len; i++) {
        if (forbidden(domain.ptr[i])) return fail(err, ST_SKIP, "forbidden character in the host");
    }
    if (ends_in_number(domain)) return ipv4(domain, out, err);
    /* One dot goes; a host that ends in two never resolves, and dropping them could make an address of it. */
    size_t len = domain.len;
    if (len > 1 && domain.ptr[len - 1] == '.' && domain.ptr[len - 2] != '.') len--;
    for (size_t i = 0; i < len; i++) buf_char(out, ascii_lower(domain.ptr[i]));
    return ST_OK;
}

enum status url_host(struct slice raw, struct buf *out, struct buf *err) {
    if (raw.len && raw.ptr[0] == '[') {
        if (raw.ptr[raw.len - 1] != ']') return fail(err, ST_SKIP, "bad IPv6 address: no closing bracket");
        return ipv6(slice_sub(raw, 1, raw.len - 1), out, err);
    }
    if (!memchr(raw.ptr, '%', raw.len) && !needs_idna(raw)) return domain_check(raw, out, err);
    struct buf decoded, valid, ascii;
    buf_init(&decoded, 64 * 1024);
    buf_init(&valid, 256 * 1024);
    buf_init(&ascii, 64 * 1024);
    percent_decode(raw, &decoded);
    utf8_repair(&valid, buf_view(&decoded));
    enum status st = buf_ok(&decoded) && buf_ok(&valid) ? ST_OK : fail(err, ST_SKIP, "host too long");
    struct slice domain = buf_view(&valid);
    if (st == ST_OK && needs_idna(domain)) {
        st = domain_to_ascii(domain, &ascii, err);
        domain = buf_view(&ascii);
    }
    if (st == ST_OK) st = domain_check(domain, out, err);
    buf_free(&decoded);
    buf_free(&valid);
    buf_free(&ascii);
    return st;
}
