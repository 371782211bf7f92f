// SPDX-License-Identifier: MIT
// One SKU: its counters, who holds some of it, and movements.
import { useRef, useState } from "preact/hooks";
import { call, get, segment } from "../api/client";
import { asProblem, Problem } from "../api/problem";
import { Empty } from "../shell/states";
import { say } from "../shell/toasts";
import { Refusal } from "./dialog";
import { count, dayAndClock } from "./format";
import { Live, Needs, OrderLink, Pager, Scrolled, usePages } from "./parts";
import { usePoll } from "./poll";
import { whyNot } from "./server";
import { StockBar, stockParts } from "./stock-bar";
import type { Page, Reservation, Stock } from "./types";

const nothing = (sku: string): Stock => ({ sku, available: 0, reserved: 0, sold: 0, received: 0, written_off: 0, version: 0 });

/** A SKU that never had a movement has no row, and may have its first here. */
async function read(sku: string, abort: AbortSignal): Promise<Stock> {
    return get<Stock>(`/inventory/${segment(sku)}`, {}, abort).catch((thrown: unknown) => {
        if (thrown instanceof Problem && thrown.status === 404)
            return nothing(sku);
        throw thrown;
    });
}

export function StockItem({ sku }: { sku: string }) {
    const stock = usePoll((abort) => read(sku, abort), 2000, [sku]);
    return (
        <>
            <Needs scope="inventory:read" />
            <Live of={stock} what="Reading stock">
                {(value) => <Counters stock={value} />}
            </Live>
            <div class="ops-columns">
                <Movement key={`receive ${sku}`} sku={sku} kind="receipts" done={stock.reload} />
                <Movement key={`adjust ${sku}`} sku={sku} kind="adjustments" done={stock.reload} />
            </div>
            <Reservations sku={sku} />
        </>
    );
}

function Counters({ stock }: { stock: Stock }) {
    return (
        <section class="card">
            {stock.version === 0 && <p class="ops-note">This SKU never had a movement.</p>}
            <StockBar stock={stock} />
            <dl class="ops-counters">
                {stockParts.map((part) => (
                    <div key={part.name}><dt><span class={`ops-key ops-stock-key-${part.name}`} aria-hidden="true" />{part.title}</dt><dd>{count(part.of(stock))}</dd></div>
                ))}
                <div><dt>received in all</dt><dd>{count(stock.received)}</dd></div>
            </dl>
        </section>
    );
}

/* --- movements ---------------------------------------------------------------------------------- */

type Kind = "receipts" | "adjustments";

/** A key for each thing that is meant to happen: kept over repeats of it, drawn anew for the next. */
function useKey(): { of: (meant: string) => string; used: () => void } {
    const key = useRef({ meant: "", key: "" });
    return {
        of: (meant) => {
            if (key.current.meant !== meant)
                key.current = { meant, key: `console-${newKey()}` };
            return key.current.key;
        },
        used: () => {
            key.current = { meant: "", key: "" };
        },
    };
}

/** randomUUID is of secure contexts alone; a console over plain HTTP has a key as good. */
function newKey(): string {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function Movement({ sku, kind, done }: { sku: string; kind: Kind; done: () => void }) {
    const [quantity, setQuantity] = useState("");
    const [reason, setReason] = useState("");
    const [isBusy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const key = useKey();
    const why = whyNot("inventory:write");
    const isReceipt = kind === "receipts";
    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        const body = { quantity: Number(quantity), ...(reason.trim() !== "" && { reason: reason.trim() }) };
        try {
            const headers = { "Idempotency-Key": key.of(JSON.stringify(body)) };
            const { value } = await call<Stock>("POST", `/inventory/${segment(sku)}/${kind}`, { body, headers });
            key.used();
            say(`${isReceipt ? "Received" : "Adjusted"}: ${count(value.available)} available now.`);
            setQuantity("");
            setReason("");
            done();
        } catch (thrown) {
            setProblem(asProblem(thrown));
        }
        setBusy(false);
    };
    return (
        <section class="card" aria-labelledby={`ops-${kind}`}>
            <h2 id={`ops-${kind}`}>{isReceipt ? "Receive" : "Adjust"}</h2>
            <p class="ops-quiet">{isReceipt ? "Pieces that have come in." : "Above 0 what was found, below 0 what is gone; it is written off."}</p>
            <form class="ops-form" onSubmit={(event) => void submit(event)}>
                <label class="ops-field">Quantity
                    <input type="number" required step={1} min={isReceipt ? 1 : -1e9} max={1e9} value={quantity} onInput={(event) => setQuantity(event.currentTarget.value)} />
                </label>
                <label class="ops-field">Reason{isReceipt ? ", if there is one" : ""}
                    <input type="text" required={!isReceipt} maxLength={255} value={reason} onInput={(event) => setReason(event.currentTarget.value)} autocomplete="off" />
                </label>
                {problem !== null && <Refusal problem={problem} />}
                {why !== undefined && <p class="ops-note">{why}</p>}
                <button type="submit" class="button primary" disabled={isBusy || why !== undefined}>
                    {isBusy ? "Asking…" : problem?.isPassing === true ? "Try again" : isReceipt ? "Receive" : "Adjust"}
                </button>
            </form>
        </section>
    );
}

/* --- reservations ------------------------------------------------------------------------------- */

function Reservations({ sku }: { sku: string }) {
    const pages = usePages();
    const held = usePoll(
        (abort) => get<Page<Reservation>>(`/inventory/${segment(sku)}/reservations`, { limit: 25, cursor: pages.cursor }, abort), 3000, [sku, pages.cursor]);
    return (
        <section class="card">
            <h2>Who holds some of it</h2>
            <Live of={held} what="Reading reservations">
                {(page) => page.items.length === 0 ? <Empty title="Nobody" /> : (
                    <Scrolled label="Reservations">
                        <table class="ops-table">
                            <caption class="visually-hidden">Reservations, the oldest first</caption>
                            <thead><tr><th scope="col">Order</th><th scope="col" class="n">Quantity</th><th scope="col" class="n">Since (UTC)</th><th scope="col" class="n">Ends (UTC)</th></tr></thead>
                            <tbody>
                                {page.items.map((one) => (
                                    <tr key={one.order_id ?? one.key}>
                                        <th scope="row">{one.order_id === null ? one.key : <OrderLink id={one.order_id} />}</th>
                                        <td class="n">{count(one.quantity)}</td>
                                        <td class="n">{dayAndClock(one.created_at)}</td>
                                        <td class="n">{one.expires_at === null ? "with the order" : dayAndClock(one.expires_at)}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </Scrolled>
                )}
            </Live>
            <Pager pages={pages} next={held.value?.next_cursor ?? null} label="Pages of reservations" />
        </section>
    );
}
