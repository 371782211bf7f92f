/* SPDX-License-Identifier: MIT */
/* Products and their prices: the one price list that orders are priced from. Not stock, and not
 * search: a product without stock can be found and cannot be bought. */
#ifndef AURORA_PRODUCT_H
#define AURORA_PRODUCT_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of if_version: 0 = the product must not exist; a version = it must be the current one. */
#define AURORA_ANY_VERSION UINT64_MAX /* whatever is there, and also nothing */

/* What to store. A put replaces the whole product: an absent member becomes empty. */
typedef struct {
    uint32_t size;                 /* sizeof(aurora_product_input) */
    uint32_t flags;                /* 0 */
    const char *sku;               /* required, 1..64 bytes, see AURORA_SKU_BYTES_MAX */
    const char *name;              /* required, 1..512 bytes */
    const char *description;       /* at most 65,536 bytes; NULL = "" here and below */
    const char *brand;             /* at most 512 bytes */
    const char *category;          /* at most 512 bytes */
    const char *image_url;         /* at most 65,536 bytes; not fetched */
    int64_t price_minor;           /* 0..10^12 */
    const char *currency;          /* required, ISO 4217, upper case: "EUR" */
    const aurora_pair *attributes; /* names unique, 1..255 bytes; values at most 512 bytes */
    uint32_t attribute_count;      /* at most 64 */
    uint32_t reserved;             /* 0 */
} aurora_product_input;

/* A stored product. Texts are never NULL. */
typedef struct {
    uint32_t size;
    uint32_t attribute_count;
    const char *sku;               /* unique in the store */
    const char *name;              /* what shoppers read */
    const char *description;       /* "" = none */
    const char *brand;             /* "" = none */
    const char *category;          /* "" = none */
    const char *image_url;         /* "" = none */
    int64_t price_minor;           /* of one piece */
    const char *currency;          /* ISO 4217 */
    const aurora_pair *attributes; /* in the order they were given */
    uint64_t version;              /* from 1; goes on where a deleted product of this SKU ended */
    int64_t created_at_ms;
    int64_t updated_at_ms;
} aurora_product;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_product *const *items;
    const char *next_cursor; /* NULL = this is the last page */
} aurora_product_page;

/* Conditions on a listing. */
typedef struct {
    uint32_t size;        /* sizeof(aurora_product_filter) */
    uint32_t flags;       /* 0 */
    const char *category; /* NULL = all */
} aurora_product_filter;

/* C++ and FFI: zeroes *input and sets its size. Threads: confined. */
static inline void aurora_product_input_init(aurora_product_input *input)
{
    memset(input, 0, sizeof(*input));
    input->size = (uint32_t)sizeof(*input);
}

/* C++ and FFI: zeroes *filter and sets its size. Threads: confined. */
static inline void aurora_product_filter_init(aurora_product_filter *filter)
{
    memset(filter, 0, sizeof(*filter));
    filter->size = (uint32_t)sizeof(*filter);
}

#ifndef __cplusplus
#define AURORA_PRODUCT(...)                                                                        \
    (&(const aurora_product_input){.size = (uint32_t)sizeof(aurora_product_input), __VA_ARGS__})
#define AURORA_PRODUCT_FILTER(...)                                                                 \
    (&(const aurora_product_filter){.size = (uint32_t)sizeof(aurora_product_filter), __VA_ARGS__})
#endif

/* Inserts or replaces one product and emits product.upserted; a put that changes nothing emits
 * nothing and keeps the version. if_version as above. *version_out (may be NULL) is the version
 * afterwards. AURORA_EINVAL names the field; AURORA_EVERSION when if_version is not the current
 * one, *version_out then being the current one (0 = there is none). Threads: shared. */
AURORA_API aurora_status aurora_product_put(aurora_t *shop, const aurora_product_input *input,
                                            uint64_t if_version, uint64_t *version_out,
                                            aurora_error *err);

/* Puts `count` products (1..10,000) with AURORA_ANY_VERSION, each for itself: one refused element
 * stops no other. each_out (may be NULL) has room for `count` statuses. Returns AURORA_OK when all
 * were stored, else the first failing element's status, whose place err->field gives
 * ("inputs[7].sku"). Threads: shared. */
AURORA_API aurora_status aurora_product_put_many(aurora_t *shop,
                                                 const aurora_product_input *const *inputs,
                                                 uint32_t count, aurora_status *each_out,
                                                 aurora_error *err);

/* Reads one product. AURORA_ENOTFOUND when it does not exist or was deleted. *out is freed with
 * aurora_product_free. Threads: shared. */
AURORA_API aurora_status aurora_product_get(aurora_t *shop, const char *sku, aurora_product **out);

/* Frees a product of aurora_product_get; NULL is a no-op. Products inside a page or a hit belong to
 * it. Threads: confined. */
AURORA_API void aurora_product_free(aurora_product *product);

/* Deletes one product and emits product.deleted; its stock and orders stay. if_version is a version
 * or AURORA_ANY_VERSION. AURORA_ENOTFOUND, AURORA_EVERSION. Threads: shared. */
AURORA_API aurora_status aurora_product_delete(aurora_t *shop, const char *sku, uint64_t if_version,
                                               aurora_error *err);

/* Lists products by SKU in byte order. filter may be NULL; cursor is NULL for the first page, then
 * the last page's next_cursor; limit is 1..1,000 (0 = 50). A page of large products ends earlier,
 * at about 8 MiB. AURORA_EINVAL for a cursor that is not ours. *out is freed with
 * aurora_product_page_free. Threads: shared. */
AURORA_API aurora_status aurora_product_list(aurora_t *shop, const aurora_product_filter *filter,
                                             const char *cursor, uint32_t limit,
                                             aurora_product_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_product_page_free(aurora_product_page *page);

/* Counts views of a product, for aurora_trending with AURORA_TREND_VIEWS: product.viewed, added up
 * per SKU and batch. count is 1..1,000,000. AURORA_EUNKNOWNSKU. Threads: shared. */
AURORA_API aurora_status aurora_product_view(aurora_t *shop, const char *sku, uint32_t count,
                                             aurora_error *err);

/* Emits product.upserted with resend for every product, so that followers that lost some catch up.
 * *count_out (may be NULL) is how many. Threads: shared. */
AURORA_API aurora_status aurora_product_resync(aurora_t *shop, uint64_t *count_out,
                                               aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif
