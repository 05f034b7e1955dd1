#ifndef VILLERS_CRAWLER_NETGUARD_H
#define VILLERS_CRAWLER_NETGUARD_H
/*
 * Which addresses belong to the public Internet: the guard against being sent to somebody's inside (SSRF).  The tables are
 * IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), read 2024-10.
 */
#include "base/slice.h"
#include <sys/socket.h>

/**
 * netguard_public(sa):
 * False for anything but a global unicast IPv4 or IPv6 address: loopback, private, link-local, shared (CGNAT), unique local,
 * multicast, unspecified, documentation, benchmarking, reserved, other families; and for IPv6 forms that carry such an IPv4
 * address inside (mapped, compatible, NAT64, 6to4, Teredo: the last always, since its inside cannot be trusted).  To be asked
 * of the resolved address at connect time.  ${sa} must be as long as its family says.  Thread-safe.  O(1).
 */
bool netguard_public(const struct sockaddr *sa);

#endif
