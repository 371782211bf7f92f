// SPDX-License-Identifier: MIT
// The storefront in a browser.
import { expect, expectAccessible, expectFits, hasConsole, openPage, picture, run, startShop } from "./harness.mjs";

let shop;

async function opens(browser) {
    shop = await startShop();
    if (!(await hasConsole(shop.url))) {
        console.log("skipped: this build has no console");
        await shop.stop();
        process.exit(77);
    }
    const { page, check, close } = await openPage(browser, shop.url, "/");
    await page.getByRole("heading", { name: "Trending today" }).waitFor();
    expect(page.url().startsWith(`${shop.url}/console/`), page.url());
    await page.locator(".product-card").first().waitFor();
    await expectAccessible(page, "start");
    await picture(page, "start-desktop");
    await page.getByRole("link", { name: "Operations" }).click();
    await page.getByRole("heading", { level: 1, name: "Operations" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName) === "H1", "the new page's heading has no focus");
    check();
    await close();
}

async function fitsPhones(browser) {
    const { page, check, close } = await openPage(browser, shop.url, "/console/",
        { viewport: { width: 320, height: 700 }, colorScheme: "dark" });
    await page.locator(".product-card").first().waitFor();
    await expectFits(page, "start");
    await picture(page, "start-phone-dark");
    check();
    await close();
}

await run("shop", [
    ["opens", opens],
    ["fits a phone", fitsPhones],
    ["ends", () => shop.stop()],
]);
