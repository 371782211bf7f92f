// SPDX-License-Identifier: MIT
// The storefront in a browser: buy and see the order complete, have the payment declined and see what is undone,
// search as you type, the keyboard alone, a phone.
import { expect, expectAccessible, expectFits, hasConsole, inScheme, openPage, picture, run, startGateway, startShop } from "./harness.mjs";

let shop;

/** All else is the same in the dark. */
const COLOURS = ["color-contrast"];

const PLACES = { start: "#/shop", results: "#/shop?q=lamp", product: "#/shop/products/hammock", cart: "#/shop/cart",
    checkout: "#/shop/checkout", orders: "#/shop/orders" };

async function begins(browser) {
    shop = await startShop();
    if (!(await hasConsole(shop.url))) {
        console.log("skipped: this build has no console");
        await shop.stop();
        process.exit(77);
    }
    const { page, check, close } = await openPage(browser, shop.url, "/");
    await page.getByRole("heading", { name: "Trending today" }).waitFor();
    expect(page.url().startsWith(`${shop.url}/console/`), "/ leads to", page.url());
    await page.locator(".product-card").first().waitFor();
    await expectAccessible(page, "start");
    await picture(page, "start-desktop");
    await page.getByLabel("Views").getByRole("link", { name: "Operations" }).click();
    await page.waitForFunction(() => document.activeElement?.matches("h1") && document.activeElement.textContent === "Overview");
    expect((await page.title()).startsWith("Overview"), "the title is", await page.title());
    check();
    await close();
}

/** Orders with such a line. */
async function placed(url, sku) {
    const list = await (await fetch(`${url}/orders?limit=100`)).json();
    return list.items.filter((order) => order.lines.some((line) => line.sku === sku));
}

/** From the product's page to that of the order. */
async function buy(page, sku, payment) {
    await page.goto(`${shop.url}/console/#/shop/products/${sku}`);
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.getByText("in your cart", { exact: false }).first().waitFor();
    await page.goto(`${shop.url}/console/#/shop/checkout`);
    await page.getByRole("radio", { name: payment }).check();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.locator(".saga").waitFor();
}

