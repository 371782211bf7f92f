// SPDX-License-Identifier: MIT
// The orders that the reader may see, newest first.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Order, Page } from "../api/types";
import { useLoad } from "../shell/load";
import { href } from "../shell/router";
import { Await, Empty, ProblemView } from "../shell/states";
import { Title } from "../shell/title";
import { money } from "../text/money";
import { moment } from "../text/time";
import { StatusBadge } from "./status";

function load(cursor: string, signal?: AbortSignal): Promise<Page<Order>> {
    return get<Page<Order>>("/orders", { limit: 20, cursor }, signal);
}

function Row({ order }: { order: Order }) {
    const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0);
    return (
        <li class="order-row">
            <a href={href(["shop", "orders", order.id])}>
                <span class="order-when">{moment(order.placed_at)}</span>
                <span class="hint">{pieces} {pieces === 1 ? "piece" : "pieces"} · <code>…{order.id.slice(-8)}</code></span>
            </a>
            <StatusBadge status={order.status} />
            <span class="price">{money(order.total_minor, order.currency)}</span>
        </li>
    );
}

function List({ first }: { first: Page<Order> }) {
    const [more, setMore] = useState<Order[]>([]);
    const [cursor, setCursor] = useState(first.next_cursor);
    const [problem, setProblem] = useState<Problem | null>(null);
    useEffect(() => {
        setMore([]);
        setCursor(first.next_cursor);
    }, [first]);
    const next = () => {
        load(cursor ?? "").then((page) => {
            setMore((before) => [...before, ...page.items]);
            setCursor(page.next_cursor);
            setProblem(null);
        }, (thrown: unknown) => setProblem(asProblem(thrown)));
    };
    return (
        <>
            <ul class="card order-rows">
                {[...first.items, ...more].map((order) => <Row key={order.id} order={order} />)}
            </ul>
            {problem !== null && <ProblemView problem={problem} retry={next} />}
            {cursor !== null && problem === null && (
                <p class="more"><button type="button" class="button" onClick={next}>Show more</button></p>
            )}
        </>
    );
}

export function OrdersView() {
    const orders = useLoad((signal) => load("", signal), []);
    return (
        <>
            <Title text="My orders" />
            <Await of={orders}>
                {(page) => page.items.length === 0
                    ? <Empty title="You have no orders yet"><a class="button" href="#/shop">To the shop</a></Empty>
                    : <List first={page} />}
            </Await>
        </>
    );
}
