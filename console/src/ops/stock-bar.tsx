// SPDX-License-Identifier: MIT
// Where the pieces of a SKU are, as one bar: all that was received, in its parts.
import { count } from "./format";
import type { Stock } from "./types";

export const stockParts = [
    { name: "available", title: "available", of: (stock: Stock) => stock.available },
    { name: "reserved", title: "reserved", of: (stock: Stock) => stock.reserved },
    { name: "sold", title: "sold", of: (stock: Stock) => stock.sold },
    { name: "written", title: "written off", of: (stock: Stock) => stock.written_off },
] as const;

/** Widths that add up to `width`; what is more than nothing is seen. */
export function barOf(stock: Stock, width: number): { name: string; x: number; width: number }[] {
    const whole = stock.received > 0 ? stock.received : 1;
    let x = 0;
    return stockParts
        .filter((part) => part.of(stock) > 0)
        .map((part) => {
            const piece = { name: part.name, x, width: (part.of(stock) / whole) * width };
            x += piece.width;
            return piece;
        });
}

export function StockBar({ stock, isSmall = false }: { stock: Stock; isSmall?: boolean }) {
    const width = isSmall ? 120 : 1000;
    const height = isSmall ? 10 : 28;
    const words = stockParts.map((part) => `${count(part.of(stock))} ${part.title}`).join(", ");
    return (
        <svg class={isSmall ? "ops-stock-small" : "ops-stock"} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={`Of ${count(stock.received)} received: ${words}`}>
            <rect width={width} height={height} class="ops-stock-none" />
            {barOf(stock, width).map((piece) => <rect key={piece.name} x={piece.x} width={piece.width} height={height} class={`ops-stock-${piece.name}`} />)}
        </svg>
    );
}
