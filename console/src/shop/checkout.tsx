// SPDX-License-Identifier: MIT
// From a cart to an order.
import { useEffect, useId, useState } from "preact/hooks";
import { post } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Order, OrderInput } from "../api/types";
import { lasting } from "../shell/kept";
import { href, replace } from "../shell/router";
import { claims } from "../shell/session";
import { Await, Empty, ProblemView } from "../shell/states";
import { Title } from "../shell/title";
import { money } from "../text/money";
import { attemptKey, endAttempt } from "./attempt";
import { useBank } from "./bank";
import { cart, clear, refresh } from "./cart";
import { usePricedCart, type PricedCart } from "./lines";
import { PAYMENTS } from "./payment";

interface PaymentProps {
    chosen: string;
    choose: (token: string) => void;
}

function Payments({ chosen, choose }: PaymentProps) {
    return useBank() === "real" ? <OwnToken chosen={chosen} choose={choose} /> : <TestCards chosen={chosen} choose={choose} />;
}

/** What a provider's own form or app would have given. */
function OwnToken({ chosen, choose }: PaymentProps) {
    const id = useId();
    useEffect(() => choose(""), []);
    return (
        <div class="field">
            <label for={id}>Payment token</label>
            <input id={id} type="text" required maxLength={255} autocomplete="off" spellcheck={false} value={chosen}
                aria-describedby={`${id}-hint`} onInput={(event) => choose(event.currentTarget.value)} />
            <p id={`${id}-hint`} class="hint">Of this server's payment provider, which decides what it is worth.</p>
        </div>
    );
}

function TestCards({ chosen, choose }: PaymentProps) {
    const id = useId();
    return (
        <fieldset class="payments">
            <legend>Payment</legend>
            <p class="hint">Cards of the simulated bank, where no money moves. Choose how it should behave.</p>
            {PAYMENTS.map((payment) => (
                <label key={payment.token} class="payment">
                    <input type="radio" name={id} checked={payment.token === chosen} onChange={() => choose(payment.token)} />
                    <span>
                        <span class="payment-title">{payment.title}</span>
                        <span class="hint">{payment.words}</span>
                    </span>
                </label>
            ))}
        </fieldset>
    );
}

function Summary({ priced }: { priced: PricedCart }) {
    return (
        <aside class="card summary" aria-label="Your order">
            <h2>Your order</h2>
            <ul class="summary-lines">
                {priced.lines.map((line) => (
                    <li key={line.sku}>
                        <span>{line.quantity} × {line.product?.name ?? line.sku}</span>
                        <span class="number">{money((line.product?.price_minor ?? 0) * line.quantity, priced.currency)}</span>
                    </li>
                ))}
            </ul>
            <p class="summary-total"><span>Total, {priced.currency}</span><strong>{money(priced.total_minor, priced.currency)}</strong></p>
            <a class="button quiet" href="#/shop/cart">Change the cart</a>
        </aside>
    );
}

/** What was placed with this key before: not this. */
function AlreadyPlaced() {
    return (
        <section class="problem" role="alert">
            <p class="problem-title">This checkout was placed already</p>
            <p>Its answer was lost on the way, and the cart has changed since. Look at <a href="#/shop/orders">your orders</a>;
                to buy what is in the cart as well, place the order again.</p>
        </section>
    );
}

function usePlacing(priced: PricedCart) {
    const [isBusy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const place = async (payment: string, contact: string) => {
        const input: OrderInput = {
            lines: priced.lines.map(({ sku, quantity }) => ({ sku, quantity })),
            currency: priced.currency,
            payment_method: payment,
            ...(contact === "" ? {} : { contact }),
        };
        setBusy(true);
        setProblem(null);
        try {
            const order = await post<Order>("/orders", input, { "Idempotency-Key": attemptKey(lasting, Date.now()) });
            clear(); // first: a tab that finds the key gone finds the cart empty
            endAttempt(lasting);
            replace(href(["shop", "orders", order.id], { new: "1" }));
        } catch (thrown) {
            const said = asProblem(thrown);
            if (said.code === "key_reused")
                endAttempt(lasting);
            setProblem(said);
            setBusy(false);
        }
    };
    return { isBusy, problem, place };
}

function Form({ priced }: { priced: PricedCart }) {
    const id = useId();
    const [payment, setPayment] = useState(PAYMENTS[0]?.token ?? "");
    const [contact, setContact] = useState("");
    const { isBusy, problem, place } = usePlacing(priced);
    useEffect(() => void attemptKey(lasting, Date.now()), []); // long before it is used, so that all tabs know it
    const submit = (event: Event) => {
        event.preventDefault();
        refresh();
        if (!isBusy && cart.value.length > 0)
            void place(payment, contact.trim());
    };
    return (
        <div class="with-aside">
            <div>
                <form class="card checkout" onSubmit={submit}>
                    <div class="field">
                        <label for={id}>E-mail <span class="quiet">(optional)</span></label>
                        <input id={id} type="email" autocomplete="email" value={contact} aria-describedby={`${id}-hint`}
                            placeholder={claims.value?.email} onInput={(event) => setContact(event.currentTarget.value)} />
                        <p id={`${id}-hint`} class="hint">Where news of the order goes.</p>
                    </div>
                    <Payments chosen={payment} choose={setPayment} />
                    <button type="submit" class="button primary place-order" aria-disabled={isBusy}>
                        {isBusy ? "Placing the order…" : `Place order, ${money(priced.total_minor, priced.currency)}`}
                    </button>
                </form>
                {problem !== null && (problem.code === "key_reused" ? <AlreadyPlaced /> : <ProblemView problem={problem} />)}
                {problem?.isPassing === true && <p class="hint">Press again when you like: the order is placed once.</p>}
            </div>
            <Summary priced={priced} />
        </div>
    );
}

export function CheckoutView() {
    const load = usePricedCart();
    return (
        <>
            <Title text="Checkout" />
            {cart.value.length === 0
                ? <Empty title="Your cart is empty"><a class="button" href="#/shop">To the shop</a></Empty>
                : (
                    <Await of={load}>
                        {(priced) => priced.objection === "" ? <Form priced={priced} />
                            : <Empty title={priced.objection}><a class="button" href="#/shop/cart">To the cart</a></Empty>}
                    </Await>
                )}
        </>
    );
}
