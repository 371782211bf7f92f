// SPDX-License-Identifier: MIT
// Products side by side.
import type { ComponentChildren } from "preact";
import type { Product } from "../api/types";
import { href } from "../shell/router";
import { money } from "../text/money";
import { Picture } from "./picture";

export function productHref(sku: string): string {
    return href(["shop", "products", sku]);
}

function Card({ product, words }: { product: Product; words: CardWords }) {
    return (
        <li class="card product-card">
            <a href={productHref(product.sku)}>
                <Picture product={product} />
                <span class="product-name">{words.name}</span>
            </a>
            <p class="product-brand">{product.brand}</p>
            {words.why !== undefined && <p class="product-why">{words.why}</p>}
            <p class="price">{money(product.price_minor, product.currency)}</p>
        </li>
    );
}

export interface CardWords {
    name: ComponentChildren;
    /** Why it is here, where its name does not say so. */
    why?: ComponentChildren;
}

export function Cards<T extends Product>({ products, words }: {
    products: readonly T[];
    words?: (product: T) => CardWords;
}) {
    return (
        <ul class="cards">
            {products.map((product) => (
                <Card key={product.sku} product={product} words={words?.(product) ?? { name: product.name }} />
            ))}
        </ul>
    );
}
