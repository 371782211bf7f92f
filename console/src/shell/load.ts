// SPDX-License-Identifier: MIT
// What a view waits for: one load at a time, an older one is given up, the last value stays in sight.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asProblem, isAbort, type Problem } from "../api/problem";
import { token } from "./session";

export interface Loaded<T> {
    /** Of the last load that worked with these inputs, or those before. */
    value: T | null;
    problem: Problem | null;
    isLoading: boolean;
    reload: () => void;
}

/** Runs `load` whenever an input or the session changes. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
    const [state, setState] = useState<{ value: T | null; problem: Problem | null; isLoading: boolean }>(
        { value: null, problem: null, isLoading: true });
    const [turn, setTurn] = useState(0);
    const latest = useRef(load);
    latest.current = load;
    useEffect(() => {
        const control = new AbortController();
        setState((before) => ({ ...before, isLoading: true }));
        latest.current(control.signal).then(
            (value) => {
                if (!control.signal.aborted)
                    setState({ value, problem: null, isLoading: false });
            },
            (thrown: unknown) => {
                if (!control.signal.aborted && !isAbort(thrown))
                    setState((before) => ({ ...before, problem: asProblem(thrown), isLoading: false }));
            });
        return () => control.abort();
    }, [...inputs, turn, token.value]);
    const reload = useCallback(() => setTurn((before) => before + 1), []);
    return { ...state, reload };
}
