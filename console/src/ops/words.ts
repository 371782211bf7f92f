// SPDX-License-Identifier: MIT
// Events and reasons in the words of people.
import type { Moment } from "./moments";

const events: Readonly<Record<string, string>> = {
    "order.created": "placed",
    "order.reserved": "stock is set aside",
    "order.completed": "sold",
    "order.failed": "failed",
    "order.cancelled": "cancelled",
    "order.parked": "waits for an operator",
    "order.resumed": "goes on",
    "order.settled": "settled: stock and money agree",
    "inventory.reserved": "stock reserved",
    "inventory.rejected": "not enough stock",
    "inventory.committed": "stock sold",
    "inventory.released": "stock given back",
    "inventory.returned": "stock returned",
    "inventory.parked": "stock parked",
    "payment.authorized": "money held",
    "payment.declined": "payment declined",
    "payment.captured": "money taken",
    "payment.voided": "hold given up",
    "payment.refunded": "money given back",
    "payment.parked": "payment parked",
};

const actions: Readonly<Record<string, string>> = { retry: "retry", mark: "mark", compensate: "compensate" };

export function wordsOf(moment: Moment): string {
    if (moment.type !== "order.repair")
        return events[moment.type] ?? moment.type;
    const action = actions[moment.action ?? ""] ?? "repair";
    const rest = [moment.participant, moment.result === undefined ? undefined : `as ${moment.result}`].filter(Boolean).join(" ");
    return `${action}${rest === "" ? "" : ` ${rest}`} by ${moment.actor ?? "somebody"}`;
}

const reasons: Readonly<Record<string, string>> = {
    out_of_stock: "out of stock",
    payment_declined: "payment declined",
    deadline: "not decided before its deadline",
    late: "a participant agreed too late",
    customer: "by the customer",
    operator: "by an operator",
    unknown_order: "an order that is not known here",
};

export function reasonWords(reason: string | null): string {
    return reason === null ? "" : (reasons[reason] ?? reason);
}
