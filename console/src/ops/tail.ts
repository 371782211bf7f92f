// SPDX-License-Identifier: MIT
// The end of the log as it grows: long polls, and the newest events in a list that never grows.
import { get } from "../api/client";
import { asProblem, isAbort, type Problem } from "../api/problem";
import { isResting } from "./poll";
import { ofService } from "./server";
import type { LogEvent, LogPage } from "./types";

export const TAIL_MAX = 500;
const PAGE = 200;
const BEHIND_MAX = 2000; // beyond which a reader of screens need not catch up
const WAIT_S = 20;
const REST_MS = 1000;

export interface Tail {
    readonly events: readonly LogEvent[]; // newest first
    readonly skipped: number;
    readonly newest: number;
}

export const emptyTail: Tail = { events: [], skipped: 0, newest: 0 };

/** With a page that came; the oldest beyond `TAIL_MAX` go. */
export function grown(tail: Tail, page: LogPage, skipped: number): Tail {
    return {
        events: [...[...page.items].reverse(), ...tail.events].slice(0, TAIL_MAX),
        skipped: tail.skipped + skipped,
        newest: Math.max(page.newest, tail.newest),
    };
}

/** Where to read on: a reader that is far behind goes to the end. */
export function nextAfter(position: number, newest: number): { after: number; skipped: number } {
    const behind = newest - position;
    return behind > BEHIND_MAX ? { after: newest - PAGE, skipped: behind - PAGE } : { after: position, skipped: 0 };
}

/** Follows the log until `abort`. */
export async function follow(service: string, told: (page: LogPage, skipped: number) => void, failed: (problem: Problem | null) => void, abort: AbortSignal): Promise<void> {
    const read = (after: number, limit: number, wait: number) => get<LogPage>("/admin/events", ofService(service, { after, limit, wait }), abort);
    let position = -1;
    while (!abort.aborted) {
        try {
            if (isResting()) {
                await rest(REST_MS, abort);
                continue;
            }
            if (position < 0)
                position = Math.max(0, (await read(0, 1, 0)).newest - PAGE / 2);
            const page = await read(position, PAGE, WAIT_S);
            failed(null);
            const { after, skipped } = nextAfter(page.position, page.newest);
            position = after;
            told(page, skipped);
            await rest(page.items.length < PAGE ? 250 : 0, abort);
        } catch (thrown) {
            if (isAbort(thrown) || abort.aborted)
                return;
            const problem = asProblem(thrown);
            position = problem.status === 410 ? -1 : position; // retention was faster
            failed(problem);
            await rest(Math.max(REST_MS * 3, problem.retryAfterMs), abort);
        }
    }
}

function rest(ms: number, abort: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        abort.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
        }, { once: true });
    });
}
