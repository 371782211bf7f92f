// SPDX-License-Identifier: MIT
// The console where things go wrong: connections that are cut, a server that goes away and comes back, refusals in the
// middle of a checkout, names and amounts that nobody thought of.
import { createServer, connect } from "node:net";
import { expect, expectFits, hasConsole, openPage, picture, run, startShop } from "./harness.mjs";

const NO_SERVER = [/ERR_/, /status of 50[23]/];
const HOSTILE = '<img src=x onerror="globalThis.stolen=1"><b>Cup</b> & "saucer"';
const LONG = "Unbreakable".repeat(18);
const HEBREW = "ספל קרמיקה כחול";

let shop;

async function put(sku, fields) {
    const answer = await fetch(`${shop.url}/products/${sku}`, {
        method: "PUT", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ name: sku, price_minor: 1250, currency: "EUR", ...fields }),
    });
    expect(answer.ok, sku, await answer.text());
    const stock = await fetch(`${shop.url}/inventory/${sku}/receipts`, {
        method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": `stock-${sku}` },
        body: JSON.stringify({ quantity: 20 }),
    });
    expect(stock.ok, sku, await stock.text());
}

async function place(sku, payment, fields = {}) {
    const answer = await fetch(`${shop.url}/orders`, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ lines: [{ sku, quantity: 1 }], currency: "EUR", payment_method: payment, ...fields }),
    });
    const order = await answer.json();
    expect(answer.ok, order);
    return order;
}

