// SPDX-License-Identifier: MIT
// The log as it grows.
import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../api/problem";
import { token } from "../shell/session";
import { Empty, ProblemView, Waiting } from "../shell/states";
import { clock, count, plural } from "./format";
import { Needs, OrderLink, Scrolled, SkuLink } from "./parts";
import { server } from "./server";
import { Services } from "./services";
import { emptyTail, follow, grown, type Tail, TAIL_MAX } from "./tail";
import type { LogEvent } from "./types";

const kinds = ["order.", "inventory.", "payment.", "product."];

interface Filter {
    readonly kinds: ReadonlySet<string>;
    readonly text: string;
    readonly hasRepeats: boolean;
}

export function isShown(event: LogEvent, filter: Filter): boolean {
    if (event.resend && !filter.hasRepeats)
        return false;
    if (filter.kinds.size > 0 && ![...filter.kinds].some((kind) => event.type.startsWith(kind)))
        return false;
    const text = filter.text.toLowerCase();
    return text === "" || [event.order_id, event.sku, event.type, event.traceparent].some((word) => word?.toLowerCase().includes(text));
}

export function Events() {
    const [service, setService] = useState("order");
    const [filter, setFilter] = useState<Filter>({ kinds: new Set(), text: "", hasRepeats: false });
    const [isHeld, setHeld] = useState(false);
    const [held, setHeldTail] = useState<Tail>(emptyTail);
    const { tail, problem, isKnown } = useTail(service);
    const shown = (isHeld ? held : tail).events.filter((event) => isShown(event, filter));
    const missed = isHeld ? tail.newest - held.newest : 0;
    const toggle = (kind: string) => {
        const next = new Set(filter.kinds);
        if (!next.delete(kind))
            next.add(kind);
        setFilter({ ...filter, kinds: next });
    };
    return (
        <>
            <Needs scope="admin" />
            <form class="ops-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
                <Services service={service} set={setService} />
                <fieldset class="ops-choice">
                    <legend>Only</legend>
                    {kinds.map((kind) => <label key={kind}><input type="checkbox" checked={filter.kinds.has(kind)} onChange={() => toggle(kind)} /> {kind.slice(0, -1)}</label>)}
                </fieldset>
                <label>Order, SKU or trace <input type="text" value={filter.text} spellcheck={false} onInput={(event) => setFilter({ ...filter, text: event.currentTarget.value.trim() })} /></label>
                <label class="ops-check"><input type="checkbox" checked={filter.hasRepeats} onChange={() => setFilter({ ...filter, hasRepeats: !filter.hasRepeats })} /> with repeats</label>
                <button type="button" class="button" aria-pressed={isHeld} onClick={() => {
                    setHeldTail(tail);
                    setHeld(!isHeld);
                }}>{isHeld ? "Go on" : "Hold"}</button>
            </form>
            <p class="ops-quiet" role="status">
                {isHeld ? `Held; ${plural(missed, "event")} since.` : `Following: ${plural(shown.length, "event")} of the newest ${count(tail.events.length)}.`}
                {tail.skipped > 0 && ` ${plural(tail.skipped, "event")} left out: the log grows faster than anybody reads.`}
            </p>
            {problem !== null && <ProblemView problem={problem} />}
            {!isKnown && problem === null && <Waiting what="Reading the log" />}
            {isKnown && shown.length === 0 && <Empty title="No event is like that yet" />}
            {shown.length > 0 && <Table events={shown} />}
        </>
    );
}

function useTail(service: string): { tail: Tail; problem: Problem | null; isKnown: boolean } {
    const [tail, setTail] = useState<Tail>(emptyTail);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isKnown, setKnown] = useState(false);
    useEffect(() => {
        const control = new AbortController();
        setTail(emptyTail);
        setKnown(false);
        void follow(service, (page, skipped) => {
            setKnown(true);
            if (page.items.length > 0 || skipped > 0)
                setTail((before) => grown(before, page, skipped));
        }, setProblem, control.signal);
        return () => control.abort();
    }, [service, server.value?.name, token.value]);
    return { tail, problem, isKnown };
}

function Table({ events }: { events: readonly LogEvent[] }) {
    const [open, setOpen] = useState<string | null>(null);
    return (
        <Scrolled label="Events" isTall>
            <table class="ops-table ops-tail">
                <caption class="visually-hidden">The newest {TAIL_MAX} events at most, the newest first</caption>
                <thead><tr><th scope="col" class="n">Position</th><th scope="col" class="n">Time (UTC)</th><th scope="col">Type</th><th scope="col">Of</th><th scope="col">Data</th></tr></thead>
                <tbody>
                    {events.map((event) => <Row key={event.id} event={event} isOpen={event.id === open} toggle={() => setOpen(event.id === open ? null : event.id)} />)}
                </tbody>
            </table>
        </Scrolled>
    );
}

function Row({ event, isOpen, toggle }: { event: LogEvent; isOpen: boolean; toggle: () => void }) {
    return (
        <>
            <tr>
                <td class="n">{event.position}</td>
                <td class="n">{clock(event.at)}</td>
                <th scope="row"><span class={`ops-kind ops-kind-${event.type.split(".")[0]}`}>{event.type}</span>{event.resend && <span class="ops-quiet"> again</span>}</th>
                <td>{event.order_id !== null ? <OrderLink id={event.order_id} /> : event.sku !== null ? <SkuLink sku={event.sku} /> : "–"}</td>
                <td><button type="button" class="button small" aria-expanded={isOpen} onClick={toggle}>JSON<span class="visually-hidden"> of event {event.position}</span></button></td>
            </tr>
            {isOpen && <tr class="ops-row-data"><td colSpan={5}><pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre></td></tr>}
        </>
    );
}
