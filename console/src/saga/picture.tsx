// SPDX-License-Identifier: MIT
// An order's saga as a picture, from its history. `details` are words about a participant that stand with the
// step that waits for it. What is new appears step by step; `isNew`: all of it is.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Transition } from "../api/types";
import { clock } from "../text/time";
import { isReached, layoutOf, NODE_RADIUS, type Layout, type Link, type Node } from "./layout";
import { sagaOf, type StepName, type StepState } from "./steps";

const WIDE_FROM = 700;
const LINE_LETTERS = 22;
/** Beside its disc there is more room, and more than three lines of it would touch the next step. */
const NARROW_LETTERS = 30;

const MARKS: Record<StepState, string> = {
    done: "M-7 0.5l4.5 4.5L7-5",
    failed: "M-5.5-5.5l11 11M5.5-5.5l-11 11",
    stopped: "M-6 0h12",
    parked: "M-3.5-6v12M3.5-6v12",
    active: "",
    waiting: "",
    skipped: "",
};

/** Lines of whole words, about so long. */
export function wrap(words: string, letters: number): string[] {
    const lines: string[] = [];
    for (const word of words.split(" ").filter(Boolean)) {
        const last = lines[lines.length - 1];
        if (last !== undefined && last.length + word.length < letters)
            lines[lines.length - 1] = `${last} ${word}`;
        else
            lines.push(word);
    }
    return lines;
}

/** The class that lets it come in its turn; "" = it is there already. */
function come(index: number, base: number): string {
    return index < base ? "" : `saga-come saga-turn-${index - base}`;
}

function NodeView({ node, isNarrow, detail, base }: { node: Node; isNarrow: boolean; detail: string; base: number }) {
    const { step } = node;
    const time = step.at === null ? "" : clock(step.at);
    const small = isNarrow ? wrap([time, step.note, detail].filter(Boolean).join(", "), NARROW_LETTERS)
        : [time, ...wrap(step.note, LINE_LETTERS), ...wrap(detail, LINE_LETTERS)].filter(Boolean);
    const x = isNarrow ? NODE_RADIUS + 14 : 0;
    const y = isNarrow ? (small.length === 0 ? 5 : -3) : NODE_RADIUS + 20;
    return (
        <g transform={`translate(${node.x} ${node.y})`}>
            <g class={`saga-node saga-${step.state} ${node.isUndo ? "saga-undo" : ""} ${come(node.index, base)}`}>
                {step.state === "active" && <circle r={NODE_RADIUS} class="saga-pulse" />}
                <circle r={NODE_RADIUS} class="saga-disc" />
                {step.state === "active" && <circle r="5" class="saga-dot" />}
                {MARKS[step.state] !== "" && <path d={MARKS[step.state]} class="saga-mark" />}
                <text x={x} y={y} class="saga-title">{step.title}</text>
                {small.map((words, line) => (
                    <text key={line} x={x} y={y + 18 + line * 16} class="saga-small">{words}</text>
                ))}
            </g>
        </g>
    );
}

function LinkView({ link, base }: { link: Link; base: number }) {
    return <path d={link.path} class={`saga-link saga-link-${link.kind} ${come(link.index, base)}`} pathLength={1} />;
}

/** The participant that a step waits for. */
function participantOf(name: StepName): "inventory" | "payment" | null {
    return name === "stock" ? "inventory" : name === "payment" ? "payment" : null;
}

/** Whether the element is too narrow for the wide picture. */
function useIsNarrow(element: { current: HTMLElement | null }): boolean {
    const [isNarrow, setNarrow] = useState(() => typeof innerWidth === "number" && innerWidth < WIDE_FROM);
    useEffect(() => {
        if (element.current === null)
            return;
        const observer = new ResizeObserver(([entry]) => setNarrow((entry?.contentRect.width ?? WIDE_FROM) < WIDE_FROM));
        observer.observe(element.current);
        return () => observer.disconnect();
    }, []);
    return isNarrow;
}

/** How many steps were seen before the last change. */
function useSeen(layout: Layout, length: number, isNew: boolean): number {
    const reached = layout.nodes.filter((node) => isReached(node.step)).length;
    const seen = useRef({ length, base: isNew ? 0 : reached, reached });
    if (seen.current.length !== length)
        seen.current = { length, base: seen.current.reached, reached };
    return seen.current.base;
}

export function SagaPicture({ history, details = {}, isNew = false }: {
    history: readonly Transition[];
    details?: { inventory?: string; payment?: string };
    isNew?: boolean;
}) {
    const id = useId();
    const figure = useRef<HTMLElement>(null);
    const isNarrow = useIsNarrow(figure);
    const saga = sagaOf(history);
    const layout = layoutOf(saga, isNarrow);
    const base = useSeen(layout, history.length, isNew);
    const detailOf = (node: Node) => {
        const participant = participantOf(node.step.name);
        const isOpen = node.step.state === "active" || node.step.state === "parked";
        return participant !== null && isOpen ? details[participant] ?? "" : "";
    };
    return (
        <figure class="saga" ref={figure}>
            <svg viewBox={`0 0 ${layout.width} ${layout.height}`} class={isNarrow ? "saga-narrow" : "saga-wide"}
                role="img" aria-labelledby={id}>
                {layout.links.map((link) => <LinkView key={link.path} link={link} base={base} />)}
                {layout.nodes.map((node) => (
                    <NodeView key={`${node.isUndo}${node.step.name}`} node={node} isNarrow={isNarrow} base={base}
                        detail={detailOf(node)} />
                ))}
            </svg>
            <figcaption id={id} aria-live="polite">{saga.words}</figcaption>
        </figure>
    );
}
