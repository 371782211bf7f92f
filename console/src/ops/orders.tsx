// SPDX-License-Identifier: MIT
// Orders by what is known of them. The filter is the place, so that it can be sent to somebody.
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { go, href, place as placeNow, replace } from "../shell/router";
import { Empty } from "../shell/states";
import { money } from "../text/money";
import { span } from "../text/time";
import { dayAndClock } from "./format";
import { Badge, Live, OrderLink, Pager, place, Scrolled, usePages } from "./parts";
import { usePoll } from "./poll";
import { may } from "../shell/session";
import type { Order, Page } from "./types";
import { reasonWords } from "./words";

const statuses = ["PENDING", "RESERVED", "COMPLETED", "FAILED", "CANCELLED", "PARKED"];
const fields = ["status", "customer", "reference", "from", "to"] as const;
type Filter = Record<(typeof fields)[number], string>;

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a field of date and time gives is of no zone; here all times are UTC. */
export function asTime(local: string): string {
    return local === "" ? "" : `${local.length === 16 ? `${local}:00` : local}Z`;
}

export function Orders() {
    const query = placeNow.value.query;
    const filter = Object.fromEntries(fields.map((name) => [name, query.get(name) ?? ""])) as Filter;
    const pages = usePages();
    const orders = usePoll(
        (abort) => get<Page<Order>>("/orders", { ...filter, from: asTime(filter.from), to: asTime(filter.to), limit: 25, cursor: pages.cursor }, abort),
        3000, [query.toString(), pages.cursor]);
    const set = (change: Partial<Filter>) => {
        pages.reset();
        replace(href(["operations", "orders"], { ...filter, ...change }));
    };
    return (
        <>
            <FindById />
            <Filters key={query.toString() === "" ? "none" : "some"} filter={filter} set={set} />
            {!may("orders:admin") && <p class="ops-note">Your token has no scope orders:admin: only your own orders are listed.</p>}
            <Live of={orders} what="Reading orders">
                {(page) => page.items.length === 0
                    ? <Empty title="No order is like that">{query.toString() !== "" && <a href={place("orders")}>Show all</a>}</Empty>
                    : <OrderTable orders={page.items} />}
            </Live>
            <Pager pages={pages} next={orders.value?.next_cursor ?? null} label="Pages of orders" />
        </>
    );
}

function FindById() {
    const [text, setText] = useState("");
    const [isWrong, setWrong] = useState(false);
    const submit = (event: Event) => {
        event.preventDefault();
        const id = text.trim();
        setWrong(!idPattern.test(id));
        if (idPattern.test(id))
            go(place("orders", id));
    };
    return (
        <form class="ops-find" onSubmit={submit}>
            <label>Order id <input type="text" value={text} placeholder="01a22536-0496-7283-938f-e002780e2120" spellcheck={false} autocomplete="off"
                aria-invalid={isWrong} aria-describedby={isWrong ? "ops-find-wrong" : undefined}
                onInput={(event) => setText(event.currentTarget.value)} /></label>
            <button type="submit" class="button">Open</button>
            {isWrong && <p id="ops-find-wrong" class="ops-wrong" role="alert">An order id is a UUID: five groups of hex digits.</p>}
        </form>
    );
}

function Filters({ filter, set }: { filter: Filter; set: (change: Partial<Filter>) => void }) {
    const [draft, setDraft] = useState(filter);
    const apply = (event: Event) => {
        event.preventDefault();
        set(draft);
    };
    const change = (name: keyof Filter) => (event: { currentTarget: HTMLInputElement }) =>
        setDraft({ ...draft, [name]: event.currentTarget.value });
    const words = (name: keyof Filter, label: string) => (
        <label>{label} <input type="text" value={draft[name]} autocomplete="off" onInput={change(name)} /></label>
    );
    const time = (name: keyof Filter, label: string) => (
        <label>{label} <input type="datetime-local" step="1" value={draft[name]} onInput={change(name)} /></label>
    );
    return (
        <form class="ops-filters" onSubmit={apply} aria-label="Filter">
            <label>Status{" "}
                <select value={filter.status} onChange={(event) => {
                    setDraft({ ...draft, status: event.currentTarget.value });
                    set({ status: event.currentTarget.value });
                }}>
                    <option value="">any</option>
                    {statuses.map((status) => <option key={status}>{status}</option>)}
                </select>
            </label>
            {words("customer", "Customer")}
            {words("reference", "Reference")}
            {time("from", "From (UTC)")}
            {time("to", "To (UTC)")}
            <button type="submit" class="button">Filter</button>
            <button type="button" class="button" onClick={() => set({ status: "", customer: "", reference: "", from: "", to: "" })}>Clear</button>
        </form>
    );
}

function OrderTable({ orders }: { orders: readonly Order[] }) {
    return (
        <Scrolled label="Orders">
            <table class="ops-table">
                <caption class="visually-hidden">Orders, the newest first</caption>
                <thead>
                    <tr>
                        <th scope="col">Order</th><th scope="col">Status</th><th scope="col">Why</th><th scope="col">Customer</th>
                        <th scope="col">Reference</th><th scope="col" class="n">Total</th><th scope="col" class="n">Placed (UTC)</th><th scope="col" class="n">Settled in</th>
                    </tr>
                </thead>
                <tbody>
                    {orders.map((order) => (
                        <tr key={order.id}>
                            <th scope="row"><OrderLink id={order.id} /></th>
                            <td><Badge state={order.status} /></td>
                            <td>{order.reason === null ? "–" : reasonWords(order.reason)}</td>
                            <td>{order.customer_id ?? "–"}</td>
                            <td>{order.reference ?? "–"}</td>
                            <td class="n">{money(order.total_minor, order.currency)}</td>
                            <td class="n">{dayAndClock(order.created_at)}</td>
                            <td class="n">{settledIn(order)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scrolled>
    );
}

function settledIn(order: Order): string {
    if (order.settled_at === null)
        return "not yet";
    const ms = Date.parse(order.settled_at) - Date.parse(order.created_at);
    return ms === 0 ? "<1 ms" : span(ms);
}
