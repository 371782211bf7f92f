/* SPDX-License-Identifier: MIT */
/* The audit between stores: one snapshot of each, read side by side, then a second look at what did
 * not agree. */
#include "engine/verify_across.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const aurora__party *owner_of(const aurora__across *self, uint32_t module)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if ((self->parties[i].modules & module) != 0)
            return &self->parties[i];
    }
    return NULL;
}

static void suspect(aurora__across *self, const aurora__suspect *found)
{
    if (self->suspect_count < AURORA__VIOLATIONS_MAX)
        self->suspects[self->suspect_count++] = *found;
    else
        self->more++;
}

/* --- orders ----------------------------------------------------------------------------------- */

static int compare_ids(const aurora_id *a, const aurora_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool judge_order(aurora__pair pair, const aurora__order_row *order, const void *row,
                        aurora__suspect *out)
{
    return pair == AURORA__PAIR_STOCK ? aurora__across_stock(order, row, out)
                                      : aurora__across_money(order, row, out);
}

/* Both tables' rows begin with the order's id. */
static void walk_orders(aurora__across *self, aurora__pair pair, const aurora__party *left,
                        const aurora__party *right)
{
    aurora__verify_stream orders, rows;
    aurora__verify_stream_of(&orders, self->verify, left->engine, left->txn, AURORA__TABLE_order,
                             0);
    aurora__verify_stream_of(
        &rows, self->verify, right->engine, right->txn,
        pair == AURORA__PAIR_STOCK ? AURORA__TABLE_reservation : AURORA__TABLE_payment, 0);
    const aurora__order_row *order = aurora__verify_stream_next(&orders);
    const aurora_id *row = aurora__verify_stream_next(&rows);
    while (order != NULL || row != NULL) {
        int way = order == NULL ? 1 : row == NULL ? -1 : compare_ids(&order->id, row);
        aurora__suspect found = {.pair = pair, .left = left, .right = right};
        found.order_id = way <= 0 ? order->id : *row;
        if (!judge_order(pair, way <= 0 ? order : NULL, way >= 0 ? row : NULL, &found))
            suspect(self, &found);
        if (way <= 0)
            order = aurora__verify_stream_next(&orders);
        if (way >= 0)
            row = aurora__verify_stream_next(&rows);
    }
    aurora__verify_stream_end(&orders);
    aurora__verify_stream_end(&rows);
}

/* --- products --------------------------------------------------------------------------------- */

static bool judge_product(aurora__pair pair, const aurora__product_row *product, const void *copy,
                          aurora__suspect *out)
{
    return pair == AURORA__PAIR_PRICE ? aurora__across_price(product, copy, out)
                                      : aurora__across_product(product, copy, out);
}

static const char *sku_of(aurora__pair pair, const void *row)
{
    return pair == AURORA__PAIR_PRICE ? ((const aurora__price_row *)row)->sku
                                      : ((const aurora__product_row *)row)->sku;
}

static void walk_products(aurora__across *self, aurora__pair pair, const aurora__party *left,
                          const aurora__party *right)
{
    aurora__verify_stream products, copies;
    aurora__verify_stream_of(&products, self->verify, left->engine, left->txn,
                             AURORA__TABLE_product, 0);
    aurora__verify_stream_of(
        &copies, self->verify, right->engine, right->txn,
        pair == AURORA__PAIR_PRICE ? AURORA__TABLE_price : AURORA__TABLE_product, 0);
    const aurora__product_row *product = aurora__verify_stream_next(&products);
    const void *copy = aurora__verify_stream_next(&copies);
    while (product != NULL || copy != NULL) {
        int way = product == NULL ? 1
                  : copy == NULL  ? -1
                                  : strcmp(product->sku, sku_of(pair, copy));
        aurora__suspect found = {.pair = pair, .left = left, .right = right};
        snprintf(found.sku, sizeof found.sku, "%s", way <= 0 ? product->sku : sku_of(pair, copy));
        if (!judge_product(pair, way <= 0 ? product : NULL, way >= 0 ? copy : NULL, &found))
            suspect(self, &found);
        if (way <= 0)
            product = aurora__verify_stream_next(&products);
        if (way >= 0)
            copy = aurora__verify_stream_next(&copies);
    }
    aurora__verify_stream_end(&products);
    aurora__verify_stream_end(&copies);
}

/* --- positions -------------------------------------------------------------------------------- */

/* Where a store's log ends, and its id there; "" for a log without an epoch. */
typedef struct {
    int64_t head;
    char id[AURORA_ID_TEXT_BYTES];
} log_end;

static void read_log_end(aurora__across *self, const aurora__party *party, log_end *out)
{
    const aurora_store *store = aurora__engine_store(party->engine);
    aurora_log_bounds bounds = {.head = 0};
    aurora_id id = {{0}};
    aurora_status rc = store->log_bounds(store->self, party->txn, &bounds);
    if (rc == AURORA_OK)
        rc = aurora__engine_log_id(party->engine, party->txn, bounds.head, &id);
    *out = (log_end){.head = bounds.head};
    if (rc == AURORA_OK)
        aurora_id_format(id, out->id);
    else if (rc != AURORA_ENOTFOUND)
        self->verify->status = rc;
}

static bool is_of_log(const char *source, uint32_t modules, const log_end *end)
{
    char text[64 + AURORA_ID_TEXT_BYTES];
    for (uint32_t module = 1; module <= AURORA__MODULE_NOTIFICATION; module <<= 1) {
        snprintf(text, sizeof text, "/aurora/%s/%s", aurora__module_name(module), end->id);
        if ((modules & module) != 0 && strcmp(source, text) == 0)
            return true;
    }
    return false;
}

/* A consumer cannot have taken what was never told: then the source's database lies behind, as
 * after a restore that nobody announced. */
static void check_watermark(aurora__across *self, const aurora__watermark_row *mark,
                            const log_end *ends)
{
    for (uint32_t i = 0; i < self->count; i++) {
        char subject[256];
        if (mark->position <= ends[i].head ||
            !is_of_log(mark->source, self->parties[i].modules, &ends[i]))
            continue;
        snprintf(subject, sizeof subject, "%s of %s", mark->consumer, mark->topic);
        aurora__verify_violation(self->verify, "I6", subject,
                                 "has taken position %" PRId64 " of a log that ends at %" PRId64,
                                 mark->position, ends[i].head);
    }
}

/* At rest only: snapshots of two stores are not of one instant. */
static void walk_watermarks(aurora__across *self)
{
    log_end ends[sizeof self->parties / sizeof *self->parties];
    if (!self->verify->is_at_rest)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        read_log_end(self, &self->parties[i], &ends[i]);
    for (uint32_t i = 0; i < self->count; i++) {
        aurora__verify_stream marks;
        const aurora__watermark_row *mark;
        aurora__verify_stream_of(&marks, self->verify, self->parties[i].engine,
                                 self->parties[i].txn, AURORA__TABLE_watermark, 0);
        while ((mark = aurora__verify_stream_next(&marks)) != NULL)
            check_watermark(self, mark, ends);
        aurora__verify_stream_end(&marks);
    }
}

/* --- the second look -------------------------------------------------------------------------- */

/* NULL when there is no such row. */
static const void *load(aurora__across *self, const aurora__party *party, const aurora__key *key,
                        aurora__query_arena *arena, void *row)
{
    aurora_status rc = aurora__engine_load(party->engine, party->txn, key, arena, row);
    if (rc != AURORA_OK && rc != AURORA_ENOTFOUND)
        self->verify->status = rc;
    return rc == AURORA_OK ? row : NULL;
}

static bool look_again(aurora__across *self, aurora__suspect *now)
{
    aurora__query_arena arena;
    union {
        aurora__order_row order;
        aurora__product_row product;
    } left;
    union {
        aurora__reservation_row reservation;
        aurora__payment_row payment;
        aurora__price_row price;
        aurora__product_row product;
    } right;
    bool agrees;
    aurora__query_arena_init(&arena, aurora__engine_allocator(now->left->engine));
    if (now->pair == AURORA__PAIR_STOCK || now->pair == AURORA__PAIR_MONEY) {
        aurora__key order = aurora__key_uuid(AURORA__TABLE_order, &now->order_id);
        aurora__key row = aurora__key_uuid(
            now->pair == AURORA__PAIR_STOCK ? AURORA__TABLE_reservation : AURORA__TABLE_payment,
            &now->order_id);
        const void *of_order = load(self, now->left, &order, &arena, &left);
        agrees =
            judge_order(now->pair, of_order, load(self, now->right, &row, &arena, &right), now);
    } else {
        aurora__key product = aurora__key_text(AURORA__TABLE_product, now->sku);
        aurora__key copy = aurora__key_text(now->pair == AURORA__PAIR_PRICE ? AURORA__TABLE_price
                                                                            : AURORA__TABLE_product,
                                            now->sku);
        const void *of_product = load(self, now->left, &product, &arena, &left);
        agrees = judge_product(now->pair, of_product, load(self, now->right, &copy, &arena, &right),
                               now);
    }
    aurora__query_arena_free(&arena);
    return agrees;
}

static void condemn(aurora__across *self, const aurora__suspect *found)
{
    switch (found->pair) {
    case AURORA__PAIR_STOCK:
        aurora__verify_order_violation(self->verify, "I4", &found->order_id, found->text);
        break;
    case AURORA__PAIR_MONEY:
        aurora__verify_order_violation(self->verify, "I2", &found->order_id, found->text);
        break;
    case AURORA__PAIR_PRICE:
    case AURORA__PAIR_PRODUCT:
        aurora__verify_violation(self->verify, "I15", found->sku, "%s", found->text);
        break;
    }
}

static void judge_suspects(aurora__across *self)
{
    for (uint32_t i = 0; i < self->suspect_count && self->verify->status == AURORA_OK; i++) {
        aurora__suspect now = self->suspects[i];
        bool agrees = look_again(self, &now);
        if (!agrees && memcmp(now.versions, self->suspects[i].versions, sizeof now.versions) == 0)
            condemn(self, &now);
        else if (!agrees)
            self->verify->in_progress++;
    }
    self->verify->in_progress += self->more;
}

/* --- the whole -------------------------------------------------------------------------------- */

static aurora_status begin(aurora__across *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        aurora__party *party = &self->parties[i];
        aurora_status rc = aurora__engine_read_begin(party->engine, &party->txn);
        if (rc == AURORA_OK)
            continue;
        while (i-- > 0)
            aurora__engine_read_end(self->parties[i].engine, self->parties[i].txn);
        return rc;
    }
    return AURORA_OK;
}

