// SPDX-License-Identifier: MIT
// Bodies as docs/HTTP.md has them. Amounts are whole minor units, times RFC 3339.

export interface Page<T> {
    items: T[];
    next_cursor: string | null;
}

export interface Product {
    sku: string;
    name: string;
    description: string;
    category: string;
    brand: string;
    image_url: string;
    price_minor: number;
    currency: string;
    attributes: Record<string, string>;
    version: number;
    created_at: string;
    updated_at: string;
}

export interface Hit extends Product {
    score: number;
    /** HTML-escaped but for <em>; "" without a query. */
    highlight: string;
}

export interface FacetCount {
    value: string;
    count: number;
}

export interface Facets {
    category: FacetCount[];
    brand: FacetCount[];
}

export interface SearchPage {
    hits: Hit[];
    total: number;
    /** null on later pages. */
    facets: Facets | null;
    next_cursor: string | null;
}

export interface Trend {
    sku: string;
    score: number;
    error: number;
}

export interface Stock {
    sku: string;
    available: number;
    reserved: number;
    sold: number;
    received: number;
    written_off: number;
    version: number;
}

export type Status = "PENDING" | "RESERVED" | "COMPLETED" | "FAILED" | "CANCELLED" | "PARKED";
export type Outcome = "COMPLETED" | "FAILED" | "CANCELLED" | null;

export interface OrderLine {
    sku: string;
    quantity: number;
    unit_price_minor: number;
}

export interface Charge {
    kind: "tax" | "shipping" | "discount" | "fee";
    label: string;
    amount_minor: number;
}

export interface Order {
    id: string;
    status: Status;
    outcome: Outcome;
    reason: string | null;
    decline_code?: string | null;
    currency: string;
    total_minor: number;
    lines: OrderLine[];
    charges: Charge[];
    metadata: Record<string, string>;
    customer_id: string | null;
    reference: string | null;
    contact: string | null;
    placed_at: string;
    created_at: string;
    updated_at: string;
    settled_at: string | null;
    version: number;
}

/** One step of an order's history. */
export interface Transition {
    version: number;
    status: Status;
    outcome: Outcome;
    reason: string | null;
    /** What caused it; null = a command or the deadline. */
    event: string | null;
    at: string;
    settled_at: string | null;
    actor: string | null;
    note: string | null;
}

export interface OrderInput {
    lines: { sku: string; quantity: number }[];
    currency: string;
    payment_method: string;
    contact?: string;
}
