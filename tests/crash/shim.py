# SPDX-License-Identifier: MIT
"""The other side of tests/shim/fault_shim.c: what is to fail in a program that was started with it."""

import errno
import mmap
import os
import pathlib
import struct

LIBRARY = pathlib.Path(os.environ.get("AURORA_FAULT_SHIM_LIBRARY", "build/tests/libaurora_fault_shim.so"))
SORTS = {"alloc": 1, "write": 2, "sync": 3, "connect": 4, "send": 5, "receive": 6, "accepted": 7, "slow": 8}
ERRORS = {"alloc": errno.ENOMEM, "write": errno.EIO, "sync": errno.EIO, "connect": errno.ECONNREFUSED,
          "send": errno.ECONNRESET, "receive": errno.ECONNRESET, "accepted": errno.ECONNRESET}
LAYOUT = struct.Struct("=IIIiQQQI")
NEVER = 1 << 62


class Shim:
    def __init__(self, folder):
        path = pathlib.Path(folder) / "shim"
        path.write_bytes(bytes(4096))
        with path.open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 4096)
        self.environment = {"AURORA_FAULT_SHIM": str(path), "LD_PRELOAD": str(LIBRARY.resolve())}

    def arm(self, sort, fail_at=NEVER, is_lasting=False, is_done=False, error=None):
        self.disarm()
        LAYOUT.pack_into(self.shared, 0, 0, is_lasting, is_done, ERRORS[sort] if error is None else error, fail_at, 0, 0, 0)
        struct.pack_into("=I", self.shared, 0, SORTS[sort])

    def slow_down(self, sync_ms):
        """From now on every sync takes that long."""
        self.arm("slow", error=sync_ms)

    def count(self):
        return LAYOUT.unpack_from(self.shared, 0)[5]

    def disarm(self):
        """(calls of the sort, how many failed) since it was armed."""
        struct.pack_into("=I", self.shared, 0, 0)
        return LAYOUT.unpack_from(self.shared, 0)[5:7]
