// SPDX-License-Identifier: MIT
// The page of a product.
import { useEffect, useState } from "preact/hooks";
import type { Product, Stock } from "../api/types";
import { useLoad } from "../shell/load";
import { Await, Empty } from "../shell/states";
import { Title } from "../shell/title";
import { say } from "../shell/toasts";
import { money } from "../text/money";
import { Cards } from "./cards";
import { add, cart, quantityOf } from "./cart";
import { searchHref } from "./filters";
import { Picture } from "./picture";
import { countView, findStock, getProduct, related } from "./products";
import { Quantity } from "./quantity";

const FEW = 10;

function StockWords({ stock }: { stock: Stock }) {
    if (stock.available === 0)
        return <span class="badge badge-bad">Sold out</span>;
    if (stock.available <= FEW)
        return <span class="badge badge-warn">Only {stock.available} left</span>;
    return <span class="badge badge-good">{stock.available.toLocaleString("en")} in stock</span>;
}

function Attributes({ product }: { product: Product }) {
    const rows = Object.entries(product.attributes);
    return (
        <dl class="attributes">
            {rows.map(([name, value]) => (
                <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
            ))}
            <div><dt>SKU</dt><dd><code>{product.sku}</code></dd></div>
        </dl>
    );
}

function Buy({ product, stock }: { product: Product; stock: Stock | null }) {
    const [quantity, setQuantity] = useState(1);
    const held = quantityOf(cart.value, product.sku);
    const isGone = stock !== null && stock.available === 0;
    const put = () => {
        add(product.sku, quantity);
        setQuantity(1);
        say(`${product.name} is in your cart`);
    };
    return (
        <div class="buy">
            <Quantity of={product.name} value={quantity} put={setQuantity} />
            <button type="button" class="button primary" disabled={isGone} onClick={put}>Add to cart</button>
            {held > 0 && <p class="hint"><a href="#/shop/cart">{held} in your cart</a></p>}
        </div>
    );
}

function Related({ sku }: { sku: string }) {
    const load = useLoad((signal) => related(sku, signal), [sku]);
    if (load.value === null || load.value.length === 0)
        return null; // nothing was bought together with it yet
    return (
        <section class="shelf">
            <h2>Bought together with it</h2>
            <Cards products={load.value} />
        </section>
    );
}

function Crumbs({ product }: { product: Product }) {
    return (
        <nav aria-label="Where this is" class="crumbs">
            <a href="#/shop">Shop</a>
            {product.category !== "" && <a href={searchHref({ category: product.category })}>{product.category}</a>}
        </nav>
    );
}

function Details({ product }: { product: Product }) {
    const stock = useLoad((signal) => findStock(product.sku, signal), [product.sku]);
    return (
        <>
            <Crumbs product={product} />
            <article class="product">
                <div class="product-picture"><Picture product={product} /></div>
                <div class="product-words">
                    {product.brand !== "" && (
                        <p class="product-brand"><a href={searchHref({ brand: product.brand })}>{product.brand}</a></p>
                    )}
                    <Title text={product.name} />
                    <p class="product-price">
                        {money(product.price_minor, product.currency)}
                        {stock.value !== null && <StockWords stock={stock.value} />}
                    </p>
                    <Buy key={product.sku} product={product} stock={stock.value} />
                    {product.description !== "" && <p class="product-description">{product.description}</p>}
                    <Attributes product={product} />
                </div>
            </article>
            <Related sku={product.sku} />
        </>
    );
}

export function ProductView({ sku }: { sku: string }) {
    const load = useLoad((signal) => getProduct(sku, signal), [sku]);
    useEffect(() => countView(sku), [sku]);
    if (load.problem?.status === 404) {
        return (
            <>
                <Title text="This product is not sold here" />
                <Empty title="It may have been taken out of the catalogue, or the address has a slip.">
                    <a class="button" href="#/shop">To the shop</a>
                </Empty>
            </>
        );
    }
    return <Await of={load}>{(product) => <Details product={product} />}</Await>;
}
