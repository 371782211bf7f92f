/* SPDX-License-Identifier: MIT */
/* The opaque text between two pages of a list: the key of the last row, bound to the list and to
 * the filter that it was made with. It holds no state of the handle, so it stays valid over
 * restarts. */
#ifndef AURORA_API_CURSOR_H
#define AURORA_API_CURSOR_H

#include <aurora/base.h>
#include <aurora/port/store.h>

#define AURORA__CURSOR_VALUES_MAX 6
#define AURORA__CURSOR_BYTES_MAX 1500 /* texts and bytes of one key, with a NUL each */
#define AURORA__CURSOR_TEXT_BYTES 2240

/* What a cursor was read into. `key` points into `bytes`: not to be copied by value. */
typedef struct {
    aurora_value key[AURORA__CURSOR_VALUES_MAX];
    uint32_t key_count;
    uint8_t bytes[AURORA__CURSOR_BYTES_MAX];
} aurora__cursor;

/* Makes a number of what must be the same on the next page; start with AURORA__CURSOR_NO_FILTER.
 * NULL and "" differ. */
#define AURORA__CURSOR_NO_FILTER UINT64_C(0xcbf29ce484222325)
uint64_t aurora__cursor_hash_text(uint64_t hash, const char *text);
uint64_t aurora__cursor_hash_number(uint64_t hash, int64_t number);

/* Writes the cursor of a row with this key (1..6 values, none null, as scans hand them out) in the
 * list `list`, a short word such as "orders". Returns the length of the text, and 0 with an empty
 * text where the key is longer than AURORA__CURSOR_BYTES_MAX. */
size_t aurora__cursor_write(const char *list, uint64_t filter, const aurora_value *key,
                            uint32_t key_count, char text_out[AURORA__CURSOR_TEXT_BYTES]);

/* Reads it back. `text` NULL is the first page: AURORA_OK with key_count 0. AURORA_EINVAL with the
 * field "cursor" where the text is damaged, or of another list or filter. */
aurora_status aurora__cursor_read(const char *text, const char *list, uint64_t filter,
                                  aurora__cursor *out, aurora_error *err);

#endif
