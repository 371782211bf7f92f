/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/columns.h"

#include "adapters/search_fts/words.h"

#include <string.h>

#define TEXT_BYTES_FIRST 4096
#define ACCESSORY_WORDS 62 /* at the beginning of a name */

static void append(aurora__fts_columns *to, const char *text, size_t length, char end)
{
    if (to->used + length + 1 > to->size && !to->is_failed) {
        size_t size = to->size == 0 ? TEXT_BYTES_FIRST : to->size * 2;
        while (size < to->used + length + 1)
            size *= 2;
        char *larger = to->allocator->reallocate(to->allocator->self, to->text, size);
        to->is_failed = larger == NULL;
        if (larger != NULL) {
            to->text = larger;
            to->size = size;
        }
    }
    if (to->is_failed)
        return;
    memcpy(to->text + to->used, text, length);
    to->text[to->used + length] = end;
    to->used += length + 1;
}

static void note_name_word(aurora__fts_columns *to, const char *word, int64_t at)
{
    if (at > 0 && to->for_at < 0 && strcmp(word, "for") == 0)
        to->for_at = at;
    if (at < ACCESSORY_WORDS && aurora__fts_is_accessory(word))
        to->accessories |= INT64_C(1) << at;
}

static void append_words(aurora__fts_columns *to, const char *text, size_t length, int column)
{
    aurora__fts_reader reader;
    aurora__fts_word word;
    int64_t count = 0;
    aurora__fts_words(&reader, text, length);
    while (aurora__fts_next_word(&reader, &word)) {
        if (word.length == 0)
            continue;
        append(to, word.text, word.length, ' ');
        if (column == AURORA__FTS_NAME)
            note_name_word(to, word.text, count);
        count++;
    }
    if (column == AURORA__FTS_NAME)
        to->name_words = count;
}

static void end_joined(aurora__fts_columns *to, const char *joined, size_t *length, uint32_t words)
{
    if (words > 1)
        append(to, joined, *length, ' ');
    *length = 0;
}

/* What is written together, also as one word: usb-c as usbc. */
static void append_joined(aurora__fts_columns *to, const char *text, size_t length)
{
    char joined[AURORA__FTS_WORD_BYTES_MAX + 1];
    size_t used = 0;
    uint32_t words = 0;
    aurora__fts_reader reader;
    aurora__fts_word word;
    aurora__fts_words(&reader, text, length);
    while (aurora__fts_next_word(&reader, &word)) {
        if (!word.is_glued || word.is_unit || used + word.length > AURORA__FTS_WORD_BYTES_MAX) {
            end_joined(to, joined, &used, words);
            words = 0;
        }
        memcpy(joined + used, word.text, word.length);
        used += word.length;
        words++;
    }
    end_joined(to, joined, &used, words);
}

static void append_attributes(aurora__fts_columns *to, const aurora_product *product,
                              bool is_joined)
{
    for (uint32_t i = 0; i < product->attribute_count; i++) {
        const char *value = product->attributes[i].value;
        if (is_joined)
            append_joined(to, value, strlen(value));
        else
            append_words(to, value, strlen(value), AURORA__FTS_ATTRIBUTES);
    }
}

static void start(aurora__fts_columns *columns)
{
    columns->used = 0;
    columns->name_words = 0;
    columns->for_at = -1;
    columns->accessories = 0;
    columns->is_failed = false;
}

bool aurora__fts_columns_cut(aurora__fts_columns *columns, const aurora_product *product)
{
    const char *const texts[] = {product->name, product->brand, product->category,
                                 product->description};
    start(columns);
    for (int c = 0; c <= AURORA__FTS_DESCRIPTION; c++) {
        append_words(columns, texts[c], strlen(texts[c]), c);
        columns->end[c] = columns->used;
    }
    append_attributes(columns, product, false);
    columns->end[AURORA__FTS_ATTRIBUTES] = columns->used;
    append_words(columns, product->sku, strlen(product->sku), AURORA__FTS_CODES);
    append_joined(columns, product->sku, strlen(product->sku));
    for (int c = 0; c <= AURORA__FTS_DESCRIPTION; c++)
        append_joined(columns, texts[c], strlen(texts[c]));
    append_attributes(columns, product, true);
    columns->end[AURORA__FTS_CODES] = columns->used;
    return !columns->is_failed;
}

bool aurora__fts_columns_pack(aurora__fts_columns *columns, const aurora_product *product)
{
    start(columns);
    for (uint32_t i = 0; i < product->attribute_count; i++) {
        const aurora_pair *pair = &product->attributes[i];
        append(columns, pair->name, strlen(pair->name), '\0');
        append(columns, pair->value, strlen(pair->value), '\0');
    }
    return !columns->is_failed;
}

void aurora__fts_columns_free(aurora__fts_columns *columns)
{
    columns->allocator->release(columns->allocator->self, columns->text);
}
