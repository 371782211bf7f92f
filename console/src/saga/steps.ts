// SPDX-License-Identifier: MIT
// What an order's history says of its saga, as steps: forward to the outcome, and back where that failed.
// Pure: docs/state-machines.md has the rules that this reads backwards.
import type { Outcome, Transition } from "../api/types";

export type StepState =
    | "done"
    | "active" /* under way */
    | "waiting"
    | "failed" /* here the order failed */
    | "stopped" /* here it was cancelled, or its time was over */
    | "parked" /* an operator has to look */
    | "skipped"; /* it will never come to this */

export type StepName = "placed" | "stock" | "payment" | "completed" | "settled";

export interface Step {
    name: StepName;
    title: string;
    state: StepState;
    /** When it was reached; null = not yet, or it is not known. */
    at: string | null;
    note: string;
}

export interface Saga {
    forward: Step[];
    /** In the order in which a picture goes back; empty = nothing is to be undone. */
    undo: Step[];
    /** Where the way turns: an index of `forward`; -1 = it does not. */
    turn: number;
    outcome: Outcome;
    /** One sentence. */
    words: string;
}

const REASONS: Record<string, string> = {
    out_of_stock: "not enough in stock",
    payment_declined: "the payment was declined",
    deadline: "its time was over",
    late: "an answer came too late",
    customer: "the customer cancelled",
    operator: "an operator cancelled",
    unknown_order: "the order is not known",
};

export function reasonWords(reason: string | null): string {
    return reason === null ? "" : REASONS[reason] ?? reason;
}

/** What the steps are made from: the history in an order in which it can be asked. */
class Facts {
    readonly last: Transition | undefined;
    /** The transition that brought a failure or a cancel. */
    readonly end: Transition | undefined;

    constructor(readonly history: readonly Transition[]) {
        this.last = history[history.length - 1];
        this.end = history.find((step) => step.outcome === "FAILED" || step.outcome === "CANCELLED");
    }

    find(...events: string[]): Transition | undefined {
        return this.history.find((step) => step.event !== null && events.includes(step.event));
    }

    first(outcome: Outcome): Transition | undefined {
        return this.history.find((step) => step.outcome === outcome);
    }

    /** Whether the participant's newest word is that it is parked. */
    isParked(participant: "inventory" | "payment"): boolean {
        if (this.last?.status !== "PARKED")
            return false;
        const words = this.history.filter((step) => step.event?.startsWith(participant + "."));
        return words[words.length - 1]?.event === `${participant}.parked`;
    }

    get reserved(): Transition | undefined {
        return this.find("inventory.reserved") ?? this.history.find((step) => step.status === "RESERVED") ??
            this.completed;
    }

    get completed(): Transition | undefined {
        return this.first("COMPLETED");
    }

    get authorized(): Transition | undefined {
        return this.find("payment.authorized") ?? this.completed;
    }

    /** The order's last word, where it is settled. */
    get settled(): Transition | undefined {
        return this.last?.settled_at != null ? this.last : undefined;
    }
}

function step(name: StepName, title: string, state: StepState, at?: Transition, note = ""): Step {
    return { name, title, state, at: at?.at ?? null, note };
}

/** Where the way turns back: the step that refused, or the first that was not reached. */
function turnOf(facts: Facts): number {
    if (facts.end === undefined)
        return -1;
    if (facts.completed !== undefined)
        return 3;
    if (facts.end.event === "inventory.rejected" || facts.reserved === undefined)
        return 1;
    return 2;
}

const NAMES: StepName[] = ["placed", "stock", "payment", "completed", "settled"];
const TITLES = ["Placed", "Stock reserved", "Payment", "Completed", "Settled"];

function forwardOf(facts: Facts, turn: number): Step[] {
    const settledThen = facts.history.find((one) => one.outcome === "COMPLETED" && one.settled_at !== null);
    const reached = [facts.history[0], facts.reserved, facts.authorized, facts.completed, settledThen];
    const firstOpen = reached.findIndex((one) => one === undefined);
    const isParked = facts.isParked("inventory") || facts.isParked("payment");
    return NAMES.map((name, index) => {
        const title = TITLES[index] ?? name;
        const at = reached[index];
        if (index === turn && turn < 3) {
            const state = facts.end?.outcome === "FAILED" ? "failed" : "stopped";
            return step(name, title, state, facts.end, reasonWords(facts.end?.reason ?? null));
        }
        if (at !== undefined)
            return step(name, title, "done", at);
        if (turn >= 0)
            return step(name, title, "skipped");
        return step(name, title, index !== firstOpen ? "waiting" : isParked ? "parked" : "active");
    });
}

function undoState(facts: Facts, participant: "inventory" | "payment", answer: Transition | undefined): StepState {
    if (facts.isParked(participant))
        return "parked";
    return answer !== undefined || facts.settled !== undefined ? "done" : "active";
}

function undoOf(facts: Facts, turn: number): Step[] {
    if (facts.end === undefined)
        return [];
    const steps: Step[] = [];
    const isSold = facts.completed !== undefined;
    if (turn === 3)
        steps.push(step("completed", "Cancelled", "stopped", facts.end, reasonWords(facts.end.reason)));
    // What was declined took nothing; a payment that was cut short may have.
    if (turn >= 2 && facts.end.event !== "payment.declined") {
        const answer = facts.find("payment.voided", "payment.refunded");
        steps.push(step("payment", isSold ? "Payment refunded" : "Payment voided",
            undoState(facts, "payment", answer), answer ?? facts.settled));
    }
    if (facts.reserved !== undefined) {
        const answer = facts.find("inventory.released", "inventory.returned");
        steps.push(step("stock", isSold ? "Stock returned" : "Stock released",
            undoState(facts, "inventory", answer), answer ?? facts.settled));
    }
    const isSettled = facts.settled !== undefined;
    steps.push(step("settled", "Settled", isSettled ? "done" : "waiting", facts.settled,
        isSettled && facts.reserved === undefined ? "nothing was held or charged" : ""));
    return steps;
}

function wordsOf(facts: Facts): string {
    const outcome = facts.last?.outcome ?? null;
    const why = reasonWords(facts.end?.reason ?? null);
    if (facts.isParked("inventory") || facts.isParked("payment"))
        return `The order waits for an operator: its ${facts.isParked("payment") ? "payment" : "stock"} is parked.`;
    if (outcome === "COMPLETED")
        return facts.settled !== undefined ? "The order is complete and settled." : "The order is complete, and being settled.";
    if (facts.end !== undefined) {
        const what = outcome === "FAILED" ? "failed" : "is cancelled";
        return `The order ${what}: ${why}. ` + (facts.settled !== undefined
            ? "What it held was given back." : "What it holds is being given back.");
    }
    return facts.reserved !== undefined ? "The stock is reserved, the payment is under way." : "The stock is being reserved.";
}

export function sagaOf(history: readonly Transition[]): Saga {
    const facts = new Facts(history);
    const turn = turnOf(facts);
    return {
        forward: forwardOf(facts, turn),
        undo: undoOf(facts, turn),
        turn,
        outcome: facts.last?.outcome ?? null,
        words: wordsOf(facts),
    };
}
