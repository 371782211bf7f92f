// SPDX-License-Identifier: MIT
// Where the steps of a saga stand in its picture: forward from left to right, what is undone back from right to
// left below it; on a narrow page the same from top to bottom.
import type { Saga, Step, StepName } from "./steps";

export interface Node {
    step: Step;
    x: number;
    y: number;
    isUndo: boolean;
    /** Its place in the order in which things happened. */
    index: number;
}

export interface Link {
    path: string;
    kind: "done" | "open" | "undo";
    /** Of the node that it leads to. */
    index: number;
}

export interface Layout {
    width: number;
    height: number;
    nodes: Node[];
    links: Link[];
    isNarrow: boolean;
}

const COLUMNS: StepName[] = ["placed", "stock", "payment", "completed", "settled"];
/** What is undone stands below what did it; the end of it below the beginning. */
const UNDO_COLUMNS: Record<StepName, number> = { settled: 0, placed: 0, stock: 1, payment: 2, completed: 3 };

export const NODE_RADIUS = 18;
const CORNER = 22;

const WIDE = { step: 176, side: 88, top: 30, lane: 156, tail: 78 };
const NARROW = { step: 80, side: 30, top: 30, tail: 56, width: 288 };

function wideAt(column: number, isUndo: boolean): { x: number; y: number } {
    return { x: WIDE.side + column * WIDE.step, y: WIDE.top + (isUndo ? WIDE.lane : 0) };
}

function narrowAt(row: number): { x: number; y: number } {
    return { x: NARROW.side, y: NARROW.top + row * NARROW.step };
}

export function isReached(step: Step): boolean {
    return step.state === "done" || step.state === "failed" || step.state === "stopped";
}

function straight(from: Node, to: Node): string {
    if (from.x === to.x)
        return `M${from.x} ${from.y + NODE_RADIUS}V${to.y - NODE_RADIUS}`;
    const side = to.x > from.x ? 1 : -1;
    return `M${from.x + side * NODE_RADIUS} ${from.y}H${to.x - side * NODE_RADIUS}`;
}

/** Out to the right, down between the labels, and back to the left. */
function around(from: Node, to: Node): string {
    const x = from.x + WIDE.step / 2 - 8;
    return `M${from.x + NODE_RADIUS} ${from.y}H${x - CORNER}Q${x} ${from.y} ${x} ${from.y + CORNER}` +
        `V${to.y - CORNER}Q${x} ${to.y} ${x - CORNER} ${to.y}H${to.x + NODE_RADIUS}`;
}

function place(saga: Saga, isNarrow: boolean): Node[] {
    // A narrow picture leaves out what will never come: the way back goes on from where it turned.
    const forward = isNarrow ? saga.forward.filter((step) => step.state !== "skipped") : saga.forward;
    const reached = forward.filter(isReached).length;
    const nodes: Node[] = forward.map((step, index) => ({
        step,
        ...(isNarrow ? narrowAt(index) : wideAt(COLUMNS.indexOf(step.name), false)),
        isUndo: false,
        index: step.state === "skipped" ? 0 : index,
    }));
    saga.undo.forEach((step, index) => nodes.push({
        step,
        ...(isNarrow ? narrowAt(forward.length + index) : wideAt(UNDO_COLUMNS[step.name], true)),
        isUndo: true,
        index: reached + index,
    }));
    return nodes;
}

function connect(nodes: readonly Node[], isNarrow: boolean): Link[] {
    const forward = nodes.filter((node) => !node.isUndo);
    const undo = nodes.filter((node) => node.isUndo);
    const links: Link[] = forward.slice(1).map((node, index) => ({
        path: straight(forward[index] ?? node, node),
        kind: isReached(node.step) ? "done" : "open",
        index: node.index,
    }));
    const turn = [...forward].reverse().find((node) => isReached(node.step));
    undo.forEach((node, index) => {
        const from = index === 0 ? turn : undo[index - 1];
        if (from === undefined)
            return;
        const path = index === 0 && !isNarrow ? around(from, node) : straight(from, node);
        links.push({ path, kind: "undo", index: node.index });
    });
    return links;
}

export function layoutOf(saga: Saga, isNarrow: boolean): Layout {
    const nodes = place(saga, isNarrow);
    const bottom = Math.max(...nodes.map((node) => node.y));
    return {
        width: isNarrow ? NARROW.width : WIDE.side * 2 + WIDE.step * (COLUMNS.length - 1),
        height: bottom + (isNarrow ? NARROW.tail : WIDE.tail),
        nodes,
        links: connect(nodes, isNarrow),
        isNarrow,
    };
}
