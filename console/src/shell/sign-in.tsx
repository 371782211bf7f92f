// SPDX-License-Identifier: MIT
// Where a server asks who somebody is: a token is typed or pasted, and kept for as long as the tab lives.
import { useId, useState } from "preact/hooks";
import { claims, isAsked, refusal, signIn, signOut, token } from "./session";

export function SignIn({ isTitled = false }: { isTitled?: boolean }) {
    const id = useId();
    const [text, setText] = useState("");
    const submit = (event: Event) => {
        event.preventDefault();
        if (text.trim() !== "")
            signIn(text);
    };
    return (
        <form class="card sign-in" onSubmit={submit}>
            {!isTitled && <h2>Sign in</h2>}
            <p>This server asks who you are. Paste a token of its issuer; it stays in this tab and is gone with it.</p>
            {refusal.value !== "" && <p class="error" role="alert">The last one was refused: {refusal.value}</p>}
            <label for={id}>Token</label>
            <textarea id={id} rows={4} spellcheck={false} autocomplete="off" value={text}
                onInput={(event) => setText(event.currentTarget.value)} />
            <button type="submit" class="button primary">Sign in</button>
        </form>
    );
}

/** The session in the top bar. */
export function Session() {
    if (token.value === "")
        return isAsked.value ? <a class="button small" href="#/sign-in">Sign in</a> : null;
    const known = claims.value;
    return (
        <details class="session">
            <summary>{known?.subject || "Signed in"}</summary>
            <div class="menu">
                {known !== null && known.scopes.length > 0 && (
                    <>
                        <p class="quiet">May</p>
                        <ul>{known.scopes.map((scope) => <li key={scope}><code>{scope}</code></li>)}</ul>
                    </>
                )}
                <button type="button" class="button small" onClick={signOut}>Sign out</button>
            </div>
        </details>
    );
}
