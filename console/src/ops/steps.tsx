// SPDX-License-Identifier: MIT
// The steps of a saga in words: what its picture shows.
import { span } from "../text/time";
import { clock, dayAndClock } from "./format";
import { Badge, Scrolled } from "./parts";
import type { Timeline } from "./timeline";
import { wordsOf } from "./words";

const who: Readonly<Record<string, string>> = { order: "Order", inventory: "Stock", payment: "Payment" };

export function Steps({ timeline, id }: { timeline: Timeline; id: string }) {
    return (
        <Scrolled label="Steps">
            <table class="ops-table" id={id}>
                <caption>Steps, from {dayAndClock(new Date(timeline.startMs).toISOString())} UTC on</caption>
                <thead>
                    <tr>
                        <th scope="col" class="n">Time (UTC)</th><th scope="col" class="n">After</th><th scope="col">Who</th>
                        <th scope="col">What</th><th scope="col">Order</th><th scope="col">Note</th>
                    </tr>
                </thead>
                <tbody>
                    {timeline.moments.map((moment, i) => {
                        const before = timeline.moments[i - 1];
                        return (
                            <tr key={`${moment.ms} ${moment.type} ${i}`} class={moment.type === "order.repair" ? "ops-row-person" : undefined}>
                                <td class="n">{clock(new Date(moment.ms).toISOString())}</td>
                                <td class="n">{before === undefined ? "" : `+${span(moment.ms - before.ms)}`}</td>
                                <td>{who[moment.lane]}</td>
                                <th scope="row">{wordsOf(moment)} <span class="ops-quiet">{moment.type}</span></th>
                                <td>{moment.status !== undefined && moment.type !== "order.settled" && <Badge state={moment.status} />}</td>
                                <td>{moment.note === undefined ? "" : `“${moment.note}”`}{moment.actor !== undefined && moment.type !== "order.repair" ? ` ${moment.actor}` : ""}</td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
        </Scrolled>
    );
}
