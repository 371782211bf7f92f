#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes deploy/grafana/dashboards; --check only says whether they are what would be written."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import events  # noqa: E402
import grafana  # noqa: E402
import orders  # noqa: E402
import overview  # noqa: E402
import process  # noqa: E402
import resilience  # noqa: E402
import services  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "dashboards"


def main():
    is_check = sys.argv[1:] == ["--check"]
    old = 0
    for module in (overview, services, orders, resilience, events, process):
        path = FOLDER / f"{module.__name__}.json"
        text = grafana.text_of(module.BOARD)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        old += 1
        if is_check:
            print(f"{path.name} is not what scripts/dashboards says: ./dev dashboards")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"dashboards: {path.name}: {len(module.BOARD['panels'])} panels")
    return 1 if is_check and old else 0


if __name__ == "__main__":
    sys.exit(main())
