// SPDX-License-Identifier: MIT
// What sells: scores with the error that a sketch of bounded size may have, and what goes with it.
import { useState } from "preact/hooks";
import { get, segment } from "../api/client";
import { Empty } from "../shell/states";
import { dayAndClock, figure } from "./format";
import { Live, Scrolled, SkuLink } from "./parts";
import { usePoll } from "./poll";
import type { Scored, Trend } from "./types";

const windows = ["1h", "24h", "7d", "ever"] as const;
type Window = (typeof windows)[number];

export function Trending() {
    const [window, setWindow] = useState<Window>("1h");
    const [category, setCategory] = useState("");
    const [related, setRelated] = useState("");
    const trends = usePoll(
        (abort) => (window === "ever"
            ? get<Scored>("/recommendations/popular", { category, limit: 20 }, abort)
            : get<Scored>("/recommendations/trending", { window, category, limit: 20 }, abort)),
        4000, [window, category]);
    return (
        <>
            <form class="ops-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
                <fieldset class="ops-choice">
                    <legend>Half-life</legend>
                    {windows.map((name) => (
                        <label key={name}><input type="radio" name="window" checked={name === window} onChange={() => setWindow(name)} /> {name === "ever" ? "none (all time)" : name}</label>
                    ))}
                </fieldset>
                <label>Category <input type="text" value={category} placeholder="all" onChange={(event) => setCategory(event.currentTarget.value.trim())} /></label>
            </form>
            <div class="ops-columns ops-columns-wide">
                <section class="card">
                    <h2>{window === "ever" ? "Sold most" : `Trending, ${window}`}</h2>
                    <Live of={trends} what="Reading trends">
                        {(page) => (
                            <>
                                {page.items.length === 0 ? <Empty title="Nothing was sold yet" /> : <Scores items={page.items} related={related} choose={setRelated} />}
                                <p class="ops-quiet">
                                    As of {dayAndClock(page.at)} UTC. {window === "ever" ? "Pieces in completed orders." : `An order counts 2^−(age/${window}).`} The true score lies between score − error and score.
                                </p>
                            </>
                        )}
                    </Live>
                </section>
                {related !== "" && <Related sku={related} />}
            </div>
        </>
    );
}

function Related({ sku }: { sku: string }) {
    const found = usePoll((abort) => get<Scored>(`/recommendations/related/${segment(sku)}`, { limit: 10 }, abort), 8000, [sku]);
    return (
        <section class="card">
            <h2>Bought together with {sku}</h2>
            <Live of={found} what="Reading relations">
                {(page) => (page.items.length === 0 ? <Empty title="Nothing yet" /> : <Scores items={page.items} />)}
            </Live>
        </section>
    );
}

function Scores({ items, related, choose }: { items: readonly Trend[]; related?: string; choose?: (sku: string) => void }) {
    const most = Math.max(...items.map((item) => item.score), 1e-9);
    return (
        <Scrolled label="Scores">
            <table class="ops-table">
                <caption class="visually-hidden">Products by score, the highest first</caption>
                <thead>
                    <tr>
                        <th scope="col" class="n">#</th><th scope="col">SKU</th><th scope="col" class="n">Score</th><th scope="col" class="n">Error</th>
                        <th scope="col" class="ops-wide">Score and what it may be less</th>{choose !== undefined && <th scope="col">Related</th>}
                    </tr>
                </thead>
                <tbody>
                    {items.map((item, i) => (
                        <tr key={item.sku}>
                            <td class="n">{i + 1}</td>
                            <th scope="row"><SkuLink sku={item.sku} /></th>
                            <td class="n">{figure(item.score)}</td>
                            <td class="n">{figure(item.error)}</td>
                            <td><ScoreBar item={item} most={most} /></td>
                            {choose !== undefined && (
                                <td><button type="button" class="button small" aria-pressed={item.sku === related} onClick={() => choose(item.sku)}>
                                    Show<span class="visually-hidden"> what is bought with {item.sku}</span>
                                </button></td>
                            )}
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scrolled>
    );
}

function ScoreBar({ item, most }: { item: Trend; most: number }) {
    const whole = (item.score / most) * 100;
    const sure = (Math.max(0, item.score - item.error) / most) * 100;
    return (
        <svg class="ops-score" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect width={whole} height={10} class="ops-score-unsure" />
            <rect width={sure} height={10} class="ops-score-sure" />
        </svg>
    );
}
