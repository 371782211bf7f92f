// SPDX-License-Identifier: MIT
// Stock: what runs low, and the way to a SKU.
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { go, href, place as placeNow, replace } from "../shell/router";
import { Empty } from "../shell/states";
import { count } from "./format";
import { Live, Needs, Pager, place, Scrolled, SkuLink, usePages } from "./parts";
import { usePoll } from "./poll";
import { StockBar } from "./stock-bar";
import type { Page, Stock } from "./types";

export function StockList() {
    const below = placeNow.value.query.get("below") ?? "";
    const pages = usePages();
    const rows = usePoll((abort) => get<Page<Stock>>("/inventory", { below, limit: 50, cursor: pages.cursor }, abort), 4000, [below, pages.cursor]);
    const [sku, setSku] = useState("");
    return (
        <>
            <Needs scope="inventory:read" />
            <form class="ops-find" onSubmit={(event) => {
                event.preventDefault();
                if (sku.trim() !== "")
                    go(place("stock", sku.trim()));
            }}>
                <label>SKU <input type="text" value={sku} placeholder="mug-moss" spellcheck={false} autocomplete="off" onInput={(event) => setSku(event.currentTarget.value)} /></label>
                <button type="submit" class="button">Open</button>
            </form>
            <form class="ops-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
                <label>Fewer available than{" "}
                    <input type="number" min={1} max={1000000000} value={below} placeholder="any" onChange={(event) => {
                        pages.reset();
                        replace(href(["operations", "stock"], { below: event.currentTarget.value }));
                    }} />
                </label>
            </form>
            <Live of={rows} what="Reading stock">
                {(page) => page.items.length === 0
                    ? <Empty title={below === "" ? "No SKU has had stock yet" : `No SKU has fewer than ${below}`} />
                    : <StockTable rows={page.items} />}
            </Live>
            <Pager pages={pages} next={rows.value?.next_cursor ?? null} label="Pages of stock" />
        </>
    );
}

function StockTable({ rows }: { rows: readonly Stock[] }) {
    return (
        <Scrolled label="Stock">
            <table class="ops-table">
                <caption class="visually-hidden">Stock by SKU</caption>
                <thead>
                    <tr>
                        <th scope="col">SKU</th><th scope="col" class="n">Available</th><th scope="col" class="n">Reserved</th>
                        <th scope="col" class="n">Sold</th><th scope="col" class="n">Received</th><th scope="col" class="n">Written off</th><th scope="col">Where it is</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={row.sku}>
                            <th scope="row"><SkuLink sku={row.sku} /></th>
                            <td class={`n ${row.available === 0 ? "ops-alarm" : ""}`}>{count(row.available)}</td>
                            <td class="n">{count(row.reserved)}</td>
                            <td class="n">{count(row.sold)}</td>
                            <td class="n">{count(row.received)}</td>
                            <td class="n">{count(row.written_off)}</td>
                            <td><StockBar stock={row} isSmall /></td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scrolled>
    );
}
