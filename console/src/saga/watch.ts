// SPDX-License-Identifier: MIT
// An order as it goes: its state and history, by its stream of events for as long as there is one. The stream
// ends with the outcome; that stock and money agree with it comes later, and is asked for.
import { useEffect, useState } from "preact/hooks";
import { get, segment } from "../api/client";
import { asProblem, isAbort, type Problem } from "../api/problem";
import { follow } from "../api/sse";
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

function pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
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
        await pause(ms);
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
        watch(id, control.signal, put).catch((thrown: unknown) => {
            if (!isAbort(thrown))
                put({ problem: asProblem(thrown) });
        });
        return () => control.abort();
    }, [id, turn, token.value]);
    return { ...seen, refresh: () => setTurn((before) => before + 1) };
}
