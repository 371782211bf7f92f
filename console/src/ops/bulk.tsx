// SPDX-License-Identifier: MIT
// The same help for many orders, one after the other, as when a provider comes back. Each is a call
// of its own, and what the server refuses stops no other.
import { useRef, useState } from "preact/hooks";
import { asProblem } from "../api/problem";
import { Dialog } from "./dialog";
import { plural } from "./format";
import { canCompensate, isBeingRetried, parkedOf } from "./repair";
import { repair } from "./repair-buttons";
import { whyNot } from "./server";
import type { Saga } from "./types";

type ManyAction = "retry" | "compensate";

interface Progress {
    readonly done: number;
    readonly of: number;
    readonly refused: readonly string[];
}

interface Act {
    readonly id: string;
    readonly participant?: string;
}

/** Which acts a choice comes to; what cannot be helped that way is left out. */
export function actsOf(sagas: readonly Saga[], action: ManyAction): Act[] {
    if (action === "compensate")
        return sagas.filter(canCompensate).map((saga) => ({ id: saga.order_id }));
    return sagas.flatMap((saga) =>
        parkedOf(saga).filter((one) => !isBeingRetried(one)).map((one) => ({ id: saga.order_id, participant: one.participant })));
}

export function Bulk({ sagas, chosen, choose, done }: {
    sagas: readonly Saga[];
    chosen: ReadonlySet<string>;
    choose: (chosen: ReadonlySet<string>) => void;
    done: () => void;
}) {
    const [asked, setAsked] = useState<ManyAction | null>(null);
    const those = sagas.filter((saga) => chosen.has(saga.order_id));
    const why = whyNot("admin") ?? (those.length === 0 ? "Choose orders first." : undefined);
    const button = (action: ManyAction, title: string) => (
        <button type="button" class={`button small ${action === "compensate" ? "ops-danger" : ""}`} disabled={why !== undefined} title={why}
            onClick={() => setAsked(action)}>{title}</button>
    );
    return (
        <div class="ops-bulk" role="group" aria-label="Help those that are chosen">
            <span>{those.length === 0 ? "None chosen" : `${plural(those.length, "order")} chosen`}</span>
            {button("retry", "Retry them")}
            {button("compensate", "Compensate them")}
            {asked !== null && <ManyQuestion acts={actsOf(those, asked)} left={those.length} action={asked} close={() => {
                setAsked(null);
                choose(new Set());
                done();
            }} />}
        </div>
    );
}

const consequences: Readonly<Record<ManyAction, string>> = {
    retry: "Each parked participant of these orders tries again, one order after the other. The provider is first asked whether it knows the earlier call, so that nothing is charged twice; what gets no answer parks again.",
    compensate: "Each of these orders is undone: FAILED, or CANCELLED where it was sold. Stock is given back at once, money as soon as the provider answers. This cannot be taken back.",
};

function ManyQuestion({ acts, left, action, close }: { acts: readonly Act[]; left: number; action: ManyAction; close: () => void }) {
    const [these] = useState(acts); // what the list becomes meanwhile does not change what was asked
    const [note, setNote] = useState("");
    const [progress, setProgress] = useState<Progress | null>(null);
    const isStopped = useRef(false);
    const isRunning = progress !== null && progress.done < progress.of && !isStopped.current;
    const run = async (event: Event) => {
        event.preventDefault();
        const refused: string[] = [];
        for (let i = 0; i < these.length && !isStopped.current; i++) {
            setProgress({ done: i, of: these.length, refused: [...refused] });
            const { id, participant } = these[i]!;
            await repair(id, { action, note, ...(participant !== undefined && { participant }) }).catch((thrown: unknown) => {
                const problem = asProblem(thrown);
                refused.push(`${id}: ${problem.detail || problem.title}`);
            });
            setProgress({ done: i + 1, of: these.length, refused: [...refused] });
        }
    };
    const stop = () => {
        isStopped.current = true;
        close();
    };
    return (
        <Dialog title={`${action === "retry" ? "Retry" : "Compensate"} ${plural(these.length, action === "retry" ? "participant" : "order")}`} close={stop}>
            <form onSubmit={(event) => void run(event)}>
                <p class="ops-consequence">{consequences[action]}</p>
                {these.length === 0 && <p class="ops-note">None of the {left} can be helped that way.</p>}
                {progress === null && (
                    <label class="ops-field">Note, for each history
                        <input type="text" value={note} maxLength={1024} onInput={(event) => setNote(event.currentTarget.value)} autocomplete="off" />
                    </label>
                )}
                {progress !== null && (
                    <div role="status">
                        <progress max={progress.of} value={progress.done} aria-label="How many were asked for" />
                        <p>{progress.done} of {progress.of} asked for, {progress.refused.length} refused</p>
                    </div>
                )}
                {progress !== null && progress.refused.length > 0 && (
                    <ul class="ops-refused">{progress.refused.slice(0, 20).map((line) => <li key={line}>{line}</li>)}</ul>
                )}
                <div class="ops-dialog-end">
                    <button type="button" class="button" onClick={stop}>{isRunning ? "Stop" : progress === null ? "Not now" : "Close"}</button>
                    {progress === null && (
                        <button type="submit" class={`button primary ${action === "compensate" ? "ops-danger" : ""}`} disabled={these.length === 0}>
                            {action === "retry" ? "Retry" : "Compensate"} {these.length}
                        </button>
                    )}
                </div>
            </form>
        </Dialog>
    );
}
