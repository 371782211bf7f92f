/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <aurora/trace.h>

#define KNOWN_FLAGS (AURORA_TRACE_SAMPLED | AURORA_TRACE_RANDOM)
#define TEXT_CHARS (AURORA_TRACEPARENT_BYTES - 1)

/* A digit's value plus one, so that all other characters are 0: capitals are no digits here. The
 * digits of an id are random, and branches on them would be foretold wrong half of the time. */
static const uint8_t values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

static bool read_bytes(const char *text, uint8_t *out, size_t count)
{
    bool is_hex = true;
    for (size_t i = 0; i < count; i++) {
        uint8_t high = values[(uint8_t)text[2 * i]];
        uint8_t low = values[(uint8_t)text[2 * i + 1]];
        is_hex &= high != 0 && low != 0;
        out[i] = (uint8_t)((uint8_t)(high - 1) << 4 | (uint8_t)(low - 1));
    }
    return is_hex;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= bytes[i];
    return any == 0;
}

/* version "-" trace id "-" parent id "-" flags; a later version may go on after another dash. */
static bool read_fields(const char *text, aurora_trace_context *out)
{
    uint8_t version;
    uint8_t flags;
    if (!read_bytes(text, &version, 1) || text[2] != '-' ||
        !read_bytes(text + 3, out->trace_id, 16) || text[35] != '-' ||
        !read_bytes(text + 36, out->span_id, 8) || text[52] != '-' ||
        !read_bytes(text + 53, &flags, 1))
        return false;
    out->trace_flags = flags & KNOWN_FLAGS;
    bool is_whole = text[55] == '\0' || (version != 0 && text[55] == '-');
    return is_whole && version != 0xFF && !is_zero(out->trace_id, 16) && !is_zero(out->span_id, 8);
}

aurora_status aurora_traceparent_parse(const char *text, aurora_trace_context *context_out)
{
    memset(context_out, 0, sizeof *context_out);
    if (text != NULL && memchr(text, '\0', TEXT_CHARS) == NULL && read_fields(text, context_out))
        return AURORA_OK;
    memset(context_out, 0, sizeof *context_out);
    return AURORA_EINVAL;
}

static char *write_bytes(char *at, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

void aurora_traceparent_format(const aurora_trace_context *context,
                               char text_out[AURORA_TRACEPARENT_BYTES])
{
    const uint8_t version = 0;
    const uint8_t flags = (uint8_t)(context->trace_flags & KNOWN_FLAGS);
    char *at = write_bytes(text_out, &version, 1);
    *at++ = '-';
    at = write_bytes(at, context->trace_id, sizeof context->trace_id);
    *at++ = '-';
    at = write_bytes(at, context->span_id, sizeof context->span_id);
    *at++ = '-';
    at = write_bytes(at, &flags, 1);
    *at = '\0';
}
