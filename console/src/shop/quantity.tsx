// SPDX-License-Identifier: MIT
// How many: a number with a step to each side.
import { useEffect, useId, useState } from "preact/hooks";
import { QUANTITY_MAX } from "./cart";

export function Quantity({ of, value, put, min = 1 }: {
    of: string; value: number; put: (value: number) => void; min?: number;
}) {
    const id = useId();
    const [text, setText] = useState(String(value));
    useEffect(() => setText(String(value)), [value]);
    const take = (typed: string) => {
        const number = Number(typed);
        const isGood = Number.isInteger(number) && number >= min && number <= QUANTITY_MAX;
        if (isGood)
            put(number);
        setText(String(isGood ? number : value));
    };
    return (
        <div class="quantity" role="group" aria-label={`Quantity of ${of}`}>
            <button type="button" class="icon-button" aria-label="One less" disabled={value <= min}
                onClick={() => put(value - 1)}>−</button>
            <label class="visually-hidden" for={id}>Quantity</label>
            <input id={id} type="text" inputMode="numeric" value={text}
                onInput={(event) => setText(event.currentTarget.value)}
                onChange={(event) => take(event.currentTarget.value)} />
            <button type="button" class="icon-button" aria-label="One more" disabled={value >= QUANTITY_MAX}
                onClick={() => put(value + 1)}>+</button>
        </div>
    );
}
