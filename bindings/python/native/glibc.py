# SPDX-License-Identifier: MIT
"""The honest platform tag of a built extension, by what it asks of the system."""

from __future__ import annotations

import pathlib
import re
import subprocess

# What PEP 600 lets a wheel expect of every system.
EXPECTED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}


def needed(extension: pathlib.Path) -> set[str]:
    text = subprocess.run(["objdump", "-p", str(extension)], capture_output=True, text=True,
                          check=True).stdout
    return {name for name in re.findall(r"^\s*NEEDED\s+(\S+)", text, re.MULTILINE)
            if not name.startswith("ld-linux")}


def newest_glibc(extension: pathlib.Path) -> tuple[int, int]:
    text = subprocess.run(["objdump", "-T", str(extension)], capture_output=True, text=True,
                          check=True).stdout
    found = re.findall(r"\bGLIBC_(\d+)\.(\d+)", text)
    return max((int(major), int(minor)) for major, minor in found)


def platform_tag(extension: pathlib.Path, platform: str) -> str:
    """manylinux_2_N where the extension needs glibc alone, at least of 2.N; else `platform`."""
    if needed(extension) - EXPECTED:
        return platform
    major, minor = newest_glibc(extension)
    return platform.replace("linux_", f"manylinux_{major}_{minor}_")
