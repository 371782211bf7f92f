#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whatever an analyser is told to keep silent about names the check and the reason, in its line."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from suppressions import suppressions  # noqa: E402

found = suppressions()
bad = [(place, what) for place, what, has_reason in found if not has_reason]
for place, what in bad:
    print(f"{place}: {what} is suppressed without a check's name or a reason")
print(f"suppressions: {len(found)}, each with its reason" if not bad else f"suppressions: {len(bad)} without reason")
sys.exit(bool(bad))
