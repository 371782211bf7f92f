// SPDX-License-Identifier: MIT
// What a search found, page by page.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { asProblem, isAbort, type Problem } from "../api/problem";
import type { Facets, Hit, SearchPage } from "../api/types";
import { useLoad } from "../shell/load";
import { Empty, ProblemView, Waiting } from "../shell/states";
import { Cards, type CardWords } from "./cards";
import { FacetsView } from "./facets";
import { narrow } from "./filters";
import { readHighlight } from "./highlight";
import { useCurrency } from "./currency";
import { searchProducts, SORTS, type Filters } from "./products";

const NO_FACETS: Facets = { category: [], brand: [] };

function SortField({ filters }: { filters: Filters }) {
    const id = useId();
    return (
        <div class="sort">
            <label for={id}>Sort by</label>
            <select id={id} value={filters.sort || "relevance"}
                onChange={(event) => narrow(filters, { sort: event.currentTarget.value })}>
                {SORTS.map((sort) => <option key={sort.value} value={sort.value}>{sort.title}</option>)}
            </select>
        </div>
    );
}

/** The highlight is of the name, or of the description. */
function wordsOf(hit: Hit): CardWords {
    const pieces = readHighlight(hit.highlight);
    const marked = pieces.map((piece, index) => (piece.isFound ? <mark key={index}>{piece.text}</mark> : piece.text));
    if (pieces.map((piece) => piece.text).join("") === hit.name)
        return { name: marked };
    return pieces.some((piece) => piece.isFound) ? { name: hit.name, why: marked } : { name: hit.name };
}

/** How many are in sight at most: what comes then stands in their place, so that the page stays light. */
const SHOWN_MAX = 480;

interface Later {
    /** How many went before those in sight. */
    from: number;
    /** Behind the first page where that is in sight, else all. */
    hits: Hit[];
}

const NONE_LATER: Later = { from: 0, hits: [] };

function inSight(first: SearchPage | null, later: Later): Hit[] {
    return later.from === 0 ? [...(first?.hits ?? []), ...later.hits] : later.hits;
}

/** The pages behind the first one; they go when that is another. */
function useMore(first: SearchPage | null, filters: Filters) {
    const [later, setLater] = useState(NONE_LATER);
    const [cursor, setCursor] = useState<string | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    const control = useRef<AbortController | null>(null);
    const restart = () => {
        control.current?.abort();
        control.current = null;
        setLater(NONE_LATER);
        setCursor(first?.next_cursor ?? null);
        setProblem(null);
    };
    useEffect(restart, [first]);
    const hits = inSight(first, later);
    const isFull = hits.length >= SHOWN_MAX;
    const more = () => {
        if (cursor === null || control.current !== null)
            return;
        const own = new AbortController();
        control.current = own;
        searchProducts(filters, cursor, own.signal).then(
            (page) => {
                setLater((before) => isFull ? { from: before.from + hits.length, hits: page.hits }
                    : { from: before.from, hits: [...before.hits, ...page.hits] });
                if (isFull)
                    window.scrollTo(0, 0);
                setCursor(page.next_cursor);
                setProblem(null);
            },
            (thrown: unknown) => {
                if (!isAbort(thrown))
                    setProblem(asProblem(thrown));
            }).finally(() => {
                if (control.current === own)
                    control.current = null;
            });
    };
    return { hits, from: later.from, isFull, hasMore: cursor !== null, problem, more, restart };
}

function found(total: number, q: string): string {
    const what = total === 1 ? "1 product" : `${total.toLocaleString("en")} products`;
    return q === "" ? what : `${what} for “${q}”`;
}

export function Results({ filters }: { filters: Filters }) {
    const load = useLoad(async (signal) => ({ page: await searchProducts(filters, "", signal), q: filters.q }), Object.values(filters));
    const page = load.value?.page ?? null;
    const more = useMore(page, filters);
    const currency = useCurrency(page);
    if (load.problem !== null)
        return <ProblemView problem={load.problem} retry={load.reload} />;
    if (load.value === null || page === null)
        return <Waiting what="Searching" />;
    return (
        <div class="results" aria-busy={load.isLoading}>
            <FacetsView facets={page.facets ?? NO_FACETS} filters={filters} currency={currency} />
            <section aria-label="Results">
                <div class="results-head">
                    <p role="status" class="results-count">{found(page.total, load.value.q)}{more.from > 0 && `, from number ${(more.from + 1).toLocaleString("en")} on`}</p>
                    <SortField filters={filters} />
                </div>
                {more.from > 0 && <p><button type="button" class="button small" onClick={more.restart}>Back to the first</button></p>}
                {page.hits.length === 0
                    ? <Empty title="Nothing fits"><p>Try another word, or fewer filters.</p></Empty>
                    : <Cards products={more.hits} words={wordsOf} />}
                {more.problem !== null && <ProblemView problem={more.problem} retry={more.more} />}
                {more.hasMore && more.problem === null && (
                    <p class="more"><button type="button" class="button" onClick={more.more}>{more.isFull ? "Show the next ones" : "Show more"}</button></p>
                )}
            </section>
        </div>
    );
}
