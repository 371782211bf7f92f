// SPDX-License-Identifier: MIT
// What is bounded and what is held back: rate limits with what they decide a second, breakers, room.
import { useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import { Empty } from "../shell/states";
import { stateWord } from "./attention";
import { bytes, count, duration, perSecond } from "./format";
import { Badge, Live, Needs, Scrolled } from "./parts";
import { usePoll } from "./poll";
import { increase } from "./rates";
import { ofService, server } from "./server";
import { Services } from "./services";
import type { Breaker, Limits, LimiterWindow, Policy } from "./types";

interface Looked {
    readonly at: number;
    readonly limits: Limits;
    /** A few seconds before; undefined at first. */
    readonly before?: { readonly at: number; readonly limits: Limits } | undefined;
}

const RATE_OVER_MS = 6000;

export function LimitsView() {
    const [service, setService] = useState("gateway");
    const earlier = useRef<{ service: string; looks: { at: number; limits: Limits }[] }>({ service: "", looks: [] });
    const looked = usePoll<Looked>(async (abort) => {
        const limits = await get<Limits>("/admin/limits", ofService(service), abort);
        const at = Date.now();
        if (earlier.current.service !== service)
            earlier.current = { service, looks: [] };
        earlier.current.looks = [...earlier.current.looks.filter((one) => at - one.at <= RATE_OVER_MS), { at, limits }];
        const [before] = earlier.current.looks;
        return { at, limits, before: before!.at === at ? undefined : before };
    }, 1500, [service, server.value?.name]);
    return (
        <>
            <Needs scope="admin" />
            {server.value?.isGateway === true && <form class="ops-filters" aria-label="Service" onSubmit={(event) => event.preventDefault()}><Services service={service} set={setService} withGateway /></form>}
            <Live of={looked} what="Reading limits">
                {(value) => (
                    <>
                        <Breakers breakers={value.limits.breakers} />
                        <Policies looked={value} />
                        <Room limits={value.limits} />
                    </>
                )}
            </Live>
        </>
    );
}

/* --- breakers ----------------------------------------------------------------------------------- */

const meanings: Readonly<Record<string, string>> = {
    CLOSED: "calls pass",
    HALF_OPEN: "a few calls try it",
    OPEN: "calls are held back",
};

function Breakers({ breakers }: { breakers: readonly Breaker[] }) {
    return (
        <section class="card">
            <h2>Breakers</h2>
            {breakers.length === 0 ? <p class="ops-quiet">Nothing that is called has one: the payment provider, the search engine, Redis and the receivers of notifications have, where they are other servers.</p> : (
                <Scrolled label="Breakers">
                    <table class="ops-table">
                        <caption class="visually-hidden">Breakers and the calls in their window</caption>
                        <thead>
                            <tr>
                                <th scope="col">Dependency</th><th scope="col">State</th><th scope="col" class="n">Tried again in</th><th scope="col" class="n">Calls</th>
                                <th scope="col" class="n">Failed</th><th scope="col" class="n">Slow</th><th scope="col" class="n">Held back</th><th scope="col" class="n">Opened</th>
                            </tr>
                        </thead>
                        <tbody>
                            {breakers.map((one) => (
                                <tr key={one.name}>
                                    <th scope="row">{one.name}</th>
                                    <td><Badge state={one.state}>{stateWord(one.state)}</Badge> <span class="ops-quiet">{meanings[one.state] ?? ""}</span></td>
                                    <td class="n">{one.state === "OPEN" ? duration(one.retry_after_ms / 1000) : "–"}</td>
                                    <td class="n">{count(one.calls)}</td>
                                    <td class={`n ${one.failed > 0 ? "ops-alarm" : ""}`}>{count(one.failed)}</td>
                                    <td class="n">{count(one.slow)}</td>
                                    <td class="n">{count(one.refused)}</td>
                                    <td class="n">{count(one.opened)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scrolled>
            )}
            {breakers.length > 0 && <p class="ops-quiet">Calls, failed and slow are of the breaker's window; held back and opened since the start.</p>}
        </section>
    );
}

/* --- policies ----------------------------------------------------------------------------------- */

type Counted = "allowed" | "denied" | "shadow";

function Policies({ looked }: { looked: Looked }) {
    const { limiter } = looked.limits;
    if (limiter === undefined || limiter === null)
        return <section class="card"><h2>Rate limits</h2><Empty title="There are none"><p class="ops-quiet">docs/RATE-LIMITS.md says how to set some.</p></Empty></section>;
    const old = looked.before?.limits.limiter?.policies;
    const rate = (policy: Policy, name: Counted): string => {
        const before = old?.find((one) => one.name === policy.name);
        if (before === undefined || looked.before === undefined)
            return "–";
        return perSecond(increase(before[name], policy[name]) / ((looked.at - looked.before.at) / 1000));
    };
    return (
        <section class="card">
            <h2>Rate limits</h2>
            <Scrolled label="Policies">
                <table class="ops-table">
                    <caption class="visually-hidden">Policies, and what they decided now and since the start</caption>
                    <thead>
                        <tr>
                            <th scope="col">Policy</th><th scope="col">Counts by</th><th scope="col">Mode</th><th scope="col">Windows</th>
                            <th scope="col" class="n">Allowed</th><th scope="col" class="n">now</th><th scope="col" class="n">Denied</th><th scope="col" class="n">now</th>
                            <th scope="col" class="n">Shadow</th><th scope="col" class="n">now</th><th scope="col" class="n">Keys</th>
                        </tr>
                    </thead>
                    <tbody>
                        {limiter.policies.map((policy) => (
                            <tr key={policy.name}>
                                <th scope="row">{policy.name}</th>
                                <td>{policy.key}</td>
                                <td>{policy.mode === "shadow" ? <Badge state="RESERVED">shadow</Badge> : policy.mode}</td>
                                <td>{policy.windows.map(windowWords).join("; ")}</td>
                                <td class="n">{count(policy.allowed)}</td><td class="n">{rate(policy, "allowed")}</td>
                                <td class={`n ${policy.denied > 0 ? "ops-alarm" : ""}`}>{count(policy.denied)}</td><td class="n">{rate(policy, "denied")}</td>
                                <td class="n">{count(policy.shadow)}</td><td class="n">{rate(policy, "shadow")}</td>
                                <td class="n">{count(policy.windows.reduce((sum, one) => sum + one.keys, 0))}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scrolled>
            <dl class="ops-facts">
                <div><dt>Requests allowed</dt><dd>{count(limiter.allowed)}</dd></div>
                <div><dt>Requests denied</dt><dd>{count(limiter.denied)}</dd></div>
                <div><dt>Decided by the fallback</dt><dd>{count(limiter.fallback)}</dd></div>
                <div><dt>From a lease, without a round trip</dt><dd>{count(limiter.leased)}</dd></div>
                <div><dt>Refused from memory</dt><dd>{count(limiter.remembered)}</dd></div>
            </dl>
        </section>
    );
}

function windowWords(window: LimiterWindow): string {
    const burst = window.burst === window.tokens ? "" : `, ${count(window.burst)} at once`;
    return `${count(window.tokens)} in ${duration(window.per_ms / 1000).replace(".00", "")}${burst}`;
}

/* --- room --------------------------------------------------------------------------------------- */

const rooms: Readonly<Record<string, string>> = { commands: "Commands that wait", log_bytes: "Log", connections: "Connections" };

function Room({ limits }: { limits: Limits }) {
    return (
        <section class="card">
            <h2>Room</h2>
            <Scrolled label="Room">
                <table class="ops-table">
                    <caption class="visually-hidden">What is bounded, how much of it is used, and how often it refused</caption>
                    <thead><tr><th scope="col">What</th><th scope="col" class="n">Used</th><th scope="col" class="n">Refused</th></tr></thead>
                    <tbody>
                        {limits.items.map((item) => (
                            <tr key={item.name}>
                                <th scope="row">{rooms[item.name] ?? `Calls to ${item.name}`}</th>
                                <td class="n">{item.name === "log_bytes" ? bytes(item.used) : count(item.used)}</td>
                                <td class={`n ${item.refused > 0 ? "ops-alarm" : ""}`}>{count(item.refused)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scrolled>
        </section>
    );
}
