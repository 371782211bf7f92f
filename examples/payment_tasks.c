/* SPDX-License-Identifier: MIT */
/* Your payment provider is a loop, not a callback: take what is to be paid, ask the provider,
 * report what it said. With the setting payment=none: the library calls nobody. Here the provider
 * is a toy that loses its first answer, as networks do: the next task is then a query for the same
 * id, and no money moves twice. The store is argv[1], or in memory.
 * To compile: cc payment_tasks.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   authorize 2500 EUR -> unknown
 *   ask about authorize 2500 EUR -> done
 *   capture 2500 EUR -> done
 *   COMPLETED, settled: the provider was charged 1 time
 */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>

/* What the provider remembers. A real one keeps a table by idempotency key: the task's id. */
struct provider {
    aurora_id authorized;
    int charges;
};

/* Does or looks up one task, as a call over the network would. */
static int32_t provider_answer(struct provider *provider, const aurora_task *task)
{
    if (task->is_query)
        return aurora_id_is_equal(provider->authorized, task->id) ? AURORA_OUTCOME_DONE
                                                                  : AURORA_OUTCOME_NOT_FOUND;
    if (task->verb == AURORA_VERB_AUTHORIZE && provider->charges == 0) {
        provider->authorized = task->id;
        provider->charges++;
        return AURORA_OUTCOME_UNKNOWN; /* it was done, but the answer got lost */
    }
    return AURORA_OUTCOME_DONE;
}

/* Serves tasks until none comes for a while. Any thread may do this, and any number of them: a task
 * is leased to one taker. aurora_task_finish may also come much later, when the provider calls
 * back; it needs the id only. */
static aurora_status serve(aurora_t *shop, struct provider *provider, aurora_error *err)
{
    uint32_t count = 1;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count > 0) {
        aurora_task_page *page = NULL;
        rc = aurora_task_take(shop, AURORA_TASK_PAYMENT, 16, 0, 500, &page);
        count = rc == AURORA_OK ? page->count : 0;
        for (uint32_t i = 0; i < count && rc == AURORA_OK; i++) {
            const aurora_task *task = page->items[i];
            int32_t outcome = provider_answer(provider, task);
            printf("%s%s %" PRId64 " %s -> %s\n", task->is_query ? "ask about " : "",
                   aurora_verb_name(task->verb), task->amount_minor, task->currency,
                   aurora_outcome_name(outcome));
            rc = aurora_task_finish(
                shop, task->id,
                AURORA_TASK_RESULT(.outcome = outcome,
                                   .provider_reference =
                                       outcome == AURORA_OUTCOME_DONE ? "toy-1" : NULL),
                err);
        }
        aurora_task_page_free(page);
    }
    return rc;
}

/* Places an order, lets the provider's loop run, and looks at the order again. */
static aurora_status sell(aurora_t *shop, aurora_error *err)
{
    struct provider provider = {0};
    aurora_order *order = NULL;
    static const aurora_line line = {.sku = "mug", .quantity = 2};
    /* NO_WAIT: in this program nobody pays before the call has returned. */
    aurora_status rc = aurora_order_place(
        shop,
        AURORA_ORDER(.flags = AURORA_ORDER_NO_WAIT, .key = "cart-42", .currency = "EUR",
                     .lines = &line, .line_count = 1, .payment_method = "card-of-ann"),
        &order, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_id id = order->id;
    aurora_order_free(order);
    order = NULL;

    rc = serve(shop, &provider, err);
    if (rc == AURORA_OK)
        rc = aurora_order_get(shop, id, &order);
    if (rc == AURORA_OK)
        printf("%s, %s: the provider was charged %d time\n",
               aurora_order_status_name(order->status),
               order->settled_at_ms != 0 ? "settled" : "not settled", provider.charges);
    aurora_order_free(order);
    return rc;
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    /* retry_first is the pause before a query; a real provider is given more than 10 ms. */
    static const char *const settings[] = {"payment=none:", "retry_first=10ms"};
    aurora_status rc = aurora_open(
        argc > 1 ? argv[1] : "memory:", AURORA_OPTIONS(.settings = settings, .setting_count = 2),
        &shop, &err);
    if (rc == AURORA_OK)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", &err);
    if (rc == AURORA_OK)
        rc = sell(shop, &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
