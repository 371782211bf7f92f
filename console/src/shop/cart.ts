// SPDX-License-Identifier: MIT
// What somebody means to buy, kept in the browser. Prices are the catalogue's and are not kept.
import { computed, effect, signal } from "@preact/signals";
import { lasting } from "../shell/kept";

export interface CartLine {
    sku: string;
    quantity: number;
}

const KEY = "aurora.cart";
export const QUANTITY_MAX = 1_000_000;

export function readCart(text: string | null): CartLine[] {
    let parsed: unknown;
    try {
        parsed = JSON.parse(text ?? "[]");
    } catch {
        return []; // of another release, or by another hand
    }
    if (!Array.isArray(parsed))
        return [];
    return parsed.filter((line: CartLine | null): line is CartLine =>
        typeof line?.sku === "string" && Number.isInteger(line.quantity) &&
        line.quantity >= 1 && line.quantity <= QUANTITY_MAX);
}

/** As it is now, whichever tab changed it last. */
function stored(): CartLine[] {
    return readCart(lasting.getItem(KEY));
}

export const cart = signal<CartLine[]>(stored());
export const cartCount = computed(() => cart.value.reduce((sum, line) => sum + line.quantity, 0));

if (typeof window !== "undefined") {
    effect(() => lasting.setItem(KEY, JSON.stringify(cart.value)));
    window.addEventListener("storage", (event) => { // another tab's change; a null key = all was cleared
        if (event.key === KEY || event.key === null)
            cart.value = stored();
    });
    window.addEventListener("pageshow", (event) => { // from the back-forward cache, where no change is heard
        if (event.persisted)
            cart.value = stored();
    });
}

/** `quantity` 0 takes the line out. */
export function putLine(lines: readonly CartLine[], sku: string, quantity: number): CartLine[] {
    const bounded = Math.min(Math.max(0, Math.trunc(quantity)), QUANTITY_MAX);
    if (bounded === 0)
        return lines.filter((line) => line.sku !== sku);
    if (lines.some((line) => line.sku === sku))
        return lines.map((line) => (line.sku === sku ? { sku, quantity: bounded } : line));
    return [...lines, { sku, quantity: bounded }];
}

export function quantityOf(lines: readonly CartLine[], sku: string): number {
    return lines.find((line) => line.sku === sku)?.quantity ?? 0;
}

export function put(sku: string, quantity: number): void {
    cart.value = putLine(stored(), sku, quantity);
}

export function add(sku: string, quantity: number): void {
    put(sku, quantityOf(stored(), sku) + quantity);
}

/** Takes over what another tab has just done, which is heard of a moment later only. */
export function refresh(): void {
    cart.value = stored();
}

export function clear(): void {
    cart.value = [];
}
