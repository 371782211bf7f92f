// SPDX-License-Identifier: MIT
// Where a shopper begins: what sells now, and what always does.
import type { Product } from "../api/types";
import { useLoad, type Loaded } from "../shell/load";
import { Await } from "../shell/states";
import { Cards } from "./cards";
import { popular, trending } from "./products";

function Shelf({ title, of }: { title: string; of: Loaded<Product[]> }) {
    if (of.value !== null && of.value.length === 0)
        return null; // nothing was sold yet
    return (
        <section class="shelf">
            <h2>{title}</h2>
            <Await of={of}>{(products) => <Cards products={products} />}</Await>
        </section>
    );
}

export function Start() {
    const trends = useLoad(trending, []);
    const best = useLoad(popular, []);
    return (
        <>
            <Shelf title="Trending today" of={trends} />
            <Shelf title="Bought most" of={best} />
        </>
    );
}
