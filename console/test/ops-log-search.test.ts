// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { eventsOfOrder, positionBefore, windowsOf } from "../src/ops/log-search";
import type { LogEvent, LogPage } from "../src/ops/types";

const START = Date.parse("2026-11-29T00:00:00.000Z");

function event(position: number, ms: number, orderId: string | null): LogEvent {
    return {
        position, type: "order.created", id: `log-${position}`, source: "/aurora/order/log", at: new Date(START + ms).toISOString(),
        order_id: orderId, sku: null, resend: false, traceparent: null, data: {},
    };
}

/** A log as /admin/events shows it, which counts how often it was asked. */
class Log {
    calls = 0;

    constructor(private readonly events: readonly LogEvent[]) {}

    readonly read = (after: number, limit: number): Promise<LogPage> => {
        this.calls++;
        const items = this.events.filter((one) => one.position > after).slice(0, limit);
        return Promise.resolve({
            items, position: items[items.length - 1]?.position ?? after,
            oldest: this.events[0]?.position ?? 0, newest: this.events[this.events.length - 1]?.position ?? 0,
        });
    };
}

/** 100,000 events, one each 10 ms, positions from 501 on; every thousandth is of order "it". */
const long = Array.from({ length: 100_000 }, (_, i) => event(501 + i, i * 10, i % 1000 === 7 ? "it" : "other"));

test("a position is found in few looks, and lies before the moment", async () => {
    const log = new Log(long);

    const found = await positionBefore(log.read, START + 345_670, { oldest: 501, newest: 100_500 });

    assert.ok(found <= 501 + 34_567 && found > 501 + 34_567 - 250, String(found));
    assert.ok(log.calls <= 17, `${log.calls} looks`);
});

test("windows that touch are one", () => {
    assert.deepEqual(windowsOf([5000, 100, 900]), [{ from: 95, to: 1900 }, { from: 4995, to: 6000 }]);
});

test("an order's events are found by the moments of its history, and no others", async () => {
    const log = new Log(long);

    const found = await eventsOfOrder(log.read, "it", [START + 70, START + 10_070, START + 990_070]);

    assert.deepEqual(found.events.map((one) => one.position), [508, 1508, 99_508]);
    assert.equal(found.isWhole, true);
    assert.ok(log.calls < 60, `${log.calls} looks`);
});

test("what retention has passed is said to be missing", async () => {
    const log = new Log(long.slice(50_000));

    const found = await eventsOfOrder(log.read, "it", [START + 70, START + 990_070]);

    assert.deepEqual(found.events.map((one) => one.position), [99_508]);
    assert.equal(found.isWhole, false);
});

test("positions may have holes, and an empty log has nothing", async () => {
    const holes = long.slice(0, 2000).map((one) => ({ ...one, position: one.position * 7 }));

    const found = await eventsOfOrder(new Log(holes).read, "it", [START + 10_070]);

    assert.deepEqual(found.events.map((one) => one.position), [1508 * 7]);
    assert.deepEqual(await eventsOfOrder(new Log([]).read, "it", [START]), { events: [], isWhole: true });
});

test("a crowd of other orders ends the reading, which is said", async () => {
    const crowd = Array.from({ length: 3000 }, (_, i) => event(i + 1, 5, i === 2999 ? "it" : "other"));

    const found = await eventsOfOrder(new Log(crowd).read, "it", [START + 5]);

    assert.equal(found.isWhole, false);
});
