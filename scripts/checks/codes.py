#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every code of a problem that the server answers stands in docs/HTTP.md, and the other way round."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

# 404, "not_found" · {AURORA_EIO, "unavailable"} · .code = "invalid_json"
ANSWERED = re.compile(r'(?:\b[45]\d\d,|\{AURORA_E[A-Z]+,|\bcode = )\s*"([a-z]+(?:_[a-z]+)*)"')
ROW = re.compile(r"^\| [45]\d\d \| ([^|]+) \|", re.MULTILINE)
QUOTED = re.compile(r'"([a-z_]+)"')


def main():
    answered = {}
    literals = set()
    for folder in ("http", "routes", "daemon", "gateway"):
        for path in sorted((ROOT / "src" / folder).glob("*.[ch]")):
            text = path.read_text(encoding="utf-8")
            literals.update(QUOTED.findall(text))
            for code in ANSWERED.findall(text):
                answered.setdefault(code, path.relative_to(ROOT))
    rows = ROW.findall((ROOT / "docs/HTTP.md").read_text(encoding="utf-8"))
    listed = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    unlisted = sorted(set(answered) - listed)
    unanswered = sorted(listed - literals)
    for code in unlisted:
        print(f"{answered[code]}: {code} is not in the table of docs/HTTP.md")
    for code in unanswered:
        print(f"docs/HTTP.md: nothing answers {code}")
    print(f"codes: {len(listed)} listed, {len(answered)} seen answered, {len(unlisted)} unlisted, "
          f"{len(unanswered)} not answered")
    return 1 if unlisted or unanswered or not answered else 0


if __name__ == "__main__":
    sys.exit(main())
