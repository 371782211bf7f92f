/* SPDX-License-Identifier: MIT */
/* Who a connection's other end speaks for: itself, or, where it is a proxy that the settings trust,
 * the nearest address in X-Forwarded-For that is none. Pure; addresses are compared as numbers, and
 * IPv4 is one thing whether it came as such or mapped into IPv6. */
#ifndef AURORA_HTTP_CLIENT_ADDRESS_H
#define AURORA_HTTP_CLIENT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

#define AURORA_HTTP_PROXIES_MAX 64
#define AURORA_HTTP_ADDRESS_TEXT_BYTES 46

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
typedef struct {
    uint8_t bytes[16];
} aurora_http_address;

typedef struct {
    aurora_http_address address; /* zeros beyond the bits */
    uint32_t bits;               /* of 128 */
} aurora_http_network;

/* Copies are cheap enough; a zeroed one trusts nobody. */
typedef struct {
    uint32_t count;
    aurora_http_network networks[AURORA_HTTP_PROXIES_MAX];
} aurora_http_proxies;

/* The address of a socket's end; zeros for what is neither IPv4 nor IPv6. */
void aurora_http_address_from(const struct sockaddr *from, aurora_http_address *out);
/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1". False for anything else. */
bool aurora_http_address_parse(const char *text, size_t len, aurora_http_address *out);
/* IPv4 with dots, also where it was mapped. */
void aurora_http_address_write(const aurora_http_address *address,
                               char out[AURORA_HTTP_ADDRESS_TEXT_BYTES]);
bool aurora_http_address_is_v4(const aurora_http_address *address);
/* What counts as one client: IPv4 whole, of IPv6 the first 64 bits, as one host has all of them. */
aurora_http_address aurora_http_address_client(const aurora_http_address *address);

/* Reads a list with commas of addresses, of networks as 10.0.0.0/8 or 2001:db8::/32, and of the
 * words loopback and private (RFC 1918, RFC 4193). "" trusts nobody. False: *rule_out says why. */
bool aurora_http_proxies_parse(const char *text, aurora_http_proxies *out, const char **rule_out);
bool aurora_http_proxies_has(const aurora_http_proxies *proxies,
                             const aurora_http_address *address);

/* Who asks. `forwarded` is the value of X-Forwarded-For, its fields joined with commas; NULL =
 * none. It is read from its end, at most 32 hops and 2,048 bytes of it, while each hop is trusted,
 * since only what a trusted hop has added is known to be true. What is no address ends the
 * reading, and the last trusted hop stands for what is behind it. */
aurora_http_address aurora_http_client_address(const aurora_http_proxies *proxies,
                                               const aurora_http_address *peer,
                                               const char *forwarded);

#endif