static void end(aurora__across *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        aurora__engine_read_end(self->parties[i].engine, self->parties[i].txn);
}

/* Whether `module`'s rows lie in another store than what they are compared with. */
static const aurora__party *other_than(const aurora__across *self, const aurora__party *home,
                                       uint32_t module)
{
    const aurora__party *party = owner_of(self, module);
    return home == NULL || party == home ? NULL : party;
}

static void walk(aurora__across *self)
{
    const aurora__party *orders = owner_of(self, AURORA__MODULE_ORDER);
    const aurora__party *products = owner_of(self, AURORA__MODULE_PRODUCT);
    const aurora__party *other = other_than(self, orders, AURORA__MODULE_INVENTORY);
    if (other != NULL)
        walk_orders(self, AURORA__PAIR_STOCK, orders, other);
    other = other_than(self, orders, AURORA__MODULE_PAYMENT);
    if (other != NULL)
        walk_orders(self, AURORA__PAIR_MONEY, orders, other);
    if (other_than(self, products, AURORA__MODULE_ORDER) != NULL)
        walk_products(self, AURORA__PAIR_PRICE, products, orders);
    static const uint32_t copies[] = {AURORA__MODULE_SEARCH, AURORA__MODULE_RECOMMENDATION};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        other = other_than(self, products, copies[i]);
        if (other != NULL)
            walk_products(self, AURORA__PAIR_PRODUCT, products, other);
    }
    walk_watermarks(self);
}

