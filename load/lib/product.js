// SPDX-License-Identifier: MIT
// Somebody leafs through the catalogue and looks at a product twice; now and then a merchant
// changes one.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { call, expect, query } from './api.js';
import { article } from './catalogue.js';
import { settings } from './settings.js';

export const flow = { name: 'product', p95: 75, p99: 200 };

const PAGE = 20;
const WRITE_EVERY = 50;
const WRITER = 500; // articles from here on are written by one virtual user each
// Another server of the same store shows a write within cache_ttl, 1 s if nobody changed it.
const VISIBLE_TRIES = 10;

function leaf() {
    const first = call('GET', '/products', `/products${query({ limit: PAGE })}`);
    const isGood = expect(first, {
        'list has a page': ({ data }) => data.items.length > 0 && data.items.length <= PAGE,
        'list is sorted by SKU': ({ data }) =>
            data.items.every((each, i) => i === 0 || data.items[i - 1].sku < each.sku),
    });
    if (!isGood || first.data.next_cursor === null) {
        return;
    }
    const last = first.data.items[first.data.items.length - 1].sku;
    const next = query({ limit: PAGE, cursor: first.data.next_cursor });
    const second = call('GET', '/products', `/products${next}`);
    expect(second, {
        'page two goes on': ({ data }) => data.items.every((each) => each.sku > last),
    });
}

function look(product) {
    const path = `/products/${encodeURIComponent(product.sku)}`;
    const answer = call('GET', '/products/{sku}', path);
    const isGood = expect(answer, {
        'product is the one': ({ data }) =>
            data.sku === product.sku && data.name === product.name,
        'product has an ETag': ({ headers }) => /^"\d+"$/.test(headers.Etag || ''),
    });
    call('POST', '/products/{sku}/views', `${path}/views`, {
        headers: { 'Content-Type': 'application/json' },
        expected: [204],
    });
    if (isGood) {
        call('GET', '/products/{sku}', path, {
            headers: { 'If-None-Match': answer.headers.Etag },
            expected: [304],
        });
    }
}

// One article for each virtual user, so that no two write the same.
function write() {
    const product = article(WRITER + exec.vu.idInTest);
    const path = `/products/${product.sku}`;
    const { iterationInTest, name } = exec.scenario;
    product.price_minor = 1000 + (iterationInTest % 9000);
    product.description = `written in iteration ${iterationInTest} of ${name}`;
    const written = call('PUT', '/products/{sku}', path, { body: product, expected: [200, 201] });
    const isGood = expect(written, {
        'write answers what was written': ({ data }) => data.price_minor === product.price_minor,
    });
    if (!isGood) {
        return;
    }
    let read = null;
    for (let tries = 0; tries < VISIBLE_TRIES; tries++) {
        read = call('GET', '/products/{sku}', path, { expected: [200, 404] });
        if (read.status === 200 && read.data.version >= written.data.version) {
            break;
        }
        sleep(0.2);
    }
    expect(read, {
        'write is seen': ({ data }) =>
            data.version >= written.data.version && data.price_minor === product.price_minor,
    });
}

export function product(products) {
    leaf();
    look(products[Math.floor(Math.random() * products.length)]);
    if (settings.prepare && exec.scenario.iterationInTest % WRITE_EVERY === 0) {
        write();
    }
}
