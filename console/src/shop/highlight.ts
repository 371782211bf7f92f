// SPDX-License-Identifier: MIT
// What a search marked in a name, as pieces: the server's HTML is read, and never put into the page.

export interface Piece {
    text: string;
    isFound: boolean;
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", apos: "'" };

function unescape(text: string): string {
    return text.replace(/&(\w+|#\w+);/g, (whole, name: string) => ENTITIES[name.toLowerCase()] ?? whole);
}

/** "Blue &amp; <em>cup</em>" as [{"Blue & "}, {"cup", found}]. */
export function readHighlight(html: string): Piece[] {
    const pieces = html.split(/<(\/?)em>/);
    const read: Piece[] = [];
    let isFound = false;
    pieces.forEach((piece, index) => {
        if (index % 2 === 1)
            isFound = piece === "";
        else if (piece !== "")
            read.push({ text: unescape(piece), isFound });
    });
    return read;
}
