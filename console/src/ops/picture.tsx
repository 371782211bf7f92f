// SPDX-License-Identifier: MIT
// A saga as a picture: lanes for order, stock and payment along time. It is drawn from timeline.ts;
// all that it shows stands in the table of steps as well.
import { useEffect, useRef, useState } from "preact/hooks";
import { span as length } from "../text/time";
import { clock } from "./format";
import { type Lane, lanes } from "./moments";
import type { Arrow, Dot, Segment, Timeline } from "./timeline";
import { wordsOf } from "./words";

const LEFT = 84;
const RIGHT = 20;
const LANE = 62;
const TOP = 34;
const BAR = 24;
const AXIS = 40;
const STEP_MIN = 58; // so that the words of neighbours have room

const titles: Readonly<Record<Lane, string>> = { order: "Order", inventory: "Stock", payment: "Payment" };

/** As wide as its place, which is known once it is drawn. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
    const place = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(720);
    useEffect(() => {
        const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
        observer.observe(place.current!);
        return () => observer.disconnect();
    }, []);
    return [place, width];
}

export function SagaPicture({ timeline, describedBy }: { timeline: Timeline; describedBy: string }) {
    const [place, room] = useWidth();
    const width = Math.max(room, LEFT + RIGHT + STEP_MIN * timeline.ticks.length);
    const height = TOP + lanes.length * LANE + AXIS;
    const x = (at: number) => LEFT + at * (width - LEFT - RIGHT);
    return (
        <div ref={place} class="ops-scroll ops-picture" role="region" aria-label="The saga along time" tabIndex={0}>
            <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summaryOf(timeline)} aria-describedby={describedBy}>
                <defs>
                    <pattern id="ops-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                        <rect width="3.5" height="7" class="ops-hatch" />
                    </pattern>
                    <marker id="ops-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                        <path d="M0 0.5 8 4 0 7.5z" class="ops-tip" />
                    </marker>
                    <marker id="ops-tip-back" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                        <path d="M0 0.5 8 4 0 7.5z" class="ops-tip-back" />
                    </marker>
                </defs>
                <Axis timeline={timeline} x={x} bottom={height - AXIS} />
                {lanes.map((lane) => <LaneRow key={lane} lane={lane} width={width} />)}
                {timeline.segments.map((segment, i) => <Bar key={i} segment={segment} x={x} />)}
                {timeline.arrows.map((arrow, i) => <Cause key={i} arrow={arrow} x={x} />)}
                {timeline.dots.map((dot, i) => <Point key={i} dot={dot} x={x} />)}
            </svg>
        </div>
    );
}

function summaryOf(timeline: Timeline): string {
    const seconds = (timeline.endMs - timeline.startMs) / 1000;
    const how = timeline.isOpen ? `still open after ${length(seconds * 1000)}` : `settled after ${length(seconds * 1000)}`;
    return `Saga of ${timeline.moments.length} steps, ${how}. The table of steps below has all of it.`;
}

function middle(lane: Lane): number {
    return TOP + lanes.indexOf(lane) * LANE + LANE / 2;
}

interface Placed {
    readonly x: (at: number) => number;
}

/* --- the axis: a line at each step, its time, and how long it was to the next ------------------- */

function Axis({ timeline, x, bottom }: Placed & { timeline: Timeline; bottom: number }) {
    let lastLabel = -Infinity;
    return (
        <g class="ops-axis">
            {timeline.ticks.map((tick) => {
                const at = x(tick.x);
                const hasRoom = at - lastLabel > 76;
                if (hasRoom)
                    lastLabel = at;
                return (
                    <g key={tick.x}>
                        <line x1={at} x2={at} y1={TOP} y2={bottom + 4} class="ops-line" />
                        {hasRoom && <text x={at} y={bottom + 30} text-anchor={tick.x === 1 ? "end" : "middle"}>{clock(new Date(tick.ms).toISOString())}</text>}
                    </g>
                );
            })}
            {timeline.spans.filter((span) => x(span.x1) - x(span.x0) > 34).map((span) => (
                <text key={span.x0} x={(x(span.x0) + x(span.x1)) / 2} y={bottom + 14} text-anchor="middle" class="ops-span">
                    {span.seconds === 0 ? "<1 ms" : length(span.seconds * 1000)}
                </text>
            ))}
        </g>
    );
}

