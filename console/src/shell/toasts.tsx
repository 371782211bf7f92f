// SPDX-License-Identifier: MIT
// Short words about what was just done, in a region that a screen reader reads out.
import { signal } from "@preact/signals";
import { pathText } from "./router";

interface Toast {
    id: number;
    kind: "good" | "bad";
    words: string;
}

const SHOWN_MS = 6000;

const toasts = signal<Toast[]>([]);
let last = 0;

function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function say(words: string, kind: Toast["kind"] = "good"): void {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-2), { id, kind, words }];
    setTimeout(() => dismiss(id), SHOWN_MS);
}

// Words about what was done on one page are in the way on the next, and may not hold there any more.
pathText.subscribe(() => (toasts.value = []));

export function Toasts() {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {toasts.value.map((toast) => (
                <div key={toast.id} class={`toast toast-${toast.kind}`}>
                    <span>{toast.words}</span>
                    <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
                        ×
                    </button>
                </div>
            ))}
        </div>
    );
}
