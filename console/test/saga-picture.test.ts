// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { wrap } from "../src/saga/picture";

test("words beside a step on a phone stand in lines that fit, and none is lost", () => {
    const words = "06:44:11, the payment was declined";

    const lines = wrap(words, 30);

    assert.ok(lines.length > 1 && lines.every((line) => line.length <= 30), JSON.stringify(lines));
    assert.equal(lines.join(" "), words);
});