function LaneRow({ lane, width }: { lane: Lane; width: number }) {
    const y = middle(lane);
    return (
        <g>
            <line x1={LEFT} x2={width - RIGHT} y1={y} y2={y} class="ops-lane" />
            <text x={4} y={y + 4} class="ops-lane-title">{titles[lane]}</text>
        </g>
    );
}

/* --- what it shows ------------------------------------------------------------------------------ */

function Bar({ segment, x }: Placed & { segment: Segment }) {
    const y = middle(segment.lane) - BAR / 2;
    const from = x(segment.x0);
    const width = Math.max(2, x(segment.x1) - from);
    const label = segment.state;
    const isWaiting = segment.tone === "waiting";
    return (
        <g>
            <title>{`${titles[segment.lane]}: ${segment.state} for ${length(segment.seconds * 1000)}${segment.isOpen ? ", and still" : ""}`}</title>
            <rect x={from} y={isWaiting ? y + 8 : y} width={width} height={isWaiting ? BAR - 16 : BAR} rx={isWaiting ? 2 : 4} class={`ops-bar ops-fill-${segment.tone}`} />
            {segment.tone === "parked" && <rect x={from} y={y} width={width} height={BAR} rx={4} fill="url(#ops-hatch)" />}
            {label.length * 7.2 + 16 < width && (
                <text x={from + width / 2} y={isWaiting ? y + 3 : y + BAR / 2 + 4} text-anchor="middle" class={`ops-bar-label ${isWaiting ? "ops-bar-label-quiet" : ""}`}>
                    {label}
                </text>
            )}
        </g>
    );
}

function Cause({ arrow, x }: Placed & { arrow: Arrow }) {
    const from = { x: x(arrow.from.x), y: middle(arrow.from.lane) };
    const to = { x: x(arrow.to.x), y: middle(arrow.to.lane) };
    const side = to.y > from.y ? 1 : -1;
    const begin = from.y + side * 6;
    const end = to.y - side * 8;
    const bend = Math.max(12, (to.x - from.x) / 2);
    return (
        <path class={arrow.isCompensation ? "ops-arrow ops-arrow-back" : "ops-arrow"} fill="none"
            d={`M${from.x} ${begin}C${from.x} ${begin + side * bend * 0.6} ${to.x} ${end - side * bend * 0.6} ${to.x} ${end}`}
            marker-end={arrow.isCompensation ? "url(#ops-tip-back)" : "url(#ops-tip)"} />
    );
}

function Point({ dot, x }: Placed & { dot: Dot }) {
    const at = x(dot.x);
    const y = middle(dot.lane);
    const words = wordsOf(dot.moment);
    if (dot.moment.type === "order.repair") {
        return (
            <g class="ops-person">
                <title>{`${clock(new Date(dot.moment.ms).toISOString())} ${words}${dot.moment.note === undefined ? "" : `: ${dot.moment.note}`}`}</title>
                <line x1={at} x2={at} y1={TOP - 8} y2={y - BAR / 2} />
                <circle cx={at} cy={TOP - 22} r={4} />
                <path d={`M${at - 7} ${TOP - 8}a7 8 0 0 1 14 0z`} />
                <text x={at + 12} y={TOP - 12}>{dot.moment.action === "" ? "repair" : dot.moment.action}</text>
            </g>
        );
    }
    if (dot.moment.type === "order.settled") {
        return (
            <g class="ops-settled">
                <title>{`${clock(new Date(dot.moment.ms).toISOString())} ${words}`}</title>
                <line x1={at} x2={at} y1={TOP - 8} y2={TOP + lanes.length * LANE} />
                <text x={at} y={TOP - 12} text-anchor="middle">settled</text>
            </g>
        );
    }
    return (
        <g>
            <title>{`${clock(new Date(dot.moment.ms).toISOString())} ${words}`}</title>
            <circle cx={at} cy={y} r={4.5} class="ops-dot" />
        </g>
    );
}
