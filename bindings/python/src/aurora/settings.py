# SPDX-License-Identifier: MIT
"""The one table of settings, and what each of them means."""

from __future__ import annotations

import dataclasses
from typing import List

from ._call import text_of
from ._native import ffi, lib
from .enums import SettingKind


@dataclasses.dataclass(frozen=True)
class Setting:
    """One row. `is_daemon`: it means nothing to a shop that is linked."""

    name: str
    kind: SettingKind
    default: str
    minimum: int
    maximum: int
    help: str
    is_secret: bool
    is_reloadable: bool
    is_daemon: bool


def table() -> List[Setting]:
    """All settings by name."""
    count = ffi.new("uint32_t *")
    rows = lib.aurora_setting_table(count)
    return [Setting(text_of(row.name), SettingKind(row.kind), text_of(row.default_text), row.minimum,
                    row.maximum, text_of(row.help), bool(row.flags & lib.AURORA_SETTING_SECRET),
                    bool(row.flags & lib.AURORA_SETTING_RELOADABLE),
                    bool(row.flags & lib.AURORA_SETTING_DAEMON))
            for row in (rows[at] for at in range(count[0]))]
