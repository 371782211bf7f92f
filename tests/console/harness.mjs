// SPDX-License-Identifier: MIT
// A real aurorad with the demo catalogue, and pages of a headless Chromium that watch what no page of ours
// may do: break the policy, ask another origin, write an error to the console.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(join(root, "console/package.json"));
const bin = process.env.AURORA_BIN ?? join(root, "build/bin");
const CHROMIUM = process.env.AURORA_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const START_MS = 60000;

export function fail(words) {
    throw new Error(words);
}

export function expect(condition, ...words) {
    if (!condition)
        fail(words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" "));
}

/** Runs `scenario` for each [name, function], ends the process with 0, 1, or 77 where something is missing. */
export async function run(title, scenarios) {
    const missing = !existsSync(CHROMIUM) ? "chromium is not installed"
        : !existsSync(join(root, "console/node_modules/playwright-core")) ? "console/node_modules is not installed (npm ci)"
            : "";
    if (missing !== "") {
        console.log(`skipped: ${missing}`);
        process.exit(77);
    }
    const { chromium } = require("playwright-core");
    const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
    let failed = 0;
    for (const [name, scenario] of scenarios) {
        const only = process.argv[2];
        if (only !== undefined && !name.includes(only) && !["begins", "ends"].includes(name))
            continue;
        const begin = Date.now();
        try {
            await scenario(browser);
            console.log(`${title}: ${name}: ok, ${((Date.now() - begin) / 1000).toFixed(1)} s`);
        } catch (error) {
            failed++;
            console.log(`${title}: ${name}: ${error.stack}`);
        }
    }
    await browser.close();
    process.exit(failed === 0 ? 0 : 1);
}

