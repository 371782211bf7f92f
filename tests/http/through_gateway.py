# SPDX-License-Identifier: MIT
"""through_gateway.py SCRIPT [ARGUMENT...]: another script of this folder, whose servers stand behind a gateway: what it
sees must be the same."""

import pathlib
import runpy
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import aurora_server  # noqa: E402

aurora_server.Server = aurora_server.Gateway
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
