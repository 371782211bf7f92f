// SPDX-License-Identifier: MIT
// Calls of the HTTP API. Each is tagged with its route's template, the label that the server's own
// metrics have, and never with a path that has an id in it.

import { check } from 'k6';
import { hmac, sha256 } from 'k6/crypto';
import exec from 'k6/execution';
import http from 'k6/http';
import { settings } from './settings.js';

const SCOPES = 'orders:read orders:write products:write inventory:read inventory:write';
const TIMEOUT = '40s';

// Each virtual user is a customer of its own.
function principal() {
    return `load-${exec.vu.idInTest}`;
}

// Four fields that speak for a principal, signed as docs/HTTP.md says.
function signed(method, target, body) {
    const [path, query] = target.split('?');
    const deadline = String(Date.now() + 60000);
    const lines = [method, path, query || '', sha256(body, 'hex'), principal(), SCOPES, deadline];
    return {
        'Aurora-Principal': principal(),
        'Aurora-Scopes': SCOPES,
        'Aurora-Deadline': deadline,
        'Aurora-Signature': hmac('sha256', settings.secret, lines.join('\n'), 'hex'),
    };
}

function fields(method, target, body, own) {
    const all = Object.assign({}, own);
    if (body !== '') {
        all['Content-Type'] = 'application/json';
    }
    if (settings.token !== '') {
        all.Authorization = `Bearer ${settings.token}`;
    } else if (settings.secret !== '') {
        Object.assign(all, signed(method, target, body));
    }
    return all;
}

function parsed(answer) {
    if (!answer.body || !/json/.test(answer.headers['Content-Type'] || '')) {
        return null;
    }
    try {
        return answer.json();
    } catch (error) {
        return undefined;
    }
}

// call('GET', '/products/{sku}', '/products/mug'): the answer with its parsed body as `data` (null
// where it is no JSON). `expected` are the statuses that are no failure.
export function call(method, route, target, { body = null, headers = {}, expected = [200] } = {}) {
    const text = body === null ? '' : JSON.stringify(body);
    const answer = http.request(method, settings.url + target, body === null ? null : text, {
        headers: fields(method, target, text, headers),
        tags: { name: route },
        timeout: TIMEOUT,
        redirects: 0,
        responseCallback: http.expectedStatuses(...expected),
    });
    const data = parsed(answer);
    return {
        status: answer.status,
        headers: answer.headers,
        text: answer.error || answer.body,
        isExpected: expected.includes(answer.status) && data !== undefined,
        data,
    };
}

// What an answer says, looked at only where it came with a status that was expected: an answer that
// fails counts once, as failed, and one that is wrong counts as wrong.
export function expect(answer, sentences) {
    return answer.isExpected && answer.data !== null ? check(answer, sentences) : false;
}

export function query(parameters) {
    const pair = (name) => `${name}=${encodeURIComponent(parameters[name])}`;
    return `?${Object.keys(parameters).map(pair).join('&')}`;
}
