// SPDX-License-Identifier: MIT
// An order as it goes: its state and history, by its stream of events for as long as there is one. The stream
// ends with the outcome; that stock and money agree with it comes later, and is asked for.
import { useEffect, useState } from "preact/hooks";
import { get, segment } from "../api/client";
import { asProblem, isAbort, Problem } from "../api/problem";
import { backoffMs, follow, pause } from "../api/sse";
import type { Order, Page, Transition } from "../api/types";
import { token } from "../shell/session";

export interface WatchedOrder {
    order: Order | null;
    history: Transition[];
    /** Whether a stream is open. */
    isLive: boolean;
    problem: Problem | null;
    /** After an act of the reader: looks at once. */
    refresh: () => void;
}

const SETTLE_MS_MIN = 500;
const SETTLE_MS_MAX = 10_000;

type Seen = Omit<WatchedOrder, "refresh">;
const NOTHING: Seen = { order: null, history: [], isLive: false, problem: null };

async function load(id: string, signal: AbortSignal): Promise<Pick<Seen, "order" | "history">> {
    const path = `/orders/${segment(id)}`;
    const [order, history] = await Promise.all([
        get<Order>(path, {}, signal),
        get<Page<Transition>>(`${path}/history`, {}, signal),
    ]);
    return { order, history: history.items };
}

/** What a server that is away for a moment says is shown, and asked again: an order goes on meanwhile. */
async function keepWatching(id: string, signal: AbortSignal, put: (change: Partial<Seen>) => void): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
        try {
            return await watch(id, signal, (change) => {
                failures = 0;
                put(change);
            });
        } catch (thrown) {
            if (!(thrown instanceof Problem) || !thrown.isPassing)
                throw thrown;
            put({ problem: thrown });
            await pause(backoffMs(failures, thrown.retryAfterMs, Math.random), signal);
        }
    }
}

async function watch(id: string, signal: AbortSignal, put: (change: Partial<Seen>) => void): Promise<void> {
    const look = async () => {
        const seen = await load(id, signal);
        put(seen);
        return seen.order;
    };
    await look();
    await follow(`/orders/${segment(id)}/events`, {
        signal,
        onEvent: () => void look().catch(() => undefined), // the next event, or the look below, makes up for it
        onLive: (isLive) => put({ isLive }),
    });
    for (let ms = SETTLE_MS_MIN; !signal.aborted; ms = Math.min(ms * 2, SETTLE_MS_MAX)) {
        const order = await look();
        if (order?.settled_at !== null)
            return;
        await pause(ms, signal);
    }
}

export function useOrder(id: string): WatchedOrder {
    const [seen, setSeen] = useState<Seen>(NOTHING);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const control = new AbortController();
        const put = (change: Partial<Seen>) => {
            if (!control.signal.aborted)
                setSeen((before) => ({ ...before, problem: null, ...change }));
        };
        keepWatching(id, control.signal, put).catch((thrown: unknown) => {
            if (!isAbort(thrown))
                put({ problem: asProblem(thrown) });
        });
        return () => control.abort();
    }, [id, turn, token.value]);
    return { ...seen, refresh: () => setTurn((before) => before + 1) };
}
