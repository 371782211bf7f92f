# SPDX-License-Identifier: MIT
"""What a shop has counted since it was opened."""

from __future__ import annotations

import dataclasses
from typing import Iterator, List, Mapping, Optional

from ._call import check, int32, optional_text, pairs_of, text_of
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .enums import MetricFormat, MetricKind


@dataclasses.dataclass(frozen=True)
class Metric:
    """One sample. `suffix` is "", "_bucket", "_sum" or "_count"; durations are in seconds."""

    kind: MetricKind
    name: str
    suffix: str
    help: str
    labels: Mapping[str, str]
    value: float


class Metrics:
    """`shop.metrics`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def _page(self) -> CData:
        out = ffi.new("aurora_metric_page **")
        check(lib.shop_metrics(self._handle.gate, out))
        return ffi.gc(out[0], lib.aurora_metric_page_free)

    def samples(self) -> List[Metric]:
        """A snapshot; samples of one name follow each other."""
        return list(self._samples(self._page()))

    def _samples(self, native: CData) -> Iterator[Metric]:
        for at in range(native.count):
            item = native.items[at]
            yield Metric(MetricKind(item.kind), text_of(item.name), text_of(item.suffix),
                         text_of(item.help), pairs_of(item.labels, item.label_count), item.value)

    def text(self, metric_format: MetricFormat = MetricFormat.PROMETHEUS) -> str:
        """The page that Prometheus reads."""
        metric_format = MetricFormat(int32(metric_format, "metric_format"))
        native, length = self._page(), ffi.new("size_t *")
        check(lib.aurora_metric_page_text(native, metric_format, ffi.NULL, 0, length))
        buffer = ffi.new("char[]", length[0] + 1)
        check(lib.aurora_metric_page_text(native, metric_format, buffer, length[0] + 1, length))
        return text_of(buffer)


def format_for(accept: Optional[str]) -> MetricFormat:
    """The format that suits an HTTP request best, by its Accept field."""
    return MetricFormat(lib.aurora_metric_format(optional_text(accept, "accept")))


def content_type(metric_format: MetricFormat) -> str:
    """The value of Content-Type for a format."""
    return text_of(lib.aurora_metric_content_type(int32(metric_format, "metric_format")))
