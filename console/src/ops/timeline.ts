// SPDX-License-Identifier: MIT
// Where the parts of a saga's picture stand: x from 0 to 1 along time, a row for each lane. No
// drawing here, so that every case can be tested.
import { type Lane, lanes, type Moment, momentsOf, type Story } from "./moments";

export type Tone = "waiting" | "held" | "good" | "bad" | "undone" | "parked";

export interface Segment {
    readonly lane: Lane;
    readonly state: string;
    readonly tone: Tone;
    readonly x0: number;
    readonly x1: number;
    readonly seconds: number;
    readonly isOpen: boolean; // goes on
}

export interface Dot {
    readonly lane: Lane;
    readonly x: number;
    readonly moment: Moment;
}

export interface Arrow {
    readonly from: Dot;
    readonly to: Dot;
    readonly isCompensation: boolean;
}

export interface Tick {
    readonly x: number;
    readonly ms: number;
}

export interface Span {
    readonly x0: number;
    readonly x1: number;
    readonly seconds: number;
}

export interface Timeline {
    readonly moments: readonly Moment[];
    readonly segments: readonly Segment[];
    readonly dots: readonly Dot[];
    readonly arrows: readonly Arrow[];
    readonly ticks: readonly Tick[];
    readonly spans: readonly Span[]; // between neighbouring ticks
    readonly startMs: number;
    readonly endMs: number;
    readonly isOpen: boolean;
}

export type Scale = "steps" | "time";

export function layout(story: Story, nowMs: number, scale: Scale = "steps"): Timeline {
    const moments = momentsOf(story);
    const startMs = moments[0]?.ms ?? Date.parse(story.order.created_at);
    const isOpen = story.order.settled_at === null;
    const lastMs = moments[moments.length - 1]?.ms ?? startMs;
    const endMs = isOpen ? Math.max(nowMs, lastMs) : lastMs;
    const xs = (scale === "steps" ? stepXs : timeXs)(moments, startMs, endMs, isOpen);
    const dots = moments.map((moment, i) => ({ lane: moment.lane, x: xs[i]!, moment }));
    const end = { x: 1, ms: endMs };
    const ticks = ticksOf(dots, isOpen ? end : undefined);
    return {
        moments,
        segments: lanes.flatMap((lane) => segmentsOf(lane, dots, end, isOpen)),
        dots,
        arrows: arrowsOf(dots),
        ticks,
        spans: spansOf(ticks),
        startMs,
        endMs,
        isOpen,
    };
}

/* --- the axis ---------------------------------------------------------------------------------- */

/** Behind the last step of a settled order, where its ends stand; in steps. */
const TAIL = 1.5;

/** Room for each step, more of it the longer it took, so that milliseconds and hours are both seen. */
function stepXs(moments: readonly Moment[], startMs: number, endMs: number, isOpen: boolean): number[] {
    let sum = 0;
    let before = startMs;
    const places = moments.map(({ ms }, i) => {
        if (i > 0)
            sum += stepOf(ms - before);
        before = ms;
        return sum;
    });
    const length = sum + (isOpen ? stepOf(endMs - before) : TAIL);
    return places.map((place) => place / length);
}

function stepOf(ms: number): number {
    return 1 + 0.45 * Math.log10(1 + Math.max(0, ms));
}

function timeXs(moments: readonly Moment[], startMs: number, endMs: number, isOpen: boolean): number[] {
    const length = (endMs - startMs) * (isOpen ? 1 : 1 / 0.85);
    return moments.map((moment) => (length === 0 ? 0 : (moment.ms - startMs) / length));
}

function ticksOf(dots: readonly Dot[], end: Tick | undefined): Tick[] {
    const ticks: Tick[] = [];
    for (const { x, moment } of dots) {
        if (ticks[ticks.length - 1]?.x !== x)
            ticks.push({ x, ms: moment.ms });
    }
    return end === undefined || end.x === ticks[ticks.length - 1]?.x ? ticks : [...ticks, end];
}

function spansOf(ticks: readonly Tick[]): Span[] {
    return ticks.slice(1).map((tick, i) => ({
        x0: ticks[i]!.x,
        x1: tick.x,
        seconds: (tick.ms - ticks[i]!.ms) / 1000,
    }));
}

/* --- lanes ------------------------------------------------------------------------------------- */

interface State {
    readonly state: string;
    readonly tone: Tone;
}

type Next = (now: State | undefined, moment: Moment) => State | undefined;

const orderTones: Readonly<Record<string, Tone>> = {
    PENDING: "waiting",
    RESERVED: "held",
    COMPLETED: "good",
    FAILED: "bad",
    CANCELLED: "undone",
    PARKED: "parked",
};

