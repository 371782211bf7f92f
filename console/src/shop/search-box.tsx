// SPDX-License-Identifier: MIT
// Search as you type: a combobox with a list of suggestions (WAI-ARIA Authoring Practices 1.2). On the page of
// results what is typed is searched for at once; elsewhere on Enter.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { isAbort } from "../api/problem";
import { place } from "../shell/router";
import { narrow, readFilters, searchFor } from "./filters";
import { suggest } from "./products";

const SEARCH_AFTER_MS = 200;
const SUGGEST_AFTER_MS = 120;

/** Suggestions for `text`, a moment after the last key; older requests are given up. */
function useSuggestions(text: string, isWanted: boolean): [string[], () => void] {
    const [items, setItems] = useState<string[]>([]);
    useEffect(() => {
        if (!isWanted || text.trim() === "") {
            setItems([]);
            return;
        }
        const control = new AbortController();
        const timer = setTimeout(() => {
            suggest(text, control.signal).then(
                (found) => setItems(found.filter((item) => item !== text.trim().toLowerCase())),
                (thrown: unknown) => {
                    if (!isAbort(thrown))
                        setItems([]); // searching works without
                });
        }, SUGGEST_AFTER_MS);
        return () => {
            clearTimeout(timer);
            control.abort();
        };
    }, [text, isWanted]);
    return [items, () => setItems([])];
}

function isResults(): boolean {
    return place.value.path.length < 2;
}

export function SearchBox() {
    const id = useId();
    const asked = readFilters(place.value.query).q;
    const [text, setText] = useState(asked);
    const [isOpen, setOpen] = useState(false);
    const [chosen, setChosen] = useState(-1);
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const sent = useRef(asked); // what we searched for last: more may have been typed since
    const [items, forget] = useSuggestions(text, isOpen);
    const isShown = isOpen && items.length > 0;

    useEffect(() => {
        if (asked !== sent.current && isResults()) { // by a link or the history, not by our typing
            clearTimeout(timer.current);
            sent.current = asked;
            setText(asked);
        }
    }, [asked]);

    const search = (q: string, afterMs: number) => {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => {
            sent.current = q;
            narrow(readFilters(place.value.query), { q });
        }, afterMs);
    };
    const type = (value: string) => {
        setText(value);
        setChosen(-1);
        setOpen(true);
        if (isResults())
            search(value, SEARCH_AFTER_MS);
    };
    const take = (value: string) => {
        setText(value);
        setOpen(false);
        setChosen(-1);
        forget();
        if (isResults())
            search(value, 0);
        else
            searchFor(value);
    };
    const press = (event: KeyboardEvent) => {
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step !== 0) {
            event.preventDefault();
            setOpen(true);
            const count = items.length + 1; // one place is the text itself
            setChosen((before) => ((before + 1 + step + count) % count) - 1);
        } else if (event.key === "Enter") {
            event.preventDefault();
            take(items[chosen] ?? text);
        } else if (event.key === "Escape") {
            event.preventDefault();
            if (isShown)
                setOpen(false);
            else
                type("");
            setChosen(-1);
        }
    };
    return (
        <div class="search-box" role="search">
            <label class="visually-hidden" for={id}>Search the shop</label>
            <svg viewBox="0 0 20 20" class="search-icon" aria-hidden="true"><circle cx="9" cy="9" r="6" /><path d="M13.5 13.5L18 18" /></svg>
            <input id={id} type="text" enterKeyHint="search" role="combobox" placeholder="Search the shop" autocomplete="off" spellcheck={false}
                aria-autocomplete="list" aria-expanded={isShown} aria-controls={`${id}-list`}
                aria-activedescendant={isShown && chosen >= 0 ? `${id}-${chosen}` : undefined}
                value={text} maxLength={200} onInput={(event) => type(event.currentTarget.value)} onKeyDown={press}
                onBlur={() => setOpen(false)} />
            <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" class="suggestions" hidden={!isShown}>
                {items.map((item, index) => (
                    <li key={item} id={`${id}-${index}`} role="option" aria-selected={index === chosen}
                        onMouseDown={(event) => { event.preventDefault(); take(item); }}>
                        {item}
                    </li>
                ))}
            </ul>
        </div>
    );
}
