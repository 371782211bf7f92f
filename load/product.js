// SPDX-License-Identifier: MIT
// k6 run load/product.js: the product flow alone (docs/LOAD.md).

import { products } from './lib/catalogue.js';
import { iterate, plan, summary } from './lib/plan.js';
import { flow, product as visit } from './lib/product.js';

export const options = plan([{ ...flow, share: 1 }]);

export function setup() {
    return { products: products() };
}

export function product(data) {
    iterate(() => visit(data.products));
}

export const handleSummary = summary;
