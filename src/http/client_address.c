/* SPDX-License-Identifier: MIT */
#include "http/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "http/list.h"

#define HOPS_MAX 32
#define FORWARDED_BYTES_MAX 2048
#define MAPPED_BITS 96 /* before an IPv4 address */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* --- addresses -------------------------------------------------------------------------------- */

static void set_v4(aurora_http_address *out, const void *four)
{
    memcpy(out->bytes, mapped, sizeof mapped);
    memcpy(out->bytes + sizeof mapped, four, 4);
}

void aurora_http_address_from(const struct sockaddr *from, aurora_http_address *out)
{
    memset(out, 0, sizeof *out);
    if (from->sa_family == AF_INET6)
        memcpy(out->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof out->bytes);
    else if (from->sa_family == AF_INET)
        set_v4(out, &((const struct sockaddr_in *)from)->sin_addr);
}

bool aurora_http_address_parse(const char *text, size_t len, aurora_http_address *out)
{
    char copy[AURORA_HTTP_ADDRESS_TEXT_BYTES];
    struct in_addr four;
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (memchr(copy, ':', len) != NULL)
        return inet_pton(AF_INET6, copy, out->bytes) == 1;
    if (inet_pton(AF_INET, copy, &four) != 1)
        return false;
    set_v4(out, &four);
    return true;
}

bool aurora_http_address_is_v4(const aurora_http_address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

void aurora_http_address_write(const aurora_http_address *address,
                               char out[AURORA_HTTP_ADDRESS_TEXT_BYTES])
{
    bool is_v4 = aurora_http_address_is_v4(address);
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? sizeof mapped : 0), out,
                  AURORA_HTTP_ADDRESS_TEXT_BYTES) == NULL)
        out[0] = '\0';
}

aurora_http_address aurora_http_address_client(const aurora_http_address *address)
{
    aurora_http_address client = *address;
    if (!aurora_http_address_is_v4(address))
        memset(client.bytes + 8, 0, 8);
    return client;
}

/* --- proxies ---------------------------------------------------------------------------------- */

static bool is_within(const aurora_http_network *network, const aurora_http_address *address)
{
    uint32_t whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 ||
           ((network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

bool aurora_http_proxies_has(const aurora_http_proxies *proxies, const aurora_http_address *address)
{
    for (uint32_t i = 0; i < proxies->count; i++) {
        if (is_within(&proxies->networks[i], address))
            return true;
    }
    return false;
}

/* "/8": a number and nothing else, up to `max`. */
static bool read_bits(const char *text, size_t len, uint32_t max, uint32_t *out)
{
    uint32_t bits = 0;
    if (len < 1 || len > 3 || (text[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        bits = bits * 10 + (uint32_t)(text[i] - '0');
    }
    *out = bits;
    return bits <= max;
}

static bool has_bits_beyond(const aurora_http_network *network)
{
    for (uint32_t bit = network->bits; bit < 128; bit++) {
        if ((network->address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    }
    return false;
}

static bool read_network(const char *text, size_t len, aurora_http_network *out,
                         const char **rule_out)
{
    const char *slash = memchr(text, '/', len);
    size_t address_len = slash != NULL ? (size_t)(slash - text) : len;
    *rule_out = "must be a list with commas of addresses, of networks as 10.0.0.0/8, and of the "
                "words loopback and private";
    if (!aurora_http_address_parse(text, address_len, &out->address))
        return false;
    bool is_v4 = memchr(text, ':', address_len) == NULL;
    uint32_t before = is_v4 ? MAPPED_BITS : 0, bits = 128 - before;
    if (slash != NULL && !read_bits(slash + 1, len - address_len - 1, 128 - before, &bits))
        return false;
    out->bits = bits + before;
    *rule_out = "must not name a network of all addresses, whose word nobody could trust";
    if (bits == 0 || (aurora_http_address_is_v4(&out->address) && out->bits <= MAPPED_BITS))
        return false;
    *rule_out = "has a network with bits beyond its length: 10.0.0.0/8 it is, not 10.0.0.1/8";
    return !has_bits_beyond(out);
}

/* What a word stands for, else the text itself; a list with commas as well. */
static const char *expand(const char *text, size_t len)
{
    if (aurora__list_word_is(text, len, "loopback"))
        return "127.0.0.0/8,::1";
    if (aurora__list_word_is(text, len, "private"))
        return "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7";
    return NULL;
}

static bool add_all(const char *list, aurora_http_proxies *out, bool expands, const char **rule_out)
{
    const char *word;
    size_t len;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        const char *words = expands ? expand(word, len) : NULL;
        aurora_http_network network;
        if (words != NULL) {
            if (!add_all(words, out, false, rule_out))
                return false;
        } else if (!read_network(word, len, &network, rule_out)) {
            return false;
        } else if (out->count == AURORA_HTTP_PROXIES_MAX) {
            *rule_out = "names more than 64 networks";
            return false;
        } else {
            out->networks[out->count++] = network;
        }
    }
    return true;
}

bool aurora_http_proxies_parse(const char *text, aurora_http_proxies *out, const char **rule_out)
{
    memset(out, 0, sizeof *out);
    *rule_out = "";
    return text[0] == '\0' || add_all(text, out, true, rule_out);
}

/* --- who asks --------------------------------------------------------------------------------- */

static size_t trim(const char **text, size_t len)
{
    while (len > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        len--;
    }
    while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
        len--;
    return len;
}

/* An address as proxies write it: with or without a port, IPv6 in brackets or bare. */
static bool read_hop(const char *text, size_t len, aurora_http_address *out)
{
    len = trim(&text, len);
    const char *colon = memchr(text, ':', len);
    if (len > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', len);
        bool is_whole = end != NULL && (end + 1 == text + len || end[1] == ':');
        return is_whole && aurora_http_address_parse(text + 1, (size_t)(end - text) - 1, out);
    }
    if (colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon - text) - 1) == NULL)
        len = (size_t)(colon - text); /* one colon: a port */
    return aurora_http_address_parse(text, len, out);
}

aurora_http_address aurora_http_client_address(const aurora_http_proxies *proxies,
                                               const aurora_http_address *peer,
                                               const char *forwarded)
{
    aurora_http_address client = *peer, hop;
    size_t end = forwarded != NULL ? strlen(forwarded) : 0;
    size_t first = end > FORWARDED_BYTES_MAX ? end - FORWARDED_BYTES_MAX : 0;
    for (int hops = 0; end > first && hops < HOPS_MAX; hops++) {
        size_t begin = end;
        while (begin > first && forwarded[begin - 1] != ',')
            begin--;
        bool is_cut = begin == first && first > 0;
        if (!aurora_http_proxies_has(proxies, &client) || is_cut ||
            !read_hop(forwarded + begin, end - begin, &hop))
            break;
        client = hop;
        end = begin > first ? begin - 1 : first;
    }
    return client;
}
