/* SPDX-License-Identifier: MIT */
/* A tracer in a dozen lines: each span that the library tells is printed with its depth under the
 * span of this program. A real one copies what it wants into a queue and returns: it must not
 * block.
 * To compile: cc trace_spans.c $(pkg-config --cflags --libs aurora)
 * Prints (batch and followers left out; ids and times differ with each run):
 *   place order
 *     process order.created (inventory)
 *       process inventory.reserved (order)
 *       process inventory.reserved (payment)
 *         process payment.authorized (order)
 *           process order.completed (inventory)
 *             process inventory.committed (order)
 *           process order.completed (payment)
 *             process payment.captured (order)
 */
#include <aurora/aurora.h>

#include <stdio.h>
#include <string.h>

#define SPANS_MAX 32
/* As it stands in the header of a request, or as the program's own tracing writes it. */
#define CALLER "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

typedef struct {
    aurora_trace_context caller;
    struct {
        uint8_t id[8];
        int depth;
    } seen[SPANS_MAX];
    int count;
} printer;

static const char *text_of(const aurora_span *span, const char *key)
{
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        if (strcmp(span->attributes[i].key, key) == 0)
            return span->attributes[i].text;
    }
    return "";
}

/* -1: under nothing of ours. */
static int depth_of(const printer *self, const uint8_t parent_id[8])
{
    if (memcmp(parent_id, self->caller.span_id, 8) == 0)
        return 0;
    for (int i = 0; i < self->count; i++) {
        if (memcmp(self->seen[i].id, parent_id, 8) == 0)
            return self->seen[i].depth + 1;
    }
    return -1;
}

static void take(void *argument, const aurora_span *span)
{
    printer *self = argument;
    int depth = depth_of(self, span->parent_id);
    if (memcmp(span->trace_id, self->caller.trace_id, 16) != 0 || depth < 0 ||
        span->kind != AURORA_SPAN_INTERNAL || self->count == SPANS_MAX)
        return;
    memcpy(self->seen[self->count].id, span->span_id, 8);
    self->seen[self->count++].depth = depth;
    const char *module = text_of(span, "aurora.module");
    printf("%*s%s%s%s%s\n", 2 * depth, "", span->name, module[0] != '\0' ? " (" : "", module,
           module[0] != '\0' ? ")" : "");
}

static aurora_status sell(aurora_t *shop)
{
    const aurora_line line = {.sku = "cup", .quantity = 1};
    aurora_order *order = NULL;
    aurora_status rc = aurora_product_put(
        shop, AURORA_PRODUCT(.sku = "cup", .name = "Cup", .price_minor = 250, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "cup", 10, "first delivery", NULL);
    if (rc == AURORA_OK)
        rc =
            aurora_order_place(shop,
                               AURORA_ORDER(.currency = "EUR", .payment_method = "card",
                                            .lines = &line, .line_count = 1, .traceparent = CALLER),
                               &order, NULL);
    aurora_order_free(order);
    return rc;
}

int main(void)
{
    printer self = {.count = 0};
    const aurora_tracer tracer = {.size = sizeof tracer, .self = &self, .span = take};
    aurora_t *shop = NULL;
    aurora_status rc = aurora_traceparent_parse(CALLER, &self.caller);
    if (rc == AURORA_OK)
        rc = aurora_open("memory:", AURORA_OPTIONS(.tracer = &tracer), &shop, NULL);
    if (rc == AURORA_OK)
        rc = sell(shop);
    aurora_close(shop);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s\n", aurora_status_text(rc));
    return rc == AURORA_OK ? 0 : 1;
}
