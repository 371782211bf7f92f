// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { Ring, summarize } from "../src/ops/ring";

test("a ring keeps the newest, oldest first, and never more than its capacity", () => {
    const ring = new Ring(["a", "b"], 3);
    for (let i = 1; i <= 5; i++) ring.push(i, { a: i * 10, b: i });

    assert.equal(ring.length, 3);
    assert.deepEqual(ring.columnsOf(["a"]), [[3, 4, 5], [30, 40, 50]]);
    assert.equal(ring.last("b"), 5);
});

test("what is missing is a gap, and so is a pause", () => {
    const ring = new Ring(["a", "b"], 8);
    ring.gap(0); // before anything there is nothing to part
    ring.push(1, { a: 1 });
    ring.gap(2);
    ring.push(3, { a: 3, b: 7 });

    assert.deepEqual(ring.columnsOf(["a", "b"]), [[1, 2, 3], [1, null, 3], [null, null, 7]]);
});

test("columns begin where they are wanted from", () => {
    const ring = new Ring(["a"], 8);
    for (let i = 0; i < 5; i++) ring.push(i, { a: i });

    assert.deepEqual(ring.columnsOf(["a"], 3), [[3, 4], [3, 4]]);
    assert.deepEqual(ring.columnsOf(["a"], 9), [[], []]);
});

test("a ring that is cleared is empty; a name that it does not have is a mistake", () => {
    const ring = new Ring(["a"], 2);
    ring.push(1, { a: 1 });
    ring.clear();

    assert.equal(ring.last("a"), undefined);
    assert.throws(() => ring.columnsOf(["z"]), /no series z/);
});

test("a summary leaves gaps out", () => {
    assert.deepEqual(summarize([null, 4, 2, null, 6, null]), { last: 6, min: 2, mean: 4, max: 6 });
    assert.deepEqual(summarize([null]), {});
});
