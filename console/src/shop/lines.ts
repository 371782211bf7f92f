// SPDX-License-Identifier: MIT
// A cart with the products that it names.
import type { Product } from "../api/types";
import { useLoad } from "../shell/load";
import { cart, type CartLine } from "./cart";
import { findProducts } from "./products";

export interface PricedLine extends CartLine {
    /** null = it is not sold any more. */
    product: Product | null;
}

export interface PricedCart {
    lines: PricedLine[];
    total_minor: number;
    /** "" = there is nothing to price, or more than one. */
    currency: string;
    /** Why this cannot be ordered as it is; "" = it can. */
    objection: string;
}

export function priceCart(lines: readonly CartLine[], products: ReadonlyMap<string, Product | null>): PricedCart {
    const priced = lines.map((line) => ({ ...line, product: products.get(line.sku) ?? null }));
    const currencies = new Set(priced.flatMap((line) => (line.product === null ? [] : [line.product.currency])));
    const objection = priced.some((line) => line.product === null) ? "Something in your cart is not sold any more. Take it out to go on."
        : currencies.size > 1 ? `An order has one currency; your cart has ${[...currencies].join(" and ")}.`
            : "";
    return {
        lines: priced,
        total_minor: priced.reduce((sum, line) => sum + (line.product?.price_minor ?? 0) * line.quantity, 0),
        currency: currencies.size === 1 ? [...currencies][0] ?? "" : "",
        objection,
    };
}

/** Loads the products once for each set of SKUs; quantities change without. */
export function usePricedCart() {
    const lines = cart.value;
    const skus = lines.map((line) => line.sku);
    const load = useLoad(async (signal) => {
        const products = await findProducts(skus, signal);
        return new Map(skus.map((sku, index) => [sku, products[index] ?? null]));
    }, [skus.join("\n")]);
    const isKnown = load.value !== null && skus.every((sku) => load.value?.has(sku));
    return { ...load, value: isKnown && load.value !== null ? priceCart(lines, load.value) : null };
}