/** A wire to the server that can be cut: {url, cut, heal}. It notes the heads of requests. */
async function startWire() {
    const open = new Set();
    const wire = { isCut: false, heads: [] };
    const server = createServer((near) => {
        if (wire.isCut) {
            near.destroy();
            return;
        }
        const far = connect(Number(new URL(shop.url).port), "127.0.0.1");
        for (const [one, other] of [[near, far], [far, near]]) {
            open.add(one);
            one.on("error", () => undefined);
            one.on("close", () => {
                open.delete(one);
                other.destroy();
            });
        }
        near.on("data", (data) => wire.heads.push(data.toString("latin1")));
        near.pipe(far);
        far.pipe(near);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return Object.assign(wire, {
        url: `http://127.0.0.1:${server.address().port}`,
        cut() {
            wire.isCut = true;
            open.forEach((socket) => socket.destroy());
        },
        heal() {
            wire.isCut = false;
        },
        stop() {
            wire.cut();
            server.close();
        },
    });
}

async function begins() {
    shop = await startShop();
    if (await hasConsole(shop.url))
        return;
    console.log("skipped: this build has no console");
    await shop.stop();
    process.exit(77);
}

/** What happened while the wire was cut is told once it is whole, from the last event that was read. */
async function resumes(browser) {
    const wire = await startWire();
    const order = await place("backgammon", "tok_timeout");
    const { page, check, close } = await openPage(browser, wire.url, `/console/#/shop/orders/${order.id}`, { allowed: NO_SERVER });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator(".saga-active", { hasText: "Payment" }).waitFor();
    wire.heads.length = 0;
    wire.cut();
    await page.getByText("Live", { exact: true }).waitFor({ state: "detached" });
    const answer = await fetch(`${shop.url}/orders/${order.id}/cancel`,
        { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    expect(answer.ok, "cancel:", answer.status);
    wire.heal();
    await page.locator(".saga-stopped", { hasText: "Payment" }).waitFor();
    expect(wire.heads.some((head) => head.includes(`/orders/${order.id}/events`) && /^last-event-id: *\S/im.test(head)),
        "the stream was not resumed:", wire.heads);
    check();
    await close();
    wire.stop();
}

/** An order that is opened while the server is away, or that is settled then, is shown once it is back. */
async function waitsForTheServer(browser) {
    const wire = await startWire();
    const order = await place("mug-moss", "tok_approve");
    const { page, check, close } = await openPage(browser, wire.url, "/console/#/shop/cart", { allowed: NO_SERVER });
    await page.getByText("Your cart is empty").waitFor();
    wire.cut();
    await page.evaluate((hash) => (location.hash = hash), `#/shop/orders/${order.id}`);
    await page.getByText("The server cannot be reached").waitFor();
    await picture(page, "order-away-desktop");
    wire.heal();
    await page.getByText("The order is complete and settled.").waitFor();
    expect((await page.getByText("The server cannot be reached").count()) === 0, "the problem is gone, and still shown");
    await page.goto(`${wire.url}/console/#/operations`);
    await page.locator(".ops-tiles").waitFor();
    wire.cut();
    await page.getByText("the server does not answer").waitFor();
    await page.getByText(/^As of .* since then the server cannot be reached/).first().waitFor();
    expect((await page.getByText("the console failed").count()) === 0, "the server is away, and the console says that it failed itself");
    await picture(page, "ops-away-desktop");
    wire.heal();
    await page.getByText("live", { exact: true }).waitFor();
    check();
    await close();
    wire.stop();
}

/** Killed and started again, it goes on where its log ends, and the page with it. */
async function outlivesTheServer(browser) {
    const order = await place("backgammon", "tok_timeout");
    const { page, check, close } = await openPage(browser, shop.url, `/console/#/shop/orders/${order.id}`, { allowed: NO_SERVER });
    await page.getByText("Live", { exact: true }).waitFor();
    await shop.kill();
    await page.getByText("Live", { exact: true }).waitFor({ state: "detached" });
    await page.locator(".saga-active", { hasText: "Payment" }).waitFor();
    await shop.restart();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await page.locator(".saga-stopped", { hasText: "Payment" }).waitFor();
    check();
    await close();
}

/** Where answers take long it says so, and one press is one order. */
async function isPatient(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/lamp-clip");
    await page.getByRole("button", { name: "Add to cart" }).click();
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 700, downloadThroughput: 50_000, uploadThroughput: 20_000 });
    await page.evaluate(() => (location.hash = "#/shop/checkout"));
    await page.getByText("Loading…").waitFor();
    let posts = 0;
    page.on("request", (request) => (posts += request.method() === "POST" && request.url().endsWith("/orders") ? 1 : 0));
    await page.getByRole("button", { name: /^Place order/ }).dblclick();
    await page.getByRole("button", { name: "Placing the order…" }).waitFor();
    await page.getByRole("heading", { level: 1, name: "Thank you" }).waitFor();
    expect(posts === 1, `${posts} orders were sent`);
    check();
    await close();
}

/** 429 and 503 in the middle of a checkout: said in words, and the same press works later, once. */
async function isRefused(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/lamp-clip",
        { allowed: [/status of (429|503)/] });
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.goto(`${shop.url}/console/#/shop/checkout`);
    const keys = new Set();
    page.on("request", (request) => request.method() === "POST" && keys.add(request.headers()["idempotency-key"]));
    for (const [status, title] of [[429, "Too Many Requests"], [503, "Service Unavailable"]]) {
        await page.route("**/orders", (route) => route.fulfill({
            status, headers: { "Content-Type": "application/problem+json", "Retry-After": "1" },
            body: JSON.stringify({ title, status, code: "test", detail: "Try again in a second." }),
        }), { times: 1 });
        await page.getByRole("button", { name: /^Place order/ }).click();
        await page.getByText(title).waitFor();
        await page.getByText("the order is placed once").waitFor();
        await picture(page, `checkout-${status}-desktop`);
    }
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByRole("heading", { level: 1, name: "Thank you" }).waitFor();
    expect(keys.size === 1, "keys:", [...keys]);
    expect((await page.getByText("is in your cart").count()) === 0, "words about a cart that is empty");
    await page.goBack();
    await page.goForward();
    await page.getByText("The order is complete and settled.").waitFor();
    check();
    await close();
}

/** What came to nothing can be ordered again, and the way back is told on a phone in whole words. */
async function ordersAgain(browser) {
    const order = await place("apron-linen", "tok_decline_insufficient_funds");
    const { page, check, close } = await openPage(browser, shop.url, `/console/#/shop/orders/${order.id}`,
        { viewport: { width: 360, height: 740 } });
    await page.locator(".saga-failed", { hasText: "Payment" }).waitFor();
    const [right, edge] = await page.evaluate(() => [
        Math.max(...[...document.querySelectorAll(".saga text")].map((text) => text.getBoundingClientRect().right)),
        document.querySelector(".saga svg").getBoundingClientRect().right,
    ]);
    expect(right <= edge, `words of the picture are cut off: ${right} beyond ${edge}`);
    await picture(page, "order-declined-phone");
    await page.getByRole("button", { name: "Order it again" }).click();
    await page.getByText("1 × Apron").waitFor();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The order is complete and settled.").waitFor();
    await page.getByRole("link", { name: /this order in Operations/ }).click();
    await page.getByRole("table", { name: /Steps/ }).waitFor();
    check();
    await close();
}

/** Markup is text, long words break, amounts have the digits of their currency. */
async function isText(browser) {
    await put("hostile", { name: HOSTILE, description: HOSTILE, brand: "<script>alert(1)</script>", category: "<i>Odd</i>",
        attributes: { "<u>a</u>": "<svg onload=alert(1)>" } });
    await put("long", { name: LONG, description: LONG });
    await put("hebrew", { name: HEBREW });
    await put("yen", { name: "Yen thing", price_minor: 1234, currency: "JPY" });
    await put("dinar", { name: "Dinar thing", price_minor: 1234, currency: "KWD" });
    const order = await place("hostile", "tok_approve", { metadata: { "<b>k</b>": HOSTILE } });
    const { page, check, close } = await openPage(browser, shop.url, "/console/", { viewport: { width: 360, height: 740 }, allowed: [/status of 404/] });
    for (const hash of ["#/shop/products/hostile", "#/shop/products/long", "#/shop/products/hebrew", "#/shop?q=cup",
        "#/shop?q=Unbreakable", "#/shop?sort=newest", `#/shop/orders/${order.id}`, `#/operations/orders/${order.id}`,
        "#/operations/orders", "#/operations/stock/hostile", "#/operations/events"]) {
        await page.goto(`${shop.url}/console/${hash}`);
        await page.waitForFunction(() => document.querySelector("main h1, main h2") !== null &&
            document.querySelector("main .waiting") === null);
        if (hash.startsWith("#/shop/orders"))
            await page.getByRole("link", { name: HOSTILE }).waitFor(); // a name comes after the order
        await expectFits(page, hash);
        await picture(page, `odd-${hash.replace(/\W+/g, "-").slice(0, 30)}`);
    }
    await page.goto(`${shop.url}/console/#/shop/products/hostile`);
    await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
    for (const [sku, words] of [["yen", "¥1,234"], ["dinar", /KWD\s1\.234/]]) {
        await page.goto(`${shop.url}/console/#/shop/products/${sku}`);
        await page.locator(".product-price", { hasText: words }).waitFor();
    }
    await page.goto(`${shop.url}/console/#/shop/products/no-such`);
    await page.getByRole("heading", { level: 1, name: "This product is not sold here" }).waitFor();
    expect(await page.evaluate(() => globalThis.stolen) === undefined, "a name ran as a script");
    check();
    await close();
}

/** A browser that keeps nothing, as with blocked cookies: all works for as long as the page is open. */
async function keepsNothing(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/lamp-clip", {
        before: () => ["localStorage", "sessionStorage"].forEach((name) => Object.defineProperty(window, name, {
            get() {
                throw new DOMException("Access is denied for this document.", "SecurityError");
            },
        })),
    });
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.getByRole("link", { name: /^Cart 1/ }).click();
    await page.getByRole("link", { name: "Check out" }).click();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The order is complete and settled.").waitFor();
    check();
    await close();
}

