// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { age, bytes, clock, count, duration, figure, percent, perSecond, plural, shortId } from "../src/ops/format";

test("figures have three digits, and are whole from a hundred on", () => {
    const cases: [number, string][] = [
        [0, "0"], [0.0001, "<0.001"], [0.0456, "0.046"], [0.5, "0.5"], [1, "1.00"], [9.994, "9.99"],
        [9.996, "10.0"], [99.94, "99.9"], [99.96, "100"], [1234.6, "1,235"],
    ];
    for (const [value, text] of cases) assert.equal(figure(value), text);
    assert.equal(figure(undefined), "–");
    assert.equal(figure(NaN), "–");
    assert.equal(perSecond(undefined), "–");
    assert.equal(perSecond(2), "2.00/s");
});

test("durations go from microseconds to days", () => {
    const cases: [number, string][] = [
        [0, "0 s"], [0.0000004, "1 µs"], [0.00034, "340 µs"], [0.00456, "4.56 ms"], [0.9994, "999 ms"],
        [1.2, "1.20 s"], [59.9, "59.9 s"], [59.96, "1 min"], [125, "2 min 5 s"], [11520, "3 h 12 min"],
        [3600, "1 h"], [349200, "4 d 1 h"], [-3, "0 s"],
    ];
    for (const [value, text] of cases) assert.equal(duration(value), text);
    assert.equal(duration(null), "–");
    assert.deepEqual([0.2, 59.7, 61].map((seconds) => age(seconds)), ["0 s", "1 min", "1 min 1 s"]);
});

test("bytes, shares, counts and times", () => {
    assert.equal(bytes(512), "512 B");
    assert.equal(bytes(1536), "1.50 KiB");
    assert.equal(bytes(134217728), "128 MiB");
    assert.equal(percent(0), "0 %");
    assert.equal(percent(0.00001), "<0.01 %");
    assert.equal(percent(0.1234), "12.3 %");
    assert.equal(count(1234567), "1,234,567");
    assert.equal(clock("2026-11-29T02:50:57.617000Z"), "02:50:57.617");
    assert.equal(clock(null), "–");
    assert.equal(plural(1, "order"), "1 order");
    assert.equal(plural(1200, "order"), "1,200 orders");
    assert.equal(shortId("01a22536-7cd1-7234-97b5-cecc93f4c0a8"), "…cecc93f4c0a8");
});
