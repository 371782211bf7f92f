// SPDX-License-Identifier: MIT
// One order: what became of it and why, its saga as a picture, and what may be done for it.
import { useEffect, useState } from "preact/hooks";
import { get, segment } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { money } from "../text/money";
import { age, clock, dayAndClock } from "./format";
import { eventsOfOrder, type Found } from "./log-search";
import { Badge, Live, Scrolled, SkuLink, useNow } from "./parts";
import { SagaPicture } from "./picture";
import { usePoll } from "./poll";
import { RepairButtons } from "./repair-buttons";
import { mayAdministrate, ofService, server } from "./server";
import { Steps } from "./steps";
import { layout, type Scale } from "./timeline";
import { completed, isApart, toldOf } from "./told";
import type { LogEvent, LogPage, Order, Page, Participant, Saga, Transition } from "./types";
import { reasonWords } from "./words";

interface Whole {
    readonly order: Order;
    readonly history: readonly Transition[];
    readonly saga?: Saga;
}

async function read(id: string, abort: AbortSignal): Promise<Whole> {
    const saga = mayAdministrate.value ? get<Saga>(`/admin/sagas/${segment(id)}`, {}, abort).catch(() => undefined) : undefined;
    const [order, history] = await Promise.all([
        get<Order>(`/orders/${segment(id)}`, {}, abort),
        get<Page<Transition>>(`/orders/${segment(id)}/history`, {}, abort),
    ]);
    const known = await saga;
    return { order, history: history.items, ...(known && { saga: known }) };
}

export function OrderView({ id }: { id: string }) {
    const whole = usePoll((abort) => read(id, abort), 1500, [id]);
    const logged = useLogged(id, whole.value);
    return (
        <Live of={whole} what="Reading the order">
            {(value) => (
                <>
                    <Facts value={value} />
                    {value.saga !== undefined && (isApart(value.saga) ? <Apart value={value} saga={value.saga} logged={logged.found} reload={whole.reload} />
                        : <Participants saga={value.saga} reload={whole.reload} />)}
                    <Story value={value} logged={logged.found} />
                    <Lines order={value.order} />
                    <Events {...logged} />
                    <Raw value={value} />
                </>
            )}
        </Live>
    );
}

/* --- the log ------------------------------------------------------------------------------------ */

interface Logged {
    readonly found: Found | null;
    readonly problem: Problem | null;
}

const logs = ["order", "inventory", "payment"] as const;

/** Looked for again with each new version: the history says where to look. */
function useLogged(id: string, value: Whole | null): Logged {
    const [state, setState] = useState<Logged>({ found: null, problem: null });
    const key = value === null ? "" : `${value.order.version} ${value.history.length}`;
    useEffect(() => {
        if (value === null || !mayAdministrate.value)
            return undefined;
        const control = new AbortController();
        const moments = value.history.flatMap((step) => [step.at, step.settled_at]).filter((at) => at !== null).map((at) => Date.parse(at));
        const asked = server.value?.isGateway === true ? logs : [""];
        const search = (name: string) =>
            eventsOfOrder((after, limit) => get<LogPage>("/admin/events", ofService(name, { after, limit }), control.signal), id, moments);
        Promise.all(asked.map(search)).then(
            (all) => setState({ found: joined(all), problem: null }),
            (thrown: unknown) => {
                if (!control.signal.aborted)
                    setState((before) => ({ ...before, problem: asProblem(thrown) }));
            });
        return () => control.abort();
    }, [id, key]);
    return state;
}

function joined(all: readonly Found[]): Found {
    const events = all.flatMap((one) => one.events).sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.position - b.position);
    return { events, isWhole: all.every((one) => one.isWhole) };
}

/* --- parts ------------------------------------------------------------------------------------- */

function Facts({ value: { order } }: { value: Whole }) {
    const facts: [string, preact.ComponentChildren][] = [
        ["Customer", order.customer_id ?? "–"],
        ["Total", money(order.total_minor, order.currency)],
        ["Reference", order.reference ?? "–"],
        ["Contact", order.contact ?? "–"],
        ["Placed", `${dayAndClock(order.placed_at)} UTC`],
        ["Settled", order.settled_at === null ? "not yet" : `${dayAndClock(order.settled_at)} UTC`],
        ["Version", String(order.version)],
    ];
    return (
        <section class="card">
            <p class="ops-verdict">
                <Badge state={order.status} />
                {order.status === "PARKED" && <> waits for an operator; {order.outcome === null ? "nothing is decided" : <>decided: <Badge state={order.outcome} /></>}</>}
                {order.reason !== null && <> {reasonWords(order.reason)}{order.decline_code ? ` (${order.decline_code})` : ""}</>}
            </p>
            <dl class="ops-facts">
                {facts.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}
            </dl>
        </section>
    );
}

