// SPDX-License-Identifier: MIT
// Somebody buys: places an order, waits for its outcome, reads it back. Of a hundred orders three
// are declined by the bank, three are cancelled, and one is sent twice, as after a lost answer.

import exec from 'k6/execution';
import { call, expect } from './api.js';

export const flow = { name: 'order', p95: 250, p99: 500 };

const WAIT_S = 10;
const LINES_MAX = 3;
const APPROVED = 'tok_approve';
const DECLINED = [10, 40, 70];
const CANCELLED = [20, 50, 80];
const REPEATED = 30;

function cart(goods) {
    const lines = [];
    const first = Math.floor(Math.random() * goods.length);
    const count = 1 + Math.floor(Math.random() * Math.min(LINES_MAX, goods.length));
    for (let i = 0; i < count; i++) {
        const each = goods[(first + i) % goods.length];
        lines.push({ sku: each.sku, quantity: 1 + (i % 2), price: each.price });
    }
    return lines;
}

function place(lines, token, currency, key) {
    return call('POST', '/orders', '/orders', {
        body: {
            lines: lines.map(({ sku, quantity }) => ({ sku, quantity })),
            currency,
            payment_method: token,
        },
        headers: { 'Idempotency-Key': key, Prefer: `wait=${WAIT_S}` },
        expected: [201],
    });
}

function readBack(order) {
    const answer = call('GET', '/orders/{id}', `/orders/${order.id}`);
    expect(answer, {
        'order reads as it was placed': ({ data }) =>
            data.id === order.id && data.total_minor === order.total_minor,
        'order does not go back': ({ data }) =>
            data.version >= order.version && data.status === order.status,
    });
}

// Declined, the stock goes back; cancelled, the money does too: both are the saga's compensations.
function cancel(order) {
    const answer = call('POST', '/orders/{id}/cancel', `/orders/${order.id}/cancel`, {
        body: { note: 'load test' },
        headers: { 'Idempotency-Key': `cancel-${order.id}` },
    });
    expect(answer, {
        'cancel cancels': ({ data }) => data.id === order.id && data.status === 'CANCELLED',
    });
}

function repeat(lines, token, currency, key, order) {
    const answer = place(lines, token, currency, key);
    expect(answer, { 'repeat makes no second order': ({ data }) => data.id === order.id });
}

export function order(goods, run) {
    const turn = exec.scenario.iterationInTest % 100;
    const token = DECLINED.includes(turn) ? 'tok_decline' : APPROVED;
    const lines = cart(goods);
    const currency = goods[0].currency;
    const total = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
    const key = `load-${run}-${exec.scenario.name}-${exec.scenario.iterationInTest}`;
    const answer = place(lines, token, currency, key);
    const isGood = expect(answer, {
        'order costs what its lines cost': ({ data }) => data.total_minor === total,
        'order ends as its payment does': ({ data }) =>
            token === APPROVED ? data.status === 'COMPLETED'
                : data.status === 'FAILED' && data.reason === 'payment_declined',
    });
    if (!isGood) {
        return;
    }
    if (turn === REPEATED) {
        repeat(lines, token, currency, key, answer.data);
    }
    if (CANCELLED.includes(turn)) {
        cancel(answer.data);
    } else {
        readBack(answer.data);
    }
}
