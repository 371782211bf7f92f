// SPDX-License-Identifier: MIT
// Events that a consumer could not take, and those that queue behind them; what was mended is run
// again.
import { useState } from "preact/hooks";
import { get, post, segment } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { Empty } from "../shell/states";
import { say } from "../shell/toasts";
import { Dialog, Refusal } from "./dialog";
import { dayAndClock, plural } from "./format";
import { Live, Needs, OrderLink, Pager, Scrolled, SkuLink, usePages } from "./parts";
import { usePoll } from "./poll";
import { ofService, server, whyNot } from "./server";
import { Services } from "./services";
import type { DeadLetter, Page } from "./types";

interface Parked {
    readonly consumer: string;
    readonly key: string;
    readonly letters: readonly DeadLetter[];
}

/** Events of one key stand together: they go together. */
export function byKey(letters: readonly DeadLetter[]): Parked[] {
    const groups = new Map<string, DeadLetter[]>();
    for (const letter of letters) {
        const name = `${letter.consumer}\u0000${letter.key}`;
        groups.set(name, [...(groups.get(name) ?? []), letter]);
    }
    return [...groups.values()].map((group) => ({ consumer: group[0]!.consumer, key: group[0]!.key, letters: group }));
}

export function DeadLetters() {
    const [service, setService] = useState("order");
    const [consumer, setConsumer] = useState("");
    const pages = usePages();
    const letters = usePoll(
        (abort) => get<Page<DeadLetter>>("/admin/dead-letters", ofService(service, { consumer, limit: 100, cursor: pages.cursor }), abort),
        3000, [service, consumer, pages.cursor, server.value?.name]);
    return (
        <>
            <Needs scope="admin" />
            <form class="ops-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
                <Services service={service} set={(name) => {
                    pages.reset();
                    setService(name);
                }} />
                <label>Consumer{" "}
                    <input type="text" value={consumer} placeholder="any" onChange={(event) => {
                        pages.reset();
                        setConsumer(event.currentTarget.value.trim());
                    }} />
                </label>
            </form>
            <Live of={letters} what="Reading dead letters">
                {(page) => page.items.length === 0
                    ? <Empty title="Every event was taken"><p class="ops-quiet">An event that its consumer cannot take parks its key, and stands here until it can.</p></Empty>
                    : byKey(page.items).map((parked) => <ParkedKey key={`${parked.consumer} ${parked.key}`} parked={parked} service={service} done={letters.reload} />)}
            </Live>
            <Pager pages={pages} next={letters.value?.next_cursor ?? null} label="Pages of dead letters" />
        </>
    );
}

const isOrder = (key: string) => /^[0-9a-f]{8}-/.test(key);

function ParkedKey({ parked, service, done }: { parked: Parked; service: string; done: () => void }) {
    const [isAsked, setAsked] = useState(false);
    const why = whyNot("admin");
    return (
        <section class="card" aria-label={`${parked.consumer} ${parked.key}`}>
            <div class="ops-head">
                <h2>{parked.consumer} cannot go on with {isOrder(parked.key) ? <OrderLink id={parked.key} /> : <SkuLink sku={parked.key} />}</h2>
                <button type="button" class="button small" disabled={why !== undefined} title={why} onClick={() => setAsked(true)}>Redrive</button>
            </div>
            <p class="ops-consequence">{parked.letters[0]!.reason}</p>
            <Scrolled label="Events">
                <table class="ops-table">
                    <caption class="visually-hidden">Events of this key, in their order</caption>
                    <thead><tr><th scope="col" class="n">Position</th><th scope="col">Type</th><th scope="col">Why</th><th scope="col" class="n">Attempts</th><th scope="col" class="n">Parked (UTC)</th><th scope="col">From</th></tr></thead>
                    <tbody>
                        {parked.letters.map((letter) => (
                            <tr key={`${letter.event_id} ${letter.position}`}>
                                <td class="n">{letter.position}</td><th scope="row">{letter.type ?? "not readable"}</th><td>{letter.reason}</td>
                                <td class="n">{letter.attempts}</td><td class="n">{dayAndClock(letter.parked_at)}</td><td>{letter.source ?? "–"}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scrolled>
            <details class="ops-raw"><summary>Data, as it came</summary><pre tabIndex={0}>{parked.letters[0]!.data ?? ""}</pre></details>
            {isAsked && <Redrive parked={parked} service={service} close={() => setAsked(false)} done={done} />}
        </section>
    );
}

function Redrive({ parked, service, close, done }: { parked: Parked; service: string; close: () => void; done: () => void }) {
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isBusy, setBusy] = useState(false);
    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        const path = `/admin/dead-letters/${segment(parked.consumer)}/${segment(parked.key)}/redrive`;
        const query = server.value?.isGateway === true ? `?service=${service}` : "";
        try {
            const { taken } = await post<{ taken: number }>(path + query);
            say(`${plural(taken, "event")} taken; the key is free.`);
            close();
            done();
        } catch (thrown) {
            setProblem(asProblem(thrown));
            setBusy(false);
        }
    };
    return (
        <Dialog title={`Redrive ${parked.consumer}`} close={close}>
            <form onSubmit={(event) => void submit(event)}>
                <p class="ops-consequence">
                    {plural(parked.letters.length, "event")} of <code>{parked.key}</code> {parked.letters.length === 1 ? "is" : "are"} run again in their order.
                    If the first still fails, nothing changes: mend what its reason says before, or mark the saga.
                </p>
                {problem !== null && <Refusal problem={problem} />}
                <div class="ops-dialog-end">
                    <button type="button" class="button" onClick={close}>Not now</button>
                    <button type="submit" class="button primary" disabled={isBusy}>{isBusy ? "Asking…" : "Redrive"}</button>
                </div>
            </form>
        </Dialog>
    );
}
