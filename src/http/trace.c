/* SPDX-License-Identifier: MIT */
/* W3C Trace Context: the trace of the request's traceparent, else one that we draw; the span is
 * ours. Trace ids are no secret, so a fast generator will do. */
#include "http/loop.h"

#include <string.h>

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* xoshiro256** by Blackman and Vigna. */
static uint64_t next_random(uint64_t state[4])
{
    uint64_t result = rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

static void write_hex(uint64_t value, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 15; i >= 0; i--, value >>= 4)
        out[i] = digits[value & 15];
}

static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f'))
            return false;
    }
    return true;
}

static bool is_zero(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '0')
            return false;
    }
    return true;
}

/* version "-" trace id "-" parent id "-" flags; later versions may go on after another dash. */
static bool is_valid(const char *text)
{
    size_t len = strlen(text);
    if (len < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (!is_hex(text, 2) || !is_hex(text + 3, 32) || !is_hex(text + 36, 16) ||
        !is_hex(text + 53, 2))
        return false;
    if (memcmp(text, "ff", 2) == 0 || is_zero(text + 3, 32) || is_zero(text + 36, 16))
        return false;
    return len == 55 || (memcmp(text, "00", 2) != 0 && text[55] == '-');
}

void aurora__trace_begin(aurora_http_exchange *exchange, uint64_t random[4])
{
    const char *given = aurora_http_header(exchange, "traceparent");
    char *out = exchange->traceparent;
    memcpy(out, "00-", 3);
    out[35] = out[52] = '-';
    memcpy(out + 53, "01", 3);
    if (given != NULL && is_valid(given)) {
        memcpy(out + 3, given + 3, 32);
        memcpy(out + 53, given + 53, 2);
    } else {
        write_hex(next_random(random) | 1, out + 3);
        write_hex(next_random(random), out + 19);
    }
    write_hex(next_random(random) | 1, out + 36);
    memcpy(exchange->trace_id, out + 3, 32);
    exchange->trace_id[32] = '\0';
}
