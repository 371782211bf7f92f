// SPDX-License-Identifier: MIT
// Where a shopper begins: what sells now, and what always does.
import type { Product } from "../api/types";
import { useLoad, type Loaded } from "../shell/load";
import { Await } from "../shell/states";
import { useBank } from "./bank";
import { Cards } from "./cards";
import { searchHref } from "./filters";
import { categories, popular, trending } from "./products";

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

/** What a first visitor does not know: what this is, and what there is to do. */
function Welcome() {
    const isReal = useBank() === "real";
    return (
        <p class="welcome">
            Buy something and watch its order go from step to step.{" "}
            {!isReal && <>At the checkout you choose how the bank behaves: have it decline, and watch what was done being undone. </>}
            <a href="#/operations">Operations</a> shows the same from behind the counter.
        </p>
    );
}

function Categories() {
    const found = useLoad(categories, []);
    if (found.value === null || found.value.total === 0)
        return null; // the shelves below say what is wrong
    return (
        <nav class="chips" aria-label="Categories">
            <ul>
                <li><a class="chip" href={searchHref({ sort: "newest" })}>All {found.value.total.toLocaleString("en")}</a></li>
                {found.value.names.map((name) => <li key={name}><a class="chip" href={searchHref({ category: name })}>{name}</a></li>)}
            </ul>
        </nav>
    );
}

export function Start() {
    const trends = useLoad(trending, []);
    const best = useLoad(popular, []);
    return (
        <>
            <Welcome />
            <Categories />
            <Shelf title="Trending today" of={trends} />
            <Shelf title="Bought most" of={best} />
        </>
    );
}
