// SPDX-License-Identifier: MIT
// The storefront: which of its pages stands at a place.
import { Title } from "../shell/title";
import { Start } from "./start";

export function ShopView() {
    return (
        <>
            <Title text="Shop" />
            <Start />
        </>
    );
}
