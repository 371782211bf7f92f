/* SPDX-License-Identifier: MIT */
/* The words that JSON has for the numbers of the public headers. A table's index is the number. */
#include "codec/names.h"

#include "core/step.h"

#include <aurora/event.h>
#include <aurora/notification.h>
#include <aurora/saga.h>
#include <aurora/stock.h>
#include <aurora/task.h>

#include <string.h>

#define COUNT(names) (sizeof(names) / sizeof(names)[0])
#define NAME_OF(names, value) name_of(names, COUNT(names), value)
#define VALUE_OF(names, name) value_of(names, COUNT(names), name)

static const char *const event_names[] = {
    [AURORA_EVENT_ORDER_CREATED] = "order.created",
    [AURORA_EVENT_INVENTORY_RESERVED] = "inventory.reserved",
    [AURORA_EVENT_INVENTORY_REJECTED] = "inventory.rejected",
    [AURORA_EVENT_PAYMENT_AUTHORIZED] = "payment.authorized",
    [AURORA_EVENT_PAYMENT_DECLINED] = "payment.declined",
    [AURORA_EVENT_ORDER_COMPLETED] = "order.completed",
    [AURORA_EVENT_ORDER_FAILED] = "order.failed",
    [AURORA_EVENT_ORDER_CANCELLED] = "order.cancelled",
    [AURORA_EVENT_INVENTORY_COMMITTED] = "inventory.committed",
    [AURORA_EVENT_INVENTORY_RELEASED] = "inventory.released",
    [AURORA_EVENT_INVENTORY_RETURNED] = "inventory.returned",
    [AURORA_EVENT_PAYMENT_CAPTURED] = "payment.captured",
    [AURORA_EVENT_PAYMENT_VOIDED] = "payment.voided",
    [AURORA_EVENT_PAYMENT_REFUNDED] = "payment.refunded",
    [AURORA_EVENT_INVENTORY_PARKED] = "inventory.parked",
    [AURORA_EVENT_PAYMENT_PARKED] = "payment.parked",
    [AURORA_EVENT_ORDER_REPAIR] = "order.repair",
    [AURORA_EVENT_ORDER_UPDATED] = "order.updated",
    [AURORA_EVENT_PRODUCT_UPSERTED] = "product.upserted",
    [AURORA_EVENT_PRODUCT_DELETED] = "product.deleted",
    [AURORA_EVENT_PRODUCT_VIEWED] = "product.viewed",
};

static const char *const order_statuses[] = {
    [AURORA_ORDER_PENDING] = "PENDING",     [AURORA_ORDER_RESERVED] = "RESERVED",
    [AURORA_ORDER_COMPLETED] = "COMPLETED", [AURORA_ORDER_FAILED] = "FAILED",
    [AURORA_ORDER_CANCELLED] = "CANCELLED", [AURORA_ORDER_PARKED] = "PARKED",
};

static const char *const reasons[] = {
    [AURORA_REASON_OUT_OF_STOCK] = "out_of_stock",
    [AURORA_REASON_PAYMENT_DECLINED] = "payment_declined",
    [AURORA_REASON_DEADLINE] = "deadline",
    [AURORA_REASON_LATE] = "late",
    [AURORA_REASON_CUSTOMER] = "customer",
    [AURORA_REASON_OPERATOR] = "operator",
    [AURORA_REASON_UNKNOWN_ORDER] = "unknown_order",
};

static const char *const charges[] = {
    [AURORA_CHARGE_TAX] = "tax",
    [AURORA_CHARGE_SHIPPING] = "shipping",
    [AURORA_CHARGE_DISCOUNT] = "discount",
    [AURORA_CHARGE_FEE] = "fee",
};

static const char *const participants[] = {
    [AURORA_PARTICIPANT_INVENTORY] = "inventory",
    [AURORA_PARTICIPANT_PAYMENT] = "payment",
};

static const char *const repairs[] = {
    [AURORA_REPAIR_RETRY] = "retry",
    [AURORA_REPAIR_MARK] = "mark",
    [AURORA_REPAIR_COMPENSATE] = "compensate",
};

static const char *const results[] = {
    [AURORA_RESULT_RESERVED] = "reserved",   [AURORA_RESULT_REJECTED] = "rejected",
    [AURORA_RESULT_COMMITTED] = "committed", [AURORA_RESULT_RELEASED] = "released",
    [AURORA_RESULT_RETURNED] = "returned",   [AURORA_RESULT_AUTHORIZED] = "authorized",
    [AURORA_RESULT_DECLINED] = "declined",   [AURORA_RESULT_CAPTURED] = "captured",
    [AURORA_RESULT_VOIDED] = "voided",       [AURORA_RESULT_REFUNDED] = "refunded",
};

static const char *const verbs[] = {
    [AURORA_VERB_AUTHORIZE] = "authorize",
    [AURORA_VERB_CAPTURE] = "capture",
    [AURORA_VERB_VOID] = "void",
    [AURORA_VERB_REFUND] = "refund",
};

