// SPDX-License-Identifier: MIT
// What a view shows while there is nothing else to show: waiting, nothing there, a problem.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Problem } from "../api/problem";
import type { Loaded } from "./load";
import { SignIn } from "./sign-in";
import { token } from "./session";

export function Waiting({ what = "Loading" }: { what?: string }) {
    return (
        <p class="waiting" role="status">
            <span class="spinner" aria-hidden="true" /> {what}…
        </p>
    );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <p class="empty-title">{title}</p>
            {children}
        </div>
    );
}

/** A page without TLS has no clipboard, but on this machine. */
function TraceId({ id }: { id: string }) {
    const [isCopied, setCopied] = useState(false);
    const copy = () =>
        void navigator.clipboard.writeText(id).then(() => setCopied(true), () => setCopied(false));
    return (
        <p class="trace">
            Trace <code>{id}</code>
            {"clipboard" in navigator && (
                <button type="button" class="button small quiet" onClick={copy}>
                    {isCopied ? "Copied" : "Copy"}
                </button>
            )}
        </p>
    );
}

function Missing({ problem }: { problem: Problem }) {
    const scope = problem.scope === "" ? "a scope" : <>the scope <code>{problem.scope}</code></>;
    return <p>{token.value === "" ? "This needs" : "Your token does not have"} {scope}.</p>;
}

/** What was refused before can be asked again. */
function SignedIn({ retry }: { retry: (() => void) | undefined }) {
    return (
        <p role="status">
            You are signed in; now it can be tried again.{" "}
            {retry !== undefined && <button type="button" class="button small" onClick={retry}>Try again</button>}
        </p>
    );
}

/** A problem as its document has it. `retry` is offered where the same may work later. */
export function ProblemView({ problem, retry }: { problem: Problem; retry?: (() => void) | undefined }) {
    if (problem.status === 401)
        return token.value === "" ? <SignIn /> : <SignedIn retry={retry} />;
    return (
        <section class="problem" role="alert">
            <p class="problem-title">
                {problem.title}
                {problem.code !== "" && <code>{problem.code}</code>}
            </p>
            {problem.status === 403 ? <Missing problem={problem} /> : problem.detail !== "" && <p>{problem.detail}</p>}
            {problem.blames.length > 0 && (
                <ul>
                    {problem.blames.map((blame) => (
                        <li key={blame.place}><code>{blame.place}</code> {blame.detail}</li>
                    ))}
                </ul>
            )}
            {problem.traceId !== "" && <TraceId id={problem.traceId} />}
            {retry !== undefined && (
                <button type="button" class="button" onClick={retry}>Try again</button>
            )}
        </section>
    );
}

/** The three states of a load, and what is made of its value. */
export function Await<T>({ of, what, children }: {
    of: Loaded<T>;
    what?: string;
    children: (value: T) => ComponentChildren;
}) {
    if (of.value !== null && of.problem === null)
        return <div aria-busy={of.isLoading}>{children(of.value)}</div>;
    if (of.problem !== null)
        return <ProblemView problem={of.problem} retry={of.reload} />;
    return <Waiting what={what} />;
}
