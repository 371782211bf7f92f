/* SPDX-License-Identifier: MIT */
/* Can the bytes of a snapshot hurt us? A store hands back what trending once wrote, or anything. A
 * snapshot that is taken can be used, is written, and taken again as the same; one that is refused
 * leaves the table empty. The first byte says which kind, and whether what frames the fields (head
 * and checksum) is put right, since nothing would pass it otherwise. */
#include <stdlib.h>
#include <string.h>

#include <aurora/related.h>
#include <aurora/topk.h>

#include "trending/image.h"

#define HALF_LIFE_MS 3600000
#define CAPACITY 8
#define NEIGHBOURS 4
#define SNAPSHOT_BYTES 65536
#define LATER_MS INT64_C(4102444800000)
#define HEAD_BYTES 24

static uint64_t memory[2][8192];
static uint8_t written[2][SNAPSHOT_BYTES];

static void put_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Kind, format, length, half-life; and the checksum, FNV-1a over all before it. */
static void put_right(uint8_t *bytes, size_t size, uint32_t kind)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    if (size < HEAD_BYTES + 8)
        return;
    put_u64(bytes, (uint64_t)IMAGE_FORMAT << 32 | kind);
    put_u64(bytes + 8, size);
    put_u64(bytes + 16, HALF_LIFE_MS);
    for (size_t i = 0; i < size - 8; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    put_u64(bytes + size - 8, hash);
}

/* --- topk ------------------------------------------------------------------------------------- */

static void open_topk(aurora_topk *topk, int which)
{
    if (aurora_topk_init(topk, memory[which], aurora_topk_bytes(CAPACITY), HALF_LIFE_MS) !=
        AURORA_OK)
        abort();
}

static size_t write_topk(const aurora_topk *topk, int which)
{
    size_t used = 0;
    if (aurora_topk_snapshot(topk, written[which], SNAPSHOT_BYTES, &used) != AURORA_OK ||
        used != aurora_topk_snapshot_bytes(topk))
        abort();
    return used;
}

static void read_topk(const uint8_t *bytes, size_t size)
{
    aurora_topk topk, again;
    aurora_topk_item items[CAPACITY];
    uint32_t count = 0;
    open_topk(&topk, 0);
    open_topk(&again, 1);
    if (aurora_topk_restore(&topk, bytes, size) != AURORA_OK) {
        if (aurora_topk_newest_ms(&topk) != -1 ||
            aurora_topk_list(&topk, LATER_MS, CAPACITY, items, &count) != AURORA_OK || count != 0)
            abort();
        return;
    }
    size_t used = write_topk(&topk, 0);
    if (aurora_topk_restore(&again, written[0], used) != AURORA_OK ||
        write_topk(&again, 1) != used || memcmp(written[0], written[1], used) != 0)
        abort();
    int64_t newest = aurora_topk_newest_ms(&topk);
    if (aurora_topk_list(&topk, newest < 0 ? 0 : newest, CAPACITY, items, &count) != AURORA_OK)
        abort();
    for (uint32_t i = 1; i < count; i++) {
        if (items[i].score > items[i - 1].score)
            abort();
    }
    (void)aurora_topk_add(&topk, "cup", 1, newest < 0 ? 0 : newest);
    (void)aurora_topk_merge(&topk, &again);
    (void)aurora_topk_list(&topk, LATER_MS, CAPACITY, items, &count);
}

/* --- related ---------------------------------------------------------------------------------- */

static void open_related(aurora_related *related, int which)
{
    if (aurora_related_init(related, memory[which], aurora_related_bytes(CAPACITY, NEIGHBOURS),
                            NEIGHBOURS, HALF_LIFE_MS) != AURORA_OK)
        abort();
}

static size_t write_related(const aurora_related *related, int which)
{
    size_t used = 0;
    if (aurora_related_snapshot(related, written[which], SNAPSHOT_BYTES, &used) != AURORA_OK ||
        used != aurora_related_snapshot_bytes(related))
        abort();
    return used;
}

static void read_related(const uint8_t *bytes, size_t size)
{
    static const char *const basket[] = {"cup", "mug", "pot"};
    aurora_related related, again;
    aurora_topk_item items[CAPACITY];
    uint32_t count = 0;
    open_related(&related, 0);
    open_related(&again, 1);
    if (aurora_related_restore(&related, bytes, size) != AURORA_OK) {
        if (aurora_related_newest_ms(&related) != -1)
            abort();
        return;
    }
    size_t used = write_related(&related, 0);
    if (aurora_related_restore(&again, written[0], used) != AURORA_OK ||
        write_related(&again, 1) != used || memcmp(written[0], written[1], used) != 0)
        abort();
    int64_t newest = aurora_related_newest_ms(&related);
    (void)aurora_related_add(&related, basket, 3, 1, newest < 0 ? 0 : newest);
    (void)aurora_related_merge(&related, &again);
    (void)aurora_related_list(&related, "cup", LATER_MS, CAPACITY, items, &count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return 0;
    bool is_topk = data[0] % 2 == 0;
    memcpy(bytes, data + 1, size - 1);
    if (data[0] % 4 < 2)
        put_right(bytes, size - 1, is_topk ? IMAGE_KIND_TOPK : IMAGE_KIND_RELATED);
    (is_topk ? read_topk : read_related)(bytes, size - 1);
    free(bytes);
    return 0;
}
