#include "crawler/netguard.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/un.h>

#include <cmocka.h>

static const struct {
    const char *address;
    bool is_public;
} cases[] = {
    {"1.1.1.1", true},
    {"8.8.8.8", true},
    {"185.24.187.1", true},
    {"0.0.0.0", false},
    {"0.1.2.3", false},
    {"9.255.255.255", true},
    {"10.0.0.1", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"169.254.169.254", false},
    {"169.253.255.255", true},
    {"172.15.255.255", true},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"192.0.0.8", false},
    {"192.0.2.1", false},
    {"192.88.99.1", false},
    {"192.167.255.255", true},
    {"192.168.1.1", false},
    {"198.17.255.255", true},
    {"198.18.0.1", false},
    {"198.19.255.255", false},
    {"198.51.100.7", false},
    {"203.0.113.9", false},
    {"223.255.255.255", true},
    {"224.0.0.1", false},
    {"239.255.255.250", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::7f00:1", false}, /* IPv4-compatible, deprecated: never public */
    {"::8.8.8.8", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:169.254.169.254", false},
    {"::ffff:10.0.0.1", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::192.168.0.1", false},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b:1::1", false},     /* local-use NAT64 */
    {"100::1", false},           /* discard */
    {"2002:7f00:1::1", false},   /* 6to4 of 127.0.0.1 */
    {"2002:a9fe:a9fe::", false}, /* 6to4 of 169.254.169.254 */
    {"2002:808:808::1", true},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false}, /* Teredo */
    {"2001:10::1", false},                           /* ORCHID */
    {"2001:20::1", false},
    {"2001:1ff:ffff::1", false},
    {"2001:200::1", true},
    {"2001:660:3003::1", true},
    {"2001:db8::1", false},
    {"2a00:1450:4007::1", true},
    {"2606:4700::1111", true},
    {"2a01:e0a::5efe:10.0.0.1", false}, /* ISATAP */
    {"2a01:e0a::200:5efe:10.0.0.1", false},
    {"3ffe::1", false},
    {"3fff::1", false},
    {"3fff:1000::1", true},
    {"4000::1", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fd12:3456:789a::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

static void test_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        const struct sockaddr *sa = (const struct sockaddr *)&in;
        if (inet_pton(AF_INET, cases[i].address, &in.sin_addr) != 1) {
            assert_int_equal(inet_pton(AF_INET6, cases[i].address, &in6.sin6_addr), 1);
            sa = (const struct sockaddr *)&in6;
        }
        if (netguard_public(sa) != cases[i].is_public)
            fail_msg("%s should be %s", cases[i].address, cases[i].is_public ? "public" : "closed");
    }
}

static void test_other_families(void **state) {
    (void)state;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_false(netguard_public((const struct sockaddr *)&un));
    assert_false(netguard_public(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_other_families)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