static const char *const outcomes[] = {
    [AURORA_OUTCOME_DONE] = "done",       [AURORA_OUTCOME_DECLINED] = "declined",
    [AURORA_OUTCOME_PENDING] = "pending", [AURORA_OUTCOME_NOT_FOUND] = "not_found",
    [AURORA_OUTCOME_UNKNOWN] = "unknown", [AURORA_OUTCOME_NOT_BEGUN] = "not_begun",
};

static const char *const notifications[] = {
    [AURORA_NOTIFICATION_COMPLETED] = "order.completed",
    [AURORA_NOTIFICATION_FAILED] = "order.failed",
    [AURORA_NOTIFICATION_CANCELLED] = "order.cancelled",
};

static const char *const notification_states[] = {
    [AURORA_NOTIFICATION_STATE_PENDING] = "PENDING",
    [AURORA_NOTIFICATION_STATE_SENDING] = "SENDING",
    [AURORA_NOTIFICATION_STATE_SENT] = "SENT",
    [AURORA_NOTIFICATION_STATE_UNKNOWN] = "UNKNOWN",
    [AURORA_NOTIFICATION_STATE_FAILED] = "FAILED",
    [AURORA_NOTIFICATION_STATE_SKIPPED] = "SKIPPED",
};

static const char *const decisions[] = {
    [AURORA_DECISION_RESERVED] = "reserved",
    [AURORA_DECISION_OUT_OF_STOCK] = "out_of_stock",
};

static const char *const reservation_statuses[] = {
    [AURORA_RESERVATION_RESERVED] = "RESERVED",   [AURORA_RESERVATION_REJECTED] = "REJECTED",
    [AURORA_RESERVATION_COMMITTED] = "COMMITTED", [AURORA_RESERVATION_RELEASED] = "RELEASED",
    [AURORA_RESERVATION_RETURNED] = "RETURNED",   [AURORA_RESERVATION_EXPIRED] = "EXPIRED",
};

static const char *name_of(const char *const *names, size_t count, int32_t value)
{
    return value > 0 && (size_t)value < count && names[value] != NULL ? names[value] : "";
}

static int32_t value_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 1; name != NULL && i < count; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0)
            return (int32_t)i;
    }
    return 0;
}

const char *aurora_event_name(int32_t kind)
{
    return NAME_OF(event_names, kind);
}

int32_t aurora_event_parse(const char *name)
{
    return VALUE_OF(event_names, name);
}

static const struct {
    const char *name;
    uint32_t flag;
} modules[] = {{"order", AURORA__MODULE_ORDER},
               {"inventory", AURORA__MODULE_INVENTORY},
               {"payment", AURORA__MODULE_PAYMENT},
               {"product", AURORA__MODULE_PRODUCT}};

/* COUNT(modules) where it is nobody's. */
static size_t module_of(int32_t kind)
{
    const char *name = aurora_event_name(kind);
    size_t at = 0;
    while (at < COUNT(modules) && strncmp(name, modules[at].name, strlen(modules[at].name)) != 0)
        at++;
    return at;
}

const char *aurora__event_module(int32_t kind)
{
    size_t at = module_of(kind);
    return at == COUNT(modules) ? "" : modules[at].name;
}

uint32_t aurora__event_flag(int32_t kind)
{
    size_t at = module_of(kind);
    return at == COUNT(modules) ? 0 : modules[at].flag;
}

const char *aurora_order_status_name(int32_t status)
{
    return NAME_OF(order_statuses, status);
}

int32_t aurora_order_status_parse(const char *name)
{
    return VALUE_OF(order_statuses, name);
}

const char *aurora_reason_name(int32_t reason)
{
    return NAME_OF(reasons, reason);
}

int32_t aurora_reason_parse(const char *name)
{
    return VALUE_OF(reasons, name);
}

const char *aurora_charge_name(int32_t kind)
{
    return NAME_OF(charges, kind);
}

int32_t aurora_charge_parse(const char *name)
{
    return VALUE_OF(charges, name);
}

const char *aurora_participant_name(int32_t participant)
{
    return NAME_OF(participants, participant);
}

int32_t aurora_participant_parse(const char *name)
{
    return VALUE_OF(participants, name);
}

const char *aurora_repair_name(int32_t action)
{
    return NAME_OF(repairs, action);
}

int32_t aurora_repair_parse(const char *name)
{
    return VALUE_OF(repairs, name);
}

const char *aurora_result_name(int32_t result)
{
    return NAME_OF(results, result);
}

int32_t aurora_result_parse(const char *name)
{
    return VALUE_OF(results, name);
}

const char *aurora_verb_name(int32_t verb)
{
    return NAME_OF(verbs, verb);
}

const char *aurora_outcome_name(int32_t outcome)
{
    return NAME_OF(outcomes, outcome);
}

const char *aurora_notification_name(int32_t notification_kind)
{
    return NAME_OF(notifications, notification_kind);
}

const char *aurora_notification_state_name(int32_t state)
{
    return NAME_OF(notification_states, state);
}

int32_t aurora_notification_state_parse(const char *name)
{
    return VALUE_OF(notification_states, name);
}

const char *aurora_decision_name(int32_t decision)
{
    return NAME_OF(decisions, decision);
}

const char *aurora_reservation_status_name(int32_t status)
{
    return NAME_OF(reservation_statuses, status);
}
