// SPDX-License-Identifier: MIT
// The page of the cart.
import { Await, Empty } from "../shell/states";
import { Title } from "../shell/title";
import { say } from "../shell/toasts";
import { money } from "../text/money";
import { cart, put } from "./cart";
import { productHref } from "./cards";
import { usePricedCart, type PricedCart, type PricedLine } from "./lines";
import { Picture } from "./picture";
import { Quantity } from "./quantity";

function Line({ line }: { line: PricedLine }) {
    const { product, sku, quantity } = line;
    const name = product?.name ?? sku;
    const remove = () => {
        put(sku, 0);
        say(`${name} is out of your cart`);
    };
    return (
        <li class="cart-line">
            <div class="cart-picture">{product !== null && <Picture product={product} />}</div>
            <div class="cart-words">
                <p class="cart-name">{product === null ? name : <a href={productHref(sku)}>{name}</a>}</p>
                <p class="hint">{product === null ? "Not sold any more" : `${money(product.price_minor, product.currency)} each`}</p>
            </div>
            <Quantity of={name} value={quantity} put={(value) => put(sku, value)} />
            <p class="price cart-price">
                {product !== null && money(product.price_minor * quantity, product.currency)}
            </p>
            <button type="button" class="icon-button" aria-label={`Take ${name} out`} onClick={remove}>×</button>
        </li>
    );
}

function Summary({ priced }: { priced: PricedCart }) {
    return (
        <aside class="card summary" aria-label="Sum">
            <p class="summary-total"><span>Total</span><strong>{priced.currency !== "" && money(priced.total_minor, priced.currency)}</strong></p>
            {priced.objection !== "" && <p class="error" role="alert">{priced.objection}</p>}
            {priced.objection === ""
                ? <a class="button primary" href="#/shop/checkout">Check out</a>
                : <button type="button" class="button primary" disabled>Check out</button>}
            <a class="button quiet" href="#/shop">Go on shopping</a>
        </aside>
    );
}

export function CartView() {
    const load = usePricedCart();
    return (
        <>
            <Title text="Cart" />
            {cart.value.length === 0
                ? <Empty title="Your cart is empty"><a class="button" href="#/shop">To the shop</a></Empty>
                : (
                    <Await of={load}>
                        {(priced) => (
                            <div class="with-aside">
                                <ul class="card cart-lines">
                                    {priced.lines.map((line) => <Line key={line.sku} line={line} />)}
                                </ul>
                                <Summary priced={priced} />
                            </div>
                        )}
                    </Await>
                )}
        </>
    );
}
