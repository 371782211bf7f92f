// SPDX-License-Identifier: MIT
// The operations view: how the server does.
import { Title } from "../shell/title";
import { get } from "../api/client";
import { useLoad } from "../shell/load";
import { Await } from "../shell/states";

interface Readiness {
    status: string;
    checks: { name: string; status: string; detail: string }[];
}

export function OperationsView() {
    const ready = useLoad((signal) => get<Readiness>("/readyz", {}, signal), []);
    return (
        <>
            <Title text="Operations" />
            <Await of={ready}>
                {(readiness) => (
                    <ul class="card">
                        {readiness.checks.map((check) => (
                            <li key={check.name}>{check.name}: {check.status} {check.detail}</li>
                        ))}
                    </ul>
                )}
            </Await>
        </>
    );
}
