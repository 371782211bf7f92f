/* SPDX-License-Identifier: MIT */
#include "engine/notification_line.h"

#include "core/json.h"

#include <aurora/event.h>
#include <aurora/order.h>

#include <string.h>

#define MASK "***"

static bool is_middle(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

/* Where the last `count` characters begin; the whole text where it has no more. */
static const char *tail_of(const char *text, int count)
{
    const char *at = text + strlen(text);
    while (at > text && count > 0) {
        at--;
        if (!is_middle(*at))
            count--;
    }
    return at;
}

/* `first` bytes, the mask and the rest, as far as there is room. */
static void put_masked(const char *text, size_t first, const char *rest, char out[264])
{
    const size_t most = 263 - strlen(MASK);
    first = first < most ? first : most;
    size_t len = strnlen(rest, most - first);
    memcpy(out, text, first);
    memcpy(out + first, MASK, strlen(MASK));
    memcpy(out + first + strlen(MASK), rest, len);
    out[first + strlen(MASK) + len] = '\0';
}

void aurora__notification_mask(const char *contact, char out[264])
{
    const char *at = strrchr(contact, '@');
    size_t first = contact[0] != '\0' ? 1 : 0;
    while (first > 0 && is_middle(contact[first]))
        first++;
    if (at != NULL && at > contact)
        put_masked(contact, first, at, out);
    else
        put_masked("", 0, strlen(contact) > 4 ? tail_of(contact, 2) : "", out);
}

static void put_word(aurora__json *line, const char *word)
{
    aurora__json_raw(line, word, strlen(word));
}

static void put_text(aurora__json *line, const char *name, const char *text)
{
    if (text == NULL)
        return;
    put_word(line, name);
    aurora__json_text(line, text);
}

const char *aurora__notification_line(aurora__arena *arena, const aurora__event *event)
{
    const aurora__saga *saga = event->saga;
    char id[AURORA_ID_TEXT_BYTES], masked[264];
    aurora__json line;
    aurora_id_format(event->order_id, id);
    aurora__json_begin(&line, arena, 200);
    put_word(&line, aurora_event_name(event->kind));
    aurora__json_char(&line, ' ');
    put_word(&line, id);
    put_text(&line, " customer=", saga->customer_id);
    if (saga->contact != NULL) {
        aurora__notification_mask(saga->contact, masked);
        put_text(&line, " contact=", masked);
    }
    put_word(&line, " total_minor=");
    aurora__json_integer(&line, saga->total_minor);
    put_text(&line, " currency=", saga->currency);
    if (event->reason != 0) {
        put_word(&line, " reason=");
        put_word(&line, aurora_reason_name(event->reason));
    }
    return aurora__json_end(&line);
}