static void pause_for(int64_t ms)
{
    struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest) != 0)
        continue;
}

static aurora_status run(aurora__across *self, int64_t patience_ms)
{
    aurora_status rc = begin(self);
    if (rc != AURORA_OK)
        return rc;
    walk(self);
    if (self->verify->status == AURORA_OK && (self->verify->is_at_rest || patience_ms == 0)) {
        judge_suspects(self);
        end(self);
        return self->verify->status;
    }
    end(self);
    if (self->verify->status != AURORA_OK || self->suspect_count == 0)
        return self->verify->status;
    pause_for(patience_ms);
    rc = begin(self);
    if (rc != AURORA_OK)
        return rc;
    judge_suspects(self);
    end(self);
    return self->verify->status;
}

aurora_status aurora__verify_across(aurora__verify *verify, aurora__engine *const *engines,
                                    uint32_t count, int64_t patience_ms)
{
    aurora__across self = {.verify = verify};
    if (count < 2)
        return AURORA_OK;
    for (uint32_t i = 0; i < count && i < sizeof self.parties / sizeof *self.parties; i++)
        self.parties[self.count++] = (aurora__party){
            .engine = engines[i], .modules = aurora__engine_policy(engines[i])->modules};
    self.suspects =
        aurora__arena_take(&verify->arena.arena, AURORA__VIOLATIONS_MAX * sizeof *self.suspects);
    return self.suspects == NULL ? AURORA_ENOMEM : run(&self, patience_ms);
}
