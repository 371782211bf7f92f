// SPDX-License-Identifier: MIT
// One checkout, however often its button is pressed, the page reloaded or the answer lost: an idempotency key
// that is made when the checkout begins and goes when it is known that the order is placed. What is not known
// to have failed is asked again with the same key, also after the cart has changed: then the server says
// key_reused where the first was placed, and places the second where it was not.
import type { Store } from "../shell/kept";

const KEY = "aurora.checkout";
/** Servers keep keys for a day; an older one would buy anew. */
const KEPT_MS = 23 * 3600 * 1000;

interface Attempt {
    key: string;
    begun: number;
}

function read(text: string | null): Attempt | null {
    try {
        const parsed = JSON.parse(text ?? "null") as Attempt | null;
        return typeof parsed?.key === "string" && typeof parsed.begun === "number" ? parsed : null;
    } catch {
        return null;
    }
}

/** A version 4 UUID; crypto.randomUUID is for secure contexts alone. */
export function uuid(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The key of the checkout that is under way; all tabs share it. */
export function attemptKey(storage: Store, now: number): string {
    const known = read(storage.getItem(KEY));
    if (known !== null && now - known.begun < KEPT_MS)
        return known.key;
    const attempt = { key: uuid(), begun: now };
    storage.setItem(KEY, JSON.stringify(attempt));
    return attempt.key;
}

/** The order is placed: what is bought next is another. */
export function endAttempt(storage: Store): void {
    storage.removeItem(KEY);
}
