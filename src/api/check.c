/* SPDX-License-Identifier: MIT */
#include "api/check.h"

#include <inttypes.h>
#include <string.h>

#include <aurora/money.h>

#include "api/refuse.h"

enum { CONTROLS_REFUSED = 0, CONTROLS_OF_LAYOUT = 1 };

/* The character at `at`, its bytes in *length_out; -1 where there is none by RFC 3629. A NUL ends
 * every sequence, so nothing behind it is read. */
static int32_t decode(const uint8_t *at, size_t *length_out)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = at[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length == 0 || lead > 0xF4)
        return -1;
    int32_t character = length == 1 ? lead : lead & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return -1;
        character = character << 6 | (at[i] & 0x3F);
    }
    bool is_surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < smallest[length] || character > 0x10FFFF || is_surrogate)
        return -1;
    *length_out = length;
    return character;
}

static bool is_control(int32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

static bool is_layout(int32_t character)
{
    return character == '\t' || character == '\n' || character == '\r';
}

bool aurora__text_is_utf8(const char *text, size_t max, size_t *length_out)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t total = 0, length;
    while (total <= max && at[total] != '\0') {
        if (decode(at + total, &length) < 0) {
            *length_out = total;
            return false;
        }
        total += length;
    }
    *length_out = total;
    return true;
}

static bool has_control(const char *text, size_t length, int controls)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t step;
    for (size_t i = 0; i < length; i += step) {
        int32_t character = decode(at + i, &step);
        if (controls == CONTROLS_OF_LAYOUT && is_layout(character))
            continue;
        if (is_control(character))
            return true;
    }
    return false;
}

bool aurora__text_has_control(const char *text, size_t length)
{
    return has_control(text, length, CONTROLS_REFUSED);
}

typedef struct {
    size_t min, max;
    int controls;
    bool is_required;
} text_rule;

static aurora_status check(aurora_error *err, const char *field, const char *text,
                           const text_rule *rule)
{
    if (text == NULL) {
        if (rule->is_required)
            return aurora__refuse(err, AURORA_EINVAL, field, "is required");
        return AURORA_OK;
    }
    size_t length;
    bool is_utf8 = aurora__text_is_utf8(text, rule->max, &length);
    if (is_utf8 && (length < rule->min || length > rule->max)) {
        const char *is = length > rule->max ? "longer" : length == 0 ? "empty" : "shorter";
        return aurora__refuse(err, AURORA_EINVAL, field, "must be %zu to %zu bytes, is %s",
                              rule->min, rule->max, is);
    }
    if (!is_utf8)
        return aurora__refuse(err, AURORA_EINVAL, field, "must be UTF-8, is not at byte %zu",
                              length);
    if (has_control(text, length, rule->controls))
        return aurora__refuse(err, AURORA_EINVAL, field, "must not hold control characters");
    return AURORA_OK;
}

aurora_status aurora__check_text(aurora_error *err, const char *field, const char *text, size_t min,
                                 size_t max, bool is_required)
{
    text_rule rule = {min, max, CONTROLS_REFUSED, is_required};
    return check(err, field, text, &rule);
}

aurora_status aurora__check_body(aurora_error *err, const char *field, const char *text, size_t max,
                                 bool is_required)
{
    text_rule rule = {0, max, CONTROLS_OF_LAYOUT, is_required};
    return check(err, field, text, &rule);
}

aurora_status aurora__check_sku(aurora_error *err, const char *field, const char *sku)
{
    aurora_status rc = aurora__check_text(err, field, sku, 1, AURORA_SKU_BYTES_MAX, true);
    if (rc != AURORA_OK)
        return rc;
    if (strchr(sku, '/') != NULL)
        return aurora__refuse(err, AURORA_EINVAL, field, "must not hold a '/'");
    if (sku[0] == ' ' || sku[strlen(sku) - 1] == ' ')
        return aurora__refuse(err, AURORA_EINVAL, field, "must not begin or end with a space");
    return AURORA_OK;
}

aurora_status aurora__check_key(aurora_error *err, const char *field, const char *key,
                                bool is_required)
{
    return aurora__check_text(err, field, key, 1, AURORA_KEY_BYTES_MAX, is_required);
}

aurora_status aurora__check_currency(aurora_error *err, const char *field, const char *currency)
{
    if (currency == NULL)
        return aurora__refuse(err, AURORA_EINVAL, field, "is required");
    if (aurora_currency_digits(currency) < 0)
        return aurora__refuse(err, AURORA_EINVAL, field,
                              "must be a code of ISO 4217 in upper case");
    return AURORA_OK;
}

aurora_status aurora__check_range(aurora_error *err, const char *field, int64_t value, int64_t min,
                                  int64_t max)
{
    if (value >= min && value <= max)
        return AURORA_OK;
    return aurora__refuse(err, AURORA_EINVAL, field,
                          "must be %" PRId64 " to %" PRId64 ", is %" PRId64, min, max, value);
}

aurora_status aurora__check_quantity(aurora_error *err, const char *field, int64_t quantity)
{
    return aurora__check_range(err, field, quantity, 1, AURORA_QUANTITY_MAX);
}

aurora_status aurora__check_flags(aurora_error *err, const char *field, uint32_t flags,
                                  uint32_t known)
{
    if ((flags & ~known) == 0)
        return AURORA_OK;
    return aurora__refuse(err, AURORA_EINVAL, field, "has unknown bits 0x%" PRIx32, flags & ~known);
}

aurora_status aurora__check_id(aurora_error *err, const char *field, aurora_id id)
{
    static const aurora_id none;
    if (!aurora_id_is_equal(id, none))
        return AURORA_OK;
    return aurora__refuse(err, AURORA_EINVAL, field, "is required");
}

aurora_status aurora__copy_sized(void *out, size_t out_size, const void *in, aurora_error *err)
{
    uint32_t size;
    memset(out, 0, out_size);
    if (in == NULL)
        return aurora__refuse(err, AURORA_EINVAL, NULL, "the argument's struct is NULL");
    memcpy(&size, in, sizeof size);
    if (size < sizeof size)
        return aurora__refuse(err, AURORA_EINVAL, "size",
                              "must be the size of the struct, is %" PRIu32, size);
    memcpy(out, in, size < out_size ? size : out_size);
    return AURORA_OK;
}
