/* SPDX-License-Identifier: MIT */
#include "core/id.h"

#include <string.h>

#include "core/internal.h"

#define HIGH_MAX ((uint64_t)0xFFF)
#define LOW_MAX (((uint64_t)1 << 59) - 1)

static void put_time(aurora_id *id, int64_t ms)
{
    for (int i = 0; i < 6; i++)
        id->bytes[i] = (uint8_t)((uint64_t)ms >> (8 * (5 - i)));
}

/* Starts in the lower half of both counters, so that a millisecond has room to count. */
static void restart(aurora__id_source *source, int64_t now_ms, const uint64_t random[2])
{
    source->last_ms = now_ms;
    source->high = random[0] & (HIGH_MAX >> 1);
    source->low = random[1] & (LOW_MAX >> 1);
}

static void advance(aurora__id_source *source)
{
    if (source->low < LOW_MAX) {
        source->low++;
    } else if (source->high < HIGH_MAX) {
        source->high++;
        source->low = 0;
    } else {
        source->last_ms++;
        source->high = 0;
        source->low = 0;
    }
}

aurora_id aurora__id_next(aurora__id_source *source, int64_t now_ms, const uint64_t random[2])
{
    if (now_ms > source->last_ms)
        restart(source, now_ms, random);
    else
        advance(source);
    aurora_id id = {{0}};
    put_time(&id, source->last_ms);
    uint64_t low = source->low << 3;
    id.bytes[6] = (uint8_t)(0x70 | source->high >> 8);
    id.bytes[7] = (uint8_t)source->high;
    for (int i = 0; i < 8; i++)
        id.bytes[8 + i] = (uint8_t)(low >> (8 * (7 - i)));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

int64_t aurora__id_time(const aurora_id *id)
{
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return (int64_t)ms;
}

aurora_id aurora__id_floor(int64_t ms)
{
    aurora_id id = {{0}};
    put_time(&id, ms < 0 ? 0 : ms);
    return id;
}

int32_t aurora_id_compare(aurora_id a, aurora_id b)
{
    int order = memcmp(a.bytes, b.bytes, sizeof a.bytes);
    return (order > 0) - (order < 0);
}

/* Digits of bytes, and what stands behind them. */
static char *put_group(char *at, const uint8_t *bytes, int count, char behind)
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < count; i++) {
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    *at++ = behind;
    return at;
}

void aurora_id_format(aurora_id id, char text_out[AURORA_ID_TEXT_BYTES])
{
    char *at = put_group(text_out, id.bytes, 4, '-');
    at = put_group(at, id.bytes + 4, 2, '-');
    at = put_group(at, id.bytes + 6, 2, '-');
    at = put_group(at, id.bytes + 8, 2, '-');
    put_group(at, id.bytes + 10, 6, '\0');
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

aurora_status aurora_id_parse(const char *text, aurora_id *id_out)
{
    if (text == NULL || id_out == NULL)
        return AURORA_EINVAL;
    aurora_id id = {{0}};
    for (int i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-')
                return AURORA_EINVAL;
        }
        int high = digit_of(text[at]);
        int low = high < 0 ? -1 : digit_of(text[at + 1]);
        if (low < 0)
            return AURORA_EINVAL;
        id.bytes[i] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    if (text[36] != '\0')
        return AURORA_EINVAL;
    *id_out = id;
    return AURORA_OK;
}
