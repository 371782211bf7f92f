/* SPDX-License-Identifier: MIT */
#include "api/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_usable(const aurora_error *err)
{
    return err != NULL && err->size >= sizeof *err;
}

/* A text that fills its buffer may end inside a character: the incomplete one goes. */
static void cut(char *text, size_t capacity)
{
    size_t length = strlen(text);
    if (length + 1 < capacity)
        return;
    size_t start = length;
    while (start > 0 && ((uint8_t)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    uint8_t lead = (uint8_t)text[start - 1];
    size_t wanted = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length - (start - 1) < wanted)
        text[start - 1] = '\0';
}

aurora_status aurora__refuse(aurora_error *err, aurora_status status, const char *field,
                             const char *format, ...)
{
    if (!is_usable(err))
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field != NULL ? field : "");
    cut(err->field, sizeof err->field);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    cut(err->message, sizeof err->message);
    return status;
}

aurora_status aurora__refuse_plain(aurora_error *err, aurora_status status)
{
    if (status == AURORA_OK)
        return status;
    return aurora__refuse(err, status, NULL, "%s", aurora_status_text(status));
}

aurora_status aurora__refuse_within(aurora_error *err, aurora_status status, const char *list,
                                    uint32_t index)
{
    if (status == AURORA_OK || !is_usable(err))
        return status;
    char field[sizeof err->field];
    memcpy(field, err->field, sizeof field);
    field[sizeof field - 1] = '\0';
    snprintf(err->field, sizeof err->field, "%s[%u]%s%.40s", list, (unsigned)index,
             field[0] != '\0' ? "." : "", field);
    cut(err->field, sizeof err->field);
    return status;
}

void aurora_error_init(aurora_error *err)
{
    memset(err, 0, sizeof *err);
    err->size = sizeof *err;
}
