// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { href, readPlace } from "../src/shell/router";

test("a place is what its address was made from", () => {
    const address = href(["shop", "products", "cup/blue ü"], { q: "a & b", category: "" });

    const place = readPlace(address);

    assert.deepEqual(place.path, ["shop", "products", "cup/blue ü"]);
    assert.deepEqual([...place.query], [["q", "a & b"]]);
});

test("an address that was typed by hand is no failure", () => {
    assert.deepEqual(readPlace("").path, ["shop"]);
    assert.deepEqual(readPlace("#shop//x%").path, ["shop", "x%"]);
});
