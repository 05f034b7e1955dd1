#include "crawler/netguard.h"
#include <arpa/inet.h>
#include <netinet/in.h>

struct range4 {
    uint32_t net;
    unsigned bits;
};
#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* IANA IPv4 Special-Purpose Address Registry: all that is not globally reachable, and multicast. */
static const struct range4 closed4[] = {
    {IP4(0, 0, 0, 0), 8},       /* this network, RFC 791 */
    {IP4(10, 0, 0, 0), 8},      /* private, RFC 1918 */
    {IP4(100, 64, 0, 0), 10},   /* shared (CGNAT), RFC 6598 */
    {IP4(127, 0, 0, 0), 8},     /* loopback, RFC 1122 */
    {IP4(169, 254, 0, 0), 16},  /* link-local, RFC 3927; cloud metadata */
    {IP4(172, 16, 0, 0), 12},   /* private, RFC 1918 */
    {IP4(192, 0, 0, 0), 24},    /* IETF protocol assignments, RFC 6890 */
    {IP4(192, 0, 2, 0), 24},    /* documentation, RFC 5737 */
    {IP4(192, 31, 196, 0), 24}, /* AS112, RFC 7535 */
    {IP4(192, 52, 193, 0), 24}, /* AMT, RFC 7450 */
    {IP4(192, 88, 99, 0), 24},  /* 6to4 relay anycast, RFC 7526 */
    {IP4(192, 168, 0, 0), 16},  /* private, RFC 1918 */
    {IP4(192, 175, 48, 0), 24}, /* AS112, RFC 7534 */
    {IP4(198, 18, 0, 0), 15},   /* benchmarking, RFC 2544 */
    {IP4(198, 51, 100, 0), 24}, /* documentation, RFC 5737 */
    {IP4(203, 0, 113, 0), 24},  /* documentation, RFC 5737 */
    {IP4(224, 0, 0, 0), 4},     /* multicast, RFC 5771 */
    {IP4(240, 0, 0, 0), 4},     /* reserved and broadcast, RFC 1112 */
};

static bool public4(uint32_t address) {
    for (size_t i = 0; i < sizeof closed4 / sizeof *closed4; i++) {
        uint32_t mask = ~(uint32_t)0 << (32 - closed4[i].bits);
        if ((address & mask) == closed4[i].net) return false;
    }
    return true;
}

struct range6 {
    unsigned char net[16];
    unsigned bits;
};

/* IANA IPv6 Special-Purpose Address Registry within 2000::/3, the only global unicast space; the rest is closed whole. */
static const struct range6 closed6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* 2001::/23 IETF protocol assignments, Teredo and ORCHID among them, RFC 2928 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation, RFC 3849 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* AS112, RFC 7534 */
    {{0x3f, 0xfe}, 16},                   /* 6bone, returned, RFC 3701 */
    {{0x3f, 0xff, 0x00}, 20},             /* documentation, RFC 9637 */
};

static bool in_range6(const unsigned char a[16], const struct range6 *r) {
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    if (memcmp(a, r->net, whole) != 0) return false;
    return rest == 0 || (a[whole] ^ r->net[whole]) >> (8 - rest) == 0;
}

static uint32_t embedded(const unsigned char *b) { return IP4(b[0], b[1], b[2], b[3]); }

static bool public6(const unsigned char a[16]) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; /* RFC 4291 2.5.5.2 */
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};                       /* RFC 6052 2.1 */
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) return public4(embedded(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) return public4(embedded(a + 2)); /* 6to4, RFC 3056 */
    if (a[0] >> 5 != 1) return false;
    for (size_t i = 0; i < sizeof closed6 / sizeof *closed6; i++) {
        if (in_range6(a, &closed6[i])) return false;
    }
    /* ISATAP (RFC 5214): an interface identifier that names an IPv4 address. */
    static const unsigned char isatap[3] = {0x00, 0x5e, 0xfe};
    if ((a[8] & 0xfd) == 0 && memcmp(a + 9, isatap, 3) == 0) return public4(embedded(a + 12));
    return true;
}

bool netguard_public(const struct sockaddr *sa) {
    if (!sa) return false;
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        return public6(in6.sin6_addr.s6_addr);
    }
    return false;
}
