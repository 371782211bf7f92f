# SPDX-License-Identifier: MIT
"""The type of values of C, for annotations: the stub has it in the compiled module, cffi elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._native import CData as CData
else:
    from ._native import ffi

    CData = ffi.CData
