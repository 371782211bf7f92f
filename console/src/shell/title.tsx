// SPDX-License-Identifier: MIT
// The heading of a page. A new page is read from there on: it takes the focus once it is there. A change of
// the query is no new page.
import { useEffect, useRef } from "preact/hooks";
import { pathText } from "./router";

let isArriving = false;
let arrivals = 0;
/** The heading that took the focus last. */
let taken: HTMLElement | null = null;

if (typeof window !== "undefined")
    pathText.subscribe(() => (isArriving = arrivals++ > 0));

/** Whether a page was read from a heading that has gone with what was shown while it was waited for. */
function isLost(): boolean {
    return taken !== null && !taken.isConnected && document.activeElement === document.body;
}

export function Title({ text, class: name }: { text: string; class?: string }) {
    const heading = useRef<HTMLHeadingElement>(null);
    const path = pathText.value;
    useEffect(() => {
        document.title = `${text} · Aurora`;
    }, [text]);
    useEffect(() => {
        if (!isArriving && !isLost())
            return;
        if (isArriving)
            window.scrollTo(0, 0);
        isArriving = false;
        taken = heading.current;
        taken?.focus({ preventScroll: true });
    }, [path]);
    return <h1 ref={heading} tabIndex={-1} class={name}>{text}</h1>;
}
