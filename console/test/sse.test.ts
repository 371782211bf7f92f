// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, EventParser } from "../src/api/sse";

const STREAM = "retry: 3000\n\n: still here\n\nid: 2\nevent: order\ndata: {\"a\":1}\n\nid: 3\r\ndata: x\r\ndata: y\r\n\r\n";

test("events are read however the text is cut", () => {
    for (let size = 1; size <= STREAM.length; size++) {
        const parser = new EventParser();
        const events = [];
        for (let at = 0; at < STREAM.length; at += size)
            events.push(...parser.take(STREAM.slice(at, at + size)));

        assert.deepEqual(events, [{ id: "2", name: "order", data: '{"a":1}' }, { id: "3", name: "message", data: "x\ny" }],
            `in pieces of ${size}`);
        assert.equal(parser.retryMs, 3000);
    }
});

test("an event that is cut off is none", () => {
    assert.deepEqual(new EventParser().take("id: 2\ndata: half"), []);
});

test("tries come ever more slowly, never at once and never too late", () => {
    assert.equal(backoffMs(0, 0, () => 0), 250);
    assert.equal(backoffMs(3, 0, () => 1), 4000);
    assert.equal(backoffMs(60, 0, () => 1), 15_000);
    assert.equal(backoffMs(0, 3000, () => 1), 3000);
});
