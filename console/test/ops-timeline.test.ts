// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { layout, type Segment, type Timeline } from "../src/ops/timeline";
import type { LogEvent, Participant, Saga, Transition } from "../src/ops/types";

const at = (seconds: number) => new Date(Date.parse("2026-11-29T10:00:00Z") + seconds * 1000).toISOString();

function step(version: number, status: Transition["status"], seconds: number, more: Partial<Transition> = {}): Transition {
    return {
        version, status, outcome: null, reason: null, event: null, at: at(seconds), settled_at: null, actor: null, note: null,
        ...more,
    };
}

function logged(type: string, seconds: number, more: Partial<LogEvent> = {}): LogEvent {
    return {
        position: 1, type, id: "", source: "", at: at(seconds), order_id: "o", sku: null, resend: false, traceparent: null, data: {},
        ...more,
    };
}

const created = step(1, "PENDING", 0);
const reserved = step(2, "RESERVED", 1, { event: "inventory.reserved" });
const completed = step(3, "COMPLETED", 2, { event: "payment.authorized", outcome: "COMPLETED" });
const captured = step(4, "COMPLETED", 3, { event: "payment.captured", outcome: "COMPLETED", settled_at: at(3) });
const parked = step(3, "PARKED", 10, { event: "payment.parked" });

function told(history: Transition[], more: { events?: LogEvent[]; saga?: Saga; now?: number; scale?: "steps" | "time" } = {}): Timeline {
    const last = history[history.length - 1]!;
    return layout(
        {
            order: { status: last.status, created_at: at(0), settled_at: last.settled_at }, history,
            ...(more.events ? { events: more.events } : {}), ...(more.saga ? { saga: more.saga } : {}),
        },
        Date.parse(at(more.now ?? 100)), more.scale,
    );
}

function states(timeline: Timeline, lane: string): string[] {
    return timeline.segments.filter((one) => one.lane === lane).map((one) => one.state);
}

function segment(timeline: Timeline, lane: string, state: string): Segment {
    const found = timeline.segments.find((one) => one.lane === lane && one.state === state);
    assert.ok(found, `${lane} has no ${state}`);
    return found;
}

test("a completed order: what each lane went through", () => {
    const timeline = told([created, reserved, completed, captured]);

    assert.deepEqual(states(timeline, "order"), ["PENDING", "RESERVED", "COMPLETED"]);
    assert.deepEqual(states(timeline, "inventory"), ["reserving", "RESERVED", "committing"]);
    assert.deepEqual(states(timeline, "payment"), ["authorizing", "AUTHORIZED", "capturing", "CAPTURED"]);
    assert.equal(timeline.isOpen, false);
    assert.equal(segment(timeline, "order", "RESERVED").seconds, 1);
});

test("the log adds what the history does not have, at the time that it happened", () => {
    const events = [logged("inventory.committed", 2.5), logged("payment.authorized", 1.5), logged("payment.authorized", 9, { resend: true })];

    const timeline = told([created, reserved, completed, captured], { events });

    assert.deepEqual(states(timeline, "inventory"), ["reserving", "RESERVED", "committing", "COMMITTED"]);
    assert.equal(segment(timeline, "payment", "authorizing").seconds, 0.5);
    assert.equal(timeline.moments.filter((one) => one.type === "payment.authorized").length, 1);
});

test("causes point to consequences; only undoing is compensation", () => {
    const failed = step(3, "FAILED", 2, { event: "payment.declined", outcome: "FAILED", reason: "payment_declined" });
    const voided = step(4, "FAILED", 3, { event: "payment.voided", outcome: "FAILED", settled_at: at(3) });

    const timeline = told([created, reserved, failed, voided], { events: [logged("inventory.released", 2)] });

    const arrows = timeline.arrows.map((one) => `${one.from.moment.type} ${one.isCompensation ? "=>" : "->"} ${one.to.moment.type}`);
    assert.deepEqual(arrows, [
        "order.created -> inventory.reserved", "inventory.reserved -> order.reserved", "inventory.reserved -> payment.declined",
        "payment.declined -> order.failed", "order.failed => inventory.released", "order.failed => payment.voided",
    ]);
    assert.deepEqual(states(timeline, "inventory"), ["reserving", "RESERVED", "releasing", "RELEASED"]);
    assert.deepEqual(states(timeline, "payment"), ["authorizing", "DECLINED", "UNCHARGED"]);
});

test("a parked payment is open until now, and its bar grows with it", () => {
    const one = told([created, reserved, parked], { now: 20 });
    const later = told([created, reserved, parked], { now: 3600 });

    assert.deepEqual(states(one, "payment"), ["authorizing", "PARKED"]);
    assert.equal(segment(one, "payment", "PARKED").isOpen, true);
    assert.equal(segment(one, "order", "PARKED").seconds, 10);
    assert.equal(segment(later, "order", "PARKED").seconds, 3590);
    assert.equal(later.ticks[later.ticks.length - 1]?.x, 1);
});

test("a repair has who, why and what; without the log what can be seen", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga", note: "it is back" });
    const event = logged("order.repair", 30, { data: { action: "retry", participant: "payment", result: null } });

    const known = told([created, reserved, parked, repair], { events: [event] }).moments.find((one) => one.type === "order.repair");
    const guessed = told([created, reserved, parked, repair]).moments.find((one) => one.type === "order.repair");

    assert.deepEqual([known?.actor, known?.note, known?.action, known?.participant], ["olga", "it is back", "retry", "payment"]);
    assert.deepEqual([guessed?.actor, guessed?.action], ["olga", ""]);
});

