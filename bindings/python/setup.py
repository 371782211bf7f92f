# SPDX-License-Identifier: MIT
"""Builds aurora._native: the library and SQLite in one extension that shows nothing but its
PyInit. A source distribution has all of it in include/ and amalgamation/, and its VERSION.
`./dev wheel` calls this in the tree with what it needs in the environment:

    AURORA_INCLUDE   folder of the public headers
    AURORA_ARCHIVE   libaurora.a, position independent
    AURORA_SQLITE    libsqlite3.a, or empty: the system's libsqlite3.so is linked; unset: looked for
    AURORA_VERSION   of the distribution
    AURORA_SANITIZE  what -fsanitize= takes; empty in a wheel

Where this is a source distribution, only AURORA_SQLITE and AURORA_SANITIZE are read.
"""

import os
import pathlib
import shlex
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from wheel.bdist_wheel import bdist_wheel

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "native"))

import build  # noqa: E402
import glibc  # noqa: E402

SANITIZE = os.environ.get("AURORA_SANITIZE", "")
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[:2]
IS_DISTRIBUTED = (HERE / "amalgamation/aurora.c").exists()


def static_sqlite():
    """The one that the compiler finds; empty where it finds none."""
    name = "libsqlite3.a"
    found = subprocess.run([*COMPILER, f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    return "" if found == name else found


if IS_DISTRIBUTED:
    INCLUDE, SOURCES, ARCHIVES = HERE / "include", ["amalgamation/aurora.c"], []
    VERSION = (HERE / "VERSION").read_text().strip()
else:
    INCLUDE, SOURCES = pathlib.Path(os.environ.get("AURORA_INCLUDE", HERE.parents[1] / "include")).resolve(), []
    ARCHIVES = [os.environ.get("AURORA_ARCHIVE", str(HERE.parents[1] / "build/lib/libaurora.a"))]
    VERSION = os.environ.get("AURORA_VERSION", "0.0.0")
SQLITE = os.environ["AURORA_SQLITE"] if "AURORA_SQLITE" in os.environ else static_sqlite()


class BuildModules(build_py):
    """The modules that are written from the headers."""

    def run(self):
        super().run()
        build.python_modules(INCLUDE, COMPILER, pathlib.Path(self.build_lib) / "aurora")


class BuildExtension(build_ext):
    def build_extension(self, extension):
        source = pathlib.Path(self.build_temp) / "_native.c"
        source.parent.mkdir(parents=True, exist_ok=True)
        build.extension_source(INCLUDE, COMPILER, source)
        extension.sources = [str(source), *extension.sources]
        super().build_extension(extension)


class Wheel(bdist_wheel):
    """One wheel for every CPython from 3.9 on; the platform tag says which glibc it needs."""

    def finalize_options(self):
        super().finalize_options()
        self.py_limited_api = "cp39"
        self.root_is_pure = False

    def get_tag(self):
        python, abi, platform = super().get_tag()
        if platform.startswith("linux_") and not SANITIZE:
            built = next(pathlib.Path(self.bdist_dir).rglob("_native*.so"))
            platform = glibc.platform_tag(built, platform)
        return python, abi, platform


def flags():
    return [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"] if SANITIZE else ["-g0"]


setup(
    version=VERSION,
    ext_modules=[Extension(
        "aurora._native",
        sources=["native/gate.c", "native/pack.c", "native/empty.c", *SOURCES],
        include_dirs=[str(INCLUDE), str(HERE / "native")],
        define_macros=[("_GNU_SOURCE", ""), ("AURORA_HIDDEN", "")],
        extra_compile_args=["-std=gnu11", "-fvisibility=hidden", *flags()],
        extra_objects=[*ARCHIVES, *filter(None, [SQLITE])],
        extra_link_args=["-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-lpthread", "-lm",
                         *flags(), *([] if SANITIZE else ["-s"]),
                         *([] if SQLITE else ["-lsqlite3"])],
        py_limited_api=True,
    )],
    cmdclass={"build_py": BuildModules, "build_ext": BuildExtension, "bdist_wheel": Wheel},
)
