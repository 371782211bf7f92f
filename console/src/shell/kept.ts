// SPDX-License-Identifier: MIT
// What a browser keeps for a page. Where that is switched off, blocked or full, the page's own memory stands in
// for it: all works as before, for as long as the page is open.

export interface Store {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
}

/** `open` may throw, as the mere name of localStorage does where a browser blocks it. */
export function keeping(open: () => Store): Store {
    const memory = new Map<string, string>();
    const attempt = <T>(act: (store: Store) => T): T | undefined => {
        try {
            return act(open());
        } catch {
            return undefined;
        }
    };
    return {
        getItem: (name) => memory.get(name) ?? attempt((store) => store.getItem(name)) ?? null,
        setItem(name, value) {
            const isKept = attempt((store) => (store.setItem(name, value), true));
            if (isKept)
                memory.delete(name);
            else
                memory.set(name, value);
        },
        removeItem(name) {
            memory.delete(name);
            attempt((store) => store.removeItem(name));
        },
    };
}

/** Shared by all tabs, until it is removed. */
export const lasting = keeping(() => localStorage);
/** Of this tab, and gone with it. */
export const ofTab = keeping(() => sessionStorage);
