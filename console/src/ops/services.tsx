// SPDX-License-Identifier: MIT
// Behind a gateway: whose figures, log or dead letters. One process has no such choice.
import { server, services } from "./server";

export function Services({ service, set, withGateway = false }: { service: string; set: (name: string) => void; withGateway?: boolean }) {
    if (server.value?.isGateway !== true)
        return null;
    return (
        <label>Service{" "}
            <select value={service} onChange={(event) => set(event.currentTarget.value)}>
                {withGateway && <option>gateway</option>}
                {services.map((name) => <option key={name}>{name}</option>)}
            </select>
        </label>
    );
}
