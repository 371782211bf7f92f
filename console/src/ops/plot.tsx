// SPDX-License-Identifier: MIT
// A plot over time by uPlot, and the same in words below it: what each series was.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { type Ring, summarize } from "./ring";

export interface Series {
    readonly name: string; // in the ring
    readonly title: string;
    readonly colour: string; // a custom property of the theme
    readonly dash?: readonly number[];
}

export interface PlotProps {
    readonly ring: Ring;
    readonly series: readonly Series[];
    readonly title: string;
    readonly unit: string; // of the axis, as "requests/s"
    readonly minutes: number;
    readonly format: (value: number | null | undefined) => string;
    readonly turn: unknown; // changes with each new sample
    /** What the axis shows at least, so that noise around nothing looks like nothing. */
    readonly least?: number;
}

const HEIGHT = 190;
const WIDTH_MIN = 200;

function themed(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";
}

function axisTime(_: uPlot, splits: number[]): string[] {
    const step = splits.length > 1 ? splits[1]! - splits[0]! : 60;
    return splits.map((split) => new Date(split * 1000).toISOString().slice(11, step < 60 ? 19 : 16));
}

function optionsOf(props: PlotProps, width: number, onCursor: (index: number | null) => void): uPlot.Options {
    const quiet = themed("--ops-axis");
    const axis = { stroke: quiet, grid: { stroke: themed("--ops-grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return {
        width,
        height: HEIGHT,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false },
        scales: {
            x: { time: false, range: () => [Date.now() / 1000 - props.minutes * 60, Date.now() / 1000] },
            y: { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.1, props.least ?? 1)] },
        },
        axes: [
            { ...axis, values: axisTime, space: 80, incrs: [10, 30, 60, 120, 300], size: 26 },
            { ...axis, values: (_, splits) => splits.map((split) => props.format(split)), size: 62, space: 34 },
        ],
        series: [
            {},
            ...props.series.map((one) => ({
                label: one.title,
                stroke: themed(one.colour),
                width: 1.75,
                points: { show: false },
                ...(one.dash && { dash: [...one.dash] }),
            })),
        ],
        hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
    };
}

/** Made anew with another theme, series or width; fed with each sample. */
export function Plot(props: PlotProps) {
    const { ring, series, title, unit, minutes, turn } = props;
    const place = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | null>(null);
    const [at, setAt] = useState<number | null>(null);
    const [theme, setTheme] = useState(0);
    const names = series.map((one) => one.name);
    const data = ring.columnsOf(names, Date.now() / 1000 - minutes * 60);

    useEffect(() => {
        const media = matchMedia("(prefers-color-scheme: dark)");
        const change = () => setTheme((before) => before + 1);
        media.addEventListener("change", change);
        return () => media.removeEventListener("change", change);
    }, []);
    useEffect(() => {
        const holder = place.current!;
        const width = () => Math.max(WIDTH_MIN, Math.floor(holder.clientWidth));
        const own = new uPlot(optionsOf(props, width(), setAt), data as uPlot.AlignedData, holder);
        const observer = new ResizeObserver(() => own.setSize({ width: width(), height: HEIGHT }));
        plot.current = own;
        observer.observe(holder);
        return () => {
            observer.disconnect();
            own.destroy();
            plot.current = null;
        };
    }, [theme, minutes, names.join()]);
    useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [turn, minutes]);

    return (
        <figure class="ops-plot">
            <figcaption>{title} <span class="ops-unit">{unit}</span></figcaption>
            <div ref={place} class="ops-plot-canvas" role="img" aria-label={`${title}, a plot; its figures are in the table below.`} />
            <Legend {...props} data={data} at={at} />
        </figure>
    );
}

/** The plot's text alternative, and its legend; under the pointer the values there. */
function Legend({ series, format, title, minutes, data, at }: PlotProps & { data: (number | null)[][]; at: number | null }) {
    const time = at === null ? undefined : data[0]?.[at];
    return (
        <table class="ops-legend">
            <caption class="visually-hidden">{title} in the last {minutes} minutes</caption>
            <thead>
                <tr>
                    <th scope="col"><span class="visually-hidden">Series</span></th>
                    <th scope="col">{typeof time === "number" ? new Date(time * 1000).toISOString().slice(11, 19) : "now"}</th>
                    <th scope="col">mean</th>
                    <th scope="col">highest</th>
                </tr>
            </thead>
            <tbody>
                {series.map((one, i) => {
                    const column = data[i + 1] ?? [];
                    const { mean, max } = summarize(column);
                    const shown = typeof time === "number" ? column[at!] : column[column.length - 1];
                    return (
                        <tr key={one.name}>
                            <th scope="row"><span class={`ops-key ops-key-${one.name}`} aria-hidden="true" />{one.title}</th>
                            <td>{format(shown)}</td>
                            <td>{format(mean)}</td>
                            <td>{format(max)}</td>
                        </tr>
                    );
                })}
            </tbody>
        </table>
    );
}
