// SPDX-License-Identifier: MIT
// The operations view in a browser: an incident from its begin to its end, and who may do what.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, expectAccessible, expectFits, hasConsole, inScheme, openPage, picture, run, startShop } from "./harness.mjs";

const bin = process.env.AURORA_BIN ?? join(fileURLToPath(import.meta.url), "../../../build/bin");
const views = ["", "orders", "sagas", "dead-letters", "stock", "trending", "limits", "events"];

/** A payment provider that says "unknown" until it is mended. */
function startProvider() {
    const provider = { isDown: true };
    const server = createServer((request, response) => {
        let text = "";
        request.on("data", (data) => (text += data));
        request.on("end", () => {
            const { verb } = JSON.parse(text);
            const outcome = provider.isDown ? "unknown" : verb === "query" ? "not_found" : "done";
            response.setHeader("Content-Type", "application/json");
            response.end(JSON.stringify({ outcome, provider_reference: outcome === "done" ? "ref" : undefined }));
        });
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(Object.assign(provider, {
        url: `http://127.0.0.1:${server.address().port}/`,
        stop: () => server.close(),
    }))));
}

let provider;
let shop;

async function api(path, body) {
    const answer = await fetch(shop.url + path, body === undefined ? {} : {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    return answer.json();
}

function place(sku = "mug-moss", quantity = 1) {
    return api("/orders", { lines: [{ sku, quantity }], currency: "EUR", payment_method: "card" });
}

/** The first value that is true, asked for again and again. */
async function until(what, ask) {
    const end = Date.now() + 60000;
    for (;;) {
        const found = await ask();
        if (found)
            return found;
        expect(Date.now() < end, `${what}: not within 60 s`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

function settled(order, status) {
    return until(`${order.id} is ${status}`, async () => (await api(`/orders/${order.id}`)).status === status);
}

function open(browser, name, options) {
    return openPage(browser, shop.url, `/console/#/operations${name === "" ? "" : `/${name}`}`, options);
}

async function begins() {
    provider = await startProvider();
    shop = await startShop(["--payment", provider.url, "--payment-secret", "hush", "--attempts-max", "1",
        "--park-attempts-min", "1", "--retry-first", "100ms", "--rate-limit", "100000/1s"]);
    if (await hasConsole(shop.url))
        return;
    console.log("skipped: this build has no console");
    await shop.stop();
    process.exit(77);
}

/** Rows of a table by its caption, as texts of their cells. */
function rows(page, name) {
    return page.getByRole("table", { name }).locator("tbody tr")
        .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
}

/** Each view is opened once, and looked at in the light, in the dark and on a phone. */
async function isAccessible(browser) {
    const { page, check, close } = await open(browser, "");
    for (const name of [...views, "stock/mug-moss"]) {
        const title = name.replace("/", "-") || "overview";
        await page.setViewportSize({ width: 1280, height: 900 });
        await inScheme(page, "light");
        await page.goto(`${shop.url}/console/#/operations${name === "" ? "" : `/${name}`}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await until(`${name} is there`, async () => (await page.locator(".waiting").count()) === 0);
        await expectAccessible(page, title);
        await picture(page, `ops-${title}-light`);
        await inScheme(page, "dark");
        await expectAccessible(page, `${title}, dark`, ["color-contrast"]);
        await picture(page, `ops-${title}-dark`);
        await page.setViewportSize({ width: 320, height: 700 });
        await expectFits(page, title);
        await picture(page, `ops-${title}-phone`);
    }
    check();
    await close();
}

async function showsTheApisNumbers(browser) {
    const { page, check, close } = await open(browser, "stock/mug-moss");
    const stock = await api("/inventory/mug-moss");
    await page.locator(".ops-counters").waitFor();
    const shown = await page.locator(".ops-counters dd").allTextContents();
    expect(shown.join() === [stock.available, stock.reserved, stock.sold, stock.written_off, stock.received].join(), shown, stock);
    await page.goto(`${shop.url}/console/#/operations`);
    const metrics = await (await fetch(`${shop.url}/metrics`)).text();
    const created = /^aurora_orders_created_total (\d+)/m.exec(metrics)[1];
    await page.getByText(`${created} placed and`).waitFor();
    const traffic = setInterval(() => void fetch(`${shop.url}/products/mug-moss`), 50);
    await until("the route is counted", async () => (await rows(page, /Requests of the last/)).some(
        (row) => row[0] === "GET /products/{sku}" && Number(row[1]) > 1 && Number(row[1]) < 40));
    clearInterval(traffic);
    check();
    await close();
}

async function followsTheLog(browser) {
    const { page, check, close } = await open(browser, "events");
    await page.getByRole("status").getByText("Following").waitFor();
    const order = await place("mug-sand");
    await page.locator(`a[href$="${order.id}"]`).first().waitFor();
    await page.getByRole("button", { name: "Hold" }).click();
    await place("mug-sand");
    await page.getByText(/Held; [1-9]\d* events? since/).waitFor();
    await page.locator(`a[href$="${order.id}"]`).first().click();
    await page.getByRole("heading", { level: 1, name: order.id }).waitFor();
    check();
    await close();
}

/** Presses Tab until what has the focus is named so. */
async function tabTo(page, name) {
    for (let i = 0; i < 80; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.textContent?.trim() === wanted, name))
            return;
    }
    expect(false, `no way to ${name} by keyboard`);
}

async function helpsByKeyboard(browser) {
    provider.isDown = true;
    const order = await place();
    await settled(order, "PARKED");
    const { page, check, close } = await open(browser, `orders/${order.id}`, { allowed: [/409 \(Conflict\)/] });
    await page.getByText("no outcome after all attempts", { exact: true }).waitFor();
    await expectAccessible(page, "a parked order");
    await picture(page, "ops-order-parked");
    await tabTo(page, "Retry");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("Nothing is charged twice").waitFor();
    await expectAccessible(page, "the question");
    await picture(page, "ops-question");
    provider.isDown = false;
    await page.keyboard.type("it is back");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // That the call never came there was an attempt too, so that the first retry parks again.
    await until("COMPLETED", async () => {
        const { status } = await api(`/orders/${order.id}`);
        if (status === "PARKED")
            await api(`/admin/sagas/${order.id}/mark`, { participant: "payment", result: "authorized", note: "seen" }).catch(() => null);
        return status === "COMPLETED";
    });
    await page.getByRole("cell", { name: "“it is back”" }).waitFor();
    await page.getByRole("button", { name: /^Retry.*No participant is parked/ }).waitFor();
    await picture(page, "ops-order-repaired");
    check();
    await close();
}

async function marksAndSaysRefusals(browser) {
    provider.isDown = true;
    const order = await place();
    await settled(order, "PARKED");
    const { page, check, close } = await open(browser, "sagas", { allowed: [/409 \(Conflict\)/] });
    const row = page.getByRole("row").filter({ has: page.locator(`a[href$="${order.id}"]`) });
    await row.getByRole("button", { name: "Mark" }).click();
    await page.getByRole("radio", { name: /^declined/ }).check();
    await page.getByText("Aurora takes your word that the provider has refused").waitFor();
    await api(`/admin/sagas/${order.id}/mark`, { participant: "payment", result: "declined" });
    await page.getByRole("button", { name: "Mark as declined" }).click();
    await page.getByRole("alert").getByText("409 Conflict").waitFor();
    await picture(page, "ops-refusal");
    await page.getByRole("button", { name: "Not now" }).click();
    check();
    await close();
}

async function helpsMany(browser) {
    provider.isDown = true;
    const orders = await Promise.all([place(), place(), place()]);
    for (const order of orders)
        await settled(order, "PARKED");
    const { page, check, close } = await open(browser, "sagas");
    for (const order of orders)
        await page.getByRole("checkbox", { name: `Choose order ${order.id}` }).check();
    await page.getByRole("button", { name: "Compensate them" }).click();
    await page.getByRole("button", { name: "Compensate 3" }).click();
    await page.getByText("3 of 3 asked for, 0 refused").waitFor();
    await picture(page, "ops-many");
    await page.getByRole("button", { name: "Close" }).click();
    for (const order of orders) {
        const body = await api(`/orders/${order.id}`);
        expect(body.outcome === "FAILED" && body.reason === "operator", body);
    }
    check();
    await close();
}

async function receivesStock(browser) {
    const before = await api("/inventory/mug-slate");
    const { page, check, close } = await open(browser, "stock/mug-slate");
    const keys = [];
    page.on("request", (request) => {
        if (request.url().endsWith("/receipts"))
            keys.push(request.headers()["idempotency-key"]);
    });
    const form = page.locator("section").filter({ has: page.getByRole("heading", { name: "Receive" }) });
    await form.getByLabel("Quantity").fill("7");
    await form.getByRole("button", { name: "Receive" }).click();
    await page.getByText(`Received: ${before.available + 7} available now.`).waitFor();
    await form.getByLabel("Quantity").fill("7");
    await form.getByRole("button", { name: "Receive" }).click();
    await page.getByText(`Received: ${before.available + 14} available now.`).waitFor();
    expect(keys.length === 2 && keys[0] !== keys[1] && keys.every(Boolean), keys);
    expect((await api("/inventory/mug-slate")).received === before.received + 14, "received");
    check();
    await close();
}

async function keepsTheKeyOfALostAnswer(browser) {
    const before = await api("/inventory/mug-slate");
    const { page, close } = await open(browser, "stock/mug-slate");
    let count = 0;
    await page.route("**/receipts", async (route) => {
        const answer = await route.fetch();
        return ++count === 1 ? route.abort() : route.fulfill({ response: answer });
    });
    const form = page.locator("section").filter({ has: page.getByRole("heading", { name: "Receive" }) });
    await form.getByLabel("Quantity").fill("5");
    await form.getByRole("button", { name: "Receive" }).click();
    await form.getByText("No answer").waitFor();
    await form.getByRole("button", { name: "Try again" }).click();
    await page.getByText(`Received: ${before.available + 5} available now.`).waitFor();
    expect((await api("/inventory/mug-slate")).received === before.received + 5, "received twice");
    await close();
}

/** One process decides a cascade at once and parks no event, so that this one is put there. */
async function redrives(browser) {
    const letter = {
        consumer: "inventory", key: "01a22536-0496-7283-938f-e002780e2120", type: "order.completed", event_id: "log-7",
        source: "/aurora/order/log", position: 7, reason: "damaged row", attempts: 3, parked_at: "2026-11-29T02:50:57.617000Z", data: "{}",
    };
    const { page, check, close } = await open(browser, "");
    let isLeft = true;
    await page.route("**/admin/dead-letters**", (route) => route.fulfill({ json: { items: isLeft ? [letter] : [], next_cursor: null } }));
    await page.route("**/redrive", (route) => {
        expect(route.request().url().endsWith(`/admin/dead-letters/inventory/${letter.key}/redrive`), route.request().url());
        isLeft = false;
        return route.fulfill({ json: { taken: 1 } });
    });
    await page.goto(`${shop.url}/console/#/operations/dead-letters`);
    await page.getByRole("cell", { name: "damaged row" }).waitFor();
    await expectAccessible(page, "a dead letter");
    await picture(page, "ops-dead-letter");
    await page.getByRole("button", { name: "Redrive" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redrive" }).click();
    await page.getByText("1 event taken; the key is free.").waitFor();
    await page.getByText("Every event was taken").waitFor();
    check();
    await close();
}

async function restsInHiddenTabs(browser) {
    const { page, check, close } = await open(browser, "about");
    await page.clock.install(); // a page's time goes as we say
    await page.goto(`${shop.url}/console/#/operations`);
    await page.reload();
    let count = 0;
    page.on("request", (request) => (count += request.url().endsWith("/metrics") ? 1 : 0));
    await page.locator(".ops-tiles").waitFor();
    await until("it polls", async () => (await page.clock.runFor(2000), count > 1));
    await page.getByRole("button", { name: "Pause" }).click();
    await page.waitForLoadState("networkidle"); // what was under way
    const before = count;
    await page.clock.runFor(60_000);
    expect(count === before, `${count - before} looks while it was paused`);
    await page.getByRole("button", { name: "Go on" }).click();
    await until("it polls again", async () => (await page.clock.runFor(2000), count > before));
    check();
    await close();
}

/** Views that were left are gone: a page that is open all day is no larger in the evening. */
async function forgetsWhatItLeaves(browser) {
    const { page, check, close } = await open(browser, "");
    const session = await page.context().newCDPSession(page);
    const goRound = async () => {
        for (const name of [...views, "stock/mug-moss", ""]) {
            await page.evaluate((hash) => (location.hash = hash), `#/operations/${name}`);
            await page.waitForFunction(() => document.querySelector("main h1") !== null && document.querySelector("main .waiting") === null);
        }
        await page.locator(".ops-tiles").waitFor();
        await session.send("HeapProfiler.collectGarbage");
        return session.send("Memory.getDOMCounters");
    };
    await goRound();
    const first = await goRound();
    await goRound();
    const last = await goRound();
    // Tables grow by a few rows meanwhile; views that stay would be thousands of nodes.
    expect(last.nodes < first.nodes * 2 && last.jsEventListeners < first.jsEventListeners * 1.5, "left behind:", first, last);
    check();
    await close();
}

/** What a simulated bank is told is nothing that a provider understands. */
async function takesTheProvidersTokens(browser) {
    provider.isDown = false;
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/mug-sand");
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.goto(`${shop.url}/console/#/shop/checkout`);
    await page.getByLabel("Payment token").fill("card-of-ada");
    expect((await page.getByText(/simulated bank|test bank/i).count()) === 0, "a provider is called a test");
    await picture(page, "checkout-provider-desktop");
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.locator(".saga").waitFor();
    check();
    await close();
}

/** The view asks the gateway for its own figures and each service's, here all of one process. */
async function looksThroughGateways(browser) {
    const upstream = ["order", "product", "inventory", "payment", "search", "recommendation", "notification"]
        .map((name) => `${name}=${new URL(shop.url).host}`).join();
    const output = { text: "" };
    const gateway = spawn(join(bin, "aurora-gateway"), ["--listen", "127.0.0.1:0", "--upstream", upstream, "--log-format", "json"]);
    for (const stream of [gateway.stdout, gateway.stderr])
        stream.on("data", (data) => (output.text += data));
    const ended = new Promise((resolve) => gateway.on("exit", resolve));
    const url = await until("the gateway listens", () => /listening on (http:[^"\s]*)/.exec(output.text)?.[1]);
    await until("it is ready", async () => /order ok/.test(await (await fetch(`${url}/readyz?verbose`)).text()));
    const { page, check, close } = await openPage(browser, url, "/console/#/operations");
    await page.getByText("aurora-gateway").first().waitFor();
    await page.getByText("follower of search").first().waitFor();
    await page.getByText("the gateway's own").waitFor();
    await expectAccessible(page, "a gateway's overview");
    await picture(page, "ops-gateway");
    await page.getByRole("link", { name: "Limits" }).click();
    await page.getByRole("rowheader", { name: `order ${new URL(shop.url).host}` }).waitFor();
    await page.getByRole("combobox", { name: "Service" }).selectOption("inventory");
    await page.getByRole("rowheader", { name: "Commands that wait" }).waitFor();
    await page.getByRole("link", { name: "Events" }).click();
    await page.getByRole("combobox", { name: "Service" }).selectOption("payment");
    await page.locator(".ops-tail tbody tr").first().waitFor();
    check();
    await close();
    gateway.kill("SIGTERM");
    await ended;
}

function ctl(...words) {
    const run = spawnSync(join(bin, "auroractl"), words, { encoding: "utf8" });
    expect(run.status === 0, words, run.stderr);
    return run.stdout.trim();
}

async function asksForScopes(browser) {
    const keys = mkdtempSync(join(tmpdir(), "aurora-keys-"));
    ctl("keygen", "--alg", "ES256", "--kid", "k1", "--out", keys);
    const closed = await startShop(["--jwt-keys", `${keys}/jwks.json`, "--jwt-issuer", "https://id.example/", "--jwt-audience", "aurora"]);
    const token = (scope) => ctl("token", "--key", `${keys}/k1.jwk`, "--sub", "olga", "--scope", scope, "--issuer", "https://id.example/",
        "--audience", "aurora");
    const { page, close } = await openPage(browser, closed.url, "/console/#/operations");
    await page.getByLabel("Token").fill(token("orders:read inventory:read"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Your token does not have the scope admin").first().waitFor();
    await page.goto(`${closed.url}/console/#/operations/orders`);
    await page.getByText("no scope orders:admin").waitFor();
    await page.goto(`${closed.url}/console/#/operations/stock/mug-moss`);
    await page.getByText("Your token does not have the scope inventory:write.").first().waitFor();
    expect(await page.getByRole("button", { name: "Receive" }).isDisabled(), "receives without the scope");
    await page.goto(`${closed.url}/console/#/operations/sagas`);
    await page.getByText("The server would refuse it.").waitFor();
    await expectAccessible(page, "without the scope");
    await picture(page, "ops-no-scope");
    await close();
    await closed.stop();
    rmSync(keys, { recursive: true });
}

await run("ops", [
    ["begins", begins],
    ["shows the API's numbers", showsTheApisNumbers],
    ["follows the log", followsTheLog],
    ["is accessible, and fits a phone", isAccessible],
    ["helps by keyboard", helpsByKeyboard],
    ["marks, and says refusals", marksAndSaysRefusals],
    ["helps many", helpsMany],
    ["receives stock", receivesStock],
    ["keeps the key of a lost answer", keepsTheKeyOfALostAnswer],
    ["redrives", redrives],
    ["rests while it is paused", restsInHiddenTabs],
    ["forgets what it leaves", forgetsWhatItLeaves],
    ["takes the provider's tokens", takesTheProvidersTokens],
    ["looks through gateways", looksThroughGateways],
    ["asks for scopes", asksForScopes],
    ["ends", () => Promise.all([shop.stop(), provider.stop()])],
]);
