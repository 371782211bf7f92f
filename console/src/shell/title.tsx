// SPDX-License-Identifier: MIT
// The heading of a page. A new page is read from there on: it takes the focus once it is there. A change of
// the query is no new page.
import { useEffect, useRef } from "preact/hooks";
import { pathText } from "./router";

let isArriving = false;
let arrivals = 0;

if (typeof window !== "undefined")
    pathText.subscribe(() => (isArriving = arrivals++ > 0));

export function Title({ text, class: name }: { text: string; class?: string }) {
    const heading = useRef<HTMLHeadingElement>(null);
    const path = pathText.value;
    useEffect(() => {
        document.title = `${text} · Aurora`;
    }, [text]);
    useEffect(() => {
        if (!isArriving)
            return;
        isArriving = false;
        window.scrollTo(0, 0);
        heading.current?.focus({ preventScroll: true });
    }, [path]);
    return <h1 ref={heading} tabIndex={-1} class={name}>{text}</h1>;
}
