/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <aurora/trace.h>

#define KNOWN_FLAGS (AURORA_TRACE_SAMPLED | AURORA_TRACE_RANDOM)

/* 0 to 15, or -1: capitals are no digits here. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False at the first character that is no digit, so that nothing behind the text's end is read. */
static bool read_bytes(const char *text, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
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
    if (text != NULL && read_fields(text, context_out))
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
