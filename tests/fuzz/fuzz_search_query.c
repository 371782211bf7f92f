/* SPDX-License-Identifier: MIT */
/* Can a text hurt the search? Any bytes are searched for and completed in an index of a few
 * products, in memory; the first byte chooses the sort and whether a second page is asked for. A
 * text must never be a mistake, and no highlight may hold a tag that we did not write. Built by
 * `./dev fuzz`. */
#include <aurora/port/search.h>

#include "adapters/search_fts/search_fts.h"

#include "../support/heap.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 65536
#define TEXT_MAX 1024

static void *blocks[BLOCKS_MAX];
static size_t block_count;
static aurora_search_port port;

static void *take_block(void *self, size_t bytes)
{
    (void)self;
    void *block = block_count == BLOCKS_MAX ? NULL : malloc(bytes);
    if (block != NULL)
        blocks[block_count++] = block;
    return block;
}

static const aurora_arena_port arena = {.allocate = take_block};

static void ignore_line(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static void open_index(void)
{
    static const char *const names[] = {"Gaming Keyboard & Mouse",   "USB-C cable <2 m>",
                                        "Notebook 15.6\" i5-1135G7", "Café crème machine",
                                        "Cover for phone",           "日本語 keyboard"};
    const aurora_id log_id = {{1}};
    aurora_search_change changes[6];
    aurora_product products[6];
    aurora_search_options options = {.size = sizeof options,
                                     .flags = AURORA_SEARCH_MEMORY,
                                     .allocator = &heap,
                                     .log = ignore_line};
    for (int i = 0; i < 6; i++) {
        static const char skus[6][2] = {"A", "B", "C", "D", "E", "F"};
        products[i] = (aurora_product){.size = sizeof products[i],
                                       .sku = skus[i],
                                       .name = names[i],
                                       .description = names[(i + 1) % 6],
                                       .brand = "Acme",
                                       .category = names[(i + 2) % 6],
                                       .image_url = "",
                                       .currency = "EUR",
                                       .version = 1};
        changes[i] = (aurora_search_change){.product = &products[i], .sku = skus[i], .version = 1};
    }
    aurora_search_pages pages = {.rebuild = 1, .after = "", .changes = changes, .count = 6};
    pages.is_last = 1;
    if (aurora__search_fts_open(&options, &port, NULL) != AURORA_OK ||
        port.rebuild_begin(port.self, 0, log_id) != AURORA_OK ||
        port.rebuild_page(port.self, &pages) != AURORA_OK)
        abort();
}

static void check_highlight(const char *text)
{
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        if (strncmp(at, "<em>", 4) != 0 && strncmp(at, "</em>", 5) != 0)
            abort();
    }
}

static void search(const char *text, uint8_t choice)
{
    aurora_query query = {.size = sizeof query, .text = text, .sort = choice % 5};
    aurora_search_request request = {.query = &query, .limit = 1 + choice % 3};
    aurora_search_result result;
    if (port.query(port.self, &request, &arena, &result) != AURORA_OK)
        abort();
    for (uint32_t i = 0; i < result.count; i++)
        check_highlight(result.hits[i].highlight);
    if (result.after_length == 0)
        return;
    aurora_search_result next;
    request.after = result.after;
    request.after_length = result.after_length;
    if (port.query(port.self, &request, &arena, &next) != AURORA_OK || next.total != result.total)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1];
    const char **items;
    uint32_t count;
    if (port.self == NULL)
        open_index();
    if (size == 0)
        return 0;
    size_t length = size - 1 > TEXT_MAX ? TEXT_MAX : size - 1;
    memcpy(text, data + 1, length);
    text[length] = '\0';
    search(text, data[0]);
    text[length > 255 ? 255 : length] = '\0';
    if (port.suggest(port.self, text, 10, &arena, &items, &count) != AURORA_OK || count > 10)
        abort();
    while (block_count > 0)
        free(blocks[--block_count]);
    return 0;
}
