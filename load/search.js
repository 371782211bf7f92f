// SPDX-License-Identifier: MIT
// k6 run load/search.js: the search flow alone (docs/LOAD.md).

import { awaitIndex, products, words } from './lib/catalogue.js';
import { iterate, plan, summary } from './lib/plan.js';
import { flow, search as visit } from './lib/search.js';

export const options = plan([{ ...flow, share: 1 }]);

export function setup() {
    const all = products();
    awaitIndex(all);
    return { words: words(all) };
}

export function search(data) {
    iterate(() => visit(data.words));
}

export const handleSummary = summary;
