# SPDX-License-Identifier: MIT
"""Products and their prices: the one price list that orders are priced from."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Iterable, Iterator, List, Mapping, Optional

from ._call import (Arena, check, failure, failures, integer, new_error, pairs_of, text, text_of, time_of, uint32,
                    UINT64_MAX)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from ._page import Page, items, page
from .errors import AuroraError
from .money import Money
from .statuses import VersionError

ANY_VERSION = UINT64_MAX
"""Whatever is there, and also nothing."""


@dataclasses.dataclass(frozen=True)
class ProductInput:
    """What to store. It replaces the whole product: what is absent becomes empty."""

    sku: str
    name: str
    price: Money
    description: str = ""
    brand: str = ""
    category: str = ""
    image_url: str = ""
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Product:
    """A stored product."""

    sku: str
    name: str
    price: Money
    description: str
    brand: str
    category: str
    image_url: str
    attributes: Mapping[str, str] = dataclasses.field(hash=False)
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


def native_input(product: ProductInput, arena: Arena) -> CData:
    if not isinstance(product.price, Money):
        raise TypeError(f"price must be Money, not {type(product.price).__name__}; "
                        "write Money(\"12.50\", \"EUR\")")
    native = arena.struct("aurora_product_input")
    for name in ("sku", "name", "description", "brand", "category", "image_url"):
        value = getattr(product, name)
        setattr(native, name, arena.text(value, name) if value or name in ("sku", "name") else ffi.NULL)
    native.price_minor = product.price.minor
    native.currency = arena.text(product.price.currency, "currency")
    native.attributes = arena.pairs(product.attributes, "attributes")
    native.attribute_count = len(product.attributes)
    return native


def product_of(native: CData) -> Product:
    return Product(
        sku=text_of(native.sku), name=text_of(native.name),
        price=Money._trusted(native.price_minor, text_of(native.currency)),
        description=text_of(native.description), brand=text_of(native.brand),
        category=text_of(native.category), image_url=text_of(native.image_url),
        attributes=pairs_of(native.attributes, native.attribute_count), version=native.version,
        created_at=time_of(native.created_at_ms), updated_at=time_of(native.updated_at_ms))


class Products:
    """`shop.products`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def put(self, sku: str, name: str, price: Money, *, description: str = "", brand: str = "",
            category: str = "", image_url: str = "", attributes: Optional[Mapping[str, str]] = None,
            if_version: int = ANY_VERSION) -> int:
        """Inserts or replaces one product and returns its version. if_version 0 = it must not
        exist yet, n = n must be the current one; else VersionError, whose `version` is the
        current one, 0 = there is none."""
        product = ProductInput(sku, name, price, description, brand, category, image_url, attributes or {})
        arena, error, version = Arena(), new_error(), ffi.new("uint64_t *")
        status = lib.shop_product_put(self._handle.gate, native_input(product, arena),
                                      integer(if_version, "if_version", 0, UINT64_MAX), version, error)
        if status == VersionError.status:
            refused = failure(status, error)
            refused.version = int(version[0])
            raise refused
        check(status, error)
        return int(version[0])

    def put_many(self, products: Iterable[ProductInput]) -> List[Optional[AuroraError]]:
        """Puts up to 10,000 products, each for itself: one refused stops no other. Gives for each
        None or what was wrong with it; `field` of the first failure says where."""
        arena, error = Arena(), new_error()
        inputs = [native_input(product, arena) for product in products]
        each = ffi.new("aurora_status[]", len(inputs))
        status = lib.shop_product_put_many(self._handle.gate, arena.pointers("aurora_product_input", inputs),
                                           len(inputs), each, error)
        if status != 0 and not any(each):
            raise failure(status, error)
        return failures(each, error)

    def get(self, sku: str) -> Product:
        """NotFoundError where there is none, or it was deleted."""
        out = ffi.new("aurora_product **")
        check(lib.shop_product_get(self._handle.gate, text(sku, "sku"), out))
        try:
            return product_of(out[0])
        finally:
            lib.aurora_product_free(out[0])

    def delete(self, sku: str, *, if_version: int = ANY_VERSION) -> None:
        """Deletes one product; its stock and its orders stay."""
        error = new_error()
        check(lib.shop_product_delete(self._handle.gate, text(sku, "sku"),
                                      integer(if_version, "if_version", 0, UINT64_MAX), error), error)

    def page(self, *, category: Optional[str] = None, cursor: Optional[str] = None,
             limit: int = 0) -> Page[Product]:
        """A page of products by SKU; limit is 1 to 1,000, 0 = 50."""
        arena = Arena()
        criteria = arena.struct("aurora_product_filter")
        criteria.category = arena.optional_text(category, "category")
        return page(lambda at, most, out, error: lib.shop_product_list(
            self._handle.gate, criteria, at, most, out, error),
            "aurora_product_page", lib.aurora_product_page_free, product_of, cursor, limit)

    def list(self, *, category: Optional[str] = None) -> Iterator[Product]:
        """All products by SKU, read page by page."""
        return items(lambda cursor: self.page(category=category, cursor=cursor, limit=200))

    def view(self, sku: str, count: int = 1) -> None:
        """Counts views, for shop.trending(kind=TrendKind.VIEWS)."""
        error = new_error()
        check(lib.shop_product_view(self._handle.gate, text(sku, "sku"), uint32(count, "count"), error), error)

    def resync(self) -> int:
        """Emits product.upserted again for every product, and says for how many."""
        error, count = new_error(), ffi.new("uint64_t *")
        check(lib.shop_product_resync(self._handle.gate, count, error), error)
        return int(count[0])