async function untilListening(server, output) {
    const end = Date.now() + START_MS;
    while (Date.now() < end && server.exitCode === null) {
        const url = /listening on (http:[^"\s]*)/.exec(output.text)?.[1];
        if (url !== undefined)
            return url;
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return fail(`aurorad does not listen: ${output.text}`);
}

/** A program of ours on a free port: {url, stop, kill}. */
async function start(program, settings, environment = {}, port = 0) {
    const output = { text: "" };
    const server = spawn(join(bin, program), ["--listen", `127.0.0.1:${port}`, "--log-format", "json", ...settings],
        { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
    server.stdout.on("data", (data) => (output.text += data));
    server.stderr.on("data", (data) => (output.text += data));
    const ended = new Promise((resolve) => server.on("exit", resolve));
    const url = await untilListening(server, output);
    return {
        url,
        async stop() {
            server.kill("SIGTERM");
            await ended;
        },
        async kill() {
            server.kill("SIGKILL");
            await ended;
        },
    };
}

/** Ours until this process ends, also while a server is down. */
function freePort() {
    const done = spawnSync("python3", [join(root, "scripts/lib/free_port.py"), String(process.pid)], { encoding: "utf8" });
    expect(done.status === 0, "free_port.py", done.stderr);
    return Number(done.stdout);
}

export function ctl(...words) {
    const done = spawnSync(join(bin, "auroractl"), words, { encoding: "utf8" });
    expect(done.status === 0, words[0], done.stderr);
    return done.stdout;
}

/** A seeded aurorad: {url, folder, stop, kill, restart}. */
export async function startShop(settings = [], environment = {}) {
    const folder = mkdtempSync(join(tmpdir(), "aurora-console-"));
    const store = `sqlite:${folder}/shop.db`;
    ctl("seed", "--store", store, "--orders", "40");
    const run = (port) => start("aurorad", ["--store", store, ...settings], environment, port);
    const port = freePort();
    let server = await run(port);
    const { url } = server;
    return {
        url,
        folder,
        kill: () => server.kill(),
        async restart() {
            server = await run(port);
        },
        async stop() {
            await server.stop();
            rmSync(folder, { recursive: true });
        },
    };
}

const SERVICES = ["order", "product", "inventory", "payment", "search", "recommendation", "notification"];
const ISSUER = ["--issuer", "https://issuer.example", "--audience", "aurora"];

/** A gateway that asks for tokens, in front of an aurorad that stands for all services: {url, token, stop}. */
export async function startGateway(settings = []) {
    const secret = { AURORA_SERVICE_SECRET: "a secret of at least thirty-two bytes" };
    const behind = await startShop([], secret);
    ctl("keygen", "--alg", "ES256", "--kid", "test", "--out", behind.folder);
    const upstream = SERVICES.map((name) => `${name}=${new URL(behind.url).host}`).join(",");
    const gateway = await start("aurora-gateway", ["--upstream", upstream, "--jwt-keys", join(behind.folder, "jwks.json"),
        "--jwt-issuer", ISSUER[1], "--jwt-audience", ISSUER[3], ...settings], secret);
    return {
        url: gateway.url,
        token: (subject, scopes, ttl = "15m") => ctl("token", "--key", join(behind.folder, "test.jwk"), "--sub", subject,
            "--scope", scopes, "--ttl", ttl, ...ISSUER).trim(),
        async stop() {
            await gateway.stop();
            await behind.stop();
        },
    };
}

/** The eight daemons over Kafka, each with a store of its own: {url, folder, stop}. Payments are given up at once, so that
 * they park. null where there is no Kafka. */
export async function startCluster() {
    const kafka = process.env.AURORA_TEST_KAFKA;
    if (kafka === undefined || kafka === "")
        return null;
    const folder = mkdtempSync(join(tmpdir(), "aurora-console-"));
    const bus = `kafka://${kafka}?prefix=c${process.pid}x${Date.now().toString(36)}&partitions=1`;
    const daemons = await Promise.all(SERVICES.map((name) => start(`aurora-${name}`,
        ["--bus", bus, "--start-wait", "30s", "--store", `sqlite:${folder}/${name}.db`, ...(name !== "payment" ? []
            : ["--attempts-max", "1", "--park-attempts-min", "1", "--retry-first", "100ms"])])));
    const upstream = SERVICES.map((name, index) => `${name}=${new URL(daemons[index].url).host}`).join(",");
    const gateway = await start("aurora-gateway", ["--upstream", upstream]);
    ctl("seed", "--url", gateway.url, "--retry-for", "60s");
    return {
        url: gateway.url,
        folder,
        async stop() {
            await Promise.all([gateway, ...daemons].map((one) => one.stop()));
            rmSync(folder, { recursive: true });
        },
    };
}

/** Whether the server has a console; a build without npm has none. */
export async function hasConsole(url) {
    return (await fetch(`${url}/console/`)).status === 200;
}

/** What a page did that it may not. `allowed`: failures of calls that the scenario means to see. */
function watch(page, url, faults, allowed) {
    page.on("console", (message) => {
        const text = message.text();
        if (["error", "warning"].includes(message.type()) && !allowed.some((pattern) => pattern.test(text)))
            faults.push(`console: ${text} (${message.location().url})`);
    });
    page.on("pageerror", (error) => faults.push(`error: ${error.stack}`));
    page.on("request", (request) => {
        const target = request.url();
        if (!target.startsWith(url + "/") && !target.startsWith("data:"))
            faults.push(`another origin: ${target}`);
    });
}

/** A page of its own context, in which `before` is run first. `check()` throws where it did what it may not. */
export async function openPage(browser, url, path = "/console/", options = {}) {
    const { allowed = [], before, ...context } = options;
    const own = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...context });
    if (before !== undefined)
        await own.addInitScript(before);
    const page = await own.newPage();
    const faults = [];
    page.setDefaultTimeout(45000);
    watch(page, url, faults, allowed);
    await page.goto(url + path);
    return {
        page,
        check() {
            expect(faults.length === 0, "the page did what it may not:", faults);
        },
        async close() {
            await own.close();
        },
    };
}

/** Rows and cards behind the first are built as those are, and cost axe most of its time. */
const ALIKE = ["tbody tr:nth-child(n+6)", ".cards li:nth-child(n+5)"];

/** No violation that axe finds in what is shown now; `rules` = only of these. */
export async function expectAccessible(page, where, rules = null) {
    if (!(await page.evaluate(() => "axe" in globalThis)))
        await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
    const what = { include: [["html"]], exclude: ALIKE.map((selector) => [selector]) };
    const found = await page.evaluate(([what, only]) => globalThis.axe.run(what, { resultTypes: ["violations"], ...(only && { runOnly: only }) }), [what, rules]);
    const said = found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html + " " +
        node.failureSummary).slice(0, 3).join(" | ")}`);
    expect(said.length === 0, `axe: ${where}:`, said);
}

/** Once nothing moves but what never stops. */
async function rest(page) {
    await page.evaluate(async () => {
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        await Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity)
            .map((one) => one.finished.catch(() => undefined)));
    });
}

/** "light" or "dark", with no colour half way. */
export async function inScheme(page, colorScheme) {
    await page.emulateMedia({ colorScheme });
    await rest(page);
}

/** No sideways scroll. */
export async function expectFits(page, where) {
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(wide <= seen, `${where} is ${wide} wide in ${seen}`);
}

/** For people to look at, where AURORA_PICTURES is set: var/console/NAME.png. */
export async function picture(page, name) {
    if (!process.env.AURORA_PICTURES)
        return;
    await rest(page);
    const folder = join(root, "var/console");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
