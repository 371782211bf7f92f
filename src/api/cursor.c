/* SPDX-License-Identifier: MIT */
/* Bytes of a cursor: format, tag (8), count, then per value its kind and 8 bytes of number or 2 of
 * length with the bytes, then a check sum (4); all in base64url without padding (RFC 4648). The
 * check sum finds damage, it keeps nobody from forging: a cursor gives no right. */
#include "api/cursor.h"

#include <string.h>

#include "api/refuse.h"

#define FORMAT 1
#define RAW_MAX ((AURORA__CURSOR_TEXT_BYTES / 4 - 1) * 3)
#define DIGITS_MAX ((size_t)RAW_MAX / 3 * 4)
#define TRAILER 4

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t aurora__cursor_hash_text(uint64_t hash, const char *text)
{
    return text == NULL ? hash_bytes(hash, "\xFF", 1) : hash_bytes(hash, text, strlen(text) + 1);
}

uint64_t aurora__cursor_hash_number(uint64_t hash, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
    return hash_bytes(hash, bytes, sizeof bytes);
}

static uint64_t tag_of(const char *list, uint64_t filter)
{
    return aurora__cursor_hash_text(filter, list);
}

/* --- writing --------------------------------------------------------------------------------- */

typedef struct {
    uint8_t bytes[RAW_MAX];
    size_t length;
    bool is_full;
} raw;

static void put(raw *to, const void *bytes, size_t length)
{
    if (to->is_full || length > sizeof to->bytes - to->length) {
        to->is_full = true;
        return;
    }
    if (length > 0)
        memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void put_number(raw *to, uint64_t number, size_t bytes)
{
    uint8_t wire[8];
    for (size_t i = 0; i < bytes; i++)
        wire[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    put(to, wire, bytes);
}

static bool has_bytes(uint32_t kind)
{
    return kind == AURORA_COLUMN_TEXT || kind == AURORA_COLUMN_UUID || kind == AURORA_COLUMN_BYTES;
}

static size_t encode(const raw *from, char *text)
{
    size_t length = 0;
    uint32_t bits = 0, count = 0;
    for (size_t i = 0; i < from->length; i++) {
        bits = bits << 8 | from->bytes[i];
        for (count += 8; count >= 6; count -= 6)
            text[length++] = digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        text[length++] = digits[bits << (6 - count) & 63];
    text[length] = '\0';
    return length;
}

size_t aurora__cursor_write(const char *list, uint64_t filter, const aurora_value *key,
                            uint32_t key_count, char text_out[AURORA__CURSOR_TEXT_BYTES])
{
    raw to = {.length = 0};
    size_t held = 0;
    text_out[0] = '\0';
    put_number(&to, FORMAT, 1);
    put_number(&to, tag_of(list, filter), 8);
    put_number(&to, key_count, 1);
    for (uint32_t i = 0; i < key_count; i++) {
        put_number(&to, key[i].kind, 1);
        if (has_bytes(key[i].kind)) {
            held += (size_t)key[i].length + 1;
            put_number(&to, key[i].length, 2);
            put(&to, key[i].bytes, key[i].length);
        } else {
            put_number(&to, (uint64_t)key[i].number, 8);
        }
    }
    put_number(&to, hash_bytes(AURORA__CURSOR_NO_FILTER, to.bytes, to.length), TRAILER);
    if (to.is_full || held > AURORA__CURSOR_BYTES_MAX || key_count > AURORA__CURSOR_VALUES_MAX)
        return 0;
    return encode(&to, text_out);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool decode(const char *text, raw *to)
{
    size_t length = strnlen(text, DIGITS_MAX + 1);
    if (length > DIGITS_MAX || length % 4 == 1)
        return false;
    uint32_t bits = 0, count = 0;
    to->length = 0;
    for (size_t i = 0; i < length; i++) {
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            to->bytes[to->length++] = (uint8_t)(bits >> count);
        }
    }
    return (bits & ((1u << count) - 1)) == 0;
}

typedef struct {
    const uint8_t *at;
    size_t left;
    bool is_failed;
} reader;

static const uint8_t *take(reader *from, size_t length)
{
    if (from->is_failed || length > from->left) {
        from->is_failed = true;
        return NULL;
    }
    const uint8_t *bytes = from->at;
    from->at += length;
    from->left -= length;
    return bytes;
}

static uint64_t take_number(reader *from, size_t length)
{
    const uint8_t *bytes = take(from, length);
    uint64_t number = 0;
    for (size_t i = 0; bytes != NULL && i < length; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* Returns how many bytes of out->bytes are used after this value. */
static size_t take_value(reader *from, aurora__cursor *out, aurora_value *value, size_t used)
{
    *value = (aurora_value){.kind = (uint32_t)take_number(from, 1)};
    if (value->kind < AURORA_COLUMN_INT64 || value->kind > AURORA_COLUMN_BYTES) {
        from->is_failed = true;
        return used;
    }
    if (!has_bytes(value->kind)) {
        value->number = (int64_t)take_number(from, 8);
        return used;
    }
    value->length = (uint32_t)take_number(from, 2);
    const uint8_t *bytes = take(from, value->length);
    if (bytes == NULL || value->length + 1 > sizeof out->bytes - used) {
        from->is_failed = true;
        return used;
    }
    memcpy(out->bytes + used, bytes, value->length);
    out->bytes[used + value->length] = 0;
    value->bytes = out->bytes + used;
    return used + value->length + 1;
}

static bool parse(const raw *from, uint64_t tag, aurora__cursor *out)
{
    if (from->length < TRAILER)
        return false;
    size_t length = from->length - TRAILER;
    reader trailer = {from->bytes + length, TRAILER, false};
    uint32_t sum = (uint32_t)hash_bytes(AURORA__CURSOR_NO_FILTER, from->bytes, length);
    if (take_number(&trailer, TRAILER) != sum)
        return false;

    reader body = {from->bytes, length, false};
    if (take_number(&body, 1) != FORMAT || take_number(&body, 8) != tag)
        return false;
    uint32_t count = (uint32_t)take_number(&body, 1);
    if (count < 1 || count > AURORA__CURSOR_VALUES_MAX)
        return false;
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        used = take_value(&body, out, &out->key[i], used);
    out->key_count = count;
    return !body.is_failed && body.left == 0;
}

aurora_status aurora__cursor_read(const char *text, const char *list, uint64_t filter,
                                  aurora__cursor *out, aurora_error *err)
{
    raw from;
    out->key_count = 0;
    if (text == NULL)
        return AURORA_OK;
    if (decode(text, &from) && parse(&from, tag_of(list, filter), out))
        return AURORA_OK;
    out->key_count = 0;
    return aurora__refuse(err, AURORA_EINVAL, "cursor",
                          "is not from a page of this list with this filter");
}
