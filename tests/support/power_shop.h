/* SPDX-License-Identifier: MIT */
/* A shop on a power_disk, with customers who note at which moment they asked and at which they were
 * told, and a bank outside the store that notes what it did. */
#ifndef AURORA_TESTS_SUPPORT_POWER_SHOP_H
#define AURORA_TESTS_SUPPORT_POWER_SHOP_H

#include "power_disk.h"
#include "provider.h"

#define POWER_NOTES_MAX 1024
#define POWER_ACTS_MAX 4096

typedef enum { POWER_ORDER, POWER_CANCEL, POWER_DELIVERY, POWER_PRODUCT } power_note_kind;

/* One call. */
typedef struct {
    power_note_kind kind;
    char key[32];
    uint64_t asked, told; /* moments; told 0 = never */
    aurora_id id;         /* of the order */
    int64_t quantity;
} power_note;

typedef struct {
    uint64_t moment;
    aurora_task task; /* what provider_act reads of it */
} power_act;

typedef struct {
    power_disk *disk;
    bool has_bank; /* payments are tasks; else answered inline */
    char file[600];
    uint64_t seed;
    power_note notes[POWER_NOTES_MAX];
    _Atomic uint32_t note_count;
    power_act acts[POWER_ACTS_MAX];
    _Atomic uint32_t act_count;
} power_shop;

/* Opens a store of this shop at `clock`; NULL when that does not work, with why in err. */
aurora_t *power_shop_open(const power_shop *of, const char *file, aurora_clock *clock,
                          aurora_error *err);

/* Records its life on a disk of its own: three times opened, worked with and closed. Freed with
 * power_shop_free. */
power_shop *power_shop_new(uint64_t seed, bool has_bank);
void power_shop_free(power_shop *of);

/* The call of a note once more, by the same key; `order_out` as that of aurora_order_place. */
aurora_status power_shop_order(aurora_t *shop, const power_note *note, bool has_bank,
                               aurora_order **order_out);

/* The bank as it was at a moment, into an empty one. */
void power_shop_bank_at(const power_shop *of, uint64_t moment, provider *bank);

#endif