function Ahead({ saga }: { saga: Saga }) {
    if (saga.resend_at === null)
        return null;
    return (
        <p class="ops-quiet">
            {saga.deadline_at !== null && saga.outcome === null && <>Deadline {clock(saga.deadline_at, false)} UTC. </>}
            The newest event is repeated at {clock(saga.resend_at, false)} UTC.
        </p>
    );
}

/** Stock and payment as services of their own: what they told is known, and what they keep to themselves is not. */
function Apart({ value, saga, logged, reload }: { value: Whole; saga: Saga; logged: Found | null; reload: () => void }) {
    const now = useNow();
    const told = toldOf(saga, value.history, logged?.events ?? []);
    return (
        <section class="card">
            <div class="ops-head"><h2>Participants</h2><RepairButtons saga={completed(saga, told)} done={reload} /></div>
            <Scrolled label="Participants">
                <table class="ops-table">
                    <caption class="visually-hidden">What stock and payment told of this order</caption>
                    <thead><tr><th scope="col">Participant</th><th scope="col">State</th><th scope="col">Parked</th><th scope="col">Told last</th><th scope="col" class="n">Time (UTC)</th></tr></thead>
                    <tbody>
                        {told.map((one) => (
                            <tr key={one.participant}>
                                <th scope="row">{one.participant}</th>
                                <td><code>{one.state ?? "–"}</code></td>
                                <td>{one.parked ? <><Badge state="PARKED">parked</Badge> {since(one, now)}</> : "no"}</td>
                                <td>{one.event ?? "nothing yet"}</td>
                                <td class="n">{one.at === null ? "–" : clock(one.at)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scrolled>
            <p class="ops-quiet">
                They are services of their own here: this is read from what they told. Attempts and reasons are in the log of the payment service.
            </p>
            <Ahead saga={saga} />
        </section>
    );
}

function Participants({ saga, reload }: { saga: Saga; reload: () => void }) {
    const now = useNow();
    return (
        <section class="card">
            <div class="ops-head"><h2>Participants</h2><RepairButtons saga={saga} done={reload} /></div>
            {saga.participants.length === 0 && <p class="ops-quiet">Neither stock nor payment knows of it yet.</p>}
            {saga.participants.length > 0 && <Scrolled label="Participants">
                <table class="ops-table">
                    <caption class="visually-hidden">What stock and payment know of this order</caption>
                    <thead>
                        <tr>
                            <th scope="col">Participant</th><th scope="col">State</th><th scope="col">Parked</th><th scope="col" class="n">Attempts</th>
                            <th scope="col" class="n">Next attempt</th><th scope="col">Task</th><th scope="col">Provider</th>
                        </tr>
                    </thead>
                    <tbody>
                        {saga.participants.map((one) => (
                            <tr key={one.participant}>
                                <th scope="row">{one.participant}</th>
                                <td><code>{one.state ?? "–"}</code></td>
                                <td>{one.parked ? <><Badge state="PARKED">{one.parked_reason ?? "parked"}</Badge> {since(one, now)}</> : "no"}</td>
                                <td class="n">{one.attempts}</td>
                                <td class="n">{one.next_attempt_at === null ? "–" : clock(one.next_attempt_at)}</td>
                                <td>{one.task_id === null ? "–" : <code>{one.task_id}</code>}</td>
                                <td>{one.provider_reference ?? "–"}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scrolled>}
            <Ahead saga={saga} />
        </section>
    );
}

function since(one: Participant, now: number): string {
    return one.parked_at === null ? "" : `for ${age((now - Date.parse(one.parked_at)) / 1000)}`;
}

function Story({ value, logged }: { value: Whole; logged: Found | null }) {
    const [scale, setScale] = useState<Scale>("steps");
    const now = useNow();
    const timeline = layout({ ...value, events: logged?.events ?? [] }, now, scale);
    return (
        <section class="card">
            <div class="ops-head">
                <h2>Saga</h2>
                <fieldset class="ops-choice">
                    <legend class="visually-hidden">Scale of the axis</legend>
                    <label><input type="radio" name="scale" checked={scale === "steps"} onChange={() => setScale("steps")} /> room for each step</label>
                    <label><input type="radio" name="scale" checked={scale === "time"} onChange={() => setScale("time")} /> to scale</label>
                </fieldset>
            </div>
            <SagaPicture timeline={timeline} describedBy="ops-steps" />
            <ul class="ops-keys" aria-label="What the picture's colours mean">
                {[["waiting", "waits"], ["held", "set aside"], ["good", "done"], ["bad", "refused"], ["undone", "undone"], ["parked", "parked"]].map(([tone, word]) => (
                    <li key={tone}><span class={`ops-key ops-tone-${tone}`} aria-hidden="true" />{word}</li>
                ))}
                <li><span class="ops-key-arrow" aria-hidden="true" />compensation</li>
            </ul>
            <Steps timeline={timeline} id="ops-steps" />
        </section>
    );
}

function Lines({ order }: { order: Order }) {
    return (
        <section class="card">
            <h2>Lines</h2>
            <Scrolled label="Lines">
                <table class="ops-table">
                    <caption class="visually-hidden">Lines and charges of the order</caption>
                    <thead><tr><th scope="col">SKU</th><th scope="col" class="n">Quantity</th><th scope="col" class="n">Price</th><th scope="col" class="n">Amount</th></tr></thead>
                    <tbody>
                        {order.lines.map((line, i) => (
                            <tr key={i}>
                                <th scope="row"><SkuLink sku={line.sku} /></th>
                                <td class="n">{line.quantity.toLocaleString("en-US")}</td>
                                <td class="n">{money(line.unit_price_minor, order.currency)}</td>
                                <td class="n">{money(line.unit_price_minor * line.quantity, order.currency)}</td>
                            </tr>
                        ))}
                        {order.charges.map((charge, i) => (
                            <tr key={`charge ${i}`}>
                                <th scope="row">{charge.label || charge.kind}</th><td /><td />
                                <td class="n">{money(charge.amount_minor, order.currency)}</td>
                            </tr>
                        ))}
                    </tbody>
                    <tfoot><tr><th scope="row">Total</th><td /><td /><td class="n">{money(order.total_minor, order.currency)}</td></tr></tfoot>
                </table>
            </Scrolled>
        </section>
    );
}

function Events({ found, problem }: Logged) {
    const [hasRepeats, setRepeats] = useState(false);
    if (!mayAdministrate.value)
        return <section class="card"><h2>Events</h2><p class="ops-quiet">The log is read with the scope admin.</p></section>;
    const shown = (found?.events ?? []).filter((event) => hasRepeats || !event.resend);
    return (
        <section class="card">
            <div class="ops-head">
                <h2>Events</h2>
                <label class="ops-check"><input type="checkbox" checked={hasRepeats} onChange={() => setRepeats(!hasRepeats)} /> with repeats</label>
            </div>
            {problem !== null && <p class="ops-note">The log could not be read: {problem.title}.</p>}
            {found === null && problem === null && <p class="ops-quiet" role="status">Looking for them in the log…</p>}
            {found !== null && <EventTable events={shown} />}
            {found !== null && !found.isWhole && (
                <p class="ops-note">Some may be missing: retention has passed them, or too much else happened at the same time. <code>auroractl events tail</code> reads all of the log.</p>
            )}
        </section>
    );
}

function EventTable({ events }: { events: readonly LogEvent[] }) {
    return (
        <Scrolled label="Events">
            <table class="ops-table">
                <caption class="visually-hidden">Events of this order in the log</caption>
                <thead><tr><th scope="col" class="n">Position</th><th scope="col" class="n">Time (UTC)</th><th scope="col">Type</th><th scope="col">Trace</th></tr></thead>
                <tbody>
                    {events.map((event) => (
                        <tr key={event.id}>
                            <td class="n">{event.position}</td>
                            <td class="n">{clock(event.at)}</td>
                            <th scope="row">{event.type}{event.resend ? " (again)" : ""}</th>
                            <td><code class="ops-trace">{event.traceparent?.split("-")[1] ?? "–"}</code></td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scrolled>
    );
}

function Raw({ value }: { value: Whole }) {
    return (
        <details class="card ops-raw">
            <summary>JSON</summary>
            <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
        </details>
    );
}
