# SPDX-License-Identifier: MIT
"""Reads the headers and writes everything that depends on them: the C of the extension and the
modules of Python that list constants, statuses and calls."""

from __future__ import annotations

import pathlib
import sys
from typing import List

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cdef  # noqa: E402
import headers  # noqa: E402
import modules  # noqa: E402


def extension_source(include: pathlib.Path, compiler: List[str], target: pathlib.Path) -> None:
    """Writes the C file of aurora._native."""
    import cffi

    declared, source = cdef.write(headers.read(include, compiler))
    ffi = cffi.FFI()
    ffi.cdef(declared)
    ffi.set_source("aurora._native", source)
    ffi.emit_c_code(str(target))


def python_modules(include: pathlib.Path, compiler: List[str], folder: pathlib.Path) -> None:
    """Writes enums.py, statuses.py and _native.pyi into the package."""
    read = headers.read(include, compiler)
    for name, text in modules.write(read, cdef.write(read)[0]).items():
        (folder / name).write_text(text, encoding="utf-8")