test("what follows a mark is the operator's doing, and not the reservation's of long ago", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga", note: "seen" });
    const marked = step(5, "COMPLETED", 30, { event: "payment.authorized", outcome: "COMPLETED" });

    const timeline = told([created, reserved, parked, repair, marked]);

    const arrow = timeline.arrows.find((one) => one.to.moment.type === "payment.authorized");
    assert.equal(arrow?.from.moment.type, "order.repair");
});

test("parking that the log has beside the history is told each time", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga" });
    const events = [logged("payment.parked", 10.2), logged("payment.parked", 31), logged("payment.parked", 40, { resend: true })];

    const timeline = told([created, reserved, parked, repair], { events });

    assert.deepEqual(timeline.moments.filter((one) => one.type === "payment.parked").map((one) => one.ms), [10.2, 31].map((s) => Date.parse(at(s))));
});

test("a payment that a mark does not fit parks again by a repeat of what it said", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga" });
    const events = [logged("payment.parked", 10), logged("payment.parked", 30.1, { resend: true }), logged("payment.parked", 60, { resend: true })];

    const timeline = told([created, reserved, parked, repair], { events });

    assert.deepEqual(states(timeline, "payment").slice(-3), ["PARKED", "trying again", "PARKED"]);
});

test("a compensation by an operator is one, and the parked payment stays parked", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga", outcome: "FAILED", reason: "operator" });

    const timeline = told([created, reserved, parked, repair]);

    const types = timeline.moments.map((one) => one.type);
    assert.deepEqual(types.slice(-2), ["order.repair", "order.failed"]);
    assert.equal(timeline.moments.find((one) => one.type === "order.repair")?.action, "compensate");
    assert.deepEqual(states(timeline, "inventory"), ["reserving", "RESERVED", "releasing"]);
});

test("a payment that parked again after a retry is seen parked again", () => {
    const repair = step(4, "PARKED", 30, { event: "order.repair", actor: "olga" });
    const participant: Participant = {
        participant: "payment", state: "AUTHORIZING", parked: true, parked_reason: "no outcome", attempts: 1, task_id: null,
        provider_reference: null, first_attempt_at: null, next_attempt_at: null, parked_at: at(31),
    };
    const saga: Saga = {
        order_id: "o", status: "PARKED", outcome: null, reason: null, parked: true, version: 4, age_ms: 0, created_at: at(0),
        deadline_at: null, resend_at: null, participants: [participant],
    };
    const history = [created, reserved, parked, repair];

    assert.deepEqual(states(told(history, { saga }), "payment"), ["authorizing", "PARKED", "trying again", "PARKED"]);
    const trying = { ...saga, participants: [{ ...participant, next_attempt_at: at(40) }] };
    assert.deepEqual(states(told(history, { saga: trying }), "payment"), ["authorizing", "PARKED", "trying again"]);
});

test("a cancelled order: what was sold returns, what was taken is refunded", () => {
    const cancelled = step(5, "CANCELLED", 60, { actor: "carl", note: "wrong size", outcome: "CANCELLED", reason: "customer" });
    const refunded = step(6, "CANCELLED", 61, { event: "payment.refunded", outcome: "CANCELLED", settled_at: at(61) });
    const events = [logged("inventory.committed", 2), logged("inventory.returned", 60)];

    const timeline = told([created, reserved, completed, captured, cancelled, refunded], { events });

    assert.deepEqual(states(timeline, "inventory").slice(-2), ["returning", "RETURNED"]);
    assert.deepEqual(states(timeline, "payment").slice(-2), ["refunding", "REFUNDED"]);
    assert.equal(timeline.moments.find((one) => one.type === "order.cancelled")?.note, "wrong size");
});

test("steps of the same millisecond have room; to scale they have none", () => {
    const history = [created, { ...reserved, at: at(0) }, { ...completed, at: at(0) }, { ...captured, at: at(0), settled_at: at(0) }];

    const steps = told(history);
    const scaled = told([created, reserved, completed, captured], { scale: "time" });

    const xs = steps.dots.map((dot) => dot.x);
    assert.ok(xs.every((x, i) => i === 0 || x > xs[i - 1]!), xs.join());
    assert.ok(xs[xs.length - 1]! < 1, "ends have no room");
    assert.ok(Math.abs(scaled.dots.find((dot) => dot.moment.ms === Date.parse(at(2)))!.x - (2 / 3) * 0.85) < 1e-9);
});

test("all lies between 0 and 1, and spans add up to the whole", () => {
    for (const scale of ["steps", "time"] as const) {
        const timeline = told([created, reserved, parked], { scale, now: 50 });

        for (const { x0, x1 } of timeline.segments) assert.ok(x0 >= 0 && x1 <= 1 && x0 <= x1, `${x0} ${x1}`);
        assert.ok(Math.abs(timeline.spans.reduce((sum, span) => sum + span.seconds, 0) - 50) < 1e-9);
    }
});

test("an order without a history is drawn as what it is", () => {
    const timeline = layout({ order: { status: "PENDING", created_at: at(0), settled_at: null }, history: [] }, Date.parse(at(1)));

    assert.deepEqual(timeline.segments, []);
    assert.equal(timeline.isOpen, true);
});
