// SPDX-License-Identifier: MIT
// The frame of every view: top bar, main landmark, footer; and what happens when the place changes.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./api/problem";
import { cartCount } from "./shop/cart";
import { ShopView } from "./shop/view";
import { Session, SignIn } from "./shell/sign-in";
import { probe } from "./shell/probe";
import { token } from "./shell/session";
import { href, place } from "./shell/router";
import { ProblemView, Waiting } from "./shell/states";
import { Title } from "./shell/title";
import { Toasts } from "./shell/toasts";

const VIEWS = [
    { name: "shop", title: "Shop" },
    { name: "operations", title: "Operations" },
] as const;

function Logo() {
    return (
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" class="logo-ground" />
            <path d="M6 22c4-1 5-12 10-12s6 11 10 12" class="logo-light" />
            <path d="M9 25h14" class="logo-earth" />
        </svg>
    );
}

function TopBar({ current }: { current: string }) {
    return (
        <header class="top-bar">
            <a class="brand" href="#/shop"><Logo /> Aurora</a>
            <nav aria-label="Views">
                <ul>
                    {VIEWS.map((view) => (
                        <li key={view.name}>
                            <a href={href([view.name])} aria-current={view.name === current ? "page" : undefined}>
                                {view.title}
                            </a>
                        </li>
                    ))}
                </ul>
            </nav>
            <div class="top-bar-end">
                {current === "shop" && <a class="top-link" href="#/shop/orders">My orders</a>}
                {current === "shop" && (
                    <a class="button small cart-link" href="#/shop/cart">
                        Cart <span class="count">{cartCount.value}<span class="visually-hidden"> pieces</span></span>
                    </a>
                )}
                <Session />
            </div>
        </header>
    );
}

/** Operators' code and plots come when somebody looks at them. */
function OperationsView() {
    const [View, setView] = useState<ComponentType | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    useEffect(() => {
        import("./ops/view").then((part) => setView(() => part.OperationsView), (thrown: unknown) =>
            setProblem(asProblem(thrown)));
    }, []);
    if (problem !== null)
        return <ProblemView problem={problem} retry={() => location.reload()} />;
    return View === null ? <Waiting /> : <View />;
}

function SignInView() {
    return (
        <>
            <Title text={token.value === "" ? "Sign in" : "You are signed in"} />
            {token.value === "" ? <SignIn isTitled /> : <p><a href="#/shop">To the shop</a></p>}
        </>
    );
}

function NowhereView() {
    return (
        <>
            <Title text="Nothing is here" />
            <p>No page has this address. <a href="#/shop">To the shop</a></p>
        </>
    );
}

export function App() {
    const main = useRef<HTMLElement>(null);
    const current = place.value.path[0] ?? "";
    useEffect(() => void probe(), []);
    return (
        <>
            <a class="skip-link" href="#main" onClick={(event) => {
                event.preventDefault(); // the hash is a place
                main.current?.focus();
            }}>Skip to the content</a>
            <TopBar current={current} />
            <main id="main" ref={main} tabIndex={-1} class={`view view-${current}`}>
                {current === "shop" ? <ShopView /> : current === "operations" ? <OperationsView />
                    : current === "sign-in" ? <SignInView /> : <NowhereView />}
            </main>
            <footer class="foot">
                <a href="../openapi.json">API description</a>
                <a href={document.querySelector<HTMLLinkElement>("link[rel=license]")?.href ?? ""}>Licences</a>
            </footer>
            <Toasts />
        </>
    );
}
