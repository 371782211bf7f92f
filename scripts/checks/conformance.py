#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files of cases: what a reference says is what stands there, and every public call is reached
by one or excused with a reason."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAKE = ROOT / "tests/conformance/reference/make.py"


def main():
    return subprocess.run([sys.executable, "-B", MAKE, "--check"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
