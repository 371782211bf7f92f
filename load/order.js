// SPDX-License-Identifier: MIT
// k6 run load/order.js: the order flow alone (docs/LOAD.md).

import { goods } from './lib/catalogue.js';
import { flow, order as visit } from './lib/order.js';
import { iterate, plan, summary } from './lib/plan.js';

export const options = plan([{ ...flow, share: 1 }]);

export function setup() {
    return { goods: goods(), run: Date.now().toString(36) };
}

export function order(data) {
    iterate(() => visit(data.goods, data.run));
}

export const handleSummary = summary;
