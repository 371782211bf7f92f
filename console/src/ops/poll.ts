// SPDX-License-Identifier: MIT
// A load that is repeated while somebody looks: not in a hidden tab, not while it is paused, never
// twice at once, and more rarely while it fails. The last value stays in sight.
import { signal } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asProblem, isAbort, type Problem } from "../api/problem";
import type { Loaded } from "../shell/load";
import { token } from "../shell/session";

/** By the reader, for all that is polled. */
export const isPaused = signal(false);

const BACK_OFF_MAX_MS = 15_000;

export interface Polled<T> extends Loaded<T> {
    /** Of the value, by this machine's clock; 0 = there is none. */
    readonly at: number;
}

/** The next pause after `failures` failures in a row. */
export function pauseAfter(everyMs: number, failures: number, retryAfterMs = 0): number {
    const slower = Math.min(everyMs * 2 ** Math.min(failures, 10), Math.max(everyMs, BACK_OFF_MAX_MS));
    return Math.max(slower, Math.min(retryAfterMs, 60_000));
}

/** Calls `load` now and then until it is stopped. `told` hears of each end. */
export class Poller<T> {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private control: AbortController | undefined;
    private failures = 0;
    private isStopped = false;

    constructor(
        private readonly load: (signal: AbortSignal) => Promise<T>,
        private readonly everyMs: number,
        private readonly told: (value: T | undefined, problem: Problem | null) => void,
    ) {}

    /** At once, beside its rhythm: the reader has done something. */
    now(): void {
        this.control?.abort();
        this.control = undefined;
        clearTimeout(this.timer);
        void this.turn();
    }

    stop(): void {
        this.isStopped = true;
        this.control?.abort();
        clearTimeout(this.timer);
    }

    private async turn(): Promise<void> {
        const control = (this.control = new AbortController());
        let retryAfterMs = 0;
        try {
            const value = await this.load(control.signal);
            if (control.signal.aborted)
                return;
            this.failures = 0;
            this.told(value, null);
        } catch (thrown) {
            if (control.signal.aborted || isAbort(thrown))
                return;
            const problem = asProblem(thrown);
            this.failures++;
            retryAfterMs = problem.retryAfterMs;
            this.told(undefined, problem);
        }
        this.control = undefined;
        this.later(pauseAfter(this.everyMs, this.failures, retryAfterMs));
    }

    private later(ms: number): void {
        if (!this.isStopped)
            this.timer = setTimeout(() => (isResting() ? this.later(this.everyMs) : void this.turn()), ms);
    }
}

export function isResting(): boolean {
    return isPaused.value || (typeof document !== "undefined" && document.hidden);
}

/** Polls at once when a tab is looked at again. */
export function onReturn(then: () => void): () => void {
    const listener = () => {
        if (!document.hidden && !isPaused.value)
            then();
    };
    document.addEventListener("visibilitychange", listener);
    return () => document.removeEventListener("visibilitychange", listener);
}

interface State<T> {
    value: T | null;
    problem: Problem | null;
    isLoading: boolean;
    at: number;
}

const nothing = { value: null, problem: null, isLoading: true, at: 0 };

/** A value for as long as a view is shown. It is begun again when an input changes, and what was
 * there before stays in sight until then. */
export function usePoll<T>(load: (signal: AbortSignal) => Promise<T>, everyMs: number, inputs: readonly unknown[]): Polled<T> {
    const [state, setState] = useState<State<T>>(nothing);
    const latest = useRef(load);
    const poller = useRef<Poller<T> | null>(null);
    latest.current = load;
    useEffect(() => {
        setState((before) => ({ ...before, isLoading: true }));
        const own = new Poller<T>((abort) => latest.current(abort), everyMs, (value, problem) =>
            setState((before) =>
                value === undefined ? { ...before, problem, isLoading: false } : { value, problem: null, isLoading: false, at: Date.now() }));
        poller.current = own;
        own.now();
        const forget = onReturn(() => own.now());
        return () => {
            forget();
            own.stop();
        };
    }, [...inputs, everyMs, token.value]);
    const reload = useCallback(() => poller.current?.now(), []);
    return { ...state, reload };
}