async function buys(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    await page.getByRole("combobox", { name: "Search the shop" }).fill("hammock");
    await page.getByRole("link", { name: "Hammock, cotton" }).click();
    await page.getByRole("heading", { level: 1, name: "Hammock, cotton" }).waitFor();
    await page.getByText("in stock").waitFor();
    await expectAccessible(page, "product");
    await picture(page, "product-desktop");
    await page.getByRole("button", { name: "One more" }).click();
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.getByRole("status").getByText("Hammock, cotton is in your cart").waitFor();
    await page.getByRole("link", { name: /^Cart 2/ }).click();
    await page.getByRole("link", { name: "Check out" }).waitFor();
    await expectAccessible(page, "cart");
    await picture(page, "cart-desktop");
    await page.getByRole("link", { name: "Check out" }).click();
    await page.getByLabel("E-mail").fill("ada@example.com");
    await expectAccessible(page, "checkout");
    await picture(page, "checkout-desktop");
    // Twice, as somebody who is not sure whether it worked: the second asks with the key of the first.
    await page.getByRole("button", { name: /^Place order/ }).dblclick();
    await page.getByRole("heading", { level: 1, name: "Thank you" }).waitFor();
    await page.locator(".saga .saga-done", { hasText: "Settled" }).waitFor();
    await page.getByText("The order is complete and settled.").waitFor();
    expect((await page.locator(".order-head .badge").first().getAttribute("data-status")) === "COMPLETED", "the badge");
    await expectAccessible(page, "order");
    await picture(page, "order-desktop");
    const orders = (await placed(shop.url, "hammock")).filter((order) => order.contact !== null);
    expect(orders.length === 1 && orders[0].lines[0].quantity === 2 && orders[0].contact === "ada@example.com", "bought:", orders);
    expect(await page.getByRole("link", { name: /^Cart 0/ }).isVisible(), "the cart is not empty");
    await page.getByRole("button", { name: "Return the order" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await page.locator(".saga-undo.saga-done", { hasText: "Stock returned" }).waitFor();
    await page.locator(".saga-undo.saga-done", { hasText: "Payment refunded" }).waitFor();
    await picture(page, "order-returned-desktop");
    check();
    await close();
}

async function declines(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    await buy(page, "apron-linen", "A card without funds");
    await page.locator(".saga-failed", { hasText: "Payment" }).waitFor();
    await page.locator(".saga-undo.saga-done", { hasText: "Stock released" }).waitFor();
    await page.getByText("The order failed: the payment was declined. What it held was given back.").waitFor();
    await page.getByText("insufficient_funds").waitFor();
    expect((await page.locator(".saga-skipped").count()) === 2, "completed and settled were never reached");
    await page.getByText("History, 4 steps").click();
    await expectAccessible(page, "declined order");
    await picture(page, "order-declined-desktop");
    check();
    await close();
}

/** The stream brings what happens while the page is open. */
async function watches(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    await buy(page, "backgammon", "A bank that does not answer");
    await page.locator(".saga-active", { hasText: "Payment" }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await picture(page, "order-live-desktop");
    const id = new URL(page.url().replace("/#/", "/")).pathname.split("/").pop();
    const answer = await fetch(`${shop.url}/orders/${id}/cancel`,
        { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    expect(answer.status === 200, "cancel:", answer.status);
    await page.locator(".saga-stopped", { hasText: "Payment" }).waitFor();
    await page.locator(".saga-undo", { hasText: "Payment voided" }).waitFor();
    expect((await page.locator(".order-head .badge").first().getAttribute("data-status")) === "CANCELLED", "the badge");
    await picture(page, "order-cancelled-desktop");
    check();
    await close();
}

/** An answer that is lost, and a reload: the key outlives both. */
async function buysOnce(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/bag-dry",
        { allowed: [/ERR_FAILED/] });
    const before = (await placed(shop.url, "bag-dry")).length;
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.goto(`${shop.url}/console/#/shop/checkout`);
    await page.route("**/orders", async (route) => {
        await route.fetch();
        await route.abort("failed");
    }, { times: 1 });
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The server cannot be reached").waitFor();
    await expectAccessible(page, "a problem");
    await picture(page, "checkout-lost-desktop");
    await page.reload();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByRole("heading", { level: 1, name: "Thank you" }).waitFor();
    expect((await placed(shop.url, "bag-dry")).length === before + 1, "bought twice");
    check();
    await close();
}

async function searches(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    const box = page.getByRole("combobox", { name: "Search the shop" });
    await page.locator(".product-card").first().waitFor();
    await box.pressSequentially("la", { delay: 30 });
    await page.getByRole("option").first().waitFor();
    await picture(page, "suggestions-desktop");
    await box.pressSequentially("mp", { delay: 30 });
    const count = page.locator(".results-count");
    await page.getByText(/products for “lamp”/).waitFor();
    const all = parseInt(await count.textContent(), 10);
    await box.press("Enter");
    await expectAccessible(page, "results");
    await picture(page, "results-desktop");
    const brand = page.getByRole("group", { name: "Brand" }).getByRole("radio").nth(1);
    const label = page.getByRole("group", { name: "Brand" }).locator("label").nth(1);
    const said = parseInt(await label.locator(".choice-count").textContent(), 10);
    await brand.check();
    await page.waitForFunction(([selector, wanted]) =>
        parseInt(document.querySelector(selector)?.textContent ?? "", 10) === wanted, [".results-count", said]);
    expect((await page.locator(".product-card").count()) === said, "the facet's count differs from what it finds");
    await page.getByRole("group", { name: "Brand" }).getByRole("radio", { name: "All brands" }).check();
    await page.waitForFunction(([selector, wanted]) =>
        parseInt(document.querySelector(selector)?.textContent ?? "", 10) === wanted, [".results-count", all]);
    await page.getByLabel("Sort by").selectOption("price");
    await page.waitForFunction(() => location.hash.includes("sort=price"));
    await page.waitForFunction(() => {
        const prices = [...document.querySelectorAll(".results .price")].map((one) => Number(one.textContent.replace(/[^\d.]/g, "")));
        return prices.length > 1 && prices.every((price, index) => index === 0 || prices[index - 1] <= price);
    });
    await page.getByLabel("To", { exact: true }).fill("1");
    await page.getByLabel("To", { exact: true }).press("Tab");
    await page.getByText("Nothing fits").waitFor();
    await page.goto(`${shop.url}/console/#/shop?sort=price`);
    await page.getByText("166 products").waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".product-card").length === 48);
    const names = await page.locator(".product-card a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    expect(new Set(names).size === 48, "the second page repeats the first");
    check();
    await close();
}

/** Tab until the focus is on what `selector` says. */
async function tabTo(page, selector) {
    for (let i = 0; i < 80; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((what) => document.activeElement?.matches(what), selector))
            return;
    }
    throw new Error(`the keyboard does not reach ${selector}`);
}

async function byKeyboard(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    await page.locator(".product-card").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className) === "skip-link", "the first stop is no skip link");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id) === "main", "the skip link leads nowhere");
    await tabTo(page, "[role=combobox]");
    await page.keyboard.type("back");
    await page.getByRole("option", { name: "backgammon" }).waitFor();
    await page.keyboard.press("ArrowDown");
    const active = await page.evaluate(() => document.getElementById(document.activeElement?.getAttribute("aria-activedescendant"))?.textContent);
    expect(active === "backgammon", "the list's option is", active);
    await page.keyboard.press("Enter");
    await page.getByText("1 product for “backgammon”").waitFor();
    await tabTo(page, ".product-card a");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Backgammon, cork" }).waitFor();
    await tabTo(page, ".buy .button");
    await page.keyboard.press("Space");
    await tabTo(page, ".buy .hint a");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Cart" }).waitFor();
    await tabTo(page, ".summary .primary");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Checkout" }).waitFor();
    await tabTo(page, ".payment input");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await tabTo(page, ".place-order");
    await page.keyboard.press("Enter");
    await page.getByText("The order is complete and settled.").waitFor();
    check();
    await close();
}

