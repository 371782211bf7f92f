// SPDX-License-Identifier: MIT
// Orders whose stock or money is not settled, those that wait for an operator first, and help for
// one or for many.
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { href, place as placeNow, replace } from "../shell/router";
import { Empty } from "../shell/states";
import { Bulk } from "./bulk";
import { age } from "./format";
import { Badge, Live, Needs, OrderLink, Pager, Scrolled, usePages } from "./parts";
import { usePoll } from "./poll";
import { parkedOf } from "./repair";
import { RepairButtons } from "./repair-buttons";
import type { Page, Saga } from "./types";

const ages = ["", "1m", "5m", "15m", "1h", "24h"];

export function Sagas() {
    const query = placeNow.value.query;
    const isParked = (query.get("parked") ?? "true") === "true";
    const participant = query.get("participant") ?? "";
    const least = query.get("age") ?? "";
    const pages = usePages();
    const sagas = usePoll(
        (abort) => get<Page<Saga>>("/admin/sagas", { parked: isParked, participant: isParked ? participant : "", age: least, limit: 50, cursor: pages.cursor }, abort),
        2000, [isParked, participant, least, pages.cursor]);
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const set = (change: Record<string, string>) => {
        pages.reset();
        setChosen(new Set());
        replace(href(["operations", "sagas"], { parked: String(isParked), participant, age: least, ...change }));
    };
    return (
        <>
            <Needs scope="admin" />
            <form class="ops-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
                <label>Show{" "}
                    <select value={String(isParked)} onChange={(event) => set({ parked: event.currentTarget.value })}>
                        <option value="true">what waits for an operator</option>
                        <option value="false">all that is not settled</option>
                    </select>
                </label>
                <label>Parked by{" "}
                    <select value={participant} disabled={!isParked} onChange={(event) => set({ participant: event.currentTarget.value })}>
                        <option value="">anybody</option><option>inventory</option><option>payment</option>
                    </select>
                </label>
                <label>At least so old{" "}
                    <select value={least} onChange={(event) => set({ age: event.currentTarget.value })}>
                        {ages.map((one) => <option key={one} value={one}>{one === "" ? "any age" : one}</option>)}
                    </select>
                </label>
            </form>
            <Live of={sagas} what="Reading sagas">
                {(page) => page.items.length === 0
                    ? <Empty title={isParked ? "No order waits for an operator" : "All orders are settled"} />
                    : (
                        <>
                            <Bulk sagas={page.items} chosen={chosen} choose={setChosen} done={sagas.reload} />
                            <SagaTable sagas={page.items} chosen={chosen} choose={setChosen} done={sagas.reload} />
                        </>
                    )}
            </Live>
            <Pager pages={pages} next={sagas.value?.next_cursor ?? null} label="Pages of sagas" />
        </>
    );
}

interface Choice {
    readonly sagas: readonly Saga[];
    readonly chosen: ReadonlySet<string>;
    readonly choose: (chosen: ReadonlySet<string>) => void;
    readonly done: () => void;
}

function SagaTable({ sagas, chosen, choose, done }: Choice) {
    const isAll = sagas.every((saga) => chosen.has(saga.order_id));
    const toggle = (id: string) => {
        const next = new Set(chosen);
        if (!next.delete(id))
            next.add(id);
        choose(next);
    };
    return (
        <Scrolled label="Sagas">
            <table class="ops-table">
                <caption class="visually-hidden">Sagas, the oldest first</caption>
                <thead>
                    <tr>
                        <th scope="col"><input type="checkbox" aria-label="Choose all of this page" checked={isAll}
                            onChange={() => choose(isAll ? new Set() : new Set(sagas.map((saga) => saga.order_id)))} /></th>
                        <th scope="col">Order</th><th scope="col">Status</th><th scope="col">Decided</th><th scope="col" class="n">Age</th>
                        <th scope="col">Waits for</th><th scope="col" class="n">Attempts</th><th scope="col">Help</th>
                    </tr>
                </thead>
                <tbody>
                    {sagas.map((saga) => (
                        <tr key={saga.order_id}>
                            <td><input type="checkbox" aria-label={`Choose order ${saga.order_id}`} checked={chosen.has(saga.order_id)} onChange={() => toggle(saga.order_id)} /></td>
                            <th scope="row"><OrderLink id={saga.order_id} /></th>
                            <td>{saga.status !== null && <Badge state={saga.status} />}</td>
                            <td>{saga.outcome === null ? "nothing" : <Badge state={saga.outcome} />}</td>
                            <td class="n">{age(saga.age_ms / 1000)}</td>
                            <td class="ops-words">{waitsFor(saga)}</td>
                            <td class="n">{attemptsOf(saga)}</td>
                            <td><RepairButtons saga={saga} done={done} /></td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scrolled>
    );
}

/** Of another service's nobody knows. */
function attemptsOf(saga: Saga): string {
    const known = saga.participants.filter((one) => one.state !== null);
    return known.length === 0 && saga.participants.length > 0 ? "–" : String(Math.max(0, ...known.map((one) => one.attempts)));
}

function waitsFor(saga: Saga): string {
    const parked = parkedOf(saga).map((one) => `${one.participant}${one.state === null ? "" : ` ${one.state}`}: ${one.parked_reason ?? "parked"}`);
    if (parked.length > 0)
        return parked.join("; ");
    const busy = saga.participants.filter((one) => one.next_attempt_at !== null || one.state?.endsWith("ING") === true);
    return busy.map((one) => `${one.participant} ${one.state ?? ""}`.trim()).join("; ") || "events";
}
