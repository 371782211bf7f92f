// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome, Status, Transition } from "../src/api/types";
import { sagaOf, type Saga } from "../src/saga/steps";

let version = 0;

function step(status: Status, outcome: Outcome, event: string | null, more: Partial<Transition> = {}): Transition {
    version += 1;
    return { version, status, outcome, event, reason: null, at: `2026-01-05T10:00:0${version % 10}Z`, settled_at: null,
        actor: null, note: null, ...more };
}

const SETTLED = { settled_at: "2026-01-05T10:00:09Z" };

function placed(): Transition[] {
    version = 0;
    return [step("PENDING", null, null)];
}

function reserved(): Transition[] {
    return [...placed(), step("RESERVED", null, "inventory.reserved")];
}

function completed(): Transition[] {
    return [...reserved(), step("COMPLETED", "COMPLETED", "payment.authorized")];
}

function states(saga: Saga): string {
    return saga.forward.map((one) => one.state).join(" ");
}

function undone(saga: Saga): string {
    return saga.undo.map((one) => `${one.title}: ${one.state}`).join(", ");
}

test("an order that was just placed waits for its stock", () => {
    const saga = sagaOf(placed());

    assert.equal(states(saga), "done active waiting waiting waiting");
    assert.equal(undone(saga), "");
});

test("a completed order is settled once stock and money agree", () => {
    assert.equal(states(sagaOf(completed())), "done done done done active");

    const saga = sagaOf([...completed(), step("COMPLETED", "COMPLETED", "payment.captured", SETTLED)]);

    assert.equal(states(saga), "done done done done done");
    assert.equal(saga.turn, -1);
});

test("a declined payment gives the stock back, and no money", () => {
    const declined = [...reserved(), step("FAILED", "FAILED", "payment.declined", { reason: "payment_declined" })];

    const failing = sagaOf(declined);
    const settled = sagaOf([...declined, step("FAILED", "FAILED", "payment.voided", { reason: "payment_declined", ...SETTLED })]);

    assert.equal(states(failing), "done done failed skipped skipped");
    assert.equal(undone(failing), "Stock released: active, Settled: waiting");
    assert.equal(undone(settled), "Stock released: done, Settled: done");
    assert.match(settled.words, /the payment was declined/);
});

test("an order that finds no stock has nothing to give back", () => {
    const saga = sagaOf([...placed(), step("FAILED", "FAILED", "inventory.rejected", { reason: "out_of_stock" }),
        step("FAILED", "FAILED", "payment.voided", { reason: "out_of_stock", ...SETTLED })]);

    assert.equal(states(saga), "done failed skipped skipped skipped");
    assert.equal(undone(saga), "Settled: done");
});

test("a cancel while the payment is under way voids it", () => {
    const saga = sagaOf([...reserved(), step("CANCELLED", "CANCELLED", null, { reason: "customer" })]);

    assert.equal(states(saga), "done done stopped skipped skipped");
    assert.equal(undone(saga), "Payment voided: active, Stock released: active, Settled: waiting");
});

test("a cancel of a completed order returns and refunds", () => {
    const sold = [...completed(), step("COMPLETED", "COMPLETED", "payment.captured", SETTLED)];

    const saga = sagaOf([...sold, step("CANCELLED", "CANCELLED", null, { reason: "customer" }),
        step("CANCELLED", "CANCELLED", "payment.refunded", { reason: "customer", ...SETTLED })]);

    assert.equal(states(saga), "done done done done done");
    assert.equal(undone(saga), "Cancelled: stopped, Payment refunded: done, Stock returned: done, Settled: done");
});

test("a parked payment is shown where it stands, and no more once it has answered", () => {
    const parked = [...reserved(), step("PARKED", null, "payment.parked")];

    assert.equal(states(sagaOf(parked)), "done done parked waiting waiting");
    assert.match(sagaOf(parked).words, /payment is parked/);
    assert.equal(states(sagaOf([...parked, step("COMPLETED", "COMPLETED", "payment.authorized")])),
        "done done done done active");
});
