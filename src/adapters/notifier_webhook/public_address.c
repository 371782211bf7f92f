/* SPDX-License-Identifier: MIT */
#include "adapters/notifier_webhook/webhook.h"

#include <netinet/in.h>
#include <string.h>

/* A network: its first bits. */
typedef struct {
    uint8_t bytes[16];
    uint8_t bits;
} network;

/* IANA's special-purpose registry (RFC 6890 and its additions): what is not globally reachable. */
static const network not_public4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 4},
    {{240}, 4},
};

/* Only 2000::/3 is given out; of that these are not for the public. */
static const network unicast6 = {{0x20}, 3};
static const network not_public6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},             /* documentation */
};
static const network mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const network nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
static const network six_to_four = {{0x20, 0x02}, 16};

static bool is_in(const uint8_t *address, const network *net)
{
    size_t whole = net->bits / 8;
    unsigned rest = net->bits % 8;
    if (memcmp(address, net->bytes, whole) != 0)
        return false;
    return rest == 0 || (address[whole] ^ net->bytes[whole]) >> (8 - rest) == 0;
}

static bool is_public4(const uint8_t address[4])
{
    for (size_t i = 0; i < sizeof not_public4 / sizeof *not_public4; i++) {
        if (is_in(address, &not_public4[i]))
            return false;
    }
    return true;
}

/* What wraps an IPv4 address is judged by that. */
static bool is_public6(const uint8_t address[16])
{
    if (is_in(address, &mapped) || is_in(address, &nat64))
        return is_public4(address + 12);
    if (is_in(address, &six_to_four))
        return is_public4(address + 2);
    for (size_t i = 0; i < sizeof not_public6 / sizeof *not_public6; i++) {
        if (is_in(address, &not_public6[i]))
            return false;
    }
    return is_in(address, &unicast6);
}

bool aurora__webhook_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_public4((const uint8_t *)&four.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_public6(six.sin6_addr.s6_addr);
    }
    return false;
}
