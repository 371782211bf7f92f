// SPDX-License-Identifier: MIT
// The page of an order: its saga as it goes, what it is of, and the way out of it.
import { useState } from "preact/hooks";
import { post, segment } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Order, Product, Transition } from "../api/types";
import { SagaPicture } from "../saga/picture";
import { reasonWords } from "../saga/steps";
import { useOrder, type WatchedOrder } from "../saga/watch";
import { useLoad } from "../shell/load";
import { go, href, place } from "../shell/router";
import { Empty, ProblemView, Waiting } from "../shell/states";
import { Title } from "../shell/title";
import { say } from "../shell/toasts";
import { money } from "../text/money";
import { moment } from "../text/time";
import { uuid } from "./attempt";
import { productHref } from "./cards";
import { put } from "./cart";
import { findProducts } from "./products";
import { StatusBadge } from "./status";

function Lines({ order }: { order: Order }) {
    const skus = [...new Set(order.lines.map((line) => line.sku))];
    const names = useLoad(async (signal) => {
        const found = await findProducts(skus, signal);
        return new Map(found.filter((one): one is Product => one !== null).map((one) => [one.sku, one.name]));
    }, [skus.join("\n")]);
    return (
        <ul class="summary-lines">
            {order.lines.map((line, index) => (
                <li key={index}>
                    <span>{line.quantity} × <a href={productHref(line.sku)}>{names.value?.get(line.sku) ?? line.sku}</a></span>
                    <span class="number">{money(line.unit_price_minor * line.quantity, order.currency)}</span>
                </li>
            ))}
            {order.charges.map((charge, index) => (
                <li key={`charge-${index}`}>
                    <span>{charge.label || charge.kind}</span>
                    <span class="number">{money(charge.amount_minor, order.currency)}</span>
                </li>
            ))}
        </ul>
    );
}

function History({ history }: { history: readonly Transition[] }) {
    return (
        <details class="history">
            <summary>History, {history.length} steps</summary>
            <ol>
                {history.map((step) => (
                    <li key={step.version}>
                        <span class="number quiet">{moment(step.at)}</span>
                        <StatusBadge status={step.status} />
                        <code>{step.event ?? (step.version === 1 ? "order placed" : "command")}</code>
                        {step.reason !== null && <span>{reasonWords(step.reason)}</span>}
                        {step.actor !== null && <span>by {step.actor}</span>}
                        {step.note !== null && step.note !== "" && <q>{step.note}</q>}
                    </li>
                ))}
            </ol>
        </details>
    );
}

/** What came to nothing can be tried with another card: the same goods, as many as were asked for. */
function BuyAgain({ order }: { order: Order }) {
    const again = () => {
        const wanted = new Map<string, number>();
        for (const line of order.lines)
            wanted.set(line.sku, (wanted.get(line.sku) ?? 0) + line.quantity);
        wanted.forEach((quantity, sku) => put(sku, quantity));
        go("#/shop/checkout");
    };
    return <button type="button" class="button primary" onClick={again}>Order it again</button>;
}

/** Asked twice: a completed order is returned and refunded in full. */
function Cancel({ order, done }: { order: Order; done: () => void }) {
    const [isAsking, setAsking] = useState(false);
    const [key] = useState(uuid);
    const [isBusy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const cancel = async () => {
        setBusy(true);
        try {
            await post<Order>(`/orders/${segment(order.id)}/cancel`, {}, { "Idempotency-Key": key });
            say("The order is cancelled");
            setAsking(false);
            setProblem(null);
            done();
        } catch (thrown) {
            setProblem(asProblem(thrown));
        }
        setBusy(false);
    };
    if (order.status === "FAILED" || order.status === "CANCELLED" || order.status === "PARKED")
        return null;
    const isSold = order.status === "COMPLETED";
    return (
        <div class="cancel">
            {!isAsking && (
                <button type="button" class="button danger" onClick={() => setAsking(true)}>
                    {isSold ? "Return the order" : "Cancel the order"}
                </button>
            )}
            {isAsking && (
                <div role="group" aria-label="Cancel the order">
                    <p>{isSold ? "All of it goes back, and is refunded in full." : "What is reserved goes back to the shelf."}</p>
                    <button type="button" class="button danger" disabled={isBusy} onClick={() => void cancel()}>Yes, cancel it</button>
                    <button type="button" class="button quiet" onClick={() => setAsking(false)}>Keep it</button>
                </div>
            )}
            {problem !== null && <ProblemView problem={problem} />}
        </div>
    );
}

function Details({ watched, order }: { watched: WatchedOrder; order: Order }) {
    const isNew = place.value.query.get("new") === "1";
    const isLost = order.status === "FAILED" || order.status === "CANCELLED";
    return (
        <>
            <div class="order-head">
                <Title text={isNew && !isLost ? "Thank you" : "Order"} />
                <StatusBadge status={order.status} />
                {watched.isLive && <span class="badge badge-live">Live</span>}
            </div>
            <p class="quiet">Order <code>{order.id}</code>, placed {moment(order.placed_at)}</p>
            <section class="card" aria-label="What happens to it">
                <SagaPicture history={watched.history} isNew={isNew} />
                {order.decline_code != null && <p class="hint">The bank's code: <code>{order.decline_code}</code></p>}
                <History history={watched.history} />
                <p class="behind"><a href={href(["operations", "orders", order.id])}>Look behind the counter: this order in Operations</a></p>
            </section>
            <section class="card order-sum" aria-label="What it is of">
                <Lines order={order} />
                <p class="summary-total"><span>Total</span><strong>{money(order.total_minor, order.currency)}</strong></p>
                {order.contact !== null && <p class="hint">News of it goes to {order.contact}.</p>}
                {isLost && <BuyAgain order={order} />}
                <Cancel order={order} done={watched.refresh} />
            </section>
            {watched.problem !== null && <ProblemView problem={watched.problem} retry={watched.refresh} />}
        </>
    );
}

export function OrderView({ id }: { id: string }) {
    const watched = useOrder(id);
    if (watched.order !== null)
        return <Details watched={watched} order={watched.order} />;
    if (watched.problem?.status === 404)
        return <><Title text="Order" /><Empty title="There is no such order"><a class="button" href="#/shop/orders">My orders</a></Empty></>;
    if (watched.problem !== null)
        return <><Title text="Order" /><ProblemView problem={watched.problem} retry={watched.refresh} /></>;
    return <Waiting />;
}
