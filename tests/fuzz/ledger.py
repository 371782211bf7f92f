#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was spent on fuzzing is counted once, and no machine's end takes it away: scripts/fuzz/ledger.py."""

import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/fuzz"))
import ledger  # noqa: E402

KEPT = {"target": "http", "seconds": 100, "executions": 5000, "inputs": 30, "edges": 700, "crashes": 1, "date": "2026-01-02"}


def a_run(target, **more):
    return {"date": "2026-03-04T05:06", "commit": "abc", "target": target, "seconds": 10, "executions": 400, "edges": 800,
            "features": 900, "inputs": 40, "crashes": 0, **more}


class Ledger(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = pathlib.Path(folder.name) / "ledger"
        self.booked = pathlib.Path(folder.name) / "spent.txt"

    def test_a_run_is_added_to_what_was_booked_before(self):
        ledger.write_booked(self.booked, {"http": KEPT})
        ledger.append(self.ledger, a_run("http", crashes=1))
        ledger.append(self.ledger, a_run("http", edges=810, inputs=41))

        ledger.book(self.ledger, self.booked)

        self.assertEqual({"http": {"target": "http", "seconds": 120, "executions": 5800, "inputs": 41, "edges": 810,
                                   "crashes": 2, "date": "2026-03-04"}}, ledger.read_booked(self.booked))

    def test_booking_again_counts_no_run_twice(self):
        ledger.append(self.ledger, a_run("log"))
        ledger.book(self.ledger, self.booked)
        once = self.booked.read_text(encoding="ascii")

        ledger.book(self.ledger, self.booked)

        self.assertEqual(once, self.booked.read_text(encoding="ascii"))

    def test_a_run_after_the_booking_begins_another_ledger(self):
        ledger.append(self.ledger, a_run("log"))
        ledger.book(self.ledger, self.booked)
        ledger.append(self.ledger, a_run("log"))

        total = ledger.added(ledger.read_booked(self.booked), ledger.read(self.ledger))["log"]

        self.assertEqual((20, 800), (total["seconds"], total["executions"]))

    def test_a_run_that_reached_nothing_does_not_hide_what_was_reached(self):
        ledger.write_booked(self.booked, {"http": KEPT})
        ledger.append(self.ledger, a_run("http", edges=0, inputs=0, crashes=1))

        ledger.book(self.ledger, self.booked)

        total = ledger.read_booked(self.booked)["http"]
        self.assertEqual((110, 700, 30, 2), tuple(total[field] for field in ("seconds", "edges", "inputs", "crashes")))

    def test_what_is_booked_here_can_be_read_and_names_targets(self):
        booked = ledger.read_booked(ROOT / "tests/fuzz/spent.txt")

        self.assertLessEqual({path.stem.removeprefix("fuzz_") for path in (ROOT / "tests/fuzz").glob("fuzz_*.c")}, set(booked))


if __name__ == "__main__":
    unittest.main()
