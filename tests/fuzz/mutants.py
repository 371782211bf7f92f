#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What ./dev fuzz mutants breaks is still there to be broken: scripts/fuzz/mutants.py."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/fuzz"))
import mutants  # noqa: E402


class Mutants(unittest.TestCase):
    def test_each_text_stands_in_its_file_once(self):
        counts = {what: (ROOT / name).read_text(encoding="utf-8").count(old) for _, what, name, old, _ in mutants.MUTANTS}

        self.assertEqual(dict.fromkeys(counts, 1), counts)


if __name__ == "__main__":
    unittest.main()
