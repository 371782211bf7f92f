// SPDX-License-Identifier: MIT
// The console before the gateway of eight daemons over Kafka: an order completes, and one whose payment is parked is
// seen and helped, although the order service knows of stock and payment only what they tell.
import { expect, expectAccessible, hasConsole, openPage, picture, run, startCluster } from "./harness.mjs";

let cluster;

async function begins() {
    cluster = await startCluster();
    if (cluster === null)
        console.log("skipped: AURORA_TEST_KAFKA is not set (./dev up)");
    else if (await hasConsole(cluster.url))
        return;
    else
        console.log("skipped: this build has no console");
    await cluster?.stop();
    process.exit(77);
}

/** Rows of a table by its caption, as texts of their cells. */
function rows(page, name) {
    return page.getByRole("table", { name }).locator("tbody tr")
        .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
}

async function untilRow(page, name, start) {
    const end = Date.now() + 20000;
    for (;;) {
        const found = await rows(page, name);
        if (found.some((row) => start.every((cell, index) => row[index] === cell || row[index]?.startsWith(`${cell} `))))
            return;
        expect(Date.now() < end, `no row ${start} in`, found);
        await page.waitForTimeout(100);
    }
}

/** The price list of the order service follows the catalogue: until it has, a product is not known to it. */
async function buy(page, sku, payment) {
    await page.goto(`${cluster.url}/console/#/shop/products/${sku}`);
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.goto(`${cluster.url}/console/#/shop/checkout`);
    await page.getByRole("radio", { name: payment }).check();
    for (let i = 0; i < 50 && (await page.locator(".saga").count()) === 0; i++) {
        await page.getByRole("button", { name: /^Place order/ }).click();
        await page.locator(".saga, .problem").first().waitFor();
        await page.waitForTimeout(200);
    }
    await page.locator(".saga").waitFor();
    return page.url().replace(/^.*\/orders\//, "").replace(/\?.*$/, "");
}

async function completes(browser) {
    const { page, check, close } = await openPage(browser, cluster.url, "/console/", { allowed: [/status of 422/] });
    const id = await buy(page, "hammock", "A card that works");
    await page.getByText("The order is complete and settled.").waitFor();
    await page.getByRole("link", { name: /this order in Operations/ }).click();
    await page.getByRole("heading", { level: 1, name: id }).waitFor();
    await untilRow(page, "What stock and payment told of this order", ["inventory", "COMMITTED", "no"]);
    await untilRow(page, "What stock and payment told of this order", ["payment", "CAPTURED", "no"]);
    await expectAccessible(page, "an order of a cluster");
    await picture(page, "cluster-order");
    check();
    await close();
}

async function isHelped(browser) {
    const { page, check, close } = await openPage(browser, cluster.url, "/console/", { allowed: [/status of 422/] });
    const id = await buy(page, "backgammon", "A bank that does not answer");
    await page.goto(`${cluster.url}/console/#/operations/orders/${id}`);
    await untilRow(page, "What stock and payment told of this order", ["inventory", "RESERVED", "no"]);
    await untilRow(page, "What stock and payment told of this order", ["payment", "AUTHORIZING", "parked"]);
    await picture(page, "cluster-order-parked");
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("dialog").getByText("Nothing is charged twice").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText(/^retry payment/).first().waitFor();
    await page.goto(`${cluster.url}/console/#/operations/sagas`);
    await page.getByRole("row").filter({ has: page.locator(`a[href$="${id}"]`) }).getByRole("button", { name: "Mark" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: /^authorized/ }).check();
    expect((await dialog.getByRole("radio").count()) === 2, "a mark that does not fit is offered");
    await expectAccessible(page, "a mark in a cluster");
    await picture(page, "cluster-mark");
    await dialog.getByRole("button", { name: "Mark as authorized" }).click();
    // The capture has no answer either.
    await page.goto(`${cluster.url}/console/#/operations/orders/${id}`);
    await untilRow(page, "What stock and payment told of this order", ["payment", "CAPTURING", "parked"]);
    await page.getByRole("button", { name: "Mark" }).click();
    await dialog.getByRole("radio", { name: /^captured/ }).check();
    await dialog.getByRole("button", { name: "Mark as captured" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.goto(`${cluster.url}/console/#/shop/orders/${id}`);
    await page.getByText("The order is complete and settled.").waitFor();
    await page.goto(`${cluster.url}/console/#/operations/orders/${id}`);
    await untilRow(page, "What stock and payment told of this order", ["payment", "CAPTURED", "no"]);
    await picture(page, "cluster-order-marked");
    check();
    await close();
}

await run("cluster", [
    ["begins", begins],
    ["completes", completes],
    ["is helped", isHelped],
    ["ends", () => cluster.stop()],
]);
