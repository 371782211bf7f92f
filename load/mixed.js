// SPDX-License-Identifier: MIT
// k6 run load/mixed.js: a shop's day. Of ten visits five search, four look at products, one buys;
// each flow at its own constant rate, so that none waits for another (docs/LOAD.md).

import { awaitIndex, goods, products, words } from './lib/catalogue.js';
import { flow as orderFlow, order as visitOrder } from './lib/order.js';
import { iterate, plan, summary } from './lib/plan.js';
import { flow as productFlow, product as visitProduct } from './lib/product.js';
import { flow as searchFlow, search as visitSearch } from './lib/search.js';

export const options = plan([
    { ...searchFlow, share: 0.5 },
    { ...productFlow, share: 0.4 },
    { ...orderFlow, share: 0.1 },
]);

export function setup() {
    const all = products();
    awaitIndex(all);
    return { words: words(all), products: all, goods: goods(), run: Date.now().toString(36) };
}

export function search(data) {
    iterate(() => visitSearch(data.words));
}

export function product(data) {
    iterate(() => visitProduct(data.products));
}

export function order(data) {
    iterate(() => visitOrder(data.goods, data.run));
}

export const handleSummary = summary;
