// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Product } from "../src/api/types";
import { attemptKey, endAttempt, uuid } from "../src/shop/attempt";
import { putLine, readCart } from "../src/shop/cart";
import { commonCurrency } from "../src/shop/currency";
import { readFilters, searchHref } from "../src/shop/filters";
import { readHighlight } from "../src/shop/highlight";
import { priceCart } from "../src/shop/lines";
import { initials } from "../src/shop/picture";

function storage(): Storage {
    const kept = new Map<string, string>();
    return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value),
        removeItem: (name: string) => void kept.delete(name) } as unknown as Storage;
}

function product(sku: string, price_minor: number, currency = "EUR"): Product {
    return { sku, name: sku, description: "", category: "", brand: "", image_url: "", price_minor, currency, attributes: {},
        version: 1, created_at: "", updated_at: "" };
}

test("a cart of another release or hand is what of it makes sense", () => {
    assert.deepEqual(readCart(null), []);
    assert.deepEqual(readCart("{"), []);
    assert.deepEqual(readCart('[null,{"sku":"a","quantity":2},{"sku":"b","quantity":0},{"sku":1,"quantity":1}]'),
        [{ sku: "a", quantity: 2 }]);
});

test("a line is put, changed, bounded and taken out", () => {
    const one = putLine([], "a", 1);

    assert.deepEqual(putLine(one, "a", 5), [{ sku: "a", quantity: 5 }]);
    assert.deepEqual(putLine(one, "a", 2_000_000), [{ sku: "a", quantity: 1_000_000 }]);
    assert.deepEqual(putLine(one, "a", 0), []);
});

test("a cart is priced by the catalogue, and says why it cannot be ordered", () => {
    const products = new Map([["a", product("a", 250)], ["b", product("b", 100)], ["yen", product("yen", 5, "JPY")]]);

    const good = priceCart([{ sku: "a", quantity: 2 }, { sku: "b", quantity: 1 }], products);
    const gone = priceCart([{ sku: "a", quantity: 1 }, { sku: "none", quantity: 1 }], products);
    const mixed = priceCart([{ sku: "a", quantity: 1 }, { sku: "yen", quantity: 1 }], products);

    assert.deepEqual([good.total_minor, good.currency, good.objection], [600, "EUR", ""]);
    assert.match(gone.objection, /not sold any more/);
    assert.match(mixed.objection, /EUR and JPY/);
});

test("a checkout keeps its key until the order is placed", () => {
    const kept = storage();

    const key = attemptKey(kept, 0);

    assert.equal(attemptKey(kept, 1000), key);
    endAttempt(kept);
    assert.notEqual(attemptKey(kept, 2000), key);
});

test("a key that the server has forgotten is asked with no more", () => {
    const kept = storage();

    const key = attemptKey(kept, 0);

    assert.notEqual(attemptKey(kept, 24 * 3600 * 1000), key);
});

test("a key is a UUID of version 4", () => {
    assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a highlight is read as text, whatever a product is called", () => {
    assert.deepEqual(readHighlight("Blue &lt;b&gt; &amp; <em>cup</em>"),
        [{ text: "Blue <b> & ", isFound: false }, { text: "cup", isFound: true }]);
    assert.deepEqual(readHighlight(""), []);
});

test("filters are what their address was made from", () => {
    const address = searchHref({ q: "a & b", category: "Kitchen", min_price: "1250", sort: "-price" });

    const filters = readFilters(new URLSearchParams(address.split("?")[1]));

    assert.deepEqual(filters, { q: "a & b", category: "Kitchen", brand: "", min_price: "1250", max_price: "", sort: "-price" });
});

test("a drawn picture has letters of any script", () => {
    assert.equal(initials("Blue cup, 300 ml"), "BC");
    assert.equal(initials("Øl"), "Ø");
    assert.equal(initials("…"), "?");
});

test("prices are asked for in the currency of the products in sight", () => {
    const yen = product("a", 1, "JPY");

    assert.equal(commonCurrency([product("b", 1), yen, product("c", 1, "JPY")]), "JPY");
    assert.equal(commonCurrency([]), "");
});
