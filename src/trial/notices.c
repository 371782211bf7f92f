/* SPDX-License-Identifier: MIT */
/* Who tells customers: each end of an order once at most (I6), and in the end told or listed as not
 * known. */
#include "trial/trial.h"

#include <string.h>

#define TASKS_AT_ONCE 8
#define PAUSE_MS 3000
#define LEASE_MS 20000
#define PAGE 100

static void tell(aurora__trial *world, aurora_t *shop, const aurora_task *task)
{
    aurora_task_result result;
    int32_t number = aurora__trial_order_for(world, task->customer_id);
    uint32_t kind = (uint32_t)(task->notification_kind - AURORA_NOTIFICATION_COMPLETED);
    aurora_task_result_init(&result);
    result.outcome = AURORA_OUTCOME_DONE;
    if (number >= 0 && kind < AURORA__TRIAL_TOLD_MAX) {
        aurora__trial_check(world, "I6");
        if (world->orders[number].told[kind]++ > 0)
            aurora__trial_fail(world, number, "I6", "order %d: its customer is told twice of %s",
                               number, aurora_notification_name(task->notification_kind));
    }
    if (world->notifier != NULL)
        world->notifier->tell(world->notifier->self, task, &result);
    aurora_sim_note(world, "order %d: its customer is told: %s", number,
                    aurora_notification_name(task->notification_kind));
    aurora_status rc = aurora_task_finish(shop, task->id, &result, NULL);
    if (rc != AURORA_OK && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, number, "I8", "order %d: reporting its notification answers %s",
                           number, aurora_status_name(rc));
}

void aurora__trial_notices_act(aurora__trial *world, aurora_t *shop)
{
    aurora_task_page *page = NULL;
    aurora_status rc =
        aurora_task_take(shop, AURORA_TASK_NOTIFICATION, TASKS_AT_ONCE, LEASE_MS, 0, &page);
    for (uint32_t i = 0; rc == AURORA_OK && i < page->count; i++) {
        if (aurora__trial_fault(world, world->options.leave, 100))
            break;
        tell(world, shop, page->items[i]);
    }
    aurora_task_page_free(page);
    aurora__trial_plan(world, AURORA__TRIAL_TELL, 0, 1 + aurora__trial_below(world, PAUSE_MS));
}

/* --- the end of it ---------------------------------------------------------------------------- */

static void check_one(aurora__trial *world, const aurora_notification *of)
{
    int32_t number = aurora__trial_order_of(world, of->order_id);
    uint32_t kind = (uint32_t)(of->kind - AURORA_NOTIFICATION_COMPLETED);
    if (number < 0 || kind >= AURORA__TRIAL_TOLD_MAX)
        return;
    aurora__trial_check(world, "I6");
    if (world->orders[number].listed[kind]++ > 0)
        aurora__trial_fail(world, number, "I6", "order %d: %s is listed twice", number,
                           aurora_notification_name(of->kind));
    if (of->state == AURORA_NOTIFICATION_STATE_SENT && world->orders[number].told[kind] == 0)
        aurora__trial_fail(world, number, "I6", "order %d: %s is listed as sent, and was not",
                           number, aurora_notification_name(of->kind));
}

/* Every end of an order stands in the list, but for one that the broker lost. */
static void check_missing(aurora__trial *world)
{
    const aurora__trial_service *orders = &world->services[0];
    for (uint32_t i = 0; i < world->options.orders; i++) {
        for (uint32_t kind = 0; kind < AURORA__TRIAL_TOLD_MAX; kind++) {
            uint64_t position = world->orders[i].outcome_at[kind];
            bool is_lost = false;
            if (position == 0)
                continue;
            aurora__trial_check(world, "I5");
            if (world->broker != NULL)
                aurora__trial_bus_has(world, orders, position, &is_lost);
            if (world->orders[i].listed[kind] == 0 && !is_lost)
                aurora__trial_fail(
                    world, (int32_t)i, "I5", "order %u: %s was never heard of by who tells", i,
                    aurora_notification_name(AURORA_NOTIFICATION_COMPLETED + (int32_t)kind));
        }
    }
}

void aurora__trial_notices_check(aurora__trial *world, aurora_t *shop)
{
    char cursor[256] = "";
    aurora_notification_page *page = NULL;
    bool has_more = true;
    while (has_more && aurora_notification_list(shop, 0, cursor[0] == '\0' ? NULL : cursor, PAGE,
                                                &page, NULL) == AURORA_OK) {
        for (uint32_t i = 0; i < page->count; i++)
            check_one(world, page->items[i]);
        has_more = page->next_cursor != NULL;
        snprintf(cursor, sizeof cursor, "%s", has_more ? page->next_cursor : "");
        aurora_notification_page_free(page);
    }
    check_missing(world);
}
