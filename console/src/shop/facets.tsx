// SPDX-License-Identifier: MIT
// What narrows a search: category, brand, price. One of each, as the API takes one.
import { useEffect, useId, useState } from "preact/hooks";
import type { FacetCount, Facets } from "../api/types";
import { useIsNarrow } from "../shell/narrow";
import { plainMoney, readMoney } from "../text/money";
import { narrow } from "./filters";
import type { Filters } from "./products";

const SHOWN_FIRST = 8;
const EXAMPLE_MINOR = 1250;

function Choice({ name, value, title, count, isChosen, choose }: {
    name: string; value: string; title: string; count?: number; isChosen: boolean; choose: (value: string) => void;
}) {
    return (
        <label class="choice">
            <input type="radio" name={name} checked={isChosen} onChange={() => choose(value)} />
            <span class="choice-title">{title}</span>
            {count !== undefined && <span class="choice-count">{count}<span class="visually-hidden"> products</span></span>}
        </label>
    );
}

function Facet({ title, all, counts, chosen, choose }: {
    title: string; all: string; counts: readonly FacetCount[]; chosen: string; choose: (value: string) => void;
}) {
    const id = useId();
    const [isWhole, setWhole] = useState(false);
    const named = counts.filter((count) => count.value !== "");
    const shown = isWhole ? named : named.slice(0, SHOWN_FIRST);
    const isMissing = chosen !== "" && !shown.some((count) => count.value === chosen);
    return (
        <fieldset class="facet">
            <legend>{title}</legend>
            <Choice name={id} value="" title={all} isChosen={chosen === ""} choose={choose} />
            {isMissing && <Choice name={id} value={chosen} title={chosen} isChosen choose={choose} />}
            {shown.map((count) => (
                <Choice key={count.value} name={id} value={count.value} title={count.value} count={count.count}
                    isChosen={count.value === chosen} choose={choose} />
            ))}
            {named.length > SHOWN_FIRST && (
                <button type="button" class="button small quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
                    {isWhole ? "Fewer" : `All ${named.length}`}
                </button>
            )}
        </fieldset>
    );
}

function PriceField({ label, minor, currency, put }: {
    label: string; minor: string; currency: string; put: (minor: string) => void;
}) {
    const id = useId();
    const shown = minor === "" ? "" : plainMoney(Number(minor), currency);
    const [text, setText] = useState(shown);
    const [isBad, setBad] = useState(false);
    useEffect(() => setText(shown), [shown]);
    const take = (value: string) => {
        const read = readMoney(value, currency);
        setBad(value.trim() !== "" && read === null);
        if (value.trim() === "" || read !== null)
            put(read === null ? "" : String(read));
    };
    return (
        <div>
            <label for={id}>{label}</label>
            <input id={id} type="text" inputMode="decimal" value={text} aria-invalid={isBad}
                onInput={(event) => setText(event.currentTarget.value)} onChange={(event) => take(event.currentTarget.value)} />
            {isBad && <p class="error" role="alert">An amount like {plainMoney(EXAMPLE_MINOR, currency)}</p>}
        </div>
    );
}

interface FacetsProps {
    facets: Facets;
    filters: Filters;
    /** What prices are asked for in; "" = nobody knows yet. */
    currency: string;
}

function Fields({ facets, filters, currency }: FacetsProps) {
    const put = (change: Partial<Filters>) => narrow(filters, change);
    return (
        <>
            <Facet title="Category" all="All categories" counts={facets.category} chosen={filters.category}
                choose={(category) => put({ category })} />
            <Facet title="Brand" all="All brands" counts={facets.brand} chosen={filters.brand}
                choose={(brand) => put({ brand })} />
            {currency !== "" && <fieldset class="facet price-range">
                <legend>Price, {currency}</legend>
                <PriceField label="From" minor={filters.min_price} currency={currency} put={(min_price) => put({ min_price })} />
                <PriceField label="To" minor={filters.max_price} currency={currency} put={(max_price) => put({ max_price })} />
            </fieldset>}
        </>
    );
}

/** Beside the results, or above them behind a heading where there is no room. */
export function FacetsView(props: FacetsProps) {
    const { filters } = props;
    const chosen = [filters.category, filters.brand, filters.min_price, filters.max_price].filter(Boolean).length;
    if (!useIsNarrow())
        return <div class="facets"><Fields {...props} /></div>;
    return (
        <details class="facets">
            <summary>Filters{chosen > 0 && <span class="count">{chosen}</span>}</summary>
            <Fields {...props} />
        </details>
    );
}
