// SPDX-License-Identifier: MIT
// The operations view: its own navigation, whom it looks at, and its pages.
import { useEffect } from "preact/hooks";
import { place as placeNow } from "../shell/router";
import { isAsked, token } from "../shell/session";
import { SignIn } from "../shell/sign-in";
import { Title } from "../shell/title";
import { Empty, ProblemView, Waiting } from "../shell/states";
import { collector } from "./collector";
import { DeadLetters } from "./dead-letters";
import { Events } from "./events";
import { LimitsView } from "./limits";
import { OrderView } from "./order";
import { Orders } from "./orders";
import { Overview } from "./overview";
import { place } from "./parts";
import { isPaused, usePoll } from "./poll";
import { Sagas } from "./sagas";
import { mayAdministrate, readServer, server } from "./server";
import { StockList } from "./stock";
import { StockItem } from "./stock-item";
import { Trending } from "./trending";

const pages = [
    { name: "", title: "Overview", View: Overview },
    { name: "orders", title: "Orders", View: Orders },
    { name: "sagas", title: "Sagas", View: Sagas },
    { name: "dead-letters", title: "Dead letters", View: DeadLetters },
    { name: "stock", title: "Stock", View: StockList },
    { name: "trending", title: "Trending", View: Trending },
    { name: "limits", title: "Limits", View: LimitsView },
    { name: "events", title: "Events", View: Events },
] as const;

export function OperationsView() {
    const found = usePoll(readServer, 30_000, []);
    useEffect(() => {
        collector.start();
        return () => collector.stop();
    }, [token.value]);
    if (isAsked.value && token.value === "")
        return <><Title text="Operations" /><SignIn /></>;
    if (found.value === null)
        return <><Title text="Operations" />{found.problem === null ? <Waiting /> : <ProblemView problem={found.problem} retry={found.reload} />}</>;
    return (
        <>
            <Bar />
            <Body />
        </>
    );
}

function Bar() {
    const current = placeNow.value.path[1] ?? "";
    return (
        <div class="ops-bar-top">
            <nav class="ops-nav" aria-label="Operations">
                <ul>
                    {pages.map((page) => (
                        <li key={page.name}><a href={place(page.name)} aria-current={page.name === current ? "page" : undefined}>{page.title}</a></li>
                    ))}
                </ul>
            </nav>
            <div class="ops-status">
                <span>{server.value?.name} {server.value?.version}</span>
                <span class={collector.problem.value !== null ? "ops-lost" : isPaused.value ? "ops-rests" : "ops-lives"} role="status">
                    {collector.problem.value !== null ? "no answer" : isPaused.value ? "paused" : "live"}
                </span>
                <button type="button" class="button small" aria-pressed={isPaused.value} onClick={() => (isPaused.value = !isPaused.value)}>
                    {isPaused.value ? "Go on" : "Pause"}
                </button>
            </div>
        </div>
    );
}

function Body() {
    const [, name = "", item] = placeNow.value.path;
    const page = pages.find((one) => one.name === name);
    if (page === undefined)
        return <><Title text="Operations" /><Empty title="No page has this address"><a href={place()}>To the overview</a></Empty></>;
    const title = item === undefined ? page.title : name === "orders" ? `Order ${item}` : item;
    return (
        <>
            <Title text={title} />
            {!mayAdministrate.value && name === "" && (
                <p class="ops-note">Your token does not have the scope <code>admin</code>: what needs it is empty here, and acts are refused.</p>
            )}
            {item !== undefined && name === "orders" ? <OrderView key={item} id={item} /> : item !== undefined && name === "stock" ? <StockItem key={item} sku={item} /> : <page.View />}
        </>
    );
}
