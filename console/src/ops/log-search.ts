// SPDX-License-Identifier: MIT
// An order's events out of the log. The log has no index by order, but its positions rise with time,
// and the history says when something happened: each such moment is looked for by bisection.
import type { LogEvent, LogPage } from "./types";

/** Reads events behind a position. */
export type ReadLog = (after: number, limit: number) => Promise<LogPage>;

const PAGE = 200;
const PAGES_MAX = 5; // behind each moment
const BEFORE_MS = 5;
const AFTER_MS = 1000; // until a moment's consequences have been written
const STEPS_MAX = 64;

/** The highest position known to lie before `ms`, as good as it gets in `STEPS_MAX` looks. */
export async function positionBefore(read: ReadLog, ms: number, bounds: { oldest: number; newest: number }): Promise<number> {
    let low = Math.max(0, bounds.oldest - 1); // everything up to here lies before
    let high = bounds.newest; // what comes behind this does not
    for (let step = 0; step < STEPS_MAX && high - low > PAGE / 2; step++) {
        const middle = Math.floor((low + high) / 2);
        const event = (await read(middle, 1)).items[0];
        if (event === undefined || Date.parse(event.at) >= ms)
            high = middle;
        else
            low = event.position > middle && event.position < high ? event.position : middle;
    }
    return low;
}

/** Moments that are so near to each other that one look finds both. */
export function windowsOf(moments: readonly number[]): { from: number; to: number }[] {
    const windows: { from: number; to: number }[] = [];
    for (const moment of [...moments].sort((a, b) => a - b)) {
        const last = windows[windows.length - 1];
        if (last !== undefined && moment - BEFORE_MS <= last.to)
            last.to = moment + AFTER_MS;
        else
            windows.push({ from: moment - BEFORE_MS, to: moment + AFTER_MS });
    }
    return windows;
}

export interface Found {
    readonly events: readonly LogEvent[];
    /** Moments that retention has passed, or that had too many events beside this order's. */
    readonly isWhole: boolean;
}

export async function eventsOfOrder(read: ReadLog, orderId: string, moments: readonly number[]): Promise<Found> {
    const head = await read(0, 1);
    const events = new Map<number, LogEvent>();
    const first = head.items[0];
    let isWhole = true;
    for (const window of windowsOf(moments)) {
        if (first !== undefined && Date.parse(first.at) > window.to) {
            isWhole = false;
            continue;
        }
        isWhole = (await readWindow(read, orderId, window, head, events)) && isWhole;
    }
    return { events: [...events.values()].sort((a, b) => a.position - b.position), isWhole };
}

async function readWindow(
    read: ReadLog,
    orderId: string,
    window: { from: number; to: number },
    bounds: { oldest: number; newest: number },
    events: Map<number, LogEvent>,
): Promise<boolean> {
    let after = await positionBefore(read, window.from, bounds);
    for (let page = 0; page < PAGES_MAX; page++) {
        const { items, position, newest } = await read(after, PAGE);
        for (const event of items) {
            if (event.order_id === orderId && Date.parse(event.at) <= window.to)
                events.set(event.position, event);
        }
        const last = items[items.length - 1];
        if (last === undefined || position >= newest || Date.parse(last.at) > window.to)
            return true;
        after = position;
    }
    return false;
}
