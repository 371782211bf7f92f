// SPDX-License-Identifier: MIT
// How the system does: what needs somebody, throughput and latency, orders by state, lags.
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { readReadiness, type Readiness } from "../api/readiness";
import { type Concern, concernsOf, failedShare, unsettledOf, type Unsettled } from "./attention";
import { collector } from "./collector";
import { type Lag, lagsOf, pageOfStats, type Row, routesBetween, type RouteRow } from "./figures";
import { age, bytes, count, duration, figure, percent, perSecond, plural } from "./format";
import { Badge, Live, place, Scrolled } from "./parts";
import { Plot, type Series } from "./plot";
import { type Polled, usePoll } from "./poll";
import type { Page } from "./prometheus";
import type { Look } from "./scrape";
import { mayAdministrate, ofService, server, services } from "./server";
import type { Breaker, Limits, Stats } from "./types";

const requestSeries: Series[] = [
    { name: "good", title: "answered", colour: "--ops-good" },
    { name: "refused", title: "refused (4xx)", colour: "--ops-parked", dash: [6, 3] },
    { name: "failed", title: "failed (5xx)", colour: "--ops-bad", dash: [2, 2] },
];
const latencySeries: Series[] = [
    { name: "p50", title: "p50", colour: "--ops-held" },
    { name: "p95", title: "p95", colour: "--ops-parked", dash: [6, 3] },
    { name: "p99", title: "p99", colour: "--ops-bad", dash: [2, 2] },
];
const orderSeries: Series[] = [
    { name: "created", title: "placed", colour: "--ops-held" },
    { name: "completed", title: "completed", colour: "--ops-good", dash: [6, 3] },
    { name: "lost", title: "failed, cancelled", colour: "--ops-bad", dash: [2, 2] },
];
const cpuSeries: Series[] = [{ name: "cpu", title: "processor", colour: "--ops-held" }];

export function Overview() {
    const [minutes, setMinutes] = useState(5);
    const ready = usePoll(readReadiness, 4000, []);
    const limits = usePoll((abort) => readBreakers(abort), 4000, [server.value?.name]);
    const lags = usePoll((abort) => readLags(abort), 4000, [server.value?.name]);
    const latest = collector.latest.value;
    const row = collector.row.value;
    const unsettled = unsettledOf(latest?.scrape.engine, latest?.sagas);
    const deadLetters = latest?.scrape.engine?.value("aurora_dead_letters") ?? latest?.scrape.engine?.value("aurora_parked_keys");
    const concerns = concernsOf({
        isAway: ready.problem !== null, ready: ready.value ?? undefined, unsettled, deadLetters, breakers: limits.value ?? [], row, lags: lags.value ?? [],
        logShare: logShareOf(latest?.scrape.engine),
    });
    return (
        <>
            <Attention concerns={concerns} isKnown={latest !== null && ready.value !== null} />
            <Tiles row={row} look={latest} unsettled={unsettled} />
            <Plots minutes={minutes} setMinutes={setMinutes} look={latest} />
            <div class="ops-columns">
                <States unsettled={unsettled} page={latest?.scrape.engine} />
                <Lags of={lags} />
            </div>
            <Routes rows={routesNow()} />
            <div class="ops-columns">
                <Ready of={ready} />
                <Process page={latest?.scrape.http} row={row} />
            </div>
        </>
    );
}

function logShareOf(page: Page | undefined): number | undefined {
    const [used, room] = [page?.value("aurora_log_bytes"), page?.value("aurora_log_max_bytes")];
    return used === undefined || room === undefined || room === 0 ? undefined : used / room;
}


/** Some services may be away; where none has answered nothing is known. */
function answered<T>(all: PromiseSettledResult<T>[]): PromiseSettledResult<T>[] {
    const [first] = all;
    if (first?.status === "rejected" && all.every((one) => one.status === "rejected"))
        throw first.reason;
    return all;
}

