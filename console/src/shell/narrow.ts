// SPDX-License-Identifier: MIT
// Whether the page is as narrow as a phone, for what styles alone cannot lay out anew.
import { signal } from "@preact/signals";

const QUERY = "(max-width: 680px)";
const isNarrow = signal(false);

if (typeof matchMedia !== "undefined") {
    const media = matchMedia(QUERY);
    isNarrow.value = media.matches;
    media.addEventListener("change", () => (isNarrow.value = media.matches));
}

/** Renders anew when that changes. */
export function useIsNarrow(): boolean {
    return isNarrow.value;
}