/** A phone of 320 pixels, in the light and in the dark, and a desktop at twice its size, which is half as wide. */
async function fitsPhones(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/", { viewport: { width: 320, height: 640 }, hasTouch: true });
    await page.evaluate(() => localStorage.setItem("aurora.cart", '[{"sku":"hammock","quantity":2},{"sku":"lamp-clip","quantity":1}]'));
    await page.reload();
    const orders = await (await fetch(`${shop.url}/orders?limit=1`)).json();
    for (const [name, hash] of Object.entries({ ...PLACES, order: `#/shop/orders/${orders.items[0].id}` })) {
        await page.setViewportSize({ width: 320, height: 640 });
        await inScheme(page, "light");
        await page.goto(`${shop.url}/console/${hash}`);
        await page.locator("main h1").waitFor({ state: "attached" });
        await page.waitForFunction(() => document.querySelector("main .waiting") === null);
        await expectFits(page, name);
        await expectAccessible(page, `${name}, a phone`);
        await picture(page, `${name}-phone-light`);
        await inScheme(page, "dark");
        await expectAccessible(page, `${name}, a phone, dark`, COLOURS);
        await picture(page, `${name}-phone-dark`);
        await page.setViewportSize({ width: 640, height: 450 });
        await expectFits(page, `${name}, zoomed`);
        await picture(page, `${name}-dark`);
    }
    check();
    await close();
}