/** Prices are asked for with the digits of the catalogue's currency. */
async function asksForPricesInYen(browser) {
    await put("yen-cup", { name: "Yenmug", price_minor: 900, currency: "JPY" });
    await put("yen-pot", { name: "Yenmug pot", price_minor: 2100, currency: "JPY" });
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop?q=yenmug");
    await page.getByText("2 products for").waitFor();
    const prices = page.getByRole("group", { name: "Price, JPY" });
    await prices.getByLabel("To").fill("1000");
    await prices.getByLabel("To").press("Tab");
    await page.getByText("1 product for").waitFor();
    await page.reload();
    await page.getByText("1 product for").waitFor();
    expect((await prices.getByLabel("To").inputValue()) === "1000", "the limit is", await prices.getByLabel("To").inputValue());
    await prices.getByLabel("To").fill("1");
    await prices.getByLabel("To").press("Tab");
    await page.getByText("Nothing fits").waitFor();
    expect(await prices.isVisible(), "no way to widen what is found");
    check();
    await close();
}

await run("rough", [
    ["begins", begins],
    ["resumes", resumes],
    ["waits for the server", waitsForTheServer],
    ["outlives the server", outlivesTheServer],
    ["is patient", isPatient],
    ["is refused", isRefused],
    ["orders again", ordersAgain],
    ["keeps nothing", keepsNothing],
    ["asks for prices in yen", asksForPricesInYen],
    ["is text", isText],
    ["ends", () => shop.stop()],
]);
