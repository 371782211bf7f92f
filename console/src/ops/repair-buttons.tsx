// SPDX-License-Identifier: MIT
// The three ways to help an order, each asked about in plain words first.
import { useState } from "preact/hooks";
import { get, post, segment } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { useLoad } from "../shell/load";
import { Waiting } from "../shell/states";
import { say } from "../shell/toasts";
import { Dialog, Refusal } from "./dialog";
import { shortId } from "./format";
import { type Action, canCompensate, explainCompensate, explainMark, explainRetry, isBeingRetried, marksOf, parkedOf, truthOf } from "./repair";
import { server, whyNot } from "./server";
import { completed, toldOf } from "./told";
import type { Page, Participant, Saga, Transition } from "./types";

export interface Wish {
    readonly action: Action;
    readonly participant?: string;
    readonly result?: string;
    readonly note: string;
}

export function repair(id: string, wish: Wish): Promise<Saga> {
    const { action, note, ...rest } = wish;
    return post<Saga>(`/admin/sagas/${segment(id)}/${action}`, { ...rest, ...(note.trim() !== "" && { note: note.trim() }) });
}

const titles: Readonly<Record<Action, string>> = { retry: "Retry", mark: "Mark", compensate: "Compensate" };

/** Why an act makes no sense now; undefined where it does. */
function whyNotNow(saga: Saga, action: Action): string | undefined {
    const missing = whyNot("admin");
    if (missing !== undefined)
        return missing;
    if (action === "compensate")
        return canCompensate(saga) ? undefined : "The order is being undone already.";
    return parkedOf(saga).length > 0 ? undefined : "No participant is parked.";
}

export function RepairButtons({ saga, done }: { saga: Saga; done: () => void }) {
    const [asked, setAsked] = useState<Action | null>(null);
    return (
        <div class="ops-actions" role="group" aria-label={`Help order ${shortId(saga.order_id)}`}>
            {(Object.keys(titles) as Action[]).map((action) => {
                const why = whyNotNow(saga, action);
                return (
                    <button key={action} type="button" class={`button small ${action === "compensate" ? "ops-danger" : ""}`}
                        aria-disabled={why !== undefined} title={why}
                        onClick={() => (why === undefined ? setAsked(action) : say(why, "bad"))}>
                        {titles[action]}{why !== undefined && <span class="visually-hidden">: {why}</span>}
                    </button>
                );
            })}
            {asked !== null && <Question saga={saga} action={asked} close={() => setAsked(null)} done={done} />}
        </div>
    );
}

interface QuestionProps {
    saga: Saga;
    action: Action;
    close: () => void;
    done: () => void;
}

/** What fits is known by the step that a participant is at, which the history tells where the saga does not. */
function Question(props: QuestionProps) {
    const { saga } = props;
    const isUnknown = props.action !== "compensate" && parkedOf(saga).some((one) => one.state === null);
    const history = useLoad(async (abort) => !isUnknown ? null : get<Page<Transition>>(`/orders/${segment(saga.order_id)}/history`, {}, abort), [isUnknown]);
    if (history.value === null && isUnknown && history.problem === null)
        return <Dialog title={titleOf(props)} close={props.close}><Waiting what="Reading the history" /></Dialog>;
    return <Asked {...props} saga={history.value == null ? saga : completed(saga, toldOf(saga, history.value.items, []))} />;
}

function titleOf({ saga, action }: QuestionProps): string {
    return `${titles[action]} order ${shortId(saga.order_id)}`;
}

function Asked(props: QuestionProps) {
    const { saga, action, close, done } = props;
    const parked = parkedOf(saga);
    const [name, setName] = useState(parked[0]?.participant ?? "");
    const participant = parked.find((one) => one.participant === name) ?? parked[0];
    const [result, setResult] = useState("");
    const [note, setNote] = useState("");
    const [isBusy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        try {
            const who = action === "compensate" || participant === undefined ? {} : { participant: participant.participant };
            const after = await repair(saga.order_id, { action, note, ...who, ...(action === "mark" && { result }) });
            say(`${titles[action]}: taken. The order is ${after.status ?? "unknown here"}.`);
            done();
            close();
        } catch (thrown) {
            setProblem(asProblem(thrown));
            setBusy(false);
        }
    };
    return (
        <Dialog title={titleOf(props)} close={close}>
            <form onSubmit={(event) => void submit(event)}>
                {action !== "compensate" && parked.length > 1 && <Which parked={parked} name={name} set={setName} />}
                {action === "mark" && participant !== undefined && <Results participant={participant} result={result} set={setResult} />}
                <p class="ops-consequence">{explain(saga, action, participant, result)}</p>
                {action === "retry" && participant !== undefined && isBeingRetried(participant) && <p class="ops-note">It is being tried again at this moment.</p>}
                {action !== "compensate" && server.value?.isGateway === true && (
                    <p class="ops-note">Where the {participant?.participant ?? "participant"} is a service of its own, it takes this in a moment, if it fits then. Watch whether the order moves on.</p>
                )}
                <label class="ops-field">Note, for the order's history
                    <input type="text" value={note} maxLength={1024} onInput={(event) => setNote(event.currentTarget.value)} autocomplete="off" />
                </label>
                {problem !== null && <Refusal problem={problem} />}
                <div class="ops-dialog-end">
                    <button type="button" class="button" onClick={close}>Not now</button>
                    <button type="submit" class={`button primary ${action === "compensate" ? "ops-danger" : ""}`} disabled={isBusy || (action === "mark" && result === "")}>
                        {isBusy ? "Asking…" : `${titles[action]}${action === "mark" && result !== "" ? ` as ${result}` : ""}`}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

function explain(saga: Saga, action: Action, participant: Participant | undefined, result: string): string {
    if (action === "compensate")
        return explainCompensate(saga);
    if (participant === undefined)
        return "No participant is parked any more.";
    if (action === "retry")
        return explainRetry(participant);
    return result === "" ? "Choose what is true." : explainMark(participant, result);
}

function Which({ parked, name, set }: { parked: readonly Participant[]; name: string; set: (name: string) => void }) {
    return (
        <fieldset class="ops-options">
            <legend>Which of the two that are parked</legend>
            {parked.map((one) => (
                <label key={one.participant}>
                    <input type="radio" name="participant" checked={one.participant === name} onChange={() => set(one.participant)} />
                    <span>{one.participant}: {one.parked_reason}</span>
                </label>
            ))}
        </fieldset>
    );
}

function Results({ participant, result, set }: { participant: Participant; result: string; set: (result: string) => void }) {
    return (
        <fieldset class="ops-options">
            <legend>The {participant.participant} is {participant.state}. In truth</legend>
            {marksOf(participant).map((one) => (
                <label key={one}>
                    <input type="radio" name="result" value={one} checked={one === result} onChange={() => set(one)} />
                    <span><strong>{one}</strong>: {truthOf(one)}</span>
                </label>
            ))}
        </fieldset>
    );
}
