// SPDX-License-Identifier: MIT
// Bodies of the routes that operators use, as openapi.json has them.

import type { Trend } from "../api/types";

export type { Charge, Order, OrderLine, Page, Stock, Transition, Trend } from "../api/types";

export interface Participant {
    readonly participant: string;
    readonly state: string | null;
    readonly parked: boolean;
    readonly parked_reason: string | null;
    readonly attempts: number;
    readonly task_id: string | null;
    readonly provider_reference: string | null;
    readonly first_attempt_at: string | null;
    readonly next_attempt_at: string | null;
    readonly parked_at: string | null;
}

export interface Saga {
    readonly order_id: string;
    readonly status: string | null;
    readonly outcome: string | null;
    readonly reason: string | null;
    readonly parked: boolean;
    readonly version: number;
    readonly age_ms: number;
    readonly created_at: string;
    readonly deadline_at: string | null;
    readonly resend_at: string | null;
    readonly participants: readonly Participant[];
}

export interface LogEvent {
    readonly position: number;
    readonly type: string;
    readonly id: string;
    readonly source: string;
    readonly at: string;
    readonly order_id: string | null;
    readonly sku: string | null;
    readonly resend: boolean;
    readonly traceparent: string | null;
    readonly data: unknown;
}

export interface LogPage {
    readonly items: readonly LogEvent[];
    readonly position: number;
    readonly oldest: number;
    readonly newest: number;
}

export interface DeadLetter {
    readonly consumer: string;
    readonly key: string;
    readonly type: string | null;
    readonly event_id: string | null;
    readonly source: string | null;
    readonly position: number;
    readonly reason: string;
    readonly attempts: number;
    readonly parked_at: string;
    readonly data: string | null;
}

export interface StatsSample {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
}

export interface Consumer {
    readonly name: string;
    readonly kind: string;
    readonly position: number;
    readonly lag: number;
    readonly seen_at: string | null;
    readonly is_gone: boolean;
}

export interface HttpFigures {
    readonly accepted: number;
    readonly refused_connections: number;
    readonly requests: number;
    readonly bad_heads: number;
    readonly timeouts: number;
    readonly connections: number;
    readonly in_flight: number;
    readonly jobs_waiting: number;
    readonly streams: number;
}

export interface Stats {
    readonly service: string;
    readonly version: string;
    readonly health?: string;
    readonly drain?: {
        readonly is_drained: boolean;
        readonly is_refusing: boolean;
        readonly unsettled_orders: number;
        readonly relay_lag: number;
        readonly saga_lag: number;
    };
    readonly events?: { readonly oldest: number; readonly newest: number };
    readonly consumers?: readonly Consumer[];
    readonly at?: string;
    readonly metrics?: readonly StatsSample[];
    readonly http: HttpFigures;
}

export interface Breaker {
    readonly name: string;
    readonly state: string;
    readonly calls: number;
    readonly failed: number;
    readonly slow: number;
    readonly refused: number;
    readonly opened: number;
    readonly retry_after_ms: number;
}

export interface LimiterWindow {
    readonly name: string;
    readonly tokens: number;
    readonly per_ms: number;
    readonly burst: number;
    readonly keys: number;
    readonly evicted: number;
}

export interface Policy {
    readonly name: string;
    readonly key: string;
    readonly mode: string;
    readonly fallback: string;
    readonly lease_ms: number;
    readonly allowed: number;
    readonly denied: number;
    readonly shadow: number;
    readonly windows: readonly LimiterWindow[];
}

export interface Limits {
    readonly items: readonly { readonly name: string; readonly used: number; readonly refused: number }[];
    readonly breakers: readonly Breaker[];
    readonly limiter?: {
        readonly allowed: number;
        readonly denied: number;
        readonly fallback: number;
        readonly leased: number;
        readonly remembered: number;
        readonly policies: readonly Policy[];
    } | null;
}

export interface Scored {
    readonly items: readonly Trend[];
    readonly at: string;
}

export interface Reservation {
    readonly order_id: string | null;
    readonly key: string | null; // of one without an order
    readonly sku: string;
    readonly quantity: number;
    readonly status: string;
    readonly created_at: string;
    readonly expires_at: string | null;
}
