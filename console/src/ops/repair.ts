// SPDX-License-Identifier: MIT
// What an operator's act will do, in plain words, before it is done. The server decides in the end;
// the table of marks is docs/state-machines.md's, which a test compares it with.
import type { Participant, Saga } from "./types";

export type Action = "retry" | "mark" | "compensate";

/** Results that a payment can be marked with, by the state that it is in. */
export const paymentMarks: Readonly<Record<string, readonly string[]>> = {
    AUTHORIZING: ["authorized", "declined"],
    CAPTURING: ["captured"],
    ABORTING: ["authorized", "declined", "captured", "voided", "refunded"],
    VOIDING: ["captured", "voided", "refunded"],
    RETURNING: ["captured", "voided", "refunded"],
    REFUNDING: ["voided", "refunded"],
    REVERSING: ["captured", "voided", "refunded"],
    RECLAIMING: ["voided", "refunded"],
    ORPHANED: ["authorized", "captured"],
    RECHECKING: ["captured", "voided", "refunded"],
};

const inventoryMarks = ["reserved", "rejected", "committed", "released", "returned"];
const allPaymentMarks = ["authorized", "declined", "captured", "voided", "refunded"];

export function marksOf(participant: Participant): readonly string[] {
    if (participant.participant === "inventory")
        return inventoryMarks;
    return paymentMarks[participant.state ?? ""] ?? allPaymentMarks;
}

const truths: Readonly<Record<string, string>> = {
    reserved: "the pieces are set aside for this order",
    rejected: "there are not enough pieces for this order",
    committed: "the pieces are sold",
    released: "the pieces are free again",
    returned: "the sold pieces are back on the shelf",
    authorized: "the provider holds the money for us",
    declined: "the provider has refused, and holds nothing",
    captured: "the money has been taken",
    voided: "the hold is gone; nothing was taken",
    refunded: "the money was taken and has been given back",
};

/** What a mark claims. */
export function truthOf(result: string): string {
    return truths[result] ?? result;
}

export function parkedOf(saga: Saga): readonly Participant[] {
    return saga.participants.filter((participant) => participant.parked);
}

/** Retried already, and not decided since. */
export function isBeingRetried(participant: Participant): boolean {
    return participant.parked && participant.next_attempt_at !== null;
}

const steps: Readonly<Record<string, string>> = {
    AUTHORIZING: "to hold the money",
    CAPTURING: "to take the money that is held",
    ABORTING: "whether a hold was made, to undo it",
    VOIDING: "to give up the hold",
    RETURNING: "whether the money was taken, to give it back",
    REFUNDING: "to give the money back",
    REVERSING: "to undo a hold that came too late",
    RECLAIMING: "to give back money that came too late",
    ORPHANED: "about a payment whose order is not known",
    RECHECKING: "whether the money was taken, as it would not give up the hold",
};

export function explainRetry(participant: Participant): string {
    if (participant.participant === "inventory")
        return "The events of this order that stock could not take are run again, in their order. If one fails again, the order stays parked.";
    const step = steps[participant.state ?? ""] ?? "again";
    return `The payment provider is asked again ${step}: first whether it knows the earlier call, and only if not, the call is repeated with its old key. Nothing is charged twice. If it gives no answer, the order parks again.`;
}

export function explainMark(participant: Participant, result: string): string {
    const whose = participant.participant === "payment" ? "the provider's books" : "the shelf";
    return `Aurora takes your word that ${truthOf(result)}, asks nobody, and goes on from there. Look into ${whose} first: a false mark is money or stock that does not add up.`;
}

export function explainCompensate(saga: Saga): string {
    const outcome = saga.outcome ?? saga.status;
    if (outcome === "COMPLETED")
        return "The order becomes CANCELLED: its sold pieces return to stock, and the money is given back.";
    if (outcome === "FAILED" || outcome === "CANCELLED")
        return "The order is being undone already: the server will refuse this. Retry or mark what is parked.";
    return "The order becomes FAILED with the reason “operator”: its pieces are free again at once, and a hold on money is given up, or money that was taken given back, as soon as the provider answers.";
}

export function canCompensate(saga: Saga): boolean {
    const outcome = saga.outcome ?? saga.status;
    return outcome !== "FAILED" && outcome !== "CANCELLED";
}