/** A token that ends while the page is open: it is asked for anew, and nothing of the cart is lost. */
async function outlivesTheToken(page, gateway) {
    await page.getByText("ada", { exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${gateway.url}/console/#/sign-in`);
    await page.getByLabel("Token").fill(gateway.token("ada", "orders:read orders:write", "2s"));
    await page.getByRole("button", { name: "Sign in" }).click();
    const end = Date.now() + 2500;
    await page.goto(`${gateway.url}/console/#/shop/products/hammock`);
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.goto(`${gateway.url}/console/#/shop/checkout`);
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.waitForTimeout(Math.max(0, end - Date.now()));
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The last one was refused").waitFor();
    await page.getByLabel("Token").fill(gateway.token("ada", "orders:read orders:write"));
    await page.getByRole("button", { name: "Sign in" }).click();
    expect((await page.getByLabel("E-mail").inputValue()) === "ada@example.com", "what was typed is lost");
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The order is complete and settled.").waitFor();
}

/** Through a gateway that asks for tokens: what anybody may see, who may buy, and which scope is missing. */
async function signsIn(browser) {
    const gateway = await startGateway(["--jwt-leeway", "0s"]);
    const { page, check, close } = await openPage(browser, gateway.url, "/console/#/shop/products/hammock",
        { allowed: [/status of 40[13]/] });
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.getByRole("link", { name: /^Cart 1/ }).click();
    await page.getByRole("link", { name: "Check out" }).click();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page, "sign-in");
    await picture(page, "sign-in-desktop");
    const enter = async (token) => {
        await page.getByLabel("Token").fill(token);
        await page.getByRole("button", { name: "Sign in" }).click();
    };
    await enter("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.");
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The last one was refused").waitFor();
    await enter(gateway.token("ada", "orders:read"));
    await page.getByText("You are signed in; now it can be tried again.").waitFor();
    await page.getByText("ada", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("Your token does not have the scope orders:write.").waitFor();
    await picture(page, "scope-missing-desktop");
    await page.getByText("ada", { exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${gateway.url}/console/#/sign-in`);
    await enter(gateway.token("ada", "orders:read orders:write"));
    await page.goto(`${gateway.url}/console/#/shop/checkout`);
    await page.getByRole("button", { name: /^Place order/ }).click();
    await page.getByText("The order is complete and settled.").waitFor();
    await page.reload();
    await page.getByText("The order is complete and settled.").waitFor();
    await page.getByRole("link", { name: "My orders" }).click();
    await page.locator(".order-row").first().waitFor();
    expect((await page.locator(".order-row").count()) === 1, "ada sees orders of others");
    await outlivesTheToken(page, gateway);
    check();
    await close();
    await gateway.stop();
}

/** What a screen reader is told of an order, and that nothing moves for those who do not want it. */
async function speaksAndStandsStill(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/", { reducedMotion: "reduce" });
    await buy(page, "apron-linen", "A card without funds");
    await page.getByText("What it held was given back.").waitFor();
    const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length);
    expect(moving === 0, `${moving} things move`);
    const said = await page.locator("body").ariaSnapshot();
    for (const words of [/banner/, /navigation "Views"/, /heading "Order" \[level=1\]/, /img "The order failed: the payment was declined/, /button "Order it again"/])
        expect(words.test(said), `a screen reader is not told ${words}:`, said);
    check();
    await close();
}

/** A catalogue that has no end: the page has one. */
async function staysLight(browser) {
    for (let i = 0; i < 6; i++) {
        const products = Array.from({ length: 100 }, (_, j) => ({ sku: `bulk-${i}-${j}`, name: `Bulkware ${i * 100 + j}`, price_minor: 100 + j, currency: "EUR" }));
        const answer = await fetch(`${shop.url}/products:batch`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ products }) });
        expect(answer.ok, "batch:", answer.status);
    }
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop?q=bulkware");
    await page.getByText("600 products for “bulkware”").waitFor();
    for (let shown = 24; shown < 480; shown += 24) {
        await page.getByRole("button", { name: "Show more" }).click();
        await page.waitForFunction((count) => document.querySelectorAll(".product-card").length === count, shown + 24);
    }
    await page.getByRole("button", { name: "Show the next ones" }).click();
    await page.getByText("from number 481 on").waitFor();
    expect((await page.locator(".product-card").count()) === 24, "the page grows without an end");
    await page.getByRole("button", { name: "Back to the first" }).click();
    await page.getByText("from number 481 on").waitFor({ state: "detached" });
    expect((await page.locator(".product-card").count()) === 24, "the first page is another");
    check();
    await close();
}

/** What is put into the cart in one tab is in the other's, also where that has slept. */
async function sharesTheCart(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/#/shop/products/mug-moss");
    const other = await page.context().newPage();
    await other.goto(`${shop.url}/console/#/shop/products/mug-sand`);
    await other.getByRole("button", { name: "Add to cart" }).click();
    await page.getByRole("link", { name: /^Cart 1/ }).waitFor();
    await page.getByRole("button", { name: "Add to cart" }).click();
    await other.getByRole("link", { name: /^Cart 2/ }).waitFor();
    for (const one of [page, other]) {
        await one.goto(`${shop.url}/console/#/shop/checkout`);
        await one.getByRole("button", { name: /^Place order/ }).waitFor();
    }
    const before = (await placed(shop.url, "mug-sand")).length;
    await Promise.all([page, other].map((one) => one.evaluate(() => document.querySelector(".place-order")?.click())));
    await page.waitForFunction(() => localStorage.getItem("aurora.cart") === "[]");
    await page.getByRole("link", { name: /^Cart 0/ }).waitFor();
    await other.getByRole("link", { name: /^Cart 0/ }).waitFor();
    expect((await placed(shop.url, "mug-sand")).length === before + 1, "two tabs bought twice");
    check();
    await close();
}

// The next key comes after the search for the last ones went out, and before the box has heard of it.
async function keepsWhatIsTyped(browser) {
    const { page, check, close } = await openPage(browser, shop.url);
    await page.locator(".product-card").first().waitFor();
    await page.evaluate(() => {
        const box = document.querySelector("input[role=combobox]");
        const type = (text) => {
            Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, text);
            box.dispatchEvent(new InputEvent("input", { bubbles: true }));
        };
        const replaceState = history.replaceState.bind(history);
        history.replaceState = (...all) => {
            replaceState(...all);
            history.replaceState = replaceState;
            type("lam");
            setTimeout(() => type(box.value + "p"), 80);
        };
        type("la");
    });
    await page.getByText(/products for “lamp”/).waitFor();
    expect(await page.getByRole("combobox", { name: "Search the shop" }).inputValue() === "lamp", "a key was lost");
    await page.evaluate(() => { location.hash = "#/shop?q=mug"; });
    await page.waitForFunction(() => document.querySelector("input[role=combobox]").value === "mug");
    check();
    await close();
}

await run("shop", [
    ["begins", begins],
    ["buys", buys],
    ["declines", declines],
    ["watches", watches],
    ["buys once", buysOnce],
    ["searches", searches],
    ["keeps what is typed", keepsWhatIsTyped],
    ["by keyboard", byKeyboard],
    ["fits phones and zooms, is dark", fitsPhones],
    ["signs in", signsIn],
    ["speaks and stands still", speaksAndStandsStill],
    ["shares the cart", sharesTheCart],
    ["stays light", staysLight],
    ["ends", () => shop.stop()],
]);
