# SPDX-License-Identifier: MIT
"""docs/PYTHON.md says what is true, and the examples run."""

import os
import pathlib
import re
import subprocess
import sys

import aurora

ROOT = pathlib.Path(os.environ.get("AURORA_SOURCE_DIR", pathlib.Path(__file__).parents[3]))
PAGE = (ROOT / "docs/PYTHON.md").read_text(encoding="utf-8")
PARTS = re.findall(r"^\| `shop\.([a-z, `.]+)` \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_block_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    namespace = {}
    for block in blocks:
        line = PAGE[:block.start(1)].count("\n")
        exec(compile("\n" * line + block.group(1), "docs/PYTHON.md", "exec"), namespace)
    assert len(blocks) > 8


def test_the_table_of_parts_names_what_exists():
    assert len(PARTS) >= 9
    with aurora.open("memory:") as shop:
        for names, calls in PARTS:
            for part in re.findall(r"[a-z]+", names.replace("shop.", "")):
                for call in re.findall(r"`([a-z_ ]+)`", calls):
                    for name in call.split():
                        assert hasattr(getattr(shop, part), name), f"shop.{part}.{name}"


def test_the_example_draws_a_picture(tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "examples/python/sales_plot.py"), "2000"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "2000 orders" in done.stdout and "all invariants hold" in done.stdout
    if "no matplotlib" not in done.stdout:
        assert (tmp_path / "sales.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
