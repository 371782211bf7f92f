/* SPDX-License-Identifier: MIT */
/* The library's own audit, and operators who help what is parked when the faults are over. */
#include "trial/trial.h"

#include <string.h>

#define PAGE 100

void aurora__trial_verify(aurora__trial *world, aurora_t *shop, bool is_at_rest)
{
    aurora_report *report = NULL;
    aurora_status rc = aurora_verify(shop, &report);
    if (rc != AURORA_OK) {
        if (is_at_rest || !aurora_status_is_retriable(rc))
            aurora__trial_fail(world, -1, "verify", "the audit answers %s", aurora_status_name(rc));
        return;
    }
    aurora__trial_check(world, "verify");
    if (report->is_ok == 0 && report->count > 0)
        aurora__trial_fail(world, -1, "verify", "%s %s: %s", report->items[0]->invariant,
                           report->items[0]->subject, report->items[0]->message);
    else if (is_at_rest && report->in_progress > 0)
        aurora__trial_fail(world, -1, "I3", "the audit finds %llu things on their way at rest",
                           (unsigned long long)report->in_progress);
    aurora_report_free(report);
}

void aurora__trial_verify_all(aurora__trial *world)
{
    aurora_t *shops[AURORA__TRIAL_SERVICES_MAX];
    aurora_report *report = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    for (uint32_t i = 0; i < world->service_count; i++) {
        const aurora__trial_instance *of = aurora__trial_any(world, world->services[i].set);
        if (of == NULL)
            return;
        shops[i] = of->shop;
    }
    aurora_status rc =
        aurora_verify_stores(shops, world->service_count, AURORA_VERIFY_AT_REST, &report, &err);
    aurora__trial_check(world, "between");
    if (rc != AURORA_OK)
        aurora__trial_fail(world, -1, "between", "the audit between stores answers %s %s",
                           aurora_status_name(rc), err.message);
    else if (report->is_ok == 0 && report->count > 0)
        aurora__trial_fail(world, -1, "between", "%s %s: %s", report->items[0]->invariant,
                           report->items[0]->subject, report->items[0]->message);
    aurora_report_free(report);
}

/* What a payment cannot find out an operator sees in the provider's books: it is to be voided, and
 * was captured meanwhile. */
static bool is_reversing(const aurora_saga *saga)
{
    for (uint32_t i = 0; i < saga->participant_count; i++) {
        const aurora_participant *of = saga->participants[i];
        if (of->participant != AURORA_PARTICIPANT_PAYMENT || of->state == NULL)
            continue;
        return strcmp(of->state, "VOIDING") == 0 || strcmp(of->state, "REVERSING") == 0;
    }
    return false;
}

static bool is_captured(const aurora__trial *world, aurora_t *payments, aurora_id order_id)
{
    aurora_sim_account account = {0};
    aurora_saga *saga = NULL;
    world->provider->account(world->provider->self, order_id, &account);
    if (account.captures == 0 || aurora_saga_get(payments, order_id, &saga) != AURORA_OK)
        return false;
    bool is = is_reversing(saga);
    aurora_saga_free(saga);
    return is;
}

static void help(aurora__trial *world, aurora_t *shop, aurora_t *payments, const aurora_saga *saga)
{
    for (int32_t participant = AURORA_PARTICIPANT_INVENTORY;
         participant <= AURORA_PARTICIPANT_PAYMENT; participant++) {
        if ((saga->parked & 1u << (participant - 1)) == 0)
            continue;
        bool is_marked = participant == AURORA_PARTICIPANT_PAYMENT &&
                         is_captured(world, payments, saga->order_id);
        aurora_status rc = aurora_saga_repair(
            shop,
            AURORA_REPAIR(.action = is_marked ? AURORA_REPAIR_MARK : AURORA_REPAIR_RETRY,
                          .order_id = saga->order_id, .participant = participant,
                          .result = is_marked ? AURORA_RESULT_CAPTURED : 0, .actor = "operator"),
            NULL);
        world->report->repaired += rc == AURORA_OK;
        aurora_sim_note(
            world, "order %d: an operator %s: %s", aurora__trial_order_of(world, saga->order_id),
            is_marked ? "marks the payment captured" : "lets it try again", aurora_status_name(rc));
    }
}

/* Reading and acting are two calls: what was read may have gone on. */
void aurora__trial_operators(aurora__trial *world, aurora_t *orders, aurora_t *payments)
{
    aurora_saga_page *page = NULL;
    if (aurora_saga_list(orders, AURORA_SAGA_FILTER(.is_parked = 1), NULL, PAGE, &page, NULL) ==
        AURORA_OK) {
        for (uint32_t i = 0; i < page->count; i++)
            help(world, orders, payments, page->items[i]);
    }
    aurora_saga_page_free(page);
}

void aurora__trial_letters_check(aurora__trial *world, aurora_t *shop)
{
    aurora_dead_letter_page *letters = NULL;
    aurora__trial_check(world, "letters");
    if (aurora_dead_letter_list(shop, NULL, NULL, PAGE, &letters, NULL) == AURORA_OK &&
        letters->count > 0)
        aurora__trial_fail(world, -1, "I5", "%s could not take an event of %s: %s",
                           letters->items[0]->consumer, letters->items[0]->key,
                           letters->items[0]->reason);
    aurora_dead_letter_page_free(letters);
}
