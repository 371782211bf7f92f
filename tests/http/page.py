# SPDX-License-Identifier: MIT
"""The curl lines of docs/HTTP.md work when pasted: each block runs against a server, in the order of the page. An
order's id in them stands for the newest order, which is asked for when the line is reached."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server  # noqa: E402

BLOCK = re.compile(r"^```(?:sh)?\n(curl .*?)^```$", re.MULTILINE | re.DOTALL)
ORDER = re.compile(r"(?<=/orders/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def main():
    page = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    blocks = BLOCK.findall(page)
    if not blocks:
        sys.exit(f"{sys.argv[1]}: no block of curl lines")
    with Server() as server:
        for block in blocks:
            script = re.sub(r"\b(?:localhost|127\.0\.0\.1):8080\b", f"127.0.0.1:{server.port}", block)
            script = ORDER.sub("$(newest)", script)
            script = f"newest() {{ command curl -sS '127.0.0.1:{server.port}/orders?limit=1' | cut -d'\"' -f6; }}\n" + script
            script = 'curl() { command curl -sS --fail-with-body "$@"; }\nset -e\n' + script
            done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env=os.environ)
            if done.returncode != 0:
                sys.exit(f"does not work:\n{block}\n{done.stdout}{done.stderr}")
    print(f"page: {len(blocks)} blocks of curl lines work")


main()
