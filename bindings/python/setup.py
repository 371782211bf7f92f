# SPDX-License-Identifier: MIT
"""Builds aurora._native: the library and SQLite in one extension that shows nothing but its
PyInit. `./dev wheel` calls this with what it needs in the environment:

    AURORA_INCLUDE   folder of the public headers
    AURORA_ARCHIVE   libaurora.a, position independent
    AURORA_SQLITE    libsqlite3.a, or empty: the system's libsqlite3.so is linked
    AURORA_VERSION   of the distribution
    AURORA_SANITIZE  what -fsanitize= takes; empty in a wheel
"""

import os
import pathlib
import shlex
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

INCLUDE = pathlib.Path(os.environ.get("AURORA_INCLUDE", HERE.parents[1] / "include")).resolve()
ARCHIVE = os.environ.get("AURORA_ARCHIVE", str(HERE.parents[1] / "build/lib/libaurora.a"))
SQLITE = os.environ.get("AURORA_SQLITE", "")
SANITIZE = os.environ.get("AURORA_SANITIZE", "")
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[:2]


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
    version=os.environ.get("AURORA_VERSION", "0.0.0"),
    ext_modules=[Extension(
        "aurora._native",
        sources=["native/gate.c", "native/pack.c", "native/empty.c"],
        include_dirs=[str(INCLUDE), str(HERE / "native")],
        define_macros=[("_GNU_SOURCE", "")],
        extra_compile_args=["-std=gnu11", "-O2", "-fvisibility=hidden", *flags()],
        extra_objects=[ARCHIVE, *filter(None, [SQLITE])],
        extra_link_args=["-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-lpthread", "-lm",
                         *flags(), *([] if SANITIZE else ["-s"]),
                         *([] if SQLITE else ["-lsqlite3"])],
        py_limited_api=True,
    )],
    cmdclass={"build_py": BuildModules, "build_ext": BuildExtension, "bdist_wheel": Wheel},
)
