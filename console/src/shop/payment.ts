// SPDX-License-Identifier: MIT
// The simulator's test tokens, in plain words.

export interface PaymentChoice {
    token: string;
    title: string;
    words: string;
}

export const PAYMENTS: readonly PaymentChoice[] = [
    { token: "tok_approve", title: "A card that works", words: "The bank approves at once, and the order completes." },
    {
        token: "tok_decline_insufficient_funds", title: "A card without funds",
        words: "The bank declines. The order fails, and its stock goes back to the shelf.",
    },
    {
        token: "tok_timeout_approve", title: "A bank that answers late",
        words: "The first answer is lost, though the money was taken. It is asked again, and the order completes.",
    },
    {
        token: "tok_timeout", title: "A bank that does not answer",
        words: "Nobody knows what became of the payment: it is tried again until it is known, or the order's time is over. You can cancel.",
    },
    { token: "tok_duplicate", title: "A bank that answers twice", words: "The second answer changes nothing." },
];
