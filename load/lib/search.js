// SPDX-License-Identifier: MIT
// Somebody looks for something: suggestions while typing, the search, a facet, sometimes page two.

import exec from 'k6/execution';
import { call, expect, query } from './api.js';
import { popular } from './catalogue.js';

export const flow = { name: 'search', p95: 100, p99: 250 };

const PAGE = 20;
const TURN_PAGE_EVERY = 5;

// An index may know a word by its stem alone ("bulb" for "bulbs"): its beginning is compared.
const STEM = 3;

function suggest(typed) {
    const answer = call('GET', '/search/suggest', `/search/suggest${query({ q: typed })}`);
    expect(answer, {
        'suggest completes what was typed': ({ data }) =>
            data.items.some((item) => item.toLowerCase().includes(typed.slice(0, STEM))),
    });
}

function find(parameters) {
    return call('GET', '/search', `/search${query({ limit: PAGE, ...parameters })}`);
}

function openFacet(word, facet) {
    const answer = find({ q: word, category: facet.value });
    expect(answer, {
        'facet shows its category alone': ({ data }) =>
            data.hits.every((hit) => hit.category === facet.value),
        'facet shows as many as it said': ({ data }) => data.total === facet.count,
    });
}

function turnPage(word, first) {
    const answer = find({ q: word, cursor: first.next_cursor });
    const seen = new Set(first.hits.map((hit) => hit.sku));
    expect(answer, {
        'page two repeats nothing': ({ data }) =>
            data.hits.every((hit) => !seen.has(hit.sku)),
    });
}

export function search(words) {
    const word = popular(words);
    suggest(word.slice(0, STEM));
    suggest(word);
    const answer = find({ q: word });
    const isGood = expect(answer, {
        'search finds a product': ({ data }) =>
            data.hits.length > 0 && data.total >= data.hits.length,
        'search marks the word': ({ data }) =>
            data.hits.some((hit) => hit.highlight.includes('<em>')),
        'search has facets': ({ data }) => data.facets !== null && data.facets.category.length > 0,
    });
    if (!isGood) {
        return;
    }
    openFacet(word, answer.data.facets.category[0]);
    if (exec.scenario.iterationInTest % TURN_PAGE_EVERY === 0 && answer.data.next_cursor !== null) {
        turnPage(word, answer.data);
    }
}
