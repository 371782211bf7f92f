// SPDX-License-Identifier: MIT
// A product's picture: its own where that travels with it, else one that is drawn from its name.
import type { Product } from "../api/types";

/** A stable number out of a text (FNV-1a). */
export function textNumber(text: string): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < text.length; i++)
        hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    return hash;
}

export function initials(name: string): string {
    const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    const letters = words.slice(0, 2).map((word) => [...word][0] ?? "");
    return letters.join("").toUpperCase() || "?";
}

function Drawn({ product }: { product: Product }) {
    const hue = textNumber(product.category || product.name) % 360;
    const seed = textNumber(product.sku);
    return (
        <svg viewBox="0 0 96 96" class="picture" aria-hidden="true">
            <rect width="96" height="96" fill={`hsl(${hue},38%,92%)`} />
            <circle cx={16 + (seed % 64)} cy={16 + ((seed >>> 8) % 64)} r={22 + ((seed >>> 16) % 16)}
                fill={`hsl(${(hue + 25) % 360},45%,84%)`} />
            <text x="48" y="58" text-anchor="middle" font-size="28" font-weight="600" fill={`hsl(${hue},35%,28%)`}>
                {initials(product.name)}
            </text>
        </svg>
    );
}

/** Pictures of other sites are not asked for: they would tell them who looks at what. */
export function Picture({ product }: { product: Product }) {
    if (product.image_url.startsWith("data:image/"))
        return <img class="picture" src={product.image_url} alt="" width="96" height="96" loading="lazy" />;
    return <Drawn product={product} />;
}
