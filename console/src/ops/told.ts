// SPDX-License-Identifier: MIT
// Where stock and payment are services of their own, the order service knows of them what they told it. Their
// events and the order's history give the step that each is at, which is all that a mark has to fit.
import { server } from "./server";
import type { LogEvent, Participant, Saga, Transition } from "./types";

export interface Told extends Participant {
    /** The newest event of it; null = it has said nothing yet. */
    readonly event: string | null;
    readonly at: string | null;
}

interface Fact {
    readonly event: string;
    readonly at: string;
}

class Story {
    private readonly facts: readonly Fact[];
    private readonly last: Transition | undefined;
    readonly wasCompleted: boolean;

    constructor(history: readonly Transition[], events: readonly LogEvent[]) {
        const steps = history.flatMap((step) => (step.event === null ? [] : [{ event: step.event, at: step.at }]));
        const logged = events.filter((event) => !event.resend).map((event) => ({ event: event.type, at: event.at }));
        this.facts = [...steps, ...logged].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
        this.last = history[history.length - 1];
        this.wasCompleted = history.some((step) => step.outcome === "COMPLETED");
    }

    has(event: string): boolean {
        return this.facts.some((fact) => fact.event === event);
    }

    newest(prefix: string): Fact | undefined {
        return this.facts.filter((fact) => fact.event.startsWith(prefix)).pop();
    }

    get isSettled(): boolean {
        return this.last?.settled_at != null;
    }

    /** Whether what was done is to be undone. */
    get isEnded(): boolean {
        return this.last?.outcome === "FAILED" || this.last?.outcome === "CANCELLED";
    }
}

function stockOf(story: Story): string | null {
    for (const [event, state] of [["returned", "RETURNED"], ["released", "RELEASED"], ["rejected", "REJECTED"]] as const) {
        if (story.has(`inventory.${event}`))
            return state;
    }
    const isSold = story.has("inventory.committed") || (story.wasCompleted && story.isSettled);
    if (story.isEnded && story.isSettled)
        return isSold ? "RETURNED" : story.has("inventory.reserved") ? "RELEASED" : null;
    return isSold ? "COMMITTED" : story.has("inventory.reserved") || story.wasCompleted ? "RESERVED" : null;
}

function paymentOf(story: Story): string | null {
    for (const [event, state] of [["refunded", "REFUNDED"], ["voided", "VOIDED"], ["declined", "DECLINED"]] as const) {
        if (story.has(`payment.${event}`))
            return state;
    }
    if (story.isSettled)
        return !story.isEnded ? "CAPTURED" : story.has("payment.captured") ? "REFUNDED" : null;
    if (story.has("payment.captured"))
        return story.isEnded ? "REFUNDING" : "CAPTURED";
    if (story.wasCompleted)
        return story.isEnded ? "RETURNING" : "CAPTURING";
    if (story.has("payment.authorized"))
        return story.isEnded ? "VOIDING" : "AUTHORIZED";
    if (!story.has("inventory.reserved") && story.newest("payment.") === undefined)
        return null;
    return story.isEnded ? "ABORTING" : "AUTHORIZING";
}

/** Stock and payment of an order, by the order's history and what of the logs is there. */
export function toldOf(saga: Saga, history: readonly Transition[], events: readonly LogEvent[]): Told[] {
    const story = new Story(history, events);
    return (["inventory", "payment"] as const).map((name) => {
        const known = saga.participants.find((one) => one.participant === name);
        const newest = story.newest(`${name}.`);
        const parked = known?.parked === true;
        return {
            participant: name, attempts: 0, task_id: null, provider_reference: null, first_attempt_at: null, next_attempt_at: null,
            ...known,
            parked, parked_reason: known?.parked_reason ?? null,
            state: known?.state ?? (name === "payment" ? paymentOf(story) : stockOf(story)),
            parked_at: known?.parked_at ?? (parked ? story.newest(`${name}.parked`)?.at ?? null : null),
            event: newest?.event ?? null, at: newest?.at ?? null,
        };
    });
}

/** Whether the order service is asked, and has neither stock nor payments. */
export function isApart(saga: Saga): boolean {
    return server.value?.isGateway === true && saga.participants.every((one) => one.state === null);
}

/** The same saga with what can be known of those that say nothing of themselves. */
export function completed(saga: Saga, told: readonly Told[]): Saga {
    return { ...saga, participants: told.filter((one) => one.state !== null || one.parked) };
}
