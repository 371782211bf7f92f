// SPDX-License-Identifier: MIT
// A question before something is done: the browser's own dialog, which keeps the focus and gives it
// back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Problem } from "../api/problem";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
    const dialog = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const before = document.activeElement;
        dialog.current?.showModal();
        return () => {
            if (before instanceof HTMLElement && before.isConnected)
                before.focus();
        };
    }, []);
    return (
        <dialog ref={dialog} class="ops-dialog" aria-labelledby={id} onClose={close} onCancel={close}>
            <h2 id={id}>{title}</h2>
            {children}
        </dialog>
    );
}

/** What the server said against it, in its words. */
export function Refusal({ problem }: { problem: Problem }) {
    return (
        <div class="ops-refusal" role="alert">
            <p><strong>{problem.status === 0 ? "No answer" : `${problem.status} ${problem.title}`}</strong>{problem.code !== "" && <> <code>{problem.code}</code></>}</p>
            {problem.detail !== "" && <p>{problem.detail}</p>}
            {problem.status === 403 && problem.scope !== "" && <p>The scope <code>{problem.scope}</code> is missing.</p>}
            {problem.traceId !== "" && <p class="ops-quiet">Trace <code>{problem.traceId}</code></p>}
        </div>
    );
}
