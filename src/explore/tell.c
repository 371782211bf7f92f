/* SPDX-License-Identifier: MIT */
/* Steps in words: a counterexample is read, not decoded. */
#include "explore/steps.h"

#include "core/payment_machine.h"

#include <aurora/event.h>
#include <aurora/machine.h>
#include <aurora/task.h>

static const char *const modules[] = {"order", "inventory", "payment"};

static const char *const outcomes[] = {"done", "declined", "not found", "unknown"};

static const char *const variants[] = {
    "",
    ", and the service crashes",
    ", too late",
    ", and the service crashes before its commit, which leaves a part behind",
    " though something is under way",
    " (declined)",
    ", lost on its way",
    ", and its answer is lost",
    ", and the caller gives up waiting",
    ", and once more"};

static const char *event_name(const aurora__explore_space *space,
                              const aurora__explore_message *message)
{
    return aurora_event_name(space->events[message->event].kind);
}

static void tell_message(const aurora__explore_space *space, const aurora__explore_order *order,
                         aurora__explore_step step, FILE *out)
{
    bool is_delivery = step.kind == AURORA__STEP_DELIVER;
    uint32_t feed = is_delivery ? step.argument : step.argument >> 3;
    const aurora__explore_message *message =
        &order->queues[feed][is_delivery ? 0 : step.argument & 7];
    const char *resent = space->events[message->event].is_resend ? " (resent)" : "";
    if (is_delivery)
        fprintf(out, "%s takes %s%s%s", modules[aurora__explore_feeds[feed].module],
                event_name(space, message), resent,
                message->is_taken ? ", which it has taken before" : "");
    else if (step.kind == AURORA__STEP_LOSE)
        fprintf(out, "the broker loses %s%s", event_name(space, message), resent);
    else
        fprintf(out, "%s%s is published to %s again", event_name(space, message), resent,
                modules[aurora__explore_feeds[feed].module]);
}

static void tell_step(const aurora__explore_space *space, const aurora__explore_order *order,
                      aurora__explore_step step, FILE *out)
{
    switch (step.kind) {
    case AURORA__STEP_PLACE:
        fputs(order->order == 0 ? "the client orders" : "the client orders again", out);
        break;
    case AURORA__STEP_CANCEL:
        fputs("the client cancels", out);
        break;
    case AURORA__STEP_RESEND:
        fputs("the order's timer: it sends its newest event again", out);
        break;
    case AURORA__STEP_DEADLINE:
        fputs("the order's deadline", out);
        break;
    case AURORA__STEP_TAKE:
        fputs("a payment task is taken", out);
        break;
    case AURORA__STEP_EXPIRE:
        fputs("the lease of the payment task runs out", out);
        break;
    case AURORA__STEP_CALL:
        fprintf(out, "the provider gets %s%s", step.argument >= 4 ? "a query of " : "",
                aurora_verb_name((step.argument & 3) + 1));
        break;
    case AURORA__STEP_ANSWER:
        fprintf(out, "the provider's answer to %s: %s", aurora_verb_name(step.argument / 4 + 1),
                outcomes[step.argument % 4]);
        break;
    default:
        tell_message(space, order, step, out);
        break;
    }
    fputs(variants[step.variant], out);
}

static void tell_order(const aurora__explore_space *space, const aurora__explore_order *order,
                       FILE *out)
{
    const aurora__order_row *row = aurora__explore_row_at(space, order->order);
    const aurora__reservation_row *reservation = aurora__explore_row_at(space, order->reservation);
    const aurora__payment_row *payment = aurora__explore_row_at(space, order->payment);
    fprintf(out, "%s%s, stock %s, money %s",
            row == NULL ? "-" : aurora_machine_state_name(aurora_order_machine(), (int)row->status),
            row == NULL            ? ""
            : row->parked != 0     ? " (parked)"
            : row->settled_at != 0 ? " (settled)"
                                   : "",
            reservation == NULL
                ? "-"
                : aurora_machine_state_name(aurora_reservation_machine(), (int)reservation->state),
            payment == NULL
                ? "-"
                : aurora_machine_state_name(aurora_payment_machine(), (int)payment->state));
}

void aurora__explore_tell(aurora__explore_space *space, const aurora__explore_state *before,
                          const aurora__explore_state *after, aurora__explore_step step,
                          uint32_t name, FILE *out)
{
    fprintf(out, "#%u  ", name);
    tell_step(space, &before->orders[step.order], step, out);
    fputs("\n        -> ", out);
    tell_order(space, &after->orders[step.order], out);
    fputc('\n', out);
}
