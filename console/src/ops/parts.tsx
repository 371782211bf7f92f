// SPDX-License-Identifier: MIT
// Small parts that the operations views share.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { href } from "../shell/router";
import { ProblemView, Waiting } from "../shell/states";
import { clock, shortId } from "./format";
import { isPaused, type Polled } from "./poll";
import { whyNot } from "./server";

export function place(...path: string[]): string {
    return href(["operations", ...path.filter((word) => word !== "")]);
}

export function OrderLink({ id }: { id: string }) {
    return (
        <a class="ops-id" href={place("orders", id)} title={id} aria-label={`Order ${id}`}>{shortId(id)}</a>
    );
}

export function SkuLink({ sku }: { sku: string }) {
    return <a href={place("stock", sku)}>{sku}</a>;
}

const tones: Readonly<Record<string, string>> = {
    PENDING: "waiting", RESERVED: "held", COMPLETED: "good", FAILED: "bad", CANCELLED: "undone", PARKED: "parked",
    CLOSED: "good", OPEN: "bad", HALF_OPEN: "parked", ok: "good", ready: "good", degraded: "parked", failed: "bad", unavailable: "bad",
};

/** A state: its word, and a colour that says the same. */
export function Badge({ state, children }: { state: string; children?: ComponentChildren }) {
    return <span class={`ops-badge ops-tone-${tones[state] ?? "undone"}`}>{children ?? state}</span>;
}

/** A polled value, as old as it is: what was there stays while the server does not answer. */
export function Live<T>({ of, what, children }: { of: Polled<T>; what?: string; children: (value: T) => ComponentChildren }) {
    const { problem, value } = of;
    if (problem !== null && (value === null || problem.status === 401 || problem.status === 403 || problem.status === 404))
        return <ProblemView problem={problem} retry={of.reload} />;
    if (value === null)
        return <Waiting {...(what === undefined ? {} : { what })} />;
    return (
        <>
            {problem !== null && (
                <p class="ops-stale" role="status">
                    As of {clock(new Date(of.at).toISOString(), false)} UTC: since then {problem.title.toLowerCase()}
                    {problem.code === "" ? "" : ` (${problem.code})`}. Trying again.
                </p>
            )}
            {children(value)}
        </>
    );
}

/** Why what is below cannot be used, where it cannot. */
export function Needs({ scope }: { scope: string }) {
    const why = whyNot(scope);
    return why === undefined ? null : <p class="ops-note">{why} The server would refuse it.</p>;
}

/** "3 s ago", which goes on while nothing else changes. */
export function useNow(everyMs = 1000): number {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => {
            if (!document.hidden && !isPaused.value)
                setNow(Date.now());
        }, everyMs);
        return () => clearInterval(timer);
    }, [everyMs]);
    return now;
}

/** Cursors of the pages before this one; the first has none. */
export function usePages(): { cursor: string; isFirst: boolean; next: (cursor: string) => void; back: () => void; reset: () => void } {
    const [trail, setTrail] = useState<string[]>([]);
    return {
        cursor: trail[trail.length - 1] ?? "",
        isFirst: trail.length === 0,
        next: (cursor) => setTrail([...trail, cursor]),
        back: () => setTrail(trail.slice(0, -1)),
        reset: () => setTrail([]),
    };
}

export function Pager({ pages, next, label }: { pages: ReturnType<typeof usePages>; next: string | null; label: string }) {
    if (pages.isFirst && next === null)
        return null;
    return (
        <nav class="ops-pager" aria-label={label}>
            <button type="button" class="button small" disabled={pages.isFirst} onClick={pages.back}>Back</button>
            <button type="button" class="button small" disabled={next === null} onClick={() => next !== null && pages.next(next)}>
                Next
            </button>
        </nav>
    );
}

/** Wide tables scroll by themselves, also by keyboard, and leave the page as wide as the screen. */
export function Scrolled({ label, isTall = false, children }: { label: string; isTall?: boolean; children: ComponentChildren }) {
    return <div class={isTall ? "ops-scroll ops-scroll-tall" : "ops-scroll"} role="region" aria-label={label} tabIndex={0}>{children}</div>;
}
