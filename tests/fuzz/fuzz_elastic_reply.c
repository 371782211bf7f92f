/* SPDX-License-Identifier: MIT */
/* Can an index's reply hurt us? Reads any bytes as the answer to a search, as a document and as the
 * answer to a bulk request. The first byte chooses the limit. What is taken must be whole: no
 * missing text, no more hits than asked for. */
#include "adapters/search_elastic/reply.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *blocks[BLOCKS_MAX];
static size_t block_count;

static void *take(void *self, size_t bytes)
{
    (void)self;
    if (block_count == BLOCKS_MAX)
        return NULL;
    return blocks[block_count++] = malloc(bytes);
}

static const aurora_arena_port arena = {.allocate = take};

static void check_product(const aurora_product *product)
{
    const char *const texts[] = {product->sku,     product->name,     product->description,
                                 product->brand,   product->category, product->image_url,
                                 product->currency};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i] == NULL)
            abort();
    }
    if (product->attribute_count > AURORA_ATTRIBUTES_MAX ||
        strlen(product->sku) > AURORA_SKU_BYTES_MAX)
        abort();
}

static void read_search(const cJSON *tree, uint32_t limit)
{
    aurora_search_result result = {0};
    bool has_more;
    if (aurora__elastic_read_search(tree, limit, &arena, &result, &has_more) != AURORA_OK)
        return;
    if (result.count > limit || result.facet_count > 40)
        abort();
    for (uint32_t i = 0; i < result.count; i++) {
        check_product(result.hits[i].product);
        if (result.hits[i].highlight == NULL || strstr(result.hits[i].highlight, "<script") != NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t outcomes[8];
    aurora_product product;
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    cJSON *tree = cJSON_ParseWithLengthOpts(text, size, NULL, 1);
    uint32_t limit = 1 + data[0] % 8;
    read_search(tree, limit);
    if (aurora__elastic_read_product(tree, &arena, &product) == AURORA_OK)
        check_product(&product);
    if (aurora__elastic_read_bulk(tree, limit, outcomes) &&
        strlen(aurora__elastic_bulk_reason(tree, 0)) > size)
        abort();
    cJSON_Delete(tree);
    free(text);
    while (block_count > 0)
        free(blocks[--block_count]);
    return 0;
}
