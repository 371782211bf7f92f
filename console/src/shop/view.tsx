// SPDX-License-Identifier: MIT
// The storefront: which of its pages stands at a place.
import { place } from "../shell/router";
import { Title } from "../shell/title";
import { CartView } from "./cart-view";
import { CheckoutView } from "./checkout";
import { isSearch, readFilters } from "./filters";
import { OrderView } from "./order";
import { OrdersView } from "./orders";
import { ProductView } from "./product";
import { Results } from "./results";
import { SearchBox } from "./search-box";
import { Start } from "./start";

function Browse() {
    const filters = readFilters(place.value.query);
    const isFound = isSearch(filters);
    return (
        <>
            <Title text={isFound ? "Search" : "Shop"} class={isFound ? "visually-hidden" : ""} />
            {isFound ? <Results filters={filters} /> : <Start />}
        </>
    );
}

function Page() {
    const [, page, id] = place.value.path;
    switch (page) {
    case undefined:
        return <Browse />;
    case "products":
        return id === undefined ? <Browse /> : <ProductView sku={id} />;
    case "cart":
        return <CartView />;
    case "checkout":
        return <CheckoutView />;
    case "orders":
        return id === undefined ? <OrdersView /> : <OrderView id={id} />;
    default:
        return <><Title text="Nothing is here" /><p><a href="#/shop">To the shop</a></p></>;
    }
}

export function ShopView() {
    return (
        <>
            <SearchBox />
            <Page />
        </>
    );
}