const done: Readonly<Record<string, State>> = {
    "inventory.reserved": { state: "RESERVED", tone: "held" },
    "inventory.rejected": { state: "REJECTED", tone: "bad" },
    "inventory.committed": { state: "COMMITTED", tone: "good" },
    "inventory.released": { state: "RELEASED", tone: "undone" },
    "inventory.returned": { state: "RETURNED", tone: "undone" },
    "inventory.parked": { state: "PARKED", tone: "parked" },
    "payment.authorized": { state: "AUTHORIZED", tone: "held" },
    "payment.declined": { state: "DECLINED", tone: "bad" },
    "payment.captured": { state: "CAPTURED", tone: "good" },
    "payment.voided": { state: "VOIDED", tone: "undone" },
    "payment.refunded": { state: "REFUNDED", tone: "undone" },
    "payment.parked": { state: "PARKED", tone: "parked" },
};

const waiting = (state: string): State => ({ state, tone: "waiting" });

function nextOfOrder(now: State | undefined, moment: Moment): State | undefined {
    if (moment.lane !== "order" || moment.status === undefined)
        return now;
    return { state: moment.status, tone: orderTones[moment.status] ?? "waiting" };
}

function nextOfInventory(now: State | undefined, moment: Moment): State | undefined {
    if (moment.lane === "inventory")
        return done[moment.type] ?? now;
    if (moment.type === "order.created")
        return waiting("reserving");
    if (moment.type === "order.completed")
        return waiting("committing");
    if (isRetry(moment, "inventory", now))
        return waiting("trying again");
    if (!isUndoing(moment) || now?.tone === "parked")
        return now;
    return waiting(now?.state === "COMMITTED" || now?.state === "committing" ? "returning" : "releasing");
}

function nextOfPayment(now: State | undefined, moment: Moment): State | undefined {
    if (moment.type === "payment.voided" && wasNeverCharged(now))
        return { state: "UNCHARGED", tone: "undone" };
    if (moment.lane === "payment")
        return done[moment.type] ?? now;
    if (moment.type === "inventory.reserved" && now === undefined)
        return waiting("authorizing");
    if (moment.type === "order.completed")
        return waiting("capturing");
    if (isRetry(moment, "payment", now))
        return waiting("trying again");
    if (!isUndoing(moment) || now === undefined || now.tone === "parked" || now.tone === "bad")
        return now;
    return waiting(now.state === "CAPTURED" || now.state === "capturing" ? "refunding" : "voiding");
}

/** payment.voided is also what ends a payment that never was. */
function wasNeverCharged(now: State | undefined): boolean {
    return now === undefined || now.state === "DECLINED";
}

function isRetry(moment: Moment, lane: Lane, now: State | undefined): boolean {
    return moment.type === "order.repair" && now?.tone === "parked" && (moment.participant ?? lane) === lane;
}

function isUndoing(moment: Moment): boolean {
    return moment.type === "order.failed" || moment.type === "order.cancelled";
}

const nexts: Readonly<Record<Lane, Next>> = {
    order: nextOfOrder,
    inventory: nextOfInventory,
    payment: nextOfPayment,
};

interface End {
    readonly x: number;
    readonly ms: number;
}

function segmentsOf(lane: Lane, dots: readonly Dot[], end: End, isOpen: boolean): Segment[] {
    const segments: Segment[] = [];
    let now: State | undefined;
    let from: Dot | undefined;
    const close = (x: number, ms: number, goesOn: boolean) => {
        if (now === undefined || from === undefined)
            return;
        segments.push({ lane, ...now, x0: from.x, x1: x, seconds: (ms - from.moment.ms) / 1000, isOpen: goesOn });
    };
    for (const dot of dots) {
        const next = nexts[lane](now, dot.moment);
        if (next === now || (next?.state === now?.state && next?.tone === now?.tone))
            continue;
        close(dot.x, dot.moment.ms, false);
        now = next;
        from = dot;
    }
    close(end.x, end.ms, isOpen);
    return segments;
}

/* --- what led to what -------------------------------------------------------------------------- */

const causes: Readonly<Record<string, readonly string[]>> = {
    "inventory.reserved": ["order.created"],
    "inventory.rejected": ["order.created"],
    "payment.authorized": ["inventory.reserved", "order.repair"],
    "payment.declined": ["inventory.reserved", "order.repair"],
    "order.reserved": ["inventory.reserved"],
    "order.completed": ["payment.authorized"],
    "order.failed": ["payment.declined", "inventory.rejected"],
    "order.parked": ["payment.parked", "inventory.parked"],
    "inventory.committed": ["order.completed"],
    "payment.captured": ["order.completed"],
    "inventory.released": ["order.failed", "order.cancelled"],
    "inventory.returned": ["order.failed", "order.cancelled"],
    "payment.voided": ["order.failed", "order.cancelled"],
    "payment.refunded": ["order.failed", "order.cancelled"],
};

const compensations = new Set(["inventory.released", "inventory.returned", "payment.voided", "payment.refunded"]);

function arrowsOf(dots: readonly Dot[]): Arrow[] {
    const arrows: Arrow[] = [];
    dots.forEach((to, i) => {
        const wanted = causes[to.moment.type];
        if (wanted === undefined)
            return;
        const from = dots.slice(0, i).reverse().find((dot) => wanted.includes(dot.moment.type));
        if (from === undefined || from.lane === to.lane)
            return;
        arrows.push({ from, to, isCompensation: compensations.has(to.moment.type) });
    });
    return arrows;
}
