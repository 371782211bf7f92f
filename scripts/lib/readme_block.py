#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""readme_block.py PAGE LANGUAGE WHICH: prints one fenced block of a page as readers see it, WHICH being
its number among those of its language, or a text that it has."""

import pathlib
import re
import sys


def main():
    page, language, which = sys.argv[1:]
    text = pathlib.Path(page).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    found = [blocks[int(which) - 1]] if which.isdigit() else [block for block in blocks if which in block]
    if len(found) != 1:
        sys.exit(f"{page}: {len(found)} blocks of {language} are {which}")
    print(found[0], end="")


if __name__ == "__main__":
    main()
