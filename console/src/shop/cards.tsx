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

function Card({ product, name }: { product: Product; name: ComponentChildren }) {
    return (
        <li class="card product-card">
            <a href={productHref(product.sku)}>
                <Picture product={product} />
                <span class="product-name">{name}</span>
            </a>
            <p class="product-brand">{product.brand}</p>
            <p class="price">{money(product.price_minor, product.currency)}</p>
        </li>
    );
}

export function Cards<T extends Product>({ products, name }: {
    products: readonly T[];
    name?: (product: T) => ComponentChildren;
}) {
    return (
        <ul class="cards">
            {products.map((product) => (
                <Card key={product.sku} product={product} name={name?.(product) ?? product.name} />
            ))}
        </ul>
    );
}
