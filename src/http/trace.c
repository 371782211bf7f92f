/* SPDX-License-Identifier: MIT */
/* W3C Trace Context: the trace of the request's traceparent, else one that we draw; the span is
 * ours. Trace ids are no secret, so a fast generator will do. Whoever begins a trace decides
 * whether it is sampled, by its id, so that all who ask about one trace come to the same answer. */
#include "http/loop.h"

#include <string.h>

#include "http/field_name.h"

#define FLAG_SAMPLED 1u
#define FLAG_RANDOM 2u /* level 2 of the standard: the trace id was drawn */

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

static const char digits[] = "0123456789abcdef";

static void write_hex(uint64_t value, char *out)
{
    for (int i = 15; i >= 0; i--, value >>= 4)
        out[i] = digits[value & 15];
}

/* Of up to 16 digits that were found to be such. */
static uint64_t read_hex(const char *text, int len)
{
    uint64_t value = 0;
    for (int i = 0; i < len; i++)
        value = value << 4 | (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
    return value;
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

/* As samplers of OpenTelemetry go by a ratio: what is sampled at 10 % is also at 20 %. */
static bool is_sampled(const aurora_http_exchange *exchange)
{
    uint64_t bound =
        atomic_load_explicit(&exchange->loop->server->sampled_below, memory_order_relaxed);
    return (read_hex(exchange->trace_id + 16, 16) & INT64_MAX) < bound;
}

void aurora__trace_draw(uint64_t random[4], char span_id_out[AURORA_HTTP_SPAN_ID_BYTES])
{
    write_hex(next_random(random) | 1, span_id_out);
    span_id_out[16] = '\0';
}

void aurora__trace_write(const char *trace_id, const char *span_id, uint32_t flags,
                         char out[AURORA_HTTP_TRACEPARENT_BYTES])
{
    memcpy(out, "00-", 3);
    memcpy(out + 3, trace_id, 32);
    out[35] = '-';
    memcpy(out + 36, span_id, 16);
    out[52] = '-';
    out[53] = digits[flags >> 4 & 15];
    out[54] = digits[flags & 15];
    out[55] = '\0';
}

static void begin_span(aurora_http_exchange *exchange, uint64_t random[4])
{
    aurora__trace_draw(random, exchange->span_id);
    aurora__trace_write(exchange->trace_id, exchange->span_id, exchange->trace_flags,
                        exchange->traceparent);
}

/* Of two such fields one would have to be believed: neither is. */
static const char *given_parent(const aurora_http_exchange *exchange)
{
    const char *name, *value, *found = NULL;
    for (uint32_t i = 0; aurora_http_field_at(exchange, i, &name, &value); i++) {
        if (!aurora__field_name_is(name, "traceparent"))
            continue;
        if (found != NULL)
            return NULL;
        found = value;
    }
    return found != NULL && is_valid(found) ? found : NULL;
}

void aurora__trace_begin(aurora_http_exchange *exchange, uint64_t random[4])
{
    const aurora_http_tracing *tracing = &exchange->loop->server->options.tracing;
    const char *given = given_parent(exchange);
    bool goes_on = given != NULL && !tracing->begins_anew;
    if (goes_on) {
        memcpy(exchange->trace_id, given + 3, 32);
        memcpy(exchange->parent_id, given + 36, 16);
        exchange->trace_flags = (uint8_t)read_hex(given + 53, 2) & (FLAG_SAMPLED | FLAG_RANDOM);
    } else {
        write_hex(next_random(random) | 1, exchange->trace_id);
        write_hex(next_random(random), exchange->trace_id + 16);
        exchange->linked = given;
    }
    exchange->trace_id[32] = exchange->parent_id[16] = '\0';
    if (!goes_on || tracing->ignores_flag)
        exchange->trace_flags = (uint8_t)((exchange->trace_flags & FLAG_RANDOM) |
                                          (is_sampled(exchange) ? FLAG_SAMPLED : 0));
    begin_span(exchange, random);
}

void aurora__trace_again(aurora_http_exchange *exchange, const aurora_http_exchange *old,
                         uint64_t random[4])
{
    memcpy(exchange->trace_id, old->trace_id, sizeof exchange->trace_id);
    memcpy(exchange->parent_id, old->parent_id, sizeof exchange->parent_id);
    exchange->trace_flags = old->trace_flags;
    begin_span(exchange, random);
}
