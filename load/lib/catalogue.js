// SPDX-License-Identifier: MIT
// What the flows ask for: the server's own catalogue, the words of its names, and articles of the
// test's own that may be ordered without end.

import { sleep } from 'k6';
import { call, query } from './api.js';
import { settings } from './settings.js';

const CATEGORY = 'Load test';
const PREFIX = 'load-test-';
const ARTICLES = 20;
const STOCK = 1000000000;
const PAGE = 1000;
const PRODUCTS_MAX = 5000;
const NO_SEARCH = ['with', 'from', 'into', 'that', 'this', 'over', 'your'];
// k6's JavaScript has no \p{L}.
const WORD = /[^\s\d!-/:-@[-`{-~]{4,}/g;

function must(answer, what) {
    if (!answer.isExpected) {
        throw new Error(`${what}: status ${answer.status}: ${answer.text}`);
    }
    return answer.data;
}

function isOwn(product) {
    return product.sku.startsWith(PREFIX) || product.category === CATEGORY;
}

// Products of others than us, at most PRODUCTS_MAX.
export function products() {
    const found = [];
    let cursor = null;
    do {
        const page = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const data = must(call('GET', '/products', `/products${query(page)}`), 'GET /products');
        for (const each of data.items) {
            if (!isOwn(each)) {
                found.push({ sku: each.sku, name: each.name });
            }
        }
        cursor = data.next_cursor;
    } while (cursor !== null && found.length < PRODUCTS_MAX);
    if (found.length === 0) {
        throw new Error(`no products: auroractl seed --url ${settings.url} puts some there`);
    }
    return found;
}

// The index follows the products: what was put a moment ago is not found at once.
export function awaitIndex(all) {
    const wanted = Math.min(all.length, PAGE);
    for (let tries = 0; tries < 120; tries++) {
        const data = must(call('GET', '/search', '/search?limit=1'), 'GET /search');
        if (data.total >= wanted) {
            return;
        }
        sleep(0.5);
    }
    throw new Error(`the search index does not have ${wanted} products after 60 s`);
}

// Words of the products' names, the most frequent first.
export function words(all) {
    const counts = {};
    for (const product of all) {
        for (const word of new Set(product.name.toLowerCase().match(WORD) || [])) {
            counts[word] = (counts[word] || 0) + 1;
        }
    }
    const sorted = Object.keys(counts).filter((word) => !NO_SEARCH.includes(word));
    sorted.sort((a, b) => counts[b] - counts[a] || (a < b ? -1 : 1));
    if (sorted.length === 0) {
        throw new Error('no product has a word of four letters in its name to search for');
    }
    return sorted;
}

// Like shoppers' searches: the word of rank r is drawn about as often as 1/r (Zipf).
export function popular(all, chance = Math.random()) {
    const rank = Math.floor(Math.exp(chance * Math.log(all.length + 1)));
    return all[Math.min(all.length, rank) - 1];
}

export function article(number) {
    return {
        sku: `${PREFIX}${String(number).padStart(3, '0')}`,
        name: `Article ${number}`,
        category: CATEGORY,
        price_minor: 100 + number,
        currency: 'EUR',
    };
}

function put(product) {
    const options = { body: product, expected: [200, 201] };
    must(call('PUT', '/products/{sku}', `/products/${product.sku}`, options), 'PUT a product');
}

function receive(sku) {
    must(
        call('POST', '/inventory/{sku}/receipts', `/inventory/${sku}/receipts`, {
            body: { quantity: STOCK },
            headers: { 'Idempotency-Key': `${PREFIX}stock/${sku}` },
            expected: [200, 201],
        }),
        'POST a receipt',
    );
}

// In a cluster the order service hears of a product by an event: until then it is unknown to it.
function awaitPrices(goods) {
    const lines = goods.map((each) => ({ sku: each.sku, quantity: 1 }));
    for (let tries = 0; tries < 120; tries++) {
        const answer = call('POST', '/orders', '/orders', {
            body: { lines, currency: goods[0].currency, payment_method: 'tok_approve' },
            expected: [201, 422],
        });
        if (answer.status === 201) {
            return;
        }
        if (answer.status !== 422 || answer.data === null || answer.data.code !== 'unknown_sku') {
            must({ ...answer, isExpected: false }, 'POST /orders');
        }
        sleep(0.5);
    }
    throw new Error('the order service does not know the products of the load test after 60 s');
}

// What orders are made of: LOAD_SKUS, or articles of our own.
export function goods() {
    if (settings.skus.length > 0) {
        return settings.skus.map((sku) => {
            const path = `/products/${encodeURIComponent(sku)}`;
            const data = must(call('GET', '/products/{sku}', path), `GET ${path}`);
            return { sku, price: data.price_minor, currency: data.currency };
        });
    }
    const own = [];
    for (let number = 1; number <= ARTICLES; number++) {
        const each = article(number);
        if (settings.prepare) {
            put(each);
            receive(each.sku);
        }
        own.push({ sku: each.sku, price: each.price_minor, currency: each.currency });
    }
    awaitPrices(own);
    return own;
}
