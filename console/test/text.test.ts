// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { money, plainMoney, readMoney } from "../src/text/money";
import { span } from "../src/text/time";

test("amounts have the digits of their currency", () => {
    assert.equal(money(123450, "EUR"), "€1,234.50");
    assert.equal(money(1234, "JPY"), "¥1,234");
});

test("what somebody types is an amount or none", () => {
    assert.equal(readMoney("12,5", "EUR"), 1250);
    assert.equal(readMoney(" 3 ", "EUR"), 300);
    assert.equal(readMoney("0.29", "EUR"), 29);
    assert.equal(readMoney("1e3", "EUR"), null);
    assert.equal(readMoney("-1", "EUR"), null);
    assert.equal(plainMoney(1250, "EUR"), "12.50");
});

test("a length of time has two units at most", () => {
    assert.deepEqual([35, 1200, 59_999, 245_000, 10_920_000, 187_200_000].map(span),
        ["35 ms", "1.2 s", "60 s", "4 min 5 s", "3 h 2 min", "2 d 4 h"]);
});

test("an amount is read and shown with the digits of its currency", () => {
    assert.deepEqual(["EUR", "JPY", "BHD"].map((currency) => readMoney("12", currency)), [1200, 12, 12000]);
    assert.deepEqual(["EUR", "JPY", "BHD"].map((currency) => plainMoney(1250, currency)), ["12.50", "1250", "1.250"]);
});
