// SPDX-License-Identifier: MIT
// Places within the page: #/shop/products/cup?from=search. A place is data; views read it.
import { computed, signal } from "@preact/signals";

export interface Place {
    /** Decoded segments: ["shop", "products", "cup"]. */
    path: string[];
    query: URLSearchParams;
}

const START = "shop";

export function readPlace(hash: string): Place {
    const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
    const segments = path.split("/").filter(Boolean).map(decode);
    return { path: segments.length === 0 ? [START] : segments, query: new URLSearchParams(query) };
}

function decode(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text; // typed by hand
    }
}

/** "#/shop/products/cup%20blue?a=b"; empty values are left out. */
export function href(path: readonly string[], query: Record<string, string> = {}): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== "")
            search.set(name, value);
    }
    const tail = search.toString();
    return "#/" + path.map(encodeURIComponent).join("/") + (tail === "" ? "" : "?" + tail);
}

const hash = signal(typeof location === "undefined" ? "" : location.hash);
export const place = computed(() => readPlace(hash.value));
/** The path alone: what is another page for a reader. */
export const pathText = computed(() => href(place.value.path));

if (typeof window !== "undefined")
    window.addEventListener("hashchange", () => (hash.value = location.hash));

export function go(to: string): void {
    location.hash = to;
}

/** Goes there without a new entry in the history: for what changes while somebody types. */
export function replace(to: string): void {
    history.replaceState(null, "", to);
    hash.value = to;
}