async function readBreakers(abort: AbortSignal): Promise<Breaker[]> {
    if (!mayAdministrate.value)
        return [];
    const asked = server.value?.isGateway === true ? ["gateway", "payment", "search"] : [""];
    const all = await Promise.allSettled(asked.map((name) => get<Limits>("/admin/limits", ofService(name), abort)));
    return answered(all).flatMap((one) => (one.status === "fulfilled" ? one.value.breakers : []));
}

async function readLags(abort: AbortSignal): Promise<Lag[]> {
    if (!mayAdministrate.value)
        return [];
    const asked = server.value?.isGateway === true ? services : [server.value?.name ?? "aurora"];
    const all = await Promise.allSettled(asked.map((name) => get<Stats>("/admin/stats", ofService(name), abort)));
    return answered(all).flatMap((one, i) => (one.status === "fulfilled" ? lagsOf(asked[i]!, one.value, pageOfStats(one.value.metrics ?? [])) : []));
}

function routesNow(): RouteRow[] {
    const window = collector.window();
    return window === undefined ? [] : routesBetween(...window);
}

/* --- parts ------------------------------------------------------------------------------------- */

function Attention({ concerns, isKnown }: { concerns: Concern[]; isKnown: boolean }) {
    const isBad = concerns.some((one) => one.level === "bad");
    const word = !isKnown ? "Looking…" : concerns.length === 0 ? "Nothing needs you" : plural(concerns.length, "thing needs", "things need") + " attention";
    return (
        <section class={`ops-attention ${isBad ? "ops-attention-bad" : concerns.length > 0 ? "ops-attention-warn" : ""}`} aria-labelledby="ops-attention">
            <h2 id="ops-attention"><span role="status">{word}</span></h2>
            {concerns.length > 0 && (
                <ul>
                    {concerns.map((one) => (
                        <li key={one.words}>
                            <Badge state={one.level === "bad" ? "failed" : "degraded"}>{one.level === "bad" ? "act" : "watch"}</Badge>{" "}
                            {one.where === "readiness" || one.where === "" ? one.words : <a href={place(one.where)}>{one.words}</a>}
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}

function Tile({ title, value, note }: { title: string; value: string; note?: string | undefined }) {
    return (
        <div class="ops-tile">
            <dt>{title}</dt>
            <dd>{value}{note !== undefined && <span class="ops-tile-note">{note}</span>}</dd>
        </div>
    );
}

function Tiles({ row, look, unsettled }: { row: Row; look: Look | null; unsettled: readonly Unsettled[] }) {
    const known = [row.good, row.refused, row.failed].filter((value) => value !== undefined);
    const requests = known.length === 0 ? undefined : known.reduce((sum, value) => sum + value!, 0);
    const open = unsettled.length === 0 || unsettled.some((one) => one.isLeast) ? look?.stats?.drain?.unsettled_orders : unsettled.reduce((sum, one) => sum + one.count, 0);
    return (
        <dl class="ops-tiles">
            <Tile title="Requests" value={perSecond(requests)} />
            <Tile title="Failed" value={percent(failedShare(row))} />
            <Tile title="p95" value={duration(row.p95)} />
            <Tile title="Orders placed" value={perSecond(row.created)} />
            <Tile title="Unsettled" value={count(open)} />
            <Tile title="Queue" value={count(row.queue)} note={row.queue === undefined ? undefined : "commands"} />
            <Tile title="Processor" value={row.cpu === undefined ? "–" : percent(row.cpu)} note="of a core" />
            <Tile title="Memory" value={bytes(row.resident)} />
        </dl>
    );
}

function Plots({ minutes, setMinutes, look }: { minutes: number; setMinutes: (minutes: number) => void; look: Look | null }) {
    const { ring } = collector;
    const shared = { ring, minutes, turn: look };
    return (
        <section aria-labelledby="ops-plots">
            <div class="ops-head">
                <h2 id="ops-plots">Last {minutes} minutes</h2>
                <span class="ops-quiet">
                    rates over 10 s, since this page was opened; without probes, /metrics, /admin and the console
                    {server.value?.isGateway === true ? "; requests and process are the gateway's own" : ""}
                </span>
                <fieldset class="ops-choice">
                    <legend class="visually-hidden">How much time the plots show</legend>
                    {[5, 15].map((value) => (
                        <label key={value}>
                            <input type="radio" name="minutes" checked={minutes === value} onChange={() => setMinutes(value)} /> {value} min
                        </label>
                    ))}
                </fieldset>
            </div>
            {look?.metricsProblem != null && (
                <p class="ops-note">
                    {look.metricsProblem.status === 404
                        ? "This server keeps /metrics on an address of its own (metrics_listen), which a page cannot read: requests, latency and process are not known here."
                        : `/metrics: ${look.metricsProblem.title}.`}
                </p>
            )}
            <div class="ops-plots">
                <Plot {...shared} title="Requests" unit="a second" series={requestSeries} format={figure} />
                <Plot {...shared} title="Latency" unit="from request to answer" series={latencySeries} format={duration} least={0.001} />
                <Plot {...shared} title="Orders" unit="a second" series={orderSeries} format={figure} />
                <Plot {...shared} title="Processor" unit="of one core" series={cpuSeries} format={percent} least={0.1} />
            </div>
        </section>
    );
}

function States({ unsettled, page }: { unsettled: readonly Unsettled[]; page: Page | undefined }) {
    return (
        <section class="card">
            <h2>Orders by state</h2>
            {unsettled.length === 0 ? <p class="ops-quiet">Not known here: it needs the scope admin.</p> : (
                <Scrolled label="Orders by state">
                    <table class="ops-table">
                        <caption class="visually-hidden">Orders by state: not settled now, the oldest of them, and reached since the start</caption>
                        <thead>
                            <tr><th scope="col">State</th><th scope="col" class="n">Unsettled</th><th scope="col" class="n">Oldest</th><th scope="col" class="n">Since start</th></tr>
                        </thead>
                        <tbody>
                            {unsettled.map((one) => (
                                <tr key={one.status}>
                                    <th scope="row"><Badge state={one.status} /></th>
                                    <td class="n">{count(one.count)}{one.isLeast === true ? "+" : ""}</td>
                                    <td class="n">{one.count === 0 ? "–" : age(one.oldestSeconds)}</td>
                                    <td class="n">{count(page?.value("aurora_orders_total", { status: one.status }))}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scrolled>
            )}
            <p class="ops-quiet">
                {count(page?.value("aurora_orders_created_total"))} placed and {count(page?.value("aurora_orders_settled_total"))} settled since the start.{" "}
                <a href={place("orders")}>All orders</a>
            </p>
        </section>
    );
}

function Lags({ of }: { of: Polled<Lag[]> }) {
    return (
        <section class="card">
            <h2>Who is behind</h2>
            <Live of={of} what="Reading the consumers">
                {(lags) => lags.length === 0 ? <p class="ops-quiet">{mayAdministrate.value ? "Nobody reads the log." : "Not known here: it needs the scope admin."}</p> : (
                    <Scrolled label="Lags" isTall={lags.length > 12}>
                        <table class="ops-table">
                            <caption class="visually-hidden">Outbox, followers and consumers, and how far each is behind</caption>
                            <thead>
                                <tr><th scope="col">Reader</th><th scope="col">What</th><th scope="col" class="n">Events</th><th scope="col" class="n">Time</th></tr>
                            </thead>
                            <tbody>
                                {lags.map((lag) => (
                                    <tr key={`${lag.service} ${lag.kind} ${lag.name}`}>
                                        <th scope="row">{lag.name}</th>
                                        <td>{server.value?.isGateway === true ? `${lag.kind} of ${lag.service}` : lag.kind}</td>
                                        <td class="n">{count(lag.events)}</td>
                                        <td class="n">{lag.seconds === undefined ? "–" : duration(lag.seconds)}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </Scrolled>
                )}
            </Live>
        </section>
    );
}

function Routes({ rows }: { rows: RouteRow[] }) {
    const [isWhole, setWhole] = useState(false);
    const shown = isWhole ? rows : rows.slice(0, 8);
    return (
        <section class="card">
            <h2>By route <span class="ops-quiet">last 10 s</span></h2>
            {rows.length === 0 ? <p class="ops-quiet">Nobody asked for anything.</p> : (
                <Scrolled label="Routes">
                    <table class="ops-table">
                        <caption class="visually-hidden">Requests of the last ten seconds by route</caption>
                        <thead>
                            <tr>
                                <th scope="col">Route</th><th scope="col" class="n">Requests/s</th><th scope="col" class="n">4xx</th>
                                <th scope="col" class="n">5xx</th><th scope="col" class="n">p50</th><th scope="col" class="n">p95</th><th scope="col" class="n">p99</th>
                            </tr>
                        </thead>
                        <tbody>
                            {shown.map((row) => (
                                <tr key={`${row.method} ${row.route}`}>
                                    <th scope="row"><code>{row.method} {row.route}</code></th>
                                    <td class="n">{figure(row.perSecond)}</td>
                                    <td class="n">{percent(row.refusedShare)}</td>
                                    <td class={`n ${row.failedShare > 0 ? "ops-alarm" : ""}`}>{percent(row.failedShare)}</td>
                                    <td class="n">{duration(row.p50)}</td>
                                    <td class="n">{duration(row.p95)}</td>
                                    <td class="n">{duration(row.p99)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scrolled>
            )}
            {rows.length > 8 && (
                <button type="button" class="button small" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
                    {isWhole ? "Fewer" : `All ${rows.length} routes`}
                </button>
            )}
        </section>
    );
}

function Ready({ of }: { of: Polled<Readiness> }) {
    return (
        <section class="card">
            <h2>Readiness</h2>
            <Live of={of}>
                {(ready) => (
                    <Scrolled label="Checks">
                        <table class="ops-table">
                            <caption class="visually-hidden">Checks of /readyz</caption>
                            <thead><tr><th scope="col">Check</th><th scope="col">State</th><th scope="col">Detail</th></tr></thead>
                            <tbody>
                                {ready.checks.map((check) => (
                                    <tr key={check.name}>
                                        <th scope="row">{check.name}</th>
                                        <td><Badge state={check.status} /></td>
                                        <td>{check.detail === "" ? "–" : check.detail}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </Scrolled>
                )}
            </Live>
        </section>
    );
}

function Process({ page, row }: { page: Page | undefined; row: Row }) {
    const started = page?.value("process_start_time_seconds");
    const build = page?.all("aurora_build_info")[0]?.labels;
    const facts: [string, string][] = [
        ["Service", `${build?.["service"] ?? server.value?.name ?? "–"} ${build?.["version"] ?? server.value?.version ?? ""}`],
        ["Up for", started === undefined ? "–" : age(Date.now() / 1000 - started)],
        ["Memory", bytes(row.resident)],
        ["Threads", count(page?.value("process_threads"))],
        ["Descriptors", `${count(page?.value("process_open_fds"))} of ${count(page?.value("process_max_fds"))}`],
        ["Connections", count(page?.value("aurora_http_connections"))],
        ["Requests in flight", count(page?.value("aurora_http_requests_in_flight"))],
        ["Streams", count(page?.value("aurora_http_streams"))],
        ["Store", bytes(page?.value("aurora_store_bytes"))],
        ["Log", bytes(page?.value("aurora_log_bytes"))],
    ];
    return (
        <section class="card">
            <h2>Process</h2>
            <dl class="ops-facts">
                {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
            </dl>
        </section>
    );
}
