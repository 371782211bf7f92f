/* SPDX-License-Identifier: MIT */
/* Stock without orders: hold seats while a customer types in a name, then sell them or give them
 * back. A hold is all or nothing over its lines and ends by itself after its time to live. Its key
 * names it for ever, so every call may be repeated after a lost answer. The store is argv[1], or in
 * memory.
 * To compile: cc stock_hold.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   ann holds 2: reserved
 *   bob holds 2: out_of_stock
 *   ann holds 2: reserved
 *   available 1, reserved 2, sold 0
 *   ann pays
 *   cy holds 1: reserved
 *   cy leaves
 *   available 1, reserved 0, sold 2
 */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>

enum { MINUTES_MS = 60 * 1000 };

static aurora_status hold(aurora_t *shop, const char *who, int64_t seats, aurora_error *err)
{
    aurora_line line = {.sku = "row-7", .quantity = seats};
    int32_t decision = 0;
    aurora_status rc = aurora_stock_reserve(shop, who, &line, 1, 10 * MINUTES_MS, &decision, err);
    /* "Out of stock" is an answer, not a failure of the call. */
    if (rc == AURORA_OK)
        printf("%s holds %" PRId64 ": %s\n", who, seats, aurora_decision_name(decision));
    return rc;
}

static aurora_status show(aurora_t *shop)
{
    aurora_stock stock;
    aurora_status rc = aurora_stock_get(shop, "row-7", &stock);
    if (rc == AURORA_OK)
        printf("available %" PRId64 ", reserved %" PRId64 ", sold %" PRId64 "\n", stock.available,
               stock.reserved, stock.sold);
    return rc;
}

static aurora_status evening(aurora_t *shop, aurora_error *err)
{
    aurora_status rc = aurora_stock_receive(shop, "row-7", 3, "season-plan", err);
    if (rc == AURORA_OK)
        rc = hold(shop, "ann", 2, err);
    if (rc == AURORA_OK)
        rc = hold(shop, "bob", 2, err);
    if (rc == AURORA_OK)
        rc = hold(shop, "ann", 2, err); /* the same key: the first answer, nothing is taken again */
    if (rc == AURORA_OK)
        rc = show(shop);
    if (rc == AURORA_OK)
        rc = aurora_stock_commit(shop, "ann"); /* AURORA_EEXPIRED once its time has run out */
    if (rc == AURORA_OK)
        puts("ann pays");
    if (rc == AURORA_OK)
        rc = hold(shop, "cy", 1, err);
    if (rc == AURORA_OK)
        rc = aurora_stock_release(shop, "cy");
    if (rc == AURORA_OK)
        puts("cy leaves");
    return rc == AURORA_OK ? show(shop) : rc;
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open(argc > 1 ? argv[1] : "memory:", NULL, &shop, &err);
    if (rc == AURORA_OK)
        rc = evening(shop, &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
