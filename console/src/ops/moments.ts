// SPDX-License-Identifier: MIT
// What happened to an order, as one list: its history, with the exact times that the log has.
import type { LogEvent, Order, Saga, Transition } from "./types";

export type Lane = "order" | "inventory" | "payment";

export const lanes: readonly Lane[] = ["order", "inventory", "payment"];

export interface Moment {
    readonly ms: number;
    readonly lane: Lane;
    readonly type: string; // an event's name
    readonly status?: string; // of the order, in its lane
    readonly actor?: string;
    readonly note?: string;
    /** Of a repair: "retry", "mark", "compensate"; "" where only the history is known. */
    readonly action?: string;
    readonly participant?: string;
    readonly result?: string;
}

export interface Story {
    readonly order: Pick<Order, "status" | "created_at" | "settled_at">;
    readonly history: readonly Transition[];
    readonly events?: readonly LogEvent[]; // of the log, where they may be read
    readonly saga?: Saga;
}

/** Where two things have the same millisecond, what caused the other comes first. */
const sequence = [
    "order.created",
    "order.repair",
    "inventory.reserved",
    "inventory.rejected",
    "order.reserved",
    "payment.authorized",
    "payment.declined",
    "order.completed",
    "order.failed",
    "order.cancelled",
    "inventory.parked",
    "payment.parked",
    "order.parked",
    "inventory.committed",
    "inventory.released",
    "inventory.returned",
    "payment.captured",
    "payment.voided",
    "payment.refunded",
    "order.resumed",
    "order.settled",
];

/** How much later the order may hear of what a participant says. */
const NEAR_MS = 1000;
/** How much later a service may hear of a repair. */
const ANSWER_MS = 5000;

export function laneOf(type: string): Lane {
    if (type.startsWith("inventory."))
        return "inventory";
    return type.startsWith("payment.") ? "payment" : "order";
}

export function momentsOf(story: Story): Moment[] {
    const moments = ordersMoments(story);
    const repairs = moments.filter((moment) => moment.type === "order.repair").map((moment) => moment.ms);
    const logged = participantsFromLog(story.events ?? [], repairs);
    /* The log says when it happened, the history when the order heard of it. */
    moments.push(...participantsFromHistory(story.history).filter((moment) => !logged.some((one) => isSame(one, moment))));
    moments.push(...logged);
    moments.push(...parkedAgain(story.saga, moments));
    const rank = (type: string) => sequence.indexOf(type);
    return moments.sort((a, b) => a.ms - b.ms || rank(a.type) - rank(b.type));
}

/** A participant that parks again after a retry changes nothing of the order, so that its history
 * does not have it. */
function parkedAgain(saga: Saga | undefined, moments: readonly Moment[]): Moment[] {
    const repairs = moments.filter((moment) => moment.type === "order.repair").map((moment) => moment.ms);
    return (saga?.participants ?? [])
        .filter((one) => one.parked && one.parked_at !== null && one.next_attempt_at === null)
        .map((one) => ({ type: `${one.participant}.parked`, ms: Date.parse(one.parked_at!) }))
        .map(({ type, ms }) => ({ ms, lane: laneOf(type), type }))
        .filter((moment) => repairs.length > 0 && moment.ms > Math.max(...repairs) && !moments.some((known) => isSame(known, moment)));
}

/** Parking happens again and again, anything else once in an order's life. */
function isSame(one: Moment, other: Moment): boolean {
    return one.type === other.type && (!one.type.endsWith(".parked") || Math.abs(one.ms - other.ms) < NEAR_MS);
}

/** A participant that stays parked after a repair, as by a mark that does not fit, says so in a repeat. */
function isAnswer(event: LogEvent, repairs: readonly number[]): boolean {
    const ms = Date.parse(event.at);
    return event.type.endsWith(".parked") && repairs.some((repair) => ms >= repair && ms - repair < ANSWER_MS);
}

function participantsFromLog(events: readonly LogEvent[], repairs: readonly number[]): Moment[] {
    const moments: Moment[] = [];
    for (const event of events) {
        const moment = { ms: Date.parse(event.at), lane: laneOf(event.type), type: event.type };
        if ((!event.resend || isAnswer(event, repairs)) && moment.lane !== "order" && !moments.some((known) => isSame(known, moment)))
            moments.push(moment);
    }
    return moments;
}

function participantsFromHistory(history: readonly Transition[]): Moment[] {
    return history
        .filter((step) => step.event !== null && laneOf(step.event) !== "order")
        .map((step) => ({ ms: Date.parse(step.at), lane: laneOf(step.event!), type: step.event! }));
}

function ordersMoments(story: Story): Moment[] {
    const moments: Moment[] = [];
    let before: Transition | undefined;
    for (const step of story.history) {
        const ms = Date.parse(step.at);
        if (step.event === "order.repair" || isRepair(step, before))
            moments.push(repairOf(step, before, story.events));
        const type = typeOf(step, before);
        if (type !== undefined)
            moments.push({ ms, lane: "order", type, status: step.status, ...whoOf(step) });
        if (step.settled_at !== null && (before?.settled_at ?? null) === null)
            moments.push({ ms: Date.parse(step.settled_at), lane: "order", type: "order.settled", status: step.status });
        before = step;
    }
    return moments;
}

function isRepair(step: Transition, before: Transition | undefined): boolean {
    return step.actor !== null && step.reason === "operator" && before?.outcome !== step.outcome && step.event === null && step.outcome === "FAILED";
}

/** What an entry of the history is for the order itself; undefined where only a participant moved. */
function typeOf(step: Transition, before: Transition | undefined): string | undefined {
    if (before === undefined)
        return "order.created";
    if (step.outcome !== before.outcome && step.outcome !== null)
        return `order.${step.outcome.toLowerCase()}`;
    if (step.status === before.status)
        return undefined;
    if (step.status === "PARKED")
        return "order.parked";
    return before.status === "PARKED" ? "order.resumed" : `order.${step.status.toLowerCase()}`;
}

function whoOf(step: Transition): { actor?: string; note?: string } {
    return { ...(step.actor === null ? {} : { actor: step.actor }), ...(step.note === null ? {} : { note: step.note }) };
}

/** The log says which repair it was; the history leaves it to be seen from what changed. */
function repairOf(step: Transition, before: Transition | undefined, events: readonly LogEvent[] = []): Moment {
    const moment = { ms: Date.parse(step.at), lane: "order", type: "order.repair", ...whoOf(step) } as const;
    const event = events.find((one) => one.type === "order.repair" && one.at === step.at);
    const data = (event?.data ?? {}) as { action?: string; participant?: string | null; result?: string | null };
    if (data.action !== undefined)
        return {
            ...moment,
            action: data.action,
            ...(data.participant ? { participant: data.participant } : {}),
            ...(data.result ? { result: data.result } : {}),
        };
    return { ...moment, action: before !== undefined && before.outcome !== step.outcome ? "compensate" : "" };
}
