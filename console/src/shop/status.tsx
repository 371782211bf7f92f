// SPDX-License-Identifier: MIT
// An order's status in a word and a colour.
import type { Status } from "../api/types";

const LOOKS: Record<Status, { words: string; kind: string }> = {
    PENDING: { words: "Placed", kind: "" },
    RESERVED: { words: "Reserved", kind: "" },
    COMPLETED: { words: "Completed", kind: "badge-good" },
    FAILED: { words: "Failed", kind: "badge-bad" },
    CANCELLED: { words: "Cancelled", kind: "badge-undo" },
    PARKED: { words: "Needs an operator", kind: "badge-warn" },
};

export function StatusBadge({ status }: { status: Status }) {
    return <span class={`badge ${LOOKS[status].kind}`} data-status={status}>{LOOKS[status].words}</span>;
}
